/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * M3 for any leaf at any level. After a split, each of the 512 children maps its own part of the
 * block and has all other bits of the leaf, without those that were to be dropped. The entry is a
 * well-formed pointer to the table. And an entry that has changed in the meantime stays as it is.
 *
 * cbmc: mm/gstage_split.c mm/table_pool.c mm/frames.c --unwind 65
 */
#include "mm/gstage.h"
#include "mm/gstage_internal.h"

u64 nondet_u64(void);
u32 nondet_u32(void);

void spin_relax(void);

void spin_relax(void)
{
}

static u64 table[GSTAGE_ENTRIES];

int main(void)
{
	u64 hpa = nondet_u64(); /* HPA of the table */
	struct gstage gs = { .levels = GSTAGE_MIN_LEVELS, .va = (uintptr_t)table - hpa };
	u32 level = nondet_u32();
	u64 pte = nondet_u64();
	u64 found = nondet_u64();
	u64 drop = nondet_u64() & GSTAGE_PTE_W;
	u32 i = nondet_u32();
	u64 slot = found;
	enum gstage_split_result result;

	__CPROVER_assume(IS_ALIGNED(hpa, PAGE_SIZE) && hpa < BIT64(GSTAGE_HPA_BITS));
	__CPROVER_assume(level >= 1U && level <= 2U);
	__CPROVER_assume(i < GSTAGE_ENTRIES);
	__CPROVER_assume(gstage_pte_is_leaf(pte));
	/* Cleave never makes a huge leaf that is not aligned: it would fault. */
	__CPROVER_assume(IS_ALIGNED(gstage_pte_hpa(pte).v, gstage_span(level)));

	result = gstage_split_with(&gs, table, &slot, level, pte, drop);

	if (found != pte) {
		__CPROVER_assert(result == GSTAGE_SPLIT_LOST && slot == found,
				 "a lost race changes nothing");
		return 0;
	}
	__CPROVER_assert(result == GSTAGE_SPLIT_DONE, "a race that is not lost is won");
	__CPROVER_assert((slot & ~GSTAGE_PTE_PPN_MASK) == GSTAGE_PTE_TABLE,
			 "a pointer has V alone");
	__CPROVER_assert(gstage_pte_hpa(table[i]).v ==
				 gstage_pte_hpa(pte).v + (u64)i * gstage_span(level - 1U),
			 "each child maps its own part");
	__CPROVER_assert((table[i] & ~GSTAGE_PTE_PPN_MASK) ==
				 ((pte & ~drop) & ~GSTAGE_PTE_PPN_MASK),
			 "all other bits are the leaf's");
	return 0;
}
