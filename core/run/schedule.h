/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plans of the configuration at work: in whose window a hart is, which plan is next, and how
 * exactly the windows were kept.
 *
 * The frames of all harts follow one clock (core/run/plan/plan.h), which schedule.lock guards. A
 * hart looks there when its window ends. What it is told holds until the window's end, whatever is
 * asked for meanwhile: another plan begins with a frame.
 */
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include <cleave/types.h>
#include "core/config/config.h"
#include "core/run/plan/plan.h"

/**
 * struct schedule_count - how a window was kept; written by its hart, read by anybody; times are
 * ticks
 * @starts: how often it began
 * @late: sum of the times from its beginning to its first vCPU's entry
 * @late_max: the longest of these
 * @overruns: how often the hart could not leave it within SCHEDULE_LATE_US after its end
 * @over_max: the longest time after its end until the hart left it
 * @used: time that its partition had in it
 * @shared: time that others had in it
 */
struct schedule_count {
	u64 starts;
	u64 late;
	u64 late_max;
	u64 overruns;
	u64 over_max;
	u64 used;
	u64 shared;
};

/* A switch takes less: what is later than this waited for a step of the hypervisor. */
#define SCHEDULE_LATE_US 5U

/**
 * struct schedule_window - where a hart is; all times are host times, ticks
 * @planned: it has windows in the plan that runs; otherwise all its time is shared by weights
 * @share: time that the owner does not use goes to others
 * @owner: partition that the time belongs to, PLAN_NOBODY between windows
 * @start, @end: @end is TIMER_NEVER where no plan names the hart
 * @count: of the window, NULL between windows
 */
struct schedule_window {
	bool planned;
	bool share;
	u32 owner;
	u64 start;
	u64 end;
	struct schedule_count *count;
};

/** schedule_init() - set the plans, if there are any; at boot, before schedule_start() */
void schedule_init(const struct config *config);

/** schedule_start() - have the first frame of the first plan begin a moment after @now; at boot */
void schedule_start(u64 now);

/** schedule_look() - find where hart @hart is at @now. Locking: takes schedule.lock */
void schedule_look(u32 hart, u64 now, struct schedule_window *out);

/** schedule_plan() - Return: plan number @plan, NULL when there is none */
const struct config_plan *schedule_plan(u64 plan);

/** schedule_plans() - Return: how many plans there are */
u32 schedule_plans(void);

/**
 * schedule_set() - have another plan begin on all harts when the present frame ends
 * @plan: schedule_plan() knows it
 *
 * @out: the clock after that
 *
 * It replaces one that was to begin then. Locking: takes schedule.lock.
 */
void schedule_set(u32 plan, struct plan_clock *out);

/** schedule_clock() - read the clock as it is now. Locking: takes schedule.lock */
void schedule_clock(struct plan_clock *out);

/** schedule_read() - read the counters of window @window of plan @plan; both exist */
void schedule_read(u32 plan, u32 window, struct schedule_count *out);

#endif
