/* SPDX-License-Identifier: BSD-2-Clause */
/* The time that passes while a guest is away, and the numbers of copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/lib/migrate/migrate_clock.h"
#include "tests/unit/guests/lib/migrate_sim.h"

#define SECOND UINT64_C(1000000000)
#define HZ     UINT64_C(10000000)

static struct sim *sim;
static uint32_t stops, clocks;

static int setup(void **state)
{
	(void)state;
	sim = sim_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_free(sim);
	return 0;
}

/* The guest stands still when this is called, and does not run yet where it goes. */
static void op_stopped(void *ctx, bool clock)
{
	const struct sim_side *side = ctx;

	assert_int_equal(side->vm->state, CLEAVE_VM_PAUSED);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_PAUSED);
	stops++;
	clocks += clock ? 1U : 0U;
}

static enum migrate_step move(bool clock_runs, bool understood, enum migrate_step *dest)
{
	struct sim_config c = { .seed = 3, .pages = { 64, 32 }, .room = 60000, .step = 512 };
	enum migrate_step source;

	stops = 0;
	clocks = 0;
	sim_start(sim, &c);
	sim->ops[1].stopped = understood ? op_stopped : NULL;
	sim->source_config.clock_runs = clock_runs;
	assert_true(sim_begin(sim));
	assert_true(sim_run(sim, &source, dest));
	return source;
}

/* What was asked for reaches the destination, once, at the stop. */
static void test_told(void **state)
{
	enum migrate_step dest;

	(void)state;
	for (uint32_t runs = 0; runs < 2U; runs++) {
		assert_int_equal(move(runs == 1U, true, &dest), MIGRATE_DONE);
		assert_int_equal(dest, MIGRATE_DONE);
		assert_int_equal(stops, 1);
		assert_int_equal(clocks, runs);
	}
	assert_int_equal(move(false, false, &dest), MIGRATE_DONE);
	assert_int_equal(stops, 0);
}

/* A destination that cannot let time go on gets nothing of the guest, which runs on. */
static void test_not_understood(void **state)
{
	enum migrate_step dest;

	(void)state;
	assert_int_equal(move(true, false, &dest), MIGRATE_FAILED);
	assert_int_equal(dest, MIGRATE_FAILED);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_RUNNING);
	assert_int_equal(sim->vm[1].state, CLEAVE_VM_EMPTY);
	assert_int_equal(sim->source.progress.pages, 0);
	assert_string_equal(migrate_source_line(&sim->source),
			    "linux: the destination cannot let the guest's time go on: --clock "
			    "stand moves it there");
}

/* @line: what is said when the time is not known; NULL: it is @ticks */
static void between(uint64_t from, uint64_t to, uint64_t timebase, uint64_t ticks, const char *text)
{
	struct migrate_line line;
	uint64_t got = 12345;

	migrate_line_clear(&line);
	assert_int_equal(migrate_clock_between(from, to, timebase, &got, &line), text == NULL);
	assert_int_equal(got, text == NULL ? ticks : 12345);
	assert_string_equal(line.text, text == NULL ? "" : text);
}

static void test_between(void **state)
{
	const uint64_t year = UINT64_C(31557600);

	(void)state;
	between(SECOND, SECOND, HZ, 0, NULL);
	between(SECOND, 2U * SECOND, HZ, HZ, NULL);
	between(SECOND, 3U * SECOND - 1U, HZ, 2U * HZ - 1U, NULL); /* rounded down: never ahead */
	between(1, 1U + 99U, HZ, 0, NULL);
	between(1, 1U + 1000U, HZ, 10, NULL);
	between(SECOND, UINT64_MAX, HZ, UINT64_C(184467440727095516), NULL);
	/* Of a fast time base, as far as it goes */
	between(1, 1U + 900000000U, UINT64_C(1000000000000), UINT64_C(900000000000), NULL);
	between(1, 1U + 500U * year * SECOND, UINT64_C(1000000000), 0,
		"15778800000 s have passed, which is more than a guest's time holds");
	between(0, SECOND, HZ, 0,
		"nobody knows how much time has passed: the checkpoint has no time of day");
	between(SECOND, 0, HZ, 0, "nobody knows how much time has passed: there is no clock here");
	between(9U * SECOND, 2U * SECOND, HZ, 0,
		"the clock here is 7 s behind that of the checkpoint");
	between(SECOND, 2U * SECOND, 0, 0,
		"1 s have passed, which is more than a guest's time holds");
}

static void test_add(void **state)
{
	uint64_t time = UINT64_MAX - 10U;

	(void)state;
	assert_true(migrate_clock_add(&time, 10));
	assert_int_equal(time, UINT64_MAX);
	assert_false(migrate_clock_add(&time, 1));
	assert_int_equal(time, UINT64_MAX);
	assert_true(migrate_clock_add(&time, 0));
}

/* Each copy differs from its original, from its sisters, and from theirs. */
static void test_generation(void **state)
{
	struct cleave_state_generation made[2 * 16] = { 0 };
	const struct cleave_state_generation never = { 0 };

	(void)state;
	for (uint32_t n = 0; n < 16U; n++) {
		uint64_t seed[2] = { 7, n };

		migrate_generation_next(&made[n], seed, sizeof(seed));
		assert_int_equal(made[n].count, 1);
		/* With the same seed too: it is made out of another one. */
		made[16U + n] = made[n];
		migrate_generation_next(&made[16U + n], seed, sizeof(seed));
		assert_int_equal(made[16U + n].count, 2);
	}
	for (uint32_t n = 0; n < 32U; n++) {
		assert_memory_not_equal(made[n].id, never.id, sizeof(never.id));
		for (uint32_t k = 0; k < n; k++) {
			assert_memory_not_equal(made[n].id, made[k].id, 8);
			assert_memory_not_equal(made[n].id + 8, made[k].id + 8, 8);
		}
	}
	made[0].count = UINT64_MAX;
	migrate_generation_next(&made[0], "x", 1);
	assert_int_equal(made[0].count, UINT64_MAX);
	assert_memory_not_equal(made[0].id, made[1].id, sizeof(never.id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),	   cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_between),	   cmocka_unit_test(test_add),
		cmocka_unit_test(test_generation),
	};

	return cmocka_run_group_tests_name("migrate_clock", tests, setup, teardown);
}
