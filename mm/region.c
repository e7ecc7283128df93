/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions: the functions that are on no hot path.
 */
#include "mm/region.h"

void region_fill(struct region *r, gpa_t base, u64 size, hpa_t hpa, u64 prot)
{
	/* The kind is shared: it stays "free" until all the rest is there. */
	r->prot = prot;
	r->base = base;
	r->size = size;
	r->hpa = hpa;
	r->tables = 0;
	r->log = (struct region_log){ .phase = REGION_LOG_OFF };
}

bool region_overlaps(const struct region *region, u32 nr, gpa_t base, u64 size)
{
	for (u32 i = 0; i < nr; i++) {
		const struct region *r = &region[i];

		if (atomic_read_acquire(&r->kind) == REGION_FREE)
			continue;
		if (base.v < r->base.v + r->size && r->base.v < base.v + size)
			return true;
	}
	return false;
}
