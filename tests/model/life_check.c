/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold in a space's life, whatever it went through. Nothing here asks the code.
 *
 * - M1: as long as a log is on, each page is marked, or part of a harvest that has not answered, or
 *   write-protected in the tables and in all that a hart holds, unless that hart has to fence
 *   before it runs a guest again.
 * - M2: what was written since it was copied, after an answer, is marked, or in such a harvest.
 * - M3, M4: at every moment a page of memory translates, and to the same place, also through what a
 *   hart still holds of the tables.
 */
#include <string.h>
#include "tests/model/life_internal.h"

/* Is the page marked? Bits and whole spans, as mm/dirty.h describes them. */
static bool life_check_marked(const struct life_region *r, u64 page)
{
	const struct dirty *d = &life.sp.region[r->id].log.dirty;
	u64 bit = d->bits[page / 64] >> (page % 64);
	u64 whole = d->whole[page / 512 / 64] >> (page / 512 % 64);

	return ((bit | whole) & 1) != 0;
}

static bool life_check_summed(const struct life_region *r, u64 page)
{
	const struct dirty *d = &life.sp.region[r->id].log.dirty;

	return (d->summary[page / 512 / 64] >> (page / 512 % 64) & 1) != 0;
}

/* Is nobody in the middle of an act? */
static bool life_check_quiet(void)
{
	bool busy = false;

	for (u32 i = 0; i < HISTORY_ACTORS; i++)
		busy |= life.actor[i].fiber.busy;
	return !busy;
}

/* What nobody marks stays clear, and no mark is where a harvest does not look (mm/dirty.h). */
static void life_check_bits(const struct life_region *r, u64 page)
{
	if (!life_check_marked(r, page) || !life_check_quiet())
		return;
	MUST(r->on || r->starting || r->stopping);
	MUST(life_check_summed(r, page));
}

/* LOG_STATUS has no more pages than there are, and no fewer. Whole spans may count twice. */
static void life_check_count(const struct life_region *r)
{
	u64 bits = 0;

	for (u64 page = 0; page < r->pages; page++)
		bits += life_check_marked(r, page) ? 1U : 0U;
	MUST(bits <= dirty_count(&life.sp.region[r->id].log.dirty));
	MUST(life.history->spare != 0U || bits == dirty_count(&life.sp.region[r->id].log.dirty));
}

void life_check_found(u64 gpa, const struct hart_tlb_leaf *leaf)
{
	u64 expected = life_expect(gpa);

	MUST(expected != 0U);
	MUST(leaf->pa + (gpa - leaf->lo) == expected);
}

/* Is the page one that must be protected and copied? */
static bool life_check_clean(const struct life_region *r, u64 page)
{
	return r->on && r->answering == 0U && !life_check_marked(r, page - r->first);
}

void life_check_page(u64 page)
{
	const struct life_region *r = life_page_region(page);
	u64 gpa = life_gpa(page);
	struct walker_leaf leaf;

	MUST(walker_walk(&life.walker, gpa, &leaf) == WALKER_LEAF);
	MUST(leaf.pa == r->hpa + (gpa - r->base) && leaf.read && leaf.fetch);
	life_check_bits(r, page - r->first);
	if (!life_check_clean(r, page))
		return;
	MUST(!leaf.write);
	MUST(life.touched[page] == 0U || *life_content(page) == life.copied[page]);
	for (u32 i = 0; i < HISTORY_HARTS; i++) {
		const struct life_hart *h = &life.hart[i];

		for (u32 n = 0; n < h->tlb.leaves && !h->owes; n++)
			MUST(!h->tlb.leaf[n].write || gpa < h->tlb.leaf[n].lo ||
			     gpa >= h->tlb.leaf[n].hi);
	}
}

/* A walk has found a leaf for @gpa: is it one that a hart may use? */
static void life_check_walked(u64 gpa, const struct walker_leaf *leaf)
{
	MUST(leaf->pa == life_expect(gpa));
	for (u32 i = 0; i < LIFE_REGIONS && leaf->write; i++) {
		const struct life_region *r = &life.region[i];

		if (gpa - r->base < r->pages << 12)
			MUST(!life_check_clean(r, r->first + ((gpa - r->base) >> 12)));
	}
}

/* At every moment a window's page leads nowhere, or to where it shall. */
static void life_check_window(const struct life_window *w)
{
	u64 gpa = w->base + ((mm_random(&life.random) % (LIFE_WINDOW_SIZE >> 12)) << 12);
	struct walker_leaf leaf;

	for (u32 i = 0; i < 2U; i++, gpa = w->base) {
		enum walker_answer answer = walker_walk(&life.walker, gpa, &leaf);

		MUST(answer == WALKER_LEAF || answer == WALKER_NOTHING);
		if (answer == WALKER_LEAF)
			life_check_walked(gpa, &leaf);
	}
}

/* Does a pointer that is held lead to a table that is still linked there? */
static bool life_check_linked(const struct hart_tlb_entry *e)
{
	struct walker_leaf leaf;
	u64 table = life.walker.root;

	for (unsigned level = life.walker.levels; level-- > e->level;) {
		u64 entry = walker_read(&life.walker, table, e->gpa, level);

		if (walker_judge(entry, e->gpa, level, &table, &leaf) != WALKER_POINTER)
			return false;
	}
	return table == e->table;
}

/*
 * A hart may begin a walk at a pointer that it holds at any time: to its first page, and to any
 * other.
 */
static void life_check_pointer(const struct hart_tlb_entry *e)
{
	u64 span = UINT64_C(4096) << (9U * e->level);
	u64 gpas[2] = { e->gpa, e->gpa + (mm_random(&life.random) % span & ~UINT64_C(4095)) };

	for (u32 i = 0; i < ARRAY_SIZE(gpas); i++) {
		enum walker_answer answer = WALKER_POINTER;
		u64 table = e->table;
		struct walker_leaf leaf;

		for (unsigned level = e->level; level-- > 0 && answer == WALKER_POINTER;)
			answer = walker_judge(walker_read(&life.walker, table, gpas[i], level),
					      gpas[i], level, &table, &leaf);
		MUST(answer == WALKER_LEAF ||
		     (answer == WALKER_NOTHING && !life_is_memory(gpas[i])));
		if (answer == WALKER_LEAF)
			life_check_walked(gpas[i], &leaf);
	}
}

void life_check_hart(const struct life_hart *h)
{
	if (h->owes)
		return;
	for (u32 i = 0; i < h->tlb.leaves; i++) {
		const struct hart_tlb_leaf *leaf = &h->tlb.leaf[i];
		u64 pages = (leaf->hi - leaf->lo) >> 12;
		u64 at = leaf->lo + ((mm_random(&life.random) % pages) << 12);

		life_check_found(at, leaf);
		for (u32 n = 0; n < LIFE_REGIONS && leaf->write; n++) {
			const struct life_region *r = &life.region[n];

			if (at - r->base < r->pages << 12)
				life_check_page(r->first + ((at - r->base) >> 12));
		}
	}
	for (u32 i = 0; i < h->tlb.pointers; i++)
		life_check_pointer(&h->tlb.pointer[i]);
	/* A call that takes tables out fences all before it returns. */
	for (u32 i = 0; i < h->tlb.pointers && !life.actor[0].fiber.busy; i++)
		MUST(life_check_linked(&h->tlb.pointer[i]));
}

void life_check_some(const struct history_act *act, u64 n)
{
	/* From the act alone, so that a history fails alike when others are taken out of it. */
	life.random = act->seed;
	for (u32 i = 0; i < 4U; i++)
		life_check_page(mm_random(&life.random) % life.pages);
	for (u32 i = 0; i < HISTORY_HARTS; i++)
		life_check_hart(&life.hart[i]);
	for (u32 i = 0; i < LIFE_WINDOWS; i++)
		life_check_window(&life.window[i]);
	for (u32 i = 0; i < LIFE_REGIONS && n % 64U == 63U && life_check_quiet(); i++) {
		if (life.region[i].on)
			life_check_count(&life.region[i]);
	}
	if (n % 512U != 511U)
		return;
	for (u64 page = 0; page < life.pages; page++)
		life_check_page(page);
	MUST(life.sp.stats.rules_broken == 0U);
}

void life_check_copy(const struct life_region *r)
{
	for (u64 page = r->first; page < r->first + r->pages; page++)
		MUST(life.touched[page] == 0U || *life_content(page) == life.copied[page]);
}

void life_check_leaves(struct life_region *r)
{
	u64 leaves[3];

	mm_leaves(&life.sp, r->id, leaves);
	MUST(memcmp(leaves, r->leaves, sizeof(leaves)) == 0);
}
