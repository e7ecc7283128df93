/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the configuration.
 *
 * Any bytes as cleave.dtb are read, or refused in whole lines. A configuration that is accepted can
 * be laid out and given a device tree, with the devices of a small machine. Input: a flattened
 * device tree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const u64 harts[] = { 0, 1, 2, 5 };

static const struct frames_range ram[] = { { 0x80000000, 0x400000000 } };
static const struct frames_range unused[] = { { 0x80800000, 0x3ff800000 } };

static struct config_machine machine = {
	.nr_harts = 4,
	.harts = harts,
	.memory = GIB(16),
	.largest = GIB(8),
	.gstage_modes = (1U << 3) | (1U << 4),
	.plic = { 1 },
	.nr_ram = 1,
	.ram = ram,
	.nr_free = 1,
	.free = unused,
};

static void node(struct tree_build *t, const char *name, u32 base, u32 size, u32 irq)
{
	const struct tree_prop props[] = { PROP_CELLS("reg", base, size),
					   PROP_CELLS("interrupts", irq), PROP_CELLS("clocks", 7) };

	tree_node(t, name);
	for (size_t i = 0; i < ARRAY_SIZE(props); i++)
		tree_put(t, &props[i]);
	tree_close(t);
}

/*
 * What "devices" can name: /s/p (the PLIC), /s/u (the console), /s/a to /s/d. Two of them share a
 * page, two an interrupt.
 */
static void make_machine(void)
{
	static struct tree_build t;
	const struct tree_prop bus[] = { PROP_CELLS("#address-cells", 1),
					 PROP_CELLS("#size-cells", 1), PROP_FLAG("ranges"),
					 PROP_CELLS("interrupt-parent", 1) };
	const struct tree_prop plic[] = { PROP_CELLS("reg", 0xc000000, 0x600000),
					  PROP_FLAG("interrupt-controller"),
					  PROP_CELLS("#interrupt-cells", 1),
					  PROP_CELLS("riscv,ndev", 60),
					  PROP_CELLS("phandle", 1),
					  PROP_CELLS("interrupts-extended", 2, 9) };
	const struct tree_prop cpus[] = { PROP_CELLS("#address-cells", 1),
					  PROP_CELLS("#size-cells", 0) };
	const struct tree_prop cpu = PROP_CELLS("reg", 2);
	const struct tree_prop own = PROP_CELLS("phandle", 2);
	const struct tree_prop console = PROP_STR("stdout-path", "/s/u");

	tree_begin(&t);
	tree_node(&t, "");
	tree_put(&t, &bus[0]);
	tree_put(&t, &bus[1]);
	tree_node(&t, "chosen");
	tree_put(&t, &console);
	tree_close(&t);
	/* The PLIC reaches hart 2 alone. */
	tree_node(&t, "cpus");
	tree_put(&t, &cpus[0]);
	tree_put(&t, &cpus[1]);
	tree_node(&t, "cpu@2");
	tree_put(&t, &cpu);
	tree_node(&t, "interrupt-controller");
	tree_put(&t, &own);
	tree_close(&t);
	tree_close(&t);
	tree_close(&t);
	tree_node(&t, "s");
	for (size_t i = 0; i < ARRAY_SIZE(bus); i++)
		tree_put(&t, &bus[i]);
	tree_node(&t, "p");
	for (size_t i = 0; i < ARRAY_SIZE(plic); i++)
		tree_put(&t, &plic[i]);
	tree_close(&t);
	node(&t, "u", 0x10000000, 0x100, 10);
	node(&t, "a", 0x20000000, 0x1000, 5);
	node(&t, "b", 0x20001000, 0x100, 40);
	node(&t, "c", 0x20001800, 0x100, 41);
	node(&t, "d", 0x20003000, 0x1000, 5);
	tree_close(&t);
	tree_close(&t);
	tree_finish(&t);
	machine.tree = t.fdt;
}

/* A line is one line: it can be shown as it is. */
static void check_line(void *ctx, enum config_said what, const char *line)
{
	u32 *errors = ctx;

	if (strnlen(line, CONFIG_LINE_LEN) == CONFIG_LINE_LEN)
		abort();
	for (const char *c = line; *c != '\0'; c++) {
		if ((u8)*c < 0x20U || *c == 0x7f)
			abort();
	}
	*errors += what == CONFIG_ERROR ? 1U : 0U;
}

static const struct archive *files(void)
{
	static u8 kernel[8192];
	static struct archive archive;
	static struct cpio c;
	char error[ARCHIVE_ERROR_LEN];

	if (archive.data == NULL) {
		cpio_begin(&c, 65536);
		cpio_file(&c, "Image", kernel, sizeof(kernel));
		cpio_file(&c, "initrd", "initrd", 6);
		cpio_trailer(&c);
		if (archive_open(&archive, c.data, c.size, error) != 0)
			abort();
	}
	return &archive;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	void *copy = malloc(size != 0U ? size : 1U);
	u32 errors = 0;
	int err;

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	if (machine.tree == NULL)
		make_machine();
	err = config_parse(copy, size, files(), &machine, check_line, &errors, &config);
	if ((err == 0) != (errors == 0U))
		abort();
	if (err == 0)
		boot_use(&config, files(), &machine);
	free(copy);
	return 0;
}
