/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host's device tree says of the harts: /cpus. It is what the firmware claims, not what was found by trying.
 */
#ifndef ARCH_RISCV_HART_TREE_H
#define ARCH_RISCV_HART_TREE_H

#include <cleave/types.h>
#include "arch/riscv/model/isa.h"

/**
 * struct hart_tree - filled by hart_tree_read(), read-only from then on
 * @timebase: Hz
 * @isa: what every hart that is used names
 * @cbom_block, @cboz_block: bytes; 0: not said, or not alike on all harts
 */
struct hart_tree {
	u64 timebase;
	struct isa isa;
	u32 cbom_block;
	u32 cboz_block;
};

extern struct hart_tree hart_tree;

/** hart_init_boot() - make the hart that runs this hart number 0; its stacks are those in the image */
void hart_init_boot(u64 hartid);

/**
 * hart_tree_read() - enumerate the harts of the host's device tree, and say in a line which are left out and why
 * @fdt: checked device tree
 * Return: 0; CLV_ERR_FORMAT: no /cpus or no timebase-frequency, having said so.
 */
int hart_tree_read(const void *fdt);

#endif
