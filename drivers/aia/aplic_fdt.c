/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's APLICs: taking a node of the device tree. A domain has a node (binding
 * interrupt-controller/riscv,aplic.yaml). Those of the M-level are the firmware's, which delegates
 * sources to ours.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/paging.h"
#include "core/machine/probe/driver.h"
#include "core/machine/probe/plic_tree.h"
#include "drivers/aia/aplic.h"
#include "drivers/aia/imsic.h"
#include "lib/fdt_read.h"

#define APLIC_TARGETS 16384U /* numbers of harts (AIA 4.3) */

static struct aplic aplics[IRQ_CONTROLLERS];
static u32 aplic_nr;

/* --- how sources trigger ---------------------------------------------------------------------- */

/* The second cell of an interrupt (binding interrupt-controller/interrupts.txt); 0: as a level */
static u8 aplic_mode_of(u32 trigger)
{
	switch (trigger & 0xfU) {
	case 1:
		return APLIC_EDGE1;
	case 2:
		return APLIC_EDGE0;
	case 8:
		return APLIC_LEVEL0;
	default:
		return APLIC_LEVEL1;
	}
}

static void aplic_read_mode(struct aplic *a, const fdt32_t *cells)
{
	u32 source = fdt32_ld(&cells[0]);

	if (source != 0U && source <= a->sources)
		a->mode[source] = aplic_mode_of(fdt32_ld(&cells[1]));
}

/* Take the interrupts of a node whose controllers each have a width of their own. */
static void aplic_read_extended(const void *fdt, int node, u32 phandle, struct aplic *a)
{
	int len = 0;
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts-extended", &len);
	u32 cells = p == NULL ? 0U : (u32)len / (u32)sizeof(*p);
	u32 width;

	for (u32 i = 0; i < cells; i += 1U + width) {
		u32 to = fdt32_ld(&p[i]);
		int parent = to == 0U ? -1 : fdt_node_offset_by_phandle(fdt, to);

		width = parent < 0 ? 0U : fdt_read_cell(fdt, parent, "#interrupt-cells", 0);
		if (width == 0U || width >= cells - i)
			return;
		if (to == phandle && width == 2U)
			aplic_read_mode(a, &p[i + 1U]);
	}
}

static void aplic_read_modes(const void *fdt, u32 phandle, struct aplic *a)
{
	for (u32 i = 1; i <= a->sources; i++)
		a->mode[i] = APLIC_LEVEL1;
	for (int node = fdt_next_node(fdt, -1, NULL); phandle != 0U && node >= 0;
	     node = fdt_next_node(fdt, node, NULL)) {
		int len = 0;
		const fdt32_t *p = fdt_getprop(fdt, node, "interrupts", &len);

		aplic_read_extended(fdt, node, phandle, a);
		if (p == NULL || driver_irq_parent(fdt, node) != phandle)
			continue;
		for (u32 i = 0; i + 2U <= (u32)len / (u32)sizeof(*p); i += 2U)
			aplic_read_mode(a, &p[i]);
	}
}

/* --- direct mode, messages -------------------------------------------------------------------- */

/* Return: bit n: hart n is one of the domain's; 0: none is, or a number is out of its registers */
static u64 aplic_direct(const void *fdt, int node, const struct plic_tree *t, struct aplic *a)
{
	int len = 0;
	const fdt32_t *index = fdt_getprop(fdt, node, "riscv,hart-indexes", &len);
	u64 harts = 0;

	for (u32 i = 0; i < hart_count(); i++) {
		u32 n = plic_tree_context(fdt, t, hart_get(i)->hartid);

		if (n == PLIC_TREE_NONE)
			continue;
		if (index != NULL)
			n = n < (u32)len / 4U ? fdt32_ld(&index[n]) : APLIC_TARGETS;
		if (n >= APLIC_TARGETS || t->size < aplic_size(n + 1U))
			return 0;
		a->target[i] = (u16)n;
		harts |= BIT64(i);
	}
	return harts;
}

/* Return: bit n: messages reach hart n; 0: the IMSICs have no identities left */
static u64 aplic_messages(const char *name, struct imsic *m, struct aplic *a)
{
	u32 left = m->ids - m->next + 1U;

	if (left == 0U) {
		printk("interrupt controller %s: its IMSICs have no identity left", name);
		return 0;
	}
	a->msi = true;
	a->first = m->next;
	a->room = MIN(MIN(left, a->sources), IRQ_HANDLERS);
	for (u32 i = 0; i < CONFIG_MAX_HARTS; i++)
		a->target[i] = m->target[i];
	return m->harts;
}

/* Return: the IMSICs to which the node sends messages; NULL: none, or none that can be used */
static struct imsic *aplic_imsics(const void *fdt, int node)
{
	u32 parent = fdt_read_cell(fdt, node, "msi-parent", 0);

	return parent == 0U ? NULL : imsic_take(fdt, fdt_node_offset_by_phandle(fdt, parent));
}

/*
 * Choose how it delivers, by messages to @m, if there are such, or direct.
 * Return: bit n: it reaches hart n; 0 after a line that says why
 */
static u64 aplic_choose(const void *fdt, int node, const struct plic_tree *t, struct imsic *m,
			struct aplic *a)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	u64 harts;

	if (m != NULL) {
		harts = aplic_messages(name, m, a);
		if (harts != 0U)
			return harts;
	}
	if (fdt_getprop(fdt, node, "interrupts-extended", NULL) == NULL) {
		printk("interrupt controller %s is not used: it only sends messages, and "
		       "msi-parent "
		       "names no IMSICs that can be used",
		       name);
		return 0;
	}
	harts = aplic_direct(fdt, node, t, a);
	if (harts == 0U)
		printk("interrupt controller %s: interrupts-extended, riscv,hart-indexes and reg "
		       "give no hart in use an S-level delivery",
		       name);
	return harts;
}

/* --- the node --------------------------------------------------------------------------------- */

static int aplic_check(const void *fdt, int node, struct plic_tree *t)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	if (!plic_tree_read(fdt, node, t) || t->size < aplic_size(0) || !IS_ALIGNED(t->base, 4U)) {
		printk("interrupt controller %s: reg, riscv,num-sources and interrupts-extended or "
		       "msi-parent do not describe an APLIC",
		       name);
		return CLV_ERR_FORMAT;
	}
	if (plic_tree_is_ours(t))
		return 0;
	printk(PRINTK_DEBUG "interrupt controller %s: APLIC domain of another level", name);
	return CLV_ERR_NOTFOUND;
}

/* Map and start it. Return: 0, or an error that was said */
static int aplic_open_domain(const struct plic_tree *t, struct aplic *a)
{
	a->regs = paging_map_mmio(HPA(t->base), t->size);
	if (a->regs == NULL) {
		printk("interrupt controller %s: its registers cannot be mapped", a->name);
		return CLV_ERR_NOMEM;
	}
	if (!aplic_start(a)) {
		printk("interrupt controller %s: domaincfg.DM stays %u", a->name, a->msi ? 0U : 1U);
		return CLV_ERR_UNSUPPORTED;
	}
	return 0;
}

static int aplic_probe(const void *fdt, int node)
{
	struct irq_controller controller = {
		.name = fdt_get_name(fdt, node, NULL),
		.phandle = fdt_get_phandle(fdt, node),
		.route = aplic_route,
		.enable = aplic_enable,
		.claim = aplic_claim,
		.complete = aplic_complete,
	};
	struct aplic *a = &aplics[aplic_nr];
	struct imsic *m = NULL;
	struct plic_tree t;
	int err = aplic_check(fdt, node, &t);

	if (err != 0)
		return err;
	if (aplic_nr == ARRAY_SIZE(aplics))
		return irq_add_controller(&controller); /* which has no room either, and says so */
	*a = (struct aplic){ .name = controller.name, .sources = t.sources };
	controller.opaque = a;
	controller.sources = t.sources;
	aplic_read_modes(fdt, controller.phandle, a);
	m = aplic_imsics(fdt, node);
	controller.harts = aplic_choose(fdt, node, &t, m, a);
	if (controller.harts == 0U)
		return CLV_ERR_NOTFOUND;
	err = aplic_open_domain(&t, a);
	if (err == 0)
		err = irq_add_controller(&controller);
	if (err != 0)
		return err;
	if (a->msi)
		m->next += a->room;
	aplic_nr++;
	printk(PRINTK_INFO "interrupt controller %s: APLIC, %u sources, %s", a->name, t.sources,
	       a->msi ? "by messages" : "direct");
	return 0;
}

static const char *const aplic_compatible[] = { "riscv,aplic", NULL };

static const struct driver aplic_driver = {
	.name = "aplic",
	.class = DRIVER_INTC,
	.compatible = aplic_compatible,
	.probe = aplic_probe,
};

DRIVER_REGISTER(aplic_driver);
