/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory from its device tree. Whatever form the tree has, reserved memory is never
 * called free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cleave/errno.h>
#include <libfdt.h>
#include "core/machine/memmap.h"

#define TREE_SIZE 16384

struct tree {
	char blob[TREE_SIZE];
	int na, ns;
};

static void begin(struct tree *t, int na, int ns)
{
	t->na = na;
	t->ns = ns;
	assert_int_equal(fdt_create_empty_tree(t->blob, TREE_SIZE), 0);
	assert_int_equal(fdt_setprop_u32(t->blob, 0, "#address-cells", (u32)na), 0);
	assert_int_equal(fdt_setprop_u32(t->blob, 0, "#size-cells", (u32)ns), 0);
}

static void append(struct tree *t, int node, u64 v, int cells)
{
	if (cells == 2)
		assert_int_equal(fdt_appendprop_u64(t->blob, node, "reg", v), 0);
	else
		assert_int_equal(fdt_appendprop_u32(t->blob, node, "reg", (u32)v), 0);
}

static void add_reg(struct tree *t, int node, u64 base, u64 size)
{
	append(t, node, base, t->na);
	append(t, node, size, t->ns);
}

static int memory(struct tree *t, const char *name)
{
	int node = fdt_add_subnode(t->blob, 0, name);

	assert_true(node > 0);
	assert_int_equal(fdt_setprop_string(t->blob, node, "device_type", "memory"), 0);
	return node;
}

static int reserved(struct tree *t, const char *name)
{
	int parent = fdt_path_offset(t->blob, "/reserved-memory");
	int node;

	if (parent < 0) {
		parent = fdt_add_subnode(t->blob, 0, "reserved-memory");
		assert_true(parent > 0);
		assert_int_equal(fdt_setprop_u32(t->blob, parent, "#address-cells", (u32)t->na), 0);
		assert_int_equal(fdt_setprop_u32(t->blob, parent, "#size-cells", (u32)t->ns), 0);
		parent = fdt_path_offset(t->blob, "/reserved-memory");
	}
	node = fdt_add_subnode(t->blob, parent, name);
	assert_true(node > 0);
	return node;
}

static void expect(const struct memmap *m, u32 nr, const u64 (*want)[2])
{
	assert_int_equal(m->nr, nr);
	for (u32 i = 0; i < nr; i++) {
		assert_int_equal(m->range[i].base, want[i][0]);
		assert_int_equal(m->range[i].size, want[i][1]);
	}
}

static void virt(void **state)
{
	static struct tree t;
	static struct memmap ram, usable;
	static const u64 whole[][2] = { { 0x80000000, 0x100000000 } };
	static const u64 left[][2] = { { 0x80080000, 0xfff80000 } };

	(void)state;
	begin(&t, 2, 2);
	add_reg(&t, memory(&t, "memory@80000000"), 0x80000000, 0x100000000);
	add_reg(&t, reserved(&t, "mmode_resv1@80000000"), 0x80000000, 0x40000);
	add_reg(&t, reserved(&t, "mmode_resv0@80040000"), 0x80040000, 0x40000);
	assert_int_equal(memmap_read(t.blob, &ram, &usable), 0);
	expect(&ram, 1, whole);
	expect(&usable, 1, left);
	assert_int_equal(usable.range[0].size, 0xfff80000);
}

static void one_cell_and_reservation_block(void **state)
{
	static struct tree t;
	static struct memmap ram, usable;
	static const u64 left[][2] = { { 0x40000000, 0x1000 }, { 0x40003000, 0xfffd000 } };

	(void)state;
	begin(&t, 1, 1);
	assert_int_equal(fdt_add_mem_rsv(t.blob, 0x40001800, 0x1000), 0);
	add_reg(&t, memory(&t, "memory@40000000"), 0x40000000, 0x10000000);
	assert_int_equal(memmap_read(t.blob, &ram, &usable), 0);
	/* A reservation that is not aligned takes both pages that it touches. */
	expect(&usable, 2, left);
}

static void several_ranges_unsorted_and_overlapping(void **state)
{
	static struct tree t;
	static struct memmap ram, usable;
	static const u64 want[][2] = { { 0x1000, 0x4000 }, { 0x100000, 0x200000 } };
	int node;

	(void)state;
	begin(&t, 2, 2);
	node = memory(&t, "memory@100000");
	add_reg(&t, node, 0x200000, 0x100000);
	add_reg(&t, node, 0x100000, 0x100000);
	node = memory(&t, "memory@0");
	add_reg(&t, node, 0x800, 0x4000);   /* rounded inwards: 0x1000 to 0x4000 */
	add_reg(&t, node, 0x3000, 0x2000);  /* overlaps it */
	add_reg(&t, node, 0x900000, 0x800); /* less than a page */
	assert_int_equal(memmap_read(t.blob, &ram, &usable), 0);
	expect(&ram, 2, want);
}

static void a_reservation_over_all(void **state)
{
	static struct tree t;
	static struct memmap ram, usable;

	(void)state;
	begin(&t, 2, 2);
	add_reg(&t, memory(&t, "memory@80000000"), 0x80000000, 0x10000000);
	add_reg(&t, reserved(&t, "all"), 0, UINT64_MAX);
	assert_int_equal(memmap_read(t.blob, &ram, &usable), 0);
	assert_int_equal(usable.nr, 0);
	assert_int_equal(ram.nr, 1);
}

/* A node without reg asks for memory that is to be found later. A disabled node does not count. */
static void reservations_that_hold_nothing(void **state)
{
	static struct tree t;
	static struct memmap ram, usable;
	static const u64 want[][2] = { { 0x80000000, 0x10000000 } };
	int node;

	(void)state;
	begin(&t, 2, 2);
	add_reg(&t, memory(&t, "memory@80000000"), 0x80000000, 0x10000000);
	assert_int_equal(fdt_setprop_u64(t.blob, reserved(&t, "cma"), "size", 0x1000000), 0);
	node = reserved(&t, "off");
	add_reg(&t, node, 0x80000000, 0x1000);
	node = fdt_path_offset(t.blob, "/reserved-memory/off");
	assert_int_equal(fdt_setprop_string(t.blob, node, "status", "disabled"), 0);
	assert_int_equal(memmap_read(t.blob, &ram, &usable), 0);
	expect(&usable, 1, want);
}

static void no_memory(void **state)
{
	static struct tree t;
	static struct memmap ram, usable;

	(void)state;
	begin(&t, 2, 2);
	assert_int_equal(memmap_read(t.blob, &ram, &usable), CLV_ERR_NOTFOUND);
	/* reg of a length that the cells do not divide */
	assert_int_equal(fdt_setprop_u32(t.blob, memory(&t, "memory@0"), "reg", 0x1000), 0);
	assert_int_equal(memmap_read(t.blob, &ram, &usable), CLV_ERR_NOTFOUND);
	/* more cells than a 64-bit number has */
	begin(&t, 3, 2);
	assert_int_equal(fdt_setprop_u64(t.blob, memory(&t, "memory@0"), "reg", 0x1000), 0);
	assert_int_equal(memmap_read(t.blob, &ram, &usable), CLV_ERR_NOTFOUND);
}

/* With hundreds of holes, pieces are given up, but reserved memory never becomes free. */
static void more_holes_than_ranges(void **state)
{
	static struct memmap m;
	u32 n;

	(void)state;
	m.nr = 1;
	m.range[0] = (struct frames_range){ .base = 0, .size = 0x1000000 };
	for (n = 0; n < 500U; n++)
		memmap_remove(&m, 0x1000U + n * 0x3000U, 0x1000U);
	assert_true(m.nr <= MEMMAP_MAX);
	for (n = 0; n < 500U; n++)
		assert_false(memmap_contains(&m, 0x1000U + n * 0x3000U, 0x1000U));
	for (n = 1; n < m.nr; n++)
		assert_true(m.range[n - 1U].base + m.range[n - 1U].size < m.range[n].base);
	assert_true(memmap_contains(&m, 0x800000, 0x1000));
}

static void contains(void **state)
{
	static struct memmap m = { .nr = 1, .range = { { .base = 0x1000, .size = 0x2000 } } };

	(void)state;
	assert_true(memmap_contains(&m, 0x1000, 0x2000));
	assert_true(memmap_contains(&m, 0x2fff, 1));
	assert_false(memmap_contains(&m, 0x1000, 0));
	assert_false(memmap_contains(&m, 0xfff, 2));
	assert_false(memmap_contains(&m, 0x2fff, 2));
	assert_false(memmap_contains(&m, 0x1000, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virt),
		cmocka_unit_test(one_cell_and_reservation_block),
		cmocka_unit_test(several_ranges_unsorted_and_overlapping),
		cmocka_unit_test(a_reservation_over_all),
		cmocka_unit_test(reservations_that_hold_nothing),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(more_holes_than_ranges),
		cmocka_unit_test(contains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
