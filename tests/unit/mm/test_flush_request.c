/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fence requests of guests (mm/flush_request.h). Whatever a request asked to be gone is gone when
 * the request that it was merged into has been executed.
 *
 * QEMU flushes everything at any fence, so no boot test finds a fence that is too narrow. This test
 * does, with a model of a TLB that keeps all that it may keep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mm/flush_request.h"

/* The model keeps translations of these pages, for each of ASIDS address spaces. */
#define PAGES 64U
#define ASIDS 3U
#define BASE  UINT64_C(0x7ffffff000)

struct tlb {
	bool held[ASIDS][PAGES];
	bool instructions; /* those that are stale */
};

static u64 rng_state = UINT64_C(0x243f6a8885a308d3);

static u64 rng(u64 below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

static void tlb_fill(struct tlb *t)
{
	memset(t, 1, sizeof(*t));
}

static void tlb_drop(struct tlb *t, u64 va, int asid)
{
	u64 page = (va - BASE) >> PAGE_SHIFT;

	if (va < BASE || page >= PAGES)
		return;
	for (int a = 0; a < (int)ASIDS; a++) {
		if (asid < 0 || asid == a)
			t->held[a][page] = false;
	}
}

static void tlb_drop_all(struct tlb *t, int asid)
{
	for (u64 page = 0; page < PAGES; page++)
		tlb_drop(t, BASE + (page << PAGE_SHIFT), asid);
}

/* Execute a request as core/run/shootdown.c does. */
static void tlb_execute(struct tlb *t, const struct flush_request *r)
{
	int asid = (r->kind & FLUSH_REQ_RANGE_ASID) != 0U ? r->asid : -1;
	u64 first = 0;
	u64 pages = flush_request_pages(r, &first);

	if ((r->kind & FLUSH_REQ_INSTRUCTION) != 0U)
		t->instructions = false;
	if ((r->kind & FLUSH_REQ_ALL) != 0U)
		tlb_drop_all(t, -1);
	else if ((r->kind & (FLUSH_REQ_RANGE | FLUSH_REQ_RANGE_ASID)) != 0U && pages == 0U)
		tlb_drop_all(t, asid);
	else if ((r->kind & (FLUSH_REQ_RANGE | FLUSH_REQ_RANGE_ASID)) != 0U)
		for (u64 i = 0; i < pages; i++)
			tlb_drop(t, first + (i << PAGE_SHIFT), asid);
}

/*
 * Check what the guest that made @r may rely on: byte by byte of its range, and without
 * flush_request_pages().
 */
static void must_be_gone(const struct tlb *t, const struct flush_request *r)
{
	if ((r->kind & FLUSH_REQ_INSTRUCTION) != 0U)
		assert_false(t->instructions);
	if ((r->kind & (FLUSH_REQ_RANGE | FLUSH_REQ_RANGE_ASID)) == 0U)
		return;
	for (u64 page = 0; page < PAGES; page++) {
		u64 low = BASE + (page << PAGE_SHIFT);
		bool hit = r->size == FLUSH_WHOLE ||
			   (r->start <= low + PAGE_MASK && r->start + (r->size - 1U) >= low);

		for (u32 a = 0; hit && a < ASIDS; a++) {
			if ((r->kind & FLUSH_REQ_RANGE) != 0U || r->asid == a)
				assert_false(t->held[a][page]);
		}
	}
}

static struct flush_request any_request(void)
{
	static const u64 sizes[] = {
		1, 2, 4095, 4096, 4097, 8192, 65536, 65537, 200000, FLUSH_WHOLE
	};
	struct flush_request r = { .kind = FLUSH_REQ_INSTRUCTION };

	if (rng(4) == 0U)
		return r;
	r.kind = rng(2) == 0U ? FLUSH_REQ_RANGE : FLUSH_REQ_RANGE_ASID;
	r.asid = (u16)rng(ASIDS);
	r.size = sizes[rng(ARRAY_SIZE(sizes))];
	r.start = r.size == FLUSH_WHOLE ? 0U : BASE - 0x3000U + rng(PAGES * PAGE_SIZE);
	/* Often the same place again, so that some requests can be merged. */
	if (rng(2) == 0U)
		r.start = ALIGN_DOWN(r.start, 16U * PAGE_SIZE);
	return r;
}

static void test_nothing_wanted_is_left(void **state)
{
	(void)state;
	for (u32 round = 0; round < 200000U; round++) {
		struct flush_request made[4];
		struct flush_request merged = { 0 };
		u64 n = 1U + rng(ARRAY_SIZE(made));
		struct tlb t;

		/*
		 * A vCPU's request after it was taken: it has no kind, and the rest is as it was.
		 */
		merged.start = rng(2) * BASE;
		merged.size = rng(2) * PAGE_SIZE;
		for (u64 i = 0; i < n; i++) {
			made[i] = i != 0U && rng(4) == 0U ? made[0] : any_request();
			flush_request_merge(&merged, &made[i]);
		}
		tlb_fill(&t);
		tlb_execute(&t, &merged);
		for (u64 i = 0; i < n; i++)
			must_be_gone(&t, &made[i]);
	}
}

/* In the usual case nothing widens: one request stays what it is, even when it is added again. */
static void test_the_same_again_stays_narrow(void **state)
{
	struct flush_request r = { FLUSH_REQ_RANGE_ASID, 2, BASE, PAGE_SIZE };
	struct flush_request i = { .kind = FLUSH_REQ_INSTRUCTION };
	struct flush_request merged = { 0 };
	struct tlb t;

	(void)state;
	flush_request_merge(&merged, &r);
	flush_request_merge(&merged, &i);
	flush_request_merge(&merged, &r);
	assert_int_equal(merged.kind, FLUSH_REQ_RANGE_ASID | FLUSH_REQ_INSTRUCTION);
	tlb_fill(&t);
	tlb_execute(&t, &merged);
	assert_false(t.held[2][0]);
	assert_true(t.held[1][0]);
	assert_true(t.held[2][1]);
}

static void test_pages(void **state)
{
	struct flush_request r = { .kind = FLUSH_REQ_RANGE };
	u64 first = 0;

	(void)state;
	r.start = BASE + 1U;
	r.size = 1;
	assert_int_equal(flush_request_pages(&r, &first), 1);
	assert_int_equal(first, BASE);
	r.size = PAGE_SIZE;
	assert_int_equal(flush_request_pages(&r, &first), 2);
	r.size = FLUSH_REQUEST_MAX_PAGES * PAGE_SIZE;
	assert_int_equal(flush_request_pages(&r, &first), FLUSH_REQUEST_MAX_PAGES + 1U);
	r.size++;
	assert_int_equal(flush_request_pages(&r, &first), 0);
	r.size = FLUSH_WHOLE;
	assert_int_equal(flush_request_pages(&r, &first), 0);
	/* The last page of the address space: its end must not wrap. */
	r.start = UINT64_MAX - PAGE_MASK;
	r.size = PAGE_SIZE;
	assert_int_equal(flush_request_pages(&r, &first), 1);
	assert_int_equal(first, UINT64_MAX - PAGE_MASK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_wanted_is_left),
		cmocka_unit_test(test_the_same_again_stays_narrow),
		cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
