/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine that the hypervisor runs on, as every part of core/ may know it.
 */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include <cleave/types.h>
#include "arch/riscv/layout.h"
#include "mm/frames.h"

/* The largest device tree that is taken */
#define MACHINE_TREE_MAX ((u64)LAYOUT_FDT_MAX)

/**
 * struct machine - what core/boot/ found out; read-only once guests run, except for @frames
 * @tree: the machine's device tree: a copy of our own, checked whole
 * @hpa_to_va: what is added to the HPA of RAM to get its address in the direct map
 * @frames: all memory that is not in use; it has a lock of its own
 */
struct machine {
	const void *tree;
	uintptr_t hpa_to_va;
	struct frames frames;
};

extern struct machine machine;

#endif
