/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/fdt_read.c: cells, numbers, `reg` and `status` of device-tree nodes, well formed and not. The
 * tree fills an allocation of its own, so that the sanitiser sees a read after its end.
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
#include "lib/fdt_read.h"

static char draft[4096];
static char *fdt;

static void ok(int rc)
{
	if (rc < 0)
		fail_msg("libfdt: %s", fdt_strerror(rc));
}

/* A tree of one bus "/bus" with @address_cells and @size_cells and one node in it, "/bus/node" */
static void begin(u32 address_cells, u32 size_cells)
{
	ok(fdt_create(draft, sizeof(draft)));
	ok(fdt_finish_reservemap(draft));
	ok(fdt_begin_node(draft, ""));
	ok(fdt_begin_node(draft, "bus"));
	ok(fdt_property_u32(draft, "#address-cells", address_cells));
	ok(fdt_property_u32(draft, "#size-cells", size_cells));
	ok(fdt_begin_node(draft, "node"));
}

static void put(const char *name, const void *data, size_t len)
{
	ok(fdt_property(draft, name, data, (int)len));
}

#define PUT_CELLS(name, ...)                                      \
	do {                                                      \
		u32 host_[] = { __VA_ARGS__ };                    \
		fdt32_t cell_[ARRAY_SIZE(host_)];                 \
		for (size_t i_ = 0; i_ < ARRAY_SIZE(host_); i_++) \
			cell_[i_] = cpu_to_fdt32(host_[i_]);      \
		put((name), cell_, sizeof(cell_));                \
	} while (false)

/* Return: the node */
static int end(void)
{
	u32 size;

	for (u32 depth = 0; depth < 3U; depth++)
		ok(fdt_end_node(draft));
	ok(fdt_finish(draft));
	size = fdt_totalsize(draft);
	free(fdt);
	fdt = malloc(size);
	assert_non_null(fdt);
	memcpy(fdt, draft, size);
	return fdt_path_offset(fdt, "/bus/node");
}

static int bus(void)
{
	return fdt_path_offset(fdt, "/bus");
}

static void test_cells_are_big_endian_and_need_no_alignment(void **state)
{
	static const u8 bytes[] = { 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

	(void)state;
	assert_int_equal(fdt_read_cells(bytes + 1, 0), 0);
	assert_int_equal(fdt_read_cells(bytes + 1, 1), 0x01020304);
	assert_int_equal(fdt_read_cells(bytes + 1, 2), 0x0102030405060708);
	/* PCI addresses have three cells: the low 64 bits are what is left. */
	assert_int_equal(fdt_read_cells(bytes + 1, 3), 0x05060708090a0b0c);
}

static void test_first_cell_of_a_property(void **state)
{
	int node;

	(void)state;
	begin(2, 2);
	PUT_CELLS("one", 7);
	PUT_CELLS("list", 8, 9);
	put("short", "abc", 3);
	put("empty", "", 0);
	node = end();
	assert_int_equal(fdt_read_cell(fdt, node, "one", 99), 7);
	assert_int_equal(fdt_read_cell(fdt, node, "list", 99), 8);
	assert_int_equal(fdt_read_cell(fdt, node, "short", 99), 99);
	assert_int_equal(fdt_read_cell(fdt, node, "empty", 99), 99);
	assert_int_equal(fdt_read_cell(fdt, node, "missing", 99), 99);
	assert_int_equal(fdt_read_cell(fdt, -FDT_ERR_NOTFOUND, "one", 99), 99);
}

static void test_numbers_have_one_or_two_cells(void **state)
{
	u64 value = 42;
	int node;

	(void)state;
	begin(2, 2);
	PUT_CELLS("one", 0x80000000);
	PUT_CELLS("two", 1, 2);
	PUT_CELLS("three", 1, 2, 3);
	put("odd", "abcde", 5);
	put("empty", "", 0);
	node = end();
	assert_true(fdt_read_number(fdt, node, "one", &value));
	assert_int_equal(value, 0x80000000);
	assert_true(fdt_read_number(fdt, node, "two", &value));
	assert_int_equal(value, 0x100000002);
	value = 42;
	assert_false(fdt_read_number(fdt, node, "three", &value));
	assert_false(fdt_read_number(fdt, node, "odd", &value));
	assert_false(fdt_read_number(fdt, node, "empty", &value));
	assert_false(fdt_read_number(fdt, node, "missing", &value));
	assert_false(fdt_read_number(fdt, -FDT_ERR_NOTFOUND, "one", &value));
	assert_int_equal(value, 42);
}

static void test_status_enables_a_node(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool enabled;
	} status[] = {
		{ "okay", 5, true },	    { "ok", 3, true },	      { "disabled", 9, false },
		{ "reserved", 9, false },   { "fail-sss", 9, false }, { "OKAY", 5, false },
		{ "okay\0more", 10, true }, /* Not strings: */
		{ "", 0, false },	    { "okay", 4, false },
	};

	(void)state;
	begin(2, 2);
	assert_true(fdt_read_enabled(fdt, end()));
	for (u32 i = 0; i < ARRAY_SIZE(status); i++) {
		begin(2, 2);
		put("status", status[i].bytes, status[i].len);
		assert_int_equal(fdt_read_enabled(fdt, end()), status[i].enabled);
	}
}

static void test_reg_entries(void **state)
{
	struct fdt_reg reg;
	u64 base, size;
	int node;

	(void)state;
	begin(2, 1);
	PUT_CELLS("reg", 0x1, 0x10000000, 0x100, 0x2, 0x0, 0x200);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_OK);
	assert_int_equal(reg.address_cells, 2);
	assert_int_equal(reg.size_cells, 1);
	assert_int_equal(reg.entries, 2);
	assert_int_equal(reg.rest, 0);
	fdt_reg_entry(&reg, 0, &base, &size);
	assert_int_equal(base, 0x110000000);
	assert_int_equal(size, 0x100);
	fdt_reg_entry(&reg, 1, &base, &size);
	assert_int_equal(base, 0x200000000);
	assert_int_equal(size, 0x200);
}

static void test_reg_without_sizes(void **state)
{
	struct fdt_reg reg;
	u64 base, size;
	int node;

	(void)state;
	begin(1, 0);
	PUT_CELLS("reg", 7);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_OK);
	assert_int_equal(reg.entries, 1);
	fdt_reg_entry(&reg, 0, &base, &size);
	assert_int_equal(base, 7);
	assert_int_equal(size, 0);
}

static void test_reg_that_is_not_whole(void **state)
{
	struct fdt_reg reg;
	int node;

	(void)state;
	begin(2, 2);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_ERR_NOTFOUND);
	begin(2, 2);
	put("reg", "", 0);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_ERR_FORMAT);
	begin(2, 2);
	PUT_CELLS("reg", 0, 1, 2);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_ERR_FORMAT);
	begin(1, 1);
	PUT_CELLS("reg", 0, 1, 2);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_OK);
	assert_int_equal(reg.entries, 1);
	assert_int_equal(reg.rest, 4);
	begin(1, 1);
	put("reg", "12345678ab", 10);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_OK);
	assert_int_equal(reg.entries, 1);
	assert_int_equal(reg.rest, 2);
}

/* libfdt refuses 0 address cells and more than 4 cells. The root has no parent. */
static void test_reg_of_a_bus_whose_cells_make_no_sense(void **state)
{
	struct fdt_reg reg;
	u64 unit;
	int node;

	(void)state;
	begin(0, 1);
	PUT_CELLS("reg", 1);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_ERR_FORMAT);
	assert_false(fdt_read_unit(fdt, bus(), node, &unit));
	begin(2, 5);
	PUT_CELLS("reg", 1, 2, 3, 4, 5, 6, 7);
	node = end();
	assert_int_equal(fdt_read_reg(fdt, bus(), node, &reg), CLV_ERR_FORMAT);
	assert_int_equal(fdt_read_reg(fdt, -FDT_ERR_NOTFOUND, node, &reg), CLV_ERR_FORMAT);
	assert_false(fdt_read_unit(fdt, -FDT_ERR_NOTFOUND, node, &unit));
}

static void test_unit_is_the_first_address(void **state)
{
	u64 unit = 42;
	int node;

	(void)state;
	begin(1, 1); /* no size follows, whatever the bus says */
	PUT_CELLS("reg", 7);
	node = end();
	assert_true(fdt_read_unit(fdt, bus(), node, &unit));
	assert_int_equal(unit, 7);
	begin(2, 0);
	PUT_CELLS("reg", 1, 2);
	node = end();
	assert_true(fdt_read_unit(fdt, bus(), node, &unit));
	assert_int_equal(unit, 0x100000002);
	unit = 42;
	begin(2, 0);
	PUT_CELLS("reg", 1);
	node = end();
	assert_false(fdt_read_unit(fdt, bus(), node, &unit));
	begin(3, 0);
	PUT_CELLS("reg", 1, 2, 3);
	node = end();
	assert_false(fdt_read_unit(fdt, bus(), node, &unit));
	begin(1, 0);
	node = end();
	assert_false(fdt_read_unit(fdt, bus(), node, &unit));
	assert_int_equal(unit, 42);
}

static void test_the_nearest_word_on_coherence_counts(void **state)
{
	char tree[4096];
	int at;
	int node;

	(void)state;
	begin(1, 1);
	(void)end();
	ok(fdt_open_into(fdt, tree, sizeof(tree)));
	at = fdt_path_offset(tree, "/bus");
	assert_false(fdt_read_noncoherent(tree, fdt_path_offset(tree, "/bus/node")));
	ok(fdt_setprop(tree, at, "dma-noncoherent", NULL, 0));
	assert_true(fdt_read_noncoherent(tree, at));
	node = fdt_path_offset(tree, "/bus/node");
	assert_true(fdt_read_noncoherent(tree, node));
	ok(fdt_setprop(tree, node, "dma-coherent", NULL, 0));
	assert_false(fdt_read_noncoherent(tree, node));
	ok(fdt_delprop(tree, at, "dma-noncoherent"));
	node = fdt_path_offset(tree, "/bus/node");
	ok(fdt_delprop(tree, node, "dma-coherent"));
	ok(fdt_setprop(tree, node, "dma-noncoherent", NULL, 0));
	assert_true(fdt_read_noncoherent(tree, node));
	assert_false(fdt_read_noncoherent(tree, fdt_path_offset(tree, "/bus")));
}

static int drop_tree(void **state)
{
	(void)state;
	free(fdt);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells_are_big_endian_and_need_no_alignment),
		cmocka_unit_test(test_first_cell_of_a_property),
		cmocka_unit_test(test_numbers_have_one_or_two_cells),
		cmocka_unit_test(test_status_enables_a_node),
		cmocka_unit_test(test_reg_entries),
		cmocka_unit_test(test_reg_without_sizes),
		cmocka_unit_test(test_reg_that_is_not_whole),
		cmocka_unit_test(test_reg_of_a_bus_whose_cells_make_no_sense),
		cmocka_unit_test(test_unit_is_the_first_address),
		cmocka_unit_test(test_the_nearest_word_on_coherence_counts),
	};

	return cmocka_run_group_tests(tests, NULL, drop_tree);
}
