/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: the tree around the partitions (its root, its nodes and their names),
 * the blob itself, and all partitions together against the machine. Each error is said in the words
 * that docs/configuration.md promises.
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
#include "tests/unit/core/config/config_build.h"

static void test_names(void **state)
{
	static const struct {
		const char *name;
		const char *line;
	} names[] = {
		{ "@1", "/partitions/@1: the name has 0 characters; allowed: 1 to 31" },
		{ "", "/partitions/: the name has 0 characters; allowed: 1 to 31" },
		{ "abcdefghijklmnopqrstuvwxyz012345",
		  "/partitions/abcdefghijklmnopqrstuvwxyz012345: the name has 32 characters; "
		  "allowed: 1 to "
		  "31" },
		{ "a|b", "/partitions/a|b: the name holds a character that is not allowed; "
			 "allowed: letters, digits and - _ . + ," },
		{ "a\n\x1b[1m",
		  "/partitions/a??[1m: the name holds a character that is not allowed; "
		  "allowed: letters, digits and - _ . + ," },
		{ "7up", "/partitions/7up: the name begins with '7'; allowed: a letter" },
		{ "cleave",
		  "/partitions/cleave: the name \"cleave\" is the hypervisor's own; take another" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		struct tree_build t;
		struct said said;

		config_begin(&t);
		config_partition_node(&t, names[i].name, config_same);
		config_finish(&t);
		(void)config_run(&t, &config_machine, &said);
		config_expect(&said, 1, 0, names[i].line);
	}
}

static void test_longest_name(void **state)
{
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "abcdefghijklmnopqrstuvwxyz-_.+,", config_same);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);
	assert_string_equal(config_result.partition[0].name, "abcdefghijklmnopqrstuvwxyz-_.+,");
}

static void test_name_twice(void **state)
{
	static const char *const again[] = { "linux", "linux@1" };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(again); i++) {
		char line[128];
		struct tree_build t;
		struct said said;

		config_begin(&t);
		config_partition_node(&t, "linux", config_same);
		config_partition_node(&t, again[i], config_same);
		config_finish(&t);
		(void)config_run(&t, &config_machine, &said);
		(void)snprintf(line, sizeof(line),
			       "/partitions/%s: there are two partitions \"linux\"; each needs a "
			       "name of its own",
			       again[i]);
		config_expect(&said, 1, 0, line);
	}
}

static void test_too_many_partitions(void **state)
{
	struct tree_build t;
	struct said said;
	char name[8];

	(void)state;
	config_begin(&t);
	for (u32 i = 0; i <= CONFIG_MAX_VMS; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		config_partition_node(&t, name, config_same);
	}
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(&said, 1, 0, "/partitions/p16: is one partition too many; allowed: 16");
}

static void test_no_partitions(void **state)
{
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(
		&said, 1, 0,
		"/partitions: holds no partitions; wanted: at least one node with compatible = "
		"\"cleave,partition\"");

	config_root(&t);
	tree_close(&t);
	tree_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(&said, 1, 0, "/: the node \"partitions\" is missing");
}

static void test_two_configurations(void **state)
{
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux", config_same);
	tree_close(&t);
	tree_node(&t, "partitions");
	config_partition_node(&t, "other", config_same);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(&said, 1, 0, "/: there are two nodes \"partitions\"; allowed: one");
}

static void test_unknown_nodes(void **state)
{
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	tree_node(&t, "linux");
	config_good(&t);
	tree_node(&t, "device");
	tree_close(&t);
	tree_close(&t);
	tree_close(&t);
	tree_node(&t, "partition");
	tree_close(&t);
	tree_node(&t, "__symbols__"); /* dtc -@ */
	tree_close(&t);
	tree_close(&t);
	tree_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);
	config_expect(&said, 0, 2,
		      "/: partition: unknown node, ignored; did you mean \"partitions\"?");
	assert_string_equal(said.line[1], "/partitions/linux: device: unknown node, ignored");
}

static void test_root(void **state)
{
	const struct {
		struct tree_prop props[4];
		const char *line;
	} roots[] = {
		{ { PROP_FLAG("x") }, "/: compatible: is missing; wanted: \"cleave,config\"" },
		/* No NUL ends it; what follows in the tree is zero. */
		{ { { "compatible", "cleave,config", 13 } },
		  "/: compatible: is not a string; wanted: \"cleave,config\"" },
		{ { PROP_STR("compatible", "riscv-virtio") },
		  "/: compatible: \"riscv-virtio\" is not known; wanted: \"cleave,config\"" },
		{ { PROP_STR("compatible", "cleave,config"), PROP_CELLS("#size-cells", 2) },
		  "/: #address-cells: is missing; wanted: <2>" },
		{ { PROP_STR("compatible", "cleave,config"), PROP_CELLS("#address-cells", 2),
		    PROP_CELLS("#size-cells", 1) },
		  "/: #size-cells: wanted: <2>, because addresses and sizes are pairs of cells" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(roots); i++) {
		struct tree_build t;
		struct said said;

		tree_begin(&t);
		tree_node(&t, "");
		for (u32 n = 0; n < 4U && roots[i].props[n].name != NULL; n++)
			tree_put(&t, &roots[i].props[n]);
		tree_node(&t, "partitions");
		config_partition_node(&t, "linux", config_same);
		tree_close(&t);
		tree_close(&t);
		tree_finish(&t);
		(void)config_run(&t, &config_machine, &said);
		config_expect(&said, 1, 0, roots[i].line);
	}
}

static void test_cells_of_partitions_node(void **state)
{
	const struct tree_prop one = PROP_CELLS("#size-cells", 1);
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	tree_put(&t, &one);
	config_partition_node(&t, "linux", config_same);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "/partitions: #size-cells: wanted: <2>, because addresses and sizes are "
		      "pairs of cells");
}

static void test_memory_of_all(void **state)
{
	const struct tree_prop large[] = { PROP_CELLS("memory", 0, 0x80000000, 0, 0x80000000),
					   { NULL, NULL, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "a", large);
	config_partition_node(&t, "b", large);
	config_partition_node(&t, "c", large);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "/: the partitions need 6 GiB of memory and 12.02 MiB of tables for it; this "
		      "machine has 4 "
		      "GiB left");

	config_begin(&t);
	config_partition_node(&t, "a", large);
	config_partition_node(&t, "b", large);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "/: the partitions need 4 GiB of memory and 8.01 MiB of tables for it; this "
		      "machine "
		      "has 4 "
		      "GiB left");
}

static void test_blob(void **state)
{
	struct tree_build t;
	struct said said;
	u32 size;
	u8 *blob;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux", config_same);
	config_finish(&t);
	size = fdt_totalsize(t.fdt);
	blob = malloc(size + 8U);
	assert_non_null(blob);

	(void)config_run_blob(t.fdt, 12, &config_machine, &said);
	config_expect(&said, 1, 0, "cleave.dtb: the device tree is truncated: it has 12 bytes");
	(void)config_run_blob(t.fdt, 100, &config_machine, &said);
	assert_non_null(strstr(said.line[0], "cleave.dtb: the device tree is truncated: "));
	assert_non_null(strstr(said.line[0], " bytes, but only 100 are there"));

	memcpy(blob, t.fdt, size);
	blob[0] = 0;
	(void)config_run_blob(blob, size, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "cleave.dtb: is not a device tree (it does not begin with 0xd00dfeed); "
		      "wanted: the output of dtc");

	memcpy(blob, t.fdt, size);
	fdt_set_version(blob, 16);
	(void)config_run_blob(blob, size, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "cleave.dtb: the device tree has a version before 17; wanted: 17 or later");

	memcpy(blob, t.fdt, size);
	fdt_set_version(blob, 18);
	fdt_set_last_comp_version(blob, 18);
	(void)config_run_blob(blob, size, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "cleave.dtb: the device tree is only for readers of a version after 17; "
		      "wanted: one that 17 can read");

	memcpy(blob, t.fdt, size);
	fdt_set_off_dt_struct(blob, fdt_off_dt_struct(blob) + 1U);
	(void)config_run_blob(blob, size, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "cleave.dtb: the device tree has blocks that are not aligned to 4 and 8 "
		      "bytes");

	memcpy(blob, t.fdt, size);
	fdt_set_off_mem_rsvmap(blob, fdt_off_mem_rsvmap(blob) + 4U);
	(void)config_run_blob(blob, size, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "cleave.dtb: the device tree has blocks that are not aligned to 4 and 8 "
		      "bytes");

	memset(&said, 0, sizeof(said));
	memcpy(blob + 4, t.fdt, size);
	assert_int_equal(config_parse(blob + 4, size, &config_archive, &config_machine, said_line,
				      &said, &config_result),
			 CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "cleave.dtb: the device tree does not begin at a multiple of 8 bytes");

	free(blob);
	tree_end(&t);
}

static void test_random_blobs(void **state)
{
	struct tree_build t;
	struct said said;
	u32 size;
	u8 *blob;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux", config_same);
	config_finish(&t);
	size = fdt_totalsize(t.fdt);
	blob = malloc(size);
	assert_non_null(blob);
	for (u32 n = 0; n < size; n++)
		assert_int_equal(config_run_blob(t.fdt, n, &config_machine, &said), CLV_ERR_FORMAT);
	srand(1);
	for (u32 round = 0; round < 20000; round++) {
		memcpy(blob, t.fdt, size);
		for (u32 n = 0; n < 3U; n++)
			blob[(u32)rand() % size] = (u8)rand();
		/* config_run_blob() checks that errors and the value returned agree. */
		(void)config_run_blob(blob, size, &config_machine, &said);
	}
	free(blob);
	tree_end(&t);
}

static void test_load(void **state)
{
	char error[ARCHIVE_ERROR_LEN];
	struct tree_build t;
	struct said said;
	struct archive a;
	struct cpio c;

	(void)state;
	cpio_begin(&c, 4096);
	cpio_file(&c, "Image", "kernel", 6);
	cpio_trailer(&c);
	assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
	memset(&said, 0, sizeof(said));
	assert_int_equal(config_load(&a, &config_machine, said_line, &said, &config_result),
			 CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "boot archive: there is no file \"cleave.dtb\", the configuration; pack the "
		      "archive with tools/cleave-archive");
	cpio_end(&c);

	/* A name of 12 bytes puts the tree at 4 modulo 8. The copy must be aligned. */
	config_begin(&t);
	config_partition_node(&t, "linux", config_same);
	config_finish(&t);
	for (u32 pad = 0; pad < 2U; pad++) {
		cpio_begin(&c, 65536);
		cpio_file(&c, pad == 0U ? "Image" : "./././Image", "kernel", 6);
		cpio_file(&c, "cleave.dtb", t.fdt, fdt_totalsize(t.fdt));
		cpio_trailer(&c);
		assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
		memset(&said, 0, sizeof(said));
		assert_int_equal(config_load(&a, &config_machine, said_line, &said, &config_result),
				 0);
		assert_string_equal(config_result.partition[0].kernel, "Image");
		cpio_end(&c);
	}
	tree_end(&t);

	cpio_begin(&c, KIB(80));
	cpio_put(&c, &(struct cpio_entry){
			     .name = "cleave.dtb", .data = config_files.data, .size = 65537 });
	cpio_trailer(&c);
	assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
	memset(&said, 0, sizeof(said));
	assert_int_equal(config_load(&a, &config_machine, said_line, &said, &config_result),
			 CLV_ERR_FORMAT);
	config_expect(&said, 1, 0, "cleave.dtb has 65537 bytes; allowed: 65536 (64 KiB)");
	cpio_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_name_twice),
		cmocka_unit_test(test_too_many_partitions),
		cmocka_unit_test(test_no_partitions),
		cmocka_unit_test(test_two_configurations),
		cmocka_unit_test(test_unknown_nodes),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_cells_of_partitions_node),
		cmocka_unit_test(test_memory_of_all),
		cmocka_unit_test(test_blob),
		cmocka_unit_test(test_random_blobs),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests_name("config_tree", tests, config_setup, config_teardown);
}
