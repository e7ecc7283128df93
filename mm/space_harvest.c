/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty logs: get, harvest, clear. The harvest's half of rules M1 and M2 (the other, and the
 * argument, is in space_fault.c).
 *
 * It must never answer before the pages whose bits it took are write-protected in every TLB, nor
 * clear a bit that the caller does not get to see.
 *
 * The caller's bitmap may lie in its guest's memory: it may change at any moment, so each word is
 * read once and nothing that is written is read back.
 */
#include <cleave/errno.h>
#include "mm/bits.h"
#include "mm/rules.h"
#include "mm/space.h"

/*
 * Work units: one is about what protecting a 4 KiB page costs. A span over a huge leaf is no work
 * but its own.
 */
#define HARVEST_UNITS_TABLE ((s64)GSTAGE_ENTRIES)
#define HARVEST_WORD_BYTES  ((u64)DIRTY_WORD_PAGES << PAGE_SHIFT)

/**
 * struct harvest_step - one call's work on pages whose bits were taken
 * @it: finds entries
 * @entry: the first entry of a 4 KiB table that was found, or the huge leaf, so that most words
 * need no walk
 * @from, @to: what @entry is about: addresses that the table or the leaf maps; nothing at first
 * @huge: @entry is a leaf above 4 KiB
 * @run, @run_end: range that waits to go into the batch
 * @taken: bits taken
 * @budget: work units left
 */
struct harvest_step {
	struct space *sp;
	struct region *r;
	struct gstage_iter it;
	u64 *entry;
	u64 from;
	u64 to;
	bool huge;
	struct flush_batch batch;
	u64 run;
	u64 run_end;
	u64 taken;
	s64 budget;
};

/* The region whose log is on. The range was judged by the caller. */
static int space_harvest_region(struct space *sp, u32 region, u64 first, u64 count,
				struct region **out)
{
	struct region *r = space_memory_region(sp, region);

	if (r == NULL)
		return CLV_ERR_NOTFOUND;
	RULE_CHECK(&sp->stats.rules_broken, "M2", dirty_range_ok(r->log.dirty.pages, first, count));
	(void)first;
	(void)count;
	if (r->log.phase != REGION_LOG_ON)
		return CLV_ERR_STATE;
	*out = r;
	return CLV_OK;
}

static void space_harvest_begin(struct harvest_step *step, struct space *sp, struct region *r)
{
	step->sp = sp;
	step->r = r;
	step->from = 0;
	step->to = 0;
	step->huge = false;
	step->run = 0;
	step->run_end = 0;
	step->taken = 0;
	step->budget = (s64)sp->cfg.step_pages;
	flush_batch_init(&step->batch);
	gstage_iter_start(&step->it, &sp->gs, r->base, r->size);
}

/* Gather what has to be flushed; ranges that follow each other are one. */
static inline void space_harvest_gather(struct harvest_step *step, u64 gpa, u64 end)
{
	if (gpa != step->run_end) {
		flush_batch_add(&step->batch, GPA(step->run), step->run_end - step->run);
		step->run = gpa;
	}
	step->run_end = end;
}

/*
 * M2: the flush, if any bit was taken, even when no entry had W: a fault may be on its way to grant
 * (space_fault.c).
 */
static void space_harvest_end(struct harvest_step *step, u64 first, u64 count)
{
	struct space *sp = step->sp;

	if (step->taken == 0U)
		return;
	space_harvest_gather(step, 0, 0);
	RULE_CHECK(&sp->stats.rules_broken, "M2", !flush_batch_empty(&step->batch));
	flush_remote(sp, &step->batch);
	space_count(&sp->stats.flushes, 1);
	space_count(&sp->stats.pages_reported, step->taken);
	(void)atomic_add(&step->r->log.dirty.set, (u64)0 - step->taken);
	rules_check_protected(&sp->stats.rules_broken, &sp->gs, step->r, first, count);
}

/*
 * Take W from the entries of pages @mask; the entry of the mask's bit 0 is @table[@first], which
 * for a word that begins before the table is a number below 0, modulo 2^64. The caller has a write
 * barrier between H1 and this.
 * Return: how many.
 */
static inline u64 space_harvest_protect_pages(u64 *table, u64 first, u64 mask)
{
	u64 n = 0;

	if (mask == ~UINT64_C(0)) {
		gstage_protect_run(&table[first], DIRTY_WORD_PAGES);
		return DIRTY_WORD_PAGES;
	}
	for (u64 rest = mask; rest != 0U; rest &= rest - 1U) {
		(void)atomic_and_relaxed(&table[first + bits_lowest(rest)], ~GSTAGE_PTE_W);
		n++;
	}
	return n;
}

/*
 * Protect the huge leaf of the step whole, and flush it whole. What it maps beside the pages taken
 * keeps its bits: a write to those faults, and is granted.
 *
 * W is taken again after each H1, although once a leaf looks enough: with an empty pool a fault may
 * mark the whole leaf and give W between two of our spans, and must lose it to the second (M1). And
 * a fault may have split the leaf since: then the page that it marked and granted is in the table,
 * and we have to look there.
 *
 * Return: false when the leaf is a table now.
 */
static inline bool space_harvest_protect_huge(struct harvest_step *step)
{
	if (!gstage_pte_is_leaf(atomic_and(step->entry, ~GSTAGE_PTE_W)))
		return false;
	if (step->run_end != step->to)
		space_harvest_gather(step, step->from, step->to);
	return true;
}

/*
 * Eager logs: split the leaf at the iterator down to 4 KiB. Return: false when the pool is empty
 * (M5: it stays as it is).
 */
static bool space_harvest_split(struct harvest_step *step)
{
	struct space *sp = step->sp;
	struct gstage_iter *it = &step->it;

	while (it->level > 0U && gstage_pte_is_leaf(it->pte)) {
		enum gstage_split_result split =
			gstage_split(&sp->gs, &sp->pool, it->slot, it->level, it->pte, 0);

		if (split == GSTAGE_SPLIT_NO_TABLE)
			return false;
		if (split == GSTAGE_SPLIT_DONE)
			space_count(&sp->stats.eager_splits, 1);
		step->budget -= HARVEST_UNITS_TABLE;
		gstage_iter_refresh(it);
	}
	return true;
}

/* Find what maps @gpa, and keep it in the step. Eager logs split it first. */
static void space_harvest_seek(struct harvest_step *step, u64 gpa)
{
	struct gstage_iter *it = &step->it;
	u64 span;

	gstage_iter_seek(it, gpa);
	if (it->level > 0U && step->r->log.eager)
		(void)space_harvest_split(step);
	step->huge = it->level > 0U;
	span = gstage_span(step->huge ? it->level : 1U);
	step->from = ALIGN_DOWN(gpa, span);
	step->to = step->from + span;
	step->entry = step->huge ? it->slot : it->slot - ((gpa - step->from) >> PAGE_SHIFT);
}

/* One page is flushed alone; several as the whole stretch that holds them. */
static __attribute__((noinline)) void space_harvest_gather_word(struct harvest_step *step, u64 gpa,
								u64 mask)
{
	u64 low = gpa + ((u64)bits_lowest(mask) << PAGE_SHIFT);
	bool one = (mask & (mask - 1U)) == 0U;

	space_harvest_gather(step, low,
			     one ? low + PAGE_SIZE : MIN(step->to, gpa + HARVEST_WORD_BYTES));
}

/*
 * H2 for pages of one word, @gpa that of bit 0, in the 4 KiB table of the step. Return: how many.
 */
static inline u64 space_harvest_protect_word(struct harvest_step *step, u64 gpa, u64 mask)
{
	if (!step->batch.all)
		space_harvest_gather_word(step, gpa, mask);
	return space_harvest_protect_pages(step->entry,
					   (gpa >> PAGE_SHIFT) - (step->from >> PAGE_SHIFT), mask);
}

/*
 * H2 for a word that the step's entry does not cover whole, or no longer: part by part. Return: how
 * many.
 */
static __attribute__((noinline)) u64 space_harvest_protect_slow(struct harvest_step *step, u64 gpa,
								u64 mask)
{
	u64 left = mask;

	while (left != 0U) {
		u64 part = left;

		space_harvest_seek(step, gpa + ((u64)bits_lowest(left) << PAGE_SHIFT));
		if (step->to < gpa + HARVEST_WORD_BYTES)
			part &= bits_mask(0, (u32)((step->to - gpa) >> PAGE_SHIFT));
		if (!step->huge)
			(void)space_harvest_protect_word(step, gpa, part);
		else if (!space_harvest_protect_huge(step))
			continue;
		left &= ~part;
	}
	return bits_count(mask);
}

/* H2 for @words words that were taken, the first for the pages at @gpa. Return: how many pages. */
static u64 space_harvest_protect_span(struct harvest_step *step, u64 gpa, const u64 *taken,
				      u64 words)
{
	u64 end = gpa + words * HARVEST_WORD_BYTES;
	u64 n = 0;

	/* After H1; pairs with the acquire of the exchange that grants (S2). */
	smp_wmb();
	if (gpa < step->from || gpa >= step->to)
		space_harvest_seek(step, gpa);
	/* One huge leaf over all of it: once is enough, for all bits have been taken. */
	if (step->huge && end <= step->to && space_harvest_protect_huge(step)) {
		for (u64 i = 0; i < words; i++)
			n += bits_count(taken[i]);
		return n;
	}
	for (u64 i = 0; i < words; i++, gpa += HARVEST_WORD_BYTES) {
		if (taken[i] == 0U)
			continue;
		if (!step->huge && gpa >= step->from && gpa + HARVEST_WORD_BYTES <= step->to)
			n += space_harvest_protect_word(step, gpa, taken[i]);
		else
			n += space_harvest_protect_slow(step, gpa, taken[i]);
	}
	step->budget -= (s64)n;
	return n;
}

/* Some word of [@from, @to) has a bit set. */
static bool space_harvest_any(const struct dirty *d, u64 from, u64 to)
{
	u64 any = 0;

	for (u64 w = from; w < to; w++)
		any |= atomic_read(&d->bits[w]);
	return any != 0U;
}

/* Words of a span that one more turn may take: the budget's worth of pages, at least one word. */
static u64 space_harvest_words(const struct harvest_step *step, u64 words)
{
	u64 most = (u64)MAX(step->budget, 1) / DIRTY_WORD_PAGES;

	return MIN(words, MAX(most, 1U));
}

/*
 * H1 for all words, then H2, of a span whose summary is set.
 * @first, @words: words, all in the span; @in: what to clear, word by word, NULL for all; @out:
 * where to report to, NULL for nowhere
 */
static void space_harvest_take_span(struct harvest_step *step, u64 first, u64 words, const u64 *in,
				    u64 *out)
{
	struct dirty *d = &step->r->log.dirty;
	u64 span = first / DIRTY_SPAN_WORDS;
	u64 span_end = MIN((span + 1U) * DIRTY_SPAN_WORDS, dirty_words(d));
	u64 *bits = &d->bits[first];
	u64 taken[DIRTY_SPAN_WORDS];
	u64 left = 0;
	u64 any = 0;

	/*
	 * The summary first, then the words: mm/dirty.h says why. It is set again if anything is
	 * left.
	 */
	(void)dirty_summary_take(d, span);
	for (u64 i = 0; i < words; i++) {
		/* Once: the caller's guest may change it. */
		u64 want = in != NULL ? atomic_read(&in[i]) : ~UINT64_C(0);
		u64 word = atomic_read(&bits[i]);
		u64 got = word & want;

		if (got != 0U)
			got = atomic_and(&bits[i], ~want) & want;
		left |= word & ~want;
		any |= got;
		taken[i] = got;
		if (out != NULL)
			out[i] = got;
	}
	if (left != 0U || space_harvest_any(d, span * DIRTY_SPAN_WORDS, first) ||
	    space_harvest_any(d, first + words, span_end))
		dirty_summary_set(d, span);
	step->budget -= (s64)DIRTY_SPAN_WORDS;
	if (any != 0U)
		step->taken += space_harvest_protect_span(
			step, step->r->base.v + first * HARVEST_WORD_BYTES, taken, words);
}

/* Take bits of the words [@word, @word_end). Return: end of the words dealt with. */
static u64 space_harvest_take(struct harvest_step *step, u64 word, u64 word_end, const u64 *in,
			      u64 *out)
{
	struct dirty *d = &step->r->log.dirty;
	u64 span_end = (word_end + DIRTY_SPAN_WORDS - 1U) / DIRTY_SPAN_WORDS;
	u64 w = word;

	while (w < word_end && step->budget > 0) {
		u64 span = w / DIRTY_SPAN_WORDS;
		/* A clean span is one unit. */
		u64 clean = dirty_clean_spans(d, span, MIN(span_end, span + (u64)step->budget));
		u64 to = MIN((span + MAX(clean, 1U)) * DIRTY_SPAN_WORDS, word_end);

		if (clean != 0U) {
			if (out != NULL)
				bits_zero(&out[w - word], to - w);
			step->budget -= (s64)clean;
		} else {
			to = w + space_harvest_words(step, to - w);
			space_harvest_take_span(step, w, to - w, in != NULL ? &in[w - word] : NULL,
						out != NULL ? &out[w - word] : NULL);
		}
		w = to;
	}
	return w;
}

/* Pages from @first on that end at word @word, at most @count. */
static s64 space_harvest_pages(u64 first, u64 count, u64 word)
{
	return (s64)MIN(word * DIRTY_WORD_PAGES - first, count);
}

/* Harvest and clear: lock, take, flush, answer. */
static s64 space_harvest_range(struct space *sp, u32 region, u64 first, u64 count, const u64 *in,
			       u64 *out, u64 *dirty)
{
	u64 word = first / DIRTY_WORD_PAGES;
	struct harvest_step step;
	struct region *r = NULL;
	s64 result;

	spin_lock(&sp->lock);
	result = space_harvest_region(sp, region, first, count, &r);
	if (result == CLV_OK) {
		u64 word_end = (first + count + DIRTY_WORD_PAGES - 1U) / DIRTY_WORD_PAGES;

		space_harvest_begin(&step, sp, r);
		result = space_harvest_pages(first, count,
					     space_harvest_take(&step, word, word_end, in, out));
		space_harvest_end(&step, first, (u64)result);
		*dirty = step.taken;
	}
	spin_unlock(&sp->lock);
	return result;
}

s64 space_log_harvest(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap, u64 *dirty)
{
	return space_harvest_range(sp, region, first, count, NULL, bitmap, dirty);
}

s64 space_log_clear(struct space *sp, u32 region, u64 first, u64 count, const u64 *bitmap)
{
	u64 taken;

	return space_harvest_range(sp, region, first, count, bitmap, NULL, &taken);
}

s64 space_log_get(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap)
{
	u64 word = first / DIRTY_WORD_PAGES;
	struct region *r = NULL;
	s64 result;

	spin_lock(&sp->lock);
	result = space_harvest_region(sp, region, first, count, &r);
	if (result == CLV_OK) {
		const struct dirty *d = &r->log.dirty;
		u64 word_end = (first + count + DIRTY_WORD_PAGES - 1U) / DIRTY_WORD_PAGES;
		u64 span_end = (word_end + DIRTY_SPAN_WORDS - 1U) / DIRTY_SPAN_WORDS;
		s64 budget = (s64)sp->cfg.step_pages;
		u64 w = word;

		while (w < word_end && budget > 0) {
			u64 span = w / DIRTY_SPAN_WORDS;
			u64 clean = dirty_clean_spans(d, span, span_end);
			u64 to = MIN((span + MAX(clean, 1U)) * DIRTY_SPAN_WORDS, word_end);

			if (clean != 0U)
				bits_zero(&bitmap[w - word], to - w);
			for (; clean == 0U && w < to; w++)
				bitmap[w - word] = atomic_read(&d->bits[w]);
			budget -= (s64)MAX(clean, 1U);
			w = to;
		}
		result = space_harvest_pages(first, count, w);
	}
	spin_unlock(&sp->lock);
	return result;
}
