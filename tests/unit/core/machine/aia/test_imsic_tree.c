/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hart's interrupt file is (core/machine/probe/aia/imsic_tree.c), and trees that are wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <libfdt.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "core/machine/probe/aia/imsic_tree.h"

static char said[512];

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static _Alignas(8) char fdt[8192];

static void cells(int node, const char *name, const u32 *values, u32 n)
{
	fdt32_t be[16];

	for (u32 i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(values[i]);
	assert_int_equal(fdt_setprop(fdt, node, name, be, (int)(n * 4U)), 0);
}

#define CELLS(node, name, ...)                              \
	cells((node), (name), (const u32[]){ __VA_ARGS__ }, \
	      sizeof((u32[]){ __VA_ARGS__ }) / sizeof(u32))

static int at(const char *path)
{
	int node = fdt_path_offset(fdt, path);

	assert_true(node >= 0);
	return node;
}

/* Four harts with ids 10 to 13, whose own controllers are 1 to 4; the node has them backwards. */
static int make(void)
{
	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	CELLS(0, "#address-cells", 1);
	CELLS(0, "#size-cells", 1);
	assert_true(fdt_add_subnode(fdt, 0, "cpus") >= 0);
	CELLS(at("/cpus"), "#address-cells", 1);
	CELLS(at("/cpus"), "#size-cells", 0);
	for (u32 i = 0; i < 4; i++) {
		char name[16];
		char path[32];

		snprintf(name, sizeof(name), "cpu@%x", 10 + i);
		snprintf(path, sizeof(path), "/cpus/%s", name);
		assert_true(fdt_add_subnode(fdt, at("/cpus"), name) >= 0);
		CELLS(at(path), "reg", 10 + i);
		assert_true(fdt_add_subnode(fdt, at(path), "intc") >= 0);
		strcat(path, "/intc");
		CELLS(at(path), "phandle", i + 1);
	}
	assert_true(fdt_add_subnode(fdt, 0, "imsics") >= 0);
	CELLS(at("/imsics"), "reg", 0x28000000, 0x8000);
	CELLS(at("/imsics"), "interrupts-extended", 4, 9, 3, 9, 2, 9, 1, 9);
	CELLS(at("/imsics"), "riscv,num-ids", 255);
	said[0] = '\0';
	return at("/imsics");
}

static void find(u64 id, u64 hpa, u32 index)
{
	struct imsic_tree t;
	struct imsic_tree_file file;
	int node = at("/imsics");

	assert_true(imsic_tree_read(fdt, node, &t));
	assert_int_equal(imsic_tree_find(fdt, node, &t, id, &file), 0);
	assert_int_equal(file.hpa, hpa);
	assert_int_equal(file.index, index);
}

static void finds_files_in_the_nodes_order(void **state)
{
	(void)state;
	make();
	find(13, 0x28000000, 0);
	find(10, 0x28003000, 3);
	CELLS(at("/imsics"), "riscv,guest-index-bits", 1);
	find(13, 0x28000000, 0);
	find(10, 0x28006000, 3);
}

/* Two groups, and spaces that harts leave unused (AIA 3.6) */
static void finds_files_in_groups(void **state)
{
	(void)state;
	make();
	CELLS(at("/imsics"), "reg", 0x28000000, 0x4000, 0x29000000, 0x4000);
	CELLS(at("/imsics"), "riscv,guest-index-bits", 1);
	CELLS(at("/imsics"), "riscv,hart-index-bits", 3);
	CELLS(at("/imsics"), "riscv,group-index-bits", 1);
	find(13, 0x28000000, 0);
	find(12, 0x28002000, 1);
	find(11, 0x29000000, 8);
	find(10, 0x29002000, 9);
	/* The last hart's guests have fewer pages than their number has room for. */
	CELLS(at("/imsics"), "reg", 0x28000000, 0x3000, 0x29000000, 0x3000);
	find(10, 0x29002000, 9);
}

static void refuse(const char *line)
{
	struct imsic_tree t;

	assert_false(imsic_tree_read(fdt, at("/imsics"), &t));
	assert_non_null(strstr(said, line));
}

static void refuses_what_makes_no_sense(void **state)
{
	static const struct {
		const char *name;
		u32 value;
		const char *line;
	} t[] = {
		{ "riscv,num-ids", 62, "riscv,num-ids is 62; allowed: 63 to 2047" },
		{ "riscv,num-ids", 2111, "riscv,num-ids is 2111; allowed: 63 to 2047" },
		{ "riscv,num-ids", 64, "riscv,num-ids is 64; allowed: one less than a multiple" },
		{ "riscv,guest-index-bits", 8, "riscv,guest-index-bits is 8; allowed: 0 to 7" },
		{ "riscv,hart-index-bits", 16, "riscv,hart-index-bits is 16; allowed: 0 to 15" },
		{ "riscv,group-index-bits", 8, "riscv,group-index-bits is 8; allowed: 0 to 7" },
		{ "riscv,group-index-shift", 56,
		  "riscv,group-index-shift is 56; allowed: 0 to 55" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CELLS(make(), t[i].name, t[i].value);
		refuse(t[i].line);
	}
	CELLS(make(), "riscv,group-index-bits", 1);
	CELLS(at("/imsics"), "riscv,group-index-shift", 13);
	refuse("riscv,group-index-shift is 13; allowed: from 14");
	assert_int_equal(fdt_delprop(fdt, make(), "interrupts-extended"), 0);
	refuse("interrupts-extended names no hart");
	assert_int_equal(fdt_delprop(fdt, make(), "riscv,num-ids"), 0);
	refuse("riscv,num-ids is 0");
}

static void finds_nothing_outside_reg(void **state)
{
	struct imsic_tree t;
	struct imsic_tree_file file;
	int node = make();

	(void)state;
	assert_true(imsic_tree_read(fdt, node, &t));
	assert_int_equal(imsic_tree_find(fdt, node, &t, 14, &file), CLV_ERR_NOTFOUND);
	CELLS(node, "reg", 0x28000000, 0x3000); /* a page too few */
	assert_int_equal(imsic_tree_find(fdt, node, &t, 11, &file), 0);
	assert_int_equal(imsic_tree_find(fdt, node, &t, 10, &file), CLV_ERR_FORMAT);
	CELLS(node, "reg", 0x28000000, 0x3800); /* half a page */
	assert_int_equal(imsic_tree_find(fdt, node, &t, 10, &file), CLV_ERR_FORMAT);
	CELLS(node, "reg", 0x28000100, 0x8000); /* not aligned */
	assert_int_equal(imsic_tree_find(fdt, node, &t, 13, &file), CLV_ERR_FORMAT);
	CELLS(node, "reg", 0x28000000, 0x1000, 0x30000000, 0x3000); /* no field tells them apart */
	assert_int_equal(imsic_tree_find(fdt, node, &t, 10, &file), CLV_ERR_FORMAT);
	CELLS(node, "interrupts-extended", 4, 11, 3, 11, 2, 11, 1, 11); /* the M-level's */
	assert_true(imsic_tree_read(fdt, node, &t));
	assert_int_equal(imsic_tree_find(fdt, node, &t, 10, &file), CLV_ERR_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_files_in_the_nodes_order),
		cmocka_unit_test(finds_files_in_groups),
		cmocka_unit_test(refuses_what_makes_no_sense),
		cmocka_unit_test(finds_nothing_outside_reg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
