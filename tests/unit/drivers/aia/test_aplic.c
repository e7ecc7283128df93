/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register part of the APLIC's driver, on registers that are plain memory: what an access
 * does is played by hand, between the calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <cleave/printk.h>
#include "arch/riscv/aia.h"
#include "drivers/aia/aplic.h"

static u32 regs[0x4100 / 4];
static u32 lines_said;

void printk(const char *fmt, ...)
{
	(void)fmt;
	lines_said++;
}

static struct {
	u32 first, nr, answer;
} claim;

u32 imsic_claim(u32 first, u32 nr)
{
	claim.first = first;
	claim.nr = nr;
	return claim.answer;
}

#define REG(offset) regs[(offset) / 4]

static struct aplic make(bool msi)
{
	struct aplic a = {
		.regs = regs, .name = "aplic", .sources = 95, .msi = msi, .first = 2, .room = 2
	};

	memset(regs, 0, sizeof(regs));
	a.target[1] = 3;
	for (u32 i = 1; i <= a.sources; i++)
		a.mode[i] = APLIC_LEVEL1;
	a.mode[7] = APLIC_EDGE1;
	REG(0) = 0xffffffff;
	lines_said = 0;
	return a;
}

static void starts_with_all_sources_off(void **state)
{
	struct aplic a = make(false);

	(void)state;
	assert_true(aplic_start(&a));
	assert_int_equal(REG(0), 0x100); /* IE, direct, little-endian */
	for (u32 i = 0; i < 4; i++)
		assert_int_equal(REG(0x1f00 + i * 4), i < 3 ? 0xffffffff : 0);
	assert_int_equal(REG(4 * 7), APLIC_EDGE1);
	assert_int_equal(REG(4 * 95), APLIC_LEVEL1);
	assert_int_equal(REG(4 * 96), 0);
	a = make(true);
	assert_true(aplic_start(&a));
	assert_int_equal(REG(0), 0x104);
	assert_int_equal(aplic_size(0), 0x4000);
	assert_int_equal(aplic_size(3), 0x4060);
}

static void delivers_directly(void **state)
{
	struct aplic a = make(false);

	(void)state;
	REG(0x4060) = 0;
	REG(0x4068) = 5; /* the firmware's threshold */
	aplic_route(&a, 1, 10, true);
	assert_int_equal(REG(0x3000 + 40), 3U << 18 | 1);
	assert_int_equal(REG(0x4060), 1);
	assert_int_equal(REG(0x4068), 0);
	/* A source leaves a hart for the next one: nothing is to be done before. */
	aplic_route(&a, 1, 10, false);
	assert_int_equal(REG(0x3000 + 40), 3U << 18 | 1);
	aplic_enable(&a, 10, true);
	assert_int_equal(REG(0x1edc), 10);
	assert_int_equal(REG(0x1cdc), 0); /* the level itself is pending: none is set by hand */
	REG(0x407c) = 10U << 16 | 1;
	REG(0x1d00) = 1U << 10;
	assert_int_equal(aplic_claim(&a, 1), 10);
	assert_int_equal(REG(0x1fdc), 10); /* off until it is completed */
	REG(0x1edc) = 0;
	aplic_complete(&a, 1, 10);
	assert_int_equal(REG(0x1edc), 10);
}

/* The wire fell before the claim: nobody is told of an interrupt, and the source stays on. */
static void ignores_a_level_that_has_gone(void **state)
{
	struct aplic a = make(false);

	(void)state;
	REG(0x407c) = 40U << 16 | 1;
	assert_int_equal(aplic_claim(&a, 1), 0);
	assert_int_equal(REG(0x1fdc), 0);
	REG(0x1d04) = 1U << 8;
	assert_int_equal(aplic_claim(&a, 1), 40);
	REG(0x407c) = 7U << 16 | 1; /* an edge stays an interrupt */
	assert_int_equal(aplic_claim(&a, 1), 7);
	REG(0x407c) = 0;
	assert_int_equal(aplic_claim(&a, 1), 0);
	assert_int_equal(REG(0x1fdc), 7);
}

static void keeps_off_what_was_switched_off_while_claimed(void **state)
{
	struct aplic a = make(false);

	(void)state;
	aplic_enable(&a, 10, true);
	aplic_enable(&a, 10, false);
	assert_int_equal(REG(0x1fdc), 10);
	REG(0x1edc) = 0;
	aplic_complete(&a, 1, 10);
	assert_int_equal(REG(0x1edc), 0);
}

static void sends_messages(void **state)
{
	struct aplic a = make(true);

	(void)state;
	aplic_route(&a, 1, 10, true);
	assert_int_equal(REG(0x3000 + 40), 3U << 18 | 2);
	assert_int_equal(REG(0x4060), 0); /* there is no delivery structure */
	aplic_route(&a, 1, 95, true);
	assert_int_equal(REG(0x3000 + 380), 3U << 18 | 3);
	aplic_route(&a, 0, 10, true); /* on another hart it has the same identity */
	assert_int_equal(REG(0x3000 + 40), 2);
	claim.answer = 2;
	assert_int_equal(aplic_claim(&a, 1), 95);
	assert_int_equal(claim.first, 2);
	assert_int_equal(claim.nr, 2);
	assert_int_equal(REG(0x1fdc), 95);
	claim.answer = 0;
	assert_int_equal(aplic_claim(&a, 1), 0);
	assert_int_equal(REG(0x1fdc), 95);
	/* The files have no third identity for it: it stays off, which is said. */
	aplic_route(&a, 1, 20, true);
	aplic_enable(&a, 20, true);
	assert_int_equal(lines_said, 1);
	assert_int_equal(REG(0x1edc), 0);
}

/* AIA 4.9.2: a level that stays high sends no further message unless it is made pending again. */
static void retriggers_levels_but_not_edges(void **state)
{
	struct aplic a = make(true);

	(void)state;
	aplic_route(&a, 1, 10, true);
	aplic_route(&a, 1, 7, true);
	aplic_enable(&a, 10, true);
	REG(0x1edc) = 0;
	REG(0x1cdc) = 0;
	aplic_complete(&a, 1, 10);
	assert_int_equal(REG(0x1cdc), 10);
	assert_int_equal(REG(0x1edc), 10);
	REG(0x1cdc) = 0;
	aplic_enable(&a, 7, true);
	aplic_complete(&a, 1, 7);
	assert_int_equal(REG(0x1cdc), 0);
	assert_int_equal(REG(0x1edc), 7);
}

static void says_what_is_not_delegated(void **state)
{
	struct aplic a = make(true);

	(void)state;
	a.mode[12] = APLIC_INACTIVE;
	aplic_route(&a, 1, 12, true);
	aplic_enable(&a, 12, true);
	assert_int_equal(lines_said, 1);
	assert_int_equal(REG(0x1edc), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_with_all_sources_off),
		cmocka_unit_test(delivers_directly),
		cmocka_unit_test(ignores_a_level_that_has_gone),
		cmocka_unit_test(keeps_off_what_was_switched_off_while_claimed),
		cmocka_unit_test(sends_messages),
		cmocka_unit_test(retriggers_levels_but_not_edges),
		cmocka_unit_test(says_what_is_not_delegated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
