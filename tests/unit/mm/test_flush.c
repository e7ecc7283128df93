/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flush batches cover everything that was added to them; ranges that touch become one, and all
 * ranges stay disjoint.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/mm/mm_harness.h"

static void assert_disjoint(const struct flush_batch *b)
{
	for (u32 i = 0; i < b->nr; i++) {
		for (u32 j = 0; j < i; j++) {
			const struct flush_range *x = &b->range[i];
			const struct flush_range *y = &b->range[j];

			assert_true(x->base.v + x->size < y->base.v ||
				    y->base.v + y->size < x->base.v);
		}
	}
}

static void test_empty(void **state)
{
	struct flush_batch b;

	(void)state;
	flush_batch_init(&b);
	assert_true(flush_batch_empty(&b));
	flush_batch_add(&b, GPA(0x1000), 0);
	assert_true(flush_batch_empty(&b));
	flush_batch_add(&b, GPA(0x1000), 0x1000);
	assert_false(flush_batch_empty(&b));
}

static void test_neighbours_merge(void **state)
{
	struct flush_batch b;

	(void)state;
	flush_batch_init(&b);
	flush_batch_add(&b, GPA(0x1000), 0x1000);
	flush_batch_add(&b, GPA(0x2000), 0x1000);
	flush_batch_add(&b, GPA(0), 0x1000);
	assert_int_equal(b.nr, 1);
	assert_int_equal(b.range[0].base.v, 0);
	assert_int_equal(b.range[0].size, 0x3000);
	/* A range that closes the gap between two others makes one of all three. */
	flush_batch_add(&b, GPA(0x5000), 0x1000);
	assert_int_equal(b.nr, 2);
	flush_batch_add(&b, GPA(0x3000), 0x2000);
	assert_int_equal(b.nr, 1);
	assert_int_equal(b.range[0].size, 0x6000);
	/* A range that is covered already changes nothing. */
	flush_batch_add(&b, GPA(0x2000), 0x1000);
	assert_int_equal(b.nr, 1);
	assert_int_equal(b.range[0].size, 0x6000);
}

static void test_too_many_become_all(void **state)
{
	struct flush_batch b;

	(void)state;
	flush_batch_init(&b);
	for (u64 i = 0; i < FLUSH_BATCH_RANGES; i++)
		flush_batch_add(&b, GPA(i * 0x10000U), 0x1000);
	assert_false(b.all);
	assert_int_equal(b.nr, FLUSH_BATCH_RANGES);
	flush_batch_add(&b, GPA(0x1000), 0x1000);
	assert_false(b.all);
	flush_batch_add(&b, GPA(GIB(1)), 0x1000);
	assert_true(b.all);
	assert_true(mm_batch_covers(&b, GIB(77)));
	assert_false(flush_batch_empty(&b));
}

static void test_random_covers_what_was_added(void **state)
{
	u64 seed = 99;

	(void)state;
	for (u32 round = 0; round < 20000U; round++) {
		u8 added[64] = { 0 };
		struct flush_batch b;

		flush_batch_init(&b);
		for (u32 n = 0; n < 12U; n++) {
			u64 first = mm_random(&seed) % 64U;
			u64 count = mm_random(&seed) % MIN(8U, 64U - first);

			flush_batch_add(&b, GPA(first * PAGE_SIZE), count * PAGE_SIZE);
			for (u64 p = first; p < first + count; p++)
				added[p] = 1;
		}
		assert_disjoint(&b);
		for (u64 p = 0; p < 64U; p++) {
			if (added[p] != 0U)
				assert_true(mm_batch_covers(&b, p * PAGE_SIZE));
			else if (!b.all)
				assert_false(mm_batch_covers(&b, p * PAGE_SIZE));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_neighbours_merge),
		cmocka_unit_test(test_too_many_become_all),
		cmocka_unit_test(test_random_covers_what_was_added),
	};

	return cmocka_run_group_tests_name("flush", tests, NULL, NULL);
}
