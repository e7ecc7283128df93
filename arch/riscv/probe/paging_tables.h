/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables in the image. early.c, which sees them at their physical address, shares them
 * with paging.c.
 */
#ifndef ARCH_RISCV_PAGING_TABLES_H
#define ARCH_RISCV_PAGING_TABLES_H

#include <cleave/types.h>
#include "arch/riscv/layout.h"
#include "arch/riscv/pte.h"

/**
 * struct paging_tables - the tables, which only the boot hart writes
 * @entry: the tables; number 0 is the root that early.c made
 * @used: how many of them have been taken
 */
struct paging_tables {
	u64 entry[LAYOUT_TABLES][PTE_TABLE_ENTRIES] __attribute__((aligned(4096)));
	u32 used;
};

extern struct paging_tables paging_tables;

#endif
