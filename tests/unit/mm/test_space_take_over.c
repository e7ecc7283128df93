/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log that takes over another one: whatever the old log was doing, the new one is whole, and M1
 * holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

#define BASE  GIB(2)
#define PAGES 16384U /* of the region: 64 MiB */

static struct mm_machine m;
static struct space sp;
static struct space_config cfg;
static struct space_counters cnt;
static u64 bitmap[PAGES / 64U];

static enum fault_answer write_to(u64 gpa)
{
	return space_fault(&sp, GPA(gpa), ACCESS_WRITE, &cnt);
}

/* What a log may be doing when another takes its place */
enum under_way {
	STARTING,
	ON,
	STOPPING,
	COLLAPSING,
	UNDER_WAY
};

static void bring_under_way(enum under_way what, u32 mode)
{
	u64 cursor = 0;

	if (what == STARTING) {
		assert_int_equal(space_log_start(&sp, 0, mode, true, &cursor), 0);
		return;
	}
	(void)mm_log_start(&sp, 0, mode, true);
	for (u64 page = 0; page < PAGES; page += 3U)
		(void)write_to(BASE + (page << 12));
	if (what == ON)
		return;
	do {
		assert_int_equal(space_log_stop(&sp, 0, true, &cursor), 0);
	} while (what == COLLAPSING && cursor < BIT64(63));
	assert_int_not_equal(cursor, 0);
}

/* M1: each page of the log is dirty or write-protected; a write to any is reported once. */
static void check_taken_over(u32 mode)
{
	struct space_log_status status;
	u64 leaves[3];

	assert_int_equal(space_log_status(&sp, 0, &status), 0);
	assert_int_equal(status.mode, mode);
	for (u64 page = 0; page < PAGES; page++)
		assert_true(dirty_test(&sp.region[0].log.dirty, page) ||
			    (mm_pte(&sp.gs, BASE + (page << 12), NULL) & GSTAGE_PTE_W) == 0U);
	assert_int_equal(mm_log_harvest(&sp, PAGES, bitmap, NULL), status.dirty);
	assert_int_equal(write_to(BASE + MIB(33)), FAULT_GRANTED);
	assert_int_equal(mm_log_harvest(&sp, PAGES, bitmap, NULL), 1);
	(void)mm_log_stop(&sp, 0, true);
	assert_int_equal(dirty_count(&sp.region[0].log.dirty), 0);
	mm_leaves(&sp, 0, leaves);
	assert_int_equal(leaves[0], 0);
	assert_int_equal(leaves[1], 32);
	assert_int_equal(leaves[2], 0);
}

static void test_log_is_taken_over(void **state)
{
	const u32 modes = CLEAVE_LOG_INITIALLY_SET + 1U;

	(void)state;
	for (u32 n = 0; n < UNDER_WAY * modes * modes; n++) {
		enum under_way what = (enum under_way)(n / (modes * modes));
		u32 old = n / modes % modes;
		u32 mode = n % modes;
		u64 cursor;

		if (old == CLEAVE_LOG_DEFAULT || mode == CLEAVE_LOG_DEFAULT)
			continue;
		mm_machine_init(&m, GIB(3), MIB(32));
		memset(&sp, 0, sizeof(sp));
		memset(&cnt, 0, sizeof(cnt));
		cfg = mm_config(&m, 3);
		cfg.step_pages = 64;
		assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(64)), 0);
		assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE + GIB(1)), MIB(64)),
				 0);
		bring_under_way(what, old);
		assert_int_equal(space_log_take_over(&sp, 0, CLEAVE_LOG_OFF, true, &cursor),
				 CLV_ERR_INVAL);
		assert_int_equal(space_log_take_over(&sp, 0, mode, true, &cursor), 0);
		while (cursor != 0U)
			assert_int_equal(space_log_start(&sp, 0, mode, true, &cursor), 0);
		check_taken_over(mode);
		mm_end(&m, &sp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
