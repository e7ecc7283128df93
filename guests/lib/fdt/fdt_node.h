/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cursor over the nodes of a device tree, and their properties (Devicetree specification 0.4,
 * chapter 5). Builds for the host too.
 *
 * It is for drivers; guest.h has functions for what most programs want of their tree. The tree
 * comes from the hypervisor and is trusted to be well-formed. Nothing here writes to it.
 */
#ifndef GUESTS_LIB_FDT_NODE_H
#define GUESTS_LIB_FDT_NODE_H

#include "guests/lib/guest.h"

/**
 * struct fdt_node - a node of a tree
 * @fdt: the tree
 * @at: what follows the node's name in the tree's structure block
 * @name: the node's name, with its unit address
 * @depth: how many nodes it is below the root, which has 0
 */
struct fdt_node {
	const u8 *fdt;
	const u8 *at;
	const char *name;
	u32 depth;
};

/** fdt_node_first() - go to the root of @fdt. Return: false when @fdt is no device tree, or NULL */
bool fdt_node_first(const void *fdt, struct fdt_node *node);

/**
 * fdt_node_next() - go to the next node; parents come before their children.
 * Return: false after the last one
 */
bool fdt_node_next(struct fdt_node *node);

/**
 * fdt_node_prop() - find a property of the node
 * @size: gets the bytes of its value, or NULL
 * Return: the value, NULL when the node has no property @name
 */
const u8 *fdt_node_prop(const struct fdt_node *node, const char *name, u32 *size);

/**
 * fdt_node_cell() - Return: cell number @index of property @name, @other when the property or the
 * cell is not there
 */
u32 fdt_node_cell(const struct fdt_node *node, const char *name, u32 index, u32 other);

/**
 * fdt_node_reg() - get the address of the node's first `reg` entry, two cells.
 * Return: false when there is none
 */
bool fdt_node_reg(const struct fdt_node *node, u64 *base);

/**
 * fdt_node_is() - Return: true when @compatible is one of the strings of the node's `compatible`
 */
bool fdt_node_is(const struct fdt_node *node, const char *compatible);

#endif
