/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty logs: get, harvest, clear. The harvest's half of rules M1 and M2 (the other, and the argument, is in space_fault.c).
 *
 * It must never answer before the pages whose bits it took are write-protected in every TLB, nor clear a bit that the caller
 * does not get to see.
 *
 * The caller's bitmap may lie in its guest's memory: it may change at any moment, so each word is read once and nothing that is
 * written is read back.
 */
#include <cleave/errno.h>
#include "mm/bits.h"
#include "mm/rules.h"
#include "mm/space.h"

/* Work units: one is about what protecting a 4 KiB page costs. A word over a huge leaf is no work but its own. */
#define LOG_UNITS_WORD	1
#define LOG_UNITS_TABLE ((s64)GSTAGE_ENTRIES)
#define LOG_WORD_BYTES	((u64)DIRTY_WORD_PAGES << PAGE_SHIFT)

/**
 * struct log_step - one call's work on pages whose bits were taken
 * @it: finds entries
 * @entry: the first entry of a 4 KiB table that was found, or the huge leaf, so that most words need no walk
 * @from, @to: what @entry is about: addresses that the table or the leaf maps; nothing at first
 * @huge: @entry is a leaf above 4 KiB
 * @run, @run_end: range that waits to go into the batch
 * @taken: bits taken
 * @budget: work units left
 */
struct log_step {
	struct space *sp;
	struct region *r;
	struct gstage_iter it;
	u64 *entry;
	u64 from;
	u64 to;
	bool huge;
	struct fence_batch batch;
	u64 run;
	u64 run_end;
	u64 taken;
	s64 budget;
};

static int log_check(struct space *sp, u32 region, u64 first, u64 count, struct region **out)
{
	struct region *r = space_memory_region(sp, region);

	if (r == NULL)
		return CLV_ERR_NOTFOUND;
	if (first % DIRTY_WORD_PAGES != 0U || count == 0U)
		return CLV_ERR_INVAL;
	if (first >= r->log.dirty.pages || count > r->log.dirty.pages - first)
		return CLV_ERR_RANGE;
	if (count % DIRTY_WORD_PAGES != 0U && first + count != r->log.dirty.pages)
		return CLV_ERR_INVAL;
	if (r->log.phase != REGION_LOG_ON)
		return CLV_ERR_STATE;
	*out = r;
	return CLV_OK;
}

static void log_step_begin(struct log_step *step, struct space *sp, struct region *r)
{
	step->sp = sp;
	step->r = r;
	step->from = 0;
	step->to = 0;
	step->run = 0;
	step->run_end = 0;
	step->taken = 0;
	step->budget = (s64)sp->cfg.step_pages;
	fence_batch_init(&step->batch);
	gstage_iter_start(&step->it, &sp->gs, r->base, r->size);
}

/* Gather what has to be fenced; ranges that follow each other are one. Once all is to be fenced, nothing more counts. */
static inline void log_step_fence(struct log_step *step, u64 gpa, u64 end)
{
	if (gpa != step->run_end && !step->batch.all) {
		fence_batch_add(&step->batch, GPA(step->run), step->run_end - step->run);
		step->run = gpa;
	}
	step->run_end = end;
}

/* M2: the fence, if any bit was taken, even when no entry had W: a fault may be on its way to grant (space_fault.c). */
static void log_step_end(struct log_step *step, u64 first, u64 count)
{
	struct space *sp = step->sp;

	if (step->taken == 0U)
		return;
	log_step_fence(step, 0, 0);
	RULE_CHECK(sp, "M2", !fence_batch_empty(&step->batch));
	fence_remote(sp, &step->batch);
	space_count(&sp->stats.fences, 1);
	space_count(&sp->stats.pages_reported, step->taken);
	(void)atomic_add(&step->r->log.dirty.set, (u64)0 - step->taken);
	rules_check_protected(sp, step->r, first, count);
}

/*
 * Take W from the entries of pages @mask; @slot is that of the mask's bit 0. All are in one 4 KiB table.
 * Return: how many.
 */
static inline u64 log_protect_pages(u64 *slot, u64 mask)
{
	u64 n = 0;

	if (mask == ~UINT64_C(0)) {
		gstage_protect_run(slot, DIRTY_WORD_PAGES);
		return DIRTY_WORD_PAGES;
	}
	/* After H1; pairs with the acquire of the exchange that grants (S2). */
	smp_wmb();
	for (u64 rest = mask; rest != 0U; rest &= rest - 1U) {
		(void)atomic_and_relaxed(&slot[bits_lowest(rest)], ~GSTAGE_PTE_W);
		n++;
	}
	return n;
}

/*
 * Protect the huge leaf of the step whole, and fence it whole. What it maps beside the pages taken keeps its bits: a write
 * to those faults, and is granted.
 *
 * W is taken again for every word of the leaf, although once looks enough: with an empty pool a fault may mark the whole
 * leaf and give W between two of our words, and must lose it to the second (M1). And a fault may have split the leaf since
 * the word before: then the page that it marked and granted is in the table, and we have to look there.
 *
 * Return: false when the leaf is a table now.
 */
static inline bool log_protect_huge(struct log_step *step)
{
	if (!gstage_pte_is_leaf(atomic_and(step->entry, ~GSTAGE_PTE_W)))
		return false;
	if (step->run_end != step->to)
		log_step_fence(step, step->from, step->to);
	return true;
}

/* Eager logs: split the leaf at the iterator down to 4 KiB. Return: false when the pool is empty (M5: it stays as it is). */
static bool log_split_down(struct log_step *step)
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
		step->budget -= LOG_UNITS_TABLE;
		gstage_iter_refresh(it);
	}
	return true;
}

/* Find what maps @gpa, and keep it in the step. Eager logs split it first. */
static void log_find(struct log_step *step, u64 gpa)
{
	struct gstage_iter *it = &step->it;
	u64 span;

	gstage_iter_seek(it, gpa);
	if (it->level > 0U && step->r->log.eager)
		(void)log_split_down(step);
	step->huge = it->level > 0U;
	span = gstage_span(step->huge ? it->level : 1U);
	step->from = ALIGN_DOWN(gpa, span);
	step->to = step->from + span;
	step->entry = step->huge ? it->slot : it->slot - ((gpa - step->from) >> PAGE_SHIFT);
}

/* H2 for pages that a word has in common with what the step found. @gpa: of bit 0. Return: false to look again. */
static bool log_protect_part(struct log_step *step, u64 gpa, u64 mask)
{
	u64 low;

	if (step->huge) {
		step->budget -= LOG_UNITS_WORD;
		return log_protect_huge(step);
	}
	low = bits_lowest(mask);
	step->budget -= (s64)log_protect_pages(
		step->entry + ((gpa + (low << PAGE_SHIFT) - step->from) >> PAGE_SHIFT),
		mask >> low);
	log_step_fence(step, gpa + (low << PAGE_SHIFT), MIN(step->to, gpa + LOG_WORD_BYTES));
	return true;
}

/* H2 for a word that the step's entry does not cover whole: part by part. */
static __attribute__((noinline)) void log_protect_slow(struct log_step *step, u64 gpa, u64 mask)
{
	u64 left = mask;

	while (left != 0U) {
		u64 part = left;

		log_find(step, gpa + ((u64)bits_lowest(left) << PAGE_SHIFT));
		if (step->to < gpa + LOG_WORD_BYTES)
			part &= bits_mask(0, (u32)((step->to - gpa) >> PAGE_SHIFT));
		if (log_protect_part(step, gpa, part))
			left &= ~part;
	}
}

/* H2 for the pages @mask of a word whose bit 0 is the page at @gpa. Return: pages of @mask. */
static inline u64 log_protect_word(struct log_step *step, u64 gpa, u64 mask)
{
	u64 n;

	if (gpa >= step->from && gpa + LOG_WORD_BYTES <= step->to && !step->huge) {
		n = log_protect_pages(step->entry + ((gpa - step->from) >> PAGE_SHIFT), mask);
		step->budget -= (s64)n;
		/* One page is fenced alone; several as the whole stretch that holds them. */
		if (n == 1U) {
			gpa += (u64)bits_lowest(mask) << PAGE_SHIFT;
			log_step_fence(step, gpa, gpa + PAGE_SIZE);
		} else {
			log_step_fence(step, gpa, gpa + LOG_WORD_BYTES);
		}
		return n;
	}
	if (gpa >= step->from && gpa + LOG_WORD_BYTES <= step->to && log_protect_huge(step))
		step->budget -= LOG_UNITS_WORD;
	else
		log_protect_slow(step, gpa, mask);
	return bits_count(mask);
}

/* How a span is walked: words of the bitmap that are in it, and where the call's range begins and ends. */
struct log_span {
	u64 word; /* first word of the span */
	u64 end;  /* of the span's words */
	u64 from; /* first word of the call that is in it */
	u64 to;	  /* end of the call's words that are in it */
};

static struct log_span log_span_of(const struct dirty *d, u64 span, u64 word, u64 word_end)
{
	struct log_span s;

	s.word = span * DIRTY_SPAN_WORDS;
	s.end = MIN(s.word + DIRTY_SPAN_WORDS, dirty_words(d));
	s.from = word;
	s.to = MIN(s.end, word_end);
	return s;
}

/* Some word of [@from, @to) has a bit set. */
static bool log_any(const struct dirty *d, u64 from, u64 to)
{
	u64 any = 0;

	for (u64 w = from; w < to; w++)
		any |= atomic_read(&d->bits[w]);
	return any != 0U;
}

/*
 * H1 and H2 for one span whose summary is set, as far as the budget goes, at least one word.
 * @in: what to clear, word by word, NULL for all; @out: where to report to, NULL for nowhere
 * Return: end of the words dealt with.
 */
static u64 log_take_span(struct log_step *step, u64 span, const struct log_span *s, const u64 *in,
			 u64 *out)
{
	struct dirty *d = &step->r->log.dirty;
	u64 gpa = step->r->base.v + s->from * LOG_WORD_BYTES;
	u64 left = 0;
	u64 w;

	/* The summary first, then the words: mm/dirty.h says why. It is set again if anything is left. */
	(void)dirty_summary_take(d, span);
	for (w = s->from; w < s->to && (step->budget > 0 || w == s->from);
	     w++, gpa += LOG_WORD_BYTES) {
		/* Once: the caller's guest may change it. */
		u64 want = in != NULL ? atomic_read(&in[w - s->from]) : ~UINT64_C(0);
		u64 word = atomic_read(&d->bits[w]);
		u64 taken = 0;

		if ((word & want) != 0U) {
			taken = dirty_take(d, w, want);
			step->taken += log_protect_word(step, gpa, taken);
		}
		left |= word & ~want;
		if (out != NULL)
			out[w - s->from] = taken;
	}
	if (left != 0U || log_any(d, s->word, s->from) || log_any(d, w, s->end))
		dirty_summary_set(d, span);
	step->budget -= (s64)DIRTY_SPAN_WORDS;
	return w;
}

/* Take bits of the words [@word, @word_end). Return: end of the words dealt with. */
static u64 log_take(struct log_step *step, u64 word, u64 word_end, const u64 *in, u64 *out)
{
	struct dirty *d = &step->r->log.dirty;
	u64 span_end = (word_end + DIRTY_SPAN_WORDS - 1U) / DIRTY_SPAN_WORDS;
	u64 w = word;

	while (w < word_end && step->budget > 0) {
		u64 span = w / DIRTY_SPAN_WORDS;
		u64 clean = dirty_clean_spans(d, span, span_end);
		struct log_span s;

		if (clean != 0U) {
			u64 to = MIN((span + clean) * DIRTY_SPAN_WORDS, word_end);

			if (out != NULL)
				bits_zero(&out[w - word], to - w);
			step->budget -= (s64)clean;
			w = to;
			continue;
		}
		s = log_span_of(d, span, w, word_end);
		w = log_take_span(step, span, &s, in != NULL ? &in[w - word] : NULL,
				  out != NULL ? &out[w - word] : NULL);
	}
	return w;
}

/* Pages from @first on that end at word @word, at most @count. */
static s64 log_pages(u64 first, u64 count, u64 word)
{
	return (s64)MIN(word * DIRTY_WORD_PAGES - first, count);
}

/* Harvest and clear: lock, take, fence, answer. */
static s64 log_take_range(struct space *sp, u32 region, u64 first, u64 count, const u64 *in,
			  u64 *out, u64 *dirty)
{
	u64 word = first / DIRTY_WORD_PAGES;
	struct log_step step;
	struct region *r = NULL;
	s64 result;

	spin_lock(&sp->lock);
	result = log_check(sp, region, first, count, &r);
	if (result == CLV_OK) {
		u64 word_end = (first + count + DIRTY_WORD_PAGES - 1U) / DIRTY_WORD_PAGES;

		log_step_begin(&step, sp, r);
		result = log_pages(first, count, log_take(&step, word, word_end, in, out));
		log_step_end(&step, first, (u64)result);
		*dirty = step.taken;
	}
	spin_unlock(&sp->lock);
	return result;
}

s64 space_log_harvest(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap, u64 *dirty)
{
	return log_take_range(sp, region, first, count, NULL, bitmap, dirty);
}

s64 space_log_clear(struct space *sp, u32 region, u64 first, u64 count, const u64 *bitmap)
{
	u64 taken;

	return log_take_range(sp, region, first, count, bitmap, NULL, &taken);
}

s64 space_log_get(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap)
{
	u64 word = first / DIRTY_WORD_PAGES;
	struct region *r = NULL;
	s64 result;

	spin_lock(&sp->lock);
	result = log_check(sp, region, first, count, &r);
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
		result = log_pages(first, count, w);
	}
	spin_unlock(&sp->lock);
	return result;
}
