/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device tree says of IMSICs (binding interrupt-controller/riscv,imsics.yaml). The tree may
 * be wrong: nothing is read outside a property, and each file that is found lies in `reg`.
 */
#ifndef CORE_IMSIC_TREE_H
#define CORE_IMSIC_TREE_H

#include <cleave/types.h>
#include "core/machine/probe/plic_tree.h"

#define IMSIC_TREE_PAGE UINT64_C(4096)

/**
 * struct imsic_tree - an IMSIC node: the interrupt files of one level, of all its harts
 * @harts: `interrupts-extended`; a hart's place in it is also that of its files
 * @ids: the highest identity of a file
 * @guest_bits, @hart_bits, @group_bits: widths of the fields in a file's address
 * @group_shift: lowest bit of the group's number there
 */
struct imsic_tree {
	struct plic_tree harts;
	u32 ids;
	u32 guest_bits;
	u32 hart_bits;
	u32 group_bits;
	u32 group_shift;
};

/**
 * struct imsic_tree_file - the interrupt file of a hart
 * @hpa: its page; those of the hart's guests follow
 * @index: the hart, as an APLIC's `target` registers name it (AIA 4.9.1)
 */
struct imsic_tree_file {
	u64 hpa;
	u32 index;
};

/**
 * imsic_tree_read() - read node @node of tree @fdt
 *
 * Return: true; false, after a line that names the property that is wrong.
 */
bool imsic_tree_read(const void *fdt, int node, struct imsic_tree *out);

/**
 * imsic_tree_find() - find the file of the hart with mhartid @id
 *
 * Return: 0; CLV_ERR_NOTFOUND: the node has none of the S-level; CLV_ERR_FORMAT: its `reg` has no
 * page for it.
 */
int imsic_tree_find(const void *fdt, int node, const struct imsic_tree *t, u64 id,
		    struct imsic_tree_file *out);

#endif
