/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The choice of the runner that has the hart next (T1). It must never lower a tag: time that was
 * used stays charged.
 */
#include "core/run/fair/fair.h"

#define FAIR_TICKS_MAX BIT64(46) /* of one charge, so that tags can be compared */

static u64 fair_cost(const struct fair *f, u64 ticks)
{
	return MIN(ticks, FAIR_TICKS_MAX) * FAIR_WEIGHT_MAX / f->weight;
}

void fair_settle(struct fair *f)
{
	if (f->used == 0U)
		return;
	f->tag += fair_cost(f, f->used);
	f->used = 0;
}

/* Of the time in which @f did not want the hart, at most one slice is saved up. */
static void fair_clamp(const struct fair_hart *h, struct fair *f)
{
	u64 floor = h->least - fair_cost(f, h->slice);

	if (fair_less(f->tag, floor))
		f->tag = floor;
}

/* Of two with the same tag, one within its slice comes first, then the one that waits longer. */
static bool fair_before(const struct fair *a, const struct fair *b)
{
	if (a->tag != b->tag)
		return fair_less(a->tag, b->tag);
	if ((a->used != 0U) != (b->used != 0U))
		return a->used != 0U;
	return a->turn < b->turn;
}

void fair_look(struct fair_hart *h)
{
	h->best = NULL;
	h->rest = 0;
	h->most = h->least;
	h->wanted = 0;
}

void fair_wants(struct fair_hart *h, struct fair *f)
{
	const struct fair *other = f;

	fair_clamp(h, f);
	if (h->best == NULL || fair_before(f, h->best)) {
		other = h->best;
		h->best = f;
	}
	h->wanted++;
	if (other != NULL && (h->wanted == 2U || fair_less(other->tag, h->rest)))
		h->rest = other->tag;
}

void fair_rests(struct fair_hart *h, struct fair *f)
{
	fair_settle(f);
	fair_clamp(h, f);
	if (fair_less(h->most, f->tag))
		h->most = f->tag;
}

struct fair *fair_choose(struct fair_hart *h)
{
	if (h->best == NULL)
		h->least = h->most;
	return h->best;
}

u64 fair_left(const struct fair_hart *h, const struct fair *f)
{
	return f->used < h->slice ? h->slice - f->used : 1U;
}

void fair_charge(struct fair_hart *h, struct fair *f, u64 ticks)
{
	u64 least;

	f->used += ticks != 0U ? ticks : 1U;
	if (f->used >= h->slice)
		fair_settle(f);
	f->turn = ++h->turns;
	/* A runner that wants the hart later is measured by those that want it now. */
	least = h->wanted > 1U && fair_less(h->rest, f->tag) ? h->rest : f->tag;
	if (fair_less(h->least, least))
		h->least = least;
}

void fair_pay(struct fair *f, u64 ticks)
{
	f->tag += fair_cost(f, ticks);
}

void fair_join(struct fair_hart *h, const struct fair *f, bool first)
{
	if (first || fair_less(f->tag, h->least))
		h->least = f->tag;
}
