/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which CSRs a guest can write, by their number, and which of them no other guest finds: all 4096
 * numbers against lists in literal numbers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "arch/riscv/model/guest_csr.h"
#include "arch/riscv/probe/features.h"

struct features features;

#define NUMBERS 0x1000U

/* Every hart with H has these, or sstatus closes them. */
static const u32 always[] = { 0x001, 0x002, 0x003, 0x008, 0x009, 0x00a, 0x00f, 0x100, 0x104,
			      0x105, 0x106, 0x140, 0x141, 0x142, 0x143, 0x144, 0x180 };

static const struct {
	u32 csr;
	bool *feature;
} sometimes[] = {
	{ 0x017, &features.jvt },	{ 0x10a, &features.henvcfg },
	{ 0x10c, &features.smstateen }, { 0x14d, &features.sstc },
	{ 0x14e, &features.ctr },	{ 0x14f, &features.ctr },
	{ 0x150, &features.siselect },	{ 0x5a8, &features.scontext },
};

static void set_all(bool on)
{
	for (u32 i = 0; i < ARRAY_SIZE(sometimes); i++)
		*sometimes[i].feature = on;
}

static u32 count_kept(void)
{
	u32 n = 0;

	for (u32 csr = 0; csr < NUMBERS; csr++)
		n += guest_csr_is_kept(csr) ? 1U : 0U;
	return n;
}

static void numbers_that_vs_mode_can_write(void **state)
{
	u32 n = 0;

	(void)state;
	for (u32 csr = 0; csr < NUMBERS; csr++)
		n += guest_csr_may_write(csr) ? 1U : 0U;
	assert_int_equal(n, 6 * 256);
	/* unprivileged and supervisor, standard and custom */
	assert_true(guest_csr_may_write(0x000));
	assert_true(guest_csr_may_write(0x4ff));
	assert_true(guest_csr_may_write(0x800));
	assert_true(guest_csr_may_write(0x1ff));
	assert_true(guest_csr_may_write(0x5c0));
	assert_true(guest_csr_may_write(0x9c0));
	/* read-only: cycle, scountovf; of HS-mode: hstatus, vsstatus, 0xa00; of M-mode */
	assert_false(guest_csr_may_write(0xc00));
	assert_false(guest_csr_may_write(0xda0));
	assert_false(guest_csr_may_write(0x600));
	assert_false(guest_csr_may_write(0x200));
	assert_false(guest_csr_may_write(0xa00));
	assert_false(guest_csr_may_write(0x300));
	assert_false(guest_csr_may_write(0xbc0));
}

static void without_any_feature(void **state)
{
	(void)state;
	set_all(false);
	for (u32 i = 0; i < ARRAY_SIZE(always); i++)
		assert_true(guest_csr_is_kept(always[i]));
	assert_int_equal(count_kept(), ARRAY_SIZE(always));
}

static void with_each_feature(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sometimes); i++) {
		set_all(false);
		*sometimes[i].feature = true;
		assert_true(guest_csr_is_kept(sometimes[i].csr));
		assert_true(guest_csr_may_write(sometimes[i].csr));
		set_all(true);
		*sometimes[i].feature = false;
		assert_false(guest_csr_is_kept(sometimes[i].csr));
	}
	set_all(true);
	assert_int_equal(count_kept(), ARRAY_SIZE(always) + ARRAY_SIZE(sometimes));
}

static void what_siselect_shows(void **state)
{
	(void)state;
	set_all(true);
	assert_false(guest_csr_selected_is_kept(0x1ff));
	assert_true(guest_csr_selected_is_kept(0x200));
	assert_true(guest_csr_selected_is_kept(0x2ff));
	assert_false(guest_csr_selected_is_kept(0x300));
	features.ctr = false;
	assert_false(guest_csr_selected_is_kept(0x200));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_that_vs_mode_can_write),
		cmocka_unit_test(without_any_feature),
		cmocka_unit_test(with_each_feature),
		cmocka_unit_test(what_siselect_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
