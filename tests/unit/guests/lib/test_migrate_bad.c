/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams that are damaged, cut, forged or sent to the wrong slot, at a destination alone: it
 * answers each by one clear line, and empties the slot again. A stream that it accepts all the
 * same has brought the guest's memory whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/frame_sum.h"
#include "tests/unit/guests/lib/good_stream.h"

/* A stream that is made from the good one. */
static uint8_t made[GOOD_MAX];
static size_t made_size, fed;
static uint64_t made_seq, seed = 42;
static bool shows;	/* frames are shown where they are */
static size_t shown;	/* bytes that were, of those that are still to be taken */
static size_t answered; /* bytes that the destination sent */

static int64_t feed_recv(void *ctx, void *bytes, size_t size)
{
	size_t n = made_size - fed < size ? made_size - fed : size;

	(void)ctx;
	if (n == 0U)
		return -1;
	memcpy(bytes, made + fed, n);
	fed += n;
	shown = 0;
	return (int64_t)n;
}

/* Show a part that grows with each look, as bytes come, and once more before it is cut. */
static size_t feed_peek(void *ctx, size_t size, const uint8_t **bytes, bool *grows)
{
	static uint64_t room[1024];
	size_t left = made_size - fed < sizeof(room) ? made_size - fed : sizeof(room);

	(void)ctx;
	(void)size;
	if (shown >= left + 1500U)
		return 0;
	shown += 1500U;
	*grows = true;
	*bytes = memcpy(room, made + fed, left);
	return left < shown ? left : shown;
}

static void feed_drop(void *ctx, size_t size)
{
	(void)ctx;
	assert_true(size <= made_size - fed);
	fed += size;
	shown = 0;
}

static int64_t feed_send(void *ctx, const void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	answered += size;
	return (int64_t)size;
}

/* What the ledger says of the migration before it begins */
static uint32_t outcome_before = MIGRATE_OUTCOME_UNKNOWN;

/* Give the made stream to an empty slot whose ledger knows nothing but @outcome_before. */
static enum migrate_step replay_once(void)
{
	struct migrate_link link = { .send = feed_send,
				     .recv = feed_recv,
				     .peek = shows ? feed_peek : NULL,
				     .drop = shows ? feed_drop : NULL };
	enum migrate_step step = MIGRATE_PROGRESS;

	fed = shown = answered = 0;
	memset(&sim->ledger, 0, sizeof(sim->ledger));
	if (outcome_before != MIGRATE_OUTCOME_UNKNOWN)
		assert_true(ledger_put(&sim->ledger, sim->source_config.id, outcome_before));
	sim->vm[0].state = CLEAVE_VM_EMPTY;
	sim->vm[1].state = CLEAVE_VM_EMPTY;
	sim->vm[1].states_set = 0;
	sim->vm[1].images = 0;
	sim->vm[1].images_got = 0;
	assert_true(migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &link,
				      &sim->dest_config));
	for (uint32_t i = 0; step != MIGRATE_DONE && step != MIGRATE_FAILED; i++) {
		step = migrate_dest_step(&sim->dest);
		assert_true(i < 100000U);
	}
	if (step == MIGRATE_DONE) {
		assert_memory_equal(sim->vm[1].memory, good_memory, sizeof(good_memory));
		return step;
	}
	assert_int_equal(sim->vm[1].state, CLEAVE_VM_EMPTY);
	assert_false(sim->vm[1].creating);
	assert_false(migrate_dest_has_guest(&sim->dest));
	assert_true(strncmp(migrate_dest_line(&sim->dest), "slot: ", 6) == 0);
	assert_true(strlen(migrate_dest_line(&sim->dest)) > 14U);
	assert_null(strchr(migrate_dest_line(&sim->dest), '\n'));
	return step;
}

/* The same comes of frames that are taken off the link and of those that are read where it is. */
static enum migrate_step replay(void)
{
	struct migrate_line line;
	enum migrate_step step;

	shows = true;
	step = replay_once();
	shows = false;
	line = sim->dest.line;
	assert_int_equal(replay_once(), step);
	assert_string_equal(line.text, migrate_dest_line(&sim->dest));
	return step;
}

static void refused(const char *why)
{
	assert_int_equal(replay(), MIGRATE_FAILED);
	if (strstr(migrate_dest_line(&sim->dest), why) == NULL)
		fail_msg("`%s`, not `%s`", migrate_dest_line(&sim->dest), why);
}

static void make_begin(void)
{
	made_size = 0;
	made_seq = 0;
}

/* Add a frame with right checksums and the next number. */
static void make_of(uint16_t type, uint8_t version, const void *payload, size_t size)
{
	struct migrate_frame f = { .magic = MIGRATE_MAGIC,
				   .type = type,
				   .version = version,
				   .flags = MIGRATE_FLAG_MANDATORY,
				   .length = size,
				   .seq = made_seq++ };

	f.payload_crc = frame_sum(&crc, &f, payload);
	f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
	memcpy(made + made_size, &f, sizeof(f));
	memcpy(made + made_size + sizeof(f), payload, size);
	made_size += sizeof(f) + size;
}

static void make(uint16_t type, const void *payload, size_t size)
{
	make_of(type, migrate_record_version(type), payload, size);
}

static const uint8_t *payload_of(uint32_t frame)
{
	return good + good_at[frame] + sizeof(struct migrate_frame);
}

static void make_copy(uint32_t frame)
{
	make(frame_at(good_at[frame]).type, payload_of(frame), frame_at(good_at[frame]).length);
}

static void make_copies(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		make_copy(i);
}

/* Index of the @nth frame of a type. */
static uint32_t find(uint16_t type, uint32_t nth)
{
	for (uint32_t i = 0; i < good_frames; i++) {
		if (frame_at(good_at[i]).type == type && nth-- == 0U)
			return i;
	}
	fail_msg("the good stream has no frame of type %u", type);
	return 0;
}

static void make_good(void)
{
	make_begin();
	make_copies(0, good_frames);
}

/* Make the good stream with another frame in the place of @frame. */
static void make_other(uint32_t frame, const void *payload, size_t size)
{
	make_begin();
	make_copies(0, frame);
	make(frame_at(good_at[frame]).type, payload, size);
	make_copies(frame + 1U, good_frames);
}

/* If this did not pass, nothing below would show anything. */
static void test_good(void **state)
{
	(void)state;
	make_good();
	assert_memory_equal(made, good, good_size);
	assert_int_equal(replay(), MIGRATE_DONE);
	assert_true(migrate_dest_has_guest(&sim->dest));
	for (uint16_t type = MIGRATE_REC_HELLO; type <= MIGRATE_REC_COMMIT; type++)
		(void)find(type, 0);
}

static void test_truncated(void **state)
{
	uint32_t places = 0;

	(void)state;
	assert_true(good_size > 8192U);
	make_good();
	for (size_t n = 0; n < 4096U; n++, places++) {
		made_size = n;
		refused("the link was cut ");
	}
	for (uint32_t i = 0; i < 1000U; i++, places++) {
		made_size = (size_t)(sim_random(&seed) % good_size);
		refused("the link was cut ");
	}
	for (uint32_t i = 0; i < good_frames; i++, places++) {
		made_size = good_at[i];
		refused("the link was cut ");
	}
	print_message("%u truncations of %zu bytes\n", places, good_size);
}

static void test_flipped(void **state)
{
	(void)state;
	make_good();
	for (uint32_t i = 0; i < 3000U; i++) {
		size_t at = i < 2000U ? i : (size_t)(sim_random(&seed) % good_size);
		uint8_t bit = (uint8_t)(1U << (sim_random(&seed) % 8U));

		made[at] ^= bit;
		refused("frame ");
		made[at] ^= bit;
	}
}

/* Change a byte and make the checksums right again: only the meaning is wrong. */
static void test_forged(void **state)
{
	static uint8_t payload[MIGRATE_PAYLOAD_MAX];
	uint32_t taken = 0;
	uint32_t tried = 0;

	(void)state;
	for (uint32_t f = 0; f < good_frames; f++) {
		size_t size = (size_t)frame_at(good_at[f]).length;
		uint16_t type = frame_at(good_at[f]).type;

		for (size_t i = 0; i < size;
		     i += type == MIGRATE_REC_PAGE && i >= 16U ? 509U : 1U) {
			memcpy(payload, payload_of(f), size);
			payload[i] ^= (uint8_t)(1U + sim_random(&seed) % 255U);
			make_other(f, payload, size);
			tried++;
			if (replay() != MIGRATE_DONE)
				continue;
			/* Only what the digest does not cover may differ. */
			assert_true(type == MIGRATE_REC_HELLO || type == MIGRATE_REC_REQUIRE ||
				    type == MIGRATE_REC_STATE || type == MIGRATE_REC_STOP);
			taken++;
		}
	}
	print_message("%u forged frames, %u taken\n", tried, taken);
	assert_true(taken < tried / 5U);
}

static void test_frames_moved(void **state)
{
	(void)state;
	for (uint32_t i = 0; i + 1U < good_frames; i++) {
		make_begin();
		make_copies(0, i);
		make_copies(i + 1U, good_frames);
		assert_int_equal(replay(), MIGRATE_FAILED);

		make_begin();
		make_copies(0, i + 1U);
		make_copies(i, good_frames);
		assert_int_equal(replay(), MIGRATE_FAILED);

		make_begin();
		make_copies(0, i);
		make_copy(i + 1U);
		make_copy(i);
		make_copies(i + 2U, good_frames);
		assert_int_equal(replay(), MIGRATE_FAILED);
	}
	/* Frames as they are, but twice: their numbers show it. */
	make_good();
	memmove(made + good_at[4], good + good_at[3], good_size - good_at[3]);
	refused("frame 4: sequence number is 0x3, not 0x4");
	make_good();
	memmove(made + good_at[3], good + good_at[4], good_size - good_at[4]);
	refused("frame 3: sequence number is 0x4, not 0x3");
}

/* A record that comes twice, with the right number: the first time it was taken. */
static void test_what_comes_twice(void **state)
{
	uint32_t pages = 0;
	uint32_t states = 0;

	(void)state;
	for (uint32_t i = 0; i < good_frames; i++) {
		uint16_t type = frame_at(good_at[i]).type;

		if (type != MIGRATE_REC_PAGE && type != MIGRATE_REC_ZERO &&
		    type != MIGRATE_REC_STATE)
			continue;
		make_begin();
		make_copies(0, i + 1U);
		make_copies(i, good_frames);
		refused("came already, or out of order");
		pages += type == MIGRATE_REC_PAGE ? 1U : 0U;
		states += type == MIGRATE_REC_STATE ? 1U : 0U;
	}
	assert_true(pages > 8U && states > 1U);
}

/* The first pass has every page: what is left out is seen at the next one, or at the pass's end. */
static void test_first_pass_with_a_hole(void **state)
{
	uint32_t end = find(MIGRATE_REC_PASS_END, 0);
	uint32_t holes = 0;

	(void)state;
	for (uint32_t i = find(MIGRATE_REC_PASS_BEGIN, 0) + 1U; i < end; i++, holes++) {
		make_begin();
		make_copies(0, i);
		make_copies(i + 1U, good_frames);
		if (i + 1U < end)
			refused("the first pass left out pages before it");
		else
			assert_int_equal(replay(), MIGRATE_FAILED);
	}
	assert_true(holes > 2U);
}

/* Make the good stream with pages of @version, whose checksum is the CRC or the digest. */
static void make_pages(uint8_t version, bool by_crc)
{
	make_begin();
	for (uint32_t i = 0; i < good_frames; i++) {
		struct migrate_frame f = frame_at(good_at[i]);
		uint8_t *at = made + made_size;

		make_copy(i);
		if (f.type != MIGRATE_REC_PAGE)
			continue;
		memcpy(&f, at, sizeof(f));
		f.version = version;
		if (by_crc)
			f.payload_crc = migrate_crc32c(&crc, at + sizeof(f), (size_t)f.length);
		f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
		memcpy(at, &f, sizeof(f));
	}
}

/* A page whose place was damaged is a damaged frame, whatever is wrong with the place. */
static void test_damaged_places(void **state)
{
	(void)state;
	for (uint32_t bit = 0; bit < 64U; bit++) {
		uint32_t i = 0;

		make_begin();
		while (frame_at(good_at[i]).type != MIGRATE_REC_PAGE)
			make_copy(i++);
		make_copy(i);
		made[made_size - MIGRATE_PAGE - 8U + bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
		refused("checksum of the payload");
	}
}

/* Version 1 of a page has the CRC of its bytes, version 2 their digest; there is no third. */
static void test_pages_of_both_versions(void **state)
{
	(void)state;
	make_pages(1, true);
	assert_int_equal(replay(), MIGRATE_DONE);
	make_pages(2, false);
	assert_int_equal(replay(), MIGRATE_DONE);
	make_pages(1, false);
	refused("checksum of the payload");
	make_pages(2, true);
	refused("checksum of the payload");
	make_pages(3, true);
	refused("must be understood");
}

/* A stream that was recorded does not run the guest a second time, however it ended. */
static void test_an_id_that_was_used(void **state)
{
	static const uint32_t outcome[] = { MIGRATE_OUTCOME_PENDING, MIGRATE_OUTCOME_RUNNING,
					    MIGRATE_OUTCOME_NONE };

	(void)state;
	make_good();
	for (size_t i = 0; i < sizeof(outcome) / sizeof(outcome[0]); i++) {
		outcome_before = outcome[i];
		refused("was used before");
	}
	outcome_before = MIGRATE_OUTCOME_UNKNOWN;
	assert_int_equal(replay(), MIGRATE_DONE);
}

static void test_lengths(void **state)
{
	static const uint64_t lengths[] = { 0,	   1,	  8,	      4103,	 4105,
					    32768, 32769, UINT32_MAX, UINT64_MAX };

	(void)state;
	for (uint32_t f = 0; f < good_frames; f++) {
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct migrate_frame frame = frame_at(good_at[f]);

			if (frame.length == lengths[i])
				continue;
			make_good();
			frame.length = lengths[i];
			frame.header_crc = migrate_crc32c(
				&crc, &frame, offsetof(struct migrate_frame, header_crc));
			memcpy(made + good_at[f], &frame, sizeof(frame));
			assert_int_equal(replay(), MIGRATE_FAILED);
		}
	}
}

static void test_pages_outside(void **state)
{
	static const uint64_t gpas[] = { 0,
					 0x7ffff000U,
					 0x80000001U,
					 0x80005000U,
					 UINT64_C(0x200003000),
					 UINT64_C(0xfffffffffffff000),
					 UINT64_C(1) << 63 };
	struct migrate_zero zero;
	uint8_t page[4104];
	uint32_t frame = find(MIGRATE_REC_PAGE, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(gpas) / sizeof(gpas[0]); i++) {
		memcpy(page, payload_of(frame), sizeof(page));
		memcpy(page, &gpas[i], sizeof(gpas[i]));
		make_other(frame, page, sizeof(page));
		refused((gpas[i] & 4095U) != 0U ? "not whole pages"
						: "not inside one memory region");
	}
	frame = find(MIGRATE_REC_ZERO, 0);
	memcpy(&zero, payload_of(frame), sizeof(zero));
	zero.pages = 0;
	make_other(frame, &zero, sizeof(zero));
	refused("not whole pages");
	zero.pages = UINT64_MAX;
	make_other(frame, &zero, sizeof(zero));
	refused("not inside one memory region");
	zero.pages = UINT64_C(1) << 52;
	make_other(frame, &zero, sizeof(zero));
	refused("not inside one memory region");
	zero.pages = 6;
	make_other(frame, &zero, sizeof(zero));
	refused("not inside one memory region");
}

static void test_versions(void **state)
{
	struct migrate_hello hello;

	(void)state;
	memcpy(&hello, payload_of(0), sizeof(hello));
	hello.major = 3;
	make_other(0, &hello, sizeof(hello));
	refused("slot: stream of version 3.0; 2.x is understood");
	hello.major = 1;
	make_other(0, &hello, sizeof(hello));
	refused("slot: live stream of version 1.0; 2.x is understood, and 1.x of checkpoints "
		"alone");
	hello.major = MIGRATE_MAJOR;
	hello.minor = 7;
	make_other(0, &hello, sizeof(hello));
	assert_int_equal(replay(), MIGRATE_DONE);
	hello.kind = 2;
	make_other(0, &hello, sizeof(hello));
	refused("stream of kind 2");
	hello.kind = 0;
	hello.page = 16384;
	make_other(0, &hello, sizeof(hello));
	refused("pages of 16384 bytes");
	hello.page = 4096;
	hello.id = 0;
	make_other(0, &hello, sizeof(hello));
	refused("the migration id is 0");
	hello.id = sim->source_config.id;
	hello.reserved = 1;
	make_other(0, &hello, sizeof(hello));
	refused("hello: unknown flags 0x1");
}

/*
 * A record of another version than its stream's says less than it must: a live migration whose
 * REQUIRE is an old one asks for nothing that the guest has found out.
 */
static void test_mixed_versions(void **state)
{
	struct migrate_hello hello;
	size_t require = frame_at(good_at[1]).length;

	(void)state;
	memcpy(&hello, payload_of(0), sizeof(hello));
	assert_int_equal(frame_at(good_at[1]).type, MIGRATE_REC_REQUIRE);
	make_begin();
	make_copy(0);
	make_of(MIGRATE_REC_REQUIRE, 1, payload_of(1),
		require - sizeof(struct migrate_require_more));
	refused("slot: frame 1 (require) is of another version of the stream");
	make_begin();
	make_of(MIGRATE_REC_HELLO, 1, &hello, offsetof(struct migrate_hello, uuid));
	refused("slot: frame 0 (hello) is of another version of the stream");
	make_begin();
	make_of(MIGRATE_REC_HELLO, 2, &hello, sizeof(hello) - 8U);
	refused("slot: frame 0 (hello) has another length than its version");
	make_begin();
	make_of(MIGRATE_REC_HELLO, 1, &hello, sizeof(hello));
	refused("slot: frame 0 (hello) has another length than its version");
}

/* Add the good stream, as a checkpoint of version 1 has it. */
static void make_old(void)
{
	struct migrate_hello hello;

	memcpy(&hello, payload_of(0), sizeof(hello));
	hello.major = 1;
	hello.kind = MIGRATE_KIND_CHECKPOINT;
	make_begin();
	make_of(MIGRATE_REC_HELLO, 1, &hello, offsetof(struct migrate_hello, uuid));
	for (uint32_t i = 1; i < good_frames; i++) {
		struct migrate_frame f = frame_at(good_at[i]);

		if (f.type == MIGRATE_REC_REQUIRE)
			f.length -= sizeof(struct migrate_require_more);
		if (f.type != MIGRATE_REC_COMMIT)
			make_of(f.type, 1, payload_of(i), f.length);
	}
}

/* A checkpoint of version 1, whose pages have a CRC32C, is still read, and still checked. */
static void test_old_checkpoint(void **state)
{
	(void)state;
	sim->dest_config.kind = MIGRATE_KIND_CHECKPOINT;
	make_old();
	assert_int_equal(replay(), MIGRATE_DONE);
	assert_true(migrate_dest_has_guest(&sim->dest));
	made[good_at[find(MIGRATE_REC_PAGE, 0)] -
	     (sizeof(struct migrate_hello) - offsetof(struct migrate_hello, uuid)) -
	     sizeof(struct migrate_require_more) + sizeof(struct migrate_frame) + 100U] ^= 1U;
	refused("checksum of the payload");
	sim->dest_config.kind = MIGRATE_KIND_LIVE;
}

/* Make the good stream, with @size bytes of images from @offset on after a REQUIRE of @all. */
static void make_images(uint64_t all, uint64_t offset, size_t size)
{
	uint8_t require[sizeof(struct migrate_require) + MIGRATE_ISA_MAX +
			MIGRATE_REGIONS_MAX * sizeof(struct migrate_region) +
			sizeof(struct migrate_require_more)];
	size_t length = frame_at(good_at[1]).length;
	uint8_t payload[sizeof(offset) + MIGRATE_IMAGES_MAX];

	memcpy(require, payload_of(1), length);
	memcpy(require + length - sizeof(all), &all, sizeof(all));
	memcpy(payload, &offset, sizeof(offset));
	for (size_t i = 0; i < size; i++)
		payload[sizeof(offset) + i] = sim_image_byte(offset + i);
	make_begin();
	make_copy(0);
	make(MIGRATE_REC_REQUIRE, require, length);
	if (size != 0U)
		make(MIGRATE_REC_IMAGES, payload, sizeof(offset) + size);
	make_copies(2, good_frames);
	sim->config.images = all;
}

/* What a guest reboots from comes whole, in order, before its memory, and only if it is wanted. */
static void test_images(void **state)
{
	uint64_t offset = 0;

	(void)state;
	make_images(0, 0, 1);
	refused("slot: frame 2 (images) may not come now");
	make_images(100, 0, 0);
	refused("slot: frame 2 (pass begin) may not come before all images");
	make_images(100, 0, 99);
	refused("slot: frame 3 (pass begin) may not come before all images");
	make_images(100, 1, 99);
	refused("slot: frame 2 (images) does not follow the one before it");
	make_images(100, 0, 101);
	refused("slot: frame 2 (images) does not follow the one before it");
	make_images(100, UINT64_MAX, 1);
	refused("slot: frame 2 (images) does not follow the one before it");
	/* They count in the digest of everything, in which the good stream has none. */
	make_images(100, 0, 100);
	refused("slot: hand-over: digest");
	assert_int_equal(sim->dest.images, 100);
	sim->config.images_there = true;
	refused("slot: frame 2 (images) may not come now");
	make_images(100, 0, 0);
	assert_int_equal(replay(), MIGRATE_DONE);
	sim->config.images_there = false;
	make_images(MIGRATE_IMAGES_MAX + 1U, 0, MIGRATE_IMAGES_MAX);
	refused("slot: frame 3 (pass begin) may not come before all images");
	sim->config.images = 0;
	make_begin();
	make_copies(0, find(MIGRATE_REC_PASS_BEGIN, 1));
	make(MIGRATE_REC_IMAGES, &offset, sizeof(offset) + 0U);
	refused("slot: frame");
}

/*
 * Somebody has recorded a whole migration and plays it again, to a destination that has no memory
 * of it.
 */
static void test_recorded(void **state)
{
	(void)state;
	make_good();
	assert_int_equal(replay(), MIGRATE_DONE);
	assert_true(migrate_dest_has_guest(&sim->dest));
	sim->dest_config.nonce++;
	refused("(commit) answers another accept");
	assert_false(migrate_dest_has_guest(&sim->dest));
	sim->dest_config.nonce--;
}

/*
 * A destination takes only what it was asked for: a peer's guest, or a checkpoint, whose other end
 * hears no answer.
 */
static void test_kinds(void **state)
{
	struct migrate_status query = { .id = sim->source_config.id,
					.outcome = MIGRATE_OUTCOME_PENDING };
	struct migrate_hello hello;

	(void)state;
	memcpy(&hello, payload_of(0), sizeof(hello));
	hello.kind = MIGRATE_KIND_CHECKPOINT;
	make_other(0, &hello, sizeof(hello));
	refused("slot: stream of kind 1 (checkpoint); here 0 (live) is taken");
	assert_int_equal(answered, sizeof(struct migrate_frame) + sizeof(struct migrate_cancel));
	sim->dest_config.kind = MIGRATE_KIND_CHECKPOINT;
	assert_int_equal(replay(), MIGRATE_DONE);
	assert_true(migrate_dest_has_guest(&sim->dest));
	make_good();
	refused("slot: stream of kind 0 (live); here 1 (checkpoint) is taken");
	assert_int_equal(answered, 0);
	hello.kind = 2;
	make_other(0, &hello, sizeof(hello));
	refused("slot: stream of kind 2; here 1 (checkpoint) is taken");
	make_begin();
	make(MIGRATE_REC_QUERY, &query, sizeof(query));
	refused("slot: frame 0 (query) may not come where nobody is answered");
	assert_int_equal(answered, 0);
	sim->dest_config.kind = MIGRATE_KIND_LIVE;
	assert_int_equal(replay(), MIGRATE_DONE);
	assert_false(migrate_dest_has_guest(&sim->dest));
	assert_int_equal(answered, sizeof(struct migrate_frame) + sizeof(struct migrate_status));
	sim->dest_config.kind = 2;
	assert_false(sim_begin(sim));
	assert_string_equal(migrate_dest_line(&sim->dest),
			    "slot: kind 2; 0 (live) and 1 (checkpoint) exist");
	sim->dest_config.kind = MIGRATE_KIND_LIVE;
	sim->dest_config.nonce = 0;
	assert_false(sim_begin(sim));
	assert_string_equal(migrate_dest_line(&sim->dest), "slot: the nonce is 0");
}

/* An unknown state record is refused when it must be understood, and skipped when it need not. */
static void test_state_unknown(void **state)
{
	uint32_t frame = find(MIGRATE_REC_STATE, SIM_STATES);
	struct cleave_state_head head;

	(void)state;
	memcpy(&head, payload_of(frame), sizeof(head));
	assert_int_equal(head.flags, 0);
	head.flags = CLEAVE_STATE_MANDATORY;
	make_other(frame, &head, sizeof(head));
	refused("state record kind 28672 version 9 instance 0 must be understood and is not");
	make_begin();
	make_copies(0, frame - 1U);
	make_copies(frame, good_frames);
	refused("hand-over: digest ");
}

/* Unknown frames that may be skipped change nothing, wherever they stand. */
static void test_optional(void **state)
{
	(void)state;
	make_begin();
	for (uint32_t i = 0; i < good_frames; i++) {
		size_t at = made_size;
		struct migrate_frame f;

		make(0x7fff, "anything", 8);
		memcpy(&f, made + at, sizeof(f));
		f.flags = 0;
		f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
		memcpy(made + at, &f, sizeof(f));
		make_copy(i);
	}
	assert_int_equal(replay(), MIGRATE_DONE);
}

/* A slot that is in use, by a running guest or by another migration, keeps what it has. */
static void test_slot_in_use(void **state)
{
	static uint8_t buffers[2][MIGRATE_BUFFER_MIN];
	static struct migrate_dest second;
	struct migrate_link link = { .send = feed_send, .recv = feed_recv };
	struct migrate_dest_config config;
	enum migrate_step source = MIGRATE_PROGRESS;
	enum migrate_step dest;
	uint32_t at = 0;

	(void)state;
	good_start();
	assert_true(sim_begin(sim));
	make_good();
	for (; source != MIGRATE_DONE; at++) {
		enum migrate_step step = MIGRATE_PROGRESS;

		source = migrate_source_step(&sim->source);
		(void)migrate_dest_step(&sim->dest);
		if (sim->vm[1].state == CLEAVE_VM_EMPTY)
			continue;
		config = sim->dest_config;
		config.tx = buffers[0];
		config.rx = buffers[1];
		fed = 0;
		assert_true(
			migrate_dest_init(&second, &sim->ops[1], &sim->side[1], &link, &config));
		while (step != MIGRATE_FAILED) {
			step = migrate_dest_step(&second);
			assert_int_not_equal(step, MIGRATE_DONE);
		}
		assert_true(strstr(migrate_dest_line(&second),
				   "the slot is not empty: its guest is ") ||
			    strstr(migrate_dest_line(&second), "was used before"));
	}
	assert_null(sim_finish(sim, &source, &dest));
	assert_int_equal(source, MIGRATE_DONE);
	assert_null(sim_moved(sim));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_frames_moved),
		cmocka_unit_test(test_what_comes_twice),
		cmocka_unit_test(test_an_id_that_was_used),
		cmocka_unit_test(test_damaged_places),
		cmocka_unit_test(test_pages_of_both_versions),
		cmocka_unit_test(test_first_pass_with_a_hole),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_pages_outside),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_mixed_versions),
		cmocka_unit_test(test_old_checkpoint),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_state_unknown),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_slot_in_use),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests_name("migrate_bad", tests, good_setup, good_teardown);
}
