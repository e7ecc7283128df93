/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: "devices" against the machine's device tree, and "direct-map" against
 * its memory. What a partition may have is resolved as written. What it may not have is refused in
 * the words that docs/configuration.md promises.
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
#include "tests/unit/core/config/devices_tree.h"
#include "core/machine/probe/driver.h"

#define AT "/partitions/linux: "

/* --- one partition ---------------------------------------------------------------------------- */

/* A list of strings. C adds a NUL, which does not belong to it. */
#define PROP_LIST(n, s) { (n), (s), (u32)sizeof(s) - 1U }
#define DIRECT		PROP_FLAG("direct-map"), PROP_CELLS("memory", 0, 0x90000000, 0, 0x800000)

static int run(const struct tree_prop *props, const struct config_machine *m, struct said *said)
{
	struct tree_build t;

	config_begin(&t);
	config_partition_node(&t, "linux", props);
	config_finish(&t);
	return config_run(&t, m, said);
}

#define REACHES                                                                             \
	" can reach all memory of the machine by DMA, that of the hypervisor and of other " \
	"partitions too: no IOMMU stands between them"

static void resolves_registers_and_interrupts(void **state)
{
	const struct tree_prop props[] = { DIRECT,
					   PROP_LIST("devices",
						     "/soc/rtc@101000\0/soc/virtio_mmio@10001000\0"
						     "/soc/bus@40000000/timer@1000\0/soc/quiet\0"),
					   { NULL, NULL, 0 } };
	const struct config_device *d = config_result.device;
	struct said said;

	(void)state;
	assert_int_equal(run(props, &devices_machine, &said), 0);
	assert_string_equal(said.line[0],
			    AT "devices: \"/soc/rtc@101000\", \"/soc/virtio_mmio@10001000\", "
			       "\"/soc/bus@40000000/timer@1000\", \"/soc/quiet\"" REACHES);
	/* quiet@102000 is a part of a page. */
	assert_string_equal(said.line[1],
			    AT "devices: \"/soc/quiet\": its pages hold registers of "
			       "\"/soc/neighbour@102800\" too, which the partition can reach with "
			       "them");
	assert_int_equal(said.warnings, 2);
	assert_int_equal(config_result.partition[0].nr_devices, 4);
	assert_true(config_result.partition[0].direct_map);
	assert_int_equal(config_result.nr_devices, 4);

	assert_int_equal(d[0].nr_regs, 1);
	assert_int_equal(d[0].reg[0].gpa, 0x101000);
	assert_int_equal(d[0].reg[0].size, 0x1000);
	assert_int_equal(d[0].nr_irqs, 1);
	assert_int_equal(d[0].irq[0].host, 11);
	assert_int_equal(d[0].irq[0].guest, 11);
	assert_int_equal(d[0].node, fdt_path_offset(devices_tree.fdt, "/soc/rtc@101000"));

	assert_int_equal(d[1].irq[0].host, 1);
	assert_int_equal(d[1].irq[0].guest, 1);

	/*
	 * Its registers are translated by the bus's ranges. Its second interrupt is also the RTC's,
	 * so they share the guest's too.
	 */
	assert_int_equal(d[2].nr_regs, 2);
	assert_int_equal(d[2].reg[0].gpa, 0x40001010);
	assert_int_equal(d[2].reg[1].gpa, 0x40003ff0);
	assert_int_equal(config_pages(&d[2].reg[0]).gpa, 0x40001000);
	assert_int_equal(config_pages(&d[2].reg[0]).size, 0x1000);
	assert_int_equal(config_pages(&d[2].reg[1]).gpa, 0x40003000);
	assert_int_equal(config_pages(&d[2].reg[1]).size, 0x2000);
	assert_int_equal(d[2].nr_irqs, 2);
	assert_int_equal(d[2].irq[0].host, 40);
	assert_int_equal(d[2].irq[0].guest, 31);
	assert_int_equal(d[2].irq[1].host, 11);
	assert_int_equal(d[2].irq[1].guest, 11);
	assert_int_equal(d[3].nr_irqs, 0);
}

static void says_what_is_left_out_of_a_node(void **state)
{
	const struct tree_prop props[] = { DIRECT,
					   PROP_LIST("devices", "/soc/eth@104000\0"),
					   { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run(props, &devices_machine, &said), 0);
	assert_string_equal(
		said.line[1],
		AT "devices: \"/soc/eth@104000\": properties left out of the guest's device tree, "
		   "because they refer to nodes that it does not have: clocks, resets");
	assert_string_equal(said.line[2],
			    AT "devices: \"/soc/eth@104000\": the nodes below it are left out of "
			       "the guest's device tree");
	assert_int_equal(said.warnings, 3);
}

/* A device that does not snoop caches needs a driver that can clean them. */
static void warns_where_caches_cannot_be_cleaned(void **state)
{
	const struct tree_prop props[] = { DIRECT,
					   PROP_LIST("devices", "/soc/eth@104000\0"),
					   { NULL, NULL, 0 } };
	const struct tree_prop other[] = { DIRECT,
					   PROP_LIST("devices", "/soc/rtc@101000\0"),
					   { NULL, NULL, 0 } };
	/* Behind a bus that is not coherent, and no DMA as the configuration says */
	const struct tree_prop none[] = { DIRECT,
					  PROP_LIST("devices", "/soc/quiet-bus/timer@0\0"),
					  PROP_LIST("no-dma", "/soc/quiet-bus/timer@0\0"),
					  { NULL, NULL, 0 } };
	struct config_machine m = devices_machine;
	struct said said;

	(void)state;
	m.no_zicbom = true;
	assert_int_equal(run(none, &m, &said), 0);
	assert_int_equal(said.warnings, 0);
	assert_int_equal(run(props, &m, &said), 0);
	assert_int_equal(said.warnings, 4);
	assert_string_equal(
		said.line[3], AT
		"devices: \"/soc/eth@104000\" does not snoop the harts' caches "
		"(dma-noncoherent), and these harts give guests no Zicbom: this is right only for "
		"a device without DMA, or with a cache driver of its own");
	assert_int_equal(run(other, &m, &said), 0);
	assert_int_equal(said.warnings, 1);
}

static void warns_of_dma_without_direct_map(void **state)
{
	const struct tree_prop props[] = { PROP_LIST("devices", "/soc/rtc@101000\0"),
					   { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run(props, &devices_machine, &said), 0);
	assert_string_equal(said.line[0], AT "devices: \"/soc/rtc@101000\"" REACHES);
	assert_string_equal(
		said.line[1],
		AT "devices: without \"direct-map\", a guest-physical address means one thing to "
		   "the guest and another to a device: this is right only for devices without DMA, "
		   "which "
		   "\"no-dma\" lists");
	assert_int_equal(said.warnings, 2);
}

/* If nothing is known of the machine, paths are accepted as they are. */
static void takes_paths_without_a_tree(void **state)
{
	const struct tree_prop props[] = { DIRECT,
					   PROP_LIST("devices", "/soc/nobody@1\0"),
					   { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run(props, &config_machine_unknown, &said), 0);
	assert_int_equal(config_result.partition[0].nr_devices, 1);
	assert_int_equal(config_result.nr_devices, 0);
	config_expect(&said, 0, 1, AT "devices: \"/soc/nobody@1\"" REACHES);
}

struct wrong {
	struct tree_prop prop[4];
	const char *line; /* the error */
};

#define DEV(path) PROP_LIST("devices", path "\0")

static const struct wrong wrongs[] = {
	{ { { "devices", "/soc", 4 } },
	  AT "devices: is not a list of strings; wanted: paths in the machine's device tree" },
	{ { PROP_FLAG("devices") },
	  AT "devices: is not a list of strings; wanted: paths in the machine's device tree" },
	{ { DEV("serial0") },
	  AT "devices: \"serial0\" is not the path of a node; wanted: a path in the machine's "
	     "device tree, from its root: \"/soc/...\"" },
	{ { DEV("/") },
	  AT "devices: \"/\" is not the path of a node; wanted: a path in the machine's device "
	     "tree, from its root: \"/soc/...\"" },
	{ { DEV("/soc/\x1b") }, AT "devices: holds the control character 0x1b" },
	{ { DEV("/soc/rtc@101000\0/soc/rtc@101000") },
	  AT "devices: \"/soc/rtc@101000\" is listed twice" },
	{ { DEV("/soc/rtc@101000\0/soc/rtc") }, AT "devices: \"/soc/rtc\" is listed twice" },
	{ { DEV("/a\0/b\0/c\0/d\0/e\0/f\0/g\0/h\0/i") },
	  AT "devices: \"/i\" is one too many; allowed: 8" },
	{ { DEV("/soc/rtc@101000"), PROP_FLAG("migratable") },
	  AT "devices: does not go with \"migratable\": a partition that drives a device of the "
	     "machine cannot be moved" },
	{ { DEV("/soc/rtc@101000"), PROP_FLAG("incoming"), WITHOUT("kernel") },
	  AT "devices: does not go with \"incoming\": what is moved in drives no device of this "
	     "machine" },
	{ { { "direct-map", "yes", 4 } },
	  AT "direct-map: has a value; wanted: the name alone; leave the property out for \"no\"" },

	{ { DEV("/soc/bus@40000000/tmier") },
	  AT "devices: there is no node \"/soc/bus@40000000/tmier\" in this machine's device tree; "
	     "did you mean \"/soc/bus@40000000/timer@1000\"?" },
	{ { DEV("/rtc@101000") },
	  AT "devices: there is no node \"/rtc@101000\" in this machine's device tree; did you "
	     "mean \"/soc/rtc@101000\"?" },
	{ { DEV("/soc/rtc@110000") },
	  AT "devices: there is no node \"/soc/rtc@110000\" in this machine's device tree; did "
	     "you mean \"/soc/rtc@101000\"?" },
	{ { DEV("/soc/video-decoder@1") },
	  AT
	  "devices: there is no node \"/soc/video-decoder@1\" in this machine's device tree; "
	  "\"/soc\" holds plic@c000000, aplic@d000000, clint@2000000, l3@60000000, smmu@60001000, "
	  "doorbell@60002000, clock@60003000, ..." },
	{ { DEV("/sock/rtc") },
	  AT "devices: there is no node \"/sock/rtc\" in this machine's device tree; did you mean "
	     "\"/soc/rtc@101000\"?" },
	{ { DEV("/a/quite/other/place/than/any") },
	  AT "devices: there is no node \"/a/quite/other/place/than/any\" in this machine's "
	     "device tree; \"/\" holds chosen, cpus, soc" },
	{ { DEV("/soc/rtc@101000/x") },
	  AT "devices: there is no node \"/soc/rtc@101000/x\" in this machine's device tree; "
	     "\"/soc/rtc@101000\" holds nothing" },
	{ { DEV("/soc/off@6000") },
	  AT "devices: \"/soc/off@6000\" is not enabled: its status is \"disabled\"; allowed: "
	     "\"okay\"" },
	{ { DEV("/soc") },
	  AT "devices: \"/soc\" has no registers (reg), or some without an address in the machine; "
	     "allowed: nodes whose bus has ranges for all registers" },
	{ { DEV("/soc/i2c-bus/sensor@48") },
	  AT "devices: \"/soc/i2c-bus/sensor@48\" has no registers (reg), or some without an "
	     "address in the machine; allowed: nodes whose bus has ranges for all registers" },
	{ { DEV("/soc/bus@40000000/behind@10000") },
	  AT "devices: \"/soc/bus@40000000/behind@10000\" has no registers (reg), or some without "
	     "an address in the machine; allowed: nodes whose bus has ranges for all registers" },
	{ { DEV("/soc/bus@40000000/astride@f000") },
	  AT "devices: \"/soc/bus@40000000/astride@f000\" has no registers (reg), or some without "
	     "an address in the machine; allowed: nodes whose bus has ranges for all registers" },
	{ { DEV("/soc/empty@3000") },
	  AT "devices: \"/soc/empty@3000\": reg, or ranges of the buses above it, make no sense" },
	{ { DEV("/soc/many-regs@9000") },
	  AT "devices: \"/soc/many-regs@9000\" has too many ranges of registers; allowed: 4" },
	{ { DEV("/soc/high@20000000000") },
	  AT
	  "devices: \"/soc/high@20000000000\": its registers, 0x20000000000 to 0x20000000fff, lie "
	  "beyond the G-stage mode sv39x4, up to 0x1ffffffffff; set gstage-mode to a wider one" },
	{ { DEV("/soc/ram@80000000") },
	  AT
	  "devices: \"/soc/ram@80000000\": its registers, 0x90000000 to 0x90000fff, overlap memory "
	  "of the machine, 0x80000000 to 0x17fffffff; allowed: registers outside memory" },
	{ { DEV("/soc/rtc@101000"), PROP_CELLS("memory", 0, 0, 0, 0x800000) },
	  AT
	  "devices: \"/soc/rtc@101000\": its registers, 0x101000 to 0x101fff, overlap range 0 of "
	  "the partition's memory, 0x0 to 0x7fffff; move that range" },
	{ { DEV("/soc/in-uart-page@10000800") },
	  AT "devices: \"/soc/in-uart-page@10000800\": its registers, 0x10000000 to 0x10000fff, "
	     "overlap the emulated UART, 0x10000000 to 0x100000ff, which every partition has; "
	     "allowed: devices elsewhere" },
	{ { DEV("/soc/in-plic@c600000") },
	  AT
	  "devices: \"/soc/in-plic@c600000\": its registers, 0xc5ff000 to 0xc600fff, overlap the "
	  "emulated PLIC, 0xc000000 to 0xc5fffff, which every partition has; allowed: devices "
	  "elsewhere" },

	{ { DEV("/soc/serial@10000000") },
	  AT
	  "devices: \"/soc/serial@10000000\" is the machine's console; allowed: other devices of "
	  "the machine" },
	{ { DEV("/soc/plic@c000000") },
	  AT "devices: \"/soc/plic@c000000\" is an interrupt controller; allowed: other devices of "
	     "the machine" },
	{ { DEV("/soc/clint@2000000") },
	  AT "devices: \"/soc/clint@2000000\" is a device that the firmware uses; allowed: other "
	     "devices "
	     "of the machine" },
	{ { DEV("/soc/l3@60000000") },
	  AT "devices: \"/soc/l3@60000000\" is a cache controller, which all harts share; allowed: "
	     "other devices of the machine" },
	{ { DEV("/soc/smmu@60001000") },
	  AT
	  "devices: \"/soc/smmu@60001000\" is an IOMMU, which stands between devices and memory; "
	  "allowed: other devices of the machine" },
	{ { DEV("/soc/doorbell@60002000") },
	  AT
	  "devices: \"/soc/doorbell@60002000\" is an interrupt controller; allowed: other devices "
	  "of the machine" },
	{ { DEV("/soc/clock@60003000") },
	  AT "devices: \"/soc/clock@60003000\" is a part that the harts or the machine's console "
	     "need; allowed: other devices of the machine" },
	{ { DEV("/soc/wide@60004000") },
	  AT
	  "devices: \"/soc/wide@60004000\" is a part that the harts or the machine's console need; "
	  "allowed: other devices of the machine" },
	{ { DEV("/soc/pmu@60006000") },
	  AT
	  "devices: \"/soc/pmu@60006000\" is a part that the harts or the machine's console need; "
	  "allowed: other devices of the machine" },
	{ { DEV("/soc/pci@30000000") },
	  AT "devices: \"/soc/pci@30000000\" is a bus whose devices are not in the device tree; "
	     "allowed: other devices of the machine" },
	{ { DEV("/soc/bridge@50000000") },
	  AT "devices: \"/soc/bridge@50000000\": its pages hold registers of "
	     "\"/soc/bridge@50000000/intc@50001000\" too, which is an interrupt controller" },
	{ { DEV("/soc/bus@41000000/beside@2800") },
	  AT "devices: \"/soc/bus@41000000/beside@2800\": its pages hold registers of "
	     "\"/soc/bus@41000000/kept@20000\" too, which is an interrupt controller" },
	{ { DEV("/soc/bus@41000000/half@1000") },
	  AT "devices: \"/soc/bus@41000000/half@1000\" has no registers (reg), or some without an "
	     "address in the machine; allowed: nodes whose bus has ranges for all registers" },
	{ { DEV("/soc/in-clint-page@200f800") },
	  AT "devices: \"/soc/in-clint-page@200f800\": its pages hold registers of "
	     "\"/soc/clint@2000000\" too, which is a device that the firmware uses" },

	{ { DEV("/soc/shares-console@4000") },
	  AT
	  "devices: \"/soc/shares-console@4000\": its interrupt 10 is also that of the machine's "
	  "console" },
	{ { DEV("/soc/no-source@5000") },
	  AT "devices: \"/soc/no-source@5000\": its interrupts are not sources of the machine's "
	     "interrupt controller" },
	{ { DEV("/soc/half-irq@8000") },
	  AT "devices: \"/soc/half-irq@8000\": its interrupts are not sources of the machine's "
	     "interrupt controller" },
	{ { DEV("/soc/msi@7000") },
	  AT
	  "devices: \"/soc/msi@7000\": an interrupt goes to \"/soc/aplic@d000000\"; allowed: the "
	  "machine's interrupt controller" },
	{ { DEV("/soc/many-irqs@a000") },
	  AT "devices: \"/soc/many-irqs@a000\" has too many interrupts; allowed: 8" },
	{ { DEV("/soc/dma0\0/soc/dma1\0/soc/dma2\0/soc/dma4") },
	  AT "devices: the devices have too many interrupts; a partition can have 30 of them "
	     "besides its "
	     "console's" },
};

/* The only error among the lines that were said. */
static const char *the_error(const struct said *said)
{
	return said->line[said->errors + said->warnings - 1U];
}

/* Only what may do DMA is warned of. What the tree says does DMA cannot be said to do none. */
static void knows_devices_without_dma(void **state)
{
	const struct tree_prop one[] = { PROP_LIST("no-dma", "/soc/rtc@101000\0"),
					 PROP_LIST("devices", "/soc/quiet\0/soc/rtc@101000\0"),
					 DIRECT,
					 { NULL, NULL, 0 } };
	const struct tree_prop all[] = { PROP_LIST("devices", "/soc/rtc@101000\0"),
					 PROP_LIST("no-dma", "/soc/rtc@101000\0"),
					 { NULL, NULL, 0 } };
	const struct tree_prop other[] = { PROP_LIST("devices", "/soc/rtc@101000\0"),
					   PROP_LIST("no-dma", "/soc/rct@101000\0"),
					   { NULL, NULL, 0 } };
	const struct tree_prop bus[] = { PROP_LIST("devices", "/soc/virtio_mmio@10002000\0"),
					 PROP_LIST("no-dma", "/soc/virtio_mmio@10002000\0"),
					 { NULL, NULL, 0 } };
	const struct tree_prop eth[] = { PROP_LIST("devices", "/soc/eth@104000\0"),
					 PROP_LIST("no-dma", "/soc/eth@104000\0"),
					 { NULL, NULL, 0 } };
	const struct tree_prop word[] = { PROP_LIST("devices", "/soc/rtc@101000\0"),
					  PROP_FLAG("no-dma"),
					  { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run(one, &devices_machine, &said), 0);
	assert_string_equal(said.line[0], AT "devices: \"/soc/quiet\"" REACHES);
	assert_int_equal(config_result.partition[0].no_dma, 2);
	assert_int_equal(run(all, &devices_machine, &said), 0);
	assert_int_equal(said.warnings, 0);
	assert_int_equal(run(other, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(said.line[0],
			    AT "no-dma: \"/soc/rct@101000\" is not one of its devices; allowed: "
			       "paths that \"devices\" lists");
	assert_int_equal(run(bus, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said),
			    AT "no-dma: \"/soc/virtio_mmio@10002000\" does DMA: its node says "
			       "\"virtio,mmio\"; allowed: devices that do none");
	assert_int_equal(run(eth, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said),
			    AT "no-dma: \"/soc/eth@104000\" does DMA: its node says "
			       "\"dma-noncoherent\"; allowed: devices that do none");
	assert_int_equal(run(word, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(said.line[0],
			    AT "no-dma: is not a list of strings; wanted: paths in the machine's "
			       "device tree");
}

static void refuses_with_one_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		struct said said;
		bool found = false;

		assert_int_equal(run(wrongs[i].prop, &devices_machine, &said), CLV_ERR_FORMAT);
		for (u32 n = 0; n < said.errors + said.warnings && n < 16U; n++)
			found |= strcmp(said.line[n], wrongs[i].line) == 0;
		if (!found)
			print_error("%zu: wanted: %s\nsaid:   %s\n", i, wrongs[i].line,
				    the_error(&said));
		assert_true(found);
	}
}

static void takes_what_stands_below_a_node_as_a_part_of_it(void **state)
{
	const struct tree_prop props[] = { DEV("/soc/mfd@50010000"), DIRECT, { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run(props, &devices_machine, &said), 0);
	for (u32 i = 0; i < said.warnings; i++)
		assert_null(strstr(said.line[i], "its pages hold"));
}

static void refuses_interrupts_without_a_plic(void **state)
{
	const struct tree_prop quiet[] = { DEV("/soc/quiet@102000"), { NULL, NULL, 0 } };
	const struct tree_prop loud[] = { DEV("/soc/rtc@101000"), { NULL, NULL, 0 } };
	struct config_machine m = devices_machine;
	struct said said;

	(void)state;
	m.plic[0] = 0;
	assert_int_equal(run(quiet, &m, &said), 0);
	assert_int_equal(run(loud, &m, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said), AT
			    "devices: \"/soc/rtc@101000\": its interrupts go to "
			    "\"/soc/plic@c000000\", and this machine has no interrupt controller "
			    "that a driver knows; allowed here: devices without interrupts");
}

/* --- two partitions --------------------------------------------------------------------------- */

static int run_two(const struct tree_prop *a, const struct tree_prop *b,
		   const struct config_machine *m, struct said *said)
{
	struct tree_build t;

	config_begin(&t);
	config_partition_node(&t, "first", a);
	config_partition_node(&t, "linux", b);
	config_finish(&t);
	return config_run(&t, m, said);
}

static void gives_a_device_to_one(void **state)
{
	const struct tree_prop rtc[] = { DEV("/soc/rtc@101000"), { NULL, NULL, 0 } };
	const struct tree_prop again[] = { DEV("/soc/rtc"), { NULL, NULL, 0 } };
	const struct tree_prop irq[] = { DEV("/soc/shares-rtc@103000"), { NULL, NULL, 0 } };
	const struct tree_prop quiet[] = { DEV("/soc/quiet@102000"), { NULL, NULL, 0 } };
	const struct tree_prop page[] = { DEV("/soc/neighbour@102800"), { NULL, NULL, 0 } };
	const struct tree_prop other[] = { DEV("/soc/virtio_mmio@10001000"), { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run_two(rtc, rtc, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said),
			    AT "devices: \"/soc/rtc@101000\" belongs to partition \"first\" "
			       "already; a device goes to one partition");
	assert_int_equal(run_two(rtc, rtc, &config_machine_unknown, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said),
			    AT "devices: \"/soc/rtc@101000\" belongs to partition \"first\" "
			       "already; a device goes to one partition");
	assert_int_equal(run_two(rtc, again, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said),
			    AT "devices: \"/soc/rtc\": its pages, 0x101000 to 0x101fff, hold "
			       "registers of \"/soc/rtc@101000\", which partition \"first\" has");
	assert_int_equal(run_two(quiet, page, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said),
			    AT "devices: \"/soc/neighbour@102800\": its pages, 0x102000 to "
			       "0x102fff, hold registers of \"/soc/quiet@102000\", which partition "
			       "\"first\" has");
	assert_int_equal(run_two(rtc, irq, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said),
			    AT "devices: \"/soc/shares-rtc@103000\": its interrupt 11 is also that "
			       "of \"/soc/rtc@101000\", which partition \"first\" has; both "
			       "devices must belong to one partition");
	assert_int_equal(run_two(rtc, other, &devices_machine, &said), 0);
	assert_int_equal(config_result.nr_devices, 2);
	assert_int_equal(config_result.device[1].partition, 1);
}

static void keeps_together_what_needs_each_other(void **state)
{
	const struct tree_prop reset[] = { DEV("/soc/reset@60007000"), { NULL, NULL, 0 } };
	const struct tree_prop user[] = { DEV("/soc/user@60008000"), { NULL, NULL, 0 } };
	const struct tree_prop spare[] = { DEV("/soc/spare@60005000"), { NULL, NULL, 0 } };
	const struct tree_prop both[] = {
		PROP_LIST("devices", "/soc/reset@60007000\0/soc/user@60008000\0"), { NULL, NULL, 0 }
	};
	struct said said;

	(void)state;
	assert_int_equal(run_two(user, reset, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said), AT
			    "devices: \"/soc/reset@60007000\" serves \"/soc/user@60008000\", which "
			    "partition \"first\" has; both devices must belong to one partition");
	assert_int_equal(run_two(reset, user, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(the_error(&said), AT
			    "devices: \"/soc/user@60008000\" needs \"/soc/reset@60007000\", which "
			    "partition \"first\" has; both devices must belong to one partition");
	assert_int_equal(run_two(both, spare, &devices_machine, &said), 0);
	assert_int_equal(run(spare, &devices_machine, &said), 0);
}

static void gives_direct_memory_to_one(void **state)
{
	const struct tree_prop a[] = { DIRECT, { NULL, NULL, 0 } };
	const struct tree_prop b[] = { PROP_FLAG("direct-map"),
				       PROP_CELLS("memory", 0, 0x90400000, 0, 0x800000),
				       { NULL, NULL, 0 } };
	const struct tree_prop c[] = { PROP_CELLS("memory", 0, 0x90400000, 0, 0x800000),
				       { NULL, NULL, 0 } };
	static const char line[] = AT
		"memory: range 0, 0x90400000 to 0x90bfffff, overlaps range 0 of partition "
		"\"first\", 0x90000000 to 0x907fffff: both have \"direct-map\"";
	struct said said;

	(void)state;
	assert_int_equal(run_two(a, b, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_string_equal(said.line[0], line);
	assert_int_equal(said.errors, 1);
	assert_int_equal(run_two(a, b, &config_machine_unknown, &said), CLV_ERR_FORMAT);
	assert_string_equal(said.line[0], line);
	/* A partition without "direct-map" may have the same guest-physical addresses. */
	assert_int_equal(run_two(a, c, &devices_machine, &said), 0);
	assert_int_equal(run_two(c, a, &devices_machine, &said), 0);
}

static void wants_free_memory_for_direct_map(void **state)
{
	const struct tree_prop at_hypervisor[] = { PROP_FLAG("direct-map"), { NULL, NULL, 0 } };
	const struct tree_prop over_the_end[] = { PROP_FLAG("direct-map"),
						  PROP_CELLS("memory", 0, 0xa0000000, 0, 0x800000),
						  { NULL, NULL, 0 } };
	const struct tree_prop large[] = { PROP_FLAG("direct-map"),
					   PROP_CELLS("memory", 0, 0xc0000000, 0, 0xa0000000),
					   { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run(at_hypervisor, &devices_machine, &said), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      AT
		      "memory: range 0, 0x80000000 to 0x807fffff, is not all free memory of this "
		      "machine, which \"direct-map\" needs; free: 0x80600000 to 0xa01fffff, "
		      "0xa0400000 to 0x17fffffff");
	assert_int_equal(run(over_the_end, &devices_machine, &said), CLV_ERR_FORMAT);
	assert_int_equal(said.errors, 1);
	/* 2.5 GiB: more than config_machine's largest piece, but free. */
	assert_int_equal(run(large, &devices_machine, &said), 0);
}

#define NEAR_LIST "/soc/near@20000000\0"
#define FAR_LIST  "/soc/far@28000000\0"
/* Its first interrupt reaches all harts, its second one those of NEAR_LIST. */
#define BOTH_LIST "/soc/both@20800000\0"

/* Which harts a device's controller reaches, and where the vCPUs are. */
static void wants_a_vcpu_that_the_interrupt_reaches(void **state)
{
	static const char elsewhere[] = AT
		"devices: \"/soc/near@20000000\": its interrupts go to \"plic@20400000\", which "
		"reaches harts 0, 2, and no vCPU is on one of them; allowed: a cpu-affinity with "
		"one of them";
	static const char far[] = AT
		"devices: \"/soc/far@28000000\": its interrupts go to \"plic@28400000\", which "
		"reaches harts 5, 7, and no vCPU is on one of them; allowed: a cpu-affinity with "
		"one of them";
	static const char some[] = AT
		"devices: \"/soc/near@20000000\": its interrupts go to \"plic@20400000\", which "
		"reaches harts 0, 2, and a vCPU is elsewhere: what that one completes may "
		"interrupt whoever has these harts";
	static const char second[] = AT
		"devices: \"/soc/both@20800000\": its interrupts go to \"plic@20400000\", which "
		"reaches harts 0, 2, and no vCPU is on one of them; allowed: a cpu-affinity with "
		"one of them";
	static const char second_some[] = AT
		"devices: \"/soc/both@20800000\": its interrupts go to \"plic@20400000\", which "
		"reaches harts 0, 2, and a vCPU is elsewhere: what that one completes may "
		"interrupt whoever has these harts";
	const struct {
		struct tree_prop props[6];
		const char *error;
		const char *warning;
		u32 hart; /* position of the first vCPU's */
	} t[] = {
		{ { DIRECT, PROP_LIST("devices", NEAR_LIST), PROP_CELLS("cpus", 1),
		    PROP_CELLS("cpu-affinity", 2) },
		  NULL,
		  NULL,
		  1 },
		{ { DIRECT, PROP_LIST("devices", NEAR_LIST), PROP_CELLS("cpus", 1),
		    PROP_CELLS("cpu-affinity", 5) },
		  elsewhere,
		  NULL,
		  0 },
		{ { DIRECT, PROP_LIST("devices", FAR_LIST), PROP_CELLS("cpus", 1),
		    PROP_CELLS("cpu-affinity", 0) },
		  far,
		  NULL,
		  0 },
		{ { DIRECT, PROP_LIST("devices", NEAR_LIST) }, NULL, NULL, 1 },
		{ { DIRECT, PROP_LIST("devices", FAR_LIST) }, NULL, NULL, 3 },
		{ { DIRECT, PROP_LIST("devices", NEAR_LIST FAR_LIST) }, far, NULL, 0 },
		{ { DIRECT, PROP_LIST("devices", NEAR_LIST), PROP_CELLS("cpus", 2),
		    PROP_CELLS("cpu-affinity", 7, 0) },
		  NULL,
		  some,
		  3 },
		{ { DIRECT, PROP_LIST("devices", BOTH_LIST), PROP_CELLS("cpus", 1),
		    PROP_CELLS("cpu-affinity", 5) },
		  second,
		  NULL,
		  0 },
		{ { DIRECT, PROP_LIST("devices", BOTH_LIST), PROP_CELLS("cpus", 2),
		    PROP_CELLS("cpu-affinity", 0, 5) },
		  NULL,
		  second_some,
		  0 },
		{ { DIRECT, PROP_LIST("devices", BOTH_LIST) }, NULL, NULL, 1 },
	};
	struct said said;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		bool warned = t[i].warning == NULL;

		assert_int_equal(run(t[i].props, &devices_machine, &said),
				 t[i].error == NULL ? 0 : CLV_ERR_FORMAT);
		if (t[i].error != NULL) {
			assert_int_equal(said.errors, 1);
			assert_string_equal(said.line[said.errors + said.warnings - 1U],
					    t[i].error);
			continue;
		}
		for (u32 n = 0; n < said.warnings; n++)
			warned |= t[i].warning != NULL && strcmp(said.line[n], t[i].warning) == 0;
		assert_true(warned);
		assert_int_equal(config_result.partition[0].hart[0], t[i].hart);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves_registers_and_interrupts),
		cmocka_unit_test(says_what_is_left_out_of_a_node),
		cmocka_unit_test(warns_where_caches_cannot_be_cleaned),
		cmocka_unit_test(warns_of_dma_without_direct_map),
		cmocka_unit_test(knows_devices_without_dma),
		cmocka_unit_test(takes_paths_without_a_tree),
		cmocka_unit_test(refuses_with_one_line),
		cmocka_unit_test(takes_what_stands_below_a_node_as_a_part_of_it),
		cmocka_unit_test(refuses_interrupts_without_a_plic),
		cmocka_unit_test(wants_a_vcpu_that_the_interrupt_reaches),
		cmocka_unit_test(gives_a_device_to_one),
		cmocka_unit_test(keeps_together_what_needs_each_other),
		cmocka_unit_test(gives_direct_memory_to_one),
		cmocka_unit_test(wants_free_memory_for_direct_map),
	};

	return cmocka_run_group_tests(tests, devices_tree_setup, devices_tree_teardown);
}
