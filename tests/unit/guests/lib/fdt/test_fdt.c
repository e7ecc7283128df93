/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest program asks of its device tree (guests/lib/fdt/fdt.c), on a tree that libfdt
 * writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include "guests/lib/guest.h"

static u8 tree[4096];
static u8 bare[256]; /* a tree with nothing in it */

static void begin(void *fdt, int size)
{
	assert_int_equal(fdt_create(fdt, size), 0);
	fdt_finish_reservemap(fdt);
	fdt_begin_node(fdt, "");
}

static void end(void *fdt)
{
	fdt_end_node(fdt);
	assert_int_equal(fdt_finish(fdt), 0);
}

static int build(void **state)
{
	const u64 reg[] = { cpu_to_fdt64(0x80000000U), cpu_to_fdt64(0x10000000U) };

	(void)state;
	begin(bare, sizeof(bare));
	end(bare);
	begin(tree, sizeof(tree));
	fdt_property_string(tree, "bootargs", "not these");
	fdt_begin_node(tree, "cpus");
	fdt_property_u32(tree, "timebase-frequency", 10000000);
	for (u32 i = 0; i < 3U; i++) {
		fdt_begin_node(tree, i == 0U ? "cpu@0" : i == 1U ? "cpu@1" : "cpu@2");
		if (i > 0U)
			fdt_property_string(tree, "riscv,isa", i == 1U ? "rv64imac" : "rv64i");
		fdt_begin_node(tree, "cpu@below");
		fdt_property_string(tree, "riscv,isa", "too deep");
		fdt_end_node(tree);
		fdt_end_node(tree);
	}
	fdt_end_node(tree);
	fdt_begin_node(tree, "memory@80000000");
	fdt_property(tree, "reg", reg, sizeof(reg));
	fdt_end_node(tree);
	fdt_begin_node(tree, "chosen");
	fdt_property_string(tree, "bootargs", "  mode=fast quiet n=12x modern=1 empty= m=9");
	fdt_end_node(tree);
	end(tree);
	return 0;
}

static void finds_words_of_the_bootargs(void **state)
{
	char value[8] = "kept";

	(void)state;
	assert_true(bootarg(tree, "mode", value, sizeof(value)));
	assert_string_equal(value, "fast");
	assert_true(bootarg(tree, "modern", value, sizeof(value)));
	assert_string_equal(value, "1");
	assert_true(bootarg(tree, "m", value, sizeof(value)));
	assert_string_equal(value, "9");
	assert_true(bootarg(tree, "quiet", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_true(bootarg(tree, "empty", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_true(bootarg(tree, "quiet", NULL, 0));
	assert_true(bootarg(tree, "mode", value, 3));
	assert_string_equal(value, "fa");
	assert_false(bootarg(tree, "mod", value, sizeof(value)));
	assert_false(bootarg(tree, "fast", value, sizeof(value)));
	assert_false(bootarg(bare, "mode", value, sizeof(value)));
	assert_string_equal(value, "fa");
}

static void reads_numbers_of_the_bootargs(void **state)
{
	(void)state;
	assert_int_equal(bootarg_number(tree, "n", 5), 12);
	assert_int_equal(bootarg_number(tree, "m", 5), 9);
	assert_int_equal(bootarg_number(tree, "mode", 5), 0);
	assert_int_equal(bootarg_number(tree, "none", 5), 5);
}

static void tells_what_the_machine_has(void **state)
{
	u64 base = 1;
	u64 size = 2;

	(void)state;
	assert_int_equal(fdt_cpus(tree), 3);
	assert_string_equal(fdt_isa(tree), "rv64imac");
	assert_int_equal(fdt_timebase(tree), 10000000);
	assert_true(fdt_memory(tree, &base, &size));
	assert_int_equal(base, 0x80000000U);
	assert_int_equal(size, 0x10000000U);
}

static void finds_nothing_where_there_is_nothing(void **state)
{
	const void *const trees[] = { NULL, "no device tree at all", bare };
	u64 base = 1;
	u64 size = 2;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(trees); i++) {
		assert_int_equal(fdt_cpus(trees[i]), 0);
		assert_string_equal(fdt_isa(trees[i]), "");
		assert_string_equal(fdt_bootargs(trees[i]), "");
		assert_int_equal(fdt_timebase(trees[i]), 0);
		assert_false(fdt_memory(trees[i], &base, &size));
	}
	assert_int_equal(base, 1);
	assert_int_equal(size, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_words_of_the_bootargs),
		cmocka_unit_test(reads_numbers_of_the_bootargs),
		cmocka_unit_test(tells_what_the_machine_has),
		cmocka_unit_test(finds_nothing_where_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
