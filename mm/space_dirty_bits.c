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
 * Clear D in the @n entries from @slot on, 64 at most.
 * Return: a bit for each entry, the first one's in bit 0: set where D was set.
 *
 * Most tables of a guest are clean, and this is all that a harvest does with them. So eight entries
 * are looked at at once: 2.4 instructions for an entry.
 */
static u64 space_dirty_bits_take(u64 *slot, u32 n)
{
	u64 mask = 0;

	for (u32 i = 0; i < n; i++) {
		if (i % 8U == 0U && n - i >= 8U &&
		    ((atomic_read(&slot[i]) | atomic_read(&slot[i + 1U]) |
		      atomic_read(&slot[i + 2U]) | atomic_read(&slot[i + 3U]) |
		      atomic_read(&slot[i + 4U]) | atomic_read(&slot[i + 5U]) |
		      atomic_read(&slot[i + 6U]) | atomic_read(&slot[i + 7U])) &
		     GSTAGE_PTE_D) == 0U) {
			i += 7U;
			continue;
		}
		if ((atomic_read(&slot[i]) & GSTAGE_PTE_D) != 0U) {
			(void)atomic_and_relaxed(&slot[i], ~GSTAGE_PTE_D);
			mask |= BIT64(i);
		}
	}
	return mask;
}

/*
 * Move D of the present leaf, which is larger than 4 KiB, into the bits of all its pages. The
 * harvest takes those that it was asked for, and the others stay.
 * Return: pages from @page, which it maps, to its end.
 */
static u64 space_dirty_bits_huge(struct harvest_step *step, u64 page)
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
	return ((from - r->base.v + span) >> PAGE_SHIFT) - page;
}

/* Move D of the pages of a table from @page on into their bits. Return: how many pages. */
static u64 space_dirty_bits_table(struct harvest_step *step, u64 page, u64 end)
{
	struct dirty *d = &step->r->log.dirty;
	u64 n = MIN(gstage_iter_rest(&step->it), DIRTY_WORD_PAGES - page % DIRTY_WORD_PAGES);
	u64 mask;

	n = MIN(n, end - page);
	mask = space_dirty_bits_take(step->it.slot, (u32)n);
	step->budget -= HARVEST_UNITS_LOOK;
	if (mask != 0U) {
		dirty_mark_word(d, page / DIRTY_WORD_PAGES, mask << (page % DIRTY_WORD_PAGES));
		dirty_summary_set(d, page / DIRTY_SPAN_PAGES);
		space_harvest_gather(step, step->it.gpa, step->it.gpa + (n << PAGE_SHIFT));
		step->cleared = true;
		step->budget -= (s64)n;
	}
	return n;
}

u64 space_dirty_bits_look(struct harvest_step *step, u64 word, u64 word_end)
{
	struct gstage_iter *it = &step->it;
	u64 first = word * DIRTY_WORD_PAGES;
	u64 end = MIN(word_end * DIRTY_WORD_PAGES, step->r->log.dirty.pages);
	u64 page = first;
	s64 rest = step->budget / 4;

	spin_assert_held(&step->sp->lock);
	while (page < end &&
	       (page == first || page % DIRTY_WORD_PAGES != 0U || step->budget > rest)) {
		gstage_iter_seek(it, step->r->base.v + (page << PAGE_SHIFT));
		if (it->level > 0U && step->r->log.eager)
			space_harvest_split(step);
		page += it->level > 0U ? space_dirty_bits_huge(step, page)
				       : space_dirty_bits_table(step, page, end);
	}
	/* At least one word is taken: a caller that gets nothing would never come to an end. */
	step->budget = MAX(step->budget, 1);
	return MIN((page + DIRTY_WORD_PAGES - 1U) / DIRTY_WORD_PAGES, word_end);
}
