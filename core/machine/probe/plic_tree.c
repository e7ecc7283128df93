/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device tree says of its PLICs. The tree may be wrong: nothing is read outside a property.
 */
#include "core/machine/probe/plic_tree.h"

#include <libfdt.h>
#include "arch/riscv/hart.h"
#include "core/machine/probe/driver.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"

/* RISC-V PLIC specification 1.0.0, chapter 1, "Interrupt Targets" and "Interrupt Identifiers" */
#define PLIC_TREE_CONTEXTS 15872U
#define PLIC_TREE_SOURCES  1023U

const char *const plic_tree_compatible[] = {
	"sifive,plic-1.0.0", "riscv,plic0", "thead,c900-plic", "andestech,nceplic100", NULL,
};

u32 plic_tree_sources(const void *fdt, int node)
{
	u32 sources = fdt_read_cell(fdt, node, "riscv,ndev", 0);

#ifdef CONFIG_AIA
	if (sources == 0U)
		sources = fdt_read_cell(fdt, node, "riscv,num-sources", 0);
#endif
	return sources;
}

/* Read the list of harts. An APLIC that only sends messages has those of its IMSICs. */
static void plic_tree_read_harts(const void *fdt, int node, struct plic_tree *out)
{
	int len = 0;

	out->list = fdt_getprop(fdt, node, "interrupts-extended", &len);
#ifdef CONFIG_AIA
	if (out->list == NULL) {
		u32 parent = fdt_read_cell(fdt, node, "msi-parent", 0);

		if (parent != 0U)
			node = fdt_node_offset_by_phandle(fdt, parent);
		out->list = fdt_getprop(fdt, node, "interrupts-extended", &len);
	}
#endif
	out->contexts = out->list == NULL ? 0U : (u32)len / (2U * (u32)sizeof(fdt32_t));
}

bool plic_tree_read(const void *fdt, int node, struct plic_tree *out)
{
	plic_tree_read_harts(fdt, node, out);
	out->sources = plic_tree_sources(fdt, node);
	return driver_reg(fdt, node, &out->base, &out->size) == 0 && out->contexts != 0U &&
	       out->contexts <= PLIC_TREE_CONTEXTS && out->sources != 0U &&
	       out->sources <= PLIC_TREE_SOURCES;
}

static const fdt32_t *plic_tree_entry(const struct plic_tree *t, u32 context)
{
	return (const fdt32_t *)t->list + 2U * (size_t)context;
}

bool plic_tree_is_external(const struct plic_tree *t, u32 context)
{
	return fdt32_ld(plic_tree_entry(t, context) + 1) == HART_IRQ_EXT;
}

/* Return: the context for the controller @phandle of a hart; PLIC_TREE_NONE: there is none */
static u32 plic_tree_of_phandle(const struct plic_tree *t, u32 phandle)
{
	for (u32 c = 0; phandle != 0U && c < t->contexts; c++) {
		if (plic_tree_is_external(t, c) && fdt32_ld(plic_tree_entry(t, c)) == phandle)
			return c;
	}
	return PLIC_TREE_NONE;
}

u32 plic_tree_context(const void *fdt, const struct plic_tree *t, u64 id)
{
	int cpus = fdt_path_offset(fdt, "/cpus");
	u32 found = PLIC_TREE_NONE;
	int cpu;
	int node;

	fdt_for_each_subnode (cpu, fdt, cpus) {
		u64 hart;

		if (!fdt_read_unit(fdt, cpus, cpu, &hart) || hart != id)
			continue;
		/* The hart's own interrupt controller is a node below it. */
		fdt_for_each_subnode (node, fdt, cpu) {
			if (found == PLIC_TREE_NONE)
				found = plic_tree_of_phandle(t, fdt_get_phandle(fdt, node));
		}
	}
	return found;
}

bool plic_tree_reaches(const void *fdt, u32 phandle, u64 id)
{
	struct plic_tree t;

	return plic_tree_read(fdt, fdt_index_phandle(fdt, phandle), &t) &&
	       plic_tree_context(fdt, &t, id) != PLIC_TREE_NONE;
}
