/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parents and phandles of the machine's device tree, found without reading the tree again.
 *
 * libfdt reads the tree from its beginning for each parent and each phandle, and a partition's
 * devices ask for thousands of them. So the boot reads the tree once, into one index. Of any other
 * tree, and of one that the index has no room for, libfdt is asked: the answers are the same. The
 * index is written before other harts read it, and takes no lock.
 */
#ifndef LIB_FDT_INDEX_H
#define LIB_FDT_INDEX_H

#include <cleave/types.h>

/**
 * fdt_index_make() - index a tree, and forget the one that was indexed before
 * @fdt: a tree that fdt_check_full() accepts and that nobody changes from now on
 */
void fdt_index_make(const void *fdt);

/**
 * fdt_index_parent() - find the node that a node is in
 *
 * Return: as fdt_parent_offset()
 */
int fdt_index_parent(const void *fdt, int node);

/**
 * fdt_index_phandle() - find the node that a phandle names
 *
 * Return: as fdt_node_offset_by_phandle()
 */
int fdt_index_phandle(const void *fdt, u32 phandle);

#endif
