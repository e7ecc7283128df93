/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mistakes that other hypervisors have made in their dirty logs, each tried here: a read fault that
 * gives a protected huge leaf its W back; protecting pages in another order than their bits are
 * taken; a bitmap with bits beyond the region; a chunk that begins inside a huge leaf; a fault that
 * is interrupted at every point of it.
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
#define WORDS 32U

static struct mm_machine m;
static struct space sp;
static struct space_counters cnt;

static void begin(u8 largest, u64 memory)
{
	struct space_config cfg;

	mm_machine_init(&m, GIB(4), MIB(32));
	memset(&sp, 0, sizeof(sp));
	memset(&cnt, 0, sizeof(cnt));
	cfg = mm_config(&m, 3);
	cfg.largest_level = largest;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, memory), 0);
}

static void end(void)
{
	mm_end(&m, &sp);
}

static bool writes(u64 page)
{
	const struct walker w = mm_walker(&sp.gs);

	return walker_writes(&w, BASE + page * 4096U);
}

static bool dirty(u32 region, u64 page)
{
	return dirty_test(&sp.region[region].log.dirty, page);
}

static enum fault_answer write_to(u64 page)
{
	return space_fault(&sp, GPA(BASE + page * 4096U), ACCESS_WRITE, &cnt);
}

/* Reads and fetches that fault, for whatever reason, leave a logged leaf of any size protected. */
static void test_a_read_gives_no_write(void **state)
{
	(void)state;
	for (u8 largest = 0; largest <= 2U; largest++) {
		begin(largest, GIB(1));
		assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), GIB(1)), 0);
		(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
		for (u64 page = 0; page < GIB(1) / 4096U; page += 997U) {
			gpa_t gpa = GPA(BASE + page * 4096U);

			assert_int_equal(space_fault(&sp, gpa, ACCESS_READ, &cnt), FAULT_SPURIOUS);
			assert_int_equal(space_fault(&sp, gpa, ACCESS_EXEC, &cnt), FAULT_SPURIOUS);
			assert_false(writes(page) || dirty(0, page));
		}
		assert_int_equal(cnt.fault_splits, 0);
		end();
	}
}

/*
 * One region lies beside another, and its last word of bits is not full. A bitmap that names all
 * bits of that word clears and protects pages of this region, and no others.
 */
static void test_a_bitmap_wider_than_the_region(void **state)
{
	const u64 pages = 100;
	u64 all[2] = { ~UINT64_C(0), ~UINT64_C(0) };

	(void)state;
	for (u32 eager = 0; eager < 2U; eager++) {
		begin(2, MIB(4));
		assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), pages * 4096U), 0);
		assert_int_equal(mm_add_memory(&sp, GPA(BASE + pages * 4096U),
					       HPA(MM_HPA_BASE + pages * 4096U), MIB(2)),
				 1);
		(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, eager != 0U);
		(void)mm_log_start(&sp, 1, CLEAVE_LOG_INITIALLY_SET, eager != 0U);
		assert_int_equal(space_log_clear(&sp, 0, 64, pages - 64U, all), pages - 64U);
		assert_int_equal(dirty_count(&sp.region[0].log.dirty), 64);
		assert_int_equal(dirty_count(&sp.region[1].log.dirty), 512);
		assert_int_equal(space_log_clear(&sp, 0, 0, pages, all), pages);
		assert_int_equal(dirty_count(&sp.region[0].log.dirty), 0);
		for (u64 page = 0; page < pages + 512U; page++)
			assert_int_equal(writes(page), page >= pages);
		assert_int_equal(sp.stats.pages_reported, pages);
		end();
	}
}

/*
 * A chunk that begins and ends inside a huge leaf: its pages are protected, the bits of the others
 * stay, and a write to any page is in the log after that.
 */
static void test_a_chunk_inside_a_leaf(void **state)
{
	const u64 first[] = { 64, 448, 512 + 64, 1024 - 64, 960 };
	static u64 bits[WORDS];
	u64 got;

	(void)state;
	for (u32 i = 0; i < 2U * ARRAY_SIZE(first); i++) {
		u64 at = first[i / 2U];

		begin(i % 2U == 0U ? 1 : 2, GIB(1));
		assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), GIB(1)), 0);
		(void)mm_log_start(&sp, 0, CLEAVE_LOG_INITIALLY_SET, i % 4U < 2U);
		assert_int_equal(space_log_harvest(&sp, 0, at, 128, bits, &got), 128);
		assert_int_equal(got, 128);
		for (u64 page = 0; page < 2048U; page++) {
			bool inside = page - at < 128U;

			assert_int_equal(dirty(0, page), !inside);
			assert_false(inside && writes(page));
		}
		/* Each page that was taken is reported again when it is written, and no other. */
		assert_int_equal(write_to(at + 127U), FAULT_GRANTED);
		assert_true(dirty(0, at + 127U) && writes(at + 127U));
		assert_false(dirty(0, at + 126U) || writes(at + 126U));
		assert_int_equal(space_log_harvest(&sp, 0, at, 128, bits, &got), 128);
		assert_int_equal(got, 1);
		assert_int_equal(bits[1], BIT64(63));
		end();
	}
}

static u64 taken[WORDS];
static u64 flushes_seen;

/* At the flush: what has lost its bit is protected, and in the answer already. */
static void hook_taken_is_protected(struct space *s, const struct flush_batch *b)
{
	(void)s;
	(void)b;
	flushes_seen++;
	for (u64 page = 0; page < WORDS * 64U; page++) {
		if (dirty(0, page))
			continue;
		assert_false(writes(page));
		assert_true((taken[page / 64U] & BIT64(page % 64U)) != 0U || page % 3U != 0U);
	}
	/* A vCPU that runs on writes now: its bit is of the next answer. */
	assert_int_equal(write_to(33), FAULT_GRANTED);
}

/* Bits are taken before W, so no page is writable with its bit neither here nor there. */
static void test_bits_go_before_protection(void **state)
{
	u64 got;

	(void)state;
	begin(1, MIB(8));
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(8)), 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, false);
	for (u64 page = 0; page < WORDS * 64U; page += 3U)
		assert_int_equal(write_to(page), FAULT_GRANTED);
	mm_flush_hook = hook_taken_is_protected;
	flushes_seen = 0;
	assert_int_equal(space_log_harvest(&sp, 0, 0, WORDS * 64U, taken, &got), WORDS * 64U);
	mm_flush_hook = NULL;
	assert_int_equal(flushes_seen, 1);
	assert_int_equal(got, (WORDS * 64U + 2U) / 3U);
	assert_true(dirty(0, 33));
	assert_int_equal(space_log_harvest(&sp, 0, 0, WORDS * 64U, taken, &got), WORDS * 64U);
	assert_int_equal(got, 1);
	end();
}

/*
 * A fault that is given up before it has granted anything, as by an interrupt, is made again by the
 * guest. What the first try has done (a split, a mark) costs a report at most, and no table.
 */
static void test_a_fault_that_is_made_again(void **state)
{
	static u64 bits[WORDS];
	u64 got;
	u64 free;
	u32 level;
	u64 pte;
	u64 *slot;

	(void)state;
	begin(2, GIB(1));
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), GIB(1)), 0);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	free = sp.pool.free;
	/* It has split the GiB, and no more. */
	slot = gstage_walk(&sp.gs, GPA(BASE), &level, &pte);
	assert_int_equal(gstage_split(&sp.gs, &sp.pool, slot, level, pte, 0), GSTAGE_SPLIT_DONE);
	assert_false(writes(5));
	/* It has split and marked, and not granted. */
	slot = gstage_walk(&sp.gs, GPA(BASE), &level, &pte);
	assert_int_equal(gstage_split(&sp.gs, &sp.pool, slot, level, pte, 0), GSTAGE_SPLIT_DONE);
	dirty_mark(&sp.region[0].log.dirty, 5);
	assert_false(writes(5));
	assert_int_equal(space_log_harvest(&sp, 0, 0, 64, bits, &got), 64);
	assert_int_equal(got, 1);
	assert_int_equal(write_to(5), FAULT_GRANTED);
	assert_true(writes(5) && dirty(0, 5));
	/* Two vCPUs had the same fault: the second one finds it granted. */
	assert_int_equal(write_to(5), FAULT_SPURIOUS);
	assert_int_equal(sp.pool.free, free - 2U);
	(void)mm_log_stop(&sp, 0, true);
	assert_int_equal(sp.pool.free, free);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_read_gives_no_write),
		cmocka_unit_test(test_a_bitmap_wider_than_the_region),
		cmocka_unit_test(test_a_chunk_inside_a_leaf),
		cmocka_unit_test(test_bits_go_before_protection),
		cmocka_unit_test(test_a_fault_that_is_made_again),
	};

	return cmocka_run_group_tests_name("space_edges", tests, NULL, NULL);
}
