/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of the arguments of guests' SBI calls (core/guest/args/sbi_args.c), against the tables
 * of SBI 2.0: hart masks, fence ranges, shared memory, entry addresses, suspend types, reset types
 * and reasons.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <abi/sbi.h>
#include "core/guest/args/sbi_args.h"

#define UNTOUCHED UINT64_C(0x5555aaaa5555aaaa)

static void mask_is(u64 mask, u64 base, u32 harts, u64 want)
{
	u64 out = UNTOUCHED;

	assert_int_equal(sbi_args_hart_mask(mask, base, harts, &out), SBI_SUCCESS);
	assert_int_equal(out, want);
}

static void mask_bad(u64 mask, u64 base, u32 harts)
{
	u64 out = UNTOUCHED;

	assert_int_equal(sbi_args_hart_mask(mask, base, harts, &out), SBI_ERR_INVALID_PARAM);
	assert_int_equal(out, UNTOUCHED);
}

static void test_hart_mask_names_existing_harts(void **state)
{
	(void)state;
	mask_is(0x1, 0, 1, 0x1);
	mask_is(0x5, 0, 4, 0x5);
	mask_is(0x3, 2, 4, 0xc);
	mask_is(0x1, 63, 64, BIT64(63));
	mask_is(UINT64_MAX, 0, 64, UINT64_MAX);
	mask_is(UINT64_MAX >> 1, 1, 64, UINT64_MAX & ~UINT64_C(1));
}

static void test_hart_mask_of_nothing_is_no_error(void **state)
{
	(void)state;
	mask_is(0, 0, 4, 0);
	mask_is(0, 3, 4, 0);
}

static void test_hart_mask_base_minus_one_is_all(void **state)
{
	(void)state;
	mask_is(0, UINT64_MAX, 3, 0x7);
	mask_is(UINT64_MAX, UINT64_MAX, 1, 0x1);
	mask_is(0x1, UINT64_MAX, 64, UINT64_MAX);
}

static void test_hart_mask_refuses_harts_that_do_not_exist(void **state)
{
	(void)state;
	mask_bad(0x2, 0, 1);
	mask_bad(0x10, 0, 4);
	mask_bad(UINT64_MAX, 0, 4);
	mask_bad(0x2, 3, 4);
	mask_bad(BIT64(63), 1, 64);
	/*
	 * A base beyond the harts is invalid, whatever the mask is; no base may shift by 64 or
	 * more.
	 */
	mask_bad(0x0, 4, 4);
	mask_bad(0x1, 64, 64);
	mask_bad(0x1, UINT64_MAX - 1U, 64);
	mask_bad(0x1, BIT64(32), 4);
}

static void range_is(u64 start, u64 size, u64 want_start, u64 want_size)
{
	assert_int_equal(sbi_args_range(&start, &size), SBI_SUCCESS);
	assert_int_equal(start, want_start);
	assert_int_equal(size, want_size);
}

static void test_fence_range(void **state)
{
	u64 start;
	u64 size;

	(void)state;
	range_is(0, 0, 0, UINT64_MAX);
	range_is(0x1000, UINT64_MAX, 0, UINT64_MAX);
	range_is(0x1000, 0, 0, UINT64_MAX);
	range_is(0x1000, 0x2000, 0x1000, 0x2000);
	range_is(UINT64_MAX - 0xfff, 0x1000, UINT64_MAX - 0xfff, 0x1000);
	range_is(0, UINT64_MAX - 1U, 0, UINT64_MAX - 1U);

	start = UINT64_MAX - 0xfff;
	size = 0x1001;
	assert_int_equal(sbi_args_range(&start, &size), SBI_ERR_INVALID_ADDRESS);
	start = 3;
	size = UINT64_MAX - 1U;
	assert_int_equal(sbi_args_range(&start, &size), SBI_ERR_INVALID_ADDRESS);
}

/* Two neighbours, not in order; one apart; and one that ends with the address space. */
static const struct config_memory memory[] = {
	{ 0x80200000, 0x100000 },
	{ 0x80000000, 0x200000 },
	{ 0x90000000, 0x1000 },
	{ UINT64_MAX - 0xfff, 0x1000 },
};

static s64 buffer(u64 lo, u64 hi, u64 len)
{
	return sbi_args_buffer(memory, ARRAY_SIZE(memory), lo, hi, len);
}

static void test_shared_memory(void **state)
{
	(void)state;
	assert_int_equal(buffer(0x80000001, 0, 77), SBI_SUCCESS);
	assert_int_equal(buffer(0x1234, 1, 0), SBI_SUCCESS);
	assert_int_equal(buffer(0x80000000, 1, 1), SBI_ERR_INVALID_PARAM);
	assert_int_equal(buffer(0x80000000, UINT64_MAX, 1), SBI_ERR_INVALID_PARAM);
	assert_int_equal(buffer(0x10000000, 0, 1), SBI_ERR_INVALID_PARAM);
	assert_int_equal(buffer(0x802fffff, 0, 2), SBI_ERR_INVALID_PARAM);
	assert_int_equal(buffer(UINT64_MAX, 0, 2), SBI_ERR_INVALID_PARAM);
}

static s64 entry(u64 addr)
{
	return sbi_args_entry(memory, ARRAY_SIZE(memory), addr);
}

static void test_entry_address(void **state)
{
	(void)state;
	assert_int_equal(entry(0x80000000), SBI_SUCCESS);
	assert_int_equal(entry(0x80000002), SBI_SUCCESS);
	assert_int_equal(entry(0x802ffffe), SBI_SUCCESS);
	assert_int_equal(entry(0x80000001), SBI_ERR_INVALID_ADDRESS);
	assert_int_equal(entry(0x80300000), SBI_ERR_INVALID_ADDRESS);
	assert_int_equal(entry(0), SBI_ERR_INVALID_ADDRESS);
	assert_int_equal(entry(UINT64_MAX), SBI_ERR_INVALID_ADDRESS);
	assert_int_equal(entry(0xffffffff80000000), SBI_ERR_INVALID_ADDRESS);
}

static void test_suspend_types(void **state)
{
	static const u64 bad[] = { 0x1,	       0x0fffffff, 0x10000000, 0x7fffffff,
				   0x80000001, 0x8fffffff, 0x90000000, 0xffffffff };

	(void)state;
	assert_int_equal(sbi_args_suspend(0), SBI_SUCCESS);
	assert_int_equal(sbi_args_suspend(0x80000000), SBI_SUCCESS);
	/* The type has 32 bits: a caller may pass it sign-extended. */
	assert_int_equal(sbi_args_suspend(0xffffffff80000000), SBI_SUCCESS);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(sbi_args_suspend(bad[i]), SBI_ERR_INVALID_PARAM);
}

static void test_sleep_types(void **state)
{
	static const u64 bad[] = { 0x1, 0x7fffffff, 0x80000000, 0xffffffff };

	(void)state;
	assert_int_equal(sbi_args_sleep(0), SBI_SUCCESS);
	assert_int_equal(sbi_args_sleep(UINT64_C(1) << 32), SBI_SUCCESS);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(sbi_args_sleep(bad[i]), SBI_ERR_INVALID_PARAM);
}

static void test_reset_types_and_reasons(void **state)
{
	static const u64 bad_type[] = { 3, 0xefffffff, 0xf0000000, 0xffffffff };
	static const u64 bad_reason[] = { 2,	      0xdfffffff, 0xe0000000,
					  0xefffffff, 0xf0000000, 0xffffffff };

	(void)state;
	for (u64 type = 0; type <= 2U; type++) {
		assert_int_equal(sbi_args_reset(type, 0), SBI_SUCCESS);
		assert_int_equal(sbi_args_reset(type, 1), SBI_SUCCESS);
		for (size_t i = 0; i < ARRAY_SIZE(bad_reason); i++)
			assert_int_equal(sbi_args_reset(type, bad_reason[i]),
					 SBI_ERR_INVALID_PARAM);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_type); i++)
		assert_int_equal(sbi_args_reset(bad_type[i], 0), SBI_ERR_INVALID_PARAM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hart_mask_names_existing_harts),
		cmocka_unit_test(test_hart_mask_of_nothing_is_no_error),
		cmocka_unit_test(test_hart_mask_base_minus_one_is_all),
		cmocka_unit_test(test_hart_mask_refuses_harts_that_do_not_exist),
		cmocka_unit_test(test_fence_range),
		cmocka_unit_test(test_shared_memory),
		cmocka_unit_test(test_entry_address),
		cmocka_unit_test(test_suspend_types),
		cmocka_unit_test(test_sleep_types),
		cmocka_unit_test(test_reset_types_and_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
