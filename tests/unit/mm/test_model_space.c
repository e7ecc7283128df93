/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A million random operations in each mode of the dirty log, over Sv39x4, Sv48x4 and Sv57x4. No
 * write may go unreported.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <abi/cleave.h>
#include "tests/model/model_space.h"

static void run(u32 mode, u64 seed)
{
	/* A million in all. Sv39x4 gets most of them, because most machines have it. */
	static const u64 ops[] = { [3] = 400000, [4] = 300000, [5] = 300000 };

	for (u8 levels = 3; levels <= 5U; levels++) {
		struct model_space_run r = {
			.levels = levels, .mode = mode, .ops = ops[levels], .seed = seed + levels
		};

		model_space_run(&r);
	}
}

static void test_fault(void **state)
{
	(void)state;
	run(CLEAVE_LOG_FAULT, 100);
}

static void test_eager(void **state)
{
	(void)state;
	run(CLEAVE_LOG_EAGER, 200);
}

static void test_initially_set(void **state)
{
	(void)state;
	run(CLEAVE_LOG_INITIALLY_SET, 300);
}

static void test_dirty_bits(void **state)
{
	(void)state;
	run(CLEAVE_LOG_DIRTY_BITS, 350);
}

/* M5: a pool that is too small makes tracking coarser, and does nothing else. */
static void test_small_pool(void **state)
{
	(void)state;
	for (u32 mode = CLEAVE_LOG_FAULT; mode <= CLEAVE_LOG_DIRTY_BITS; mode++) {
		struct model_space_run r = { .levels = 3,
					     .mode = mode,
					     .pool_tables = 9,
					     .ops = 100000,
					     .seed = 400 + mode };

		model_space_run(&r);
	}
}

/* With a leaf of 1 GiB, which is split in two steps and collapsed in two. */
static void test_gib(void **state)
{
	(void)state;
	for (u32 mode = CLEAVE_LOG_FAULT; mode <= CLEAVE_LOG_DIRTY_BITS; mode++) {
		struct model_space_run r = { .levels = (u8)MIN(2U + mode, 5U),
					     .mode = mode,
					     .gib = true,
					     .ops = 12000,
					     .seed = 500 + mode };

		model_space_run(&r);
	}
}

/* Starts in any mode take over logs that are on, being started or being stopped. */
static void test_take_over(void **state)
{
	(void)state;
	for (u8 levels = 3; levels <= 5U; levels++) {
		struct model_space_run r = { .levels = levels,
					     .mode = CLEAVE_LOG_FAULT + levels - 3U,
					     .over = true,
					     .ops = 100000,
					     .seed = 600 + levels };

		model_space_run(&r);
		if (levels != 3U)
			continue;
		r.pool_tables = 9;
		model_space_run(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault),	      cmocka_unit_test(test_eager),
		cmocka_unit_test(test_initially_set), cmocka_unit_test(test_dirty_bits),
		cmocka_unit_test(test_small_pool),    cmocka_unit_test(test_gib),
		cmocka_unit_test(test_take_over),
	};

	return cmocka_run_group_tests_name("model_space", tests, NULL, NULL);
}
