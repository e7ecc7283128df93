/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: what the machine's device tree says of a node that a partition is to
 * drive.
 *
 * The tree is the firmware's. Its structure was checked, but what a property holds may be wrong,
 * and must never make this read beyond the property. Reference: Devicetree Specification 0.4,
 * chapters 2.3.4 (status), 2.3.6 (reg), 2.4 (interrupts).
 */
#include <libfdt.h>

#include <cleave/errno.h>
#include <cleave/format.h>
#include <cleave/string.h>
#include "core/config/config_tree.h"
#include "core/config/guest_fdt.h"
#include "core/machine/probe/driver.h"
#include "core/machine/probe/plic_tree.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

/* Physical addresses have 56 bits (privileged specification, "Sv39"). */
#define HPA_END BIT64(56)

void config_tree_path(const void *tree, int node, char path[CONFIG_PATH_LEN])
{
	char raw[CONFIG_PATH_LEN];

	if (node < 0 || fdt_get_path(tree, node, raw, (int)sizeof(raw)) != 0)
		(void)str_print(raw, sizeof(raw), "a node with a long path");
	text_clean(path, CONFIG_PATH_LEN, raw);
}

/* libfdt takes a name without its unit address, so that is compared where @path has none, too. */
static void config_tree_like(const char *path, char like[CONFIG_PATH_LEN])
{
	char *unit = strrchr(like, '@');

	if (unit != NULL && strchr(unit, '/') == NULL && strchr(strrchr(path, '/'), '@') == NULL)
		*unit = '\0';
}

const char *config_tree_nearest(const void *tree, const char *path, char found[CONFIG_PATH_LEN])
{
	char best[CONFIG_PATH_LEN] = "";
	char like[CONFIG_PATH_LEN];

	for (int node = fdt_next_node(tree, 0, NULL); node >= 0;
	     node = fdt_next_node(tree, node, NULL)) {
		const char *known[] = { best, like };

		config_tree_path(tree, node, like);
		config_tree_like(path, like);
		/* Of two that are equally near, the first stays. */
		if (text_nearest(path, known, ARRAY_SIZE(known)) != like)
			continue;
		memcpy(best, like, sizeof(best));
		config_tree_path(tree, node, found);
	}
	return best[0] != '\0' ? found : NULL;
}

u32 config_tree_reg_count(const void *tree, int node)
{
	struct fdt_reg reg;

	return fdt_read_reg(tree, fdt_index_parent(tree, node), node, &reg) == CLV_OK ? reg.entries
										      : 0U;
}

/*
 * An entry that no address leads to is an error: a partition gets all of a device's registers, or
 * none.
 */
int config_tree_regs(const void *tree, int node, struct config_memory reg[CONFIG_DEVICE_REGS])
{
	u32 count = config_tree_reg_count(tree, node);
	u64 base;
	u64 size;

	/* Of a node without entries, the look at the first says why. */
	for (u32 n = 0; n == 0U || n < count; n++) {
		int err = driver_reg_at(tree, node, n, &base, &size);

		if (err == CLV_ERR_NOTFOUND)
			return CLV_ERR_NOTFOUND;
		if (err != 0 || size == 0U || base >= HPA_END || size > HPA_END - base)
			return CLV_ERR_FORMAT;
		if (n == CONFIG_DEVICE_REGS)
			return CLV_ERR_NOMEM;
		reg[n] = (struct config_memory){ base, size };
	}
	return (int)count;
}

/* Return: position of @phandle among the controllers; IRQ_CONTROLLERS: it is none of them */
static u32 config_tree_controller(const u32 plic[IRQ_CONTROLLERS], u32 phandle)
{
	u32 n = 0;

	while (n < IRQ_CONTROLLERS && (phandle == 0U || plic[n] != phandle))
		n++;
	return n;
}

/*
 * struct config_tree_specifiers - what is left of an `interrupts` or `interrupts-extended` property
 * @cell, @cells: its cells
 * @extended: each specifier begins with the phandle of its controller
 * @parent: the controller of those that do not
 */
struct config_tree_specifiers {
	const fdt32_t *cell;
	u32 cells;
	bool extended;
	u32 parent;
};

/* Read the next specifier. Return: 1; 0 at the end; an error as of config_tree_irqs() */
static int config_tree_next_source(const void *tree, struct config_tree_specifiers *s,
				   const u32 plic[IRQ_CONTROLLERS], u32 *source, int *other)
{
	u32 parent = s->parent;
	u32 controller;
	u32 number;
	u32 width;
	int node;

	if (s->cells == 0U)
		return 0;
	if (s->extended) {
		parent = fdt32_ld(s->cell);
		s->cell++;
		s->cells--;
	}
	node = parent == 0U ? -FDT_ERR_NOTFOUND : fdt_index_phandle(tree, parent);
	controller = config_tree_controller(plic, parent);
	if (controller == IRQ_CONTROLLERS) {
		*other = node;
		return CLV_ERR_UNSUPPORTED;
	}
	width = node < 0 ? 0U : fdt_read_cell(tree, node, "#interrupt-cells", 0);
	/* A second cell says how the interrupt triggers: the controller's driver reads it. */
	if (width < 1U || width > 2U || s->cells < width)
		return CLV_ERR_FORMAT;
	number = fdt32_ld(s->cell);
	s->cell += width;
	s->cells -= width;
	*source = IRQ_SOURCE(controller, number);
	return number != 0U && number <= plic_tree_sources(tree, node) ? 1 : CLV_ERR_FORMAT;
}

static struct config_tree_specifiers config_tree_find_specifiers(const void *tree, int node)
{
	struct config_tree_specifiers s = { .extended = true };
	int len = 0;

	s.cell = fdt_getprop(tree, node, "interrupts-extended", &len);
	if (s.cell == NULL) {
		s.extended = false;
		s.cell = fdt_getprop(tree, node, "interrupts", &len);
		s.parent = driver_irq_parent(tree, node);
	}
	s.cells = s.cell == NULL ? 0U : (u32)len / (u32)sizeof(*s.cell);
	return s;
}

int config_tree_irqs(const void *tree, int node, const u32 plic[IRQ_CONTROLLERS],
		     struct config_irq irq[CONFIG_DEVICE_IRQS], int *other)
{
	struct config_tree_specifiers s = config_tree_find_specifiers(tree, node);
	u32 n = 0;

	for (;;) {
		u32 source = 0;
		int more = config_tree_next_source(tree, &s, plic, &source, other);

		if (more <= 0)
			return more < 0 ? more : (int)n;
		if (n == CONFIG_DEVICE_IRQS)
			return CLV_ERR_NOMEM;
		irq[n] = (struct config_irq){ .host = source };
		n++;
	}
}

/*
 * Return: true for the timers and software interrupts of the harts, for the reports of what went
 * wrong on their buses, and for what ends the machine: the firmware drives them
 */
static bool config_tree_is_firmwares(const void *tree, int node)
{
	static const char *const compatible[] = {
		"riscv,clint0",
		"sifive,clint0",
		"sifive,clint2",
		"thead,c900-clint",
		"thead,c900-aclint-mtimer",
		"thead,c900-aclint-mswi",
		"thead,c900-aclint-sswi",
		"riscv,aclint-mtimer",
		"riscv,aclint-mswi",
		"riscv,aclint-sswi",
		"andestech,plmt0",
		"andestech,plicsw",
		"sifive,buserror",
		"sifive,test0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(compatible); i++) {
		if (fdt_node_check_compatible(tree, node, compatible[i]) == 0)
			return true;
	}
	return false;
}

/*
 * How many cells follow a phandle in the property @name, clocks for example: the node that it names
 * says so, in #clock-cells. Without that none follow, as in pinctrl-0.
 */
static u32 config_tree_arguments(const void *tree, int node, const char *name)
{
	char cells[40];

	(void)str_print(cells, sizeof(cells), "#%s", name);
	/* From "clocks" to "#clock-cells" */
	(void)str_print(cells + strnlen(cells, sizeof(cells) - 8U) - 1U, 8U, "-cells");
	return fdt_read_cell(tree, node, cells, 0);
}

int config_tree_reference(const void *tree, int property, u32 *at)
{
	const char *name = NULL;
	int len = 0;
	const fdt32_t *cell = fdt_getprop_by_offset(tree, property, &name, &len);
	u32 phandle;
	int node;

	if (cell == NULL || *at >= (u32)len / sizeof(*cell) ||
	    guest_fdt_property(name) != GUEST_FDT_REFERENCE)
		return -FDT_ERR_NOTFOUND;
	phandle = fdt32_ld(&cell[*at]);
	node = phandle == 0U ? -FDT_ERR_NOTFOUND : fdt_index_phandle(tree, phandle);
	if (node >= 0)
		*at = (u32)MIN((u64)*at + 1U + config_tree_arguments(tree, node, name), UINT32_MAX);
	return node;
}

bool config_tree_is_in(const void *tree, int node, int part)
{
	while (part >= 0 && part != node)
		part = fdt_index_parent(tree, part);
	return part >= 0 && part == node;
}

bool config_tree_needs(const void *tree, int user, int node)
{
	int p;

	fdt_for_each_property_offset (p, tree, user) {
		u32 at = 0;
		int other;

		while ((other = config_tree_reference(tree, p, &at)) >= 0) {
			if (config_tree_is_in(tree, node, other))
				return true;
		}
	}
	return false;
}

/* Do the console or the harts need this node, or one below it: clocks, a reset, pins? */
static bool config_tree_is_needed(const void *tree, int node)
{
	int console = driver_stdout(tree);
	int cpu;

	fdt_for_each_subnode (cpu, tree, fdt_path_offset(tree, "/cpus")) {
		if (config_tree_needs(tree, cpu, node))
			return true;
	}
	return console >= 0 && config_tree_needs(tree, console, node);
}

/* Return: what a node is that serves all harts and devices, whoever drives it; NULL: it is not */
static const char *config_tree_shared(const void *tree, int node)
{
	/* required by the bindings cache-controller.yaml, iommu.txt and msi-controller.yaml */
	static const char *const property[][2] = {
		{ "cache-level", "a cache controller, which all harts share" },
		{ "#iommu-cells", "an IOMMU, which stands between devices and memory" },
		{ "msi-controller", "an interrupt controller" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(property); i++) {
		if (fdt_getprop(tree, node, property[i][0], NULL) != NULL)
			return property[i][1];
	}
	/* A whole bus is refused because it has no registers. */
	return config_tree_reg_count(tree, node) != 0U && config_tree_is_needed(tree, node)
		       ? "a part that the harts or the machine's console need"
		       : NULL;
}

const char *config_tree_kept(const void *tree, int node)
{
	const char *type = fdt_stringlist_get(tree, node, "device_type", 0, NULL);

	if (node == driver_stdout(tree))
		return "the machine's console";
	if (fdt_getprop(tree, node, "interrupt-controller", NULL) != NULL)
		return "an interrupt controller";
	if (driver_bound(node))
		return "a device that the hypervisor uses";
	if (config_tree_is_firmwares(tree, node))
		return "a device that the firmware uses";
	/* The devices of such a bus are in no tree, and its windows are in no `reg`. */
	if (fdt_getprop(tree, node, "interrupt-map", NULL) != NULL ||
	    (type != NULL && strcmp(type, "pci") == 0))
		return "a bus whose devices are not in the device tree";
	return config_tree_shared(tree, node);
}

const char *config_tree_dma(const void *tree, int node)
{
	static const char *const property[] = { "iommus", "dma-coherent", "dma-noncoherent" };
	static const char *const compatible[] = { "virtio,mmio" };

	for (size_t i = 0; i < ARRAY_SIZE(property); i++) {
		if (fdt_getprop(tree, node, property[i], NULL) != NULL)
			return property[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(compatible); i++) {
		if (fdt_node_check_compatible(tree, node, compatible[i]) == 0)
			return compatible[i];
	}
	return NULL;
}

const char *config_tree_status(const void *tree, int node)
{
	const char *status;

	if (fdt_read_enabled(tree, node))
		return NULL;
	status = fdt_stringlist_get(tree, node, "status", 0, NULL);
	return status != NULL ? status : "";
}
