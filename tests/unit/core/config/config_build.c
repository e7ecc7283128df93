/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations for tests: a right partition, changed in the properties that a test is about, and
 * a machine to check against.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include <cleave/errno.h>
#include "tests/unit/core/config/config_build.h"

static const u64 harts[] = { 0, 2, 5, 7 };

static const char *hart_out(u64 hart)
{
	return hart == 4U ? "no H extension in the ISA string" : NULL;
}

const struct config_machine config_machine = {
	.nr_harts = 4,
	.harts = harts,
	.hart_out = hart_out,
	.memory = GIB(4),
	.largest = GIB(2),
	.gstage_modes = (1U << 3) | (1U << 4),
};
const struct config_machine config_machine_unknown = { .nr_harts = 0 };

struct cpio config_files;
struct archive config_archive;
struct config config_result;

const struct tree_prop config_same[1] = { { NULL, NULL, 0 } };

static const struct tree_prop root_props[] = {
	PROP_STR("compatible", "cleave,config"),
	PROP_CELLS("#address-cells", 2),
	PROP_CELLS("#size-cells", 2),
};

static const struct tree_prop good_props[] = {
	PROP_STR("compatible", "cleave,partition"),
	PROP_CELLS("cpus", 2),
	PROP_CELLS("memory", 0, 0x80000000, 0, 0x800000),
	PROP_STR("kernel", "Image"),
};

int config_setup(void **state)
{
	static u8 kernel[MIB(1)];
	static u8 big[MIB(9)];
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	cpio_begin(&config_files, MIB(12));
	kernel[0] = 0x13; /* programs, as zeros are none */
	big[0] = 0x13;
	cpio_file(&config_files, "Image", kernel, sizeof(kernel));
	cpio_file(&config_files, "initrd.gz", "\x1f\x8b initrd", 9);
	cpio_file(&config_files, "big", big, sizeof(big));
	cpio_file(&config_files, "vmlinux", "\177ELF\2\1\1", 8);
	cpio_file(&config_files, "cleave.dtb", kernel, sizeof(kernel));
	cpio_trailer(&config_files);
	return archive_open(&config_archive, config_files.data, config_files.size, error);
}

int config_teardown(void **state)
{
	(void)state;
	cpio_end(&config_files);
	return 0;
}

void config_root(struct tree_build *t)
{
	tree_begin(t);
	tree_node(t, "");
	for (size_t i = 0; i < ARRAY_SIZE(root_props); i++)
		tree_put(t, &root_props[i]);
}

void config_begin(struct tree_build *t)
{
	config_root(t);
	tree_node(t, "partitions");
}

void config_finish(struct tree_build *t)
{
	tree_close(t);
	tree_close(t);
	tree_finish(t);
}

void config_good(struct tree_build *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_props); i++)
		tree_put(t, &good_props[i]);
}

void config_partition_node(struct tree_build *t, const char *name, const struct tree_prop *other)
{
	tree_node(t, name);
	for (size_t i = 0; i < ARRAY_SIZE(good_props); i++) {
		bool replaced = false;

		for (const struct tree_prop *p = other; p->name != NULL && !replaced; p++)
			replaced = strcmp(p->name, good_props[i].name) == 0;
		if (!replaced)
			tree_put(t, &good_props[i]);
	}
	for (const struct tree_prop *p = other; p->name != NULL; p++) {
		if (p->len != 2U || strcmp(p->data, "-") != 0)
			tree_put(t, p);
	}
	tree_close(t);
}

int config_run_blob(const void *fdt, u64 size, const struct config_machine *m, struct said *said)
{
	void *copy = malloc(size != 0U ? size : 1U);
	int err;

	assert_non_null(copy);
	memcpy(copy, fdt, size);
	memset(said, 0, sizeof(*said));
	err = config_parse(copy, size, &config_archive, m, said_line, said, &config_result);
	assert_int_equal(err, said->errors == 0U ? 0 : CLV_ERR_FORMAT);
	free(copy);
	return err;
}

int config_run(struct tree_build *t, const struct config_machine *m, struct said *said)
{
	int err = config_run_blob(t->fdt, fdt_totalsize(t->fdt), m, said);

	tree_end(t);
	return err;
}

void config_expect(const struct said *said, u32 errors, u32 warnings, const char *line)
{
	assert_string_equal(said->line[0], line);
	assert_int_equal(said->errors, errors);
	assert_int_equal(said->warnings, warnings);
}
