/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tables are collapsed: leaves are alike exactly if each maps its own part of the block and
 * has the bits of the leaf that is to come, but for permissions that this one may have and they
 * lack. The entries are anything at all.
 *
 * Bounds: 16 entries in place of 512, so that the loop over eights turns twice.
 *
 * cbmc: mm/gstage.c --unwind 17
 */
#include "arch/riscv/gstage_pte.h"
#undef GSTAGE_ENTRIES
#define GSTAGE_ENTRIES 16U
#include "mm/gstage_split.c"

u64 nondet_u64(void);
u32 nondet_u32(void);

int main(void)
{
	u64 table[GSTAGE_ENTRIES];
	u32 level = nondet_u32();
	u64 prot = GSTAGE_PTE_R | (nondet_u64() & (GSTAGE_PTE_W | GSTAGE_PTE_X));
	u64 hpa = nondet_u64();
	bool expected = true;
	u64 wanted;
	u64 step;

	__CPROVER_assume(level >= 1U && level <= 2U);
	__CPROVER_assume(hpa < BIT64(GSTAGE_HPA_BITS) && IS_ALIGNED(hpa, gstage_span(level)));
	wanted = gstage_pte_make(HPA(hpa), GSTAGE_PTE_LEAF | prot);
	step = gstage_span(level - 1U) >> (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT);
	for (u32 i = 0; i < GSTAGE_ENTRIES; i++) {
		u64 leaf = wanted + i * step;

		table[i] = nondet_u64();
		/* Nothing that the leaf does not have, and nothing but permissions missing. */
		expected = expected && (table[i] & ~leaf) == 0U && (leaf & ~table[i] & ~prot) == 0U;
	}
	__CPROVER_assert(gstage_split_alike(table, wanted, step, prot) == expected,
			 "alike exactly if they may become the leaf");
	return 0;
}
