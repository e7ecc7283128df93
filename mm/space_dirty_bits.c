/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty logs of D bits: reading and clearing what the harts have set in the leaves.
 *
 * A hart sets D by an atomic update before its store can be seen (privileged specification,
 * "Svadu"), or it faults, and mm/space_fault.c sets D before the store is tried again; and the leaf
 * never loses W. So each page that was written has D, or its bit, or is part of a harvest that has
 * not answered: a hart whose TLB holds D from before writes without setting it again until the
 * flush of this step, and until then the step has not answered (M1, M2).
 *
 * It must never clear a D whose page does not get its bit.
 */
#include "mm/space_harvest.h"

/*
 * Clear D in the entries from @slot to @end, 64 at most.
 * Return: a bit for each entry, the first one's in bit 0: set where D was set.
 *
 * Most tables of a guest are clean, and this is all that a harvest does with them. So eight entries
 * are looked at at once.
 */
static u64 space_dirty_bits_take(u64 *slot, const u64 *end)
{
	u64 mask = 0;
	u64 bit = 1;

	while (slot != end) {
		if (end - slot >= 8 &&
		    ((atomic_read(&slot[0]) | atomic_read(&slot[1]) | atomic_read(&slot[2]) |
		      atomic_read(&slot[3]) | atomic_read(&slot[4]) | atomic_read(&slot[5]) |
		      atomic_read(&slot[6]) | atomic_read(&slot[7])) &
		     GSTAGE_PTE_D) == 0U) {
			slot += 8;
			bit <<= 8;
			continue;
		}
		if ((atomic_read(slot) & GSTAGE_PTE_D) != 0U) {
			(void)atomic_and_relaxed(slot, ~GSTAGE_PTE_D);
			mask |= bit;
		}
		slot++;
		bit <<= 1;
	}
	return mask;
}

/*
 * Move D of the present leaf, which is larger than 4 KiB, into the bits of all its pages. The
 * harvest takes those that it was asked for, and the others stay.
 * Return: the page after its last one.
 */
static u64 space_dirty_bits_huge(struct harvest_step *step)
{
	struct gstage_iter *it = &step->it;
	struct region *r = step->r;
	u64 span = gstage_span(it->level);
	u64 from = ALIGN_DOWN(it->gpa, span);

	step->budget -= HARVEST_UNITS_SPAN;
	/* Nothing but memory of the region is in the leaf: gstage_map() fits leaves to regions. */
	if (gstage_pte_is_leaf(it->pte) && (atomic_read(it->slot) & GSTAGE_PTE_D) != 0U) {
		(void)atomic_and_relaxed(it->slot, ~GSTAGE_PTE_D);
		dirty_mark_range(&r->log.dirty, region_page(r, GPA(from)), span >> PAGE_SHIFT);
		space_harvest_gather(step, from, from + span);
		step->cleared = true;
		step->budget -= HARVEST_UNITS_MARK_HUGE;
	}
	return (from - r->base.v + span) >> PAGE_SHIFT;
}

/* M6: may the look go on at @page? It stops between words of the bitmap, once @rest is left. */
static bool space_dirty_bits_goes_on(const struct harvest_step *step, u64 page, s64 rest)
{
	return page % DIRTY_WORD_PAGES != 0U || step->budget > rest;
}

/*
 * Move D of the pages of the present table, from @page to @end at most, into their bits.
 * Return: the page after the last one.
 */
static u64 space_dirty_bits_table(struct harvest_step *step, u64 page, u64 end, s64 rest)
{
	struct dirty *d = &step->r->log.dirty;
	u64 *slot = step->it.slot;
	u64 to = MIN(end, page + gstage_iter_rest(&step->it));

	do {
		u64 n = MIN(to - page, DIRTY_WORD_PAGES - page % DIRTY_WORD_PAGES);
		u64 mask = space_dirty_bits_take(slot, slot + n);
		u64 gpa = step->r->base.v + (page << PAGE_SHIFT);

		step->budget -= HARVEST_UNITS_LOOK;
		if (mask != 0U) {
			dirty_mark_word(d, page / DIRTY_WORD_PAGES,
					mask << (page % DIRTY_WORD_PAGES));
			dirty_summary_set(d, page / DIRTY_SPAN_PAGES);
			space_harvest_gather(step, gpa, gpa + (n << PAGE_SHIFT));
			step->cleared = true;
			step->budget -= (s64)n;
		}
		slot += n;
		page += n;
	} while (page != to && space_dirty_bits_goes_on(step, page, rest));
	return page;
}

u64 space_dirty_bits_look(struct harvest_step *step, u64 word, u64 word_end)
{
	struct gstage_iter *it = &step->it;
	u64 first = word * DIRTY_WORD_PAGES;
	u64 end = MIN(word_end * DIRTY_WORD_PAGES, step->r->log.dirty.pages);
	u64 page = first;
	s64 rest = step->budget / 4;

	spin_assert_held(&step->sp->lock);
	while (page < end && (page == first || space_dirty_bits_goes_on(step, page, rest))) {
		gstage_iter_seek(it, step->r->base.v + (page << PAGE_SHIFT));
		if (it->level > 0U && step->r->log.eager)
			space_harvest_split(step);
		page = it->level > 0U ? space_dirty_bits_huge(step)
				      : space_dirty_bits_table(step, page, end, rest);
	}
	/* At least one word is taken: a caller that gets nothing would never come to an end. */
	step->budget = MAX(step->budget, 1);
	return MIN((page + DIRTY_WORD_PAGES - 1U) / DIRTY_WORD_PAGES, word_end);
}
