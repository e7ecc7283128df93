/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which side has the guest when the link dies: the link is cut at every frame boundary and at
 * random bytes of either direction, damaged, and answered wrongly. One side always has the guest
 * whole, and the other nothing of it. The simulation ends the test at once if the guest ever runs
 * on both sides, or where it was given up. A source that cannot know waits, and asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_sim.h"

#define BOUNDARIES_MAX 400U

static struct sim *sim;
static struct migrate_crc crc;

static int setup(void **state)
{
	(void)state;
	sim = sim_new();
	return sim == NULL || !migrate_crc_init(&crc);
}

static int teardown(void **state)
{
	(void)state;
	sim_free(sim);
	return 0;
}

static void start(uint64_t seed)
{
	struct sim_config c = { .seed = seed,
				.pages = { 3, 2 },
				.write_in = 3,
				.room = 60000,
				.step = 512,
				.smooth = true };

	sim_start(sim, &c);
	sim->source_config.verify = true;
	sim->source_config.passes = 2;
	sim->source_config.downtime_ms = 0;
}

/* Run to the end, with new connections where there is doubt. Return: true when the guest moved. */
static bool moved(void)
{
	enum migrate_step source;
	enum migrate_step dest;
	const char *wrong = sim_finish(sim, &source, &dest);

	if (wrong == NULL && source == MIGRATE_DONE)
		wrong = sim_moved(sim);
	else if (wrong == NULL)
		wrong = sim_stayed(sim);
	if (wrong != NULL)
		fail_msg("seed %lu: %s (source: %s) (destination: %s)", sim->config.seed, wrong,
			 migrate_source_line(&sim->source), migrate_dest_line(&sim->dest));
	if (source == MIGRATE_FAILED)
		assert_true(strlen(migrate_source_line(&sim->source)) > 15U);
	return source == MIGRATE_DONE;
}

/* --- cuts ------------------------------------------------------------------------------------- */

static int64_t (*real_send)(void *, const void *, size_t);
static uint64_t boundary[2][BOUNDARIES_MAX];
static uint32_t boundaries[2];
static uint64_t length[2];

/*
 * Find frames as they go by. A call of send() brings whole frames, or a part of one, which is
 * found when the rest comes.
 */
static int64_t note_boundaries(void *ctx, const void *bytes, size_t size)
{
	uint32_t side = ctx == &sim->side[1] ? 1U : 0U;
	uint64_t begin = length[side];
	int64_t n = real_send(ctx, bytes, size);
	struct migrate_frame f;

	length[side] += (uint64_t)n;
	while (boundary[side][boundaries[side]] >= begin &&
	       boundary[side][boundaries[side]] + sizeof(f) <= length[side]) {
		uint64_t at = boundary[side][boundaries[side]];

		memcpy(&f, (const uint8_t *)bytes + (at - begin), sizeof(f));
		assert_int_equal(f.magic, MIGRATE_MAGIC);
		assert_true(boundaries[side] + 1U < BOUNDARIES_MAX);
		boundary[side][++boundaries[side]] = at + sizeof(f) + f.length;
	}
	return n;
}

static void find_boundaries(uint64_t seed)
{
	start(seed);
	memset(boundary, 0, sizeof(boundary));
	memset(boundaries, 0, sizeof(boundaries));
	memset(length, 0, sizeof(length));
	assert_true(sim_begin(sim));
	real_send = sim->source.link.send;
	sim->source.link.room = NULL; /* so that all frames pass send() */
	sim->source.link.send = note_boundaries;
	sim->dest.link.send = note_boundaries;
	assert_true(moved());
	assert_true(boundaries[0] > 20U && boundaries[1] >= 5U);
	for (uint32_t side = 0; side < 2U; side++)
		assert_int_equal(boundary[side][boundaries[side]], length[side]);
}

static bool cut_at(uint64_t seed, uint32_t side, uint64_t at, bool keeps)
{
	start(seed);
	sim->pipe[side].cut_at = at;
	sim->cut_keeps = keeps;
	assert_true(sim_begin(sim));
	if (at == 0U)
		sim->cut = true;
	return moved();
}

static void test_cut_at_boundaries(void **state)
{
	uint32_t here = 0;
	uint32_t there = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 6U; seed++) {
		find_boundaries(seed);
		for (uint32_t side = 0; side < 2U; side++) {
			uint32_t count = boundaries[side];

			for (uint32_t i = 0; i <= count; i++) {
				for (uint32_t keeps = 0; keeps < 2U; keeps++) {
					if (cut_at(seed, side, boundary[side][i], keeps != 0U))
						there++;
					else
						here++;
				}
			}
		}
	}
	print_message("cut at frame boundaries: %u stayed, %u moved\n", here, there);
	assert_true(here > 200U && there > 10U);
}

static void test_cut_anywhere(void **state)
{
	uint64_t random = 5;
	uint32_t here = 0;
	uint32_t there = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 4U; seed++) {
		find_boundaries(seed);
		for (uint32_t i = 0; i < 500U; i++) {
			/*
			 * Every other cut is in the last frames, where it matters which side knows
			 * what.
			 */
			uint32_t side = i / 2U % 2U;
			uint64_t last = length[side] > 400U ? 400U : length[side];
			uint64_t at = i % 2U == 0U ? sim_random(&random) % length[side]
						   : length[side] - sim_random(&random) % last;

			if (cut_at(seed, side, at, i % 3U == 0U))
				there++;
			else
				here++;
		}
	}
	print_message("cut anywhere: %u stayed, %u moved\n", here, there);
	assert_true(here > 500U && there > 20U);
}

/* Whichever end receives a damaged byte notices it. */
static void test_flips(void **state)
{
	uint64_t random = 9;
	uint32_t here = 0;
	uint32_t there = 0;

	(void)state;
	find_boundaries(3);
	for (uint32_t i = 0; i < 1500U; i++) {
		uint32_t side = i % 2U;

		start(3);
		sim->pipe[side].flip_at = sim_random(&random) % length[side];
		sim->pipe[side].flip = (uint8_t)(1U << (sim_random(&random) % 8U));
		assert_true(sim_begin(sim));
		if (moved())
			there++;
		else
			here++;
	}
	print_message("damaged: %u stayed, %u moved\n", here, there);
	/* Damage to RUNNING leaves a doubt, which is resolved: the guest is at the destination. */
	assert_true(here > 1000U && there > 20U);
}

/* --- doubt ------------------------------------------------------------------------------------ */

static bool lose_running;
static bool lose_commit;

/*
 * The link dies when the destination says RUNNING, or after the last byte of COMMIT, which is
 * lost.
 */
static int64_t dying_send(void *ctx, const void *bytes, size_t size)
{
	struct migrate_frame f;

	memcpy(&f, bytes, size < sizeof(f) ? size : sizeof(f));
	if (lose_running && ctx == &sim->side[1] && f.type == MIGRATE_REC_RUNNING) {
		sim->cut = true;
		return -1;
	}
	if (lose_commit && ctx == &sim->side[0] && f.type == MIGRATE_REC_COMMIT) {
		sim->cut = true;
		return (int64_t)size;
	}
	return real_send(ctx, bytes, size);
}

/* Run up to the moment of doubt. */
static void doubt(bool running, bool commit)
{
	enum migrate_step source;
	enum migrate_step dest;

	start(4);
	assert_true(sim_begin(sim));
	real_send = sim->source.link.send;
	sim->source.link.room = NULL; /* so that all frames pass send() */
	sim->source.link.send = dying_send;
	sim->dest.link.send = dying_send;
	lose_running = running;
	lose_commit = commit;
	assert_true(sim_run(sim, &source, &dest));
	assert_int_equal(source, MIGRATE_DOUBT);
	assert_int_equal(dest, running ? MIGRATE_DONE : MIGRATE_FAILED);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_PAUSED);
	assert_false(sim->vm[0].may_run);
	assert_false(migrate_source_cancel(&sim->source));
	assert_non_null(strstr(migrate_source_line(&sim->source),
			       "; in doubt: paused until the destination is asked"));
	/* It stays so, however often it is stepped. */
	for (uint32_t i = 0; i < 100U; i++)
		assert_int_equal(migrate_source_step(&sim->source), MIGRATE_DOUBT);
}

/* One question over a new connection. */
static enum migrate_step ask(void)
{
	struct migrate_link to = sim_link(sim, 0);
	struct migrate_link from = sim_link(sim, 1);
	enum migrate_step source;
	enum migrate_step dest;

	sim_links(sim);
	assert_true(migrate_source_reconnect(&sim->source, &to));
	assert_true(migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &from,
				      &sim->dest_config));
	assert_true(sim_run(sim, &source, &dest));
	assert_int_equal(dest, MIGRATE_DONE);
	assert_false(migrate_dest_has_guest(&sim->dest));
	return source;
}

static void test_doubt_there(void **state)
{
	(void)state;
	doubt(true, false);
	assert_int_equal(ask(), MIGRATE_DONE);
	assert_null(sim_moved(sim));
	assert_string_equal(migrate_source_line(&sim->source), "");
}

static void test_doubt_here(void **state)
{
	(void)state;
	doubt(false, true);
	assert_int_equal(ask(), MIGRATE_FAILED);
	assert_null(sim_stayed(sim));
	assert_string_equal(migrate_source_line(&sim->source),
			    "linux: the destination does not have the guest");
}

/*
 * The destination that was asked does not answer. Another is asked instead, and its answer counts.
 */
static void test_doubt_asked_elsewhere(void **state)
{
	struct migrate_link to;

	(void)state;
	doubt(true, false);
	assert_true(migrate_source_doubts(&sim->source));
	sim_links(sim);
	to = sim_link(sim, 0);
	assert_true(migrate_source_reconnect(&sim->source, &to));
	for (uint32_t i = 0; i < 100U; i++)
		assert_int_not_equal(migrate_source_step(&sim->source), MIGRATE_DOUBT);
	assert_true(migrate_source_doubts(&sim->source));
	assert_int_equal(ask(), MIGRATE_DONE);
	assert_null(sim_moved(sim));
	assert_false(migrate_source_doubts(&sim->source));
	to = sim_link(sim, 0);
	assert_false(migrate_source_reconnect(&sim->source, &to));
}

/*
 * A frame left over from another migration is on the new connection before the question, or comes
 * after it: it settles nothing.
 */
static void test_doubt_stale_cancel(void **state)
{
	struct migrate_cancel cancel = { .reason = MIGRATE_REASON_REFUSED, .text = "stale" };
	struct migrate_frame f = { .magic = MIGRATE_MAGIC,
				   .type = MIGRATE_REC_CANCEL,
				   .version = 1,
				   .flags = MIGRATE_FLAG_MANDATORY,
				   .length = sizeof(cancel),
				   .payload_crc = migrate_crc32c(&crc, &cancel, sizeof(cancel)) };

	(void)state;
	f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
	for (uint32_t steps = 0; steps < 4U; steps++) {
		struct migrate_link to = sim_link(sim, 0);
		enum migrate_step step = MIGRATE_PROGRESS;

		doubt(true, false);
		sim_links(sim);
		assert_true(migrate_source_reconnect(&sim->source, &to));
		for (uint32_t i = 0; i < steps; i++)
			assert_int_not_equal(migrate_source_step(&sim->source), MIGRATE_DOUBT);
		memcpy(sim->pipe[1].bytes, &f, sizeof(f));
		memcpy(sim->pipe[1].bytes + sizeof(f), &cancel, sizeof(cancel));
		sim->pipe[1].count = sizeof(f) + sizeof(cancel);
		for (uint32_t i = 0; i < 100U && step != MIGRATE_DOUBT; i++)
			step = migrate_source_step(&sim->source);
		assert_int_equal(step, MIGRATE_DOUBT);
		assert_int_equal(sim->vm[0].state, CLEAVE_VM_PAUSED);
		assert_non_null(strstr(migrate_source_line(&sim->source),
				       "frame 0 (cancel) may not come now; in doubt"));
		assert_int_equal(ask(), MIGRATE_DONE);
		assert_null(sim_moved(sim));
	}
}

/* The answer of a destination that lost its memory, or has not decided, settles nothing. */
static void test_doubt_stays(void **state)
{
	struct ledger kept;

	(void)state;
	doubt(true, false);
	kept = sim->ledger;
	memset(&sim->ledger, 0, sizeof(sim->ledger));
	for (uint32_t i = 0; i < 3U; i++) {
		assert_int_equal(ask(), MIGRATE_DOUBT);
		assert_int_equal(sim->vm[0].state, CLEAVE_VM_PAUSED);
		assert_false(sim->vm[0].may_run);
	}
	assert_string_equal(migrate_source_line(&sim->source),
			    "linux: the destination does not know of this migration");
	assert_true(ledger_put(&sim->ledger, sim->source_config.id, MIGRATE_OUTCOME_PENDING));
	assert_int_equal(ask(), MIGRATE_DOUBT);
	assert_string_equal(migrate_source_line(&sim->source),
			    "linux: the destination has not decided; ask again");
	sim->ledger = kept;
	assert_int_equal(ask(), MIGRATE_DONE);
	assert_null(sim_moved(sim));
}

/*
 * The source's manager is restarted: all that it has is the note that the guest may not run, and
 * the id.
 */
static void test_doubt_after_restart(void **state)
{
	struct migrate_link none = sim_link(sim, 0);

	(void)state;
	for (uint32_t there = 0; there < 2U; there++) {
		doubt(there != 0U, there == 0U);
		memset(&sim->source, 0xa5, sizeof(sim->source));
		assert_true(migrate_source_init_doubt(&sim->source, &sim->ops[0], &sim->side[0],
						      &none, &sim->source_config, true));
		assert_int_equal(migrate_source_step(&sim->source), MIGRATE_DOUBT);
		if (there != 0U) {
			assert_int_equal(ask(), MIGRATE_DONE);
			assert_null(sim_moved(sim));
		} else {
			assert_int_equal(ask(), MIGRATE_FAILED);
			assert_null(sim_stayed(sim));
		}
	}
}

/* The destination cannot have acted on a COMMIT that did not leave whole: there is no doubt. */
static int64_t refuse_commit(void *ctx, const void *bytes, size_t size)
{
	struct migrate_frame f;

	memcpy(&f, bytes, size < sizeof(f) ? size : sizeof(f));
	if (f.type != MIGRATE_REC_COMMIT)
		return real_send(ctx, bytes, size);
	if (size > 1U)
		size--;
	(void)real_send(ctx, bytes, size);
	sim->cut = true;
	return (int64_t)size;
}

static void test_commit_not_sent(void **state)
{
	enum migrate_step source;
	enum migrate_step dest;

	(void)state;
	start(4);
	assert_true(sim_begin(sim));
	real_send = sim->source.link.send;
	sim->source.link.room = NULL; /* so that all frames pass send() */
	sim->source.link.send = refuse_commit;
	sim->cut_keeps = true;
	assert_true(sim_run(sim, &source, &dest));
	assert_int_equal(source, MIGRATE_FAILED);
	assert_null(sim_stayed(sim));
}

/*
 * The destination is cancelled while COMMIT is on its way. Its CANCEL says that it has nothing,
 * and the source takes the guest back.
 */
static void test_cancel_meets_commit(void **state)
{
	(void)state;
	start(4);
	assert_true(sim_begin(sim));
	while (sim->source.state != MIGRATE_SRC_RUNNING) {
		(void)migrate_source_step(&sim->source);
		if (sim->source.state != MIGRATE_SRC_RUNNING)
			(void)migrate_dest_step(&sim->dest);
	}
	assert_false(sim->vm[0].may_run);
	assert_false(migrate_source_cancel(&sim->source));
	assert_true(migrate_dest_cancel(&sim->dest));
	assert_false(moved());
	assert_string_equal(migrate_source_line(&sim->source),
			    "linux: the destination gave up: cancelled");
	assert_int_equal(ledger_find(&sim->ledger, sim->source_config.id), MIGRATE_OUTCOME_NONE);
	/* What is left of COMMIT must not leave: the guest runs here. */
	assert_true(sim->source.tx.dead);
}

/* --- wrong answers ---------------------------------------------------------------------------- */

static uint16_t wrong_type;
static size_t wrong_byte;
static uint16_t wrong_to;

/*
 * The destination's frames come one by one. One of them is changed, and its checksums are made
 * right.
 */
static int64_t wrong_send(void *ctx, const void *bytes, size_t size)
{
	uint8_t copy[4096];
	struct migrate_frame f;

	memcpy(copy, bytes, size);
	memcpy(&f, copy, sizeof(f));
	if (f.type == wrong_type) {
		if (wrong_byte < f.length)
			copy[sizeof(f) + wrong_byte] ^= 0x10U;
		if (f.type != wrong_to)
			f.version = migrate_record_version(wrong_to);
		f.type = wrong_to;
		if (wrong_to == MIGRATE_REC_RUNNING || wrong_to == MIGRATE_REC_STATUS)
			f.length = sizeof(struct migrate_status);
		f.payload_crc = migrate_crc32c(&crc, copy + sizeof(f), (size_t)f.length);
		f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
		memcpy(copy, &f, sizeof(f));
		assert_int_equal(real_send(ctx, copy, sizeof(f) + f.length), sizeof(f) + f.length);
		return (int64_t)size;
	}
	return real_send(ctx, copy, size);
}

static void wrong(uint16_t type, size_t byte, uint16_t to, const char *why)
{
	start(6);
	assert_true(sim_begin(sim));
	real_send = sim->dest.link.send;
	sim->dest.link.send = wrong_send;
	wrong_type = type;
	wrong_byte = byte;
	wrong_to = to;
	if (moved())
		fail_msg("answer %x taken for %x", to, type);
	if (strstr(migrate_source_line(&sim->source), why) == NULL)
		fail_msg("`%s`, not `%s`", migrate_source_line(&sim->source), why);
}

static void test_wrong_answers(void **state)
{
	(void)state;
	wrong(MIGRATE_REC_ACCEPT, 0, MIGRATE_REC_ACCEPT, "frame 0 (accept): migration 0x");
	wrong(MIGRATE_REC_PASS_ACK, 0, MIGRATE_REC_PASS_ACK,
	      "(pass acknowledgement) may not come now");
	wrong(MIGRATE_REC_PASS_ACK, 8, MIGRATE_REC_PASS_ACK,
	      "(pass acknowledgement) may not come now");
	for (size_t byte = 0; byte < sizeof(struct migrate_handover); byte++)
		wrong(MIGRATE_REC_READY, byte, MIGRATE_REC_READY,
		      "the destination received digest");
	/*
	 * Frames that come too early: nothing but READY brings COMMIT, and nothing before COMMIT
	 * makes the source forget.
	 */
	wrong(MIGRATE_REC_ACCEPT, SIZE_MAX, MIGRATE_REC_RUNNING, "(running) may not come now");
	wrong(MIGRATE_REC_ACCEPT, SIZE_MAX, MIGRATE_REC_STATUS, "(status) may not come now");
	wrong(MIGRATE_REC_ACCEPT, SIZE_MAX, MIGRATE_REC_COMMIT, "(commit) may not come now");
}

/* After COMMIT a wrong answer counts as none: the source is in doubt, and then learns the truth. */
static void test_wrong_running(void **state)
{
	(void)state;
	for (size_t byte = 0; byte < 8U; byte++) {
		start(6);
		assert_true(sim_begin(sim));
		real_send = sim->dest.link.send;
		sim->dest.link.send = wrong_send;
		wrong_type = MIGRATE_REC_RUNNING;
		wrong_byte = byte;
		wrong_to = MIGRATE_REC_RUNNING;
		assert_true(moved());
	}
}

/* A link that shows @size bytes of @frame, to which more may come, until it is cut. */
static struct {
	struct migrate_frame frame;
	size_t size;
} part;

static int64_t part_recv(void *ctx, void *bytes, size_t size)
{
	size_t n = part.size < size ? part.size : size;

	(void)ctx;
	memcpy(bytes, &part.frame, n);
	return n != 0U ? (int64_t)n : -1;
}

static size_t part_peek(void *ctx, size_t size, const uint8_t **bytes, bool *grows)
{
	(void)ctx;
	(void)size;
	*bytes = (const uint8_t *)&part.frame;
	*grows = true;
	return part.size;
}

/* A page that is shown in part is waited for, and told of when it is cut; no other frame is. */
static void test_shown_in_part(void **state)
{
	struct migrate_link link = { .recv = part_recv, .peek = part_peek };
	static uint64_t room[MIGRATE_BUFFER_MIN / 8U];
	struct migrate_rx rx = { .buf = NULL };
	struct migrate_line line;

	(void)state;
	part.frame = (struct migrate_frame){ .magic = MIGRATE_MAGIC,
					     .type = MIGRATE_REC_PAGE,
					     .version = 2,
					     .length = sizeof(uint64_t) + MIGRATE_PAGE };
	migrate_rx_init(&rx, room, sizeof(room), false);
	for (part.size = 8; part.size <= sizeof(part.frame); part.size += 8U) {
		assert_false(migrate_rx_fill(&rx, &link));
		assert_int_equal(migrate_rx_waiting(&rx), 0);
	}
	part.size = 0;
	assert_false(migrate_rx_fill(&rx, &link));
	assert_true(rx.dead);
	migrate_line_clear(&line);
	migrate_rx_cut(&rx, &line);
	assert_string_equal(line.text, "the link was cut in frame 0");
	part.size = sizeof(part.frame);
	part.frame.length--;
	migrate_rx_init(&rx, room, sizeof(room), false);
	assert_true(migrate_rx_fill(&rx, &link));
	assert_in_range(migrate_rx_waiting(&rx), sizeof(part.frame), sizeof(room));
}

/* What such a link shows, from @at on, until it is cut */
static struct {
	const uint8_t *bytes;
	size_t at;
	size_t end;
} shown;

static int64_t shown_recv(void *ctx, void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	return -1;
}

static size_t shown_peek(void *ctx, size_t size, const uint8_t **bytes, bool *grows)
{
	(void)ctx;
	(void)size;
	*bytes = shown.bytes + shown.at;
	*grows = true;
	return shown.end - shown.at;
}

static void shown_drop(void *ctx, size_t size)
{
	(void)ctx;
	(void)size;
	shown.at = shown.end;
}

/* A link that is cut shows nothing any more: what it has shown before tells where that was. */
static void test_cut_after_a_shown_page(void **state)
{
	struct migrate_link link = { .recv = shown_recv, .peek = shown_peek, .drop = shown_drop };
	static uint64_t out[MIGRATE_BUFFER_MIN / 8U], room[MIGRATE_BUFFER_MIN / 8U];
	static uint8_t page[sizeof(uint64_t) + MIGRATE_PAGE];
	const size_t frame = sizeof(struct migrate_frame) + sizeof(page);
	struct migrate_record record;
	struct migrate_line line;
	struct migrate_crc crc;
	struct migrate_tx tx;

	(void)state;
	migrate_crc_init(&crc);
	for (size_t more = 0; more <= 8U; more += 8U) {
		struct migrate_rx rx = { .buf = NULL };

		migrate_tx_init(&tx, out, sizeof(out), false);
		assert_true(migrate_tx_record(&tx, &crc, MIGRATE_REC_PAGE, page, sizeof(page)));
		shown.bytes = tx.buf;
		shown.at = 0;
		shown.end = frame + more;
		migrate_rx_init(&rx, room, sizeof(room), false);
		migrate_line_clear(&line);
		assert_true(migrate_rx_fill(&rx, &link));
		assert_int_equal(migrate_rx_next(&rx, &crc, &record, &line), MIGRATE_RX_RECORD);
		migrate_rx_settle(&rx);
		assert_false(migrate_rx_fill(&rx, &link));
		assert_true(rx.dead);
		migrate_rx_cut(&rx, &line);
		assert_string_equal(line.text, more != 0U
						       ? "the link was cut in frame 1"
						       : "the link was cut after frame 0 (page)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_boundaries),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_doubt_there),
		cmocka_unit_test(test_doubt_here),
		cmocka_unit_test(test_doubt_asked_elsewhere),
		cmocka_unit_test(test_doubt_stale_cancel),
		cmocka_unit_test(test_doubt_stays),
		cmocka_unit_test(test_doubt_after_restart),
		cmocka_unit_test(test_commit_not_sent),
		cmocka_unit_test(test_cancel_meets_commit),
		cmocka_unit_test(test_wrong_answers),
		cmocka_unit_test(test_wrong_running),
		cmocka_unit_test(test_shown_in_part),
		cmocka_unit_test(test_cut_after_a_shown_page),
	};

	return cmocka_run_group_tests_name("migrate_cut", tests, setup, teardown);
}
