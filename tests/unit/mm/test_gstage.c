/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables with three, four and five levels: case by case, and then at random against the
 * flat model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/model/model_gstage.h"
#include "tests/unit/mm/mm_harness.h"

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

static u64 hpa_at(u64 gpa)
{
	u32 level;
	u64 pte = mm_pte(&gs, gpa, &level);

	assert_true(gstage_pte_is_leaf(pte));
	return gstage_pte_hpa(pte).v + (gpa & (gstage_span(level) - 1U));
}

static u32 level_at(u64 gpa)
{
	u32 level;

	assert_true(gstage_pte_is_leaf(mm_pte(&gs, gpa, &level)));
	return level;
}

static void test_init(void **state)
{
	(void)state;
	begin(3, 4);
	assert_int_equal(gstage_init(&gs, gs.root_hpa, 2, 0), CLV_ERR_INVAL);
	assert_int_equal(gstage_init(&gs, gs.root_hpa, 6, 0), CLV_ERR_INVAL);
	assert_int_equal(gstage_init(&gs, HPA(gs.root_hpa.v + PAGE_SIZE), 3, 0), CLV_ERR_INVAL);
	for (u32 i = 0; i < GSTAGE_ROOT_ENTRIES; i++)
		assert_int_equal(gs.root[i], 0);
	end();
}

/*
 * Sv39x4, Sv48x4, Sv57x4 translate 41, 50 and 59 bits (privileged specification, "Guest Physical
 * Address Translation").
 */
static void test_widths(void **state)
{
	static const u32 bits[] = { 0, 0, 0, 41, 50, 59 };

	(void)state;
	for (u32 levels = 3; levels <= 5U; levels++) {
		u64 top = BIT64(bits[levels]);

		begin(levels, 16);
		assert_int_equal(gstage_limit(&gs), top);
		assert_int_equal(map(top - PAGE_SIZE, GIB(9), PAGE_SIZE, 2), 0);
		assert_int_equal(hpa_at(top - PAGE_SIZE), GIB(9));
		assert_int_equal(gs.root[2047] & GSTAGE_PTE_V, GSTAGE_PTE_V);
		assert_int_equal(map(top, 0, PAGE_SIZE, 2), CLV_ERR_RANGE);
		assert_int_equal(map(0, 0, top + PAGE_SIZE, 2), CLV_ERR_RANGE);
		assert_int_equal(pool.total - pool.free, levels - 1U);
		end();
	}
}

static void test_map_takes_the_largest_leaf(void **state)
{
	(void)state;
	for (u32 levels = 3; levels <= 5U; levels++) {
		u64 gpa = GIB(2) - MIB(2) - 0x3000;
		u64 size = 0x3000 + MIB(2) + GIB(2) + MIB(4) + 0x1000;

		begin(levels, 32);
		assert_int_equal(map(gpa, gpa + GIB(8), size, 2), 0);
		assert_int_equal(level_at(gpa), 0);
		assert_int_equal(level_at(GIB(2) - 1U), 1);
		assert_int_equal(level_at(GIB(2)), 2);
		assert_int_equal(level_at(GIB(4) - 1U), 2);
		assert_int_equal(level_at(GIB(4)), 1);
		assert_int_equal(level_at(GIB(4) + MIB(4)), 0);
		for (u64 at = gpa; at < gpa + size; at += KIB(508))
			assert_int_equal(hpa_at(at), at + GIB(8));
		assert_int_equal(mm_pte(&gs, gpa - 1U, NULL), 0);
		assert_int_equal(mm_pte(&gs, gpa + size, NULL), 0);
		end();
	}
}

static void test_map_respects_limits(void **state)
{
	(void)state;
	begin(3, 600);
	assert_int_equal(map(0, GIB(8), MIB(4), 0), 0);
	assert_int_equal(level_at(MIB(2)), 0);
	/* GPA and HPA are aligned alike to 2 MiB, but not to 1 GiB. */
	assert_int_equal(map(GIB(1), GIB(8) + MIB(2), GIB(1), 2), 0);
	assert_int_equal(level_at(GIB(1)), 1);
	/* GPA and HPA are aligned alike only to 4 KiB. */
	assert_int_equal(map(GIB(2), GIB(8) + 0x1000, MIB(8), 2), 0);
	assert_int_equal(level_at(GIB(2)), 0);
	assert_int_equal(hpa_at(GIB(2) + MIB(7)), GIB(8) + 0x1000 + MIB(7));
	end();
}

static void test_map_fails_whole(void **state)
{
	u64 free;

	(void)state;
	begin(3, 6);
	assert_int_equal(map(MIB(2), GIB(8), MIB(2), 2), 0);
	free = pool.free;
	assert_int_equal(map(0, GIB(9), GIB(1), 2), CLV_ERR_EXISTS);
	assert_int_equal(map(MIB(2) + 0x1000, GIB(9), PAGE_SIZE, 2), CLV_ERR_EXISTS);
	assert_int_equal(map(GIB(1), GIB(9), MIB(12), 0), CLV_ERR_NOMEM);
	assert_int_equal(map(GIB(1), GIB(9), 0, 2), CLV_ERR_INVAL);
	assert_int_equal(map(GIB(1), 1, PAGE_SIZE, 2), CLV_ERR_INVAL);
	assert_int_equal(map(GIB(1), BIT64(56) - PAGE_SIZE, 2U * PAGE_SIZE, 2), CLV_ERR_RANGE);
	assert_int_equal(pool.free, free);
	assert_int_equal(mm_pte(&gs, 0, NULL), 0);
	assert_int_equal(mm_pte(&gs, GIB(1), NULL), 0);
	/* Exactly as many tables as needed are enough. */
	assert_int_equal(map(GIB(1), GIB(9), MIB(8), 0), 0);
	assert_int_equal(pool.free, 0);
	/* There are no tables for this either, but more of them would not help. */
	assert_int_equal(map(GIB(1) - MIB(4), GIB(9), MIB(8), 0), CLV_ERR_EXISTS);
	assert_int_equal(mm_pte(&gs, GIB(1) - MIB(4), NULL), 0);
	end();
}

static void test_unmap_part_of_a_huge_leaf(void **state)
{
	(void)state;
	begin(3, 8);
	assert_int_equal(map(GIB(1), GIB(8), GIB(1), 2), 0);
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(GIB(1) + MIB(6) + 0x5000), MIB(2), &batch),
			 0);
	assert_int_equal(level_at(GIB(1)), 1);
	assert_int_equal(level_at(GIB(1) + MIB(6)), 0);
	assert_int_equal(hpa_at(GIB(1) + MIB(6) + 0x4000), GIB(8) + MIB(6) + 0x4000);
	assert_int_equal(mm_pte(&gs, GIB(1) + MIB(6) + 0x5000, NULL), 0);
	assert_int_equal(mm_pte(&gs, GIB(1) + MIB(8) + 0x4fff, NULL), 0);
	assert_int_equal(hpa_at(GIB(1) + MIB(8) + 0x5000), GIB(8) + MIB(8) + 0x5000);
	assert_int_equal(level_at(GIB(1) + MIB(10)), 1);
	assert_true(mm_batch_covers(&batch, GIB(1) + MIB(6) + 0x5000));
	assert_false(mm_batch_covers(&batch, GIB(1) + MIB(6) + 0x4000));
	assert_int_equal(gstage_unmap_finish(&gs, &pool, GPA(GIB(1) + MIB(6) + 0x5000), MIB(2)), 0);
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(GIB(1)), GIB(1), &batch), 0);
	assert_int_equal(gstage_unmap_finish(&gs, &pool, GPA(GIB(1)), GIB(1)), 3);
	assert_int_equal(pool.free, pool.total);
	end();
}

/*
 * M4: between unlinking and the flush a walker may stand in the table. It must not find a link of
 * the pool there.
 */
static void test_unlinked_tables_stay_intact(void **state)
{
	u64 *table;
	u64 *slot;
	u32 level;
	u64 pte;

	(void)state;
	begin(3, 8);
	assert_int_equal(map(0, GIB(8), MIB(2), 0), 0);
	slot = gstage_walk(&gs, GPA(0), &level, &pte);
	table = slot;
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(0), MIB(2), &batch), 0);
	assert_int_equal(pool.free, pool.total - 2U);
	for (u32 i = 0; i < GSTAGE_ENTRIES; i++)
		assert_int_equal(table[i] & GSTAGE_PTE_V, 0);
	assert_int_equal(gstage_unmap_finish(&gs, &pool, GPA(0), MIB(2)), 2);
	assert_int_equal(pool.free, pool.total);
	end();
}

static void test_unmap_without_tables_changes_nothing(void **state)
{
	(void)state;
	begin(3, 1);
	assert_int_equal(map(0, GIB(8), GIB(1), 2), 0);
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(0x1000), 0x1000, &batch), CLV_ERR_NOMEM);
	assert_int_equal(level_at(0x1000), 2);
	assert_true((mm_pte(&gs, 0x1000, NULL) & GSTAGE_PTE_W) != 0U);
	assert_true(flush_batch_empty(&batch));
	assert_int_equal(pool.free, 1);
	/* One table is enough for 2 MiB. */
	assert_int_equal(gstage_unmap(&gs, &pool, GPA(MIB(2)), MIB(2), &batch), 0);
	assert_int_equal(mm_pte(&gs, MIB(2), NULL) & GSTAGE_PTE_V, 0);
	assert_int_equal(level_at(MIB(4)), 1);
	end();
}

static void test_split_keeps_everything(void **state)
{
	(void)state;
	for (u32 levels = 3; levels <= 5U; levels++) {
		u64 bits = GSTAGE_PTE_LEAF | GSTAGE_PTE_R | GSTAGE_PTE_X | GSTAGE_PTE_RSW |
			   GSTAGE_PTE_PBMT;
		u32 level;
		u64 pte;
		u64 *slot;

		begin(levels, 16);
		assert_int_equal(map(GIB(3), GIB(8), GIB(1), 2), 0);
		slot = gstage_walk(&gs, GPA(GIB(3)), &level, &pte);
		/* M3: each child gets permissions, memory type and software bits. */
		*slot = gstage_pte_make(HPA(GIB(8)), bits);
		assert_int_equal(gstage_split(&gs, &pool, slot, 2, *slot, 0), GSTAGE_SPLIT_DONE);
		for (u64 i = 0; i < 512U; i++) {
			pte = mm_pte(&gs, GIB(3) + i * MIB(2), &level);
			assert_int_equal(level, 1);
			assert_int_equal(pte, gstage_pte_make(HPA(GIB(8) + i * MIB(2)), bits));
		}
		slot = gstage_walk(&gs, GPA(GIB(3) + MIB(10)), &level, &pte);
		assert_int_equal(gstage_split(&gs, &pool, slot, 1, pte, GSTAGE_PTE_X),
				 GSTAGE_SPLIT_DONE);
		for (u64 i = 0; i < 512U; i++) {
			pte = mm_pte(&gs, GIB(3) + MIB(10) + i * PAGE_SIZE, &level);
			assert_int_equal(level, 0);
			assert_int_equal(pte, gstage_pte_make(HPA(GIB(8) + MIB(10) + i * PAGE_SIZE),
							      bits & ~GSTAGE_PTE_X));
		}
		end();
	}
}

static void test_split_loser_gives_its_table_back(void **state)
{
	u32 level;
	u64 pte;
	u64 *slot;

	(void)state;
	begin(3, 2);
	assert_int_equal(map(0, GIB(8), MIB(2), 2), 0);
	slot = gstage_walk(&gs, GPA(0), &level, &pte);
	/* Somebody has taken W since we looked. */
	*slot &= ~GSTAGE_PTE_W;
	assert_int_equal(gstage_split(&gs, &pool, slot, level, pte, 0), GSTAGE_SPLIT_LOST);
	assert_int_equal(pool.free, 1);
	assert_int_equal(*slot, pte & ~GSTAGE_PTE_W);
	assert_int_equal(gstage_split(&gs, &pool, slot, level, *slot, 0), GSTAGE_SPLIT_DONE);
	assert_int_equal(gstage_split(&gs, &pool, slot, level, *slot, 0), GSTAGE_SPLIT_NO_TABLE);
	end();
}

static void test_split_range(void **state)
{
	(void)state;
	begin(3, 8);
	assert_int_equal(map(0, GIB(8), GIB(1), 2), 0);
	assert_int_equal(mm_split_range(&gs, &pool, GPA(MIB(2)), MIB(4), 0), 0);
	assert_int_equal(level_at(0), 1);
	assert_int_equal(level_at(MIB(2)), 0);
	assert_int_equal(level_at(MIB(5)), 0);
	assert_int_equal(level_at(MIB(6)), 1);
	/* The pool runs out. What was split maps as before. */
	assert_int_equal(mm_split_range(&gs, &pool, GPA(0), GIB(1), 0), CLV_ERR_NOMEM);
	for (u64 at = 0; at < GIB(1); at += MIB(1))
		assert_int_equal(hpa_at(at), GIB(8) + at);
	assert_int_equal(mm_split_range(&gs, &pool, GPA(1), PAGE_SIZE, 0), CLV_ERR_INVAL);
	assert_int_equal(mm_split_range(&gs, &pool, GPA(BIT64(41)), PAGE_SIZE, 0), CLV_ERR_RANGE);
	end();
}

static void test_collapse(void **state)
{
	struct gstage_collect collect = { .nr = 0 };
	u32 level;
	u64 pte;

	(void)state;
	begin(4, 600);
	assert_int_equal(map(GIB(5), GIB(8), GIB(1), 2), 0);
	assert_int_equal(mm_split_range(&gs, &pool, GPA(GIB(5)), GIB(1), 0), 0);
	/* A log has protected some of the children. */
	gstage_protect_run(gstage_walk(&gs, GPA(GIB(5) + MIB(2)), &level, &pte), 100);
	/* A GiB whose entries are still tables cannot become one leaf. */
	assert_false(gstage_collapse(&gs, GPA(GIB(5)), 2, GSTAGE_PTE_RWX, &collect));
	for (u64 at = 0; at < GIB(1); at += MIB(2)) {
		assert_true(gstage_collapse(&gs, GPA(GIB(5) + at), 1, GSTAGE_PTE_RWX, &collect));
		/* M4: the table is not in the pool until the caller has flushed. */
		assert_int_equal(collect.nr, 1);
		gstage_collect_free(&collect, &pool);
		assert_int_equal(level_at(GIB(5) + at), 1);
	}
	assert_false(gstage_collapse(&gs, GPA(GIB(5)), 1, GSTAGE_PTE_RWX, &collect));
	assert_true(gstage_collapse(&gs, GPA(GIB(5)), 2, GSTAGE_PTE_RWX, &collect));
	gstage_collect_free(&collect, &pool);
	pte = mm_pte(&gs, GIB(5), &level);
	assert_int_equal(level, 2);
	assert_int_equal(pte, gstage_pte_make(HPA(GIB(8)), GSTAGE_PTE_LEAF | GSTAGE_PTE_RWX));
	assert_int_equal(pool.total - pool.free, 1);
	end();
}

static void test_collapse_refuses_what_is_not_alike(void **state)
{
	struct gstage_collect collect = { .nr = 0 };
	u32 level;
	u64 pte;
	u64 *slot;

	(void)state;
	begin(3, 8);
	assert_int_equal(map(0, GIB(8), MIB(4), 0), 0);
	slot = gstage_walk(&gs, GPA(0), &level, &pte);
	for (u32 i = 0; i < 512U; i += 73U) {
		u64 was = slot[i];

		slot[i] = 0;
		assert_false(gstage_collapse(&gs, GPA(0), 1, GSTAGE_PTE_RWX, &collect));
		slot[i] = was + (UINT64_C(1) << GSTAGE_PTE_PPN_SHIFT);
		assert_false(gstage_collapse(&gs, GPA(0), 1, GSTAGE_PTE_RWX, &collect));
		slot[i] = was | GSTAGE_PTE_PBMT;
		assert_false(gstage_collapse(&gs, GPA(0), 1, GSTAGE_PTE_RWX, &collect));
		slot[i] = was;
	}
	/* The leaf would allow less than a child does. */
	assert_false(gstage_collapse(&gs, GPA(0), 1, GSTAGE_PTE_R | GSTAGE_PTE_W, &collect));
	/* The HPA is not aligned. */
	assert_int_equal(map(MIB(8), GIB(8) + 0x1000, MIB(2), 1), 0);
	assert_false(gstage_collapse(&gs, GPA(MIB(8)), 1, GSTAGE_PTE_RWX, &collect));
	/* Nothing is mapped; the level is 0; the collection is full. */
	assert_false(gstage_collapse(&gs, GPA(GIB(9)), 1, GSTAGE_PTE_RWX, &collect));
	assert_false(gstage_collapse(&gs, GPA(0), 0, GSTAGE_PTE_RWX, &collect));
	collect.nr = GSTAGE_COLLECT_MAX;
	assert_false(gstage_collapse(&gs, GPA(0), 1, GSTAGE_PTE_RWX, &collect));
	collect.nr = 0;
	assert_true(gstage_collapse(&gs, GPA(0), 1, GSTAGE_PTE_RWX, &collect));
	end();
}

static void test_iterator_visits_each_entry_once(void **state)
{
	struct gstage_iter it;
	u64 at = GIB(1) - MIB(3);
	u64 end_gpa = GIB(4);
	u64 entries = 0;

	(void)state;
	begin(5, 64);
	/* A page, a hole, 2 MiB, a GiB, and a hole up to the end. */
	assert_int_equal(map(GIB(1) - MIB(3), GIB(8), 0x1000, 2), 0);
	assert_int_equal(map(GIB(1) - MIB(2), GIB(10) - MIB(2), MIB(2) + GIB(1), 2), 0);
	gstage_iter_start(&it, &gs, GPA(at), end_gpa - at);
	while (!gstage_iter_done(&it)) {
		/* In order, and no entry is left out. */
		assert_int_equal(it.gpa, at);
		at = ALIGN_DOWN(at, gstage_span(it.level)) + gstage_span(it.level);
		entries++;
		if (it.level == 0U)
			assert_int_equal(gstage_iter_rest(&it), 512U - (it.gpa >> 12) % 512U);
		gstage_iter_skip(&it, 1);
	}
	assert_true(at >= end_gpa);
	/*
	 * 256 pages of which one is mapped, 2 MiB, a GiB, and two GiB in which nothing is mapped.
	 */
	assert_int_equal(entries, 256 + 1 + 1 + 2);
	end();
}

static void test_worst_case_is_enough_and_needed(void **state)
{
	u64 seed = 3;

	(void)state;
	for (u32 n = 0; n < 300U; n++) {
		u32 levels = 3U + n % 3U;
		u64 gpa = (mm_random(&seed) % BIT64(20)) << PAGE_SHIFT;
		u64 size = (1U + mm_random(&seed) % 5000U) << PAGE_SHIFT;
		u64 worst = gstage_worst_tables(levels, GPA(gpa), size);

		begin(levels, worst);
		assert_int_equal(gstage_map_tables(&gs, GPA(gpa), HPA(gpa), size, 0), worst);
		assert_true(gstage_map_tables(&gs, GPA(gpa), HPA(gpa), size, 2) <= worst);
		assert_int_equal(map(gpa, gpa, size, 2), 0);
		assert_int_equal(mm_split_range(&gs, &pool, GPA(gpa), size, 0), 0);
		/* M5: when everything is split to 4 KiB, the pool is exactly used up. */
		assert_int_equal(pool.free, 0);
		end();
	}
}

/* A million operations in all. */
#define MODEL_OPS 340000U

static void test_model_3_levels(void **state)
{
	(void)state;
	model_gstage_run(3, MODEL_OPS, 1);
}

static void test_model_4_levels(void **state)
{
	(void)state;
	model_gstage_run(4, MODEL_OPS, 2);
}

static void test_model_5_levels(void **state)
{
	(void)state;
	model_gstage_run(5, MODEL_OPS, 3);
}

static void test_model_at_the_top(void **state)
{
	(void)state;
	model_gstage_run(3, 20000, 4);
	model_gstage_run(5, 20000, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_map_takes_the_largest_leaf),
		cmocka_unit_test(test_map_respects_limits),
		cmocka_unit_test(test_map_fails_whole),
		cmocka_unit_test(test_unmap_part_of_a_huge_leaf),
		cmocka_unit_test(test_unlinked_tables_stay_intact),
		cmocka_unit_test(test_unmap_without_tables_changes_nothing),
		cmocka_unit_test(test_split_keeps_everything),
		cmocka_unit_test(test_split_loser_gives_its_table_back),
		cmocka_unit_test(test_split_range),
		cmocka_unit_test(test_collapse),
		cmocka_unit_test(test_collapse_refuses_what_is_not_alike),
		cmocka_unit_test(test_iterator_visits_each_entry_once),
		cmocka_unit_test(test_worst_case_is_enough_and_needed),
		cmocka_unit_test(test_model_3_levels),
		cmocka_unit_test(test_model_4_levels),
		cmocka_unit_test(test_model_5_levels),
		cmocka_unit_test(test_model_at_the_top),
	};

	return cmocka_run_group_tests_name("gstage", tests, NULL, NULL);
}
