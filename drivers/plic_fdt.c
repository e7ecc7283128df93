/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PLIC: what the device tree says (binding interrupt-controller/sifive,plic-1.0.0.yaml).
 *
 * `interrupts-extended` lists the contexts in their order. An entry names the interrupt controller
 * of a hart, and which of its interrupts the context raises.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/paging.h"
#include "core/machine/probe/driver.h"
#include "drivers/plic.h"
#include "lib/fdt_read.h"

#define PLIC_MAX_CONTEXTS 15872U
#define PLIC_NONE	  UINT32_MAX

static struct plic plic; /* the one that serves the boot hart */

/*
 * Find the mhartid of the hart whose interrupt controller has @phandle. Return: false when none has
 */
static bool plic_hartid(const void *fdt, u32 phandle, u64 *hartid)
{
	int node = fdt_node_offset_by_phandle(fdt, phandle);
	int cpu = node < 0 ? node : fdt_parent_offset(fdt, node);

	return cpu >= 0 && fdt_read_unit(fdt, fdt_parent_offset(fdt, cpu), cpu, hartid);
}

/*
 * Silence the contexts of S-mode's external interrupt on all harts. Return: the one of hart
 * @hartid, PLIC_NONE when it has none
 */
static u32 plic_contexts(const void *fdt, const fdt32_t *list, u32 contexts, u64 hartid)
{
	u32 found = PLIC_NONE;

	for (u32 c = 0; c < contexts; c++) {
		u64 id;

		if (fdt32_ld(&list[2U * c + 1U]) != HART_IRQ_EXT)
			continue;
		plic_quiet(&plic, c);
		if (plic_hartid(fdt, fdt32_ld(&list[2U * c]), &id) && id == hartid)
			found = c;
	}
	return found;
}

static int plic_probe(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	struct irq_controller controller = {
		.name = name,
		.opaque = &plic,
		.phandle = fdt_get_phandle(fdt, node),
		.enable = plic_enable,
		.disable = plic_disable,
		.claim = plic_claim,
		.complete = plic_complete,
	};
	int len;
	const fdt32_t *list = fdt_getprop(fdt, node, "interrupts-extended", &len);
	u32 contexts = list == NULL ? 0U : (u32)len / (2U * (u32)sizeof(*list));
	u64 base;
	u64 size;

	plic.sources = fdt_read_cell(fdt, node, "riscv,ndev", 0);
	if (driver_reg(fdt, node, &base, &size) != 0 || contexts == 0U ||
	    contexts > PLIC_MAX_CONTEXTS || size < plic_size(contexts) || plic.sources == 0U ||
	    plic.sources >= PLIC_MAX_SOURCES) {
		printk("interrupt controller %s: reg, interrupts-extended and riscv,ndev do not "
		       "describe a PLIC",
		       name);
		return CLV_ERR_FORMAT;
	}
	plic.regs = paging_map_mmio(HPA(base), plic_size(contexts));
	if (plic.regs == NULL) {
		printk("interrupt controller %s: its registers cannot be mapped", name);
		return CLV_ERR_NOMEM;
	}
	plic.context = plic_contexts(fdt, list, contexts, hart_this()->hartid);
	if (plic.context == PLIC_NONE) {
		printk("interrupt controller %s has no S-mode context for the boot hart", name);
		return CLV_ERR_NOTFOUND;
	}
	if (irq_set_controller(&controller) != 0)
		return CLV_ERR_EXISTS;
	printk(PRINTK_INFO "interrupt controller %s: PLIC, %u sources, context %u", name,
	       plic.sources, plic.context);
	return 0;
}

static const char *const plic_compatible[] = {
	"sifive,plic-1.0.0", "riscv,plic0", "thead,c900-plic", "andestech,nceplic100", NULL,
};

static const struct driver plic_driver = {
	.name = "plic",
	.class = DRIVER_INTC,
	.compatible = plic_compatible,
	.probe = plic_probe,
};

DRIVER_REGISTER(plic_driver);
