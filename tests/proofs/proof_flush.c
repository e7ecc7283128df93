/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * M2 and M7 for any two ranges that are added to a flush batch: the batch covers every byte of them
 * and nothing else, and its ranges neither overlap nor touch.
 *
 * cbmc: mm/flush.c --unwind 4
 */
#include "mm/flush.h"

u64 nondet_u64(void);

#define ADDS 2U

/* Page numbers of 16 bits keep the solver fast. The code does not depend on a width. */
static u64 any_page(void)
{
	u64 page = nondet_u64();

	__CPROVER_assume(page < (UINT64_C(1) << 16));
	return page << PAGE_SHIFT;
}

static bool covers(const struct flush_batch *b, u64 at)
{
	for (u32 i = 0; i < b->nr; i++) {
		if (at >= b->range[i].base.v && at - b->range[i].base.v < b->range[i].size)
			return true;
	}
	return b->all;
}

int main(void)
{
	struct flush_batch b;
	u64 base[ADDS];
	u64 size[ADDS];
	u64 at = nondet_u64() & (GIB(1) - 1U);
	bool added = false;

	flush_batch_init(&b);
	for (u32 i = 0; i < ADDS; i++) {
		base[i] = any_page();
		size[i] = any_page();
		flush_batch_add(&b, GPA(base[i]), size[i]);
		added = added || (at >= base[i] && at - base[i] < size[i]);
	}
	__CPROVER_assert(covers(&b, at) == added, "covered exactly when added");
	__CPROVER_assert(b.nr <= ADDS && !b.all, "they fit");
	for (u32 i = 0; i < b.nr; i++) {
		for (u32 j = 0; j < i; j++) {
			const struct flush_range *x = &b.range[i];
			const struct flush_range *y = &b.range[j];

			__CPROVER_assert(x->base.v + x->size < y->base.v ||
						 y->base.v + y->size < x->base.v,
					 "ranges are apart");
		}
	}
	return 0;
}
