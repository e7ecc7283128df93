/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical ranges against a partition's memory: neighbours count as one range, and no sum
 * wraps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/config/config_memory.h"

/* Two neighbours out of order, one apart, one that ends with the address space. */
static const struct config_memory memory[] = {
	{ 0x80200000, 0x100000 },
	{ 0x80000000, 0x200000 },
	{ 0x90000000, 0x1000 },
	{ UINT64_MAX - 0xfff, 0x1000 },
};

static bool inside(u64 base, u64 len)
{
	return config_memory_holds(memory, ARRAY_SIZE(memory), base, len);
}

static void test_memory_range(void **state)
{
	(void)state;
	assert_true(inside(0x80000000, 1));
	assert_true(inside(0x80000000, 0x200000));
	assert_true(inside(0x80000000, 0x300000));
	assert_true(inside(0x801fffff, 2));
	assert_true(inside(0x802fffff, 1));
	assert_true(inside(0x90000fff, 1));
	assert_true(inside(UINT64_MAX - 0xfff, 0x1000));

	assert_false(inside(0x80000000, 0x300001));
	assert_false(inside(0x7fffffff, 2));
	assert_false(inside(0x90000fff, 2));
	assert_false(inside(0x0, 1));
	assert_false(inside(UINT64_MAX - 0xfff, 0x1001));
	assert_false(inside(0x80000000, UINT64_MAX));
	assert_false(inside(0x80000000, UINT64_MAX - 0x7fffffff));

	assert_true(inside(0x0, 0));
	assert_true(inside(0xdeadbeef, 0));
	assert_false(config_memory_holds(NULL, 0, 0x80000000, 1));
}

static bool code(u64 pc)
{
	return config_memory_holds_code(memory, ARRAY_SIZE(memory), pc);
}

static void test_code(void **state)
{
	(void)state;
	assert_true(code(0x80000000));
	assert_true(code(0x80000002));
	assert_true(code(0x802ffffe));
	assert_true(code(UINT64_MAX - 1U));
	assert_false(code(0x80000001));
	assert_false(code(0x80300000));
	assert_false(code(0));
	assert_false(code(UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_range),
		cmocka_unit_test(test_code),
	};

	return cmocka_run_group_tests_name("config_memory", tests, NULL, NULL);
}
