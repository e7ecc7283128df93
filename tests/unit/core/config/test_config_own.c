/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition's own device tree and its additions to the generated one: what the guest then gets,
 * and what is refused because the partition does not have it.
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

#include <cleave/errno.h>
#include "core/config/guest_fdt.h"
#include "core/config/image.h"
#include "tests/unit/core/config/config_build.h"

static u64 made[IMAGE_FDT_SIZE / sizeof(u64)];
static struct said said;
static struct cpio files;
static struct archive archive;

static const struct tree_prop wide[] = { PROP_CELLS("#address-cells", 2),
					 PROP_CELLS("#size-cells", 2) };

/* No node has two properties of one name. */
static void nothing_is_there_twice(void)
{
	for (int node = 0; node >= 0; node = fdt_next_node(made, node, NULL)) {
		int a, b;

		fdt_for_each_property_offset (a, made, node) {
			const char *name = NULL;
			const char *other = NULL;

			(void)fdt_getprop_by_offset(made, a, &name, NULL);
			for (b = fdt_next_property_offset(made, a); b >= 0;
			     b = fdt_next_property_offset(made, b)) {
				(void)fdt_getprop_by_offset(made, b, &other, NULL);
				assert_string_not_equal(name, other);
			}
		}
	}
}

/* Parse a partition that has @data as the file "own", by the properties @p. */
static int parse(const void *data, u32 size, const struct tree_prop *p)
{
	static u8 kernel[4096] = { 0x13 }; /* a program, as zeros are none */
	char error[ARCHIVE_ERROR_LEN];
	struct tree_build t;
	int err;

	if (files.data != NULL)
		cpio_end(&files);
	cpio_begin(&files, MIB(1));
	cpio_file(&files, "Image", kernel, sizeof(kernel));
	cpio_file(&files, "own", data, size);
	cpio_trailer(&files);
	assert_int_equal(archive_open(&archive, files.data, files.size, error), 0);
	config_begin(&t);
	config_partition_node(&t, "p", p);
	config_finish(&t);
	memset(&said, 0, sizeof(said));
	err = config_parse(t.fdt, fdt_totalsize(t.fdt), &archive, &config_machine_unknown,
			   said_line, &said, &config_result);
	if (err == 0) {
		const struct guest_fdt_params params = {
			.part = &config_result.partition[0],
			.isa = "rv64imac",
			.mmu_type = "riscv,sv39",
			.timebase = 10000000,
			.own = config_own_load(&archive, &config_result.partition[0]),
		};

		assert_true(guest_fdt_make(&params, made, sizeof(made)) > 0);
		assert_int_equal(fdt_check_full(made, sizeof(made)), 0);
		nothing_is_there_twice();
	}
	tree_end(&t);
	return err;
}

static const struct tree_prop fdt_props[] = { PROP_STR("fdt", "own"),
					      PROP_STR("bootargs", "b"),
					      { NULL, NULL, 0 } };
static const struct tree_prop overlay_props[] = { PROP_STR("fdt-overlay", "own"),
						  PROP_STR("bootargs", "b"),
						  { NULL, NULL, 0 } };

static int parse_finished(struct tree_build *t, const struct tree_prop *p)
{
	int err;

	err = parse(t->fdt, fdt_totalsize(t->fdt), p);
	tree_end(t);
	return err;
}

static int parse_tree(struct tree_build *t, const struct tree_prop *p)
{
	tree_close(t);
	tree_finish(t);
	return parse_finished(t, p);
}

static void open_path(struct tree_build *t, const char *a, const char *b)
{
	tree_node(t, a);
	if (b != NULL)
		tree_node(t, b);
}

static void begin(struct tree_build *t)
{
	tree_begin(t);
	tree_node(t, "");
}

static int count(const char *name)
{
	int n = 0;

	for (int node = fdt_next_node(made, 0, NULL); node >= 0;
	     node = fdt_next_node(made, node, NULL))
		n += strcmp(fdt_get_name(made, node, NULL), name) == 0 ? 1 : 0;
	return n;
}

static u32 cell(const char *path, const char *name, u32 index)
{
	int len = 0;
	const fdt32_t *p = fdt_getprop(made, fdt_path_offset(made, path), name, &len);

	assert_non_null(p);
	assert_true((u32)len / 4U > index);
	return fdt32_to_cpu(p[index]);
}

static const char *text(const char *path, const char *name)
{
	return fdt_getprop(made, fdt_path_offset(made, path), name, NULL);
}

static void overlay_adds_and_replaces(void **state)
{
	const struct tree_prop model = PROP_STR("model", "mine");
	const struct tree_prop clock = PROP_CELLS("clock-frequency", 7);
	const struct tree_prop leds[] = { PROP_STR("compatible", "gpio-leds"),
					  PROP_CELLS("interrupt-parent", 3) };
	const struct tree_prop plic = PROP_CELLS("phandle", 3);
	const struct tree_prop deep = PROP_CELLS("n", 1);
	struct tree_build t;

	(void)state;
	begin(&t);
	tree_put(&t, &model);
	open_path(&t, "soc", "serial@10000000");
	tree_put(&t, &clock);
	tree_close(&t);
	tree_node(&t, "plic@c000000");
	tree_put(&t, &plic);
	tree_close(&t);
	tree_close(&t);
	tree_node(&t, "leds");
	tree_put(&t, &leds[0]);
	tree_put(&t, &leds[1]);
	open_path(&t, "a", "b");
	tree_put(&t, &deep);
	tree_close(&t);
	tree_node(&t, "c");
	tree_close(&t);
	tree_close(&t);
	tree_node(&t, "d");
	tree_close(&t);
	tree_close(&t);
	assert_int_equal(parse_tree(&t, overlay_props), 0);
	assert_int_equal(said.errors + said.warnings, 0);
	/* What the overlay says goes before what is generated, and nothing is there twice. */
	assert_string_equal(text("/", "model"), "mine");
	assert_string_equal(text("/", "compatible"), "cleave,partition");
	assert_int_equal(cell("/soc/serial@10000000", "clock-frequency", 0), 7);
	assert_int_equal(cell("/soc/serial@10000000", "reg", 1), 0x10000000);
	assert_int_equal(count("soc") + count("serial@10000000") + count("plic@c000000"), 3);
	/* Nodes that only it has are there, as deep as they are, and once. */
	assert_string_equal(text("/leds", "compatible"), "gpio-leds");
	assert_int_equal(cell("/leds/a/b", "n", 0), 1);
	assert_true(fdt_path_offset(made, "/leds/a/c") > 0);
	assert_true(fdt_path_offset(made, "/leds/d") > 0);
	assert_int_equal(count("leds") + count("a") + count("b") + count("c") + count("d"), 5);
	/* A node's phandle is the overlay's, for all that refer to it. */
	assert_int_equal(cell("/soc/plic@c000000", "phandle", 0), 3);
	assert_int_equal(cell("/soc/serial@10000000", "interrupt-parent", 0), 3);
	assert_int_equal(cell("/soc/plic@c000000", "interrupts-extended", 0),
			 cell("/cpus/cpu@0/interrupt-controller", "phandle", 0));
	assert_true(cell("/cpus/cpu@0/interrupt-controller", "phandle", 0) >= 0x80000000U);
	assert_string_equal(text("/chosen", "bootargs"), "b");
}

static void own_tree_is_the_guests(void **state)
{
	const struct tree_prop fill = { "cleave,fill", "memory\0cpus\0chosen",
					sizeof("memory\0cpus\0chosen") };
	const struct tree_prop intc = PROP_CELLS("phandle", 9);
	const struct tree_prop isa = PROP_STR("riscv,isa", "rv64imac_mine");
	struct tree_build t;

	(void)state;
	for (int filled = 0; filled < 2; filled++) {
		begin(&t);
		tree_put(&t, &wide[0]);
		tree_put(&t, &wide[1]);
		if (filled != 0)
			tree_put(&t, &fill);
		open_path(&t, "cpus", "cpu@0");
		tree_put(&t, &isa);
		tree_node(&t, "interrupt-controller");
		tree_put(&t, &intc);
		tree_close(&t);
		tree_close(&t);
		tree_close(&t);
		assert_int_equal(parse_tree(&t, fdt_props), 0);
		assert_int_equal(said.errors + said.warnings, 0);
		assert_int_equal(count("soc") + count("aliases"), 0);
		assert_null(text("/", "cleave,fill"));
		assert_string_equal(text("/chosen", "bootargs"), "b");
		assert_null(text("/chosen", "stdout-path"));
		assert_string_equal(text("/cpus/cpu@0", "riscv,isa"), "rv64imac_mine");
		assert_int_equal(cell("/cpus/cpu@0/interrupt-controller", "phandle", 0), 9);
		assert_int_equal(count("memory@80000000"), filled);
		assert_int_equal(count("cpu@1"), filled);
		assert_true((text("/cpus/cpu@0", "mmu-type") != NULL) == (filled != 0));
	}
}

/* A node below the root, or below /cpus, and the one line that is said of it. */
struct wrong {
	const char *name;
	struct tree_prop prop[3];
	const char *line;
};

#define AT "/partitions/p: fdt-overlay: "

static void refuses_what_it_does_not_have(void **state)
{
	const struct wrong wrongs[] = {
		{ "eth@1000",
		  { PROP_CELLS("reg", 0, 0x1000, 0, 0x100) },
		  AT "\"/eth@1000\": the partition does not have 0x1000 to 0x10ff; allowed: its "
		     "memory, its devices, the emulated PLIC and UART" },
		{ "log@807ff000",
		  { PROP_CELLS("reg", 0, 0x807ff000, 0, 0x1001) },
		  AT "\"/log@807ff000\": the partition does not have 0x807ff000 to 0x80800000; "
		     "allowed: its memory, its devices, the emulated PLIC and UART" },
		{ "memory@90000000",
		  { PROP_CELLS("reg", 0, 0x90000000, 0, 0x1000),
		    PROP_STR("device_type", "memory") },
		  AT "\"/memory@90000000\": the partition does not have 0x90000000 to 0x90000fff; "
		     "allowed: its memory" },
		{ "memory@10000000",
		  { PROP_CELLS("reg", 0, 0x10000000, 0, 0x100), PROP_STR("device_type", "memory") },
		  AT "\"/memory@10000000\": the partition does not have 0x10000000 to 0x100000ff; "
		     "allowed: its memory" },
		{ "cpu@2",
		  { PROP_CELLS("reg", 2), PROP_STR("device_type", "cpu") },
		  AT "\"/cpus/cpu@2\": there is no such vCPU; allowed: 0 to 1" },
		/* These are right. */
		{ "eth@1000",
		  { PROP_CELLS("reg", 0, 0x1000, 0, 0x100), PROP_STR("status", "disabled") },
		  NULL },
		{ "log@807ff000", { PROP_CELLS("reg", 0, 0x807ff000, 0, 0x1000) }, NULL },
		{ "uart@10000000", { PROP_CELLS("reg", 0, 0x10000000, 0, 0x100) }, NULL },
		{ "i2c", { PROP_CELLS("reg", 0x50) }, NULL },
	};
	struct tree_build t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		bool cpu = w->name[0] == 'c';

		begin(&t);
		open_path(&t, cpu ? "cpus" : w->name, cpu ? w->name : NULL);
		for (const struct tree_prop *p = w->prop; p->name != NULL; p++)
			tree_put(&t, p);
		tree_close(&t);
		if (cpu)
			tree_close(&t);
		assert_int_equal(parse_tree(&t, overlay_props),
				 w->line == NULL ? 0 : CLV_ERR_FORMAT);
		config_expect(&said, w->line == NULL ? 0 : 1, 0, w->line == NULL ? "" : w->line);
	}
}

static void refuses_what_is_no_tree(void **state)
{
	const struct tree_prop both[] = { PROP_STR("fdt", "own"),
					  PROP_STR("fdt-overlay", "own"),
					  { NULL, NULL, 0 } };
	const struct tree_prop missing[] = { PROP_STR("fdt", "onw"), { NULL, NULL, 0 } };
	const struct tree_prop slot[] = {
		PROP_STR("fdt", "own"), PROP_FLAG("incoming"), WITHOUT("kernel"), { NULL, NULL, 0 }
	};
	const struct tree_prop fill = PROP_STR("cleave,fill", "memroy");
	static u8 large[KIB(32) + 1];
	struct tree_build t;

	(void)state;
	assert_int_equal(parse("not a tree, but long enough to have a header", 45, fdt_props),
			 CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/p: fdt: is not a device tree (it does not begin with "
		      "0xd00dfeed); wanted: the "
		      "output of dtc");
	assert_int_equal(parse("short", 5, overlay_props), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/p: fdt-overlay: the device tree is truncated: it has 5 bytes");
	assert_int_equal(parse(large, sizeof(large), fdt_props), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0, "/partitions/p: fdt: \"own\" has 32769 bytes; allowed: 32 KiB");
	assert_int_equal(parse("x", 1, missing), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/p: fdt: there is no file \"onw\" in the boot archive, which "
		      "holds \"Image\", \"own\"");
	assert_int_equal(parse("x", 1, both), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/p: fdt-overlay: does not go with \"fdt\": write it into that "
		      "tree");
	begin(&t);
	tree_put(&t, &fill);
	assert_int_equal(parse_tree(&t, fdt_props), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/p: cleave,fill: \"memroy\" is not known; allowed: \"memory\", "
		      "\"cpus\", \"chosen\"");
	begin(&t);
	open_path(&t, "fragment@0", "__overlay__");
	tree_close(&t);
	tree_close(&t);
	assert_int_equal(parse_tree(&t, overlay_props), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/p: fdt-overlay: is written with /plugin/; wanted: nodes by "
		      "their paths");
	begin(&t);
	assert_int_equal(parse_tree(&t, slot), CLV_ERR_FORMAT);
	config_expect(
		&said, 1, 0,
		"/partitions/p: fdt: goes with \"incoming\" only beside a \"kernel\", which a "
		"restart loads");
}

/*
 * 64 properties whose names are ends of one long name, the shorter ones first: they share its bytes
 * in this file, and in the tree that is made they cannot.
 */
static void spread_names(struct tree_build *t)
{
	static char name[1024];
	const struct tree_prop p = PROP_FLAG(name);
	u32 n = 64;

	memset(name, 'n', sizeof(name) - 1U);
	for (u32 i = 0; i < n; i++) {
		tree_node(t, "n");
		tree_put(t, &p);
		tree_close(t);
	}
	tree_close(t);
	tree_finish(t);
	for (int node = fdt_next_node(t->fdt, 0, NULL); node >= 0;
	     node = fdt_next_node(t->fdt, node, NULL)) {
		int offset = fdt_first_property_offset(t->fdt, node);
		struct fdt_property *at =
			(struct fdt_property *)((char *)t->fdt + fdt_off_dt_struct(t->fdt) +
						(u32)offset);

		at->nameoff = cpu_to_fdt32(fdt32_to_cpu(at->nameoff) + n--);
	}
}

/* The largest file that is allowed, and one that is as deep as it can be, are copied. */
static void takes_large_and_deep_trees(void **state)
{
	static u8 blob[KIB(30)];
	const struct tree_prop big = { "big", blob, sizeof(blob) };
	struct tree_build t;
	u32 depth = 2000;
	int n = 0;

	(void)state;
	begin(&t);
	tree_put(&t, &big);
	assert_int_equal(parse_tree(&t, overlay_props), 0);
	begin(&t);
	spread_names(&t);
	assert_int_equal(parse_finished(&t, overlay_props), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/p: fdt-overlay: makes too large a device tree; allowed: 44 KiB");
	begin(&t);
	for (u32 i = 0; i < depth; i++)
		tree_node(&t, "d");
	for (u32 i = 0; i < depth; i++)
		tree_close(&t);
	assert_int_equal(parse_tree(&t, overlay_props), 0);
	n = count("d");
	assert_int_equal(n, depth);
}

static int teardown(void **state)
{
	(void)state;
	cpio_end(&files);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlay_adds_and_replaces),
		cmocka_unit_test(own_tree_is_the_guests),
		cmocka_unit_test(refuses_what_it_does_not_have),
		cmocka_unit_test(refuses_what_is_no_tree),
		cmocka_unit_test(takes_large_and_deep_trees),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
