/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: memory of one space that another one sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

#define BASE GIB(2)

static struct mm_machine m;
static struct space sp;
static struct space other;
static struct space_config cfg;
static struct space_counters cnt;
static struct flush_batch last_flush;

static void keep_flush(struct space *s, const struct flush_batch *b)
{
	(void)s;
	last_flush = *b;
}

static enum fault_answer fault(u64 gpa, enum access access)
{
	return space_fault(&sp, GPA(gpa), access, &cnt);
}

static bool writable(u64 gpa)
{
	return (mm_pte(&sp.gs, gpa, NULL) & GSTAGE_PTE_W) != 0U;
}

static void begin_windows(void)
{
	mm_machine_init(&m, GIB(1), MIB(32));
	mm_flush_hook = keep_flush;
	memset(&sp, 0, sizeof(sp));
	memset(&other, 0, sizeof(other));
	memset(&cnt, 0, sizeof(cnt));
	cfg = mm_config(&m, 3);
	cfg.window_size = MIB(8);
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(4)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(4)), 0);
	cfg.window_size = 0;
	assert_int_equal(space_init(&other, &m.frames, &cfg, MIB(64)), 0);
	assert_int_equal(mm_add_memory(&other, GPA(MIB(256)), HPA(MM_HPA_BASE + MIB(64)), MIB(64)),
			 0);
}

static void end_windows(void)
{
	mm_destroy(&other);
	mm_end(&m, &sp);
}

static void test_window_shows_the_other_memory(void **state)
{
	u64 flushes;
	u64 free;

	(void)state;
	begin_windows();
	free = sp.pool.free;
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(256) + 0x3000), MIB(4),
					  false),
			 1);
	assert_int_equal(gstage_pte_hpa(mm_pte(&sp.gs, GIB(1), NULL)).v,
			 MM_HPA_BASE + MIB(64) + 0x3000);
	assert_false(writable(GIB(1)));
	assert_int_equal(mm_pte(&sp.gs, GIB(1), NULL) & GSTAGE_PTE_X, 0);
	assert_int_equal(fault(GIB(1), ACCESS_READ), FAULT_SPURIOUS);
	assert_int_equal(fault(GIB(1), ACCESS_WRITE), FAULT_FORBIDDEN);
	assert_int_equal(fault(GIB(1), ACCESS_EXEC), FAULT_FORBIDDEN);
	/*
	 * The hypervisor neither reads nor writes through it, because it is not this VM's memory.
	 */
	assert_null(mm_span(&sp, GIB(1), 8).at);
	assert_int_equal(space_wipe(&sp, GPA(GIB(1)), 8), CLV_ERR_RANGE);
	/* Nor does it tell how it is mapped. */
	assert_int_equal(space_leaf_level(&sp, GPA(GIB(1))), CLV_ERR_RANGE);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE)), 1);
	/* It cannot be logged either. */
	{
		struct space_log_status status;

		assert_int_equal(space_log_status(&sp, 1, &status), CLV_ERR_NOTFOUND);
	}
	flushes = mm_flushes;
	assert_int_equal(space_remove_window(&sp, GPA(GIB(1))), 0);
	assert_int_equal(mm_flushes, flushes + 1U);
	assert_true(mm_batch_covers(&last_flush, GIB(1)) &&
		    mm_batch_covers(&last_flush, GIB(1) + MIB(4) - 1U));
	assert_int_equal(fault(GIB(1), ACCESS_READ), FAULT_NOTHING);
	assert_int_equal(mm_pte(&sp.gs, GIB(1), NULL), 0);
	assert_int_equal(sp.pool.free, free);
	assert_int_equal(space_remove_window(&sp, GPA(GIB(1))), CLV_ERR_NOTFOUND);
	assert_int_equal(space_remove_window(&sp, GPA(BASE)), CLV_ERR_NOTFOUND);
	/* The slot is used again, for a window that may be written to. */
	assert_int_equal(space_add_window(&sp, GPA(GIB(5)), &other, GPA(MIB(256)), MIB(2), true),
			 1);
	assert_true(writable(GIB(5)));
	assert_int_equal(fault(GIB(5), ACCESS_WRITE), FAULT_SPURIOUS);
	/* Whatever has taken W, a fault gives back what the window allows, and no more. */
	{
		u32 level;
		u64 pte;

		*gstage_walk(&sp.gs, GPA(GIB(5)), &level, &pte) &= ~GSTAGE_PTE_W;
		assert_int_equal(fault(GIB(5), ACCESS_WRITE), FAULT_GRANTED);
		assert_int_equal(mm_pte(&sp.gs, GIB(5), NULL) & GSTAGE_PTE_RWX,
				 GSTAGE_PTE_R | GSTAGE_PTE_W);
	}
	end_windows();
}

static void test_window_refuses_bad_arguments(void **state)
{
	(void)state;
	begin_windows();
	assert_int_equal(space_add_window(&sp, GPA(GIB(1) + 1U), &other, GPA(MIB(256)), MIB(2),
					  false),
			 CLV_ERR_INVAL);
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(256) + 1U), MIB(2),
					  false),
			 CLV_ERR_INVAL);
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(256)), 0, false),
			 CLV_ERR_INVAL);
	assert_int_equal(space_add_window(&sp, GPA(BASE), &other, GPA(MIB(256)), MIB(2), false),
			 CLV_ERR_EXISTS);
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), &other, GPA(0), MIB(2), false),
			 CLV_ERR_RANGE);
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(318)), MIB(4), false),
			 CLV_ERR_RANGE);
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(256)), ~PAGE_MASK,
					  false),
			 CLV_ERR_RANGE);
	assert_int_equal(space_add_window(&sp, GPA(BIT64(41)), &other, GPA(MIB(256)), MIB(2),
					  false),
			 CLV_ERR_RANGE);
	/* It is named by its first address, and shows memory of its VM's own. */
	assert_true(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(256)), MIB(2), false) > 0);
	assert_int_equal(space_remove_window(&sp, GPA(GIB(1) + PAGE_SIZE)), CLV_ERR_NOTFOUND);
	assert_int_equal(space_add_window(&other, GPA(GIB(3)), &sp, GPA(GIB(1)), MIB(2), false),
			 CLV_ERR_RANGE);
	end_windows();
}

/* M6: a window is mapped in one step, so it has no more leaves than a step may make. */
static void test_window_of_too_many_leaves(void **state)
{
	(void)state;
	begin_windows();
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(256) + PAGE_SIZE),
					  MIB(8) + PAGE_SIZE, false),
			 CLV_ERR_INVAL);
	assert_true(space_add_window(&sp, GPA(GIB(1)), &other, GPA(MIB(256) + PAGE_SIZE), MIB(8),
				     false) > 0);
	/* Huge leaves are few. */
	assert_int_equal(space_add_window(&sp, GPA(GIB(6)), &other, GPA(MIB(256)), MIB(64), false),
			 2);
	end_windows();
}

/* M5: windows use up their own share of the pool, and take no table that the memory may need. */
static void test_windows_leave_the_memory_its_tables(void **state)
{
	u64 at = GIB(8);
	u64 leaves[3];
	int window;

	(void)state;
	begin_windows();
	/* It is shifted by a page, so that it has 4 KiB leaves only: as many as a step may make. */
	do {
		window = space_add_window(&sp, GPA(at), &other, GPA(MIB(256) + PAGE_SIZE), MIB(8),
					  false);
		at += GIB(1);
	} while (window > 0);
	assert_true(at > GIB(9));
	assert_int_equal(window, CLV_ERR_NOMEM);
	/* Two for the memory at 4 KiB, and one for each vCPU and the manager that split at once. */
	assert_true(sp.pool.free >= 2U + CONFIG_MAX_VCPUS + 1U);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	mm_leaves(&sp, 0, leaves);
	assert_int_equal(leaves[0], MIB(4) / PAGE_SIZE);
	end_windows();
}

/* Every slot may have a window whose two ends lie in tables of their own, on each level. */
static void test_windows_have_tables_for_both_ends(void **state)
{
	const u32 windows = CONFIG_MAX_REGIONS - 1U;
	u64 taken;

	(void)state;
	mm_machine_init(&m, GIB(1), MIB(32));
	memset(&sp, 0, sizeof(sp));
	memset(&other, 0, sizeof(other));
	cfg = mm_config(&m, 4);
	assert_int_equal(space_init(&other, &m.frames, &cfg, MIB(4)), 0);
	assert_int_equal(mm_add_memory(&other, GPA(0), HPA(MM_HPA_BASE + MIB(8)), MIB(4)), 0);
	cfg.window_size = windows * 2U * PAGE_SIZE;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(4)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(4)), 0);
	taken = sp.pool.free;
	/* Sv48x4: the last table begins anew at each 512 GiB, with one of each level below. */
	for (u64 i = 1; i <= windows; i++)
		assert_true(space_add_window(&sp, GPA(i * GIB(1024) - PAGE_SIZE), &other, GPA(0),
					     2U * PAGE_SIZE, false) > 0);
	assert_int_equal(taken - sp.pool.free, windows * 6U);
	end_windows();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_shows_the_other_memory),
		cmocka_unit_test(test_window_refuses_bad_arguments),
		cmocka_unit_test(test_window_of_too_many_leaves),
		cmocka_unit_test(test_windows_leave_the_memory_its_tables),
		cmocka_unit_test(test_windows_have_tables_for_both_ends),
	};

	return cmocka_run_group_tests_name("space_window", tests, NULL, NULL);
}
