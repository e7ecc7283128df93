/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boards with dozens of harts and more than one chip, of the shape of Sophgo's SG2042 (Linux,
 * arch/riscv/boot/dts/sophgo/): 64 harts without H and a PLIC for each chip, two cells for an
 * interrupt, DMA that is not coherent at the root. What the host-built readers say of them.
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
#include <cleave/printk.h>
#include "arch/riscv/hart.h"
#include "core/config/config_tree.h"
#include "core/machine/memmap.h"
#include "core/machine/probe/plic_tree.h"
#include "lib/fdt_read.h"
#include "arch/riscv/model/hart_out.c"
#include "arch/riscv/model/hart_tree.c"

#define PER_CHIP   64U
#define CHIPS	   2U
#define INTC(hart) (1U + (hart)) /* phandles */
#define PLIC(chip) (1000U + (chip))
#define SOURCES	   224U
#define MMC_IRQ	   134U
#define CHIP_AT(c) (UINT64_C(0x7000000000) + UINT64_C(0x8000000000) * (c))
#define RAM_AT(c)  (UINT64_C(0x8000000000) * (c))
#define RAM_SIZE   GIB(32)
#define TREE_MAX   (256U * 1024U)
#define WITHOUT_H  "rv64imafdc"
#define WITH_H	   "rv64imafdch"

static char tree[TREE_MAX];
static char said[4096];
static struct hart harts[CONFIG_MAX_HARTS];
static u32 nr_harts;

void printk(const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(said + len, sizeof(said) - len, *fmt < ' ' ? fmt + 1 : fmt, ap);
	va_end(ap);
	strcat(said, "\n");
}

struct hart *hart_get(u32 index)
{
	return &harts[index];
}

struct hart *hart_by_id(u64 hartid)
{
	for (u32 i = 0; i < nr_harts; i++) {
		if (harts[i].hartid == hartid)
			return &harts[i];
	}
	return NULL;
}

struct hart *hart_add(u64 hartid)
{
	if (nr_harts == CONFIG_MAX_HARTS)
		return NULL;
	harts[nr_harts].hartid = hartid;
	return &harts[nr_harts++];
}

/* --- the generator ---------------------------------------------------------------------------- */

/* struct board - chips, harts and what they have; @order: which hart stands at a place in /cpus */
struct board {
	u32 chips;
	u64 boot;
	const char *isa[CHIPS];
	u32 (*order)(u32 place);
};

static void ok(int rc)
{
	if (rc < 0)
		fail_msg("libfdt: %s", fdt_strerror(rc));
}

static void cells(const char *name, const u32 *host, u32 n)
{
	fdt32_t *cell = calloc(n, sizeof(*cell));

	assert_non_null(cell);
	for (u32 i = 0; i < n; i++)
		cell[i] = cpu_to_fdt32(host[i]);
	ok(fdt_property(tree, name, cell, (int)(n * sizeof(*cell))));
	free(cell);
}

static void reg(u64 at, u64 size)
{
	const u32 host[] = { (u32)(at >> 32), (u32)at, (u32)(size >> 32), (u32)size };

	cells("reg", host, ARRAY_SIZE(host));
}

static void begin_at(const char *name, u64 at)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s@%llx", name, (unsigned long long)at);
	ok(fdt_begin_node(tree, text));
}

static void add_cpu(u32 hart, const char *isa)
{
	begin_at("cpu", hart);
	ok(fdt_property_string(tree, "device_type", "cpu"));
	ok(fdt_property_string(tree, "riscv,isa", isa));
	ok(fdt_property_u32(tree, "reg", hart));
	ok(fdt_begin_node(tree, "interrupt-controller"));
	ok(fdt_property_string(tree, "compatible", "riscv,cpu-intc"));
	ok(fdt_property_u32(tree, "phandle", INTC(hart)));
	ok(fdt_end_node(tree));
	ok(fdt_end_node(tree));
}

static void add_cpus(const struct board *b)
{
	ok(fdt_begin_node(tree, "cpus"));
	ok(fdt_property_u32(tree, "#address-cells", 1));
	ok(fdt_property_u32(tree, "#size-cells", 0));
	ok(fdt_property_u32(tree, "timebase-frequency", 50000000));
	ok(fdt_begin_node(tree, "cpu-map"));
	ok(fdt_end_node(tree));
	for (u32 i = 0; i < b->chips * PER_CHIP; i++) {
		u32 hart = b->order != NULL ? b->order(i) : i;

		add_cpu(hart, b->isa[hart / PER_CHIP]);
	}
	ok(fdt_end_node(tree));
}

static void add_plic(u32 chip)
{
	u32 list[4U * PER_CHIP];

	for (u32 i = 0; i < PER_CHIP; i++) {
		list[4U * i] = INTC(chip * PER_CHIP + i);
		list[4U * i + 1U] = 11; /* M-mode's, then S-mode's external interrupt */
		list[4U * i + 2U] = INTC(chip * PER_CHIP + i);
		list[4U * i + 3U] = 9;
	}
	begin_at("interrupt-controller", CHIP_AT(chip) + 0x90000000U);
	ok(fdt_property(tree, "compatible", "sophgo,sg2042-plic\0thead,c900-plic", 35));
	ok(fdt_property_u32(tree, "#address-cells", 0));
	ok(fdt_property_u32(tree, "#interrupt-cells", 2));
	ok(fdt_property_u32(tree, "phandle", PLIC(chip)));
	ok(fdt_property_u32(tree, "riscv,ndev", SOURCES));
	reg(CHIP_AT(chip) + 0x90000000U, 0x4000000);
	cells("interrupts-extended", list, ARRAY_SIZE(list));
	ok(fdt_end_node(tree));
}

static void add_mmc(u32 chip)
{
	static const u32 irq[] = { MMC_IRQ, 4 };

	begin_at("mmc", CHIP_AT(chip) + 0x4002a000U);
	ok(fdt_property_string(tree, "compatible", "sophgo,sg2042-dwcmshc"));
	reg(CHIP_AT(chip) + 0x4002a000U, 0x1000);
	ok(fdt_property_u32(tree, "interrupt-parent", PLIC(chip)));
	cells("interrupts", irq, ARRAY_SIZE(irq));
	ok(fdt_end_node(tree));
}

static void make(const struct board *b)
{
	ok(fdt_create(tree, sizeof(tree)));
	ok(fdt_finish_reservemap(tree));
	ok(fdt_begin_node(tree, ""));
	ok(fdt_property_u32(tree, "#address-cells", 2));
	ok(fdt_property_u32(tree, "#size-cells", 2));
	ok(fdt_property(tree, "dma-noncoherent", "", 0));
	add_cpus(b);
	for (u32 c = 0; c < b->chips; c++) {
		begin_at("memory", RAM_AT(c));
		ok(fdt_property_string(tree, "device_type", "memory"));
		reg(RAM_AT(c), RAM_SIZE);
		ok(fdt_end_node(tree));
	}
	ok(fdt_begin_node(tree, "soc"));
	ok(fdt_property_u32(tree, "#address-cells", 2));
	ok(fdt_property_u32(tree, "#size-cells", 2));
	ok(fdt_property(tree, "ranges", "", 0));
	for (u32 c = 0; c < b->chips; c++) {
		add_plic(c);
		add_mmc(c);
	}
	ok(fdt_end_node(tree));
	ok(fdt_end_node(tree));
	ok(fdt_finish(tree));
}

/* Read the harts of a board. Return: what is said */
static const char *read_harts(const struct board *b)
{
	make(b);
	nr_harts = 0;
	hart_out_nr_kept = 0;
	(void)hart_add(b->boot);
	said[0] = '\0';
	assert_int_equal(hart_tree_read(tree), 0);
	assert_int_equal(hart_tree.timebase, 50000000);
	return said;
}

/* --- harts ------------------------------------------------------------------------------------ */

#define NO_H " left out: no H extension in the ISA string\n"

static u32 downwards(u32 place)
{
	return 63U - place;
}

/* As the clusters of the board's cpu-map stand: 0-7, 16-23, 8-15, 24-31, and so on */
static u32 by_cluster(u32 place)
{
	u32 block = place / 8U % 4U;

	return place + (block == 1U ? 8U : 0U) - (block == 2U ? 8U : 0U);
}

static u32 every_second(u32 place)
{
	return place * 2U % 64U + place / 32U;
}

static void test_one_line_names_all(void **state)
{
	struct board b = { .chips = 1, .isa = { WITHOUT_H, WITHOUT_H } };

	(void)state;
	assert_string_equal(read_harts(&b), "harts 1-63" NO_H);
	assert_int_equal(nr_harts, 1);
	/* Firmware starts whichever hart it likes. */
	b.boot = 37;
	assert_string_equal(read_harts(&b), "harts 0-36, 38-63" NO_H);
	b.boot = 0;
	b.order = downwards;
	assert_string_equal(read_harts(&b), "harts 1-63" NO_H);
	b.order = by_cluster;
	assert_string_equal(read_harts(&b),
			    "harts 1-7, 16-23, 8-15, 24-39, 48-55, 40-47, 56-63" NO_H);
	/* Without ranges there is no room for all, but the line stays one. */
	b.order = every_second;
	assert_non_null(strstr(read_harts(&b), "harts 2, 4, 6, 8, 10, "));
	assert_non_null(strstr(said, "..." NO_H));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1U);
}

static void test_two_chips(void **state)
{
	struct board b = { .chips = 2, .isa = { WITHOUT_H, WITHOUT_H } };

	(void)state;
	assert_string_equal(read_harts(&b), "harts 1-127" NO_H);
	assert_string_equal(hart_out_why(100), "no H extension in the ISA string");
	assert_null(hart_out_why(128));
	/* Where one chip has H, its harts are used, and the others are named. */
	b.isa[1] = WITH_H;
	b.boot = 64;
	assert_string_equal(read_harts(&b),
			    "harts 0-63" NO_H "harts 96-127 left out: this build uses 32 at most "
			    "(CONFIG_MAX_HARTS)\n");
	assert_int_equal(nr_harts, CONFIG_MAX_HARTS);
	assert_int_equal(harts[31].hartid, 95);
}

/* --- what else the board has ------------------------------------------------------------------ */

static void test_its_controllers(void **state)
{
	const struct board b = { .chips = 2, .isa = { WITH_H, WITH_H } };
	struct plic_tree t;

	(void)state;
	make(&b);
	for (u32 chip = 0; chip < CHIPS; chip++) {
		assert_true(plic_tree_read(tree, fdt_node_offset_by_phandle(tree, PLIC(chip)), &t));
		assert_int_equal(t.base, CHIP_AT(chip) + 0x90000000U);
		assert_int_equal(t.sources, SOURCES);
		assert_int_equal(t.contexts, 2U * PER_CHIP);
		for (u32 h = 0; h < CHIPS * PER_CHIP; h++) {
			bool own = h / PER_CHIP == chip;

			assert_int_equal(plic_tree_reaches(tree, PLIC(chip), h), own);
			assert_int_equal(plic_tree_context(tree, &t, h),
					 own ? 2U * (h % PER_CHIP) + 1U : PLIC_TREE_NONE);
		}
	}
}

static void test_its_memory_and_devices(void **state)
{
	const struct board b = { .chips = 2, .isa = { WITH_H, WITH_H } };
	struct config_irq irq[CONFIG_DEVICE_IRQS];
	const u32 plic[IRQ_CONTROLLERS] = { PLIC(0), PLIC(1) };
	struct memmap ram;
	struct memmap free_ram;
	int other = 0;
	int mmc;

	(void)state;
	make(&b);
	assert_int_equal(memmap_read(tree, &ram, &free_ram), 0);
	assert_int_equal(ram.nr, 2);
	assert_int_equal(ram.range[1].base, RAM_AT(1));
	assert_int_equal(ram.range[1].size, RAM_SIZE);
	mmc = fdt_path_offset(tree, "/soc/mmc@f04002a000");
	assert_true(mmc > 0);
	assert_true(fdt_read_noncoherent(tree, mmc));
	assert_int_equal(config_tree_irqs(tree, mmc, plic, irq, &other), 1);
	assert_int_equal(irq[0].host, IRQ_SOURCE(1, MMC_IRQ));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_line_names_all),
		cmocka_unit_test(test_two_chips),
		cmocka_unit_test(test_its_controllers),
		cmocka_unit_test(test_its_memory_and_devices),
	};

	return cmocka_run_group_tests_name("hart tree", tests, NULL, NULL);
}
