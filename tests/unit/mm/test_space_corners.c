/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spaces in their corners: entries that nothing but a mistake elsewhere would leave so, a caller
 * that changes its bitmap while it is read, and what each flush has to cover.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "mm/rules.h"
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

static u64 *entry_at(u64 gpa)
{
	u32 level;
	u64 pte;

	return gstage_walk(&sp.gs, GPA(gpa), &level, &pte);
}

static bool dirty(u64 page)
{
	return dirty_test(&sp.region[0].log.dirty, page);
}

/* A fetch gets back what the region allows, and where that is W, the page is marked. */
static void test_a_fetch_gets_x_back(void **state)
{
	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	*entry_at(BASE) &= ~GSTAGE_PTE_X;
	assert_int_equal(space_fault(&sp, GPA(BASE), ACCESS_EXEC, &cnt), FAULT_GRANTED);
	assert_true((*entry_at(BASE) & GSTAGE_PTE_X) != 0U);
	assert_true((*entry_at(BASE) & GSTAGE_PTE_W) == 0U || dirty(0));
	end();
}

/* An entry without V stays as it is: with W it would be a reserved encoding. */
static void test_an_invalid_entry_is_not_granted(void **state)
{
	u64 *slot;
	u64 was;

	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	slot = entry_at(BASE);
	was = *slot;
	*slot = 0;
	assert_int_equal(space_fault(&sp, GPA(BASE), ACCESS_WRITE, &cnt), FAULT_SPURIOUS);
	assert_int_equal(*slot, 0);
	*slot = was;
	end();
}

static u64 bitmap[512];

static void action_ask_for_more(void)
{
	bitmap[0] = 3;
}

/* The caller's guest may change its bitmap at any moment: what was read first is what counts. */
static void test_a_bitmap_is_read_once(void **state)
{
	(void)state;
	/* The words of its bitmap fill a page of memory, so that the summary is not in it. */
	begin(MIB(128));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	(void)space_fault(&sp, GPA(BASE), ACCESS_WRITE, &cnt);
	(void)space_fault(&sp, GPA(BASE + PAGE_SIZE), ACCESS_WRITE, &cnt);
	memset(bitmap, 0, sizeof(bitmap));
	bitmap[0] = 1;
	mm_trap_set_read(sp.region[0].log.dirty.bits, action_ask_for_more);
	assert_int_equal(space_log_clear(&sp, 0, 0, 512, bitmap), 512);
	mm_trap_end();
	assert_false(dirty(0));
	assert_true(dirty(1));
	end();
}

static void action_restore(void)
{
	*entry_at(BASE) |= GSTAGE_PTE_W;
}

/* A fault that has seen no log gives W back while the leaf is split: it is split once more. */
static void test_a_lost_split_is_made_again(void **state)
{
	(void)state;
	begin(MIB(2));
	*entry_at(BASE) &= ~GSTAGE_PTE_W;
	mm_trap_set(entry_at(BASE), action_restore);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	mm_trap_end();
	assert_int_equal(space_leaf_level(&sp, GPA(BASE)), 0);
	for (u64 page = 0; page < 512U; page++)
		assert_int_equal(*entry_at(BASE + (page << PAGE_SHIFT)) & GSTAGE_PTE_W, 0);
	end();
}

/* Two regions lie side by side, here and in the machine. A collapse puts no leaf over both. */
static void test_a_collapse_stays_in_its_region(void **state)
{
	u64 first = BASE + MIB(3);

	(void)state;
	begin(MIB(3));
	assert_int_equal(mm_add_memory(&sp, GPA(first), HPA(MM_HPA_BASE + GIB(1) + MIB(3)), MIB(3)),
			 1);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	(void)mm_log_start(&sp, 1, CLEAVE_LOG_EAGER, true);
	(void)mm_log_stop(&sp, 1, true);
	assert_int_equal(space_leaf_level(&sp, GPA(first)), 0);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE + MIB(4))), 1);
	for (u64 gpa = BASE; gpa < first; gpa += PAGE_SIZE)
		assert_int_equal(*entry_at(gpa) & GSTAGE_PTE_W, 0);
	(void)mm_log_stop(&sp, 0, true);
	assert_int_equal(space_leaf_level(&sp, GPA(first)), 0);
	end();
}

static u64 bits_of_all[8];
static u64 taken_before;

static void action_harvest(void)
{
	assert_int_equal(space_log_harvest(&sp, 0, 0, 512, bits_of_all, &taken_before), 512);
}

static void write_while_harvested(int (*put)(struct space *sp, gpa_t gpa, u64 len))
{
	u8 *page = (u8 *)(MM_HPA_BASE + GIB(1) + 5U * PAGE_SIZE + sp.cfg.hpa_to_va);

	taken_before = 0;
	mm_trap_set(page, action_harvest);
	assert_int_equal(put(&sp, GPA(BASE + 5U * PAGE_SIZE), 16), 0);
	mm_trap_end();
	/* It was dirty before its first byte changed, and is for what came after the harvest. */
	assert_int_equal(taken_before, 1);
	assert_int_equal(bits_of_all[0], BIT64(5));
	assert_true(dirty(5));
}

static int put_write(struct space *s, gpa_t gpa, u64 len)
{
	static const u8 bytes[16] = { 1 };

	return space_write(s, gpa, bytes, len);
}

/* M8: a harvest while the hypervisor writes takes the page, and the next one has it again. */
static void test_the_door_marks_before_and_after(void **state)
{
	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	write_while_harvested(put_write);
	(void)space_log_harvest(&sp, 0, 0, 512, bits_of_all, &taken_before);
	write_while_harvested(space_wipe);
	end();
}

/* A huge leaf that was granted whole is dirty in all its pages, to who only looks, too. */
static void test_a_look_sees_a_whole_leaf(void **state)
{
	struct table_chain chain;
	u64 bits[8];

	(void)state;
	begin(MIB(2));
	sp.cfg.pool_tables = 1;
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	assert_int_equal(table_pool_reserve(&sp.pool, sp.pool.free, &chain), 0);
	assert_int_equal(space_fault(&sp, GPA(BASE), ACCESS_WRITE, &cnt), FAULT_GRANTED);
	assert_int_equal(cnt.coarse_grants, 1);
	for (u32 turn = 0; turn < 2U; turn++) {
		assert_int_equal(space_log_get(&sp, 0, 0, 512, bits), 512);
		for (u32 i = 0; i < 8U; i++)
			assert_int_equal(bits[i], ~UINT64_C(0));
	}
	table_pool_unreserve(&sp.pool, &chain);
	end();
}

/* The bitmap of a large region is zeroed in steps, and all of it, whatever was in its frames. */
static void test_a_large_bitmap_begins_clean(void **state)
{
	struct space_config cfg;
	u64 pages = GIB(9) >> PAGE_SHIFT;

	(void)state;
	mm_machine_init(&m, GIB(9), MIB(32));
	memset(m.memory + GIB(9), 0xff, MIB(32));
	memset(&sp, 0, sizeof(sp));
	cfg = mm_config(&m, 3);
	assert_int_equal(space_init(&sp, &m.frames, &cfg, GIB(9)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(0), HPA(MM_HPA_BASE), GIB(9)), 0);
	for (u64 page = 0; page < pages; page += 64U)
		assert_int_equal(sp.region[0].log.dirty.bits[page / 64U], 0);
	assert_int_equal(dirty_clean_spans(&sp.region[0].log.dirty, 0, pages / 512U), pages / 512U);
	assert_false(dirty(pages - 1U));
	end();
}

static struct flush_batch flushed;

static void keep_flush(struct space *s, const struct flush_batch *b)
{
	(void)s;
	flushed = *b;
}

/* Every page whose bit was taken is in the flush, whichever pages of its words were. */
static void test_a_harvest_flushes_what_it_took(void **state)
{
	u64 seed = 5;

	(void)state;
	begin(MIB(4));
	mm_flush_hook = keep_flush;
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	for (u32 round = 0; round < 300U; round++) {
		u64 bits[16];
		u64 taken;
		u32 nr = 1U + round % 5U;

		for (u32 n = 0; n < nr; n++) {
			u64 page = mm_random(&seed) % 1024U;

			/* Often the first and the last page of a word. */
			if (round % 3U == 0U)
				page |= n % 2U == 0U ? 63U : 0U;
			if (round % 3U == 1U)
				page &= ~UINT64_C(63);
			(void)space_fault(&sp, GPA(BASE + (page << PAGE_SHIFT)), ACCESS_WRITE,
					  &cnt);
		}
		assert_int_equal(space_log_harvest(&sp, 0, 0, 1024, bits, &taken), 1024);
		for (u64 page = 0; page < 1024U; page++) {
			if ((bits[page / 64U] & BIT64(page % 64U)) != 0U)
				assert_true(mm_batch_covers(&flushed, BASE + (page << PAGE_SHIFT)));
		}
	}
	end();
}

/* A leaf loses W as a whole, so it is flushed as a whole, however little of it was taken. */
static void test_a_huge_leaf_is_flushed_whole(void **state)
{
	u64 bits[1] = { BIT64(5) };
	u32 level;

	(void)state;
	begin(GIB(1));
	mm_flush_hook = keep_flush;
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, false);
	assert_int_equal(space_log_clear(&sp, 0, 0, 64, bits), 64);
	assert_int_equal(mm_pte(&sp.gs, BASE + GIB(1) - PAGE_SIZE, &level) & GSTAGE_PTE_W, 0);
	assert_int_equal(level, 2);
	assert_true(mm_batch_covers(&flushed, BASE));
	assert_true(mm_batch_covers(&flushed, BASE + MIB(2)));
	assert_true(mm_batch_covers(&flushed, BASE + GIB(1) - PAGE_SIZE));
	end();
}

/* One more free page in each round: what was taken before something lacked is given back (M5). */
static void test_short_of_memory(void **state)
{
	u32 no_space = 0, no_bitmap = 0, made = 0;

	(void)state;
	for (u64 pages = 1; made == 0U; pages++) {
		struct space_config cfg;
		u64 free;

		assert_true(pages < 4096U);
		mm_machine_init(&m, MIB(64), pages * PAGE_SIZE);
		memset(&sp, 0, sizeof(sp));
		cfg = mm_config(&m, 3);
		free = m.frames.free;
		if (space_init(&sp, &m.frames, &cfg, MIB(4)) != CLV_OK) {
			no_space++;
			assert_int_equal(m.frames.free, free);
			mm_machine_end(&m);
			continue;
		}
		if (mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(4)) == CLV_OK) {
			made++;
		} else {
			/* What the pool has got is the space's until that is destroyed. */
			no_bitmap++;
			assert_int_equal(sp.nr_regions, 0);
			assert_int_equal(space_fault(&sp, GPA(BASE), ACCESS_READ, &cnt),
					 FAULT_NOTHING);
		}
		mm_end(&m, &sp);
	}
	assert_true(no_space > 1U && no_bitmap > 0U);
}

/* Nothing needs no table, and neither does an edge where the tables' reach ends. */
static void test_no_tables_for_nothing(void **state)
{
	u64 top;

	(void)state;
	begin(MIB(2));
	top = gstage_limit(&sp.gs);
	assert_int_equal(gstage_map_tables(&sp.gs, GPA(BASE), HPA(MM_HPA_BASE), 0, 2), 0);
	assert_int_equal(mm_protect(&sp.gs, &sp.pool, GPA(top - GIB(1)), GIB(1), GSTAGE_PTE_W, 0,
				    &(struct flush_batch){ .nr = 0 }),
			 0);
	assert_int_equal(gstage_unmap(&sp.gs, &sp.pool, GPA(top - GIB(1)), GIB(1),
				      &(struct flush_batch){ .nr = 0 }),
			 0);
	end();
}

static u32 said;

void printk(const char *fmt, ...)
{
	(void)fmt;
	said++;
}

/* A guest that finds a way to break a rule must not be able to flood the console. */
static void test_a_broken_rule_is_counted_and_said(void **state)
{
	u64 broken = 0;

	(void)state;
	said = 0;
	rules_check(&broken, "M1", true, __func__);
	assert_int_equal(broken, 0);
	assert_int_equal(said, 0);
	for (u32 i = 0; i < 20U; i++)
		rules_check(&broken, "M1", false, __func__);
	assert_int_equal(broken, 20);
	assert_int_equal(said, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fetch_gets_x_back),
		cmocka_unit_test(test_an_invalid_entry_is_not_granted),
		cmocka_unit_test(test_a_bitmap_is_read_once),
		cmocka_unit_test(test_a_lost_split_is_made_again),
		cmocka_unit_test(test_a_collapse_stays_in_its_region),
		cmocka_unit_test(test_the_door_marks_before_and_after),
		cmocka_unit_test(test_a_look_sees_a_whole_leaf),
		cmocka_unit_test(test_a_large_bitmap_begins_clean),
		cmocka_unit_test(test_a_harvest_flushes_what_it_took),
		cmocka_unit_test(test_a_huge_leaf_is_flushed_whole),
		cmocka_unit_test(test_short_of_memory),
		cmocka_unit_test(test_no_tables_for_nothing),
		cmocka_unit_test(test_a_broken_rule_is_counted_and_said),
	};

	return cmocka_run_group_tests_name("space_corners", tests, NULL, NULL);
}
