/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's device tree with devices of all kinds: good ones, odd ones, and three PLICs.
 */
#include <stdio.h>

#include "tests/unit/core/config/devices_tree.h"

#define PLIC	 9U
#define APLIC	 10U
#define NEAR	 11U /* PLICs that reach half of the harts each */
#define FAR	 12U
#define HART(id) (0x20U + (id)) /* phandle of a hart's own interrupt controller */

/* Phandles of what others need */
#define CLOCK  0x40U /* the console's */
#define WIDE   0x41U /* the console's too; two cells follow it */
#define SPARE  0x42U /* nobody's: its phandle stands among cells that follow another */
#define DOMAIN 0x43U /* a hart's, a node below a controller */
#define RESET  0x44U /* of the device "user" */

struct tree_build devices_tree;

static const struct frames_range ram[] = { { 0x80000000, 0x100000000 } };
static const struct frames_range unused[] = { { 0x80600000, 0x1fc00000 },
					      { 0xa0400000, 0xdfc00000 } };

struct config_machine devices_machine;

/*
 * A node on a bus with two address and two size cells: it has registers, and interrupt @irq at the
 * nearest interrupt parent (0: none).
 */
static void devices_tree_device(const char *name, u32 base, u32 size, u32 irq)
{
	const struct tree_prop reg = PROP_CELLS("reg", 0, base, 0, size);
	const struct tree_prop source = PROP_CELLS("interrupts", irq);

	tree_node(&devices_tree, name);
	tree_put(&devices_tree, &reg);
	if (irq != 0U)
		tree_put(&devices_tree, &source);
}

static void devices_tree_closed(const char *name, u32 base, u32 size, u32 irq)
{
	devices_tree_device(name, base, size, irq);
	tree_close(&devices_tree);
}

static void devices_tree_put(const struct tree_prop *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tree_put(&devices_tree, &p[i]);
}
#define PUT(...)                                                 \
	do {                                                     \
		const struct tree_prop put_[] = { __VA_ARGS__ }; \
		devices_tree_put(put_, ARRAY_SIZE(put_));        \
	} while (0)

static void devices_tree_controllers(void)
{
	devices_tree_device("plic@c000000", 0xc000000, 0x600000, 0);
	PUT(PROP_STR("compatible", "sifive,plic-1.0.0"), PROP_FLAG("interrupt-controller"),
	    PROP_CELLS("#interrupt-cells", 1), PROP_CELLS("riscv,ndev", 95),
	    PROP_CELLS("phandle", PLIC),
	    PROP_CELLS("interrupts-extended", HART(0), 9, HART(2), 9, HART(5), 9, HART(7), 9));
	tree_close(&devices_tree);
	devices_tree_device("aplic@d000000", 0xd000000, 0x8000, 0);
	PUT(PROP_STR("compatible", "riscv,aplic"), PROP_FLAG("interrupt-controller"),
	    PROP_CELLS("#interrupt-cells", 2), PROP_CELLS("phandle", APLIC));
	tree_close(&devices_tree);
	devices_tree_device("clint@2000000", 0x2000000, 0x10000, 0);
	PUT(PROP_STR("compatible", "sifive,clint0"));
	tree_close(&devices_tree);
}

/*
 * On a bus of which only 64 KiB have addresses in the machine: a device with registers beyond them,
 * and a kept one like it.
 */
static void devices_tree_registers_beyond(void)
{
	tree_node(&devices_tree, "bus@41000000");
	PUT(PROP_CELLS("#address-cells", 1), PROP_CELLS("#size-cells", 1),
	    PROP_CELLS("ranges", 0, 0, 0x41000000, 0x10000));
	tree_node(&devices_tree, "half@1000");
	PUT(PROP_CELLS("reg", 0x1000, 0x100, 0x20000, 0x100));
	tree_close(&devices_tree);
	tree_node(&devices_tree, "kept@20000");
	PUT(PROP_CELLS("reg", 0x20000, 0x1000, 0x2000, 0x100), PROP_FLAG("interrupt-controller"));
	tree_close(&devices_tree);
	tree_node(&devices_tree, "beside@2800");
	PUT(PROP_CELLS("reg", 0x2800, 0x100));
	tree_close(&devices_tree);
	tree_close(&devices_tree);
}

/* A bus with addresses of its own: 0x0 is 0x40000000 in the machine, and only 64 KiB are there. */
static void devices_tree_moved_bus(void)
{
	tree_node(&devices_tree, "bus@40000000");
	PUT(PROP_CELLS("#address-cells", 1), PROP_CELLS("#size-cells", 1),
	    PROP_CELLS("ranges", 0, 0, 0x40000000, 0x10000));
	tree_node(&devices_tree, "timer@1000");
	PUT(PROP_CELLS("reg", 0x1010, 0x20, 0x3ff0, 0x20),
	    PROP_CELLS("interrupts-extended", PLIC, 40, PLIC, 11));
	tree_close(&devices_tree);
	tree_node(&devices_tree, "behind@10000");
	PUT(PROP_CELLS("reg", 0x10000, 0x1000));
	tree_close(&devices_tree);
	tree_node(&devices_tree, "astride@f000");
	PUT(PROP_CELLS("reg", 0xf000, 0x2000));
	tree_close(&devices_tree);
	tree_close(&devices_tree);
	devices_tree_registers_beyond();
	/* A bus whose devices do not snoop the harts' caches, and a device without DMA */
	tree_node(&devices_tree, "quiet-bus");
	PUT(PROP_CELLS("#address-cells", 1), PROP_CELLS("#size-cells", 1),
	    PROP_CELLS("ranges", 0, 0, 0x42000000, 0x10000), PROP_FLAG("dma-noncoherent"));
	tree_node(&devices_tree, "timer@0");
	PUT(PROP_CELLS("reg", 0, 0x1000));
	tree_close(&devices_tree);
	tree_close(&devices_tree);
	/* Without ranges, nothing on it has an address in the devices_machine. */
	tree_node(&devices_tree, "i2c-bus");
	PUT(PROP_CELLS("#address-cells", 1), PROP_CELLS("#size-cells", 0));
	tree_node(&devices_tree, "sensor@48");
	PUT(PROP_CELLS("reg", 0x48));
	tree_close(&devices_tree);
	tree_close(&devices_tree);
}

/*
 * A device whose pages hold the registers of a node below it: a part of it, or with @keep something
 * that no partition may have.
 */
static void devices_tree_whole_bus(const char *name, u32 base, const char *child, bool keep)
{
	devices_tree_device(name, base, 0x3000, 0);
	PUT(PROP_CELLS("#address-cells", 2), PROP_CELLS("#size-cells", 2), PROP_FLAG("ranges"));
	devices_tree_device(child, base + 0x1000, 0x1000, 0);
	if (keep)
		PUT(PROP_FLAG("interrupt-controller"));
	tree_close(&devices_tree);
	tree_close(&devices_tree);
}

/* A device that provides something to others: @cells says how many cells follow its phandle. */
static void devices_tree_provider(const char *name, u32 base, u32 phandle, const char *cells, u32 n)
{
	devices_tree_device(name, base, 0x1000, 0);
	PUT(PROP_CELLS("phandle", phandle), PROP_CELLS(cells, n));
	tree_close(&devices_tree);
}

static void devices_tree_shared(void)
{
	devices_tree_device("l3@60000000", 0x60000000, 0x1000, 0);
	PUT(PROP_CELLS("cache-level", 3));
	tree_close(&devices_tree);
	devices_tree_provider("smmu@60001000", 0x60001000, 0x50, "#iommu-cells", 1);
	devices_tree_device("doorbell@60002000", 0x60002000, 0x1000, 0);
	PUT(PROP_FLAG("msi-controller"));
	tree_close(&devices_tree);
	devices_tree_provider("clock@60003000", 0x60003000, CLOCK, "#clock-cells", 1);
	devices_tree_provider("wide@60004000", 0x60004000, WIDE, "#clock-cells", 2);
	devices_tree_provider("spare@60005000", 0x60005000, SPARE, "#clock-cells", 0);
	devices_tree_device("pmu@60006000", 0x60006000, 0x1000, 0);
	tree_node(&devices_tree, "domain");
	PUT(PROP_CELLS("phandle", DOMAIN));
	tree_close(&devices_tree);
	tree_close(&devices_tree);
	devices_tree_provider("reset@60007000", 0x60007000, RESET, "#reset-cells", 1);
	devices_tree_device("user@60008000", 0x60008000, 0x1000, 0);
	PUT(PROP_CELLS("resets", RESET, 5));
	tree_close(&devices_tree);
}

static void devices_tree_odd_devices(void)
{
	devices_tree_shared();
	devices_tree_device("serial@10000000", 0x10000000, 0x100, 10);
	PUT(PROP_CELLS("clocks", WIDE, SPARE, 1, CLOCK, 7));
	tree_close(&devices_tree);
	devices_tree_whole_bus("bridge@50000000", 0x50000000, "intc@50001000", true);
	devices_tree_whole_bus("mfd@50010000", 0x50010000, "part@50011000", false);
	devices_tree_closed("in-uart-page@10000800", 0x10000800, 0x100, 0);
	devices_tree_closed("in-plic@c600000", 0xc5ff000, 0x2000, 0);
	devices_tree_closed("ram@80000000", 0x90000000, 0x1000, 0);
	devices_tree_closed("empty@3000", 0x3000, 0, 0);
	devices_tree_closed("shares-console@4000", 0x4000, 0x1000, 10);
	devices_tree_closed("no-source@5000", 0x5000, 0x1000, 96);
	devices_tree_closed("beside-clint@2010000", 0x2010000, 0x1000, 0);
	devices_tree_closed("in-clint-page@200f800", 0x200fff0, 0x20, 0);
	devices_tree_device("off@6000", 0x6000, 0x1000, 0);
	PUT(PROP_STR("status", "disabled"));
	tree_close(&devices_tree);
	devices_tree_device("msi@7000", 0x7000, 0x1000, 0);
	PUT(PROP_CELLS("interrupts-extended", APLIC, 3, 4));
	tree_close(&devices_tree);
	devices_tree_device("half-irq@8000", 0x8000, 0x1000, 0);
	PUT(PROP_CELLS("interrupts-extended", PLIC));
	tree_close(&devices_tree);
	tree_node(&devices_tree, "many-regs@9000");
	PUT(PROP_CELLS("reg", 0, 0x9000, 0, 4, 0, 0x9010, 0, 4, 0, 0x9020, 0, 4, 0, 0x9030, 0, 4, 0,
		       0x9040, 0, 4));
	tree_close(&devices_tree);
	devices_tree_device("many-irqs@a000", 0xa000, 0x1000, 0);
	PUT(PROP_CELLS("interrupts", 51, 52, 53, 54, 55, 56, 57, 58, 59));
	tree_close(&devices_tree);
	devices_tree_device("pci@30000000", 0x30000000, 0x10000000, 0);
	PUT(PROP_STR("device_type", "pci"));
	tree_close(&devices_tree);
	devices_tree_device("far@0", 0, 0, 0);
	tree_close(&devices_tree);
	tree_node(&devices_tree, "high@20000000000");
	PUT(PROP_CELLS("reg", 0x200, 0, 0, 0x1000));
	tree_close(&devices_tree);
}

static void devices_tree_good_devices(void)
{
	devices_tree_closed("rtc@101000", 0x101000, 0x1000, 11);
	devices_tree_closed("virtio_mmio@10001000", 0x10001000, 0x1000, 1);
	devices_tree_device("virtio_mmio@10002000", 0x10002000, 0x1000, 2);
	PUT(PROP_STR("compatible", "virtio,mmio"));
	tree_close(&devices_tree);
	devices_tree_closed("quiet@102000", 0x102000, 0x10, 0);
	devices_tree_closed("neighbour@102800", 0x102800, 0x10, 12);
	devices_tree_closed("shares-rtc@103000", 0x103000, 0x1000, 11);
	devices_tree_device("eth@104000", 0x104000, 0x1000, 33);
	PUT(PROP_CELLS("clocks", 1), PROP_STR("clock-names", "bus"), PROP_CELLS("resets", 2, 3),
	    PROP_STR("compatible", "vendor,eth"), PROP_FLAG("dma-noncoherent"));
	tree_node(&devices_tree, "mdio");
	tree_close(&devices_tree);
	tree_close(&devices_tree);
	/* All sources that a guest's PLIC has, except for the UART's, and some more. */
	for (u32 i = 0; i < 5U; i++) {
		char name[32];
		u32 s = 60U + 8U * i;

		if (i == 4U)
			s = 30U;
		(void)snprintf(name, sizeof(name), "dma%u@%x", i, 0x110000U + 0x1000U * i);
		devices_tree_device(name, 0x110000U + 0x1000U * i, 0x1000, 0);
		PUT(PROP_CELLS("interrupts", s, s + 1U, s + 2U, s + 3U, s + 4U, s + 5U, s + 6U,
			       s + 7U));
		tree_close(&devices_tree);
	}
}

/* A PLIC for two harts, and a device that interrupts by it. */
static void devices_tree_half(const char *name, u32 phandle, u32 first, u32 second, const char *dev,
			      u32 base)
{
	devices_tree_device(name, base + 0x400000U, 0x400000, 0);
	PUT(PROP_STR("compatible", "sifive,plic-1.0.0"), PROP_FLAG("interrupt-controller"),
	    PROP_CELLS("#interrupt-cells", 1), PROP_CELLS("riscv,ndev", 95),
	    PROP_CELLS("phandle", phandle),
	    PROP_CELLS("interrupts-extended", HART(first), 11, HART(first), 9, HART(second), 9));
	tree_close(&devices_tree);
	devices_tree_device(dev, base, 0x1000, 0);
	PUT(PROP_CELLS("interrupts-extended", phandle, 11));
	tree_close(&devices_tree);
}

/* The harts of config_machine, all of which the PLIC reaches */
static void devices_tree_harts(void)
{
	tree_node(&devices_tree, "cpus");
	PUT(PROP_CELLS("#address-cells", 1), PROP_CELLS("#size-cells", 0));
	for (u32 i = 0; i < config_machine.nr_harts; i++) {
		u32 id = (u32)config_machine.harts[i];
		char name[16];

		(void)snprintf(name, sizeof(name), "cpu@%u", id);
		tree_node(&devices_tree, name);
		PUT(PROP_CELLS("reg", id), PROP_CELLS("power-domains", DOMAIN));
		tree_node(&devices_tree, "interrupt-controller");
		PUT(PROP_FLAG("interrupt-controller"), PROP_CELLS("phandle", HART(id)));
		tree_close(&devices_tree);
		tree_close(&devices_tree);
	}
	tree_close(&devices_tree);
}

int devices_tree_setup(void **state)
{
	int err = config_setup(state);

	tree_begin(&devices_tree);
	tree_node(&devices_tree, "");
	PUT(PROP_CELLS("#address-cells", 2), PROP_CELLS("#size-cells", 2));
	tree_node(&devices_tree, "chosen");
	PUT(PROP_STR("stdout-path", "/soc/serial@10000000:115200"));
	tree_close(&devices_tree);
	devices_tree_harts();
	tree_node(&devices_tree, "soc");
	PUT(PROP_CELLS("#address-cells", 2), PROP_CELLS("#size-cells", 2), PROP_FLAG("ranges"),
	    PROP_CELLS("interrupt-parent", PLIC));
	devices_tree_controllers();
	devices_tree_odd_devices();
	devices_tree_good_devices();
	devices_tree_moved_bus();
	devices_tree_half("plic@20400000", NEAR, 0, 2, "near@20000000", 0x20000000);
	devices_tree_half("plic@28400000", FAR, 5, 7, "far@28000000", 0x28000000);
	devices_tree_device("both@20800000", 0x20800000, 0x1000, 0);
	PUT(PROP_CELLS("interrupts-extended", PLIC, 13, NEAR, 13));
	tree_close(&devices_tree);
	tree_close(&devices_tree);
	tree_close(&devices_tree);
	tree_finish(&devices_tree);

	devices_machine = config_machine;
	devices_machine.tree = devices_tree.fdt;
	devices_machine.plic[0] = PLIC;
	devices_machine.plic[1] = NEAR;
	devices_machine.plic[2] = FAR;
	devices_machine.ram = ram;
	devices_machine.nr_ram = ARRAY_SIZE(ram);
	devices_machine.free = unused;
	devices_machine.nr_free = ARRAY_SIZE(unused);
	return err;
}

int devices_tree_teardown(void **state)
{
	tree_end(&devices_tree);
	return config_teardown(state);
}
