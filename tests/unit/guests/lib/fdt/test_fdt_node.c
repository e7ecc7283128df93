/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cursor over device trees (guests/lib/fdt/fdt_node.c): every node once and in order as libfdt
 * sees them, and properties.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include "guests/lib/fdt/fdt_node.h"

static u8 tree[8192];

static void cells(const char *name, const u32 *values, u32 n)
{
	u32 be[8];

	for (u32 i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(values[i]);
	assert_int_equal(fdt_property(tree, name, be, (int)(4U * n)), 0);
}

static int build(void **state)
{
	static const u32 reg[] = { 1, 0x80000000U, 0, 0x1000 }, three[] = { 7, 8, 9 };

	(void)state;
	assert_int_equal(fdt_create(tree, sizeof(tree)), 0);
	fdt_finish_reservemap(tree);
	fdt_begin_node(tree, "");
	fdt_property_string(tree, "model", "x");
	fdt_property_u32(tree, "gone", 1);
	fdt_begin_node(tree, "cpus");
	fdt_begin_node(tree, "cpu@0");
	fdt_begin_node(tree, "interrupt-controller");
	fdt_property_u32(tree, "phandle", 5);
	fdt_end_node(tree);
	fdt_end_node(tree);
	fdt_end_node(tree);
	fdt_begin_node(tree, "removed");
	fdt_begin_node(tree, "below");
	fdt_end_node(tree);
	fdt_end_node(tree);
	fdt_begin_node(tree, "device@180000000");
	cells("reg", reg, 4);
	cells("three", three, 3);
	fdt_property(tree, "compatible", "first\0second", 13);
	fdt_property(tree, "empty", "", 0);
	fdt_property(tree, "two", "ab", 2);
	fdt_begin_node(tree, "child");
	fdt_property_u32(tree, "inside", 1);
	fdt_end_node(tree);
	fdt_end_node(tree);
	fdt_end_node(tree);
	assert_int_equal(fdt_finish(tree), 0);
	/* What was taken out stays as FDT_NOP. */
	assert_int_equal(fdt_nop_property(tree, 0, "gone"), 0);
	assert_int_equal(fdt_nop_node(tree, fdt_path_offset(tree, "/removed")), 0);
	return 0;
}

static void test_every_node_in_order(void **state)
{
	struct fdt_node node;
	int at = 0, depth = 0;
	u32 n = 0;

	(void)state;
	assert_true(fdt_node_first(tree, &node));
	do {
		assert_true(at >= 0 && depth >= 0);
		assert_string_equal(node.name, fdt_get_name(tree, at, NULL));
		assert_int_equal(node.depth, depth);
		at = fdt_next_node(tree, at, &depth);
		n++;
	} while (fdt_node_next(&node));
	assert_int_equal(n, 6);
	assert_true(at < 0 || depth < 0);
	assert_false(fdt_node_next(&node));
}

static void find(struct fdt_node *node, const char *name)
{
	assert_true(fdt_node_first(tree, node));
	while (strcmp(node->name, name) != 0)
		assert_true(fdt_node_next(node));
}

static void test_properties(void **state)
{
	struct fdt_node node;
	u64 base = 0;
	u32 size = 99;

	(void)state;
	find(&node, "device@180000000");
	assert_true(fdt_node_reg(&node, &base));
	assert_int_equal(base, UINT64_C(0x180000000));
	assert_int_equal(fdt_node_cell(&node, "three", 0, 1), 7);
	assert_int_equal(fdt_node_cell(&node, "three", 2, 1), 9);
	assert_int_equal(fdt_node_cell(&node, "three", 3, 1), 1);
	assert_int_equal(fdt_node_cell(&node, "three", UINT32_MAX, 1), 1);
	assert_int_equal(fdt_node_cell(&node, "two", 0, 1), 1);
	assert_int_equal(fdt_node_cell(&node, "absent", 0, 3), 3);
	assert_true(fdt_node_is(&node, "first"));
	assert_true(fdt_node_is(&node, "second"));
	assert_false(fdt_node_is(&node, "secon"));
	assert_false(fdt_node_is(&node, ""));
	assert_non_null(fdt_node_prop(&node, "empty", &size));
	assert_int_equal(size, 0);
	/* Not those of a child, or of another node */
	assert_null(fdt_node_prop(&node, "inside", NULL));
	assert_null(fdt_node_prop(&node, "model", NULL));
	find(&node, "child");
	assert_non_null(fdt_node_prop(&node, "inside", NULL));
	assert_false(fdt_node_reg(&node, &base));
	assert_false(fdt_node_is(&node, "first"));
	assert_true(fdt_node_first(tree, &node));
	assert_non_null(fdt_node_prop(&node, "model", NULL));
	assert_null(fdt_node_prop(&node, "gone", NULL));
}

static void test_not_a_tree(void **state)
{
	struct fdt_node node;
	static const u8 zeros[64];

	(void)state;
	assert_false(fdt_node_first(NULL, &node));
	assert_false(fdt_node_first(zeros, &node));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_node_in_order, build),
		cmocka_unit_test_setup(test_properties, build),
		cmocka_unit_test(test_not_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
