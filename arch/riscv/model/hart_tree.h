/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host's device tree says about the harts in /cpus. It is what the firmware claims;
 * features.h has what was found by trying. Builds for the host too.
 */
#ifndef ARCH_RISCV_HART_TREE_H
#define ARCH_RISCV_HART_TREE_H

#include <cleave/types.h>
#include "arch/riscv/model/isa.h"

/**
 * struct hart_tree - what the tree says; hart_tree_read() writes it, and it is read-only afterwards
 * @timebase: frequency of the time CSR, Hz
 * @isa: the extensions that every hart in use names
 * @cbom_block, @cboz_block: bytes; 0: the tree does not say, or not the same for all harts
 */
struct hart_tree {
	u64 timebase;
	struct isa isa;
	u32 cbom_block;
	u32 cboz_block;
};

extern struct hart_tree hart_tree;

/**
 * hart_tree_read() - put the harts of the host's device tree into the table of harts
 * @fdt: device tree that libfdt has checked
 *
 * Each hart that is left out is named, in one line for each reason. Boot hart only, before another
 * hart starts.
 *
 * Return: 0, or CLV_ERR_FORMAT after a line that says what is missing or wrong: /cpus or
 * timebase-frequency.
 */
int hart_tree_read(const void *fdt);

/**
 * hart_tree_usable() - would hart_tree_read() use the hart of a node below /cpus?
 * @id: out: its mhartid
 *
 * For programs that run on no hart of the machine, to choose one as the boot hart: that one goes
 * into the table of harts before hart_tree_read() is called.
 */
bool hart_tree_usable(const void *fdt, int node, u64 *id);

#endif
