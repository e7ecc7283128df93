/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Did a page change that nobody reported?
 *
 * A page is *reported clean* from the answer of the call that cleared its bit (or started the log)
 * until it is reported dirty again. Its hash is taken after that answer. The log promises (M1)
 * that the page's bit is set before a store can reach the page. So if, at any later time, the bit
 * is not set, no store has reached the page since the answer, and the page still has the contents
 * that were hashed.
 *
 * The check after a pass: the pages that the pass reported are hashed anew, after its answer.
 * Every other page was clean up to that answer; it is read and compared. If it differs, its bit is
 * looked at *after* the page was read. If the bit is set, the guest has stored to the page since
 * the answer, and the next pass will report it. If the bit is not set, a store was not reported,
 * which must never happen. (If the guest stores to a page while it is read, the manager may see it
 * half changed; but then too the bit was set before.) The page must be read before its bit, and a
 * fence keeps the hart to that order.
 *
 * A page that the guest changes while it is being hashed gets a worthless hash. Its bit is set, so
 * the next pass reports it.
 *
 * With the partition paused nothing moves any more: the bits are read, and then every page whose
 * bit is clear is compared. This is also the last thing that a migration does.
 */
#include "guests/manager/demo/demo.h"

#define PAGE_WORDS (PAGE_SIZE / sizeof(u64))

/*
 * A fast hash, not a cryptographic one: four lanes, each with a sum and the sum of its sums, so
 * that both contents and places count. A change of one word always changes the result.
 */
static u64 verify_page_hash(const u8 *page)
{
	const u64 *w = (const u64 *)page;
	u64 a = 0, b = 0, c = 0, d = 0, aa = 0, bb = 0, cc = 0, dd = 0;
	u32 i;

	for (i = 0; i < PAGE_WORDS; i += 8) {
		a += w[i];
		aa += a;
		b += w[i + 1];
		bb += b;
		c += w[i + 2];
		cc += c;
		d += w[i + 3];
		dd += d;
		a += w[i + 4];
		aa += a;
		b += w[i + 5];
		bb += b;
		c += w[i + 6];
		cc += c;
		d += w[i + 7];
		dd += d;
	}
	a = a * 0x9e3779b97f4a7c15U + b * 0xc2b2ae3d27d4eb4fU + c * 0x165667b19e3779f9U +
	    d * 0xd6e8feb86659fd93U;
	aa = aa * 0xa0761d6478bd642fU + bb * 0xe7037ed1a0b428dbU + cc * 0x8ebc6af09c88c6e3U +
	     dd * 0x589965cc75374cc3U;
	return a ^ ((aa << 23) | (aa >> 41));
}

static bool verify_bit_test(const u64 *bits, u64 n)
{
	return (bits[n / 64U] >> (n % 64U) & 1U) != 0;
}

void verify_hash_chunk(struct demo_region *r, u64 first, u64 count, const u64 *bits)
{
	u64 i;

	for (i = 0; i < count; i++) {
		if (bits[i / 64U] == 0) {
			i |= 63U;
			continue;
		}
		if (verify_bit_test(bits, i))
			r->hash[first + i] = verify_page_hash(r->view + (first + i) * PAGE_SIZE);
	}
}

void verify_hash_all(struct demo_target *t)
{
	u32 n;
	u64 i;

	for (n = 0; n < t->nr; n++) {
		for (i = 0; i < t->region[n].pages; i++)
			t->region[n].hash[i] = verify_page_hash(t->region[n].view + i * PAGE_SIZE);
	}
}

static void verify_note_unreported(struct demo_verdict *v, u64 gpa)
{
	if (v->unreported < ARRAY_SIZE(v->first))
		v->first[v->unreported] = gpa;
	v->unreported++;
}

/*
 * Look at the bits of a chunk without clearing them, in as many calls as it takes.
 * Return: false when a call failed.
 */
static bool verify_peek(struct demo_target *t, u32 region, u64 first, u64 count, u64 *bits)
{
	u64 done = 0;

	while (done < count) {
		struct sbiret r = cleave_log_bits(CLEAVE_FN_LOG_GET, t->info.id, region,
						  first + done, count - done, bits + done / 64U);

		if (demo_failed(t, "log get", r))
			return false;
		done += (u64)r.value;
	}
	return true;
}

bool verify_chunk(struct demo_target *t, u32 region, u64 first, u64 count, const u64 *bits,
		  struct demo_verdict *v)
{
	static u64 differ[DEMO_CHUNK / 64U], again[DEMO_CHUNK / 64U];
	struct demo_region *r = &t->region[region];
	bool any = false;
	u64 i;

	memset(differ, 0, sizeof(differ));
	for (i = 0; i < count; i++) {
		if (verify_bit_test(bits, i))
			continue;
		v->checked++;
		if (verify_page_hash(r->view + (first + i) * PAGE_SIZE) != r->hash[first + i]) {
			differ[i / 64U] |= UINT64_C(1) << (i % 64U);
			any = true;
		}
	}
	if (!any)
		return true;
	/* The pages have been read; their bits are read only now. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!verify_peek(t, region, first, count, again))
		return false;
	for (i = 0; i < count; i++) {
		if (verify_bit_test(differ, i) && !verify_bit_test(again, i))
			verify_note_unreported(v, r->gpa + (first + i) * PAGE_SIZE);
	}
	return true;
}

bool verify_paused(struct demo_target *t, struct demo_verdict *v)
{
	static u64 bits[DEMO_CHUNK / 64U];
	u64 first, count;
	u32 n;

	for (n = 0; n < t->nr; n++) {
		for (first = 0; first < t->region[n].pages; first += count) {
			count = demo_chunk(&t->region[n], first);
			if (!verify_peek(t, n, first, count, bits) ||
			    !verify_chunk(t, n, first, count, bits, v))
				return false;
		}
	}
	return true;
}
