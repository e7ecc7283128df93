/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protecting any run of entries of any content: each entry of the run loses W and nothing else, and
 * no other entry changes.
 *
 * Bounds: runs of 0 to 17 entries, so that the loop over eights turns up to twice.
 *
 * cbmc: mm/gstage_protect.c --unwind 20
 */
#include "mm/gstage.h"

u64 nondet_u64(void);
void spin_relax(void);

#define ENTRIES 18U

void spin_relax(void)
{
}

/* A run of a given place and length, of entries of any content */
static void check_run(u64 first, u64 count)
{
	u64 table[ENTRIES];
	u64 before[ENTRIES];

	for (u64 i = 0; i < ENTRIES; i++) {
		table[i] = nondet_u64();
		before[i] = table[i];
	}
	gstage_protect_run(&table[first], count);
	for (u64 i = 0; i < ENTRIES; i++) {
		bool inside = i >= first && i - first < count;

		__CPROVER_assert(table[i] == (inside ? before[i] & ~GSTAGE_PTE_W : before[i]),
				 "W, and nothing else, and nowhere else");
	}
}

int main(void)
{
	for (u64 count = 0; count < ENTRIES; count++)
		check_run(1, count);
	return 0;
}
