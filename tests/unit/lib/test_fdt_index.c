/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/fdt_index.c: of every node and every phandle, it says what libfdt says, also of trees that
 * are not indexed, or that it has no room for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <libfdt.h>
#include "lib/fdt_index.h"

#define SIZE 262144

static char tree[SIZE] __attribute__((aligned(8)));
static char other[SIZE] __attribute__((aligned(8)));

static void ok(int rc)
{
	if (rc < 0)
		fail_msg("libfdt: %s", fdt_strerror(rc));
}

/*
 * A root with @wide nodes, each with a chain of @deep nodes in it; some have phandles, of either
 * name, 0 and 0xffffffff among them, and some have one that an earlier node has
 */
static void make(char *fdt, u32 wide, u32 deep)
{
	char name[32];
	u32 n = 0;

	ok(fdt_create(fdt, SIZE));
	ok(fdt_finish_reservemap(fdt));
	ok(fdt_begin_node(fdt, ""));
	for (u32 i = 0; i < wide; i++) {
		for (u32 k = 0; k <= deep; k++, n++) {
			(void)snprintf(name, sizeof(name), "node@%x", n);
			ok(fdt_begin_node(fdt, name));
			ok(fdt_property_u32(fdt, "reg", n));
			if (n % 3U == 0U)
				ok(fdt_property_u32(fdt, "phandle", n / 2U % 40U));
			else if (n % 3U == 1U)
				ok(fdt_property_u32(fdt, "linux,phandle",
						    n == 7U ? UINT32_MAX : n));
		}
		for (u32 k = 0; k <= deep; k++)
			ok(fdt_end_node(fdt));
	}
	ok(fdt_end_node(fdt));
	ok(fdt_finish(fdt));
	ok(fdt_check_full(fdt, SIZE));
}

static void expect_as_libfdt(const char *fdt)
{
	for (int node = -3; node < (int)fdt_size_dt_struct(fdt) + 8; node++)
		assert_int_equal(fdt_index_parent(fdt, node), fdt_parent_offset(fdt, node));
	for (u32 p = 0; p < 64U; p++)
		assert_int_equal(fdt_index_phandle(fdt, p), fdt_node_offset_by_phandle(fdt, p));
	assert_int_equal(fdt_index_phandle(fdt, UINT32_MAX),
			 fdt_node_offset_by_phandle(fdt, UINT32_MAX));
}

static void test_answers_are_those_of_libfdt(void **state)
{
	(void)state;
	for (u32 deep = 0; deep < 18U; deep++) {
		make(tree, 5, deep);
		make(other, 3, 2);
		fdt_index_make(tree);
		expect_as_libfdt(tree);
		expect_as_libfdt(other);
	}
}

/* A tree is read once: what changes later is not seen, so the index is what answers. */
static void test_the_index_is_asked(void **state)
{
	int last = 0;

	(void)state;
	make(tree, 30, 2);
	fdt_index_make(tree);
	for (int node = 0; node >= 0; node = fdt_next_node(tree, node, NULL)) {
		if (fdt_getprop(tree, node, "linux,phandle", NULL) != NULL)
			last = node;
	}
	ok(fdt_setprop_inplace_u32(tree, last, "linux,phandle", 5000));
	assert_int_equal(fdt_node_offset_by_phandle(tree, 88), -FDT_ERR_NOTFOUND);
	assert_int_equal(fdt_index_phandle(tree, 88), last);
	assert_int_equal(fdt_index_phandle(tree, 5000), last);
	fdt_index_make(tree);
	assert_int_equal(fdt_index_phandle(tree, 88), -FDT_ERR_NOTFOUND);
}

/* Nothing of the tree before answers for one that has too many nodes. */
static void test_a_tree_that_is_too_large_is_not_indexed(void **state)
{
	int first;
	int last = 0;

	(void)state;
	for (u32 wide = 2047; wide <= 2048U; wide++) {
		make(tree, wide, 0);
		fdt_index_make(tree);
		first = fdt_next_node(tree, 0, NULL);
		for (int node = 0; node >= 0; node = fdt_next_node(tree, node, NULL))
			last = node;
		assert_int_equal(fdt_index_parent(tree, 0), -FDT_ERR_NOTFOUND);
		assert_int_equal(fdt_index_parent(tree, first), 0);
		assert_int_equal(fdt_index_parent(tree, last), 0);
		assert_int_equal(fdt_index_phandle(tree, 1), fdt_node_offset_by_phandle(tree, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_are_those_of_libfdt),
		cmocka_unit_test(test_the_index_is_asked),
		cmocka_unit_test(test_a_tree_that_is_too_large_is_not_indexed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
