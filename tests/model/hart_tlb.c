/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart may hold of G-stage tables. See hart_tlb.h.
 */
#include "tests/model/hart_tlb.h"
#include "tests/unit/mm/mm_harness.h"

static uint64_t hart_tlb_span(unsigned level)
{
	return UINT64_C(4096) << (9 * level);
}

static uint64_t hart_tlb_floor(uint64_t gpa, uint64_t size)
{
	return gpa & ~(size - 1);
}

/* Keep a leaf. A hart's TLB is full at some time: then any one gives way. */
static void hart_tlb_keep_leaf(struct hart_tlb *t, const struct hart_tlb_leaf *leaf, uint64_t r)
{
	unsigned at = t->leaves < HART_TLB_LEAVES ? t->leaves++ : r % HART_TLB_LEAVES;

	t->leaf[at] = *leaf;
}

void hart_tlb_keep(struct hart_tlb *t, const struct hart_tlb_leaf *leaf)
{
	hart_tlb_keep_leaf(t, leaf, leaf->lo >> 12);
}

static void hart_tlb_keep_pointer(struct hart_tlb *t, uint64_t gpa, unsigned level, uint64_t table,
				  uint64_t r)
{
	unsigned at = t->pointers < HART_TLB_POINTERS ? t->pointers++ : r % HART_TLB_POINTERS;

	t->pointer[at] =
		(struct hart_tlb_entry){ hart_tlb_floor(gpa, hart_tlb_span(level)), level, table };
}

static void hart_tlb_keep_nothing(struct hart_tlb *t, uint64_t gpa, unsigned level, uint64_t r)
{
	unsigned at = t->nothings < HART_TLB_NOTHINGS ? t->nothings++ : r % HART_TLB_NOTHINGS;

	t->nothing[at] =
		(struct hart_tlb_entry){ hart_tlb_floor(gpa, hart_tlb_span(level)), level, 0 };
}

/* Return: a number that says which of @nr entries maps @gpa: any of those that do; @nr: none */
static unsigned hart_tlb_pick(const struct hart_tlb_entry *e, unsigned nr, uint64_t gpa, uint64_t r)
{
	unsigned first = nr == 0 ? 0 : (unsigned)(r % nr);

	for (unsigned i = 0; i < nr; i++) {
		unsigned at = (first + i) % nr;

		if (hart_tlb_floor(gpa, hart_tlb_span(e[at].level)) == e[at].gpa)
			return at;
	}
	return nr;
}

/* Return: a leaf that is held for @gpa: any of those; NULL: none */
static const struct hart_tlb_leaf *hart_tlb_held(const struct hart_tlb *t, uint64_t gpa, uint64_t r)
{
	unsigned first = t->leaves == 0 ? 0 : (unsigned)(r % t->leaves);

	for (unsigned i = 0; i < t->leaves; i++) {
		const struct hart_tlb_leaf *leaf = &t->leaf[(first + i) % t->leaves];

		if (gpa >= leaf->lo && gpa < leaf->hi)
			return leaf;
	}
	return NULL;
}

/* A walk has found a leaf: make what a hart may keep of it, all or an aligned piece around @gpa. */
static void hart_tlb_cut(const struct walker_leaf *found, uint64_t gpa, uint64_t r,
			 struct hart_tlb_leaf *out)
{
	static const uint64_t pieces[] = { 0x1000, 0x10000, 0x200000, UINT64_MAX };
	uint64_t size = pieces[r % 4] < found->size ? pieces[r % 4] : found->size;
	uint64_t lo = hart_tlb_floor(gpa, size);

	*out = (struct hart_tlb_leaf){ .lo = lo,
				       .hi = lo + size,
				       .pa = found->pa - (gpa - lo),
				       .write = found->write,
				       .fetch = found->fetch };
}

static enum hart_tlb_answer hart_tlb_walk(struct hart_tlb *t, const struct walker *w, uint64_t gpa,
					  uint64_t r, struct hart_tlb_leaf *out)
{
	unsigned from = hart_tlb_pick(t->pointer, t->pointers, gpa, r >> 8);
	unsigned level = w->levels;
	uint64_t table = w->root;

	if (!walker_reaches(w, gpa))
		return HART_TLB_BAD;
	if (from < t->pointers && (r & 3) != 0) {
		level = t->pointer[from].level;
		table = t->pointer[from].table;
	}
	while (level-- > 0) {
		struct walker_leaf found;

		switch (walker_judge(walker_read(w, table, gpa, level), gpa, level, &table,
				     &found)) {
		case WALKER_POINTER:
			if (((r >> (16 + level)) & 1) != 0)
				hart_tlb_keep_pointer(t, gpa, level, table, r >> 24);
			break;
		case WALKER_LEAF:
			hart_tlb_cut(&found, gpa, r >> 32, out);
			if ((r & 12) != 0)
				hart_tlb_keep_leaf(t, out, r >> 40);
			return HART_TLB_FOUND;
		case WALKER_NOTHING:
			if ((r & 16) != 0)
				hart_tlb_keep_nothing(t, gpa, level, r >> 48);
			return HART_TLB_NOTHING;
		default:
			return HART_TLB_BAD;
		}
	}
	return HART_TLB_BAD;
}

enum hart_tlb_answer hart_tlb_translate(struct hart_tlb *t, const struct walker *w, uint64_t gpa,
					uint64_t *random, struct hart_tlb_leaf *out)
{
	uint64_t r = mm_random(random);
	const struct hart_tlb_leaf *held = hart_tlb_held(t, gpa, r >> 16);

	if (held != NULL && (r & 3) != 0) {
		*out = *held;
		return HART_TLB_FOUND;
	}
	if ((r & 4) != 0 && hart_tlb_pick(t->nothing, t->nothings, gpa, r >> 16) != t->nothings)
		return HART_TLB_HELD_NOTHING;
	return hart_tlb_walk(t, w, gpa, mm_random(random), out);
}

void hart_tlb_fence_all(struct hart_tlb *t)
{
	t->leaves = 0;
	t->pointers = 0;
	t->nothings = 0;
}

void hart_tlb_fence_range(struct hart_tlb *t, uint64_t lo, uint64_t hi)
{
	struct hart_tlb old = *t;

	t->leaves = 0;
	for (unsigned i = 0; i < old.leaves; i++) {
		struct hart_tlb_leaf before = old.leaf[i];
		struct hart_tlb_leaf after = old.leaf[i];

		/* What lies before the range and after it stays. */
		before.hi = before.hi < lo ? before.hi : lo;
		after.lo = after.lo > hi ? after.lo : hi;
		after.pa += after.lo - old.leaf[i].lo;
		if (before.lo < before.hi)
			hart_tlb_keep_leaf(t, &before, i);
		if (after.lo < after.hi)
			hart_tlb_keep_leaf(t, &after, i);
	}
	for (unsigned i = 0; i < t->nothings;) {
		if (t->nothing[i].level == 0 && t->nothing[i].gpa >= lo && t->nothing[i].gpa < hi)
			t->nothing[i] = t->nothing[--t->nothings];
		else
			i++;
	}
}
