/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wanted of a migration happens: how long the guest may stand still, how often and how fast
 * it is copied, when to give up, and how it arrives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_test.h"

static struct sim_config busy(void)
{
	return (struct sim_config){ .seed = 77,
				    .pages = { 300, 0 },
				    .write_in = 1,
				    .room = 9000,
				    .step = 512,
				    .smooth = true };
}

/*
 * A guest that writes faster than the link carries uses up the passes. If it may not be stopped
 * for so long, it stays.
 */
static void test_bound(void **state)
{
	struct sim_config c = busy();
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	sim->source_config.downtime_ms = 1;
	sim->source_config.passes = 4;
	sim->source_config.bound_ms = 2;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_FAILED);
	assert_int_equal(dest, MIGRATE_FAILED);
	must(sim_stayed(sim));
	assert_int_equal(migrate_source_progress(&sim->source)->pass, 4);
	assert_non_null(strstr(migrate_source_line(&sim->source), "after 4 passes"));
	assert_non_null(strstr(migrate_dest_line(&sim->dest), "after 4 passes"));
}

/* Passes that gain nothing end the attempt long before all are made, and the line says so. */
static void test_useless(void **state)
{
	struct sim_config c = busy();
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	sim->source_config.downtime_ms = 1;
	sim->source_config.passes = 40;
	sim->source_config.bound_ms = 1;
	sim->source_config.useless = 3;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_FAILED);
	must(sim_stayed(sim));
	assert_true(migrate_source_progress(&sim->source)->pass < 10U);
	assert_int_equal(sim->source.cancel.reason, MIGRATE_REASON_DOWNTIME);
	assert_non_null(strstr(migrate_source_line(&sim->source),
			       "passes, of which the last 3 gained less than 10 %, it would stand "
			       "still for "));
	assert_non_null(strstr(migrate_source_line(&sim->source), "; at most 1 ms are allowed"));
	/* They do not count before the brake is at its most, and it may make the guest fit. */
	sim_start(sim, &c);
	sim->source_config.downtime_ms = 3;
	sim->source_config.passes = 40;
	sim->source_config.bound_ms = 3;
	sim->source_config.useless = 3;
	sim->source_config.brake_max = 99;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_DONE);
	must(sim_moved(sim));
}

/* A guest that never gets ready is not copied for ever. */
static void test_timeout(void **state)
{
	struct sim_config c = busy();
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	sim->source_config.downtime_ms = 0;
	sim->source_config.passes = UINT32_MAX;
	sim->source_config.timeout_ms = 200;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_FAILED);
	must(sim_stayed(sim));
	assert_non_null(
		strstr(migrate_source_line(&sim->source), "not ready to be stopped after 200 ms"));
}

/* The guest runs here, and is paused when it has arrived. */
static void test_arrives_paused(void **state)
{
	struct sim_config c = busy();
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	sim->source_config.passes = 2;
	sim->source_config.stay_paused = true;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_DONE);
	assert_int_equal(dest, MIGRATE_DONE);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_EMPTY);
	assert_int_equal(sim->vm[1].state, CLEAVE_VM_PAUSED);
}

/* What is sent while the guest runs stays below the rate; the last pass goes at full speed. */
static void test_rate(void **state)
{
	const uint64_t rate = UINT64_C(20) << 20;
	struct sim_config c = busy();
	enum migrate_step step = MIGRATE_PROGRESS;
	uint64_t begin;

	(void)state;
	c.write_in = 50;
	sim_start(sim, &c);
	sim->source_config.passes = 2;
	sim->source_config.rate = rate;
	assert_true(sim_begin(sim));
	begin = sim->now;
	while (!sim->source.paused) {
		step = migrate_source_step(&sim->source);
		(void)migrate_dest_step(&sim->dest);
		assert_true(step != MIGRATE_FAILED);
		/* A page and the frames around a pass may be ahead. */
		assert_true(sim->source.tx.bytes <=
			    (sim->now - begin) * rate / SIM_TIMEBASE + 2U * 4200U);
		sim_tick(sim);
	}
	while (step != MIGRATE_DONE) {
		step = migrate_source_step(&sim->source);
		(void)migrate_dest_step(&sim->dest);
		assert_true(step != MIGRATE_FAILED);
	}
	must(sim_moved(sim));
}

/* What --verify takes is part of what the guest is expected to stand still for. */
static void test_verify_is_expected(void **state)
{
	struct sim_config c = { .seed = 5, .pages = { 700, 300 }, .room = 60000, .step = 512 };
	uint64_t without;
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_DONE);
	without = migrate_source_progress(&sim->source)->estimate_us;
	sim_start(sim, &c);
	sim->source_config.verify = true;
	assert_true(sim_begin(sim));
	assert_int_equal(finish(&dest), MIGRATE_DONE);
	/* The simulation's clock advances with each call: here 16 pages of 1,000 are measured. */
	assert_true(sim->source.verify_us > 0U);
	assert_true(migrate_source_progress(&sim->source)->estimate_us >=
		    without + sim->source.verify_us / 2U);
}

/* The brake makes the same guest fit, step by step, and comes off at the end. */
static void test_brake(void **state)
{
	struct sim_config c = busy();
	uint32_t highest = 0;
	uint32_t last = 0;
	enum migrate_step step = MIGRATE_PROGRESS;

	(void)state;
	sim_start(sim, &c);
	/* A pass of a page or two takes 2.4 ms here, whatever the brake does. */
	sim->source_config.downtime_ms = 4;
	sim->source_config.passes = 40;
	sim->source_config.bound_ms = 4;
	sim->source_config.brake_max = 99;
	assert_true(sim_begin(sim));
	while (step != MIGRATE_DONE && step != MIGRATE_FAILED) {
		uint32_t brake;

		step = migrate_source_step(&sim->source);
		(void)migrate_dest_step(&sim->dest);
		brake = sim->vm[0].brake;
		if (brake > last)
			assert_true(brake - last <= MIGRATE_BRAKE_FIRST);
		if (brake > highest)
			highest = brake;
		last = brake;
	}
	assert_int_equal(step, MIGRATE_DONE);
	must(sim_moved(sim));
	assert_true(highest >= 30U);
	assert_true(migrate_source_progress(&sim->source)->pass < 40U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_brake),
		cmocka_unit_test(test_useless),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_arrives_paused),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_verify_is_expected),
	};

	return cmocka_run_group_tests_name("migrate_wants", tests, setup, teardown);
}
