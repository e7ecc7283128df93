/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables at their edges: arguments that are one too far, tables of which something is left
 * from before, entries that change while they are looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "mm/gstage_internal.h"
#include "tests/unit/mm/mm_harness.h"
#include "tests/unit/mm/mm_trap.h"

static struct mm_machine m;
static struct gstage gs;
static struct table_pool pool;
static struct flush_batch batch;

static void begin(u32 levels, u64 tables)
{
	mm_tables_begin(&m, &gs, &pool, levels, tables);
	flush_batch_init(&batch);
}

static void end(void)
{
	mm_tables_end(&m, &gs, &pool);
}

static int map(u64 gpa, u64 hpa, u64 size, u32 largest)
{
	return gstage_map(&gs, &pool, GPA(gpa), HPA(hpa), size, GSTAGE_PTE_RWX, largest);
}

static u64 *entry(u64 gpa, u32 *level)
{
	u64 pte;

	return gstage_walk(&gs, GPA(gpa), level, &pte);
}

/* Numbers, not macros: a leaf of 2 GiB, a pointer to 2 GiB, and both without V. */
static void test_what_is_a_leaf_and_what_a_table(void **state)
{
	(void)state;
	assert_true(gstage_pte_is_leaf(0x200000d3) && !gstage_pte_is_table(0x200000d3));
	assert_true(gstage_pte_is_leaf(0x200000df) && !gstage_pte_is_table(0x200000df));
	assert_true(!gstage_pte_is_leaf(0x20000001) && gstage_pte_is_table(0x20000001));
	assert_true(!gstage_pte_is_leaf(0x200000de) && !gstage_pte_is_table(0x200000de));
	assert_true(!gstage_pte_is_leaf(0x20000000) && !gstage_pte_is_table(0x20000000));
	/* Memory type and N are above the address. */
	assert_int_equal(gstage_pte_hpa(UINT64_C(0xe0000000200000df)).v, 0x80000000);
}

static void test_leaves_end_at_a_pointer(void **state)
{
	struct gstage_iter it;

	(void)state;
	begin(3, 8);
	assert_int_equal(map(0, GIB(8), MIB(8), 1), 0);
	assert_int_equal(mm_split_range(&gs, &pool, GPA(MIB(4)), MIB(2), 0), 0);
	gstage_iter_start(&it, &gs, GPA(0), MIB(8));
	assert_int_equal(gstage_iter_leaves(&it, 512), 2);
	gstage_iter_skip(&it, 2);
	assert_int_equal(it.level, 0);
	assert_int_equal(gstage_iter_leaves(&it, 1000), 512);
	end();
}

/* A walk that begins inside a leaf visits the leaf after it as well, from its first byte. */
static void test_a_walk_may_begin_inside_a_leaf(void **state)
{
	struct gstage_iter it;

	(void)state;
	begin(3, 8);
	assert_int_equal(map(0, GIB(8), MIB(8), 1), 0);
	gstage_iter_start(&it, &gs, GPA(MIB(1)), MIB(1) + PAGE_SIZE);
	assert_int_equal(gstage_iter_rest(&it), 2);
	gstage_iter_skip(&it, 1);
	assert_false(gstage_iter_done(&it));
	assert_int_equal(it.gpa, MIB(2));
	assert_ptr_equal(it.slot, entry(MIB(2), &(u32){ 0 }));
	gstage_iter_skip(&it, 1);
	assert_true(gstage_iter_done(&it));
	end();
}

static void test_a_range_may_not_pass_the_limit(void **state)
{
	(void)state;
	for (u32 levels = 3; levels <= 5U; levels++) {
		u64 last;

		begin(levels, 16);
		last = gstage_limit(&gs) - PAGE_SIZE;
		assert_int_equal(map(last, 0, 2U * PAGE_SIZE, 2), CLV_ERR_RANGE);
		assert_int_equal(gstage_unmap(&gs, &pool, GPA(last), 2U * PAGE_SIZE, &batch),
				 CLV_ERR_RANGE);
		assert_int_equal(gs.root[GSTAGE_ROOT_ENTRIES - 1U], 0);
		assert_int_equal(pool.free, pool.total);
		end();
	}
}

/* W without R is a reserved encoding; a guest may always read; there are no other permissions. */
static void test_permissions_that_are_none(void **state)
{
	static const u64 bad[] = { 0,
				   GSTAGE_PTE_W,
				   GSTAGE_PTE_X,
				   GSTAGE_PTE_W | GSTAGE_PTE_X,
				   GSTAGE_PTE_R | GSTAGE_PTE_G,
				   GSTAGE_PTE_R | GSTAGE_PTE_N };

	(void)state;
	begin(3, 4);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(gstage_map(&gs, &pool, GPA(0), HPA(0), PAGE_SIZE, bad[i], 2),
				 CLV_ERR_INVAL);
	assert_int_equal(gs.root[0], 0);
	end();
}

/* Nothing of what the frames held before is an entry. */
static void test_new_tables_are_empty(void **state)
{
	u32 level;
	u64 *table;

	(void)state;
	begin(4, 8);
	for (u32 i = 0; i < GSTAGE_ROOT_ENTRIES; i++)
		assert_int_equal(gs.root[i], 0);
	assert_int_equal(map(0, GIB(8), PAGE_SIZE, 0), 0);
	table = entry(0, &level);
	assert_int_equal(level, 0);
	for (u32 i = 1; i < GSTAGE_ENTRIES; i++)
		assert_int_equal(table[i], 0);
	for (level = 1; level < 3U; level++) {
		table = gstage_entry(&gs, 0, level);
		for (u32 i = 1; i < GSTAGE_ENTRIES; i++)
			assert_int_equal(table[i], 0);
	}
	end();
}

/* Tables that were reserved, and were there already, are in the pool again. */
static void test_a_mapping_keeps_no_spare_tables(void **state)
{
	u64 free;

	(void)state;
	begin(3, 8);
	assert_int_equal(map(0, GIB(8), PAGE_SIZE, 0), 0);
	free = pool.free;
	assert_int_equal(map(PAGE_SIZE, GIB(8) + PAGE_SIZE, PAGE_SIZE, 0), 0);
	assert_int_equal(pool.free, free);
	assert_int_equal(map(MIB(2), GIB(8), MIB(2), 1), 0);
	assert_int_equal(pool.free, free);
	end();
}

/* The leaves that are announced are those that are made. */
static void test_leaves_are_counted_beforehand(void **state)
{
	u64 seed = 11;

	(void)state;
	for (u32 n = 0; n < 400U; n++) {
		u64 gpa = (mm_random(&seed) % 1100U) << PAGE_SHIFT;
		u64 size = (1U + mm_random(&seed) % 1700U) << PAGE_SHIFT;
		u64 shift = (n % 3U == 0U ? 0U : n % 3U == 1U ? MIB(2) : PAGE_SIZE);
		u64 said;
		u64 made = 0;
		struct gstage_iter it;

		if (n % 4U == 0U)
			size = MIB(2) - gpa % MIB(2) + MIB(2); /* ends with a huge leaf */
		begin(3, 16);
		said = gstage_map_leaves(&gs, GPA(gpa), HPA(GIB(8) + gpa + shift), size, 2);
		assert_int_equal(map(gpa, GIB(8) + gpa + shift, size, 2), 0);
		gstage_iter_start(&it, &gs, GPA(gpa), size);
		for (; !gstage_iter_done(&it); gstage_iter_skip(&it, 1))
			made++;
		assert_int_equal(said, made);
		end();
	}
}

/* A fence of a range does not reach the pointer to a table: who unlinks one asks for all. */
static void test_unlinking_a_table_fences_all(void **state)
{
	u32 level;

	(void)state;
	begin(3, 8);
	assert_int_equal(map(0, GIB(8), MIB(2), 0), 0);
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(0), MIB(2) - PAGE_SIZE, &batch), 0);
	assert_false(batch.all);
	flush_batch_init(&batch);
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(MIB(2) - PAGE_SIZE), PAGE_SIZE, &batch), 0);
	assert_true(batch.all);
	/* To a walk, what was unlinked is not there. */
	assert_int_equal(*entry(0, &level) & GSTAGE_PTE_V, 0);
	assert_int_equal(level, 2);
	assert_int_equal(gstage_unmap_finish(&gs, &pool, GPA(0), MIB(2)), 2);
	assert_int_equal(gstage_unmap_finish(&gs, &pool, GPA(0), MIB(2)), 0);
	assert_int_equal(pool.free, pool.total);
	end();
}

static u64 split_gpa;

/* What a fault does that finds a leaf without W. */
static void action_split(void)
{
	u32 level;
	u64 *slot = entry(split_gpa, &level);

	MUST(gstage_split(&gs, &pool, slot, level, *slot, 0) == GSTAGE_SPLIT_DONE);
}

static void begin_protected(void)
{
	u32 level;

	begin(3, 8);
	assert_int_equal(map(0, GIB(8), MIB(4), 1), 0);
	gstage_protect_run(entry(0, &level), 2);
}

static void unmap_and_count(u64 gpa, u64 size, u64 freed)
{
	mm_trap_set(entry(gpa, &(u32){ 0 }), action_split);
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(gpa), size, &batch), 0);
	mm_trap_end();
	assert_int_equal(gstage_unmap_finish(&gs, &pool, GPA(gpa), size), freed);
	assert_int_equal(mm_pte(&gs, gpa, NULL) & GSTAGE_PTE_V, 0);
}

/* A fault splits the leaf that an unmap is about to take: its table is unlinked and freed, too. */
static void test_a_leaf_is_split_while_it_is_unmapped(void **state)
{
	(void)state;
	begin_protected();
	split_gpa = MIB(2);
	unmap_and_count(MIB(2), MIB(2), 1);
	assert_int_equal(pool.total - pool.free, 1);
	end();
}

/* A fault is faster to split the leaf that an unmap is cutting: the spare table goes back. */
static void test_a_leaf_is_split_while_it_is_cut(void **state)
{
	(void)state;
	begin_protected();
	split_gpa = MIB(2);
	unmap_and_count(MIB(3), MIB(1), 0);
	assert_int_equal(pool.total - pool.free, 2);
	assert_int_equal(mm_pte(&gs, MIB(3) - 1U, NULL), 0x800bfcdb);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_leaf_and_what_a_table),
		cmocka_unit_test(test_leaves_end_at_a_pointer),
		cmocka_unit_test(test_a_walk_may_begin_inside_a_leaf),
		cmocka_unit_test(test_a_range_may_not_pass_the_limit),
		cmocka_unit_test(test_permissions_that_are_none),
		cmocka_unit_test(test_new_tables_are_empty),
		cmocka_unit_test(test_a_mapping_keeps_no_spare_tables),
		cmocka_unit_test(test_leaves_are_counted_beforehand),
		cmocka_unit_test(test_unlinking_a_table_fences_all),
		cmocka_unit_test(test_a_leaf_is_split_while_it_is_unmapped),
		cmocka_unit_test(test_a_leaf_is_split_while_it_is_cut),
	};

	return cmocka_run_group_tests_name("gstage_edges", tests, NULL, NULL);
}
