/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spaces, call by call: regions, faults, the hypervisor's own accesses and the modes of the dirty
 * log, also with bad input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

#define BASE	  GIB(2)
#define GIB_PAGES (GIB(1) >> PAGE_SHIFT)

static struct mm_machine m;
static struct space sp;
static struct space_config cfg;
static struct space_counters cnt;
static struct flush_batch last_flush;
static u64 bitmap[GIB_PAGES / 64U];

static void keep_flush(struct space *s, const struct flush_batch *b)
{
	(void)s;
	last_flush = *b;
}

static void machine(void)
{
	mm_machine_init(&m, GIB(3), MIB(32));
	mm_flush_hook = keep_flush;
	memset(&sp, 0, sizeof(sp));
	memset(&cnt, 0, sizeof(cnt));
	cfg = mm_config(&m, 3);
}

/* Make one region of @size bytes at BASE, with leaves as large as its size allows. */
static void begin(u64 size)
{
	machine();
	assert_int_equal(space_init(&sp, &m.frames, &cfg, size), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE + GIB(1)), size), 0);
}

static void end(void)
{
	mm_end(&m, &sp);
}

static enum fault_answer fault(u64 gpa, enum access access)
{
	return space_fault(&sp, GPA(gpa), access, &cnt);
}

static bool writable(u64 gpa)
{
	return (mm_pte(&sp.gs, gpa, NULL) & GSTAGE_PTE_W) != 0U;
}

static void assert_leaves(u64 l0, u64 l1, u64 l2)
{
	u64 leaves[3];

	mm_leaves(&sp, 0, leaves);
	assert_int_equal(leaves[0], l0);
	assert_int_equal(leaves[1], l1);
	assert_int_equal(leaves[2], l2);
}

static u64 harvest(u64 pages, u64 *calls)
{
	return mm_log_harvest(&sp, pages, bitmap, calls);
}

/* --- making and unmaking --- */

static void test_init_refuses_bad_configurations(void **state)
{
	struct space_config bad;

	(void)state;
	machine();
	bad = cfg;
	bad.levels = 2;
	assert_int_equal(space_init(&sp, &m.frames, &bad, MIB(2)), CLV_ERR_INVAL);
	bad.levels = 6;
	assert_int_equal(space_init(&sp, &m.frames, &bad, MIB(2)), CLV_ERR_INVAL);
	bad = cfg;
	bad.largest_level = 3;
	assert_int_equal(space_init(&sp, &m.frames, &bad, MIB(2)), CLV_ERR_INVAL);
	bad = cfg;
	bad.step_pages = 63;
	assert_int_equal(space_init(&sp, &m.frames, &bad, MIB(2)), CLV_ERR_INVAL);
	/* The tables for a TiB do not fit. Nothing is kept. */
	assert_int_equal(space_init(&sp, &m.frames, &cfg, GIB(1024)), CLV_ERR_NOMEM);
	mm_machine_end(&m);
}

static void test_add_memory_refuses_bad_ranges(void **state)
{
	u64 free;
	u64 total;

	(void)state;
	begin(MIB(4));
	free = sp.pool.free;
	assert_int_equal(mm_add_memory(&sp, GPA(1), HPA(0), MIB(2)), CLV_ERR_INVAL);
	assert_int_equal(mm_add_memory(&sp, GPA(0), HPA(1), MIB(2)), CLV_ERR_INVAL);
	assert_int_equal(mm_add_memory(&sp, GPA(0), HPA(0), 0), CLV_ERR_INVAL);
	assert_int_equal(mm_add_memory(&sp, GPA(0), HPA(0), 100), CLV_ERR_INVAL);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + MIB(2)), HPA(0), MIB(4)), CLV_ERR_EXISTS);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE - MIB(2)), HPA(0), MIB(8)), CLV_ERR_EXISTS);
	/* One page of it is there already. */
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + MIB(4) - PAGE_SIZE), HPA(0), MIB(2)),
			 CLV_ERR_EXISTS);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE - PAGE_SIZE), HPA(0), 2U * PAGE_SIZE),
			 CLV_ERR_EXISTS);
	total = sp.pool.total;
	assert_int_equal(mm_add_memory(&sp, GPA(BIT64(41)), HPA(0), MIB(2)), CLV_ERR_RANGE);
	assert_int_equal(mm_add_memory(&sp, GPA(BIT64(41) - PAGE_SIZE), HPA(0), MIB(2)),
			 CLV_ERR_RANGE);
	/* That it overlaps another region, too, is not what is said. */
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(0), BIT64(41)), CLV_ERR_RANGE);
	assert_int_equal(mm_add_memory(&sp, GPA(~PAGE_MASK), HPA(0), MIB(2)), CLV_ERR_RANGE);
	/* A range that there is not takes no tables. */
	assert_int_equal(sp.pool.total, total);
	/*
	 * The tables cannot name this address of the machine. The bitmap that was taken goes back.
	 */
	assert_int_equal(mm_add_memory(&sp, GPA(0), HPA(BIT64(56)), MIB(2)), CLV_ERR_RANGE);
	assert_true(sp.pool.free >= free);
	for (u64 i = 1; i < CONFIG_MAX_REGIONS; i++)
		assert_int_equal(mm_add_memory(&sp, GPA(i * MIB(2)), HPA(MM_HPA_BASE), PAGE_SIZE),
				 (int)i);
	assert_int_equal(mm_add_memory(&sp, GPA(MIB(64)), HPA(MM_HPA_BASE), PAGE_SIZE),
			 CLV_ERR_NOMEM);
	end();
}

static void test_leaves_follow_configuration(void **state)
{
	(void)state;
	begin(GIB(1) + MIB(4) + KIB(8));
	assert_leaves(2, 2, 1);
	end();
	machine();
	cfg.largest_level = 1;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, GIB(1)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), GIB(1)), 0);
	assert_leaves(0, 512, 0);
	end();
}

/*
 * A partition of 512 MiB costs less than 1.5 MiB: tables for all of it at 4 KiB, the root, and the
 * bitmap.
 */
static void test_cost_of_512_mib(void **state)
{
	u64 free;

	(void)state;
	machine();
	free = m.frames.free;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(512)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(512)), 0);
	assert_true(free - m.frames.free < KIB(1536));
	assert_true(sp.pool.total >= 257U);
	end();
}

/* M5: wherever regions lie, all of their leaves can be split to 4 KiB. */
static void test_pool_holds_the_worst_case(void **state)
{
	u64 cursor = 0;

	(void)state;
	machine();
	assert_int_equal(space_init(&sp, &m.frames, &cfg, 0), 0);
	for (u64 i = 0; i < CONFIG_MAX_REGIONS; i++) {
		u64 at = (i + 1U) * GIB(4) - MIB(3) + i * PAGE_SIZE;

		assert_int_equal(mm_add_memory(&sp, GPA(at),
					       HPA(MM_HPA_BASE + GIB(1) - MIB(3) + i * PAGE_SIZE),
					       MIB(9)),
				 (int)i);
	}
	for (u32 i = 0; i < CONFIG_MAX_REGIONS; i++) {
		(void)mm_log_start(&sp, i, CLEAVE_LOG_EAGER, true);
		for (u64 page = 0; page < MIB(9) / PAGE_SIZE; page += 100U) {
			u32 level;

			(void)mm_pte(&sp.gs, sp.region[i].base.v + page * PAGE_SIZE, &level);
			assert_int_equal(level, 0);
		}
	}
	assert_true(sp.pool.free >= CONFIG_MAX_VCPUS);
	assert_int_equal(space_log_start(&sp, CONFIG_MAX_REGIONS, CLEAVE_LOG_EAGER, true, &cursor),
			 CLV_ERR_NOTFOUND);
	end();
}

/* --- faults --- */

static void test_fault_outside_of_memory(void **state)
{
	(void)state;
	begin(MIB(4));
	assert_int_equal(fault(BASE - 1U, ACCESS_WRITE), FAULT_NOTHING);
	assert_int_equal(fault(BASE + MIB(4), ACCESS_READ), FAULT_NOTHING);
	assert_int_equal(fault(0, ACCESS_EXEC), FAULT_NOTHING);
	assert_int_equal(fault(~UINT64_C(0), ACCESS_WRITE), FAULT_NOTHING);
	assert_int_equal(fault(BASE, ACCESS_WRITE), FAULT_SPURIOUS);
	assert_int_equal(fault(BASE + MIB(4) - 1U, ACCESS_EXEC), FAULT_SPURIOUS);
	assert_int_equal(cnt.spurious_faults, 2);
	assert_int_equal(cnt.write_faults, 0);
	end();
}

/* A leaf may be larger than wanted, of the right size, or smaller (mm/space_fault.c). */
static void test_fault_cases(void **state)
{
	u64 calls;

	(void)state;
	begin(GIB(1));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	assert_leaves(0, 0, 1);
	assert_false(writable(BASE));
	/*
	 * Larger: the GiB is split to 2 MiB, one of those leaves to 4 KiB, and only the page gets
	 * W.
	 */
	assert_int_equal(fault(BASE + MIB(10) + 0x5123, ACCESS_WRITE), FAULT_GRANTED);
	assert_leaves(512, 511, 0);
	assert_true(writable(BASE + MIB(10) + 0x5000));
	assert_false(writable(BASE + MIB(10) + 0x4000));
	assert_false(writable(BASE + MIB(10) + 0x6000));
	assert_int_equal(cnt.fault_splits, 2);
	/* Of the right size: it is granted. */
	assert_int_equal(fault(BASE + MIB(10) + 0x6000, ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(cnt.fault_splits, 2);
	assert_int_equal(cnt.write_faults, 2);
	/* Spurious: the table allows it already. */
	assert_int_equal(fault(BASE + MIB(10) + 0x6000, ACCESS_WRITE), FAULT_SPURIOUS);
	assert_int_equal(harvest(GIB_PAGES, &calls), 2);
	assert_int_equal(bitmap[(MIB(10) >> 12) / 64U], 0x60);
	assert_false(writable(BASE + MIB(10) + 0x6000));
	/* Smaller: the log is off, and the leaf stays as small as it is. */
	(void)mm_log_stop(&sp, 0, false);
	assert_leaves(512, 511, 0);
	assert_int_equal(fault(BASE + MIB(10) + 0x6000, ACCESS_WRITE), FAULT_GRANTED);
	assert_true(writable(BASE + MIB(10) + 0x6000));
	assert_int_equal(fault(BASE + MIB(20), ACCESS_WRITE), FAULT_GRANTED);
	assert_true(writable(BASE + MIB(21)));
	assert_leaves(512, 511, 0);
	assert_int_equal(cnt.write_faults, 2);
	end();
}

/* M5: an empty pool makes the log coarser. The guest does not notice, and no write is lost. */
static void test_fault_with_an_empty_pool(void **state)
{
	u64 calls;

	(void)state;
	machine();
	/* Just enough tables for leaves of 2 MiB and one split. */
	cfg.pool_tables = 2;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(8)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(8)), 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	assert_int_equal(fault(BASE, ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(fault(BASE + MIB(2), ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(cnt.coarse_grants, 1);
	assert_int_equal(cnt.fault_splits, 1);
	assert_leaves(512, 3, 0);
	assert_true(writable(BASE + MIB(4) - 1U));
	assert_int_equal(harvest(MIB(8) >> 12, &calls), 1 + 512);
	/* The whole leaf is protected again and flushed. */
	assert_false(writable(BASE + MIB(2)));
	assert_true(mm_batch_covers(&last_flush, BASE + MIB(4) - 1U));
	assert_int_equal(fault(BASE + MIB(3), ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(cnt.coarse_grants, 2);
	/* An eager log without tables tracks huge leaves. */
	(void)mm_log_stop(&sp, 0, true);
	assert_leaves(0, 4, 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	assert_leaves(512, 3, 0);
	assert_false(writable(BASE + MIB(6)));
	end();
}

/* --- the hypervisor's own accesses --- */

static void test_access_checks_the_whole_range_first(void **state)
{
	u8 buffer[64];
	u8 *host;

	(void)state;
	begin(MIB(2));
	host = m.memory + GIB(1);
	/* A second region follows at once, in other host memory. */
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + MIB(2)), HPA(MM_HPA_BASE), MIB(2)), 1);
	memset(buffer, 0xab, sizeof(buffer));
	assert_int_equal(space_write(&sp, GPA(BASE + MIB(2) - 10U), buffer, 20), 0);
	assert_int_equal(host[MIB(2) - 10U], 0xab);
	assert_int_equal(m.memory[9], 0xab);
	assert_int_equal(m.memory[10], 0);
	memset(buffer, 0, sizeof(buffer));
	assert_int_equal(space_read(&sp, GPA(BASE + MIB(2) - 11U), buffer, 22), 0);
	assert_true(buffer[0] == 0 && buffer[1] == 0xab && buffer[20] == 0xab && buffer[21] == 0);
	/* Nor has a read that fails written anything to its reader. */
	buffer[0] = 0x5a;
	assert_int_equal(space_read(&sp, GPA(BASE + MIB(4) - 1U), buffer, 2), CLV_ERR_RANGE);
	assert_int_equal(buffer[0], 0x5a);
	assert_int_equal(space_wipe(&sp, GPA(BASE + MIB(2) - 2U), 4), CLV_ERR_RANGE);
	assert_int_equal(host[MIB(2) - 1U], 0xab);
	assert_int_equal(space_wipe(&sp, GPA(BASE + MIB(2)), 2), 0);
	assert_int_equal(host[MIB(2) - 1U], 0xab);
	assert_int_equal(m.memory[1], 0);
	assert_int_equal(m.memory[2], 0xab);
	/* A span lies in one region only. */
	assert_ptr_equal(mm_span(&sp, BASE + 5U, 100).at, host + 5);
	assert_null(mm_span(&sp, BASE + MIB(2) - 1U, 2).at);
	assert_null(mm_span(&sp, BASE, 0).at);
	assert_null(mm_span(&sp, BASE, ~UINT64_C(0)).at);
	assert_null(mm_span(&sp, 0, 1).at);
	/* Nothing is copied when any byte is missing. */
	memset(buffer, 0x77, sizeof(buffer));
	assert_int_equal(space_write(&sp, GPA(BASE + MIB(4) - 4U), buffer, 5), CLV_ERR_RANGE);
	assert_int_equal(m.memory[MIB(2) - 4U], 0);
	assert_int_equal(space_read(&sp, GPA(BASE - 1U), buffer, 2), CLV_ERR_RANGE);
	assert_int_equal(buffer[0], 0x77);
	assert_int_equal(space_wipe(&sp, GPA(~UINT64_C(0)), 2), CLV_ERR_RANGE);
	assert_int_equal(space_write(&sp, GPA(BASE), buffer, ~UINT64_C(0)), CLV_ERR_RANGE);
	/* No bytes, at any address, are fine. */
	assert_int_equal(space_write(&sp, GPA(~UINT64_C(0)), buffer, 0), 0);
	assert_int_equal(space_read(&sp, GPA(0), buffer, 0), 0);
	end();
}

/* M8 */
static void test_hypervisor_writes_are_logged(void **state)
{
	struct space_span span;
	u64 calls;
	u64 word = 0x1122334455667788;

	(void)state;
	begin(MIB(4));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	assert_int_equal(space_write(&sp, GPA(BASE + 0x2ffc), &word, 8), 0);
	assert_int_equal(space_wipe(&sp, GPA(BASE + 0x7000), 1), 0);
	span = mm_span(&sp, BASE + 0xa000, 0x1000);
	assert_non_null(span.at);
	space_span_mark(&span);
	assert_int_equal(space_read(&sp, GPA(BASE + 0x20000), &word, 8), 0);
	assert_int_equal(harvest(1024, &calls), 4);
	assert_int_equal(bitmap[0], BIT64(2) | BIT64(3) | BIT64(7) | BIT64(10));
	/* A harvest between the two marks: the page is reported, and reported again. */
	span = mm_span(&sp, BASE + 0x5000, 8);
	assert_non_null(span.at);
	space_span_mark(&span);
	assert_int_equal(harvest(1024, &calls), 1);
	space_span_mark(&span);
	assert_int_equal(harvest(1024, &calls), 1);
	/* Without a log nothing is marked. */
	(void)mm_log_stop(&sp, 0, true);
	assert_int_equal(space_write(&sp, GPA(BASE), &word, 8), 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	assert_int_equal(harvest(1024, &calls), 0);
	end();
}

/* --- the log --- */

static void test_log_refuses_bad_arguments(void **state)
{
	struct space_log_status status;
	u64 cursor = 0;

	(void)state;
	begin(MIB(4) + 0x3000);
	assert_int_equal(space_log_get(&sp, 0, 0, 64, bitmap), CLV_ERR_STATE);
	assert_int_equal(space_log_stop(&sp, 0, true, &cursor), CLV_ERR_STATE);
	assert_int_equal(space_log_start(&sp, 1, CLEAVE_LOG_FAULT, false, &cursor),
			 CLV_ERR_NOTFOUND);
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_OFF, false, &cursor), CLV_ERR_INVAL);
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_DIRTY_BITS + 1U, false, &cursor),
			 CLV_ERR_INVAL);
	cursor = 5;
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_FAULT, false, &cursor), CLV_ERR_STATE);
	cursor = 0;
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_FAULT, false, &cursor), 0);
	assert_int_equal(cursor, 0);
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_EAGER, false, &cursor), CLV_ERR_STATE);
	assert_int_equal(space_log_status(&sp, 0, &status), 0);
	assert_int_equal(status.mode, CLEAVE_LOG_FAULT);
	assert_int_equal(space_log_status(&sp, 7, &status), CLV_ERR_NOTFOUND);

	assert_int_equal(space_log_get(&sp, 9, 0, 64, bitmap), CLV_ERR_NOTFOUND);
	/* A count that is not a multiple of 64 may end the region. */
	assert_int_equal(space_log_get(&sp, 0, 1024, 3, bitmap), 3);
	assert_int_equal(space_log_get(&sp, 0, 960, 67, bitmap), 67);
	cursor = 3;
	assert_int_equal(space_log_stop(&sp, 0, true, &cursor), CLV_ERR_STATE);
	end();
}

static void test_log_cursors(void **state)
{
	struct space_log_status status;
	u64 cursor = 0;
	u64 wrong;

	(void)state;
	machine();
	cfg.step_pages = 64;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, GIB(1)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE + GIB(1)), GIB(1)), 0);
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_EAGER, true, &cursor), 0);
	assert_int_not_equal(cursor, 0);
	/* The log cannot be read before its start is over, nor started in another mode. */
	assert_int_equal(space_log_get(&sp, 0, 0, 64, bitmap), CLV_ERR_STATE);
	wrong = cursor + 1U;
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_EAGER, true, &wrong), CLV_ERR_STATE);
	wrong = cursor;
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_FAULT, true, &wrong), CLV_ERR_STATE);
	wrong = 0;
	assert_int_equal(space_log_start(&sp, 0, CLEAVE_LOG_EAGER, true, &wrong), CLV_ERR_STATE);
	assert_int_equal(space_log_status(&sp, 0, &status), 0);
	assert_true(status.starting);
	/*
	 * A stop ends a start whose caller has gone away. A stop whose caller has gone away can
	 * begin again.
	 */
	cursor = 0;
	assert_int_equal(space_log_stop(&sp, 0, true, &cursor), 0);
	assert_int_not_equal(cursor, 0);
	assert_int_equal(space_log_status(&sp, 0, &status), 0);
	assert_true(status.stopping);
	assert_true(mm_log_stop(&sp, 0, true) > 1U);
	assert_leaves(0, 0, 1);
	/* M6: everything ends, however small a step is. */
	assert_true(mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true) >= 512U);
	assert_leaves(GIB_PAGES, 0, 0);
	assert_true(mm_log_stop(&sp, 0, true) >= 512U);
	assert_leaves(0, 0, 1);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, true);
	assert_int_equal(space_log_status(&sp, 0, &status), 0);
	assert_int_equal(status.dirty, GIB_PAGES);
	end();
}

static void test_clean_gib_is_one_call(void **state)
{
	u64 flushes;
	u64 calls;

	(void)state;
	begin(GIB(1));
	assert_int_equal(mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false), 1);
	flushes = mm_flushes;
	memset(bitmap, 0xff, sizeof(bitmap));
	assert_int_equal(harvest(GIB_PAGES, &calls), 0);
	assert_int_equal(calls, 1);
	assert_int_equal(mm_flushes, flushes);
	for (u64 w = 0; w < GIB_PAGES / 64U; w++)
		assert_int_equal(bitmap[w], 0);
	end();
}

/* M6: with everything dirty a call protects a step's pages, and flushes once. */
static void test_dirty_gib_is_bounded(void **state)
{
	u64 flushes;
	u64 calls;

	(void)state;
	begin(GIB(1));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	for (u64 page = 0; page < GIB_PAGES; page++)
		assert_int_equal(fault(BASE + (page << 12), ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(cnt.fault_splits, 0);
	flushes = mm_flushes;
	assert_int_equal(harvest(GIB_PAGES, &calls), GIB_PAGES);
	assert_true(calls >= GIB_PAGES / 2048U && calls <= GIB_PAGES / 2048U + 8U);
	assert_int_equal(mm_flushes - flushes, calls);
	for (u64 page = 0; page < GIB_PAGES; page += 37U)
		assert_false(writable(BASE + (page << 12)));
	end();
}

static void test_harvest_of_a_part_leaves_the_rest(void **state)
{
	u64 calls;
	u64 dirty;

	(void)state;
	begin(MIB(8));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	for (u64 page = 0; page < 1024U; page += 32U)
		assert_int_equal(fault(BASE + (page << 12), ACCESS_WRITE), FAULT_GRANTED);
	/* 128 pages in the middle of a span. */
	assert_int_equal(space_log_harvest(&sp, 0, 256, 128, bitmap, &dirty), 128);
	assert_int_equal(dirty, 4);
	assert_false(writable(BASE + (256U << 12)));
	assert_true(writable(BASE + (224U << 12)));
	assert_true(writable(BASE + (384U << 12)));
	assert_true(mm_batch_covers(&last_flush, BASE + (256U << 12)));
	assert_false(mm_batch_covers(&last_flush, BASE + (224U << 12)));
	assert_false(mm_batch_covers(&last_flush, BASE + (384U << 12)));
	/* The next harvest finds the rest of the span. */
	assert_int_equal(harvest(2048, &calls), 28);
	assert_int_equal(harvest(2048, &calls), 0);
	end();
}

static void test_clear_takes_what_the_caller_saw(void **state)
{
	u64 mask[2];
	u64 calls;

	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	for (u64 page = 0; page < 8U; page++)
		assert_int_equal(fault(BASE + (page << 12), ACCESS_WRITE), FAULT_GRANTED);
	/*
	 * M2: bits that the caller does not name stay. Bits that it names and that are not set do
	 * nothing.
	 */
	mask[0] = 0xff05;
	mask[1] = ~UINT64_C(0);
	assert_int_equal(space_log_clear(&sp, 0, 0, 128, mask), 128);
	assert_false(writable(BASE));
	assert_true(writable(BASE + 0x1000));
	assert_false(writable(BASE + 0x2000));
	assert_int_equal(space_log_get(&sp, 0, 0, 512, bitmap), 512);
	assert_int_equal(bitmap[0], 0xfa);
	assert_int_equal(harvest(512, &calls), 6);
	end();
}

static void test_eager(void **state)
{
	u64 steps;

	(void)state;
	begin(GIB(1) + MIB(6));
	steps = mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, false);
	/* M6 and M7: each step flushes once. */
	assert_true(steps > 100U);
	assert_int_equal(mm_flushes, steps);
	assert_leaves(GIB_PAGES + 1536U, 0, 0);
	assert_int_equal(sp.stats.eager_splits, 1 + 512 + 3);
	for (u64 page = 0; page < GIB_PAGES; page += 333U)
		assert_false(writable(BASE + (page << 12)));
	assert_int_equal(fault(BASE + MIB(77), ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(cnt.fault_splits, 0);
	steps = mm_log_stop(&sp, 0, true);
	assert_true(steps > 100U);
	assert_leaves(0, 3, 1);
	assert_true(writable(BASE));
	assert_int_equal(sp.stats.collapses, 1 + 512 + 3);
	end();
}

static void test_initially_set(void **state)
{
	u64 calls;
	u64 dirty;

	(void)state;
	/*
	 * Eager: the leaf of the pages that are cleared is split and protected. The rest stays as
	 * it was.
	 */
	begin(GIB(1));
	assert_int_equal(mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, true), 1);
	assert_int_equal(mm_flushes, 0);
	assert_leaves(0, 0, 1);
	assert_true(writable(BASE));
	assert_int_equal(fault(BASE, ACCESS_WRITE), FAULT_SPURIOUS);
	assert_int_equal(space_log_harvest(&sp, 0, 1024, 64, bitmap, &dirty), 64);
	assert_int_equal(dirty, 64);
	assert_leaves(512, 511, 0);
	assert_false(writable(BASE + (1024U << 12)));
	assert_true(writable(BASE + (1088U << 12)));
	assert_true(writable(BASE));
	assert_int_equal(harvest(GIB_PAGES, &calls), GIB_PAGES - 64U);
	assert_leaves(GIB_PAGES, 0, 0);
	end();
	/*
	 * Not eager: all of the leaf is protected. Its other pages stay dirty, and fault when
	 * written.
	 */
	begin(MIB(4));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, false);
	assert_int_equal(space_log_harvest(&sp, 0, 64, 64, bitmap, &dirty), 64);
	assert_leaves(0, 2, 0);
	assert_false(writable(BASE));
	assert_true(writable(BASE + MIB(2)));
	assert_int_equal(space_log_get(&sp, 0, 0, 128, bitmap), 128);
	assert_true(bitmap[0] == ~UINT64_C(0) && bitmap[1] == 0);
	assert_int_equal(fault(BASE + (70U << 12), ACCESS_WRITE), FAULT_GRANTED);
	assert_leaves(512, 1, 0);
	assert_int_equal(harvest(1024, &calls), 1024 - 64 + 1);
	end();
}

/*
 * A region whose ends are not aligned has its old leaves again after a log, and so have its
 * neighbours.
 */
static void test_unaligned_region(void **state)
{
	u64 before[3];
	u64 after[3];
	u64 calls;

	(void)state;
	machine();
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(16)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + 0x7000), HPA(MM_HPA_BASE + 0x7000), MIB(6)),
			 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + 0x7000 + MIB(6)),
				       HPA(MM_HPA_BASE + 0x7000 + MIB(6)), MIB(4)),
			 1);
	mm_leaves(&sp, 1, before);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	for (u64 page = 0; page < 1536U; page++)
		assert_int_equal(fault(BASE + 0x7000 + (page << 12), ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(fault(BASE + 0x7000 + MIB(6), ACCESS_WRITE), FAULT_SPURIOUS);
	assert_int_equal(harvest(1536, &calls), 1536);
	for (u64 page = 0; page < 1536U; page++)
		assert_false(writable(BASE + 0x7000 + (page << 12)));
	(void)mm_log_stop(&sp, 0, true);
	assert_leaves(1536 - 2 * 512, 2, 0);
	mm_leaves(&sp, 1, after);
	assert_memory_equal(before, after, sizeof(before));
	{
		u64 cursor = MIB(64);
		u64 none[3] = { 0 };

		assert_int_equal(space_leaves(&sp, 0, none, &cursor), CLV_ERR_INVAL);
		cursor = 0;
		assert_int_equal(space_leaves(&sp, 5, none, &cursor), CLV_ERR_NOTFOUND);
	}
	end();
}

/*
 * space_leaf_level() tells the level of what maps an address, before a split and after it, and
 * nothing outside memory.
 */
static void test_leaf_level(void **state)
{
	(void)state;
	machine();
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(8)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(4) + 0x3000), 0);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE)), 1);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE + MIB(2) + 12345U)), 1);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE + MIB(4))), 0);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE + MIB(4) + 0x2fff)), 0);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE + MIB(4) + 0x3000)), CLV_ERR_RANGE);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE - 1U)), CLV_ERR_RANGE);
	assert_int_equal(space_leaf_level(&sp, GPA(UINT64_MAX)), CLV_ERR_RANGE);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	assert_int_equal(fault(BASE + 0x5000, ACCESS_WRITE), FAULT_GRANTED);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE)), 0);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE + MIB(2))), 1);
	(void)mm_log_stop(&sp, 0, true);
	assert_int_equal(space_leaf_level(&sp, GPA(BASE)), 1);
	end();
}

/*
 * The bitmap of a clear is guest memory and may change at any moment. What was read decides, and
 * nothing of the bitmap is read again at the flush.
 */
static u64 volatile_mask;

static void scribble(struct space *s, const struct flush_batch *b)
{
	(void)s;
	(void)b;
	volatile_mask = ~UINT64_C(0);
}

static void test_clear_does_not_look_again(void **state)
{
	u64 calls;

	(void)state;
	begin(MIB(2));
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	for (u64 page = 0; page < 4U; page++)
		(void)fault(BASE + (page << 12), ACCESS_WRITE);
	volatile_mask = 1;
	mm_flush_hook = scribble;
	assert_int_equal(space_log_clear(&sp, 0, 0, 64, &volatile_mask), 64);
	mm_flush_hook = NULL;
	assert_int_equal(harvest(512, &calls), 3);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_refuses_bad_configurations),
		cmocka_unit_test(test_add_memory_refuses_bad_ranges),
		cmocka_unit_test(test_leaves_follow_configuration),
		cmocka_unit_test(test_cost_of_512_mib),
		cmocka_unit_test(test_pool_holds_the_worst_case),
		cmocka_unit_test(test_fault_outside_of_memory),
		cmocka_unit_test(test_fault_cases),
		cmocka_unit_test(test_fault_with_an_empty_pool),
		cmocka_unit_test(test_access_checks_the_whole_range_first),
		cmocka_unit_test(test_hypervisor_writes_are_logged),
		cmocka_unit_test(test_log_refuses_bad_arguments),
		cmocka_unit_test(test_log_cursors),
		cmocka_unit_test(test_clean_gib_is_one_call),
		cmocka_unit_test(test_dirty_gib_is_bounded),
		cmocka_unit_test(test_harvest_of_a_part_leaves_the_rest),
		cmocka_unit_test(test_clear_takes_what_the_caller_saw),
		cmocka_unit_test(test_eager),
		cmocka_unit_test(test_initially_set),
		cmocka_unit_test(test_unaligned_region),
		cmocka_unit_test(test_leaf_level),
		cmocka_unit_test(test_clear_does_not_look_again),
	};

	return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
