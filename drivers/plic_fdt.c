/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PLICs: taking a node of the device tree. Each PLIC is put together apart, and counts
 * only when nothing can fail any more: what a node says that cannot be used changes nothing of
 * those before it.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/paging.h"
#include "core/machine/probe/driver.h"
#include "core/machine/probe/plic_tree.h"
#include "drivers/plic.h"

static struct plic plics[IRQ_CONTROLLERS];
static u32 plic_nr;

/* Find the contexts of our harts. Return: bit n: hart n has one */
static u64 plic_contexts(const void *fdt, const struct plic_tree *t, struct plic *p)
{
	u64 harts = 0;

	for (u32 i = 0; i < hart_count(); i++) {
		u32 context = plic_tree_context(fdt, t, hart_get(i)->hartid);

		if (context == PLIC_TREE_NONE)
			continue;
		p->context[i] = (u16)context;
		harts |= BIT64(i);
	}
	return harts;
}

static int plic_probe(const void *fdt, int node)
{
	struct plic p = { .regs = NULL };
	struct irq_controller controller = {
		.name = fdt_get_name(fdt, node, NULL),
		.phandle = fdt_get_phandle(fdt, node),
		.route = plic_route,
		.enable = plic_enable,
		.claim = plic_claim,
		.complete = plic_complete,
	};
	struct plic_tree t;

	if (!plic_tree_read(fdt, node, &t) || t.size < plic_size(t.contexts) ||
	    !IS_ALIGNED(t.base, 4U)) {
		printk("interrupt controller %s: reg, interrupts-extended and riscv,ndev do not "
		       "describe a PLIC",
		       controller.name);
		return CLV_ERR_FORMAT;
	}
	p.sources = controller.sources = t.sources;
	controller.harts = plic_contexts(fdt, &t, &p);
	if (controller.harts == 0U) {
		printk("interrupt controller %s has no S-mode context for a hart in use",
		       controller.name);
		return CLV_ERR_NOTFOUND;
	}
	if (plic_nr == ARRAY_SIZE(plics))
		return irq_add_controller(&controller); /* which has no room either, and says so */
	p.regs = paging_map_mmio(HPA(t.base), plic_size(t.contexts));
	if (p.regs == NULL) {
		printk("interrupt controller %s: its registers cannot be mapped", controller.name);
		return CLV_ERR_NOMEM;
	}
	plics[plic_nr] = p;
	controller.opaque = &plics[plic_nr];
	if (irq_add_controller(&controller) != 0)
		return CLV_ERR_NOMEM;
	for (u32 c = 0; c < t.contexts; c++) {
		if (plic_tree_is_external(&t, c))
			plic_quiet(&p, c);
	}
	plic_nr++;
	printk(PRINTK_INFO "interrupt controller %s: PLIC, %u sources", controller.name, t.sources);
	return 0;
}

static const struct driver plic_driver = {
	.name = "plic",
	.class = DRIVER_INTC,
	.compatible = plic_tree_compatible,
	.probe = plic_probe,
};

DRIVER_REGISTER(plic_driver);
