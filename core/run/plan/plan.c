/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames and windows in ticks. It must never add up anything that was rounded.
 */
#include "core/run/plan/plan.h"

#define PLAN_US UINT64_C(1000000) /* in a second */

/* Whole seconds are whole ticks, so what is multiplied stays small. */
u64 plan_ticks(const struct plan_clock *c, u64 us)
{
	return c->origin + us / PLAN_US * c->frequency + us % PLAN_US * c->frequency / PLAN_US;
}

/*
 * A boundary at u is not after d ticks if u * frequency / 10^6, rounded down, is at most d: if
 * u * frequency < (d + 1) * 10^6. This is the greatest such u.
 */
u64 plan_us(const struct plan_clock *c, u64 now)
{
	u64 ticks = now - c->origin + 1U;
	u64 seconds = ticks / c->frequency;
	u64 rest = ticks % c->frequency;

	if ((s64)(now - c->origin) < 0)
		return 0;
	return rest == 0U ? seconds * PLAN_US - 1U
			  : seconds * PLAN_US + (rest * PLAN_US - 1U) / c->frequency;
}

void plan_clock_init(struct plan_clock *c, u64 origin, u64 frequency, u32 plan, u32 frame)
{
	*c = (struct plan_clock){ .origin = origin, .frequency = frequency, .frame = frame };
	c->plan = plan;
	plan_clock_set(c, plan, frame);
}

void plan_clock_set(struct plan_clock *c, u32 plan, u32 frame)
{
	c->next = plan;
	c->next_frame = frame;
}

void plan_clock_go(struct plan_clock *c, u64 us)
{
	if (us < c->begin + c->frame)
		return;
	c->begin += c->frame;
	c->plan = c->next;
	c->frame = c->next_frame;
	/* Where no hart looked for long, whole frames have gone by. */
	c->begin += (us - c->begin) / c->frame * c->frame;
}

void plan_find(const struct plan_clock *c, const struct config_window *w, u32 nr, u64 us,
	       struct plan_place *out)
{
	u64 at = us > c->begin ? us - c->begin : 0U;
	u64 from = 0;
	u64 to = c->frame;

	out->window = PLAN_NOBODY;
	for (u32 i = 0; i < nr; i++) {
		u64 end = (u64)w[i].offset_us + w[i].length_us;

		if (at < w[i].offset_us) {
			to = w[i].offset_us;
			break;
		}
		from = end;
		if (at < end) {
			out->window = i;
			from = w[i].offset_us;
			to = end;
			break;
		}
	}
	/* Where another hart has taken the clock further, the frame begins a little after @us. */
	out->start = plan_ticks(c, MIN(us, c->begin + from));
	out->end = plan_ticks(c, c->begin + to);
}
