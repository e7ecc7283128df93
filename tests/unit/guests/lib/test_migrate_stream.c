/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of the stream: checksum and digest against known values and against slow ways to compute
 * them, the line, frames with every kind of damage, the comparison of machines, and the ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_sim.h"

static struct migrate_crc crc;

static int setup(void **state)
{
	(void)state;
	return migrate_crc_init(&crc) ? 0 : 1;
}

static uint32_t crc_slow(const uint8_t *p, size_t n)
{
	uint32_t v = 0xffffffffU;

	for (size_t i = 0; i < n; i++) {
		v ^= p[i];
		for (uint32_t bit = 0; bit < 8U; bit++)
			v = (v >> 1) ^ ((v & 1U) != 0U ? 0x82f63b78U : 0U);
	}
	return ~v;
}

static void test_crc(void **state)
{
	static const uint8_t zeros[32];
	uint8_t ones[32];
	uint8_t bytes[300];
	uint64_t seed = 1;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	/* RFC 3720 B.4 */
	assert_int_equal(migrate_crc32c(&crc, zeros, 32), 0x8a9136aaU);
	assert_int_equal(migrate_crc32c(&crc, ones, 32), 0x62a8ab43U);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)sim_random(&seed);
	for (size_t n = 0; n < sizeof(bytes); n++)
		assert_int_equal(migrate_crc32c(&crc, bytes + n % 9U, n - n % 9U),
				 crc_slow(bytes + n % 9U, n - n % 9U));
}

static void test_digest(void **state)
{
	/* From xxhsum -H64, of the bytes 0, 1, 2, ... */
	static const struct {
		size_t n;
		uint64_t digest;
	} known[] = {
		{ 0, UINT64_C(0xef46db3751d8e999) },	{ 1, UINT64_C(0xe934a84adb052768) },
		{ 3, UINT64_C(0xe5c7bb4533bc65dd) },	{ 4, UINT64_C(0xffced8604453cc1e) },
		{ 7, UINT64_C(0x14cc643f630c72d2) },	{ 8, UINT64_C(0x884a173614b81b8d) },
		{ 15, UINT64_C(0xa948f5f0f6abac2d) },	{ 31, UINT64_C(0xc346d2b59b4d8ee1) },
		{ 32, UINT64_C(0xcbf59c5116ff32b4) },	{ 33, UINT64_C(0x0c535d1acafb8ead) },
		{ 63, UINT64_C(0xe26aa9e2a95f8e4f) },	{ 100, UINT64_C(0x6ac1e58032166597) },
		{ 4096, UINT64_C(0x0f6e64be186af6a4) },
	};
	uint8_t bytes[4096];
	uint8_t shifted[4096 + 8];
	uint64_t first;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(migrate_digest(bytes, known[i].n, 0), known[i].digest);
	/* Wherever the bytes lie in memory */
	for (size_t by = 0; by < 8U; by++) {
		memcpy(shifted + by, bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			assert_int_equal(migrate_digest(shifted + by, known[i].n, 0),
					 known[i].digest);
	}
	/* The place of a byte counts, and so does every bit. */
	first = migrate_digest_page(bytes, 0x80000000U);
	assert_int_not_equal(first, migrate_digest_page(bytes, 0x80001000U));
	for (size_t i = 0; i < 4096U; i++) {
		bytes[i] ^= (uint8_t)(1U << (i % 8U));
		assert_int_not_equal(first, migrate_digest_page(bytes, 0x80000000U));
		bytes[i] ^= (uint8_t)(1U << (i % 8U));
	}
	assert_int_not_equal(migrate_chain(1, MIGRATE_CHAIN_PAGE, 2, 3),
			     migrate_chain(1, MIGRATE_CHAIN_ZERO, 2, 3));
}

static void test_zero(void **state)
{
	static uint8_t page[4096];

	(void)state;
	assert_true(migrate_page_is_zero(page));
	for (size_t i = 0; i < sizeof(page); i++) {
		page[i] = 0x80;
		assert_false(migrate_page_is_zero(page));
		page[i] = 0;
	}
}

static void test_line(void **state)
{
	struct migrate_line line;

	(void)state;
	migrate_line_clear(&line);
	migrate_line_add(&line, "%s", "a\n\033[31mb\x7f");
	migrate_line_add(&line, " %lu 0x%lx", UINT64_MAX, UINT64_MAX);
	migrate_line_error(&line, SBI_ERR_DENIED);
	assert_string_equal(
		line.text,
		"a??[31mb? 18446744073709551615 0xffffffffffffffff failed: denied (error -4)");
	for (uint32_t i = 0; i < 100U; i++)
		migrate_line_add(&line, "more and more");
	assert_int_equal(strlen(line.text), MIGRATE_LINE_MAX - 1U);
	assert_int_equal(line.length, MIGRATE_LINE_MAX - 1U);
}

/* --- frames ----------------------------------------------------------------------------------- */

static uint8_t wire[MIGRATE_BUFFER_MIN];
static uint8_t received[MIGRATE_BUFFER_MIN];
static struct migrate_tx tx;
static struct migrate_rx rx;
static size_t taken;
static size_t portion;

static int64_t wire_recv(void *ctx, void *bytes, size_t size)
{
	size_t n = tx.tail - taken < size ? tx.tail - taken : size;

	(void)ctx;
	if (n > portion)
		n = portion;
	if (n == 0U)
		return -1;
	memcpy(bytes, wire + taken, n);
	taken += n;
	return (int64_t)n;
}

static const struct migrate_link wire_link = { .recv = wire_recv };

static void wire_begin(void)
{
	memset(&tx, 0, sizeof(tx));
	memset(&rx, 0, sizeof(rx));
	migrate_tx_init(&tx, wire, sizeof(wire), false);
	migrate_rx_init(&rx, received, sizeof(received), false);
	taken = 0;
	portion = SIZE_MAX;
}

static void wire_stop(void)
{
	struct migrate_stop stop = { .run = 1 };

	assert_true(migrate_tx_record(&tx, &crc, MIGRATE_REC_STOP, &stop, sizeof(stop)));
}

/* The header of the frame at @at, changed by @change, with a right checksum. */
static void wire_change(size_t at, void (*change)(struct migrate_frame *f))
{
	struct migrate_frame f;

	memcpy(&f, wire + at, sizeof(f));
	change(&f);
	f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
	memcpy(wire + at, &f, sizeof(f));
}

static enum migrate_rx_result wire_next(struct migrate_record *record, struct migrate_line *line)
{
	enum migrate_rx_result result;

	migrate_line_clear(line);
	do {
		result = migrate_rx_next(&rx, &crc, record, line);
	} while (result == MIGRATE_RX_MORE && migrate_rx_fill(&rx, &wire_link));
	return result;
}

static void wire_refused(const char *why)
{
	struct migrate_record record;
	struct migrate_line line;

	assert_int_equal(wire_next(&record, &line), MIGRATE_RX_BAD);
	assert_string_equal(line.text, why);
}

static void test_bytewise(void **state)
{
	struct migrate_record record;
	struct migrate_line line;

	(void)state;
	for (portion = 1; portion < 90U; portion++) {
		size_t keep = portion;

		wire_begin();
		portion = keep;
		for (uint32_t i = 0; i < 5U; i++)
			wire_stop();
		for (uint64_t i = 0; i < 5U; i++) {
			assert_int_equal(wire_next(&record, &line), MIGRATE_RX_RECORD);
			assert_int_equal(record.type, MIGRATE_REC_STOP);
			assert_int_equal(record.seq, i);
			assert_int_equal(record.length, 8);
			assert_int_equal(record.payload[0], 1);
		}
		assert_int_equal(wire_next(&record, &line), MIGRATE_RX_MORE);
		assert_true(rx.dead);
		migrate_rx_cut(&rx, &line);
		assert_string_equal(line.text, "the link was cut after frame 4 (stop)");
	}
}

static void magic(struct migrate_frame *f)
{
	f->magic++;
}

static void seq(struct migrate_frame *f)
{
	f->seq = UINT64_MAX;
}

static void flags(struct migrate_frame *f)
{
	f->flags |= 0x80U;
}

/* A stranger must not leave the checksum of the payload out. */
static void plain(struct migrate_frame *f)
{
	f->flags |= MIGRATE_FLAG_PLAIN;
}

static void longest(struct migrate_frame *f)
{
	f->length = UINT64_MAX;
}

static void long_by_one(struct migrate_frame *f)
{
	f->length = MIGRATE_PAYLOAD_MAX + 1U;
}

static void empty(struct migrate_frame *f)
{
	f->length = 0;
}

static void newer(struct migrate_frame *f)
{
	f->version = 2;
}

static void old(struct migrate_frame *f)
{
	f->version = 0;
}

static void unknown(struct migrate_frame *f)
{
	f->type = 0x4242;
}

static void optional(struct migrate_frame *f)
{
	f->type = 0x4242;
	f->flags = 0;
}

static void newer_optional(struct migrate_frame *f)
{
	f->version = 2;
	f->flags = 0;
}

static void test_frames_refused(void **state)
{
	static const struct {
		void (*change)(struct migrate_frame *f);
		const char *why;
	} bad[] = {
		{ magic, "frame 0: magic number is 0x4d564c44, not 0x4d564c43" },
		{ seq, "frame 0: sequence number is 0xffffffffffffffff, not 0x0" },
		{ flags, "frame 0: flags is 0x81, not 0x1" },
		{ plain, "frame 0: flags is 0x3, not 0x1" },
		{ longest,
		  "frame 0: length 18446744073709551615 bytes; at most 32768 are allowed" },
		{ long_by_one, "frame 0: length 32769 bytes; at most 32768 are allowed" },
		{ empty, "frame 0 (stop): length 0 bytes; 8 to 8 are allowed" },
		{ newer,
		  "frame 0: record type 7 version 2 must be understood and is not; version 1 is" },
		{ old, "frame 0: record type 7 version 0 must be understood and is not; version "
		       "1 is" },
		{ unknown, "frame 0: record type 16962 version 1 must be understood and is not" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wire_begin();
		wire_stop();
		wire_change(0, bad[i].change);
		wire_refused(bad[i].why);
	}
	wire_begin();
	wire_stop();
	wire[31] ^= 1U;
	assert_int_equal(wire_next(&(struct migrate_record){ 0 }, &(struct migrate_line){ 0 }),
			 MIGRATE_RX_BAD);
	wire_begin();
	wire_stop();
	wire[32] ^= 1U;
	assert_int_equal(wire_next(&(struct migrate_record){ 0 }, &(struct migrate_line){ 0 }),
			 MIGRATE_RX_BAD);
}

static uint16_t any_type;
static uint64_t any_length;

static void any(struct migrate_frame *f)
{
	f->type = any_type;
	f->version = migrate_record_version(any_type);
	f->length = any_length;
}

static bool length_is_refused(uint16_t type, uint64_t length)
{
	struct migrate_record record;
	struct migrate_line line;

	any_type = type;
	any_length = length;
	wire_begin();
	wire_stop();
	wire_change(0, any);
	return wire_next(&record, &line) == MIGRATE_RX_BAD && strstr(line.text, "length") != NULL;
}

#define ONE(record) sizeof(struct record), sizeof(struct record)

/* Each record may have so many bytes, and not one more or less (docs/migration.md). */
static void test_lengths_of_records(void **state)
{
	static const struct {
		uint16_t type;
		uint64_t least;
		uint64_t most;
	} kind[] = {
		{ MIGRATE_REC_HELLO, offsetof(struct migrate_hello, uuid),
		  sizeof(struct migrate_hello) },
		{ MIGRATE_REC_PASS_BEGIN, ONE(migrate_pass) },
		{ MIGRATE_REC_PAGE, 8 + 4096, 8 + 4096 },
		{ MIGRATE_REC_ZERO, ONE(migrate_zero) },
		{ MIGRATE_REC_PASS_END, ONE(migrate_pass) },
		{ MIGRATE_REC_STOP, 8, 8 },
		{ MIGRATE_REC_STATE, sizeof(struct cleave_state_head), 32768 },
		{ MIGRATE_REC_VERIFY, 16 + 8, 16 + MIGRATE_VERIFY_MAX * 8 },
		{ MIGRATE_REC_HANDOVER, ONE(migrate_handover) },
		{ MIGRATE_REC_COMMIT, ONE(migrate_promise) },
		{ MIGRATE_REC_QUERY, ONE(migrate_status) },
		{ MIGRATE_REC_ACCEPT, ONE(migrate_promise) },
		{ MIGRATE_REC_PASS_ACK, ONE(migrate_pass) },
		{ MIGRATE_REC_READY, ONE(migrate_handover) },
		{ MIGRATE_REC_RUNNING, ONE(migrate_status) },
		{ MIGRATE_REC_STATUS, ONE(migrate_status) },
		{ MIGRATE_REC_CANCEL, ONE(migrate_cancel) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		assert_false(length_is_refused(kind[i].type, kind[i].least));
		assert_false(length_is_refused(kind[i].type, kind[i].most));
		for (uint64_t by = 1; by <= 8U; by++) {
			assert_true(length_is_refused(kind[i].type, kind[i].least - by));
			assert_true(length_is_refused(kind[i].type, kind[i].most + by));
		}
	}
}

static void test_frames_skipped(void **state)
{
	void (*const skipped[])(struct migrate_frame *f) = { optional, newer_optional };
	struct migrate_record record;
	struct migrate_line line;

	(void)state;
	for (size_t i = 0; i < 2U; i++) {
		wire_begin();
		wire_stop();
		wire_stop();
		wire_change(0, skipped[i]);
		assert_int_equal(wire_next(&record, &line), MIGRATE_RX_RECORD);
		assert_int_equal(record.type, MIGRATE_REC_STOP);
		assert_int_equal(record.seq, 1);
	}
}

static int64_t lying_send(void *ctx, const void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	return (int64_t)size + 1;
}

static int64_t lying_recv(void *ctx, void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	return (int64_t)size + 1;
}

/* A link that says that it took or gave more than there was room for is dead. */
static void test_a_link_that_lies(void **state)
{
	const struct migrate_link link = { .send = lying_send, .recv = lying_recv };

	(void)state;
	wire_begin();
	wire_stop();
	assert_int_equal(migrate_tx_begin(&tx, 8) != NULL, true);
	migrate_tx_end(&tx, &crc, MIGRATE_REC_STOP, 8);
	assert_false(migrate_tx_flush(&tx, &link));
	assert_true(tx.dead);
	assert_false(migrate_rx_fill(&rx, &link));
	assert_true(rx.dead);
	assert_true(rx.tail <= rx.size);
}

/* A full buffer takes no more, and keeps what it has. */
static void test_back_pressure(void **state)
{
	uint32_t n = 0;

	(void)state;
	wire_begin();
	while (migrate_tx_begin_page(&tx, &wire_link) != NULL) {
		uint8_t *payload = migrate_tx_begin_page(&tx, &wire_link);
		uint64_t gpa;

		memset(payload, (int)n++, 4104);
		memcpy(&gpa, payload, sizeof(gpa));
		migrate_tx_end_page(&tx, &crc, &wire_link, payload,
				    migrate_digest_page(payload + 8, gpa));
	}
	assert_int_equal(n, MIGRATE_BUFFER_MIN / (4104U + 32U));
	for (uint32_t i = 0; i < n; i++) {
		struct migrate_record record;
		struct migrate_line line;

		assert_int_equal(wire_next(&record, &line), MIGRATE_RX_RECORD);
		assert_int_equal(record.payload[4103], i);
	}
}

/* A copy has the digest of what was copied, wherever the two lie. */
static void test_digest_of_a_copy(void **state)
{
	static uint8_t from[MIGRATE_PAGE + 8U], to[MIGRATE_PAGE + 8U];

	(void)state;
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 7U + i / 251U);
	for (uint32_t at = 0; at < 64U; at++) {
		uint32_t a = at % 8U, b = at / 8U;
		uint64_t digest;

		memset(to, 0x5a, sizeof(to));
		digest = migrate_digest_copy(to + b, from + a, 0x80001000U + at);
		assert_memory_equal(to + b, from + a, MIGRATE_PAGE);
		assert_int_equal(digest, migrate_digest_page(from + a, 0x80001000U + at));
		for (uint32_t i = 0; i < 8U; i++)
			assert_int_equal(to[i < b ? i : MIGRATE_PAGE + i], 0x5a);
	}
}

/* --- machines and ledger ---------------------------------------------------------------------- */

static void test_isa(void **state)
{
	static const struct {
		const char *guest;
		const char *slot;
		const char *why;
	} pairs[] = {
		{ "rv64imac", "rv64imac", NULL },
		{ "rv64imac_zicsr", "rv64gc", NULL },
		{ "rv64gc", "rv64imafdc_zicsr_zifencei", NULL },
		{ "rv64imafdcv_zba", "rv64gcv_zbb_zba", NULL },
		{ "rv64gc", "rv64imafdc_zicsr", "no ISA extension g" },
		{ "rv64ima_zb", "rv64ima_zba", "no ISA extension zb" },
		{ "rv64imav_sstc_zba", "rv64ima_zb", "no ISA extension v, sstc, zba" },
	};
	struct migrate_machine guest = {
		.vcpus = 1, .gstage_levels = 3, .regions = 1, .timebase = 1
	};
	struct migrate_machine slot;

	(void)state;
	guest.region[0] = (struct migrate_region){ 0x80000000U, 4096 };
	slot = guest;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct migrate_line line;

		migrate_line_clear(&line);
		strcpy(guest.isa, pairs[i].guest);
		strcpy(slot.isa, pairs[i].slot);
		assert_true(migrate_machine_check(&guest, &line));
		assert_int_equal(migrate_machine_fits(&guest, &slot, &line), pairs[i].why == NULL);
		assert_string_equal(line.text, pairs[i].why == NULL ? "" : pairs[i].why);
	}
}

static struct migrate_machine plain_machine(void)
{
	return (struct migrate_machine){ .isa = "rv64imac",
					 .vcpus = 1,
					 .gstage_levels = 3,
					 .regions = 1,
					 .timebase = 1,
					 .region = { { 0x80000000U, 4096 } } };
}

/* @guest is offered to @slot by its record, and refused by the line @why; "": it is taken. */
static void offered(const struct migrate_machine *guest, const struct migrate_machine *slot,
		    const char *why)
{
	struct migrate_machine got;
	struct migrate_line line;
	uint8_t payload[4096];
	size_t n = migrate_machine_put(guest, payload);

	migrate_line_clear(&line);
	assert_true(migrate_machine_get(&got, 2, payload, n, &line));
	assert_int_equal(migrate_machine_fits(&got, slot, &line), why[0] == '\0');
	assert_string_equal(line.text, why);
}

static void test_blocks(void **state)
{
	static const struct {
		uint32_t guest[2], slot[2];
		const char *why;
	} pairs[] = {
		{ { 0, 0 }, { 0, 0 }, "" },
		{ { 64, 128 }, { 64, 128 }, "" },
		{ { 0, 0 }, { 64, 64 }, "" },
		{ { 64, 128 },
		  { 64, 64 },
		  "Zicboz cache blocks of 64 bytes, the guest was given 128" },
		{ { 64, 128 },
		  { 128, 128 },
		  "Zicbom cache blocks of 128 bytes, the guest was given 64" },
		{ { 64, 0 }, { 0, 0 }, "Zicbom cache blocks of 0 bytes, the guest was given 64" },
		{ { 32, 16 },
		  { 16, 32 },
		  "Zicbom cache blocks of 16 bytes, the guest was given 32; Zicboz cache blocks of "
		  "32 bytes, the guest was given 16" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct migrate_machine guest = plain_machine();
		struct migrate_machine slot = plain_machine();

		guest.cbom_block = pairs[i].guest[0];
		guest.cboz_block = pairs[i].guest[1];
		slot.cbom_block = pairs[i].slot[0];
		slot.cboz_block = pairs[i].slot[1];
		offered(&guest, &slot, pairs[i].why);
	}
}

/* All that a guest can have found out about its machine is asked for before it moves. */
static void test_more(void **state)
{
	static const struct {
		struct migrate_require_more guest, slot;
		const char *why;
	} pairs[] = {
		{ { 0 }, { 16, 16, 0x38, 1, 0x2000000, 0x3f, 0 }, "" },
		{ { 16, 9, 0x18, 1, 0x2000000, 0x3f, 0 },
		  { 16, 16, 0x38, 2, 0x3000000, 0x7f, 0 },
		  "" },
		{ { .vlenb = 16 },
		  { .vlenb = 32 },
		  "vector registers of 32 bytes, the guest has 16" },
		{ { .vlenb = 32 }, { 0 }, "vector registers of 0 bytes, the guest has 32" },
		{ { .asid_bits = 16 }, { .asid_bits = 9 }, "ASID bits: 9, the guest needs 16" },
		{ { .vs_levels = 0x38 },
		  { .vs_levels = 0x18 },
		  "page tables Sv39 and Sv48, the guest may use Sv39 to Sv57" },
		{ { .state_level = 2 },
		  { .state_level = 1 },
		  "level of state records: 1, the guest needs 2" },
		{ { .sbi_version = 0x3000000 },
		  { .sbi_version = 0x2000000 },
		  "SBI 2.0, the guest was told 3.0" },
		{ { .sbi = 0x7f }, { .sbi = 0x3f }, "SBI extensions 0x3f, the guest has 0x7f" },
		{ { .asid_bits = 2, .sbi = 4 },
		  { .asid_bits = 1 },
		  "ASID bits: 1, the guest needs 2; SBI extensions 0x0, the guest has 0x4" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct migrate_machine guest = plain_machine();
		struct migrate_machine slot = plain_machine();

		guest.more = pairs[i].guest;
		slot.more = pairs[i].slot;
		offered(&guest, &slot, pairs[i].why);
	}
}

/* Neither more memory nor a faster clock is what the guest was given. */
static void test_memory_and_clock(void **state)
{
	struct migrate_machine guest = plain_machine();
	struct migrate_machine slot = plain_machine();

	(void)state;
	slot.region[slot.regions] = (struct migrate_region){ UINT64_C(1) << 36, 4096 };
	slot.regions++;
	offered(&guest, &slot, "2 memory regions, the guest has 1");
	slot = plain_machine();
	guest.timebase = 10000000;
	slot.timebase = 24000000;
	offered(&guest, &slot, "a time base of 24000000 Hz, the guest was given 10000000");
}

static void test_require_refused(void **state)
{
	struct migrate_machine machine = {
		.vcpus = 1, .gstage_levels = 3, .regions = 2, .timebase = 1
	};
	struct migrate_machine out;
	uint8_t payload[4096];
	struct migrate_line line;
	size_t n;

	(void)state;
	strcpy(machine.isa, "rv64imac");
	machine.region[0] = (struct migrate_region){ 0x80000000U, 8192 };
	machine.region[1] = (struct migrate_region){ 0x90000000U, 8192 };
	n = migrate_machine_put(&machine, payload);
	migrate_line_clear(&line);
	assert_true(migrate_machine_get(&out, 2, payload, n, &line));
	assert_memory_equal(&out, &machine, sizeof(out));
	for (size_t i = sizeof(struct migrate_require); i < n; i++)
		assert_false(migrate_machine_get(&out, 2, payload, i, &line));
	/* Nor may anything be left over, or stand after a NUL in the ISA string. */
	assert_false(migrate_machine_get(&out, 2, payload, n + 1U, &line));
	payload[n - sizeof(machine.more) - 1U] = '\0';
	assert_false(migrate_machine_get(&out, 2, payload, n, &line));
	payload[n - sizeof(machine.more) - 1U] = 'c';
	/*
	 * A record with any byte set to an extreme is either refused or read as it stands; nothing
	 * is read beyond the payload.
	 */
	for (size_t i = 0; i < n; i++) {
		for (uint32_t v = 0; v < 256U; v += 51U) {
			uint8_t *exact = malloc(n);

			memcpy(exact, payload, n);
			exact[i] = (uint8_t)v;
			migrate_line_clear(&line);
			if (!migrate_machine_get(&out, 2, exact, n, &line))
				assert_true(line.length > 8U);
			else
				assert_true(migrate_machine_check(&out, &line));
			free(exact);
		}
	}
	machine.region[1].gpa = 0x80001000U;
	n = migrate_machine_put(&machine, payload);
	migrate_line_clear(&line);
	assert_false(migrate_machine_get(&out, 2, payload, n, &line));
	assert_string_equal(
		line.text,
		"memory region 1 (0x80001000, 0x2000 bytes) does not lie above the one before it");
	machine.region[1].gpa = UINT64_MAX - 4095U;
	migrate_line_clear(&line);
	assert_false(migrate_machine_check(&machine, &line));
	machine.region[1] = (struct migrate_region){ UINT64_C(1) << 41, 4096 };
	migrate_line_clear(&line);
	assert_false(migrate_machine_check(&machine, &line));
	assert_string_equal(line.text, "memory regions do not fit in G-stage tables of 3 levels");
}

static void test_ledger(void **state)
{
	static struct ledger ledger;

	(void)state;
	assert_int_equal(ledger_find(&ledger, 0), MIGRATE_OUTCOME_UNKNOWN);
	for (uint64_t id = 1; id <= LEDGER_SIZE; id++)
		assert_true(ledger_put(&ledger, id, MIGRATE_OUTCOME_PENDING));
	/* An undecided entry is not forgotten. */
	assert_false(ledger_put(&ledger, 99, MIGRATE_OUTCOME_PENDING));
	assert_true(ledger_put(&ledger, 7, MIGRATE_OUTCOME_RUNNING));
	assert_true(ledger_put(&ledger, 3, MIGRATE_OUTCOME_NONE));
	assert_int_equal(ledger_find(&ledger, 7), MIGRATE_OUTCOME_RUNNING);
	/* The oldest decided entry goes first. */
	assert_true(ledger_put(&ledger, 99, MIGRATE_OUTCOME_PENDING));
	assert_int_equal(ledger_find(&ledger, 7), MIGRATE_OUTCOME_UNKNOWN);
	assert_int_equal(ledger_find(&ledger, 3), MIGRATE_OUTCOME_NONE);
	assert_int_equal(ledger_find(&ledger, 99), MIGRATE_OUTCOME_PENDING);
	/* An id has one entry, though others are free; and 0 is the id of none. */
	ledger = (struct ledger){ .entries = 0 };
	assert_true(ledger_put(&ledger, 5, MIGRATE_OUTCOME_PENDING));
	assert_true(ledger_put(&ledger, 5, MIGRATE_OUTCOME_RUNNING));
	assert_int_equal(ledger_find(&ledger, 5), MIGRATE_OUTCOME_RUNNING);
	assert_true(ledger_put(&ledger, 0, MIGRATE_OUTCOME_RUNNING));
	assert_int_equal(ledger_find(&ledger, 0), MIGRATE_OUTCOME_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_bytewise),
		cmocka_unit_test(test_frames_refused),
		cmocka_unit_test(test_lengths_of_records),
		cmocka_unit_test(test_a_link_that_lies),
		cmocka_unit_test(test_frames_skipped),
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_digest_of_a_copy),
		cmocka_unit_test(test_isa),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_memory_and_clock),
		cmocka_unit_test(test_require_refused),
		cmocka_unit_test(test_ledger),
	};

	return cmocka_run_group_tests_name("migrate_stream", tests, setup, NULL);
}
