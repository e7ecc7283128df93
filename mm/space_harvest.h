/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a step of a harvest keeps, for the two files that work on it: mm/space_harvest.c takes bits
 * and write-protects, mm/space_dirty_bits.c reads what harts have set.
 */
#ifndef MM_SPACE_HARVEST_H
#define MM_SPACE_HARVEST_H

#include "mm/space.h"

/*
 * M6 counts work units, of which a step has 2,048 at most. It takes fewer than 50,000 instructions
 * (T2), so a unit is up to 24 of them. Protecting a 4 KiB page is one. A span whose pages are
 * mapped by a huge leaf costs nothing beyond its own words.
 */
#define HARVEST_UNITS_TABLE  ((s64)GSTAGE_ENTRIES)
#define HARVEST_UNITS_SPAN   28 /* the words of a span, finding their entries, gathering */
#define HARVEST_UNITS_SPREAD 16
#define HARVEST_UNITS_LOOK   10 /* at the D bits of a word's entries */
/* Marking a leaf of 1 GiB whole: a few instructions for each of 512 spans */
#define HARVEST_UNITS_MARK_HUGE 64
#define HARVEST_WORD_BYTES	((u64)DIRTY_WORD_PAGES << PAGE_SHIFT)

/**
 * struct harvest_step - what one call does to pages whose bits it took
 * @sp: the space, whose lock is held
 * @r: the region
 * @it: finds entries
 * @entry: the first entry of the 4 KiB table that was found last, or the huge leaf; most words need
 *         no other walk
 * @from, @to: addresses that this table or leaf maps; none at first
 * @huge: @entry is a leaf larger than 4 KiB
 * @dirty_bits: the log is one of D bits
 * @cleared: D has been taken from an entry
 * @batch: what has to be flushed
 * @run, @run_end: range that has not been added to the batch yet, because more may follow it
 * @taken: number of bits taken
 * @budget: work units that are left
 */
struct harvest_step {
	struct space *sp;
	struct region *r;
	struct gstage_iter it;
	u64 *entry;
	u64 from;
	u64 to;
	bool huge;
	bool dirty_bits;
	bool cleared;
	struct flush_batch batch;
	u64 run;
	u64 run_end;
	u64 taken;
	s64 budget;
};

/* Gather what has to be flushed. Ranges that follow one another become one. */
static inline void space_harvest_gather(struct harvest_step *step, u64 gpa, u64 end)
{
	if (gpa != step->run_end) {
		flush_batch_add(&step->batch, GPA(step->run), step->run_end - step->run);
		step->run = gpa;
	}
	step->run_end = end;
}

/**
 * space_harvest_split() - split the present leaf down to 4 KiB, under the space's lock
 *
 * With an empty pool it stays as large as it is (M5).
 */
void space_harvest_split(struct harvest_step *step);

/**
 * space_dirty_bits_look() - move what the harts have set into the bitmap, in a log of D bits
 * @word, @word_end: words of the bitmap to look at, as far as three quarters of the budget go. The
 *	rest is for taking the bits
 *
 * Under the space's lock. The caller flushes if @step->cleared is true afterwards, before it
 * answers (M2).
 *
 * Return: the word after the last one.
 */
u64 space_dirty_bits_look(struct harvest_step *step, u64 word, u64 word_end);

#endif
