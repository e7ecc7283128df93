/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty bitmaps: the functions that are too long for the header.
 */
#include "mm/dirty.h"

#include "mm/bits.h"

static u64 dirty_spans(u64 pages)
{
	return (pages + DIRTY_SPAN_PAGES - 1U) / DIRTY_SPAN_PAGES;
}

static u64 dirty_summary_words(u64 pages)
{
	return (dirty_spans(pages) + 63U) / 64U;
}

u64 dirty_bytes(u64 pages)
{
	u64 words = (pages + DIRTY_WORD_PAGES - 1U) / DIRTY_WORD_PAGES;

	return ALIGN_UP((words + 2U * dirty_summary_words(pages)) * sizeof(u64), PAGE_SIZE);
}

__attribute__((cold)) void dirty_init(struct dirty *d, void *memory, u64 pages)
{
	d->bits = memory;
	d->pages = pages;
	d->set = 0;
	d->summary = d->bits + dirty_words(d);
	d->whole = d->summary + dirty_summary_words(pages);
}

__attribute__((cold)) u64 dirty_zero(struct dirty *d, u64 word, u64 words)
{
	u64 all = dirty_words(d) + 2U * dirty_summary_words(d->pages);
	u64 n = MIN(words, all - word);

	bits_zero(&d->bits[word], n);
	return word + n < all ? word + n : 0U;
}

/*
 * Mark @count whole spans from @span on, which have their bits in one word. The whole bits first,
 * the summary bits second, as dirty_mark() does.
 */
static void dirty_mark_spans(struct dirty *d, u64 span, u64 count)
{
	u64 mask = bits_mask((u32)(span % 64U), (u32)count);
	u64 fresh = mask & ~atomic_or(&d->whole[span / 64U], mask);

	(void)atomic_add(&d->set, bits_count(fresh) * DIRTY_SPAN_PAGES);
	(void)atomic_or(&d->summary[span / 64U], mask);
}

void dirty_mark_word(struct dirty *d, u64 word, u64 mask)
{
	u64 fresh = mask & ~atomic_or(&d->bits[word], mask);

	(void)atomic_add(&d->set, bits_count(fresh));
}

void dirty_mark_range(struct dirty *d, u64 first, u64 count)
{
	u64 page = first;
	u64 end = first + count;

	while (page < end) {
		u64 span = page / DIRTY_SPAN_PAGES;
		u64 n = (end - page) / DIRTY_SPAN_PAGES;

		if (page % DIRTY_SPAN_PAGES == 0U && n != 0U) {
			n = MIN(n, 64U - span % 64U);
			dirty_mark_spans(d, span, n);
			page += n * DIRTY_SPAN_PAGES;
		} else {
			n = MIN(DIRTY_WORD_PAGES - page % DIRTY_WORD_PAGES, end - page);
			/* The word first, the summary bit second, as dirty_mark() does. */
			dirty_mark_word(d, page / DIRTY_WORD_PAGES,
					bits_mask((u32)(page % DIRTY_WORD_PAGES), (u32)n));
			dirty_summary_set(d, span);
			page += n;
		}
	}
}

/* Take the whole bit of @span. Return: true when it was set; its pages are counted off. */
static bool dirty_whole_take(struct dirty *d, u64 span)
{
	if (dirty_take(&d->whole[span / 64U], BIT64(span % 64U)) == 0U)
		return false;
	(void)atomic_add(&d->set, (u64)0 - DIRTY_SPAN_PAGES);
	return true;
}

bool dirty_spread_whole(struct dirty *d, u64 span)
{
	/* Only spans that are whole have such a bit: each of their words has all its pages. */
	if (!dirty_whole_take(d, span))
		return false;
	for (u64 page = 0; page < DIRTY_SPAN_PAGES; page += DIRTY_WORD_PAGES)
		dirty_mark_word(d, (span * DIRTY_SPAN_PAGES + page) / DIRTY_WORD_PAGES,
				~UINT64_C(0));
	return true;
}

u64 dirty_count(const struct dirty *d)
{
	/*
	 * A taker may subtract a bit before its setter has added it. The sum has wrapped then.
	 */
	u64 set = atomic_read(&d->set);

	return (set & BIT64(63)) != 0U ? 0U : MIN(set, d->pages);
}

void dirty_set_words(struct dirty *d, u64 word, u64 end)
{
	u64 last = MIN(end * DIRTY_WORD_PAGES, d->pages);

	bits_fill(&d->bits[word], end - word, ~UINT64_C(0));
	/* The bits after the last page stay zero. */
	if (last < end * DIRTY_WORD_PAGES)
		atomic_set(&d->bits[end - 1U], bits_mask(0, (u32)(last % DIRTY_WORD_PAGES)));
	for (u64 span = word / DIRTY_SPAN_WORDS; span * DIRTY_SPAN_WORDS < end; span++)
		dirty_summary_set(d, span);
	(void)atomic_add(&d->set, last - word * DIRTY_WORD_PAGES);
}

void dirty_wipe_span(struct dirty *d, u64 span)
{
	u64 word = span * DIRTY_SPAN_WORDS;
	u64 end = MIN(word + DIRTY_SPAN_WORDS, dirty_words(d));
	u64 n = 0;

	if (!dirty_summary_take(d, span))
		return;
	(void)dirty_whole_take(d, span);
	for (u64 w = word; w < end; w++) {
		n += bits_count(atomic_read(&d->bits[w]));
		atomic_set(&d->bits[w], 0U);
	}
	(void)atomic_add(&d->set, (u64)0 - n);
}
