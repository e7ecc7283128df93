/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plans at work. It must never choose a vCPU, and never wait for anything but its lock, whose
 * holder waits for nothing.
 */
#include "core/run/schedule.h"

#include <cleave/atomic.h>
#include <cleave/spinlock.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/timer.h"

#define SCHEDULE_START_US 2000U /* from the boot's end to the first frame: all harts are there */

/*
 * @config: NULL: there are no plans. Set at boot, as are @on and the clock's origin
 * @on: the hart has a window in some plan, so it looks at each frame's end
 * @lock: guards the rest of @clock
 * @count: of each plan's windows
 */
static struct {
	const struct config *config;
	bool on[CONFIG_MAX_HARTS];
	struct spinlock lock;
	struct plan_clock clock;
	struct schedule_count count[CONFIG_MAX_PLANS][CONFIG_MAX_WINDOWS];
} schedule;

void schedule_init(const struct config *config)
{
	if (config->nr_plans == 0U)
		return;
	schedule.config = config;
	for (u32 p = 0; p < config->nr_plans; p++) {
		for (u32 w = 0; w < config->plan[p].nr_windows; w++)
			schedule.on[config->plan[p].window[w].hart] = true;
	}
}

void schedule_start(u64 now)
{
	if (schedule.config == NULL)
		return;
	plan_clock_init(&schedule.clock, now + timer_frequency() * SCHEDULE_START_US / 1000000U,
			timer_frequency(), 0, schedule.config->plan[0].frame_us);
}

/* Let the clock go on to @us, and read it. */
static void schedule_go(u64 us, struct plan_clock *out)
{
	spin_lock(&schedule.lock);
	plan_clock_go(&schedule.clock, us);
	*out = schedule.clock;
	spin_unlock(&schedule.lock);
}

/* Fill in a planned hart's place. The windows of a hart stand together. */
static void schedule_place(u32 hart, u64 us, struct schedule_window *out)
{
	const struct config_plan *plan;
	const struct config_window *w;
	struct plan_clock clock;
	struct plan_place place;
	u32 first = 0;
	u32 nr = 0;

	schedule_go(us, &clock);
	plan = &schedule.config->plan[clock.plan];
	while (first < plan->nr_windows && plan->window[first].hart != hart)
		first++;
	w = &plan->window[first];
	while (first + nr < plan->nr_windows && w[nr].hart == hart)
		nr++;
	plan_find(&clock, w, nr, us, &place);
	out->planned = nr != 0U;
	out->share = plan->share;
	out->start = place.start;
	out->end = place.end;
	if (place.window == PLAN_NOBODY)
		return;
	out->owner = w[place.window].partition;
	out->count = &schedule.count[clock.plan][first + place.window];
}

void schedule_look(u32 hart, u64 now, struct schedule_window *out)
{
	u64 origin = schedule.clock.origin;

	*out = (struct schedule_window){ .owner = PLAN_NOBODY, .start = now, .end = TIMER_NEVER };
	if (!schedule.on[hart])
		return;
	if (now >= origin) {
		schedule_place(hart, plan_us(&schedule.clock, now), out);
		return;
	}
	/* Nobody runs yet, so that the first windows are kept like all others. */
	out->planned = true;
	out->end = origin;
}

const struct config_plan *schedule_plan(u64 plan)
{
	return plan < schedule_plans() ? &schedule.config->plan[plan] : NULL;
}

u32 schedule_plans(void)
{
	return schedule.config != NULL ? schedule.config->nr_plans : 0U;
}

void schedule_clock(struct plan_clock *out)
{
	schedule_go(plan_us(&schedule.clock, timer_now()), out);
}

void schedule_set(u32 plan, struct plan_clock *out)
{
	u64 us = plan_us(&schedule.clock, timer_now());

	spin_lock(&schedule.lock);
	/* Which frame runs is fixed here: no hart has begun the one after it. */
	plan_clock_go(&schedule.clock, us);
	plan_clock_set(&schedule.clock, plan, schedule.config->plan[plan].frame_us);
	*out = schedule.clock;
	spin_unlock(&schedule.lock);
}

void schedule_read(u32 plan, u32 window, struct schedule_count *out)
{
	const struct schedule_count *c = &schedule.count[plan][window];

	out->starts = atomic_read(&c->starts);
	out->late = atomic_read(&c->late);
	out->late_max = atomic_read(&c->late_max);
	out->overruns = atomic_read(&c->overruns);
	out->over_max = atomic_read(&c->over_max);
	out->used = atomic_read(&c->used);
	out->shared = atomic_read(&c->shared);
}
