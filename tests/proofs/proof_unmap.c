/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unmapping a run of entries of any content, while a fault splits one of them at any moment: each
 * leaf that is counted as cleared is gone, what was invalid stays as it was, and a pointer is
 * neither lost nor passed over (M3, M4), also one that has come just now.
 *
 * Bounds: six entries; one split by another hart, before any access to a shared word.
 *
 * cbmc: mm/gstage.c --unwind 8
 */
#define ATOMIC_POINTS
#include "mm/gstage_map.c"

u64 nondet_u64(void);
bool nondet_bool(void);

#define ENTRIES 6U

static u64 table[ENTRIES];
static u64 split_at;
static bool split; /* it has happened */

/* Another hart: a leaf without W becomes a table. */
static void fault_splits(void)
{
	if (!split && nondet_bool() && gstage_pte_is_leaf(table[split_at]) &&
	    (table[split_at] & GSTAGE_PTE_W) == 0U) {
		table[split_at] = gstage_pte_make(HPA(0x5000), GSTAGE_PTE_TABLE);
		split = true;
	}
}

void (*atomic_hook)(void) = fault_splits;

int main(void)
{
	struct gstage gs = { .levels = 3 };
	struct gstage_iter it = { .gs = &gs, .slot = table, .level = 1 };
	u64 i = nondet_u64();
	u64 before[ENTRIES];
	u64 n;

	split_at = nondet_u64();
	__CPROVER_assume(i < ENTRIES && split_at < ENTRIES);
	for (u32 k = 0; k < ENTRIES; k++) {
		table[k] = nondet_u64();
		before[k] = table[k];
	}
	/* The range ends with the last entry. */
	it.end = ENTRIES * gstage_span(1);

	n = gstage_map_clear_run(&it);

	__CPROVER_assert(n <= ENTRIES, "not beyond the range");
	if (split && i == split_at)
		__CPROVER_assert(i >= n && gstage_pte_is_table(table[i]),
				 "a new pointer is neither lost nor passed over");
	else if (i < n)
		__CPROVER_assert(gstage_pte_is_leaf(before[i])
					 ? table[i] == 0U
					 : table[i] == before[i] && !gstage_pte_is_table(table[i]),
				 "a leaf is gone, and a pointer is not counted");
	else
		__CPROVER_assert(table[i] == before[i], "what is not counted is as it was");
	if (n < ENTRIES)
		__CPROVER_assert(gstage_pte_is_table(table[n]), "it ends at a pointer");
	return 0;
}
