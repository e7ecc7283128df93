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

	return ALIGN_UP((words + dirty_summary_words(pages)) * sizeof(u64), PAGE_SIZE);
}

void dirty_init(struct dirty *d, void *memory, u64 pages)
{
	d->bits = memory;
	d->pages = pages;
	d->set = 0;
	d->summary = d->bits + dirty_words(d);
	bits_zero(d->bits, dirty_words(d) + dirty_summary_words(pages));
}

void dirty_mark_range(struct dirty *d, u64 first, u64 count)
{
	u64 page = first;
	u64 end = first + count;

	/* Each word first and its summary bit second, as dirty_mark() does. */
	while (page < end) {
		u64 word = page / DIRTY_WORD_PAGES;
		u64 stop = MIN((word + 1U) * DIRTY_WORD_PAGES, end);
		u64 mask = bits_mask((u32)(page % DIRTY_WORD_PAGES), (u32)(stop - page));
		u64 fresh = mask & ~atomic_or(&d->bits[word], mask);

		(void)atomic_add(&d->set, bits_count(fresh));
		dirty_summary_set(d, page / DIRTY_SPAN_PAGES);
		page = stop;
	}
}

u64 dirty_count(const struct dirty *d)
{
	/*
	 * A taker may subtract a bit before its setter has added it. The sum has wrapped then.
	 */
	u64 set = atomic_read(&d->set);

	return set > d->pages ? 0U : set;
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

	if (!dirty_summary_take(d, span))
		return;
	for (u64 w = word; w < end; w++)
		(void)atomic_add(&d->set, (u64)0 - bits_count(atomic_xchg(&d->bits[w], 0U)));
}
