/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of the machine's own devices in the device tree of the guest that drives them.
 *
 * A device tree does not say which of its cells are phandles: the bindings say so, property by
 * property. So properties that refer to other nodes are recognised by their names, and left out: in
 * the guest's tree the same number would mean another node, or none. Sources: Devicetree
 * Specification 0.4, chapters 2.3 and 2.4; the consumer bindings of Linux and of dt-schema.
 */
#include "core/config/guest_fdt_internal.h"

#include <libfdt.h>

#include <cleave/string.h>
#include "core/config/config_dma.h"
#include "lib/fdt_read.h"

static bool guest_fdt_device_is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, list[i]) == 0)
			return true;
	}
	return false;
}

static bool guest_fdt_device_ends_in(const char *name, const char *end)
{
	size_t len = strlen(name);
	size_t n = strlen(end);

	return len > n && strcmp(name + (len - n), end) == 0;
}

/* pinctrl-0, pinctrl-1, ... */
static bool guest_fdt_device_is_pinctrl(const char *name)
{
	static const char prefix[] = "pinctrl-";
	const char *number = name + sizeof(prefix) - 1U;

	return strncmp(name, prefix, sizeof(prefix) - 1U) == 0 && *number >= '0' && *number <= '9';
}

static bool guest_fdt_device_is_reference(const char *name)
{
	static const char *const known[] = {
		"clocks",
		"assigned-clocks",
		"assigned-clock-parents",
		"resets",
		"power-domains",
		"required-opps",
		"operating-points-v2",
		"dmas",
		"iommus",
		"iommu-map",
		"msi-parent",
		"msi-map",
		"mboxes",
		"interconnects",
		"hwlocks",
		"extcon",
		"nvmem",
		"nvmem-cells",
		"phys",
		"phy",
		"phy-handle",
		"pcs-handle",
		"sfp",
		"pwms",
		"leds",
		"backlight",
		"panel",
		"memory-region",
		"sram",
		"syscon",
		"regmap",
		"sound-dai",
		"thermal-sensors",
		"cooling-device",
		"io-channels",
		"io-backends",
		"remote-endpoint",
		"wakeup-parent",
		"access-controllers",
		"gpios",
		"interrupt-affinity",
	};

	return guest_fdt_device_is_one_of(name, known, ARRAY_SIZE(known)) ||
	       guest_fdt_device_is_pinctrl(name) || guest_fdt_device_ends_in(name, "-supply") ||
	       guest_fdt_device_ends_in(name, "-gpio") ||
	       guest_fdt_device_ends_in(name, "-gpios") ||
	       guest_fdt_device_ends_in(name, "-syscon") ||
	       guest_fdt_device_ends_in(name, ",syscon") ||
	       guest_fdt_device_ends_in(name, "-handle");
}

enum guest_fdt_property guest_fdt_property(const char *name)
{
	static const char *const own[] = {
		/* written anew */
		"reg",
		"interrupts",
		"interrupts-extended",
		"interrupt-parent",
		"status",
		"name",
		/* in the guest's tree no node refers to this one, and none stands below it */
		"phandle",
		"linux,phandle",
		"ranges",
		"dma-ranges",
		"#address-cells",
		"#size-cells",
		/* says something about what is left out */
		"clock-names",
		"assigned-clock-rates",
		"reset-names",
		"power-domain-names",
		"dma-names",
		"mbox-names",
		"interconnect-names",
		"hwlock-names",
		"nvmem-cell-names",
		"phy-names",
		"pwm-names",
		"pinctrl-names",
		"memory-region-names",
		"io-channel-names",
		"iommu-map-mask",
	};

	if (guest_fdt_device_is_one_of(name, own, ARRAY_SIZE(own)))
		return GUEST_FDT_OWN;
	return guest_fdt_device_is_reference(name) ? GUEST_FDT_REFERENCE : GUEST_FDT_COPY;
}

static void guest_fdt_device_copy_properties(struct guest_fdt *t, const void *tree, int node)
{
	int p;

	fdt_for_each_property_offset (p, tree, node) {
		const char *name = NULL;
		int len = 0;
		const void *data = fdt_getprop_by_offset(tree, p, &name, &len);

		if (data != NULL && guest_fdt_property(name) == GUEST_FDT_COPY)
			guest_fdt_prop_bytes(t, name, data, (size_t)len);
	}
}

static void guest_fdt_device_write_reg(struct guest_fdt *t, const struct config_device *d)
{
	fdt64_t reg[2U * CONFIG_DEVICE_REGS];

	for (u32 i = 0; i < d->nr_regs; i++) {
		reg[2U * i] = cpu_to_fdt64(d->reg[i].gpa);
		reg[2U * i + 1U] = cpu_to_fdt64(d->reg[i].size);
	}
	guest_fdt_prop_bytes(t, "reg", reg, 2U * d->nr_regs * sizeof(reg[0]));
}

static void guest_fdt_device_write_interrupts(struct guest_fdt *t, const struct config_device *d)
{
	fdt32_t source[CONFIG_DEVICE_IRQS];

	if (d->nr_irqs == 0U)
		return;
	for (u32 i = 0; i < d->nr_irqs; i++)
		source[i] = cpu_to_fdt32(d->irq[i].guest);
	guest_fdt_prop_cell(t, "interrupt-parent", t->plic);
	guest_fdt_prop_bytes(t, "interrupts", source, d->nr_irqs * sizeof(source[0]));
}

/*
 * What a bus says about whether its devices snoop the harts' caches is written into the device, as
 * the guest's bus has others too (Linux looks at both, the device first).
 */
static void guest_fdt_device_write_coherence(struct guest_fdt *t, const void *tree, int node)
{
	int at = node;
	const char *said = fdt_read_coherence(tree, &at);

	/* Its own property was copied. */
	if (said != NULL && at != node)
		guest_fdt_prop_empty(t, said);
}

/* Open a bus for one device whose DMA addresses are not those of memory. */
static void guest_fdt_device_open_bus(struct guest_fdt *t, const struct config_device *d,
				      const struct config_dma *dma, u32 n)
{
	fdt64_t regs[3U * CONFIG_DEVICE_REGS];
	fdt64_t ranges[3U * CONFIG_DMA_RANGES];

	for (u32 i = 0; i < d->nr_regs; i++) {
		regs[3U * i] = cpu_to_fdt64(d->reg[i].gpa);
		regs[3U * i + 1U] = cpu_to_fdt64(d->reg[i].gpa);
		regs[3U * i + 2U] = cpu_to_fdt64(d->reg[i].size);
	}
	for (u32 i = 0; i < n; i++) {
		ranges[3U * i] = cpu_to_fdt64(dma[i].device);
		ranges[3U * i + 1U] = cpu_to_fdt64(dma[i].memory);
		ranges[3U * i + 2U] = cpu_to_fdt64(dma[i].size);
	}
	guest_fdt_open_node_at(t, "bus", sizeof("bus") - 1U, d->reg[0].gpa);
	guest_fdt_prop_string(t, "compatible", "simple-bus");
	guest_fdt_prop_cells(t, 2, 2);
	guest_fdt_prop_bytes(t, "ranges", regs, 3U * d->nr_regs * sizeof(regs[0]));
	guest_fdt_prop_bytes(t, "dma-ranges", ranges, 3U * n * sizeof(ranges[0]));
}

static void guest_fdt_device_write(struct guest_fdt *t, const void *tree,
				   const struct config_device *d)
{
	const char *host = fdt_get_name(tree, d->node, NULL);
	const char *at;

	if (host == NULL) {
		t->err = -FDT_ERR_BADOFFSET;
		return;
	}
	/* Its address on this bus may differ from the one on its own. */
	at = strchr(host, '@');
	guest_fdt_open_node_at(t, host, at != NULL ? (size_t)(at - host) : strlen(host),
			       d->reg[0].gpa);
	guest_fdt_device_copy_properties(t, tree, d->node);
	guest_fdt_device_write_coherence(t, tree, d->node);
	guest_fdt_device_write_reg(t, d);
	guest_fdt_device_write_interrupts(t, d);
	guest_fdt_close_node(t);
}

void guest_fdt_device(struct guest_fdt *t, const void *tree, const struct config_device *d)
{
	struct config_dma dma[CONFIG_DMA_RANGES];
	int n = config_dma_ranges(tree, d->node, dma);

	/* Ranges that make no sense were warned of when the configuration was checked. */
	if (n > 0)
		guest_fdt_device_open_bus(t, d, dma, (u32)n);
	guest_fdt_device_write(t, tree, d);
	if (n > 0)
		guest_fdt_close_node(t);
}
