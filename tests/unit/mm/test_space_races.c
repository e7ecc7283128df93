/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Races of vCPUs' faults with harvest, start, stop and collapse, each brought about at the one
 * place where it matters.
 *
 * One thread is enough: a store that traps (mm_trap.h), and a flush, are places where another hart
 * can do something.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"
#include "tests/unit/mm/mm_trap.h"

#define BASE GIB(2)

static struct mm_machine m;
static struct space sp;
static struct space_counters cnt;

static void begin(u64 size)
{
	mm_begin(&m, &sp, GPA(BASE), size);
	memset(&cnt, 0, sizeof(cnt));
}

static void end(void)
{
	mm_end(&m, &sp);
}

static enum fault_answer write_to(u64 gpa)
{
	return space_fault(&sp, GPA(gpa), ACCESS_WRITE, &cnt);
}

static bool writable(u64 gpa)
{
	return (mm_pte(&sp.gs, gpa, NULL) & GSTAGE_PTE_W) != 0U;
}

static u64 harvest(u64 first, u64 pages, u64 *bits)
{
	u64 dirty;

	assert_int_equal(space_log_harvest(&sp, 0, first, pages, bits, &dirty), (s64)pages);
	return dirty;
}

/* --- a fault, interrupted before S2 --- */

static u64 *entry_at(u64 gpa)
{
	u32 level;
	u64 pte;

	return gstage_walk(&sp.gs, GPA(gpa), &level, &pte);
}

static u64 answer[8];
static u64 answered;

static void action_harvest(void)
{
	answered = harvest(0, 512, answer);
}

/*
 * The third case of the argument in mm/space_fault.c: S1, H1, H2, and then S2. S3 must mark again.
 */
static void test_harvest_between_mark_and_grant(void **state)
{
	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	mm_trap_set(entry_at(BASE + 0x9000), action_harvest);
	assert_int_equal(write_to(BASE + 0x9000), FAULT_GRANTED);
	mm_trap_end();
	/* The harvest took the mark. The page is writable, so it must be dirty again. */
	assert_int_equal(answered, 1);
	assert_int_equal(answer[0], BIT64(9));
	assert_true(writable(BASE + 0x9000));
	assert_true(dirty_test(&sp.region[0].log.dirty, 9));
	assert_true(mm_summary_test(&sp.region[0].log.dirty, 0));
	end();
}

/* The same with a leaf that cannot be split. */
static void test_harvest_between_coarse_mark_and_grant(void **state)
{
	u64 *table;

	(void)state;
	begin(MIB(2));
	/* All tables are in use elsewhere: a configuration may set a pool that is this small. */
	sp.cfg.pool_tables = 1;
	{
		u64 n = sp.pool.free;
		struct table_chain chain;

		assert_int_equal(table_pool_reserve(&sp.pool, n, &chain), 0);
		(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
		mm_trap_set(entry_at(BASE), action_harvest);
		assert_int_equal(write_to(BASE + 0x9000), FAULT_GRANTED);
		mm_trap_end();
		assert_int_equal(cnt.coarse_grants, 1);
		table_pool_unreserve(&sp.pool, &chain);
	}
	assert_int_equal(answered, 512);
	assert_true(writable(BASE));
	for (u64 page = 0; page < 512U; page++)
		assert_true(dirty_test(&sp.region[0].log.dirty, page));
	table = table_pool_take(&sp.pool);
	assert_non_null(table);
	table_pool_give(&sp.pool, table);
	end();
}

static void action_start(void)
{
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
}

/*
 * A log starts while a fault, which has seen no log, is about to add W. The start could not protect
 * the page, so the page must be dirty.
 */
static void test_start_between_look_and_grant(void **state)
{
	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	(void)mm_log_stop(&sp, 0, false);
	mm_trap_set(entry_at(BASE + 0x3000), action_start);
	assert_int_equal(write_to(BASE + 0x3000), FAULT_GRANTED);
	mm_trap_end();
	assert_true(writable(BASE + 0x3000));
	assert_true(dirty_test(&sp.region[0].log.dirty, 3));
	assert_false(dirty_test(&sp.region[0].log.dirty, 4));
	end();
}

/* --- a split, interrupted before its link --- */

static u64 *new_table;

static void action_look_at_table(void)
{
	/* M3: all 512 children are there before anybody can see the table. */
	for (u64 i = 0; i < GSTAGE_ENTRIES; i++) {
		MUST(gstage_pte_is_leaf(new_table[i]));
		MUST(gstage_pte_hpa(new_table[i]).v == MM_HPA_BASE + GIB(1) + i * PAGE_SIZE);
		MUST((new_table[i] & GSTAGE_PTE_W) == 0U);
	}
}

static void test_split_fills_before_it_links(void **state)
{
	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	new_table = table_pool_take(&sp.pool);
	memset(new_table, 0xff, PAGE_SIZE);
	table_pool_give(&sp.pool, new_table);
	mm_trap_set(entry_at(BASE), action_look_at_table);
	assert_int_equal(write_to(BASE + 0x5000), FAULT_GRANTED);
	mm_trap_end();
	assert_ptr_equal(ALIGN_DOWN((uintptr_t)entry_at(BASE), PAGE_SIZE), new_table);
	end();
}

static void action_write_too(void)
{
	(void)write_to(BASE + 0x7000);
}

/* Two vCPUs split one leaf. The loser's table goes back, and both pages are granted and marked. */
static void test_two_vcpus_split_one_leaf(void **state)
{
	u64 free;

	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	free = sp.pool.free;
	mm_trap_set(entry_at(BASE), action_write_too);
	assert_int_equal(write_to(BASE + 0x5000), FAULT_GRANTED);
	mm_trap_end();
	assert_int_equal(sp.pool.free, free - 1U);
	assert_int_equal(cnt.fault_splits, 1);
	assert_true(writable(BASE + 0x5000) && writable(BASE + 0x7000) && !writable(BASE + 0x6000));
	assert_int_equal(harvest(0, 512, answer), 2);
	assert_int_equal(answer[0], BIT64(5) | BIT64(7));
	end();
}

/* --- a harvest, interrupted between words --- */

static u64 racing_gpa;

static void action_fault(void)
{
	(void)write_to(racing_gpa);
}

/*
 * Harvest the first 1024 pages. At the third word of the second 2 MiB, when the first 2 MiB are
 * done, a vCPU writes to the page at @gpa. Return: word 13 of the answer.
 */
static u64 harvest_interrupted(u64 gpa)
{
	u8 *pages = mmap(NULL, 2U * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	u64 *out = (u64 *)(pages + PAGE_SIZE) - 10;
	u64 word;

	assert_ptr_not_equal(pages, MAP_FAILED);
	racing_gpa = gpa;
	mm_trap_set(pages + PAGE_SIZE, action_fault);
	(void)harvest(0, 1024, out);
	mm_trap_end();
	word = out[13];
	munmap(pages, 2U * PAGE_SIZE);
	return word;
}

/*
 * The fault splits the huge leaf that the harvest is at. The harvest must find the page's own
 * entry.
 */
static void test_harvest_sees_a_split_under_way(void **state)
{
	u64 gpa = BASE + (13U * 64U + 7U) * PAGE_SIZE;

	(void)state;
	begin(GIB(1));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, false);
	assert_int_equal(harvest_interrupted(gpa), ~UINT64_C(0));
	assert_int_equal(cnt.fault_splits, 2);
	/* M1: its bit was taken after the fault, so W must have been taken too. */
	assert_false(dirty_test(&sp.region[0].log.dirty, 13U * 64U + 7U));
	assert_false(writable(gpa));
	end();
}

/*
 * The pool is empty, and the fault makes the whole huge leaf writable again. The harvest must take
 * that W too.
 */
static void test_harvest_sees_a_coarse_grant_under_way(void **state)
{
	u64 gpa = BASE + (13U * 64U + 7U) * PAGE_SIZE;
	static u64 bits[16];
	struct table_chain chain;

	(void)state;
	begin(GIB(1));
	sp.cfg.pool_tables = 1;
	assert_int_equal(table_pool_reserve(&sp.pool, sp.pool.free, &chain), 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, false);
	assert_int_equal(harvest_interrupted(gpa), ~UINT64_C(0));
	assert_int_equal(cnt.coarse_grants, 1);
	assert_false(writable(gpa));
	/* What the fault has marked is dirty again, all of it: its spans have bits of their own. */
	assert_true(dirty_test(&sp.region[0].log.dirty, 13U * 64U + 7U));
	assert_int_equal(harvest(0, 1024, bits), 1024);
	table_pool_unreserve(&sp.pool, &chain);
	end();
}

/* With leaves of 4 KiB: a page that is granted after its word was taken is dirty again. */
static void test_harvest_and_fault_on_one_page(void **state)
{
	static u64 bits[16];

	(void)state;
	begin(MIB(4));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	for (u64 page = 0; page < 1024U; page++)
		assert_int_equal(write_to(BASE + (page << 12)), FAULT_GRANTED);
	assert_int_equal(harvest_interrupted(BASE + 0x1000), ~UINT64_C(0));
	assert_true(writable(BASE + 0x1000));
	assert_int_equal(harvest(0, 1024, bits), 1);
	assert_int_equal(bits[0], 2);
	assert_false(writable(BASE + 0x1000));
	end();
}

/* --- flushes --- */

static u32 flushes_seen;
static u64 *old_table;
static u64 free_before;

/*
 * At the first flush of a stop, a fault that still saw the log on marks and splits. Then it
 * answers.
 */
static void hook_late_fault(struct space *s, const struct flush_batch *b)
{
	u32 level;
	u64 pte;
	u64 *slot;

	(void)b;
	if (flushes_seen++ != 0U)
		return;
	assert_int_equal(s->region[0].log.active, 0);
	slot = gstage_walk(&s->gs, GPA(BASE + MIB(2)), &level, &pte);
	assert_int_equal(level, 1);
	assert_int_equal(gstage_split(&s->gs, &s->pool, slot, level, pte, 0), GSTAGE_SPLIT_DONE);
	dirty_mark(&s->region[0].log.dirty, 512);
	dirty_mark(&s->region[0].log.dirty, 3);
}

static void test_stop_waits_for_faults_that_still_mark(void **state)
{
	u64 leaves[3];

	(void)state;
	begin(MIB(4));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	assert_int_equal(write_to(BASE + 0x3000), FAULT_GRANTED);
	flushes_seen = 0;
	mm_flush_hook = hook_late_fault;
	(void)mm_log_stop(&sp, 0, true);
	mm_flush_hook = NULL;
	assert_true(flushes_seen >= 2U);
	mm_leaves(&sp, 0, leaves);
	assert_true(leaves[0] == 0U && leaves[1] == 2U);
	for (u64 page = 0; page < 1024U; page++)
		assert_false(dirty_test(&sp.region[0].log.dirty, page));
	assert_int_equal(dirty_count(&sp.region[0].log.dirty), 0);
	end();
}

/*
 * M4: when the flush of a collapse begins, the tables that it unlinked are whole and not in the
 * pool.
 */
static void hook_watch_collapse(struct space *s, const struct flush_batch *b)
{
	u32 level;

	assert_int_equal(s->pool.free, free_before);
	for (u32 i = 0; i < GSTAGE_ENTRIES; i++)
		assert_true(gstage_pte_is_leaf(old_table[i]));
	(void)mm_pte(&s->gs, BASE, &level);
	/*
	 * A vCPU whose walk began before goes on in the old table and adds W there. Nothing is
	 * lost.
	 */
	if (level == 1U) {
		assert_true(b->all); /* a ranged fence leaves entries that lead to a table */
		(void)atomic_or(&old_table[7], GSTAGE_PTE_W);
		flushes_seen++;
	}
}

static void test_collapse_frees_after_the_flush(void **state)
{
	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	old_table = entry_at(BASE);
	free_before = sp.pool.free;
	flushes_seen = 0;
	mm_flush_hook = hook_watch_collapse;
	assert_int_equal(mm_log_stop(&sp, 0, true), 1);
	mm_flush_hook = NULL;
	assert_int_equal(flushes_seen, 1);
	assert_int_equal(sp.pool.free, free_before + 1U);
	assert_true(writable(BASE + 0x7000) && writable(BASE));
	end();
}

/* The same for the tables of a window. */
static void hook_watch_window(struct space *s, const struct flush_batch *b)
{
	assert_true(b->all);
	assert_int_equal(s->pool.free, free_before);
	for (u32 i = 0; i < GSTAGE_ENTRIES; i++)
		assert_int_equal(old_table[i] & GSTAGE_PTE_V, 0);
	/* Nobody finds the region any more, and a walk finds nothing. */
	assert_int_equal(space_fault(s, GPA(GIB(4)), ACCESS_READ, &cnt), FAULT_NOTHING);
	flushes_seen++;
}

static void test_window_tables_are_freed_after_the_flush(void **state)
{
	static struct space other;
	struct space_config cfg;

	(void)state;
	begin(MIB(2));
	sp.cfg.window_size = MIB(4);
	memset(&other, 0, sizeof(other));
	cfg = mm_config(&m, 3);
	cfg.largest_level = 0;
	assert_int_equal(space_init(&other, &m.frames, &cfg, MIB(2)), 0);
	assert_int_equal(mm_add_memory(&other, GPA(0), HPA(MM_HPA_BASE), MIB(2)), 0);
	sp.cfg.largest_level = 0;
	assert_true(space_add_window(&sp, GPA(GIB(4)), &other, GPA(0), MIB(2), false) > 0);
	old_table = entry_at(GIB(4));
	free_before = sp.pool.free;
	flushes_seen = 0;
	mm_flush_hook = hook_watch_window;
	assert_int_equal(space_remove_window(&sp, GPA(GIB(4))), 0);
	mm_flush_hook = NULL;
	assert_int_equal(flushes_seen, 1);
	assert_int_equal(sp.pool.free, free_before + 2U);
	mm_destroy(&other);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harvest_between_mark_and_grant),
		cmocka_unit_test(test_harvest_between_coarse_mark_and_grant),
		cmocka_unit_test(test_start_between_look_and_grant),
		cmocka_unit_test(test_split_fills_before_it_links),
		cmocka_unit_test(test_two_vcpus_split_one_leaf),
		cmocka_unit_test(test_harvest_sees_a_split_under_way),
		cmocka_unit_test(test_harvest_sees_a_coarse_grant_under_way),
		cmocka_unit_test(test_harvest_and_fault_on_one_page),
		cmocka_unit_test(test_stop_waits_for_faults_that_still_mark),
		cmocka_unit_test(test_collapse_frees_after_the_flush),
		cmocka_unit_test(test_window_tables_are_freed_after_the_flush),
	};

	return cmocka_run_group_tests_name("space_races", tests, NULL, NULL);
}
