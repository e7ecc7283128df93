/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is mapped in steps (M6): how much a step may do, what can be reached in between, and
 * that the result is that of one call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

#define BASE  GIB(2)
#define LIMIT 64U /* leaves in a step */

static struct mm_machine m;
static struct space sp;
static struct space whole;
static struct space_config cfg;

static void begin(u8 levels, u8 largest, u64 size)
{
	mm_machine_init(&m, GIB(4), MIB(64));
	memset(&sp, 0, sizeof(sp));
	memset(&whole, 0, sizeof(whole));
	cfg = mm_config(&m, levels);
	cfg.largest_level = largest;
	assert_int_equal(space_init(&whole, &m.frames, &cfg, size), 0);
	cfg.step_pages = LIMIT;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, size), 0);
}

static void end(void)
{
	mm_destroy(&whole);
	mm_end(&m, &sp);
}

/* Return: number of leaves that are mapped in [base, base + size). */
static u64 mapped(u64 base, u64 size)
{
	struct gstage_iter it;
	u64 leaves = 0;

	gstage_iter_start(&it, &sp.gs, GPA(base), size);
	for (; !gstage_iter_done(&it); gstage_iter_skip(&it, 1))
		leaves += gstage_pte_is_leaf(it.pte) ? 1U : 0U;
	return leaves;
}

static void same_leaves(u64 base, u64 size)
{
	for (u64 at = base; at < base + size; at += PAGE_SIZE) {
		u32 level;
		u32 other;

		assert_int_equal(mm_pte(&sp.gs, at, &level), mm_pte(&whole.gs, at, &other));
		assert_int_equal(level, other);
	}
}

/*
 * Mapping in steps makes the same leaves and tables as mapping at once, and no step maps more than
 * it may.
 */
static void in_steps(u8 levels, u8 largest, u64 base, u64 hpa, u64 size)
{
	u64 before = 0;
	u64 leaves[3];
	u64 all;
	bool more = true;

	begin(levels, largest, size);
	assert_int_equal(mm_add_memory(&whole, GPA(base), HPA(hpa), size), 0);
	mm_leaves(&whole, 0, leaves);
	all = leaves[0] + leaves[1] + leaves[2];
	assert_int_equal(space_begin_memory(&sp, GPA(base), HPA(hpa), size), 0);
	assert_int_equal(mapped(base, size), 0);
	while (more) {
		u64 now;

		more = space_memory_step(&sp);
		now = mapped(base, size);
		/* The bitmap of more than 4 GiB takes steps of its own, before anything else. */
		assert_true(now > before || (now == 0U && size > GIB(4)));
		assert_true(now - before <= LIMIT);
		assert_int_equal(more, now < all);
		before = now;
	}
	same_leaves(base, size);
	assert_int_equal(sp.pool.free, whole.pool.free);
	assert_false(space_memory_step(&sp));
	assert_int_equal(space_log_status(&sp, 0, &(struct space_log_status){ 0 }), 0);
	end();
}

static void test_same_in_steps(void **state)
{
	(void)state;
	for (u8 levels = 3; levels <= 5; levels++) {
		in_steps(levels, 0, BASE, MM_HPA_BASE, MIB(9));
		in_steps(levels, 2, BASE, MM_HPA_BASE, MIB(300));
	}
	/* Ends that are not aligned, around huge leaves, and HPAs of another alignment. */
	in_steps(3, 2, BASE - MIB(2) + 0x5000, MM_HPA_BASE + MIB(2) + 0x5000, GIB(1) + MIB(5));
	in_steps(3, 2, BASE + 0x1000, MM_HPA_BASE, MIB(3));
	in_steps(3, 0, BASE + 0x7000, MM_HPA_BASE, LIMIT * PAGE_SIZE);
	in_steps(3, 0, BASE + 0x7000, MM_HPA_BASE, PAGE_SIZE);
	in_steps(3, 2, BASE, MM_HPA_BASE, GIB(13));
}

/* Until the last step nobody can reach the memory, but its place is taken. */
static void test_not_there_yet(void **state)
{
	struct space_log_status status;
	u64 leaves[3] = { 0 };
	u64 cursor = 0;

	(void)state;
	begin(3, 0, MIB(8));
	assert_int_equal(space_begin_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(4)), 0);
	assert_true(space_memory_step(&sp));
	assert_null(mm_span(&sp, BASE, 8).at);
	assert_int_equal(space_wipe(&sp, GPA(BASE), 8), CLV_ERR_RANGE);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE)), CLV_ERR_RANGE);
	assert_int_equal(space_log_status(&sp, 0, &status), CLV_ERR_NOTFOUND);
	assert_int_equal(space_leaves(&sp, 0, leaves, &cursor), CLV_ERR_NOTFOUND);
	assert_int_equal(space_add_window(&whole, GPA(BASE), &sp, GPA(BASE), PAGE_SIZE, false),
			 CLV_ERR_RANGE);
	assert_int_equal(space_begin_memory(&sp, GPA(BASE + MIB(2)), HPA(MM_HPA_BASE), MIB(2)),
			 CLV_ERR_EXISTS);
	assert_int_equal(space_begin_memory(&sp, GPA(BASE + MIB(4)), HPA(MM_HPA_BASE), MIB(2)),
			 CLV_ERR_STATE);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + MIB(4)), HPA(MM_HPA_BASE), MIB(2)),
			 CLV_ERR_STATE);
	while (space_memory_step(&sp))
		;
	assert_non_null(mm_span(&sp, BASE, 8).at);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + MIB(4)), HPA(MM_HPA_BASE), MIB(2)), 1);
	end();
}

/* It is given up half-way. Everything goes back, as end() checks. */
static void test_given_up(void **state)
{
	(void)state;
	begin(4, 0, MIB(8));
	assert_int_equal(space_begin_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(8)), 0);
	assert_true(space_memory_step(&sp));
	end();
}

/*
 * M5: what cannot be mapped whole is refused before anything is mapped. Something smaller can be
 * mapped then.
 */
static void test_too_few_tables(void **state)
{
	u64 free;

	(void)state;
	begin(3, 0, MIB(8));
	mm_destroy(&sp);
	cfg.pool_tables = 4;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(8)), 0);
	free = sp.pool.free;
	assert_int_equal(space_begin_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(8)),
			 CLV_ERR_NOMEM);
	assert_int_equal(sp.pool.free, free);
	assert_int_equal(mapped(BASE, MIB(8)), 0);
	assert_false(space_memory_step(&sp));
	assert_int_equal(space_begin_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(6)), 0);
	while (space_memory_step(&sp))
		;
	assert_int_equal(mapped(BASE, MIB(6)), 3 * 512);
	end();
}

/* No call about a log does more than a step, however large its region is. */
static void test_calls_of_a_log_are_bounded(void **state)
{
	const u64 size = GIB(16);
	const u64 pages = size >> PAGE_SHIFT;
	u64 *bitmap = calloc(pages / 64U, sizeof(u64));
	struct space_log_status status;
	u64 leaves[3] = { 0 };
	u64 cursor = 0;
	u64 calls = 0;
	s64 n;

	(void)state;
	mm_machine_init(&m, size, MIB(48));
	memset(&sp, 0, sizeof(sp));
	cfg = mm_config(&m, 3);
	cfg.step_pages = LIMIT;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, size), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), size), 0);
	/* Setting a span is a unit. A log that begins has no dirty pages to tell of. */
	do {
		u64 before = cursor;

		assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, false, &cursor),
				 0);
		assert_true(cursor == 0U || cursor - before <= LIMIT * DIRTY_SPAN_WORDS);
		assert_int_equal(space_log_status(&sp, 0, &status), 0);
		assert_int_equal(status.dirty, cursor == 0U ? pages : 0U);
		calls++;
	} while (cursor != 0U);
	assert_true(calls >= pages / DIRTY_SPAN_PAGES / LIMIT);
	/* A look copies the words of a span at eight units. */
	n = space_log_get(&sp, 0, 0, pages, bitmap);
	assert_true(n > 0 && (u64)n <= LIMIT / DIRTY_SPAN_WORDS * DIRTY_SPAN_PAGES);
	/* Nothing is dirty: a stop passes over so many spans a unit, and not over all of them. */
	for (u64 first = 0; first < pages; first += (u64)n)
		n = space_log_clear(&sp, 0, first, pages - first, memset(bitmap, 0xff, pages / 8U));
	cursor = 0;
	assert_int_equal(space_log_stop(&sp, 0, false, &cursor), 0);
	assert_true(cursor != 0U && cursor <= (LIMIT + 1U) * 64U);
	while (cursor != 0U)
		assert_int_equal(space_log_stop(&sp, 0, false, &cursor), 0);
	/* Counting leaves: a run of them is eight units. */
	assert_true(mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true) > 0U);
	assert_int_equal(space_leaves(&sp, 0, leaves, &cursor), 0);
	assert_true(cursor != 0U && cursor <= LIMIT / 8U * MIB(2));
	free(bitmap);
	mm_end(&m, &sp);
}

/* A split writes 512 entries: a step that is as small as this one makes one of them. */
static void test_a_step_of_a_clear_splits_once(void **state)
{
	u64 bitmap[MIB(64) / PAGE_SIZE / 64U];
	u64 splits;

	(void)state;
	begin(3, 1, MIB(64));
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(64)), 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, true);
	memset(bitmap, 0, sizeof(bitmap));
	for (u64 span = 0; span < MIB(64) / MIB(2); span++)
		bitmap[span * DIRTY_SPAN_WORDS] = 1;
	splits = sp.stats.eager_splits;
	assert_int_equal(space_log_clear(&sp, 0, 0, MIB(64) / PAGE_SIZE, bitmap), DIRTY_WORD_PAGES);
	assert_int_equal(sp.stats.eager_splits - splits, 1);
	end();
}

/* A mode that does not say so splits where a guest writes, whatever else is asked for. */
static void test_only_some_modes_are_eager(void **state)
{
	static const u32 mode[] = { CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER, CLEAVE_LOG_INITIALLY_SET };
	struct space_log_status status;

	(void)state;
	begin(3, 2, MIB(8));
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(8)), 0);
	for (u32 i = 0; i < 6U; i++) {
		bool asked = i % 2U == 1U;
		u64 cursor = 0;

		(void)mm_log_start(&sp, 0, mode[i / 2U], asked);
		assert_int_equal(space_log_status(&sp, 0, &status), 0);
		assert_int_equal(status.eager, i / 2U == 1U || (i / 2U == 2U && asked));
		do {
			assert_int_equal(space_log_stop(&sp, 0, true, &cursor), 0);
		} while (cursor != 0U);
		assert_int_equal(space_log_status(&sp, 0, &status), 0);
		assert_false(status.eager);
		assert_int_equal(status.dirty, 0);
	}
	end();
}

/* A call of a start or a stop with a cursor that nobody was given changes nothing. */
static void test_cursors_that_somebody_made_up(void **state)
{
	const u64 wrong[] = { 1, BIT64(63), BIT64(63) | MIB(8), BIT64(63) | MIB(64), UINT64_MAX };
	u64 cursor = 0;
	u64 other;

	(void)state;
	begin(3, 1, MIB(64));
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(64)), 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	do {
		assert_int_equal(space_log_stop(&sp, 0, true, &cursor), 0);
		for (u64 i = 0; i < ARRAY_SIZE(wrong) && cursor != 0U; i++) {
			other = cursor ^ wrong[i];
			if (other == 0U) /* a stop that begins anew */
				continue;
			assert_int_equal(space_log_stop(&sp, 0, true, &other), CLV_ERR_STATE);
			assert_int_equal(other, cursor ^ wrong[i]);
			assert_int_equal(sp.region[0].log.cursor, cursor);
		}
	} while (cursor != 0U);
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_EAGER, true, &cursor), 0);
	for (u64 i = 0; i < ARRAY_SIZE(wrong); i++) {
		other = cursor ^ wrong[i];
		assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_EAGER, true, &other),
				 CLV_ERR_STATE);
		assert_int_equal(sp.region[0].log.cursor, cursor);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_in_steps),
		cmocka_unit_test(test_not_there_yet),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_too_few_tables),
		cmocka_unit_test(test_calls_of_a_log_are_bounded),
		cmocka_unit_test(test_a_step_of_a_clear_splits_once),
		cmocka_unit_test(test_only_some_modes_are_eager),
		cmocka_unit_test(test_cursors_that_somebody_made_up),
	};

	return cmocka_run_group_tests_name("space_steps", tests, NULL, NULL);
}
