/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty bitmaps at their edges: where their words end, and what a harvest between two stores of a
 * mark finds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "tests/unit/mm/mm_harness.h"
#include "tests/unit/mm/mm_trap.h"

/* So many that bits, summary and whole bits begin on pages of memory of their own. */
#define PAGES (UINT64_C(512) * 64U * 512U)

static struct dirty d;
static u8 *memory;

static int setup(void **state)
{
	(void)state;
	memory = mmap(NULL, dirty_bytes(PAGES), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	dirty_init(&d, memory, PAGES);
	assert_int_equal((uintptr_t)d.summary % PAGE_SIZE, 0);
	assert_int_equal((uintptr_t)d.whole % PAGE_SIZE, 0);
	assert_true(d.whole != d.summary && (u64 *)memory != d.summary);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	munmap(memory, dirty_bytes(PAGES));
	return 0;
}

/* 511 words of bits, one of the summary and one of whole bits are one word more than a page. */
static void test_bytes_hold_all_words(void **state)
{
	(void)state;
	assert_int_equal(dirty_bytes(510U * 64U), PAGE_SIZE);
	assert_int_equal(dirty_bytes(511U * 64U), 2U * PAGE_SIZE);
	assert_int_equal(dirty_bytes(PAGES), PAGES / 8U + 2U * PAGE_SIZE);
}

/* A taker may subtract a bit before its setter has added it. */
static void test_a_count_below_zero_is_none(void **state)
{
	(void)state;
	d.set = (u64)-3;
	assert_int_equal(dirty_count(&d), 0);
	d.set = 3;
	assert_int_equal(dirty_count(&d), 3);
	d.set = 2U * PAGES;
	assert_int_equal(dirty_count(&d), PAGES);
}

/* What a harvest of the first span does. */
static void action_harvest(void)
{
	(void)dirty_summary_take(&d, 0);
	(void)dirty_spread(&d, 0);
	for (u64 w = 0; w < DIRTY_SPAN_WORDS; w++)
		(void)dirty_take(&d.bits[w], ~UINT64_C(0));
}

/* The summary bit is set already when the mark begins, and is not when its bit has been set. */
static void test_a_summary_that_is_set_is_set_again(void **state)
{
	(void)state;
	dirty_mark(&d, 3);
	mm_trap_set(d.bits, action_harvest);
	dirty_mark(&d, 5);
	mm_trap_end();
	assert_true(dirty_test(&d, 5));
	assert_true(mm_summary_test(&d, 0));
}

static void test_a_whole_bit_comes_before_its_summary(void **state)
{
	(void)state;
	mm_trap_set(d.whole, action_harvest);
	dirty_mark_range(&d, 0, 2U * DIRTY_SPAN_PAGES);
	mm_trap_end();
	assert_true(dirty_whole_test(&d, 0) && dirty_whole_test(&d, 1));
	assert_true(mm_summary_test(&d, 0) && mm_summary_test(&d, 1));
}

/* The same for pages of a part of a span. */
static void test_bits_come_before_their_summary(void **state)
{
	(void)state;
	mm_trap_set(d.bits, action_harvest);
	dirty_mark_range(&d, 7, 3);
	mm_trap_end();
	assert_true(dirty_test(&d, 7) && dirty_test(&d, 9));
	assert_true(mm_summary_test(&d, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bytes_hold_all_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_count_below_zero_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_summary_that_is_set_is_set_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_whole_bit_comes_before_its_summary, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_bits_come_before_their_summary, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("dirty_edges", tests, NULL, NULL);
}
