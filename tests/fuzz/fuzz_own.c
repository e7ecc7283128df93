/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the device tree that a partition brings.
 *
 * Any bytes as its file are merged, or refused in whole lines; what is accepted makes a tree that
 * libfdt takes. Input: the number of the property in its first byte, then a flattened device tree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const u64 harts[] = { 0, 1 };
static const struct config_machine machine = { .nr_harts = 2,
					       .harts = harts,
					       .gstage_modes = 1U << 3 };
static const u8 kernel[64];

static void make_config(struct tree_build *t, bool whole)
{
	const struct tree_prop root[] = { PROP_STR("compatible", "cleave,config"),
					  PROP_CELLS("#address-cells", 2),
					  PROP_CELLS("#size-cells", 2) };
	const struct tree_prop part[] = { PROP_STR("compatible", "cleave,partition"),
					  PROP_CELLS("cpus", 2),
					  PROP_CELLS("memory", 0, 0x80000000, 0, 0x800000),
					  PROP_STR("kernel", "Image"),
					  PROP_STR("bootargs", "quiet") };
	const struct tree_prop own = { whole ? "fdt" : "fdt-overlay", "own", 4 };

	tree_begin(t);
	tree_node(t, "");
	for (size_t i = 0; i < ARRAY_SIZE(root); i++)
		tree_put(t, &root[i]);
	tree_node(t, "partitions");
	tree_node(t, "p");
	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		tree_put(t, &part[i]);
	tree_put(t, &own);
	for (u32 i = 0; i < 3U; i++)
		tree_close(t);
	tree_finish(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	char error[ARCHIVE_ERROR_LEN];
	struct archive archive;
	struct tree_build t;
	struct said said = { 0 };
	struct cpio c;

	if (size == 0U || size > 65536U)
		return -1;
	cpio_begin(&c, 131072);
	cpio_file(&c, "Image", kernel, sizeof(kernel));
	cpio_file(&c, "own", data + 1, (u32)size - 1U);
	cpio_trailer(&c);
	make_config(&t, (data[0] & 1U) != 0U);
	if (archive_open(&archive, c.data, c.size, error) != 0)
		abort();
	if (config_parse(t.fdt, 4096, &archive, &machine, said_line, &said, &config) == 0)
		boot_use(&config, &archive, &machine);
	else if (said.errors == 0U)
		abort();
	tree_end(&t);
	cpio_end(&c);
	return 0;
}
