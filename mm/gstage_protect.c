/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables: taking W from a run of entries. Each harvest and each start of a log does it for
 * every page, so it is compiled for speed, while mapping (gstage_map.c) is compiled for size.
 *
 * It must never change another bit of an entry: a hart's walk or another writer may be at it (M2).
 */
#include "mm/gstage.h"
#include <cleave/atomic.h>

void gstage_protect_run(u64 *slot, u64 count)
{
	u64 *end = slot + count;

	/* One barrier for all of them, instead of one in each operation. */
	smp_wmb();
	for (; end - slot >= 8; slot += 8) {
		(void)atomic_and_relaxed(&slot[0], ~GSTAGE_PTE_W);
		(void)atomic_and_relaxed(&slot[1], ~GSTAGE_PTE_W);
		(void)atomic_and_relaxed(&slot[2], ~GSTAGE_PTE_W);
		(void)atomic_and_relaxed(&slot[3], ~GSTAGE_PTE_W);
		(void)atomic_and_relaxed(&slot[4], ~GSTAGE_PTE_W);
		(void)atomic_and_relaxed(&slot[5], ~GSTAGE_PTE_W);
		(void)atomic_and_relaxed(&slot[6], ~GSTAGE_PTE_W);
		(void)atomic_and_relaxed(&slot[7], ~GSTAGE_PTE_W);
	}
	for (; slot < end; slot++)
		(void)atomic_and_relaxed(slot, ~GSTAGE_PTE_W);
}
