/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of the machine's device tree. See fdt_index.h.
 *
 * It is as large as the largest trees of boards need it, since it is made before memory can be
 * allocated. It must never answer otherwise than libfdt does: what it does not hold, libfdt is
 * asked for.
 */
#include "lib/fdt_index.h"

#include <libfdt.h>

#define FDT_INDEX_NODES 2048U
#define FDT_INDEX_DEPTH 16

/* struct fdt_index_node - a node, where it begins, its parent, and its phandle or 0 */
struct fdt_index_node {
	int node;
	int parent;
	u32 phandle;
};

/* The nodes are in the order of the tree, and so by where they begin. */
static struct fdt_index_node fdt_index[FDT_INDEX_NODES];
static u32 fdt_index_nr;
static const void *fdt_index_tree;

void fdt_index_make(const void *fdt)
{
	int above[FDT_INDEX_DEPTH];
	int depth = -1;
	u32 n = 0;

	fdt_index_tree = NULL;
	/* After the root's end the depth is -1 again. */
	for (int node = fdt_next_node(fdt, -1, &depth); depth >= 0;
	     node = fdt_next_node(fdt, node, &depth)) {
		if (node < 0 || depth == FDT_INDEX_DEPTH || n == FDT_INDEX_NODES)
			return;
		above[depth] = node;
		fdt_index[n] = (struct fdt_index_node){
			.node = node,
			.parent = depth == 0 ? -FDT_ERR_NOTFOUND : above[depth - 1],
			.phandle = fdt_get_phandle(fdt, node),
		};
		n++;
	}
	fdt_index_nr = n;
	fdt_index_tree = fdt;
}

int fdt_index_parent(const void *fdt, int node)
{
	u32 low = 0;
	u32 high = fdt == fdt_index_tree ? fdt_index_nr : 0U;

	while (low < high) {
		u32 middle = (low + high) / 2U;

		if (fdt_index[middle].node == node)
			return fdt_index[middle].parent;
		if (fdt_index[middle].node < node)
			low = middle + 1U;
		else
			high = middle;
	}
	return fdt_parent_offset(fdt, node);
}

int fdt_index_phandle(const void *fdt, u32 phandle)
{
	u32 nr = fdt == fdt_index_tree && phandle != 0U ? fdt_index_nr : 0U;

	for (u32 i = 0; i < nr; i++) {
		if (fdt_index[i].phandle == phandle && phandle != UINT32_MAX)
			return fdt_index[i].node;
	}
	return fdt_node_offset_by_phandle(fdt, phandle);
}
