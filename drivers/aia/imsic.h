/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's IMSICs, of which all S-level files are one node of the device tree. What a hart
 * does with its own file is in arch/riscv/aia.h.
 */
#ifndef DRIVERS_AIA_IMSIC_H
#define DRIVERS_AIA_IMSIC_H

#include <cleave/types.h>

/**
 * struct imsic - the S-level files
 * @phandle: their node
 * @ids: the highest identity of each
 * @next: the first identity that no APLIC has; identities mean the same on all harts
 * @harts: bit n: hart n has a file
 * @target: of each such hart, its number in an APLIC's `target` registers
 * @hpa: of each such hart, its file's page
 */
struct imsic {
	u32 phandle;
	u32 ids;
	u32 next;
	u64 harts;
	u16 target[CONFIG_MAX_HARTS];
	u64 hpa[CONFIG_MAX_HARTS];
};

/**
 * imsic_take() - use the files of node @node, if that has not been done
 *
 * An APLIC needs its IMSICs first, and may stand before them in the tree. What is wrong with a node
 * is said once.
 *
 * Return: the files; NULL: the node cannot be used.
 */
struct imsic *imsic_take(const void *fdt, int node);

#endif
