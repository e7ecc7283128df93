/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole migrations against the simulated machine. No write is lost, whatever the guest does
 * between any two calls. A checkpoint can be restored. A
 * failure or a cancel at any step leaves the guest whole at the source, and nothing at the
 * destination.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_store.h"
#include "tests/unit/guests/lib/migrate_test.h"

#define MIGRATIONS 10000U

/* One clear line: the name first, something after it, and nothing that is not printable. */
static void must_be_line(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(line, name, n) != 0 || strncmp(line + n, ": ", 2) != 0 || strlen(line) < n + 8U)
		fail_line("no clear line");
	for (; *line != '\0'; line++) {
		if (*line < ' ' || *line > '~')
			fail_line("a line that cannot be printed");
	}
}

static struct sim_config small(uint64_t seed)
{
	struct sim_config c = { .seed = seed, .step = 512, .room = 20000 };
	uint64_t r = seed;

	c.pages[0] = 1U + (uint32_t)(sim_random(&r) % 5U);
	c.pages[1] = (uint32_t)(sim_random(&r) % 4U);
	c.write_in = 1U + (uint32_t)(sim_random(&r) % 8U);
	c.room = 64U + (uint32_t)(sim_random(&r) % 30000U);
	c.smooth = sim_random(&r) % 4U != 0U;
	c.start_paused = sim_random(&r) % 32U == 0U;
	c.images = sim_random(&r) % 4U == 0U ? 0U : sim_random(&r) % 40000U;
	c.images_there = sim_random(&r) % 4U == 0U;
	return c;
}

static void test_many(void **state)
{
	uint64_t writes = 0;
	uint64_t window = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= MIGRATIONS; seed++) {
		struct sim_config c = small(seed);
		enum migrate_step dest;

		sim_start(sim, &c);
		sim->source_config.verify = seed % 8U == 0U;
		assert_true(sim_begin(sim));
		if (finish(&dest) != MIGRATE_DONE || dest != MIGRATE_DONE)
			fail_line("it did not succeed");
		must(sim_moved(sim));
		assert_string_equal(migrate_source_line(&sim->source), "");
		writes += sim->writes;
		window += sim->window_writes;
	}
	print_message("%lu writes, %lu of them between a look at the bits and their clearing\n",
		      writes, window);
	assert_true(writes > 20U * MIGRATIONS);
	assert_true(window > MIGRATIONS);
}

/* Chunks of all kinds: more pages than a step, a last word that is not full, two regions. */
static void test_chunks(void **state)
{
	static const uint32_t pages[][2] = { { 512, 0 }, { 513, 64 }, { 1500, 500 },
					     { 64, 65 }, { 1000, 1 }, { 63, 1 } };
	enum migrate_step dest;

	(void)state;
	for (uint32_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct sim_config c = { .seed = 900U + i,
					.pages = { pages[i][0], pages[i][1] },
					.write_in = 10,
					.room = 60000,
					.step = i % 2U == 0U ? 64U : 448U,
					.smooth = true };

		sim_start(sim, &c);
		sim->source_config.verify = true;
		assert_true(sim_begin(sim));
		if (finish(&dest) != MIGRATE_DONE || dest != MIGRATE_DONE)
			fail_line("it did not succeed");
		must(sim_moved(sim));
	}
}

/* Zero pages on both sides of the border of two regions are no run of one region. */
static void test_regions_side_by_side(void **state)
{
	static const struct sim_config c = {
		.seed = 5, .pages = { 130, 70 }, .room = 60000, .step = 512, .adjacent = true
	};
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	for (uint32_t page = 120; page < 140U; page++) {
		memset(sim->guest + (size_t)page * 4096U, 0, 4096);
		memset(sim->vm[0].memory + (size_t)page * 4096U, 0, 4096);
	}
	sim->source_config.verify = true;
	assert_true(sim_begin(sim));
	if (finish(&dest) != MIGRATE_DONE || dest != MIGRATE_DONE)
		fail_line("it did not succeed");
	must(sim_moved(sim));
}

/* Of an idle guest each page that is not zero goes once. */
static void test_idle_sends_once(void **state)
{
	struct sim_config c = { .seed = 5, .pages = { 700, 300 }, .room = 60000, .step = 512 };
	uint64_t data = 0;
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	for (uint32_t i = 0; i < sim_pages(sim); i++)
		data += migrate_page_is_zero(sim->guest + (size_t)i * 4096U) ? 0U : 1U;
	sim->source_config.passes = 30;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_DONE);
	must(sim_moved(sim));
	assert_int_equal(migrate_source_progress(&sim->source)->pages, data);
	assert_int_equal(migrate_source_progress(&sim->source)->zero, 1000U - data);
	/* One pass while it ran, and the last one. */
	assert_int_equal(migrate_source_progress(&sim->source)->pass, 2);
	assert_string_equal(migrate_source_progress(&sim->source)->phase, "done");
	assert_int_equal(migrate_source_progress(&sim->source)->percent, 100);
}

/* The stream of a checkpoint is kept and restored twice; the guest runs on meanwhile. */
static void restore(const uint8_t *memory)
{
	struct migrate_link from = store_reader(kept_size);
	enum migrate_step step = MIGRATE_PROGRESS;
	uint64_t cursor = 0;

	assert_true(migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &from,
				      &sim->dest_config));
	while (step != MIGRATE_DONE && step != MIGRATE_FAILED)
		step = migrate_dest_step(&sim->dest);
	if (step != MIGRATE_DONE || !migrate_dest_has_guest(&sim->dest))
		fail_line("it was not restored");
	assert_int_equal(sim->vm[1].state, CLEAVE_VM_RUNNING);
	assert_memory_equal(sim->vm[1].memory, memory, (size_t)sim_pages(sim) * 4096U);
	sim->vm[1].state = CLEAVE_VM_PAUSED;
	do {
		assert_int_equal(sim->ops[1].vm_destroy(&sim->side[1], &cursor), 0);
	} while (cursor != 0U);
}

static uint8_t at_pause[64U * 4096U];
static int (*real_state_get)(void *, uint32_t, struct cleave_state_head *, void *, size_t);

static int keep_memory(void *ctx, uint32_t index, struct cleave_state_head *head, void *data,
		       size_t size)
{
	if (index == 0U)
		memcpy(at_pause, sim->vm[0].memory, (size_t)sim_pages(sim) * 4096U);
	return real_state_get(ctx, index, head, data, size);
}

/* Pages lie at multiples of 8 bytes, after a REQUIRE of an odd length and one padding. */
static void pages_are_aligned(void)
{
	struct migrate_frame f;
	uint32_t pads = 0;

	for (size_t at = 0; at < kept_size; at += sizeof(f) + (size_t)f.length) {
		memcpy(&f, kept + at, sizeof(f));
		assert_true(f.type != MIGRATE_REC_PAGE || at % 8U == 0U);
		pads += f.type == MIGRATE_REC_PAD ? 1U : 0U;
	}
	assert_int_equal(pads, 1);
}

static void test_checkpoint(void **state)
{
	struct sim_config c = { .seed = 31, .pages = { 40, 24 }, .write_in = 4, .step = 512 };
	struct migrate_link to = store_writer(sim);
	enum migrate_step step = MIGRATE_PROGRESS;

	(void)state;
	sim_start(sim, &c);
	sim->source_config.kind = MIGRATE_KIND_CHECKPOINT;
	real_state_get = sim->ops[0].state_get;
	sim->ops[0].state_get = keep_memory;
	assert_true(migrate_source_init(&sim->source, &sim->ops[0], &sim->side[0], &to,
					&sim->source_config));
	while (step != MIGRATE_DONE && step != MIGRATE_FAILED)
		step = migrate_source_step(&sim->source);
	assert_int_equal(step, MIGRATE_DONE);
	pages_are_aligned();
	must(sim_stayed(sim));
	for (uint32_t i = 0; i < 200U; i++)
		sim_tick(sim);
	must(sim_stayed(sim));
	assert_memory_not_equal(sim->vm[0].memory, at_pause, (size_t)sim_pages(sim) * 4096U);
	/*
	 * The simulation would end the test if the same guest ran twice, but here it is meant to.
	 */
	sim->vm[0].state = CLEAVE_VM_PAUSED;
	sim->dest_config.kind = MIGRATE_KIND_CHECKPOINT;
	/* What a copy writes as soon as it runs is not of the checkpoint. */
	sim->config.write_in = 0;
	restore(at_pause);
	restore(at_pause);
}

/* --- failure and cancel at every step --------------------------------------------------------- */

static struct sim_config tiny(uint64_t seed)
{
	return (struct sim_config){
		.seed = seed, .pages = { 3, 2 }, .write_in = 3, .room = 6000, .step = 512
	};
}

static void begin_tiny(uint64_t seed)
{
	struct sim_config c = tiny(seed);

	sim_start(sim, &c);
	sim->source_config.verify = true;
	sim->source_config.passes = 3;
	sim->source_config.downtime_ms = 0;
	sim->source_config.brake_max = 50;
}

/* Each call of each side fails once, up to the first call that is never made. */
static void test_call_fails(void **state)
{
	(void)state;
	for (uint32_t side = 0; side < 2U; side++) {
		uint64_t n = 0;

		for (;; n++) {
			enum migrate_step dest;
			enum migrate_step step;

			begin_tiny(11);
			sim->side[side].fail_at = n;
			assert_true(sim_begin(sim));
			step = finish(&dest);
			if (sim->side[side].failed == NULL)
				break;
			if (step != MIGRATE_FAILED)
				fail_line(sim->side[side].failed);
			must(sim_stayed(sim));
			must_be_line(migrate_source_line(&sim->source), "linux");
			assert_non_null(strstr(migrate_source_line(&sim->source), "failed"));
		}
		must(sim_moved(sim));
		print_message("side %u: %lu calls, each failed once\n", side, n);
		assert_true(n > 20U);
	}
}

static struct migrate_ops machine;
static int64_t went; /* how far a call says that it went; the call was asked to go 512 pages far */

static int64_t went_as_told(int64_t real, uint64_t count)
{
	return count > 64U ? went : real;
}

static int64_t get_as_told(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			   uint64_t *bitmap)
{
	return went_as_told(machine.log_get(ctx, region, first, count, bitmap), count);
}

static int64_t get_none_at_first(void *ctx, uint32_t region, uint64_t first, uint64_t count,
				 uint64_t *bitmap)
{
	int64_t n = machine.log_get(ctx, region, first, count, bitmap);

	if (sim->source.progress.pass == 1U)
		memset(bitmap, 0, (size_t)(count + 63U) / 64U * sizeof(*bitmap));
	return n;
}

/* The first pass carries every page, whatever the bits say. */
static void test_a_first_pass_without_bits(void **state)
{
	struct sim_config c = { .seed = 5, .pages = { 300, 70 }, .room = 60000, .step = 512 };
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	machine = sim->ops[0];
	sim->ops[0].log_get = get_none_at_first;
	assert_true(sim_begin(sim));
	if (finish(&dest) != MIGRATE_DONE || dest != MIGRATE_DONE)
		fail_line("it did not succeed");
	must(sim_moved(sim));
}

static int64_t clear_as_told(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			     const uint64_t *bitmap)
{
	return went_as_told(machine.log_clear(ctx, region, first, count, bitmap), count);
}

/* A call that went nowhere, too far, or into the middle of a word is not believed. */
static void test_calls_that_go_wrong(void **state)
{
	static const int64_t wrong[] = { 0, 1, 63, 65, 513, INT64_MAX };
	const struct sim_config c = {
		.seed = 5, .pages = { 700, 300 }, .room = 60000, .step = 512
	};

	(void)state;
	for (size_t i = 0; i < 2U * sizeof(wrong) / sizeof(wrong[0]); i++) {
		enum migrate_step dest;

		sim_start(sim, &c);
		machine = sim->ops[0];
		went = wrong[i / 2U];
		if (i % 2U == 0U)
			sim->ops[0].log_get = get_as_told;
		else
			sim->ops[0].log_clear = clear_as_told;
		assert_true(sim_begin(sim));
		assert_int_equal(finish(&dest), MIGRATE_FAILED);
		must(sim_stayed(sim));
		assert_non_null(strstr(migrate_source_line(&sim->source), "dirty bits"));
	}
}

/*
 * A person cancels at each step, at either end. Either the migration ends there or it is too late;
 * there is nothing in between.
 */
static void test_cancel(void **state)
{
	uint64_t cancelled[2] = { 0, 0 };
	uint64_t late[2] = { 0, 0 };

	(void)state;
	for (uint32_t side = 0; side < 2U; side++) {
		for (uint64_t n = 0; n < 700U; n++) {
			enum migrate_step dest;
			enum migrate_step step = MIGRATE_PROGRESS;
			bool ok = false;

			begin_tiny(100U + n % 7U);
			assert_true(sim_begin(sim));
			for (uint64_t i = 0; i < n; i++) {
				step = migrate_source_step(&sim->source);
				(void)migrate_dest_step(&sim->dest);
			}
			ok = side == 0U ? migrate_source_cancel(&sim->source)
					: migrate_dest_cancel(&sim->dest);
			step = finish(&dest);
			cancelled[side] += ok ? 1U : 0U;
			late[side] += ok ? 0U : 1U;
			if (ok) {
				assert_int_equal(step, MIGRATE_FAILED);
				must(sim_stayed(sim));
				assert_non_null(
					strstr(migrate_source_line(&sim->source), "cancelled"));
			} else {
				assert_int_equal(step, MIGRATE_DONE);
				must(sim_moved(sim));
			}
		}
	}
	print_message("source: %lu cancelled, %lu too late; destination: %lu, %lu\n", cancelled[0],
		      late[0], cancelled[1], late[1]);
	assert_true(cancelled[0] > 100U && late[0] > 10U);
	assert_true(cancelled[1] > 100U && late[1] > 10U);
}

/* A question is answered with PENDING until the guest was taken: then it is the other side's. */
static void test_the_ledger_says_what_is_true(void **state)
{
	uint32_t pending = 0;
	uint32_t running = 0;

	(void)state;
	begin_tiny(11);
	assert_true(sim_begin(sim));
	for (uint64_t i = 0; i < 5000U; i++) {
		uint32_t outcome = ledger_find(&sim->ledger, sim->source_config.id);

		assert_int_equal(outcome == MIGRATE_OUTCOME_RUNNING,
				 migrate_dest_has_guest(&sim->dest));
		pending += outcome == MIGRATE_OUTCOME_PENDING ? 1U : 0U;
		running += outcome == MIGRATE_OUTCOME_RUNNING ? 1U : 0U;
		(void)migrate_source_step(&sim->source);
		(void)migrate_dest_step(&sim->dest);
	}
	assert_true(pending > 20U && running > 1U);
}

/* It says that the guest is not here when nothing of the guest is. */
static void test_the_ledger_waits_for_the_slot(void **state)
{
	uint32_t none = 0;

	(void)state;
	begin_tiny(11);
	assert_true(sim_begin(sim));
	while (sim->side[1].vm->state == CLEAVE_VM_EMPTY || sim->side[1].vm->creating) {
		(void)migrate_source_step(&sim->source);
		(void)migrate_dest_step(&sim->dest);
	}
	assert_true(migrate_dest_cancel(&sim->dest));
	for (uint64_t i = 0; i < 50U; i++) {
		uint32_t outcome = ledger_find(&sim->ledger, sim->source_config.id);

		assert_true(outcome == MIGRATE_OUTCOME_PENDING || outcome == MIGRATE_OUTCOME_NONE);
		none += outcome == MIGRATE_OUTCOME_NONE ? 1U : 0U;
		assert_true(outcome == MIGRATE_OUTCOME_PENDING ||
			    sim->side[1].vm->state == CLEAVE_VM_EMPTY);
		(void)migrate_dest_step(&sim->dest);
	}
	assert_true(none > 1U);
}

/* A guest that was paused before stays paused, whenever the migration is given up. */
static void test_a_paused_guest_stays_paused(void **state)
{
	uint64_t late = 0;

	(void)state;
	for (uint64_t n = 0; late < 5U; n += 3U) {
		struct sim_config c = tiny(11);
		enum migrate_step dest;

		c.start_paused = true;
		sim_start(sim, &c);
		assert_true(sim_begin(sim));
		for (uint64_t i = 0; i < n; i++) {
			(void)migrate_source_step(&sim->source);
			(void)migrate_dest_step(&sim->dest);
		}
		if (!migrate_source_cancel(&sim->source))
			late++;
		else
			assert_int_equal(finish(&dest), MIGRATE_FAILED);
		if (late == 0U)
			must(sim_stayed(sim));
	}
}

/* A failure on the way out is in the line too, and does not keep the guest from running. */
static int stop_fails(void *ctx, uint32_t region, uint64_t *cursor)
{
	(void)ctx;
	(void)region;
	(void)cursor;
	return SBI_ERR_FAILED;
}

static void test_clean_up_fails(void **state)
{
	enum migrate_step dest;

	(void)state;
	begin_tiny(12);
	sim->ops[0].log_stop = stop_fails;
	sim->ops[1].state_check = NULL;
	sim->side[1].fail_at = 20;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_FAILED);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_RUNNING);
	assert_true(sim_memory_whole(sim, 0));
	assert_non_null(
		strstr(migrate_source_line(&sim->source), "; stop of the dirty log failed"));
}

/* --- refused before it begins ----------------------------------------------------------------- */

static void refused(const char *why)
{
	enum migrate_step dest;

	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_FAILED);
	if (strstr(migrate_source_line(&sim->source), why) == NULL)
		fail_line(why);
	must_be_line(migrate_source_line(&sim->source), "linux");
	must(sim_stayed(sim));
	/* Nothing was logged, and no byte of the guest was sent. */
	assert_int_equal(migrate_source_progress(&sim->source)->pass, 0);
}

static void test_lacks(void **state)
{
	(void)state;
	begin_tiny(1);
	strcpy(sim->machine[0].isa, "rv64imafdcv_zicsr_zbb_zbs");
	strcpy(sim->machine[1].isa, "rv64imafdc_zicsr_zbb");
	refused("the slot has no ISA extension v, zbs");
	begin_tiny(2);
	sim->machine[0].gstage_levels = 5;
	refused("G-stage tables of at most 4 levels, the guest needs 5");
	begin_tiny(3);
	sim->machine[1].vcpus = 1;
	refused("1 vCPUs, the guest has 2");
	begin_tiny(4);
	sim->machine[1].timebase = 1000;
	refused("a time base of 1000 Hz, the guest was given 10000000");
	begin_tiny(5);
	sim->machine[1].region[1].size -= 4096U;
	refused("memory region 1 is 0x1000 bytes at 0x200000000, the guest's 0x2000");
	begin_tiny(6);
	strcpy(sim->machine[0].device, "virtio@10008000");
	refused("has the passed-through device virtio@10008000");
	begin_tiny(7);
	sim->machine[0].regions = 0;
	refused("0 memory regions");
}

static void test_source_not_fit(void **state)
{
	(void)state;
	begin_tiny(1);
	sim->source_config.history_pages = 4;
	refused("the history holds 4 pages, the guest has 5");
	begin_tiny(2);
	sim->source_config.brake_max = 100;
	assert_false(sim_begin(sim));
	assert_non_null(strstr(migrate_source_line(&sim->source), "0 to 99 are allowed"));
	assert_int_equal(migrate_source_step(&sim->source), MIGRATE_FAILED);
	begin_tiny(3);
	sim->source_config.tx_size--;
	assert_false(sim_begin(sim));
	begin_tiny(4);
	sim->source_config.id = 0;
	assert_false(sim_begin(sim));
}

/* Somebody else's log is left alone, and a guest that is not there is not moved. */
static void test_source_in_use(void **state)
{
	enum migrate_step dest;
	uint64_t cursor = 0;

	(void)state;
	begin_tiny(1);
	do {
		assert_int_equal(sim->ops[0].log_start(&sim->side[0], 1, &cursor), 0);
	} while (cursor != 0U);
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_FAILED);
	assert_string_equal(migrate_source_line(&sim->source),
			    "linux: dirty log of region 1 is in use; stop it first");
	assert_int_equal(sim->vm[0].log[1], CLEAVE_LOG_INITIALLY_SET);
	begin_tiny(2);
	sim->vm[0].state = CLEAVE_VM_FAULTED;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_FAILED);
	assert_string_equal(migrate_source_line(&sim->source), "linux: neither running nor paused");
}

/*
 * The link is there and nothing moves: a guest that stands still runs on after the time that was
 * asked for.
 */
static bool stuck;
static int64_t (*real_send)(void *, const void *, size_t);

/* The store takes a checkpoint up to its last frame, but not that one. */
static int64_t stuck_flush(void *ctx, const void *bytes, size_t size)
{
	sim_tick(sim);
	return sim->source.state == MIGRATE_SRC_FLUSH ? 0 : store_send(ctx, bytes, size);
}

static void begin_flush(void)
{
	struct migrate_link to = store_writer(sim);
	enum migrate_step step = MIGRATE_PROGRESS;

	to.send = stuck_flush;
	begin_tiny(8);
	sim->source_config.kind = MIGRATE_KIND_CHECKPOINT;
	sim->source_config.verify = false;
	sim->source_config.stall_ms = 50;
	assert_true(migrate_source_init(&sim->source, &sim->ops[0], &sim->side[0], &to,
					&sim->source_config));
	while (sim->source.state != MIGRATE_SRC_FLUSH)
		step = migrate_source_step(&sim->source);
	assert_int_equal(step, MIGRATE_PROGRESS);
	assert_int_equal(migrate_source_step(&sim->source), MIGRATE_WANT_SEND);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_PAUSED);
}

static void flush_fails(const char *why)
{
	enum migrate_step step = MIGRATE_PROGRESS;

	for (uint32_t i = 0; step != MIGRATE_FAILED; i++) {
		step = migrate_source_step(&sim->source);
		assert_int_not_equal(step, MIGRATE_DONE);
		assert_true(i < 1000000U);
	}
	assert_non_null(strstr(migrate_source_line(&sim->source), why));
	must(sim_stayed(sim));
}

static void test_stall_flush(void **state)
{
	(void)state;
	begin_flush();
	flush_fails("stood still for 50 ms");
	begin_flush();
	assert_true(migrate_source_cancel(&sim->source));
	flush_fails("cancelled");
}

static int64_t stuck_send(void *ctx, const void *bytes, size_t size)
{
	stuck = stuck || sim->vm[0].state == CLEAVE_VM_PAUSED;
	if (!stuck)
		return real_send(ctx, bytes, size);
	sim_tick(sim);
	return 0;
}

static void test_stall(void **state)
{
	struct migrate_link to;
	enum migrate_step step = MIGRATE_PROGRESS;

	(void)state;
	begin_tiny(8);
	sim->source_config.stall_ms = 50;
	assert_true(sim_begin(sim));
	to = sim_link(sim, 0);
	real_send = to.send;
	stuck = false;
	sim->source.link.send = stuck_send;
	while (step != MIGRATE_FAILED && step != MIGRATE_DONE) {
		step = migrate_source_step(&sim->source);
		(void)migrate_dest_step(&sim->dest);
	}
	assert_int_equal(step, MIGRATE_FAILED);
	assert_non_null(strstr(migrate_source_line(&sim->source), "stood still for 50 ms"));
	sim->cut = true;
	while (migrate_dest_step(&sim->dest) != MIGRATE_FAILED)
		;
	must(sim_stayed(sim));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_regions_side_by_side),
		cmocka_unit_test(test_idle_sends_once),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_call_fails),
		cmocka_unit_test(test_calls_that_go_wrong),
		cmocka_unit_test(test_a_first_pass_without_bits),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_the_ledger_says_what_is_true),
		cmocka_unit_test(test_the_ledger_waits_for_the_slot),
		cmocka_unit_test(test_a_paused_guest_stays_paused),
		cmocka_unit_test(test_clean_up_fails),
		cmocka_unit_test(test_lacks),
		cmocka_unit_test(test_source_not_fit),
		cmocka_unit_test(test_source_in_use),
		cmocka_unit_test(test_stall),
		cmocka_unit_test(test_stall_flush),
	};

	return cmocka_run_group_tests_name("migrate_run", tests, setup, teardown);
}
