/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty logs: get, harvest and clear. This is the harvest's half of rules M1 and M2. The head of
 * mm/space_fault.c has the other half, names the steps H1 to H4, and says why they are right.
 *
 * It must never answer before the pages whose bits it took are write-protected in every TLB, and
 * never clear a bit that the caller does not get to see (M2).
 *
 * The caller's bitmap may lie in the memory of its guest, and so may change at any moment. Each
 * word is read once, and nothing that was written is read back.
 */
#include <cleave/errno.h>
#include "mm/bits.h"
#include "mm/rules.h"
#include "mm/space.h"
#include "mm/space_harvest.h"

/* Find the region, whose log must be on. The caller has judged the range: dirty_range_ok(). */
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
	step->dirty_bits = r->log.mode == CLEAVE_LOG_DIRTY_BITS;
	step->cleared = false;
	step->run = 0;
	step->run_end = 0;
	step->taken = 0;
	step->budget = sp->cfg.step_pages;
	flush_batch_init(&step->batch);
	gstage_iter_start(&step->it, &sp->gs, r->base, r->size);
}

static void space_harvest_flush(struct harvest_step *step)
{
	struct space *sp = step->sp;

	space_harvest_gather(step, 0, 0);
	RULE_CHECK(&sp->stats.rules_broken, "M2", !flush_batch_empty(&step->batch));
	flush_remote(sp, &step->batch);
	space_count(&sp->stats.flushes, 1);
}

/*
 * H3, for M2: flush if any bit was taken, even when no entry had W. A fault may be about to grant
 * (mm/space_fault.c). In a log of D bits, what a fault grants has W for good, and the write that
 * follows sets D; so there only a D that was cleared asks for a flush.
 */
static void space_harvest_end(struct harvest_step *step, u64 first, u64 count)
{
	struct space *sp = step->sp;

	if (step->dirty_bits ? step->cleared : step->taken != 0U)
		space_harvest_flush(step);
	if (step->taken == 0U)
		return;
	space_count(&sp->stats.pages_reported, step->taken);
	(void)atomic_add(&step->r->log.dirty.set, (u64)0 - step->taken);
	if (!step->dirty_bits)
		rules_check_protected(&sp->stats.rules_broken, &sp->gs, step->r, first, count);
}

/*
 * H2: take W from the entries of the pages @mask. @table[@first] is the entry of the mask's bit 0.
 * For a word that begins before the table, @first is negative, modulo 2^64. The caller has put a
 * write barrier between H1 and this.
 *
 * Return: number of entries.
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
 * H2 for the huge leaf of the step: protect all of it, and have all of it flushed. The other pages
 * that it maps keep their bits; a write to one of them faults and is granted.
 *
 * W is taken after each H1, although once for the leaf might seem enough. With an empty pool a
 * fault may mark the whole leaf and add W between two of our spans, and must lose it to the second
 * (M1). And a fault may have split the leaf in the meantime. Then the page that it marked and
 * granted is in the table, and we have to look there.
 *
 * Return: false when the leaf has become a table.
 */
static inline bool space_harvest_protect_huge(struct harvest_step *step)
{
	if (!gstage_pte_is_leaf(atomic_and(step->entry, ~GSTAGE_PTE_W)))
		return false;
	if (step->run_end != step->to)
		space_harvest_gather(step, step->from, step->to);
	return true;
}

void space_harvest_split(struct harvest_step *step)
{
	struct space *sp = step->sp;
	struct gstage_iter *it = &step->it;

	spin_assert_held(&sp->lock);
	while (it->level > 0U && gstage_pte_is_leaf(it->pte)) {
		enum gstage_split_result split =
			gstage_split(&sp->gs, &sp->pool, it->slot, it->level, it->pte, 0);

		if (split == GSTAGE_SPLIT_NO_TABLE)
			return;
		if (split == GSTAGE_SPLIT_DONE)
			space_count(&sp->stats.eager_splits, 1);
		step->budget -= HARVEST_UNITS_TABLE;
		gstage_iter_refresh(it);
	}
}

/* Find what maps @gpa, and keep it in the step. In an eager log a huge leaf is split first. */
static void space_harvest_seek(struct harvest_step *step, u64 gpa)
{
	struct gstage_iter *it = &step->it;
	u64 span;

	gstage_iter_seek(it, gpa);
	if (it->level > 0U && step->r->log.eager)
		space_harvest_split(step);
	step->huge = it->level > 0U;
	span = gstage_span(step->huge ? it->level : 1U);
	step->from = ALIGN_DOWN(gpa, span);
	step->to = step->from + span;
	step->entry = step->huge ? it->slot : it->slot - ((gpa - step->from) >> PAGE_SHIFT);
}

/* Gather pages of a word: one page alone, several as the stretch that holds them all. */
static __attribute__((noinline)) void space_harvest_gather_word(struct harvest_step *step, u64 gpa,
								u64 mask)
{
	u64 low = gpa + ((u64)bits_lowest(mask) << PAGE_SHIFT);
	bool one = (mask & (mask - 1U)) == 0U;

	space_harvest_gather(step, low,
			     one ? low + PAGE_SIZE : MIN(step->to, gpa + HARVEST_WORD_BYTES));
}

/*
 * H2 for pages of one word that are in the 4 KiB table of the step. @gpa is the address of bit 0.
 * Return: number of pages.
 */
static inline u64 space_harvest_protect_word(struct harvest_step *step, u64 gpa, u64 mask)
{
	if (!step->batch.all)
		space_harvest_gather_word(step, gpa, mask);
	return space_harvest_protect_pages(step->entry,
					   (gpa >> PAGE_SHIFT) - (step->from >> PAGE_SHIFT), mask);
}

/*
 * H2 for a word that what the step has found does not cover whole, or no longer covers: part by
 * part. Return: number of pages.
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

static u64 space_harvest_count(const u64 *taken, u64 words)
{
	u64 n = 0;

	for (u64 i = 0; i < words; i++)
		n += bits_count(taken[i]);
	return n;
}

/* H2 for @words words that were taken, the first for pages at @gpa. Return: number of pages. */
static u64 space_harvest_protect_span(struct harvest_step *step, u64 gpa, const u64 *taken,
				      u64 words)
{
	u64 end = gpa + words * HARVEST_WORD_BYTES;
	u64 n = 0;

	/* Between H1 and H2. Pairs with the acquire of the exchange that grants (S2). */
	smp_wmb();
	if (gpa < step->from || gpa >= step->to)
		space_harvest_seek(step, gpa);
	/* One huge leaf maps all of it. Once is enough here: all bits have been taken. */
	if (step->huge && end <= step->to && space_harvest_protect_huge(step))
		return space_harvest_count(taken, words);
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

/* Return: true when a word of [@from, @to) has a bit set. */
static bool space_harvest_any(const struct dirty *d, u64 from, u64 to)
{
	u64 any = 0;

	for (u64 w = from; w < to; w++)
		any |= atomic_read(&d->bits[w]);
	return any != 0U;
}

/* Return: number of words, of @words at most, that the budget allows; at least one (M6). */
static u64 space_harvest_words(const struct harvest_step *step, u64 words)
{
	u64 most = (u64)MAX(step->budget, 1) / DIRTY_WORD_PAGES;

	return MIN(words, MAX(most, 1U));
}

/*
 * H1 for all words of a span whose summary bit is set, and then H2.
 * @first, @words: words, all in one span
 * @in: which bits to take, word by word; NULL: all
 * @out: where to report them; NULL: nowhere
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
	 * The summary bit first, and then the words: mm/dirty.h says why. It is set again if any
	 * bit is left.
	 */
	(void)dirty_summary_take(d, span);
	if (dirty_spread(d, span))
		step->budget -= HARVEST_UNITS_SPREAD;
	for (u64 i = 0; i < words; i++) {
		/* Read it once: the caller's guest may change it. */
		u64 want = in != NULL ? atomic_read(&in[i]) : ~UINT64_C(0);
		u64 word = atomic_read(&bits[i]);
		u64 got = word & want;

		if (got != 0U)
			got = dirty_take(&bits[i], want);
		left |= word & ~want;
		any |= got;
		taken[i] = got;
		if (out != NULL)
			out[i] = got;
	}
	if (left != 0U || space_harvest_any(d, span * DIRTY_SPAN_WORDS, first) ||
	    space_harvest_any(d, first + words, span_end))
		dirty_summary_set(d, span);
	step->budget -= HARVEST_UNITS_SPAN;
	if (any == 0U)
		return;
	if (step->dirty_bits)
		step->taken += space_harvest_count(taken, words);
	else
		step->taken += space_harvest_protect_span(
			step, step->r->base.v + first * HARVEST_WORD_BYTES, taken, words);
}

/* Take bits of the words [@word, @word_end). Return: the word after the last one dealt with. */
static u64 space_harvest_take(struct harvest_step *step, u64 word, u64 word_end, const u64 *in,
			      u64 *out)
{
	struct dirty *d = &step->r->log.dirty;
	u64 span_end = (word_end + DIRTY_SPAN_WORDS - 1U) / DIRTY_SPAN_WORDS;
	u64 w = word;

	while (w < word_end && step->budget > 0) {
		u64 span = w / DIRTY_SPAN_WORDS;
		/* Each clean span is one work unit. */
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

/* Return: number of pages, of @count at most, from @first up to word @word. */
static s64 space_harvest_pages(u64 first, u64 count, u64 word)
{
	return (s64)MIN(word * DIRTY_WORD_PAGES - first, count);
}

/* Harvest or clear: take the lock, then H1 to H3, then H4, the answer. */
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
		if (step.dirty_bits)
			word_end = space_dirty_bits_look(&step, word, word_end);
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

/* Copy the words [@word, @end), all in one span, without taking a bit. */
static void space_harvest_copy(const struct dirty *d, u64 word, u64 end, u64 *out)
{
	u64 whole = dirty_whole_test(d, word / DIRTY_SPAN_WORDS) ? ~UINT64_C(0) : 0U;

	for (u64 w = word; w < end; w++)
		out[w - word] = atomic_read(&d->bits[w]) | whole;
}

/* Do what @budget allows of LOG_GET. Return: the word after the last one. */
static u64 space_harvest_report(const struct dirty *d, u64 word, u64 word_end, s64 budget, u64 *out)
{
	u64 span_end = (word_end + DIRTY_SPAN_WORDS - 1U) / DIRTY_SPAN_WORDS;
	u64 w = word;

	while (w < word_end && budget > 0) {
		u64 span = w / DIRTY_SPAN_WORDS;
		u64 clean = dirty_clean_spans(d, span, MIN(span_end, span + (u64)budget));
		u64 to = MIN((span + MAX(clean, 1U)) * DIRTY_SPAN_WORDS, word_end);

		if (clean != 0U)
			bits_zero(&out[w - word], to - w);
		else
			space_harvest_copy(d, w, to, &out[w - word]);
		budget -= clean != 0U ? (s64)clean : (s64)DIRTY_SPAN_WORDS;
		w = to;
	}
	return w;
}

s64 space_log_get(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap)
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
		/* A D bit moves into the bitmap, and is neither seen twice nor lost. */
		if (step.dirty_bits)
			word_end = space_dirty_bits_look(&step, word, word_end);
		space_harvest_end(&step, first, 0);
		word = space_harvest_report(&r->log.dirty, word, word_end, step.budget, bitmap);
		result = space_harvest_pages(first, count, word);
	}
	spin_unlock(&sp->lock);
	return result;
}
