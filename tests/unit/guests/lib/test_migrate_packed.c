/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed pages: agreed on or not, from one end to the other, and from a stranger. Whatever a packed
 * frame holds, the answer is one line and an empty slot, or the page that was sent.
 */
#include <string.h>

#include "guests/manager/pack/pack.h"
#include "tests/unit/guests/lib/frame_sum.h"
#include "tests/unit/guests/lib/migrate_store.h"
#include "tests/unit/guests/lib/migrate_test.h"

#define BLOCK sizeof(struct migrate_packed)

static const struct sim_config small = {
	.seed = 9, .pages = { 40, 24 }, .write_in = 4, .room = 30000, .step = 512
};

/* --- the packer ------------------------------------------------------------------------------- */

/* Fill a page by kind: zeros, noise, text, a word again and again, half noise. */
static void fill(uint8_t *page, uint32_t kind, uint64_t *random)
{
	for (uint32_t i = 0; i < 4096U; i++) {
		uint8_t noise = (uint8_t)sim_random(random);
		const uint8_t bytes[] = { 0, noise, (uint8_t)('a' + noise % 4U), (uint8_t)(i % 8U),
					  i < 2048U ? noise : 7U };

		page[i] = bytes[kind];
	}
}

static void test_pack(void **state)
{
	static uint8_t page[4096], back[4096 + 64], block[MIGRATE_PACKED_MAX];
	const struct migrate_pack *lz4 = pack_lz4();
	uint64_t random = 3;

	(void)state;
	for (uint32_t i = 0; i < 300U; i++) {
		size_t size, cut;

		fill(page, i % 5U, &random);
		size = lz4->pack(page, block, sizeof(block));
		/* Noise does not shrink, and all else does. */
		assert_int_equal(size == 0U, i % 5U == 1U);
		if (size == 0U)
			continue;
		memset(back, 0xa5, sizeof(back));
		assert_true(lz4->unpack(block, size, back));
		assert_memory_equal(back, page, sizeof(page));
		/* Cut, or with a byte of noise: refused or a page, and nothing behind the page. */
		cut = (size_t)(sim_random(&random) % size);
		assert_false(lz4->unpack(block, cut, back));
		block[cut] ^= (uint8_t)(1U + sim_random(&random) % 255U);
		(void)lz4->unpack(block, size, back);
		for (uint32_t k = 4096; k < sizeof(back); k++)
			assert_int_equal(back[k], 0xa5);
	}
}

/* --- both ends -------------------------------------------------------------------------------- */

static void start(bool source, bool dest)
{
	sim_start(sim, &small);
	sim->source_config.pack = source ? pack_lz4() : NULL;
	sim->dest_config.pack = dest ? pack_lz4() : NULL;
}

/* Pages go packed when both know it, and else as they are: with a peer of either kind. */
static void test_agreed(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4U; i++) {
		enum migrate_step dest;

		start((i & 1U) != 0U, (i & 2U) != 0U);
		sim->source_config.verify = true;
		assert_true(sim_begin(sim));
		assert_int_equal(finish(&dest), MIGRATE_DONE);
		must(sim_moved(sim));
		assert_int_equal(sim->dest.hello.minor, i & 1U);
		assert_int_equal(sim->source.progress.packed, sim->dest.progress.packed);
		assert_int_equal(sim->source.progress.packed == 0U, i != 3U);
	}
}

/* Inside one program nothing is packed, whatever was asked for. */
static void test_not_in_one_program(void **state)
{
	enum migrate_step dest;

	(void)state;
	start(true, true);
	assert_true(sim_begin(sim));
	sim->source.link.memory = sim->source.tx.plain = sim->source.rx.plain = true;
	sim->dest.link.memory = sim->dest.tx.plain = sim->dest.rx.plain = true;
	assert_int_equal(finish(&dest), MIGRATE_DONE);
	must(sim_moved(sim));
	assert_int_equal(sim->source.progress.packed, 0);
}

static enum migrate_step read_back(size_t size)
{
	struct migrate_link from = store_reader(size);
	enum migrate_step step = MIGRATE_PROGRESS;

	sim->vm[0].state = CLEAVE_VM_PAUSED;
	sim->config.write_in = 0;
	sim->dest_config.kind = MIGRATE_KIND_CHECKPOINT;
	assert_true(migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &from,
				      &sim->dest_config));
	while (step != MIGRATE_DONE && step != MIGRATE_FAILED)
		step = migrate_dest_step(&sim->dest);
	return step;
}

/* A packed checkpoint in the store. The guest has not written since. */
static void write_packed(void)
{
	struct migrate_link to = store_writer(sim);
	enum migrate_step step = MIGRATE_PROGRESS;

	start(true, true);
	sim->config.write_in = 0;
	sim->source_config.kind = MIGRATE_KIND_CHECKPOINT;
	assert_true(migrate_source_init(&sim->source, &sim->ops[0], &sim->side[0], &to,
					&sim->source_config));
	while (step != MIGRATE_DONE && step != MIGRATE_FAILED)
		step = migrate_source_step(&sim->source);
	assert_int_equal(step, MIGRATE_DONE);
	assert_int_not_equal(sim->source.progress.packed, 0);
}

static void refused(const char *why)
{
	assert_int_equal(read_back(kept_size), MIGRATE_FAILED);
	assert_int_equal(sim->vm[1].state, CLEAVE_VM_EMPTY);
	if (strstr(migrate_dest_line(&sim->dest), why) == NULL)
		fail_msg("`%s`, not `%s`", migrate_dest_line(&sim->dest), why);
}

static void test_checkpoint(void **state)
{
	(void)state;
	write_packed();
	assert_int_equal(read_back(kept_size), MIGRATE_DONE);
	assert_true(sim_memory_whole(sim, 1));
	assert_int_equal(sim->dest.progress.packed, sim->source.progress.packed);
	/* A reader without lz4, and a stream that says that it has no packed pages */
	write_packed();
	sim->dest_config.pack = NULL;
	refused("(packed page) is not understood here, without lz4");
}

/* --- a stranger ------------------------------------------------------------------------------- */

/* Place in @kept of the first frame of @type. */
static size_t find(uint16_t type)
{
	struct migrate_frame f;

	for (size_t at = 0; at < kept_size; at += sizeof(f) + (size_t)f.length) {
		memcpy(&f, kept + at, sizeof(f));
		if (f.type == type)
			return at;
	}
	fail_msg("no frame of type %u", type);
	return 0;
}

/* Put a payload in the place of that of the frame at @at, and make its checksums right. */
static void replace(size_t at, const void *payload, size_t size)
{
	struct migrate_crc crc;
	struct migrate_frame f;
	size_t rest;

	(void)migrate_crc_init(&crc);
	memcpy(&f, kept + at, sizeof(f));
	rest = at + sizeof(f) + (size_t)f.length;
	memmove(kept + at + sizeof(f) + size, kept + rest, kept_size - rest);
	kept_size += size - (size_t)f.length;
	memcpy(kept + at + sizeof(f), payload, size);
	f.length = size;
	f.payload_crc = frame_sum(&crc, &f, kept + at + sizeof(f));
	f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
	memcpy(kept + at, &f, sizeof(f));
}

/*
 * Send the first packed page with a head of @method and @size, @block of @bytes bytes and zeros up
 * to @length, in a frame with the right checksums.
 */
static void forge(uint32_t method, uint32_t size, const uint8_t *block, size_t bytes, size_t length)
{
	static uint8_t payload[8192];
	struct migrate_packed head;
	size_t at;

	write_packed();
	at = find(MIGRATE_REC_PACKED);
	memcpy(&head, kept + at + sizeof(struct migrate_frame), sizeof(head));
	head.method = method;
	head.size = size;
	memset(payload, 0, sizeof(payload));
	memcpy(payload, &head, sizeof(head));
	memcpy(payload + BLOCK, block, bytes);
	replace(at, payload, BLOCK + length);
}

static void test_forged(void **state)
{
	/* 4096 zeros, one page and a byte of them, and one byte less */
	static const uint8_t zeros[32] = { 31,	0,   1,	  0,   255, 255, 255, 255, 255,
					   255, 255, 255, 255, 255, 255, 255, 255, 255,
					   255, 246, 80,  0,   0,   0,	 0,   0 };
	static uint8_t block[8192];

	(void)state;
	memcpy(block, zeros, sizeof(zeros));
	forge(2, 26, block, 26, 32);
	refused("(packed page) has a method other than 1");
	forge(1, 0, block, 26, 32);
	refused("(packed page) has another length than its block");
	forge(1, 40, block, 26, 32);
	refused("(packed page) has another length than its block");
	forge(1, 24, block, 24, 32);
	refused("(packed page) has another length than its block");
	forge(1, UINT32_MAX, block, 26, 32);
	refused("(packed page) has another length than its block");
	forge(1, MIGRATE_PACKED_MAX + 8U, block, 26, MIGRATE_PACKED_MAX + 8U);
	refused("(packed page): length");
	forge(1, 1, block, 1, 1);
	refused("(packed page): length");
	block[27] = 1;
	forge(1, 26, block, 28, 32);
	refused("(packed page) has something other than 0 after its block");
	block[27] = 0;
	block[19]++;
	forge(1, 26, block, 26, 32);
	refused("(packed page) does not unpack to one page");
	block[19] -= 2;
	forge(1, 26, block, 26, 32);
	refused("(packed page) does not unpack to one page");
	memset(block, 255, 4080);
	forge(1, MIGRATE_PACKED_MAX, block, MIGRATE_PACKED_MAX, MIGRATE_PACKED_MAX);
	refused("(packed page) does not unpack to one page");
	/* Zeros are a page like any other, here one that was not sent. */
	memcpy(block, zeros, sizeof(zeros));
	forge(1, 26, block, 26, 32);
	refused("hand-over: digest");
}

/* Not agreed on, of another page, outside of memory, and damaged under way */
static void test_misused(void **state)
{
	struct migrate_hello hello;
	uint8_t payload[8192];
	struct migrate_frame f;
	uint64_t gpa = 4096;
	size_t at;

	(void)state;
	write_packed();
	memcpy(&hello, kept + sizeof(f), sizeof(hello));
	hello.minor = 0;
	replace(0, &hello, sizeof(hello));
	refused("(packed page) was not agreed on");
	write_packed();
	at = find(MIGRATE_REC_PACKED);
	memcpy(&f, kept + at, sizeof(f));
	memcpy(payload, kept + at + sizeof(f), (size_t)f.length);
	memcpy(payload, &gpa, sizeof(gpa));
	replace(at, payload, (size_t)f.length);
	refused("not inside one memory region");
	write_packed();
	kept[at + sizeof(f)] ^= 1U;
	refused("checksum of the payload");
	write_packed();
	kept[at + sizeof(f) + BLOCK + 1U] ^= 1U;
	refused("frame");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_agreed),
		cmocka_unit_test(test_not_in_one_program),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_misused),
	};

	return cmocka_run_group_tests_name("migrate_packed", tests, setup, teardown);
}
