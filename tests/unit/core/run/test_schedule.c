/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose window a hart is in (core/run/schedule.c), on a machine of three harts whose timer ticks
 * once a microsecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/run/schedule.c"

#define BOOT   1000U
#define ORIGIN (BOOT + SCHEDULE_START_US)

/* Hart 0 has one window, hart 1 two, hart 2 none. */
static const struct config config = {
	.nr_plans = 2,
	.plan = {
		{ .frame_us = 100, .nr_windows = 3, .window = {
			{ .hart = 0, .partition = 2, .offset_us = 0, .length_us = 40 },
			{ .hart = 1, .partition = 3, .offset_us = 0, .length_us = 50 },
			{ .hart = 1, .partition = 4, .offset_us = 50, .length_us = 50 },
		} },
		{ .frame_us = 70, .share = true, .nr_windows = 1, .window = {
			{ .hart = 1, .partition = 5, .offset_us = 0, .length_us = 70 },
		} },
	},
};

static u64 now;

u64 timer_now(void)
{
	return now;
}

u64 timer_frequency(void)
{
	return 1000000;
}

static struct schedule_window look(u32 hart, u64 at)
{
	struct schedule_window w;

	schedule_look(hart, at, &w);
	return w;
}

static void expect(u32 hart, u64 at, u32 owner, u64 start, u64 end)
{
	struct schedule_window w = look(hart, at);

	assert_true(w.planned);
	assert_int_equal(w.owner, owner);
	assert_int_equal(w.start, start);
	assert_int_equal(w.end, end);
}

static int setup(void **state)
{
	(void)state;
	memset(&schedule, 0, sizeof(schedule));
	schedule_init(&config);
	schedule_start(BOOT);
	return 0;
}

static void test_each_hart_has_its_own_windows(void **state)
{
	struct schedule_count c;

	(void)state;
	expect(0, ORIGIN + 10U, 2, ORIGIN, ORIGIN + 40U);
	expect(0, ORIGIN + 60U, PLAN_NOBODY, ORIGIN + 40U, ORIGIN + 100U);
	expect(1, ORIGIN + 10U, 3, ORIGIN, ORIGIN + 50U);
	expect(1, ORIGIN + 60U, 4, ORIGIN + 50U, ORIGIN + 100U);
	assert_false(look(2, ORIGIN + 10U).planned);
	assert_int_equal(look(2, ORIGIN + 10U).end, TIMER_NEVER);
	/* And its own counters */
	look(1, ORIGIN + 160U).count->starts = 9;
	schedule_read(0, 2, &c);
	assert_int_equal(c.starts, 9);
	schedule_read(0, 1, &c);
	assert_int_equal(c.starts, 0);
	assert_null(look(0, ORIGIN + 160U).count);
}

static void test_nobody_runs_before_the_first_frame(void **state)
{
	(void)state;
	expect(1, ORIGIN - 1U, PLAN_NOBODY, ORIGIN - 1U, ORIGIN);
	expect(1, ORIGIN, 3, ORIGIN, ORIGIN + 50U);
}

static void test_another_plan_begins_with_a_frame(void **state)
{
	struct plan_clock clock;

	(void)state;
	/* No hart has looked since the origin. */
	now = ORIGIN + 250U;
	schedule_set(1, &clock);
	assert_int_equal(clock.begin, 200);
	assert_int_equal(clock.plan, 0);
	assert_int_equal(clock.next, 1);
	expect(1, ORIGIN + 260U, 4, ORIGIN + 250U, ORIGIN + 300U);
	expect(1, ORIGIN + 300U, 5, ORIGIN + 300U, ORIGIN + 370U);
	assert_true(look(1, ORIGIN + 300U).share);
	/* A hart without windows in it shares its time by weights. */
	assert_false(look(0, ORIGIN + 300U).planned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_hart_has_its_own_windows, setup),
		cmocka_unit_test_setup(test_nobody_runs_before_the_first_frame, setup),
		cmocka_unit_test_setup(test_another_plan_begins_with_a_frame, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
