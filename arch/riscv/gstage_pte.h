/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of G-stage page-table entries and of the tables that hold them.
 *
 * Source: privileged specification, "Sv39: Page-Based 39-bit Virtual-Memory System", "Addressing
 * and Memory Protection" (the entry's format), and chapter "H", "Guest Physical Address
 * Translation" (root of 16 KiB, U, G). Part of arch's interface to mm/; it must name no CSR and no
 * instruction, so that it builds for the host as well.
 */
#ifndef ARCH_RISCV_GSTAGE_PTE_H
#define ARCH_RISCV_GSTAGE_PTE_H

#include <cleave/access.h>
#include <cleave/types.h>

#define GSTAGE_PTE_V BIT64(0)
#define GSTAGE_PTE_R BIT64(1)
#define GSTAGE_PTE_W BIT64(2)
#define GSTAGE_PTE_X BIT64(3)
/*
 * All G-stage accesses count as user-mode accesses, so a leaf without U faults. In a pointer the
 * bit is reserved, and zero.
 */
#define GSTAGE_PTE_U BIT64(4)
/* Reserved in all G-stage entries: software keeps it zero. */
#define GSTAGE_PTE_G   BIT64(5)
#define GSTAGE_PTE_A   BIT64(6)
#define GSTAGE_PTE_D   BIT64(7)
#define GSTAGE_PTE_RSW (UINT64_C(3) << 8)

#define GSTAGE_PTE_PPN_SHIFT 10U
#define GSTAGE_PTE_PPN_MASK  (((UINT64_C(1) << 44) - 1U) << GSTAGE_PTE_PPN_SHIFT)
/*
 * Svpbmt's memory type and Svnapot's N. Both are zero in every entry that Cleave makes: the memory
 * type is the PMA's own, and there are no NAPOT ranges.
 */
#define GSTAGE_PTE_PBMT	    (UINT64_C(3) << 61)
#define GSTAGE_PTE_N	    BIT64(63)
#define GSTAGE_PTE_RESERVED (UINT64_C(0x7f) << 54)

#define GSTAGE_PTE_RWX (GSTAGE_PTE_R | GSTAGE_PTE_W | GSTAGE_PTE_X)
/*
 * What every leaf has besides its permissions. A and D are set from the start, so a hart never has
 * to update them; W alone says whether a page may be written, and so whether a write is seen.
 */
#define GSTAGE_PTE_LEAF (GSTAGE_PTE_V | GSTAGE_PTE_U | GSTAGE_PTE_A | GSTAGE_PTE_D)
/* What a pointer to the next table has: V alone. R, W and X are zero; D, A and U are reserved. */
#define GSTAGE_PTE_TABLE GSTAGE_PTE_V

#define GSTAGE_INDEX_BITS   9U
#define GSTAGE_ENTRIES	    (1U << GSTAGE_INDEX_BITS) /* of every table but the root */
#define GSTAGE_ROOT_ENTRIES 2048U   /* Sv39x4, Sv48x4, Sv57x4: two more bits of address */
#define GSTAGE_ROOT_SIZE    KIB(16) /* bytes, and its alignment */
#define GSTAGE_MIN_LEVELS   3U	    /* Sv39x4 */
#define GSTAGE_MAX_LEVELS   5U	    /* Sv57x4 */
#define GSTAGE_HPA_BITS	    56U

/** gstage_pte_permission() - Return: the bit of a leaf that allows @access */
static inline u64 gstage_pte_permission(enum access access)
{
	return (u64)access << 1;
}

_Static_assert(GSTAGE_PTE_R == ACCESS_READ << 1 && GSTAGE_PTE_W == ACCESS_WRITE << 1 &&
		       GSTAGE_PTE_X == ACCESS_EXEC << 1,
	       "gstage_pte_permission() is a shift");

/** gstage_shift() - Return: log2 of the bytes that one entry at @level maps; level 0 is 4 KiB */
static inline u32 gstage_shift(u32 level)
{
	return PAGE_SHIFT + GSTAGE_INDEX_BITS * level;
}

/** gstage_span() - Return: bytes that one entry at @level maps */
static inline u64 gstage_span(u32 level)
{
	return UINT64_C(1) << gstage_shift(level);
}

/** gstage_pte_is_leaf() - Return: true for a valid entry that maps memory; all are readable */
static inline bool gstage_pte_is_leaf(u64 pte)
{
	return (pte & (GSTAGE_PTE_V | GSTAGE_PTE_R)) == (GSTAGE_PTE_V | GSTAGE_PTE_R);
}

/**
 * gstage_pte_is_table() - Return: true for a valid pointer to a table; at level 0 such an entry is
 * reserved
 */
static inline bool gstage_pte_is_table(u64 pte)
{
	return (pte & (GSTAGE_PTE_V | GSTAGE_PTE_RWX)) == GSTAGE_PTE_V;
}

/** gstage_pte_hpa() - Return: HPA in @pte: of the memory mapped, or of the table */
static inline hpa_t gstage_pte_hpa(u64 pte)
{
	return HPA((pte & GSTAGE_PTE_PPN_MASK) << (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT));
}

/** gstage_pte_make() - Return: an entry for @hpa (4 KiB aligned) with @flags */
static inline u64 gstage_pte_make(hpa_t hpa, u64 flags)
{
	return (hpa.v >> (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT)) | flags;
}

#endif
