/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of the machine's own devices in the device tree of the guest that drives them.
 *
 * A device tree does not say which of its cells are phandles: the bindings say so, property by
 * property. So properties that refer to other nodes are recognised by their names, and left out: in
 * the guest's tree the same number would mean another node, or none. Sources: Devicetree
 * Specification 0.4, chapters 2.3 and 2.4; the consumer bindings of Linux and of dt-schema.
 */
#include "core/config/guest_fdt.h"

#include <libfdt.h>

#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_dma.h"
#include "lib/fdt_read.h"

#define NODE_NAME 80U

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

static int guest_fdt_device_copy_properties(void *fdt, const void *tree, int node)
{
	int err = 0;
	int p;

	fdt_for_each_property_offset (p, tree, node) {
		const char *name = NULL;
		int len = 0;
		const void *data = fdt_getprop_by_offset(tree, p, &name, &len);

		if (data == NULL || err != 0 || guest_fdt_property(name) != GUEST_FDT_COPY)
			continue;
		err = fdt_property(fdt, name, data, len);
	}
	return err;
}

static int guest_fdt_device_write_reg(void *fdt, const struct config_device *d)
{
	fdt64_t reg[2U * CONFIG_DEVICE_REGS];

	for (u32 i = 0; i < d->nr_regs; i++) {
		reg[2U * i] = cpu_to_fdt64(d->reg[i].gpa);
		reg[2U * i + 1U] = cpu_to_fdt64(d->reg[i].size);
	}
	return fdt_property(fdt, "reg", reg, (int)(2U * d->nr_regs * sizeof(reg[0])));
}

static int guest_fdt_device_write_interrupts(void *fdt, const struct config_device *d, u32 plic)
{
	fdt32_t source[CONFIG_DEVICE_IRQS];
	int err;

	if (d->nr_irqs == 0U)
		return 0;
	for (u32 i = 0; i < d->nr_irqs; i++)
		source[i] = cpu_to_fdt32(d->irq[i].guest);
	err = fdt_property_u32(fdt, "interrupt-parent", plic);
	if (err != 0)
		return err;
	return fdt_property(fdt, "interrupts", source, (int)(d->nr_irqs * sizeof(source[0])));
}

/*
 * What a bus says about whether its devices snoop the harts' caches is written into the device, as
 * the guest's bus has others too (Linux looks at both, the device first).
 */
static int guest_fdt_device_write_coherence(void *fdt, const void *tree, int node)
{
	int at = node;
	const char *said = fdt_read_coherence(tree, &at);

	/* Its own property was copied. */
	return said == NULL || at == node ? 0 : fdt_property(fdt, said, "", 0);
}

/* Open a bus for one device whose DMA addresses are not those of memory. */
static int guest_fdt_device_open_bus(void *fdt, const struct config_device *d,
				     const struct config_dma *dma, u32 n)
{
	fdt64_t regs[3U * CONFIG_DEVICE_REGS];
	fdt64_t ranges[3U * CONFIG_DMA_RANGES];
	char name[NODE_NAME];
	int err;

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
	(void)str_print(name, sizeof(name), "bus@%lx", d->reg[0].gpa);
	err = fdt_begin_node(fdt, name);
	if (err == 0)
		err = fdt_property(fdt, "compatible", "simple-bus", (int)sizeof("simple-bus"));
	if (err == 0)
		err = fdt_property_u32(fdt, "#address-cells", 2);
	if (err == 0)
		err = fdt_property_u32(fdt, "#size-cells", 2);
	if (err == 0)
		err = fdt_property(fdt, "ranges", regs, (int)(3U * d->nr_regs * sizeof(regs[0])));
	if (err == 0)
		err = fdt_property(fdt, "dma-ranges", ranges, (int)(3U * n * sizeof(ranges[0])));
	return err;
}

static int guest_fdt_device_write(void *fdt, const void *tree, const struct config_device *d,
				  u32 plic)
{
	const char *host = fdt_get_name(tree, d->node, NULL);
	char name[NODE_NAME];
	const char *at;
	int err;

	if (host == NULL)
		return -FDT_ERR_BADOFFSET;
	/* Its address on this bus may differ from the one on its own. */
	at = strchr(host, '@');
	(void)str_print(name, sizeof(name), "%.*s@%lx",
			at != NULL ? (int)(at - host) : (int)strlen(host), host, d->reg[0].gpa);
	err = fdt_begin_node(fdt, name);
	if (err == 0)
		err = guest_fdt_device_copy_properties(fdt, tree, d->node);
	if (err == 0)
		err = guest_fdt_device_write_coherence(fdt, tree, d->node);
	if (err == 0)
		err = guest_fdt_device_write_reg(fdt, d);
	if (err == 0)
		err = guest_fdt_device_write_interrupts(fdt, d, plic);
	if (err == 0)
		err = fdt_end_node(fdt);
	return err;
}

int guest_fdt_device(void *fdt, const void *tree, const struct config_device *d, u32 plic)
{
	struct config_dma dma[CONFIG_DMA_RANGES];
	int n = config_dma_ranges(tree, d->node, dma);
	int err = 0;

	/* Ranges that make no sense were warned of when the configuration was checked. */
	if (n > 0)
		err = guest_fdt_device_open_bus(fdt, d, dma, (u32)n);
	if (err == 0)
		err = guest_fdt_device_write(fdt, tree, d, plic);
	if (err == 0 && n > 0)
		err = fdt_end_node(fdt);
	return err;
}
