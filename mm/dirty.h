/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dirty bitmap of a region: one bit for each 4 KiB page. Each span of 512 pages has two bits
 * more: a summary bit, so that a harvest need not look at spans that nobody wrote to, and a whole
 * bit, which marks all its pages at once, so that marking a huge leaf is little work (M6).
 *
 * What may run at once: any number of vCPUs that set bits, and one holder of the space's lock that
 * takes them. Setting a bit takes no lock.
 *
 * The summary. A setter sets the page's bit first and the span's summary bit second. The taker
 * clears the summary bit first and takes the words second. Each of the four is a read-modify-write
 * with acquire and release, and none is ever skipped. So there are two cases:
 *
 * - The taker clears the summary bit after the setter has set it. Then the page's bit was set
 *   before the taker looks at the word, and the taker takes it.
 * - The taker clears the summary bit before the setter sets it. Then the summary bit stays set.
 *
 * Either way, once a setter has returned, its page's bit never stands under a clear summary bit.
 * The same holds for a whole bit, which a setter sets, and the taker takes, as it does a word.
 * Before a taker looks at the words it turns a whole bit that it took into the bits of the pages. A
 * setter that sets the summary bit only when it reads it as clear would break this: it could read
 * the bit before the taker clears it, at a time when the taker cannot see its page's bit yet. A
 * summary bit may be set although no bit of its span is.
 */
#ifndef MM_DIRTY_H
#define MM_DIRTY_H

#include <cleave/atomic.h>
#include <cleave/types.h>
#include "mm/bits.h"

#define DIRTY_WORD_PAGES 64U
#define DIRTY_SPAN_PAGES 512U
#define DIRTY_SPAN_WORDS (DIRTY_SPAN_PAGES / DIRTY_WORD_PAGES)

/**
 * struct dirty - one bitmap
 * @bits: bit n of word w stands for page 64 w + n; atomic
 * @summary: bit n of word w says that span 64 w + n may have bits set; atomic
 * @whole: bit n of word w says that all pages of span 64 w + n are marked; atomic
 * @pages: bits that exist; the bits after the last page are always zero
 * @set: number of bits that are set, and for each whole bit its pages; atomic. It may be too high
 *       or too low while setters and a taker run, and counts pages twice that are marked both ways
 */
struct dirty {
	u64 *bits;
	u64 *summary;
	u64 *whole;
	u64 pages;
	u64 set;
};

/** dirty_bytes() - Return: bytes that a bitmap of @pages pages takes, a multiple of 4 KiB */
u64 dirty_bytes(u64 pages);

/**
 * dirty_init() - lay a bitmap out; dirty_zero() makes it one in which no bit is set
 * @memory: dirty_bytes() bytes for it, aligned to 8 bytes
 * @pages: pages that it is for
 */
void dirty_init(struct dirty *d, void *memory, u64 pages);

/**
 * dirty_zero() - zero a part of a new bitmap
 * @word: the first word to zero; 0 at first, then what came back
 * @words: the most to zero
 *
 * Return: the word to go on with; 0 when all is zero.
 */
u64 dirty_zero(struct dirty *d, u64 word, u64 words);

/** dirty_words() - Return: number of words of the bitmap */
static inline u64 dirty_words(const struct dirty *d)
{
	return (d->pages + DIRTY_WORD_PAGES - 1U) / DIRTY_WORD_PAGES;
}

/**
 * dirty_range_ok() - Return: true when a call may work on the bits of @count pages from @first on
 * @pages: of the bitmap
 *
 * Bits are handed out in whole words. So @first is a multiple of 64, and so is @count, unless the
 * range ends with the bitmap. The range is not empty and lies in the bitmap.
 */
static inline bool dirty_range_ok(u64 pages, u64 first, u64 count)
{
	return first < pages && count != 0U && count <= pages - first &&
	       first % DIRTY_WORD_PAGES == 0U &&
	       (count % DIRTY_WORD_PAGES == 0U || count == pages - first);
}

/** dirty_range_words() - Return: words that hold the bits of @count pages */
static inline u64 dirty_range_words(u64 count)
{
	return count / DIRTY_WORD_PAGES + (count % DIRTY_WORD_PAGES != 0U ? 1U : 0U);
}

/** dirty_mark() - set the bit of @page; takes no lock */
static inline void dirty_mark(struct dirty *d, u64 page)
{
	u64 bit = BIT64(page % DIRTY_WORD_PAGES);
	u64 span = page / DIRTY_SPAN_PAGES;

	if ((atomic_or(&d->bits[page / DIRTY_WORD_PAGES], bit) & bit) == 0U)
		(void)atomic_add(&d->set, 1U);
	(void)atomic_or(&d->summary[span / 64U], BIT64(span % 64U));
}

/** dirty_whole_test() - Return: true when the whole bit of @span is set; the read is an acquire */
static inline bool dirty_whole_test(const struct dirty *d, u64 span)
{
	return (atomic_read_acquire(&d->whole[span / 64U]) & BIT64(span % 64U)) != 0U;
}

/** dirty_test() - Return: true when @page is marked; the read is an acquire */
static inline bool dirty_test(const struct dirty *d, u64 page)
{
	u64 word = atomic_read_acquire(&d->bits[page / DIRTY_WORD_PAGES]);

	return (word & BIT64(page % DIRTY_WORD_PAGES)) != 0U ||
	       dirty_whole_test(d, page / DIRTY_SPAN_PAGES);
}

/** dirty_mark_range() - mark @count pages from @first on, all of the bitmap; no lock */
void dirty_mark_range(struct dirty *d, u64 first, u64 count);

/**
 * dirty_mark_word() - set the bits @mask of one word, but not the summary bit of its span; no lock
 * @word: number of the word of the bitmap
 */
void dirty_mark_word(struct dirty *d, u64 word, u64 mask);

/* What dirty_spread() does when the bit is set */
bool dirty_spread_whole(struct dirty *d, u64 span);

/**
 * dirty_take() - clear the bits @mask of a word of the bitmap, while setters may run
 *
 * Return: those bits of @mask that were set.
 */
static inline u64 dirty_take(u64 *word, u64 mask)
{
	return atomic_and(word, ~mask) & mask;
}

/**
 * dirty_summary_take() - clear the summary bit of @span
 *
 * Return: true when it was set.
 */
static inline bool dirty_summary_take(struct dirty *d, u64 span)
{
	u64 bit = BIT64(span % 64U);

	return (atomic_and(&d->summary[span / 64U], ~bit) & bit) != 0U;
}

/**
 * dirty_spread() - turn the whole bit of @span, if it is set, into the bits of its pages
 *
 * For the taker, which has taken the summary bit and takes words next. The summary bit stays clear:
 * the taker sets it again if it leaves a bit.
 *
 * Return: true when it was set.
 */
static inline bool dirty_spread(struct dirty *d, u64 span)
{
	return dirty_whole_test(d, span) && dirty_spread_whole(d, span);
}

/** dirty_summary_set() - set the summary bit of @span, because bits are left in it */
static inline void dirty_summary_set(struct dirty *d, u64 span)
{
	(void)atomic_or(&d->summary[span / 64U], BIT64(span % 64U));
}

/**
 * dirty_clean_spans() - count the spans from @span on whose summary bits are clear
 * @end: the span to stop at; greater than @span
 *
 * Return: their number, 0 when the summary bit of @span is set.
 */
static inline u64 dirty_clean_spans(const struct dirty *d, u64 span, u64 end)
{
	u64 summary = atomic_read_acquire(&d->summary[span / 64U]) >> (span % 64U);
	u64 at = span;

	while (summary == 0U) {
		at = ALIGN_DOWN(at, UINT64_C(64)) + 64U;
		if (at >= end)
			return end - span;
		summary = atomic_read_acquire(&d->summary[at / 64U]);
	}
	return MIN(at + bits_lowest(summary), end) - span;
}

/**
 * dirty_count() - Return: number of pages marked, without those that setters are about to count;
 * pages that were marked alone and again with their whole span count twice
 */
u64 dirty_count(const struct dirty *d);

/**
 * dirty_set_words() - set all bits of the words [@word, @end), and their summary bits
 *
 * They are clear before, and nobody else sets or takes bits yet.
 */
void dirty_set_words(struct dirty *d, u64 word, u64 end);

/** dirty_wipe_span() - clear all bits of @span, whole and summary too; no setter runs any more */
void dirty_wipe_span(struct dirty *d, u64 span);

#endif
