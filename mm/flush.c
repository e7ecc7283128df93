/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flush batches: gathering ranges that lost permission (rule M7). It must never flush.
 */
#include "mm/flush.h"

void flush_batch_init(struct flush_batch *b)
{
	b->nr = 0;
	b->all = false;
}

/* Return: true when [@base, @base + @size) and @r share a byte or touch. Neither wraps. */
static bool flush_batch_touches(const struct flush_range *r, u64 base, u64 size)
{
	return base <= r->base.v + r->size && r->base.v <= base + size;
}

void flush_batch_add(struct flush_batch *b, gpa_t base, u64 size)
{
	u64 lo = base.v;
	u64 hi = base.v + size;
	u32 i = 0;

	if (size == 0U || b->all)
		return;
	/*
	 * Take out every range that touches the new one, and put the union of all in. So no two
	 * ranges ever touch. The union touches none that was passed over: that one touches neither
	 * the new range nor those that were taken out, and there is no hole between these.
	 */
	while (i < b->nr) {
		const struct flush_range *r = &b->range[i];

		if (!flush_batch_touches(r, lo, hi - lo)) {
			i++;
			continue;
		}
		lo = MIN(lo, r->base.v);
		hi = MAX(hi, r->base.v + r->size);
		b->nr--;
		b->range[i] = b->range[b->nr];
	}
	if (b->nr == FLUSH_BATCH_RANGES) {
		b->all = true;
		return;
	}
	b->range[b->nr].base = GPA(lo);
	b->range[b->nr].size = hi - lo;
	b->nr++;
}
