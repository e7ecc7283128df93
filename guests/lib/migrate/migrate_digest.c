/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC32C of a frame, and the digest that tells whether two pages are the same.
 *
 * Both are published algorithms, so other implementations find them in a library: CRC32C (RFC 3720,
 * appendix B.4), and XXH64 (the xxHash specification, "XXH64 Algorithm Description"). Neither
 * withstands somebody who forges on purpose, and nothing may rely on them for that.
 */
#include "guests/lib/migrate/migrate_stream.h"

#define CRC_POLY 0x82f63b78U /* Castagnoli, reflected */

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)
#define PRIME_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME_5 UINT64_C(0x27d4eb2f165667c5)

/* Each copy of such a function has its constants folded in. */
#define INLINED inline __attribute__((always_inline))

#define LANES  4U
#define STRIPE 32U /* bytes that XXH64 takes in a round: four lanes of eight */

/*
 * On a hart that may trap a misaligned load, a copy of eight bytes is eight loads. Frames and pages
 * are nearly always aligned, and to ask costs two instructions. These are __builtin_memcpy(),
 * because in a freestanding program memcpy() is a call.
 */
static uint64_t migrate_digest_load64(const uint8_t *p)
{
	uint64_t v;

	if (((uintptr_t)p & 7U) == 0U)
		return *(const uint64_t *)(const void *)p;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t migrate_digest_load32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static void migrate_digest_crc_tables(struct migrate_crc *crc)
{
	for (uint32_t i = 0; i < 256U; i++) {
		uint32_t v = i;

		for (uint32_t bit = 0; bit < 8U; bit++)
			v = (v >> 1) ^ ((v & 1U) != 0U ? CRC_POLY : 0U);
		crc->table[0][i] = v;
	}
	for (uint32_t i = 0; i < 256U; i++) {
		for (uint32_t n = 1; n < 8U; n++) {
			uint32_t v = crc->table[n - 1U][i];

			crc->table[n][i] = (v >> 8) ^ crc->table[0][v & 0xffU];
		}
	}
}

bool migrate_crc_init(struct migrate_crc *crc)
{
	static const char digits[] = "123456789";
	uint8_t iscsi[32];

	migrate_digest_crc_tables(crc);
	for (uint32_t i = 0; i < sizeof(iscsi); i++)
		iscsi[i] = (uint8_t)i;
	/*
	 * RFC 3720 B.4, "32 bytes of incrementing 00..1f"; the check value of the CRC; and values
	 * of the XXH64 specification
	 */
	return migrate_crc32c(crc, iscsi, sizeof(iscsi)) == 0x46dd794eU &&
	       migrate_crc32c(crc, digits, 9) == 0xe3069283U &&
	       migrate_crc32c(crc, NULL, 0) == 0U &&
	       migrate_digest(NULL, 0, 0) == UINT64_C(0xef46db3751d8e999) &&
	       migrate_digest("abc", 3, 0) == UINT64_C(0x44bc2cf5ad770999);
}

uint32_t migrate_crc32c(const struct migrate_crc *crc, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	uint32_t v = 0xffffffffU;

	for (; size >= 8U; size -= 8U, p += 8) {
		uint64_t w = migrate_digest_load64(p) ^ v;

		v = crc->table[7][w & 0xffU] ^ crc->table[6][(w >> 8) & 0xffU] ^
		    crc->table[5][(w >> 16) & 0xffU] ^ crc->table[4][(w >> 24) & 0xffU] ^
		    crc->table[3][(w >> 32) & 0xffU] ^ crc->table[2][(w >> 40) & 0xffU] ^
		    crc->table[1][(w >> 48) & 0xffU] ^ crc->table[0][w >> 56];
	}
	for (; size != 0U; size--, p++)
		v = (v >> 8) ^ crc->table[0][(v ^ *p) & 0xffU];
	return ~v;
}

static uint64_t migrate_digest_rotate(uint64_t v, uint32_t n)
{
	return (v << n) | (v >> (64U - n));
}

/* The hart has Zbb. It is said once, before there is an engine. */
static bool migrate_digest_zbb;

void migrate_digest_use_zbb(bool zbb)
{
	migrate_digest_zbb = zbb;
}

/* Zbb rotates in one instruction, otherwise it takes three. */
static INLINED uint64_t migrate_digest_rotate_31(bool zbb, uint64_t v)
{
#if defined(__riscv)
	if (zbb) {
		__asm__(".option push; .option arch, +zbb; rori %0, %1, 64 - 31; .option pop"
			: "=r"(v)
			: "r"(v));
		return v;
	}
#endif
	(void)zbb;
	return migrate_digest_rotate(v, 31);
}

static uint64_t migrate_digest_round(uint64_t lane, uint64_t input)
{
	return migrate_digest_rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t migrate_digest_merge(uint64_t v, uint64_t lane)
{
	return (v ^ migrate_digest_round(0, lane)) * PRIME_1 + PRIME_4;
}

/*
 * Take the stripe at index @at into the lanes and, with @copy, copy it. Each word is loaded once,
 * as an atomic that the compiler may not load again: the guest may write meanwhile, and the digest
 * has to be that of the copy.
 */
static INLINED void migrate_digest_stripe(uint64_t lane[LANES], bool zbb, bool copy, uint64_t *to,
					  const uint64_t *w, size_t at)
{
	uint64_t w0 = __atomic_load_n(&w[at], __ATOMIC_RELAXED);
	uint64_t w1 = __atomic_load_n(&w[at + 1U], __ATOMIC_RELAXED);
	uint64_t w2 = __atomic_load_n(&w[at + 2U], __ATOMIC_RELAXED);
	uint64_t w3 = __atomic_load_n(&w[at + 3U], __ATOMIC_RELAXED);

	if (copy) {
		to[at] = w0;
		to[at + 1U] = w1;
		to[at + 2U] = w2;
		to[at + 3U] = w3;
	}
	lane[0] = migrate_digest_rotate_31(zbb, lane[0] + w0 * PRIME_2) * PRIME_1;
	lane[1] = migrate_digest_rotate_31(zbb, lane[1] + w1 * PRIME_2) * PRIME_1;
	lane[2] = migrate_digest_rotate_31(zbb, lane[2] + w2 * PRIME_2) * PRIME_1;
	lane[3] = migrate_digest_rotate_31(zbb, lane[3] + w3 * PRIME_2) * PRIME_1;
}

/* Four stripes a turn: the turn itself costs less than a thirtieth of the work in it. */
static INLINED void migrate_digest_run(uint64_t lanes[LANES], bool zbb, bool copy, uint64_t *to,
				       const uint64_t *w, size_t stripes)
{
	uint64_t lane[LANES] = { lanes[0], lanes[1], lanes[2], lanes[3] };

	for (; stripes >= 4U; stripes -= 4U, w += 4U * LANES) {
		migrate_digest_stripe(lane, zbb, copy, to, w, 0);
		migrate_digest_stripe(lane, zbb, copy, to, w, LANES);
		migrate_digest_stripe(lane, zbb, copy, to, w, 2U * LANES);
		migrate_digest_stripe(lane, zbb, copy, to, w, 3U * LANES);
		if (copy)
			to += 4U * LANES;
	}
	for (; stripes != 0U; stripes--, w += LANES) {
		migrate_digest_stripe(lane, zbb, copy, to, w, 0);
		if (copy)
			to += LANES;
	}
	for (uint32_t i = 0; i < LANES; i++)
		lanes[i] = lane[i];
}

static INLINED void migrate_digest_take(uint64_t lane[LANES], bool copy, uint64_t *to,
					const uint64_t *w, size_t stripes)
{
	if (migrate_digest_zbb)
		migrate_digest_run(lane, true, copy, to, w, stripes);
	else
		migrate_digest_run(lane, false, copy, to, w, stripes);
}

static void migrate_digest_begin(uint64_t lane[LANES], uint64_t seed)
{
	lane[0] = seed + PRIME_1 + PRIME_2;
	lane[1] = seed + PRIME_2;
	lane[2] = seed;
	lane[3] = seed - PRIME_1;
}

static uint64_t migrate_digest_join(const uint64_t lane[LANES])
{
	uint64_t v = migrate_digest_rotate(lane[0], 1) + migrate_digest_rotate(lane[1], 7) +
		     migrate_digest_rotate(lane[2], 12) + migrate_digest_rotate(lane[3], 18);

	for (uint32_t i = 0; i < LANES; i++)
		v = migrate_digest_merge(v, lane[i]);
	return v;
}

static uint64_t migrate_digest_finish(uint64_t v)
{
	v = (v ^ (v >> 33)) * PRIME_2;
	v = (v ^ (v >> 29)) * PRIME_3;
	return v ^ (v >> 32);
}

/* Return: the digest of all whole stripes of @size bytes, not finished */
static uint64_t migrate_digest_stripes(const uint8_t *p, size_t size, uint64_t seed)
{
	uint64_t lane[LANES];

	migrate_digest_begin(lane, seed);
	if (((uintptr_t)p & 7U) == 0U) {
		migrate_digest_take(lane, false, NULL, (const uint64_t *)(const void *)p,
				    size / STRIPE);
	} else {
		for (; size >= STRIPE; size -= STRIPE, p += STRIPE) {
			uint64_t room[LANES];

			__builtin_memcpy(room, p, STRIPE);
			migrate_digest_take(lane, false, NULL, room, 1);
		}
	}
	return migrate_digest_join(lane);
}

uint64_t migrate_digest(const void *bytes, size_t size, uint64_t seed)
{
	const uint8_t *p = bytes;
	size_t rest = size % STRIPE;
	uint64_t v = size >= STRIPE ? migrate_digest_stripes(p, size, seed) : seed + PRIME_5;

	v += size;
	if (rest != 0U)
		p += size - rest;
	for (; rest >= 8U; rest -= 8U, p += 8)
		v = migrate_digest_rotate(v ^ migrate_digest_round(0, migrate_digest_load64(p)),
					  27) *
			    PRIME_1 +
		    PRIME_4;
	if (rest >= 4U) {
		v = migrate_digest_rotate(v ^ migrate_digest_load32(p) * PRIME_1, 23) * PRIME_2 +
		    PRIME_3;
		rest -= 4U;
		p += 4;
	}
	for (; rest != 0U; rest--, p++)
		v = migrate_digest_rotate(v ^ *p * PRIME_5, 11) * PRIME_1;
	return migrate_digest_finish(v);
}

uint64_t migrate_digest_page(const void *page, uint64_t gpa)
{
	return migrate_digest(page, MIGRATE_PAGE, gpa);
}

uint64_t migrate_digest_copy(void *to, const void *from, uint64_t gpa)
{
	uint64_t lane[LANES];

	/* The digest of what was copied, not of what is there now. */
	if ((((uintptr_t)to | (uintptr_t)from) & 7U) != 0U) {
		memcpy(to, from, MIGRATE_PAGE);
		return migrate_digest_page(to, gpa);
	}
	migrate_digest_begin(lane, gpa);
	migrate_digest_take(lane, true, to, from, MIGRATE_PAGE / STRIPE);
	return migrate_digest_finish(migrate_digest_join(lane) + MIGRATE_PAGE);
}

uint64_t migrate_chain(uint64_t chain, uint32_t what, uint64_t where, uint64_t value)
{
	uint64_t link[3] = { chain, where, value };

	return migrate_digest(link, sizeof(link), what);
}

/*
 * Two stripes in a round: most pages of a guest are zero, and the first pass looks at each of them.
 */
static bool migrate_digest_words_are_zero(const uint64_t *w, size_t words)
{
	for (size_t i = 0; i < words; i += 8U) {
		uint64_t any = (w[i] | w[i + 1U] | w[i + 2U] | w[i + 3U]) |
			       (w[i + 4U] | w[i + 5U] | w[i + 6U] | w[i + 7U]);

		if (any != 0U)
			return false;
	}
	return true;
}

bool migrate_page_is_zero(const void *page)
{
	const uint8_t *p = page;
	uint64_t room[2U * LANES];

	if (((uintptr_t)page & 7U) == 0U)
		return migrate_digest_words_are_zero(page, MIGRATE_PAGE / sizeof(uint64_t));
	for (size_t i = 0; i < MIGRATE_PAGE; i += sizeof(room)) {
		memcpy(room, p + i, sizeof(room));
		if (!migrate_digest_words_are_zero(room, 2U * LANES))
			return false;
	}
	return true;
}
