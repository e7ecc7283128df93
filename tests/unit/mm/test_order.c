/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In which order the memory layer does what other harts see, and with which barriers between
 * (tests/unit/order.h). `flush` in a list is flush_remote().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/order.h"

#include "mm/gstage_map.c"
#include "mm/gstage_protect.c"
#include "mm/gstage_split.c"
#include "mm/space.c"
#include "mm/space_access.c"
#include "mm/space_fault.c"
#include "mm/space_harvest.c"
#include "mm/space_log.c"
#include "mm/dirty.c"
#include "mm/table_pool.c"
#include "tests/unit/mm/mm_harness.h"

#define BASE GIB(2)

static struct mm_machine m;
static struct space sp;
static struct space_counters cnt;

static void note_flush(struct space *s, const struct flush_batch *b)
{
	(void)s;
	(void)b;
	order_say("flush", "");
}

/* --- a space ---------------------------------------------------------------------------------- */

static struct space_config cfg;

static void begin(u64 size)
{
	order_nr = 0;
	mm_machine_init(&m, GIB(3), MIB(32));
	mm_flush_hook = note_flush;
	memset(&sp, 0, sizeof(sp));
	memset(&cnt, 0, sizeof(cnt));
	cfg = mm_config(&m, 3);
	cfg.window_size = MIB(2);
	assert_int_equal(space_init(&sp, &m.frames, &cfg, size), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE + GIB(1)), size), 0);
}

static void end(void)
{
	order_nr = 0;
	mm_end(&m, &sp);
}

static u64 *entry_at(u64 gpa)
{
	u32 level;
	u64 pte;

	return gstage_walk(&sp.gs, GPA(gpa), &level, &pte);
}

static struct dirty *bitmap(void)
{
	return &sp.region[0].log.dirty;
}

static void start(u32 mode)
{
	(void)mm_log_start(&sp, 0, mode, false);
}

static enum fault_answer write_to(u64 gpa)
{
	return space_fault(&sp, GPA(gpa), ACCESS_WRITE, &cnt);
}

/* --- faults ----------------------------------------------------------------------------------- */

/* S1, S2, S3: mark, grant by an exchange that reads what a harvest has written, look again. */
static void test_a_grant(void **state)
{
	(void)state;
	begin(MIB(2));
	start(CLEAVE_LOG_EAGER);
	order_watch(&sp.region[0].log.active, "active");
	order_watch(entry_at(BASE), "entry");
	order_watch(&bitmap()->bits[0], "bits");
	order_watch(&bitmap()->summary[0], "summary");
	assert_int_equal(write_to(BASE), FAULT_GRANTED);
	assert_string_equal(order_done(), "acq active, get entry, or bits, or summary, cas entry, "
					  "acq bits");
	end();
}

/* The exchange that links the new table has the barrier between its content and the link. */
static void test_a_split(void **state)
{
	u64 *slot;

	(void)state;
	begin(MIB(2));
	slot = entry_at(BASE);
	order_watch(slot, "entry");
	assert_int_equal(gstage_split(&sp.gs, &sp.pool, slot, 1, *slot, 0), GSTAGE_SPLIT_DONE);
	assert_string_equal(order_done(), "cas entry");
	end();
}

/* A log that starts between look and grant: the look comes after the exchange. */
static void test_a_permission_that_comes_back(void **state)
{
	(void)state;
	begin(MIB(2));
	gstage_protect_run(entry_at(BASE), 1);
	order_watch(&sp.region[0].log.active, "active");
	order_watch(entry_at(BASE), "entry");
	assert_int_equal(write_to(BASE), FAULT_GRANTED);
	assert_string_equal(order_done(),
			    "acq active, get entry, acq active, cas entry, acq active");
	end();
}

static void test_a_leaf_that_is_granted_whole(void **state)
{
	struct table_chain chain;

	(void)state;
	begin(MIB(2));
	sp.cfg.pool_tables = 1;
	start(CLEAVE_LOG_FAULT);
	assert_int_equal(table_pool_reserve(&sp.pool, sp.pool.free, &chain), 0);
	order_watch(entry_at(BASE), "entry");
	order_watch(&bitmap()->whole[0], "whole");
	order_watch(&bitmap()->summary[0], "summary");
	assert_int_equal(write_to(BASE), FAULT_GRANTED);
	assert_string_equal(order_done(), "get entry, get entry, or whole, or summary, cas entry, "
					  "or whole, or summary");
	table_pool_unreserve(&sp.pool, &chain);
	end();
}

/* --- logs ------------------------------------------------------------------------------------- */

static void harvest_one(void)
{
	u64 bits[8];
	u64 dirty;

	assert_int_equal(space_log_harvest(&sp, 0, 0, 512, bits, &dirty), 512);
	assert_int_equal(dirty, 1);
}

/* H1, H2, H3: the summary before the bits, a barrier, W, and then the flush. */
static void test_a_harvest(void **state)
{
	(void)state;
	begin(MIB(2));
	start(CLEAVE_LOG_EAGER);
	assert_int_equal(write_to(BASE), FAULT_GRANTED);
	order_watch(entry_at(BASE), "entry");
	order_watch(&bitmap()->bits[0], "bits");
	order_watch(&bitmap()->summary[0], "summary");
	harvest_one();
	/* The last are the check of M1 that the debug build has: entry first, bit second. */
	assert_string_equal(order_done(),
			    "acq summary, and summary, get bits, and bits, wmb, and~ entry, "
			    "flush");
	end();
}

static void test_a_run_of_entries(void **state)
{
	u64 *slot;

	(void)state;
	begin(MIB(2));
	start(CLEAVE_LOG_EAGER);
	slot = entry_at(BASE);
	order_watch(&slot[0], "0");
	order_watch(&slot[8], "8");
	gstage_protect_run(slot, 9);
	assert_string_equal(order_done(), "wmb, and~ 0, and~ 8");
	end();
}

static void test_a_start(void **state)
{
	(void)state;
	begin(MIB(2));
	order_watch(&sp.region[0].log.active, "active");
	order_watch(entry_at(BASE), "entry");
	start(CLEAVE_LOG_FAULT);
	assert_string_equal(order_done(), "rel active, wmb, and~ entry, flush, rel active");
	end();
}

/* Nobody marks any more when the bits of a log that gives way are set: none is counted twice. */
static void test_a_start_that_sets_bits(void **state)
{
	u64 cursor;

	(void)state;
	begin(MIB(2));
	start(CLEAVE_LOG_FAULT);
	order_watch(&sp.region[0].log.active, "active");
	assert_int_equal(space_log_take_over(&sp, 0, CLEAVE_LOG_INITIALLY_SET, false, &cursor), 0);
	assert_int_equal(cursor, 0);
	assert_string_equal(order_done(), "get active, rel active, flush, rel active");
	end();
}

/* Nobody marks any more when the bits are wiped; no table is freed that a walker stands in. */
static void test_a_stop(void **state)
{
	u64 cursor = 0;

	(void)state;
	begin(MIB(2));
	start(CLEAVE_LOG_EAGER);
	assert_int_equal(write_to(BASE), FAULT_GRANTED);
	order_watch(&sp.region[0].log.active, "active");
	order_watch(gstage_entry(&sp.gs, BASE, 1), "pointer");
	order_watch(&bitmap()->bits[0], "bits");
	order_watch(&sp.pool.head, "pool");
	assert_int_equal(space_log_stop(&sp, 0, true, &cursor), 0);
	assert_int_equal(cursor, 0);
	assert_non_null(strstr(order_list, "rel active, flush, get bits, set bits"));
	assert_non_null(strstr(order_done(), "xchg pointer, flush, get pool, cas pool"));
	end();
}

/* --- regions, windows, tables ----------------------------------------------------------------- */

static void test_a_region(void **state)
{
	(void)state;
	begin(MIB(2));
	order_watch(&sp.region[1].kind, "kind");
	order_watch(&sp.nr_regions, "number");
	assert_int_equal(space_begin_memory(&sp, GPA(GIB(8)), HPA(MM_HPA_BASE), MIB(2)), 1);
	assert_non_null(strstr(order_done(), "rel kind, rel number"));
	while (space_memory_step(&sp))
		;
	order_watch(&sp.region[0].kind, "kind");
	assert_ptr_equal(region_find(sp.region, 2, GPA(BASE)), &sp.region[0]);
	assert_string_equal(order_done(), "acq kind");
	order_watch(&sp.nr_regions, "number");
	(void)write_to(GIB(100));
	assert_string_equal(order_done(), "acq number");
	end();
}

static void test_a_table_is_linked_when_it_is_empty(void **state)
{
	(void)state;
	begin(MIB(2));
	order_watch(&sp.gs.root[8], "entry");
	assert_int_equal(
		gstage_map(&sp.gs, &sp.pool, GPA(GIB(8)), HPA(0), PAGE_SIZE, GSTAGE_PTE_R, 0), 0);
	assert_string_equal(order_done(), "get entry, get entry, rel entry");
	assert_int_equal(gstage_unmap(&sp.gs, &sp.pool, GPA(GIB(8)), PAGE_SIZE,
				      &(struct flush_batch){ .nr = 0 }),
			 0);
	(void)gstage_unmap_finish(&sp.gs, &sp.pool, GPA(GIB(8)), PAGE_SIZE);
	end();
}

static void test_a_window_goes(void **state)
{
	struct space *other = calloc(1, sizeof(*other));

	(void)state;
	begin(MIB(2));
	cfg.window_size = 0;
	assert_int_equal(space_init(other, &m.frames, &cfg, MIB(2)), 0);
	assert_int_equal(mm_add_memory(other, GPA(0), HPA(MM_HPA_BASE), MIB(2)), 0);
	assert_int_equal(space_add_window(&sp, GPA(GIB(1)), other, GPA(0), PAGE_SIZE, true), 1);
	order_watch(&sp.region[1].kind, "kind");
	order_watch(entry_at(GIB(1)), "entry");
	order_watch(&sp.pool.head, "pool");
	assert_int_equal(space_remove_window(&sp, GPA(GIB(1))), 0);
	assert_non_null(strstr(order_list, "rel kind, get entry"));
	/* The table's first word becomes a link of the pool: after the flush. */
	assert_non_null(
		strstr(order_done(), "cas entry, get entry, flush, get pool, set entry, cas pool"));
	mm_destroy(other);
	free(other);
	end();
}

/* Whoever reads the head reads the link as well. */
static void test_the_pool(void **state)
{
	u64 *table;

	(void)state;
	begin(MIB(2));
	table = table_pool_take(&sp.pool);
	order_watch(&sp.pool.head, "head");
	order_watch(&table[0], "link");
	table_pool_give(&sp.pool, table);
	assert_string_equal(order_list, "get head, set link, cas head");
	order_list[0] = '\0';
	assert_ptr_equal(table_pool_take(&sp.pool), table);
	assert_string_equal(order_done(), "acq head, get link, cas head");
	table_pool_give(&sp.pool, table);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_grant),
		cmocka_unit_test(test_a_split),
		cmocka_unit_test(test_a_permission_that_comes_back),
		cmocka_unit_test(test_a_leaf_that_is_granted_whole),
		cmocka_unit_test(test_a_harvest),
		cmocka_unit_test(test_a_run_of_entries),
		cmocka_unit_test(test_a_start),
		cmocka_unit_test(test_a_start_that_sets_bits),
		cmocka_unit_test(test_a_stop),
		cmocka_unit_test(test_a_region),
		cmocka_unit_test(test_a_table_is_linked_when_it_is_empty),
		cmocka_unit_test(test_a_window_goes),
		cmocka_unit_test(test_the_pool),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
