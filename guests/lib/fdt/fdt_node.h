/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of the program's device tree, one after the other, and their properties (Devicetree specification 0.4, chapter 5). For
 * drivers: what most programs want of a tree is in guest.h.
 *
 * The tree comes from the hypervisor and is trusted to be well-formed. Nothing here writes to it.
 */
#ifndef GUESTS_LIB_FDT_NODE_H
#define GUESTS_LIB_FDT_NODE_H

#include "guests/lib/guest.h"

/** struct fdt_node - a node; @depth: 0 for the root; @at: behind its name, in the tree's structure block */
struct fdt_node {
	const u8 *fdt;
	const u8 *at;
	const char *name;
	u32 depth;
};

/** fdt_node_first() - the root of @fdt. Return: it is a device tree */
bool fdt_node_first(const void *fdt, struct fdt_node *node);

/** fdt_node_next() - go to the next node, parents before children. Return: there is one */
bool fdt_node_next(struct fdt_node *node);

/** fdt_node_prop() - Return: value of property @name, @size bytes (or NULL); NULL: it is not there */
const u8 *fdt_node_prop(const struct fdt_node *node, const char *name, u32 *size);

/** fdt_node_cell() - Return: cell @index of property @name, @other when it is not there */
u32 fdt_node_cell(const struct fdt_node *node, const char *name, u32 index, u32 other);

/** fdt_node_reg() - base of the node's first `reg` entry, of two address cells. Return: it has one */
bool fdt_node_reg(const struct fdt_node *node, u64 *base);

/** fdt_node_is() - Return: `compatible` has the string @compatible */
bool fdt_node_is(const struct fdt_node *node, const char *compatible);

#endif
