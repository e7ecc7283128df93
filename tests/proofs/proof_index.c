/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index arithmetic of each mode (privileged specification, "Guest Physical Address
 * Translation": Sv39x4, Sv48x4 and Sv57x4 translate 41, 50 and 59 bits, and the root's index has
 * two bits more). For any address below the limit, the indices of all levels and the offset are the
 * address, each index lies in its table, and a walk of a range ends its turn in a table at the end
 * of that table or of the range, whichever comes first.
 *
 * cbmc: mm/gstage.c mm/bits.c --unwind 6
 */
#include "mm/gstage.h"

u64 nondet_u64(void);
u32 nondet_u32(void);

/* Put the address together again from what each level takes of it. */
static void check_indices(const struct gstage *gs, u64 gpa)
{
	u64 whole = gpa & PAGE_MASK;

	for (u32 level = 0; level < gs->levels; level++) {
		u64 index = gstage_index(gs, level, gpa);

		__CPROVER_assert(index < (level + 1U == gs->levels ? 2048U : 512U), "in its table");
		whole |= index << (12U + 9U * level);
	}
	__CPROVER_assert(whole == gpa, "the indices are the address");
}

/* gstage_iter_rest() at any entry on the way to @gpa, in a range that ends at @end */
static void check_rest(const struct gstage *gs, u64 gpa, u64 end)
{
	struct gstage_iter it = { .gs = gs, .gpa = gpa, .end = end, .level = nondet_u32() };
	u64 rest;
	u64 after;

	__CPROVER_assume(it.level < gs->levels);
	rest = gstage_iter_rest(&it);
	after = ALIGN_DOWN(gpa, gstage_span(it.level)) + (rest << gstage_shift(it.level));
	__CPROVER_assert(rest >= 1U, "the present entry at least");
	__CPROVER_assert(gstage_index(gs, it.level, gpa) + rest <=
				 (it.level + 1U == gs->levels ? 2048U : 512U),
			 "not beyond the table");
	__CPROVER_assert(after - gstage_span(it.level) < end, "the last entry holds a byte of it");
	__CPROVER_assert(after >= end || it.level + 1U == gs->levels ||
				 IS_ALIGNED(after, gstage_span(it.level + 1U)),
			 "up to the end of the one or the other");
}

int main(void)
{
	u32 levels = nondet_u32();
	u64 gpa = nondet_u64();
	u64 end = nondet_u64();
	struct gstage gs = { .levels = levels };

	__CPROVER_assume(levels >= GSTAGE_MIN_LEVELS && levels <= GSTAGE_MAX_LEVELS);
	gs.limit = (u64)GSTAGE_ROOT_ENTRIES << gstage_shift(levels - 1U);
	__CPROVER_assert(gstage_limit(&gs) == UINT64_C(1) << (41U + 9U * (levels - 3U)),
			 "41, 50 or 59 bits");
	__CPROVER_assume(gpa < gstage_limit(&gs) && end > gpa && end <= gstage_limit(&gs));
	check_indices(&gs, gpa);
	check_rest(&gs, gpa, end);
	return 0;
}
