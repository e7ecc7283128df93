/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device tree says of its PLICs (binding interrupt-controller/sifive,plic-1.0.0.yaml), and
 * of the domains of its APLICs, which have S-mode contexts alike: for the drivers, for the
 * configuration, and for a person's machine.
 */
#ifndef CORE_PLIC_TREE_H
#define CORE_PLIC_TREE_H

#include <cleave/types.h>
#include "core/machine/irq.h"

#define PLIC_TREE_NONE UINT32_MAX

/* The strings that mean a PLIC; NULL ends the list. */
extern const char *const plic_tree_compatible[];

/**
 * struct plic_tree - a PLIC's node
 * @base, @size: its registers, HPA and bytes
 * @sources: the highest number of a source
 * @contexts: how many contexts it has
 * @list: its `interrupts-extended`: of each context, a hart's interrupt controller and which of its
 * interrupts the context raises
 */
struct plic_tree {
	u64 base;
	u64 size;
	u32 sources;
	u32 contexts;
	const void *list;
};

/** plic_tree_sources() - Return: the highest number of a source; 0: the node does not say */
u32 plic_tree_sources(const void *fdt, int node);

/** plic_tree_read() - read a node. Return: true when it describes a PLIC or an APLIC domain */
bool plic_tree_read(const void *fdt, int node, struct plic_tree *out);

/** plic_tree_is_external() - Return: true when a context raises S-mode's external interrupt */
bool plic_tree_is_external(const struct plic_tree *t, u32 context);

/** plic_tree_is_ours() - Return: true when any context raises S-mode's external interrupt */
static inline bool plic_tree_is_ours(const struct plic_tree *t)
{
	for (u32 c = 0; c < t->contexts; c++) {
		if (plic_tree_is_external(t, c))
			return true;
	}
	return false;
}

/** plic_tree_context() - Return: the S-mode context of the hart with mhartid @id; PLIC_TREE_NONE */
u32 plic_tree_context(const void *fdt, const struct plic_tree *t, u64 id);

/** plic_tree_reaches() - Return: true when the PLIC with @phandle has such a context */
bool plic_tree_reaches(const void *fdt, u32 phandle, u64 id);

#endif
