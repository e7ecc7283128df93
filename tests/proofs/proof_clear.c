/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A clear of any bits of a log: what is asked for and set is taken, and its pages lose W and are in
 * the batch (M2); all other bits, entries and bits of entries stay, and no bit that is left stands
 * under a clear summary bit.
 *
 * Bounds: a word of a span, whose pages 4 KiB leaves of any content map; of the word the first two
 * bits and the last. Another word of the span holds any bits.
 *
 * cbmc: mm/dirty.c mm/bits.c mm/flush.c mm/gstage.c mm/gstage_protect.c --unwind 9
 */
#include "mm/space_harvest.c"

u64 nondet_u64(void);

#define WORDS	  1U
#define SOME_BITS (UINT64_C(3) | BIT64(63))

static u64 bits[DIRTY_SPAN_WORDS];
static u64 summary;
static u64 whole; /* no whole bit: proof of that is test_dirty's */
static u64 table[GSTAGE_ENTRIES];
static struct space sp;
static struct region r;

static bool in_batch(const struct harvest_step *step, u64 gpa)
{
	bool found = gpa >= step->run && gpa < step->run_end;

	for (u32 i = 0; i < step->batch.nr; i++)
		found = found || gpa - step->batch.range[i].base.v < step->batch.range[i].size;
	return found || step->batch.all;
}

int main(void)
{
	struct harvest_step step = { .sp = &sp, .r = &r, .entry = table, .to = gstage_span(1) };
	u64 in[WORDS];
	u64 word = nondet_u64();
	u64 bit = nondet_u64();
	u64 page;
	u64 was;
	u64 entry;
	bool taken;

	__CPROVER_assume(word < WORDS && (bit < 2U || bit == 63U));
	r.log.dirty = (struct dirty){
		.bits = bits, .summary = &summary, .whole = &whole, .pages = DIRTY_SPAN_PAGES
	};
	summary = 1;
	bits[0] = nondet_u64() & SOME_BITS;
	bits[5] = nondet_u64();
	in[0] = nondet_u64();
	page = word * DIRTY_WORD_PAGES + bit;
	entry = nondet_u64();
	table[page] = entry;
	was = bits[word];
	step.budget = 2048;
	flush_batch_init(&step.batch);

	space_harvest_take_span(&step, 0, WORDS, in, NULL);

	taken = ((was & in[word]) >> bit & 1U) != 0U;
	__CPROVER_assert(bits[word] == (was & ~in[word]), "taken is what was asked for and set");
	__CPROVER_assert(table[page] == (taken ? entry & ~GSTAGE_PTE_W : entry),
			 "W goes from pages that were taken, and nothing else");
	__CPROVER_assert(!taken || in_batch(&step, page << PAGE_SHIFT), "they will be flushed");
	__CPROVER_assert((summary & 1U) != 0U || (bits[0] | bits[5]) == 0U,
			 "nothing is left under a clear summary bit");
	return 0;
}
