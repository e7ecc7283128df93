/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-table entries, for the hypervisor's own tables and those of the self-test. Guests' G-stage
 * tables are mm/'s, by gstage_pte.h.
 *
 * Privileged specification, chapter "Supervisor-Level ISA", "Sv39", and chapter "H", "Guest-Page
 * Address Translation".
 */
#ifndef ARCH_RISCV_PTE_H
#define ARCH_RISCV_PTE_H

#include <cleave/types.h>

#define PTE_V	      BIT64(0)
#define PTE_R	      BIT64(1)
#define PTE_W	      BIT64(2)
#define PTE_X	      BIT64(3)
#define PTE_U	      BIT64(4) /* on every G-stage leaf: guest accesses count as U-mode there */
#define PTE_A	      BIT64(6)
#define PTE_D	      BIT64(7)
#define PTE_PPN_SHIFT 10U
#define PTE_PPN_MASK  ((BIT64(44) - 1U) << PTE_PPN_SHIFT)
#define PTE_N	      BIT64(63) /* Svnapot */

#define PTE_TABLE_BITS		9U /* log2 of the entries of a table */
#define PTE_TABLE_ENTRIES	512U
#define PTE_GSTAGE_ROOT_ENTRIES 2048U /* Sv39x4 and wider: two more bits at the root */

/* What a leaf at @level maps: log2 of the bytes, and the bytes; level 0 is 4 KiB */
#define PTE_LEVEL_SHIFT(level) (PAGE_SHIFT + PTE_TABLE_BITS * (u32)(level))
#define PTE_LEVEL_SIZE(level)  BIT64(PTE_LEVEL_SHIFT(level))

/** pte_make() - Return: an entry that points to @hpa (4 KiB aligned), with @flags */
static inline u64 pte_make(u64 hpa, u64 flags)
{
	return ((hpa >> PAGE_SHIFT) << PTE_PPN_SHIFT) | flags;
}

/** pte_address() - Return: the HPA that @pte points to */
static inline u64 pte_address(u64 pte)
{
	return ((pte & PTE_PPN_MASK) >> PTE_PPN_SHIFT) << PAGE_SHIFT;
}

/** pte_is_leaf() - Return: true when @pte, a valid entry, maps memory; false: it is a pointer */
static inline bool pte_is_leaf(u64 pte)
{
	return (pte & (PTE_R | PTE_X)) != 0U;
}

#endif
