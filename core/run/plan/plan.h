/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time partitions: whose window a hart is in, and until when.
 *
 * A plan is a frame that begins anew again and again, and for each hart the windows in it. All
 * harts share one clock, so that frames line up across harts. It counts whole microseconds from an
 * origin, and only a boundary that is asked for is turned into ticks. So frame n begins exactly n
 * frames after the first at any timer frequency, and no rounding adds up: a boundary is rounded
 * down to a tick, each for itself.
 *
 * Another plan begins when the frame that runs ends. The first hart that sees this end, whichever
 * it is, fixes what comes next, and all others find it so (plan_clock_go()).
 *
 * This knows no hart and no vCPU, and builds for the host too. It has no lock: whoever shares a
 * clock guards it.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <cleave/types.h>
#include "core/config/config.h"

#define PLAN_NOBODY UINT32_MAX /* as a window's number: the time is in no window */

/**
 * struct plan_clock - the frame that runs, on all harts; read it after plan_clock_go()
 * @origin: time of the first frame's beginning, ticks
 * @frequency: ticks in a second; not 0
 * @begin: when the present frame began, microseconds after @origin
 * @frame: its length, microseconds; not 0
 * @next_frame: the length of those after it
 * @plan: the plan that it is of, as the caller numbers them
 * @next: the plan that comes after it
 */
struct plan_clock {
	u64 origin;
	u64 frequency;
	u64 begin;
	u32 frame;
	u32 next_frame;
	u32 plan;
	u32 next;
};

/**
 * struct plan_place - where in its plan a hart is
 * @window: number of the window, PLAN_NOBODY between windows
 * @start, @end: of this window, or of this time between windows; ticks. @start is at most now, and
 *	@end is after it
 */
struct plan_place {
	u32 window;
	u64 start;
	u64 end;
};

/** plan_ticks() - Return: the time of a boundary @us microseconds after the origin, ticks */
u64 plan_ticks(const struct plan_clock *c, u64 us);

/** plan_us() - Return: the last microsecond after the origin whose boundary is not after @now */
u64 plan_us(const struct plan_clock *c, u64 now);

/** plan_clock_init() - have frames of @frame microseconds of plan @plan begin at @origin */
void plan_clock_init(struct plan_clock *c, u64 origin, u64 frequency, u32 plan, u32 frame);

/** plan_clock_set() - have plan @plan, whose frames last @frame, begin when this frame ends */
void plan_clock_set(struct plan_clock *c, u32 plan, u32 frame);

/**
 * plan_clock_go() - let the clock go on to @us, as plan_us() returned it
 *
 * A clock that another hart has taken further already stays there.
 */
void plan_clock_go(struct plan_clock *c, u64 us);

/**
 * plan_find() - find a hart's place in the present frame
 * @c: after plan_clock_go(); a @us before its frame counts as the frame's beginning, but for where
 *	the place starts
 * @w: the hart's windows in the plan of that frame, by offset; @nr of them
 */
void plan_find(const struct plan_clock *c, const struct config_window *w, u32 nr, u64 us,
	       struct plan_place *out);

#endif
