/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that a guest gets is read back property by property, and shown to dtc, which must
 * find nothing to warn of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libfdt.h>

#include <cleave/errno.h>
#include "core/config/guest_fdt.h"
#include "core/config/image.h"

static u64 buffer[IMAGE_FDT_SIZE / sizeof(u64)];

static const struct config_partition partition = {
	.name = "linux",
	.cpus = 2,
	.nr_memory = 2,
	.memory = { { 0x80000000, 0x20000000 }, { 0x100000000, 0x40000000 } },
	.bootargs = "console=ttyS0 earlycon=sbi",
};

static const struct guest_fdt_params good = {
	.part = &partition,
	.isa = "rv64imafdcv_zicbom_zicsr_zifencei_sstc",
	.mmu_type = "riscv,sv39",
	.timebase = 10000000,
	.initrd_start = 0x9fe00000,
	.initrd_end = 0x9fe01388,
	.zicbom = true,
	.cbom_block = 64,
};

static void make(const struct guest_fdt_params *p)
{
	s64 size = guest_fdt_make(p, buffer, sizeof(buffer));

	assert_true(size > 0);
	assert_int_equal(size, fdt_totalsize(buffer));
	assert_int_equal(fdt_check_full(buffer, (size_t)size), 0);
}

static int node(const char *path)
{
	int offset = fdt_path_offset(buffer, path);

	if (offset < 0)
		print_error("no node %s\n", path);
	assert_true(offset >= 0);
	return offset;
}

static void has_bytes(const char *path, const char *name, const void *want, int want_len)
{
	int len = 0;
	const void *data = fdt_getprop(buffer, node(path), name, &len);

	if (data == NULL || len != want_len)
		print_error("%s: %s has %d bytes\n", path, name, len);
	assert_non_null(data);
	assert_int_equal(len, want_len);
	assert_memory_equal(data, want, (size_t)want_len);
}

#define HAS_STRING(path, name, s) has_bytes((path), (name), (s), (int)sizeof(s))

static void has_cells(const char *path, const char *name, int n, const u32 *want)
{
	int len = 0;
	const fdt32_t *data = fdt_getprop(buffer, node(path), name, &len);

	if (data == NULL || len != n * 4)
		print_error("%s: %s has %d bytes\n", path, name, len);
	assert_non_null(data);
	assert_int_equal(len, n * 4);
	for (int i = 0; i < n; i++)
		assert_int_equal(fdt32_to_cpu(data[i]), want[i]);
}

#define HAS_CELLS(path, name, ...)                                           \
	has_cells((path), (name), (int)ARRAY_SIZE(((u32[]){ __VA_ARGS__ })), \
		  (const u32[]){ __VA_ARGS__ })

static bool has_property(const char *path, const char *name)
{
	return fdt_getprop(buffer, node(path), name, NULL) != NULL;
}

/* The firmware's seed goes to a manager, and to nobody else. */
static void test_seed(void **state)
{
	static char tree[512];
	struct config_partition part = partition;
	struct guest_fdt_params p = good;
	int chosen;

	(void)state;
	assert_int_equal(fdt_create_empty_tree(tree, sizeof(tree)), 0);
	p.part = &part;
	p.tree = tree;
	for (int with = 0; with < 3; with++) {
		part.manager = true;
		make(&p);
		assert_int_equal(has_property("/chosen", "rng-seed"), with == 2);
		part.manager = false;
		make(&p);
		assert_false(has_property("/chosen", "rng-seed"));
		if (with == 0)
			assert_true(fdt_add_subnode(tree, 0, "chosen") >= 0);
		chosen = fdt_path_offset(tree, "/chosen");
		if (with == 1)
			assert_int_equal(
				fdt_setprop(tree, chosen, "rng-seed", "0123456789abcdef", 16), 0);
	}
	part.manager = true;
	make(&p);
	HAS_STRING("/chosen", "bootargs", "console=ttyS0 earlycon=sbi");
	chosen = node("/chosen");
	assert_memory_equal(fdt_getprop(buffer, chosen, "rng-seed", NULL), "0123456789abcdef", 16);
}

static void test_root_and_chosen(void **state)
{
	(void)state;
	make(&good);
	HAS_STRING("/", "model", "cleave,partition");
	HAS_STRING("/", "compatible", "cleave,partition");
	HAS_CELLS("/", "#address-cells", 2);
	HAS_CELLS("/", "#size-cells", 2);
	HAS_STRING("/chosen", "bootargs", "console=ttyS0 earlycon=sbi");
	HAS_STRING("/chosen", "stdout-path", "/soc/serial@10000000");
	HAS_STRING("/aliases", "serial0", "/soc/serial@10000000");
	HAS_CELLS("/chosen", "linux,initrd-start", 0, 0x9fe00000);
	HAS_CELLS("/chosen", "linux,initrd-end", 0, 0x9fe01388);
}

static void test_cpus(void **state)
{
	static const char extensions[] = "i\0m\0a\0f\0d\0c\0v\0zicbom\0zicsr\0zifencei\0sstc";

	(void)state;
	make(&good);
	HAS_CELLS("/cpus", "timebase-frequency", 10000000);
	HAS_CELLS("/cpus", "#address-cells", 1);
	HAS_CELLS("/cpus", "#size-cells", 0);
	HAS_STRING("/cpus/cpu@1", "device_type", "cpu");
	HAS_STRING("/cpus/cpu@1", "compatible", "riscv");
	HAS_STRING("/cpus/cpu@1", "status", "okay");
	HAS_CELLS("/cpus/cpu@1", "reg", 1);
	HAS_STRING("/cpus/cpu@1", "riscv,isa", "rv64imafdcv_zicbom_zicsr_zifencei_sstc");
	HAS_STRING("/cpus/cpu@1", "riscv,isa-base", "rv64i");
	has_bytes("/cpus/cpu@1", "riscv,isa-extensions", extensions, (int)sizeof(extensions));
	HAS_STRING("/cpus/cpu@1", "mmu-type", "riscv,sv39");
	HAS_CELLS("/cpus/cpu@1", "riscv,cbom-block-size", 64);
	assert_false(has_property("/cpus/cpu@1", "riscv,cboz-block-size"));
	HAS_STRING("/cpus/cpu@1/interrupt-controller", "compatible", "riscv,cpu-intc");
	HAS_CELLS("/cpus/cpu@1/interrupt-controller", "#interrupt-cells", 1);
	assert_true(fdt_path_offset(buffer, "/cpus/cpu@2") < 0);
}

static void test_memory(void **state)
{
	(void)state;
	make(&good);
	HAS_STRING("/memory@80000000", "device_type", "memory");
	HAS_CELLS("/memory@80000000", "reg", 0, 0x80000000, 0, 0x20000000);
	HAS_CELLS("/memory@100000000", "reg", 1, 0, 0, 0x40000000);
	assert_true(fdt_path_offset(buffer, "/reserved-memory") < 0);
}

static void test_devices(void **state)
{
	const char *plic = "/soc/plic@c000000";
	const char *uart = "/soc/serial@10000000";
	u32 intc[2];
	u32 plic_phandle;

	(void)state;
	make(&good);
	intc[0] = fdt_get_phandle(buffer, node("/cpus/cpu@0/interrupt-controller"));
	intc[1] = fdt_get_phandle(buffer, node("/cpus/cpu@1/interrupt-controller"));
	plic_phandle = fdt_get_phandle(buffer, node(plic));
	assert_true(intc[0] != 0U && intc[1] != 0U && plic_phandle != 0U);
	assert_true(intc[0] != intc[1] && intc[0] != plic_phandle && intc[1] != plic_phandle);

	HAS_STRING("/soc", "compatible", "simple-bus");
	assert_true(has_property("/soc", "ranges"));
	HAS_STRING(plic, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
	HAS_CELLS(plic, "reg", 0, 0x0c000000, 0, 0x600000);
	HAS_CELLS(plic, "riscv,ndev", 31);
	HAS_CELLS(plic, "interrupts-extended", intc[0], 9, intc[1], 9);
	assert_true(has_property(plic, "interrupt-controller"));

	HAS_STRING(uart, "compatible", "ns16550a");
	HAS_CELLS(uart, "reg", 0, 0x10000000, 0, 0x100);
	HAS_CELLS(uart, "interrupts", 10);
	HAS_CELLS(uart, "interrupt-parent", plic_phandle);
	HAS_CELLS(uart, "clock-frequency", GUEST_UART_CLOCK);
	HAS_CELLS(uart, "reg-shift", 0);
}

static void test_plic_contexts(void **state)
{
	static const char plic[] = "/soc/plic@c000000";
	struct config_partition part = partition;
	struct guest_fdt_params p = good;
	u32 intc[2];

	(void)state;
	part.plic_contexts = CONFIG_PLIC_MS;
	p.part = &part;
	make(&p);
	for (u32 i = 0; i < 2U; i++)
		intc[i] =
			fdt_get_phandle(buffer, node(i == 0U ? "/cpus/cpu@0/interrupt-controller"
							     : "/cpus/cpu@1/interrupt-controller"));
	HAS_CELLS(plic, "interrupts-extended", intc[0], 11, intc[0], 9, intc[1], 11, intc[1], 9);
}

#ifdef CONFIG_AIA
static void test_the_aia(void **state)
{
	static const char imsics[] = "/soc/imsics@28000000";
	static const char aplic[] = "/soc/aplic@d000000";
	static const char uart[] = "/soc/serial@10000000";
	struct config_partition part = partition;
	struct guest_fdt_params p = good;
	u32 intc[2];

	(void)state;
	part.interrupts = CONFIG_INTERRUPTS_AIA;
	p.part = &part;
	make(&p);
	intc[0] = fdt_get_phandle(buffer, node("/cpus/cpu@0/interrupt-controller"));
	intc[1] = fdt_get_phandle(buffer, node("/cpus/cpu@1/interrupt-controller"));
	assert_true(fdt_path_offset(buffer, "/soc/plic@c000000") < 0);

	HAS_STRING(imsics, "compatible", "qemu,imsics\0riscv,imsics");
	HAS_CELLS(imsics, "reg", 0, 0x28000000, 0, 0x2000);
	HAS_CELLS(imsics, "interrupts-extended", intc[0], 9, intc[1], 9);
	HAS_CELLS(imsics, "riscv,num-ids", 255);
	HAS_CELLS(imsics, "#interrupt-cells", 0);
	HAS_CELLS(imsics, "#msi-cells", 0);
	assert_true(has_property(imsics, "interrupt-controller"));
	assert_true(has_property(imsics, "msi-controller"));

	HAS_STRING(aplic, "compatible", "qemu,aplic\0riscv,aplic");
	HAS_CELLS(aplic, "reg", 0, 0x0d000000, 0, 0x4000);
	HAS_CELLS(aplic, "msi-parent", fdt_get_phandle(buffer, node(imsics)));
	HAS_CELLS(aplic, "riscv,num-sources", 31);
	HAS_CELLS(aplic, "#interrupt-cells", 2);
	assert_true(has_property(aplic, "interrupt-controller"));

	HAS_CELLS(uart, "interrupts", 10, 4);
	HAS_CELLS(uart, "interrupt-parent", fdt_get_phandle(buffer, node(aplic)));
	assert_true(fdt_get_phandle(buffer, node(imsics)) != intc[1]);
}
#endif

static void test_what_may_be_missing(void **state)
{
	static const struct config_partition bare = { .cpus = 1,
						      .nr_memory = 1,
						      .memory = { { 0x80000000, 0x1000000 } } };
	struct guest_fdt_params p = good;

	(void)state;
	p.part = &bare;
	p.initrd_start = 0;
	p.initrd_end = 0;
	p.zicbom = false;
	p.zicboz = true;
	p.cboz_block = 32;
	p.timebase = 0x100000000;
	p.reserved_base = 0x80ff0000;
	p.reserved_size = 0x1000;
	make(&p);
	assert_false(has_property("/chosen", "bootargs"));
	assert_false(has_property("/chosen", "linux,initrd-start"));
	assert_false(has_property("/cpus/cpu@0", "riscv,cbom-block-size"));
	HAS_CELLS("/cpus/cpu@0", "riscv,cboz-block-size", 32);
	HAS_CELLS("/cpus", "timebase-frequency", 1, 0);
	HAS_CELLS("/reserved-memory/cleave@80ff0000", "reg", 0, 0x80ff0000, 0, 0x1000);
	assert_true(has_property("/reserved-memory/cleave@80ff0000", "no-map"));
	assert_true(has_property("/reserved-memory", "ranges"));
}

static void test_same_bytes(void **state)
{
	static u64 first[ARRAY_SIZE(buffer)];

	(void)state;
	make(&good);
	memcpy(first, buffer, sizeof(buffer));
	memset(buffer, 0xa5, sizeof(buffer));
	make(&good);
	assert_memory_equal(first, buffer, fdt_totalsize(buffer));
}

/* The promise of guest_fdt_make(): the largest partition fits. */
static void test_largest(void **state)
{
	static char bootargs[CONFIG_BOOTARGS_LEN];
	static char isa[301];
	static struct config_partition large;
	struct guest_fdt_params p = good;

	(void)state;
	memset(bootargs, 'b', sizeof(bootargs) - 1U);
	memset(isa, 'x', sizeof(isa) - 1U);
	memcpy(isa, "rv64i_", 6);
	large = partition;
	large.cpus = CONFIG_MAX_VCPUS;
	large.bootargs = bootargs;
	p.part = &large;
	p.isa = isa;
	make(&p);
	large.cpus = 64;
	make(&p);
}

static void test_too_small(void **state)
{
	s64 size;

	(void)state;
	assert_true(guest_fdt_make(&good, buffer, sizeof(buffer)) > 0);
	size = (s64)guest_fdt_used(buffer);
	for (u64 room = 0; room < (u64)size; room++) {
		u64 *exact = malloc(room != 0U ? room : 1U);

		assert_non_null(exact);
		assert_int_equal(guest_fdt_make(&good, exact, room), CLV_ERR_NOMEM);
		free(exact);
	}
}

/*
 * All that is set aside is the tree's own, and zero: who starts a kernel with it adds to it in
 * place, as with a tree of the firmware's.
 */
static void test_slack(void **state)
{
	const u8 *bytes = (const u8 *)buffer;
	int chosen;

	(void)state;
	memset(buffer, 0xa5, sizeof(buffer));
	make(&good);
	assert_int_equal(fdt_totalsize(buffer), IMAGE_FDT_SIZE);
	for (u64 i = guest_fdt_used(buffer); i < sizeof(buffer); i++)
		assert_int_equal(bytes[i], 0);
	for (u64 i = 0; i < 100U; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "added%u", (u32)i);
		chosen = fdt_path_offset(buffer, "/chosen");
		assert_int_equal(fdt_setprop(buffer, chosen, name, bytes, 100), 0);
	}
}

/* --- devices of the machine --- */

static u64 machine_tree[512];

static void put_cells(const char *name, u32 n, const u32 *cell)
{
	void *room = NULL;

	assert_int_equal(fdt_property_placeholder(machine_tree, name, (int)(n * 4U), &room), 0);
	for (u32 i = 0; i < n; i++)
		((fdt32_t *)room)[i] = cpu_to_fdt32(cell[i]);
}
#define PUT_CELLS(name, ...) \
	put_cells((name), (u32)ARRAY_SIZE(((u32[]){ __VA_ARGS__ })), (const u32[]){ __VA_ARGS__ })

/* A network device with all kinds of properties, on a bus with addresses of its own. */
static int make_machine(void)
{
	assert_int_equal(fdt_create(machine_tree, (int)sizeof(machine_tree)), 0);
	assert_int_equal(fdt_finish_reservemap(machine_tree), 0);
	assert_int_equal(fdt_begin_node(machine_tree, ""), 0);
	assert_int_equal(fdt_begin_node(machine_tree, "ethernet@1000"), 0);
	assert_int_equal(fdt_property_string(machine_tree, "compatible", "vendor,eth"), 0);
	assert_int_equal(fdt_property_string(machine_tree, "status", "okay"), 0);
	assert_int_equal(fdt_property_string(machine_tree, "phy-mode", "rgmii"), 0);
	assert_int_equal(fdt_property(machine_tree, "dma-coherent", "", 0), 0);
	assert_int_equal(fdt_property_string(machine_tree, "interrupt-names", "mac"), 0);
	assert_int_equal(fdt_property_string(machine_tree, "clock-names", "bus"), 0);
	PUT_CELLS("reg", 0x1000, 0x100, 0x2000, 0x80);
	PUT_CELLS("interrupts", 40, 41);
	PUT_CELLS("interrupt-parent", 77);
	PUT_CELLS("phandle", 1);
	PUT_CELLS("#address-cells", 1);
	PUT_CELLS("#size-cells", 0);
	PUT_CELLS("max-speed", 1000);
	PUT_CELLS("clocks", 5, 6);
	PUT_CELLS("resets", 7);
	PUT_CELLS("pinctrl-0", 8);
	PUT_CELLS("vcc-supply", 9);
	PUT_CELLS("reset-gpios", 10, 11, 12);
	PUT_CELLS("phy-handle", 13);
	PUT_CELLS("vendor,syscon", 14);
	assert_int_equal(fdt_begin_node(machine_tree, "mdio"), 0);
	assert_int_equal(fdt_end_node(machine_tree), 0);
	assert_int_equal(fdt_end_node(machine_tree), 0);
	assert_int_equal(fdt_end_node(machine_tree), 0);
	assert_int_equal(fdt_finish(machine_tree), 0);
	return fdt_path_offset(machine_tree, "/ethernet@1000");
}

/* @room: for two devices; the second belongs to another partition */
static struct guest_fdt_params with_device(struct config_device room[2])
{
	struct guest_fdt_params p = good;

	room[0] = (struct config_device){
		.partition = 3,
		.node = make_machine(),
		.nr_regs = 2,
		.reg = { { 0x40001000, 0x100 }, { 0x500002000, 0x80 } },
		.nr_irqs = 2,
		.irq = { { 40, 31 }, { 41, 30 } },
	};
	room[1] = room[0];
	room[1].partition = 2;
	room[1].reg[0].gpa = 0x60000000;
	p.tree = machine_tree;
	p.partition = 3;
	p.nr_devices = 2;
	p.device = room;
	return p;
}

static void test_machine_device(void **state)
{
	static const char path[] = "/soc/ethernet@40001000";
	static const char *const copied[] = { "compatible",	 "phy-mode",	    "dma-coherent",
					      "interrupt-names", "max-speed",	    "reg",
					      "interrupts",	 "interrupt-parent" };
	struct config_device d[2];
	struct guest_fdt_params p = with_device(d);
	u32 properties = 0;
	int at;

	(void)state;
	make(&p);
	HAS_STRING(path, "compatible", "vendor,eth");
	HAS_STRING(path, "phy-mode", "rgmii");
	HAS_STRING(path, "interrupt-names", "mac");
	has_bytes(path, "dma-coherent", "", 0);
	HAS_CELLS(path, "max-speed", 1000);
	HAS_CELLS(path, "reg", 0, 0x40001000, 0, 0x100, 5, 0x2000, 0, 0x80);
	HAS_CELLS(path, "interrupts", 31, 30);
	HAS_CELLS(path, "interrupt-parent", 1);
	HAS_CELLS("/soc/plic@c000000", "phandle", 1);
	/* There is nothing else: no reference, no phandle of its own, no node below it. */
	fdt_for_each_property_offset (at, buffer, node(path))
		properties++;
	assert_int_equal(properties, ARRAY_SIZE(copied));
	assert_true(fdt_first_subnode(buffer, node(path)) < 0);
	/* Another partition's device is not in this tree. */
	assert_true(fdt_path_offset(buffer, "/soc/ethernet@60000000") < 0);
}

/* --- what the buses say --- */

/*
 * A machine whose device stands below two buses. The first moves DMA addresses by 0x80000000, the
 * second by 0x40000000 more, and says that nothing below it is coherent. @own: what the device says
 * itself; @wide: the outer bus takes all that the inner one gives
 */
static int make_buses(const char *own, bool wide)
{
	const u32 inner[] = { 0x0, 0x80000000, 0x10000000, 0x20000000, 0xa0000000, 0x1000 };
	const u32 outer[] = { 0x80000000, 0x0, 0xc0000000, wide ? 0x30000000 : 0x1000 };
	fdt32_t cells[6];

	assert_int_equal(fdt_create(machine_tree, sizeof(machine_tree)), 0);
	assert_int_equal(fdt_finish_reservemap(machine_tree), 0);
	assert_int_equal(fdt_begin_node(machine_tree, ""), 0);
	assert_int_equal(fdt_property_u32(machine_tree, "#address-cells", 2), 0);
	assert_int_equal(fdt_property_u32(machine_tree, "#size-cells", 1), 0);
	assert_int_equal(fdt_begin_node(machine_tree, "soc"), 0);
	assert_int_equal(fdt_property_u32(machine_tree, "#address-cells", 1), 0);
	assert_int_equal(fdt_property_u32(machine_tree, "#size-cells", 1), 0);
	assert_int_equal(fdt_property(machine_tree, "dma-noncoherent", "", 0), 0);
	for (u32 i = 0; i < 4U; i++)
		cells[i] = cpu_to_fdt32(outer[i]);
	assert_int_equal(fdt_property(machine_tree, "dma-ranges", cells, 16), 0);
	assert_int_equal(fdt_begin_node(machine_tree, "bus"), 0);
	assert_int_equal(fdt_property_u32(machine_tree, "#address-cells", 1), 0);
	assert_int_equal(fdt_property_u32(machine_tree, "#size-cells", 1), 0);
	for (u32 i = 0; i < 6U; i++)
		cells[i] = cpu_to_fdt32(inner[i]);
	assert_int_equal(fdt_property(machine_tree, "dma-ranges", cells, 24), 0);
	assert_int_equal(fdt_begin_node(machine_tree, "dma@40001000"), 0);
	assert_int_equal(fdt_property_string(machine_tree, "compatible", "vendor,dma"), 0);
	if (own != NULL)
		assert_int_equal(fdt_property(machine_tree, own, "", 0), 0);
	for (u32 i = 0; i < 4U; i++)
		assert_int_equal(fdt_end_node(machine_tree), 0);
	assert_int_equal(fdt_finish(machine_tree), 0);
	return fdt_path_offset(machine_tree, "/soc/bus/dma@40001000");
}

static void test_buses(void **state)
{
	static const char bus[] = "/soc/bus@40001000";
	static const char path[] = "/soc/bus@40001000/dma@40001000";
	struct config_device d[2];
	struct guest_fdt_params p = with_device(d);

	(void)state;
	d[0].node = make_buses(NULL, true);
	p.nr_devices = 1;
	make(&p);
	has_bytes(path, "dma-noncoherent", "", 0);
	HAS_CELLS(path, "reg", 0, 0x40001000, 0, 0x100, 5, 0x2000, 0, 0x80);
	HAS_CELLS(bus, "dma-ranges", 0, 0, 0, 0xc0000000, 0, 0x10000000, 0, 0x20000000, 0,
		  0xe0000000, 0, 0x1000);
	HAS_CELLS(bus, "ranges", 0, 0x40001000, 0, 0x40001000, 0, 0x100, 5, 0x2000, 5, 0x2000, 0,
		  0x80);
	HAS_CELLS(bus, "#address-cells", 2);
	HAS_CELLS(bus, "#size-cells", 2);

	/* What the device says itself comes first. */
	d[0].node = make_buses("dma-coherent", true);
	make(&p);
	has_bytes(path, "dma-coherent", "", 0);
	assert_false(has_property(path, "dma-noncoherent"));

	/* Ranges that lead nowhere are left out, which was warned of. */
	d[0].node = make_buses(NULL, false);
	make(&p);
	assert_true(fdt_path_offset(buffer, "/soc/dma@40001000") > 0);
	assert_true(fdt_path_offset(buffer, bus) < 0);
}

static void test_machine_device_without_room(void **state)
{
	struct config_device d[2];
	struct guest_fdt_params p = with_device(d);
	s64 size;

	(void)state;
	assert_true(guest_fdt_make(&p, buffer, sizeof(buffer)) > 0);
	size = (s64)guest_fdt_used(buffer);
	for (u64 room = (u64)size - 400U; room < (u64)size; room += 4U)
		assert_int_equal(guest_fdt_make(&p, buffer, room), CLV_ERR_NOMEM);
}

static void test_what_becomes_of_properties(void **state)
{
	static const char *const reference[] = { "clocks",	  "dmas",	"iommus",
						 "power-domains", "resets",	"pinctrl-0",
						 "pinctrl-15",	  "vdd-supply", "cs-gpios",
						 "reset-gpio",	  "phy-handle", "memory-region",
						 "x,syscon" };
	static const char *const own[] = {
		"reg",	  "interrupts", "interrupts-extended", "interrupt-parent", "phandle",
		"status", "ranges",	"clock-names",	       "pinctrl-names",	   "dma-names"
	};
	static const char *const copy[] = { "compatible",      "reg-names",	  "reg-shift",
					    "clock-frequency", "interrupt-names", "pinctrl-",
					    "-supply",	       "supply",	  "dma-coherent",
					    "bank-width",      "#clock-cells" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reference); i++)
		assert_int_equal(guest_fdt_property(reference[i]), GUEST_FDT_REFERENCE);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		assert_int_equal(guest_fdt_property(own[i]), GUEST_FDT_OWN);
	for (size_t i = 0; i < ARRAY_SIZE(copy); i++)
		assert_int_equal(guest_fdt_property(copy[i]), GUEST_FDT_COPY);
}

static void test_bad_isa(void **state)
{
	struct guest_fdt_params p = good;

	(void)state;
	p.isa = "rv32imac";
	assert_int_equal(guest_fdt_make(&p, buffer, sizeof(buffer)), CLV_ERR_INVAL);
	p.isa = "";
	assert_int_equal(guest_fdt_make(&p, buffer, sizeof(buffer)), CLV_ERR_INVAL);
}

/*
 * dtc knows the rules for unit addresses, cells, interrupts and ranges, and must say nothing. Its
 * wish for #address-cells in a hart's interrupt controller is switched off: the binding
 * riscv,cpu-intc does not allow them.
 */
static void test_dtc(void **state)
{
	char name[] = "/tmp/cleave-guest-fdt.XXXXXX";
	char command[128];
	char said[512];
	struct config_device d[2];
	struct guest_fdt_params p = with_device(d);
	size_t n;
	FILE *pipe;
	int fd;

	(void)state;
	p.reserved_base = 0x80ff0000;
	p.reserved_size = 0x1000;
	make(&p);
	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, buffer, fdt_totalsize(buffer)), (int)fdt_totalsize(buffer));
	assert_int_equal(close(fd), 0);

	(void)snprintf(command, sizeof(command),
		       "dtc -W no-interrupt_provider -I dtb -O dts -o /dev/null %s 2>&1", name);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	n = fread(said, 1, sizeof(said) - 1U, pipe);
	said[n] = '\0';
	assert_int_equal(pclose(pipe), 0);
	assert_int_equal(unlink(name), 0);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_and_chosen),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_what_may_be_missing),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_slack),
		cmocka_unit_test(test_plic_contexts),
#ifdef CONFIG_AIA
		cmocka_unit_test(test_the_aia),
#endif
		cmocka_unit_test(test_machine_device),
		cmocka_unit_test(test_buses),
		cmocka_unit_test(test_machine_device_without_room),
		cmocka_unit_test(test_what_becomes_of_properties),
		cmocka_unit_test(test_bad_isa),
		cmocka_unit_test(test_dtc),
	};

	return cmocka_run_group_tests_name("guest_fdt", tests, NULL, NULL);
}
