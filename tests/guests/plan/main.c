/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time partitions as the partitions see them. A watcher, which is a manager, knows the plan and the
 * clock, and sees to the tick when it has the hart; attackers try to move its windows.
 *
 * Bootargs: `role=watch frames=N`: says when its windows began and how much of them it had.
 * `role=timer frames=N`: has a timer outside its window, and says when it came. `role=switch`: asks
 * for plan after plan. `role=work from=N to=N`: says how much of the hart it had between these
 * milliseconds of the machine's time. The attackers are in attack.c.
 */
#include "tests/guests/measure.h"
#include "tests/guests/plan/plan_test.h"

u64 tick_us;

static u64 us_of(u64 ticks)
{
	return ticks / tick_us;
}

/* --- the watcher ------------------------------------------------------------------------------ */

#define GAP_US 20U /* it did not have the hart for so long: longer than any exit that is served */

struct watch {
	u64 starts;
	u64 late_worst;
	u64 early_worst;
	u64 had_least;
	u64 had_most;
};

/* Ticks from the nearest beginning of a window of ours to @at: of two frames that one knows. */
static s64 watch_late(const struct cleave_schedule *s, const struct cleave_window *w, u64 at)
{
	u64 frame = (u64)s->frame * tick_us;
	s64 off = (s64)((at - s->end - (u64)w->offset * tick_us) % frame);

	return off > (s64)(frame / 2U) ? off - (s64)frame : off;
}

static void watch_turn(struct watch *t, s64 late, u64 had)
{
	t->starts++;
	if (late > 0 && (u64)late > t->late_worst)
		t->late_worst = (u64)late;
	if (late < 0 && (u64)-late > t->early_worst)
		t->early_worst = (u64)-late;
	if (t->starts > 1U && had < t->had_least)
		t->had_least = had;
	if (t->starts > 1U && had > t->had_most)
		t->had_most = had;
}

/* The time when the hart comes back after a gap; @last: the last time before the gap */
static u64 next_turn(u64 *last)
{
	u64 now = rdtime();

	*last = now;
	for (;;) {
		now = rdtime();
		if (now - *last > GAP_US * tick_us)
			return now;
		*last = now;
	}
}

/* Find the window of this partition: the first on this hart. */
static bool own_window(u32 plan, struct cleave_window *w)
{
	struct cleave_window all[16];
	struct cleave_vm_info self;
	struct sbiret r = cleave_schedule_stats(plan, 0, all, ARRAY_SIZE(all));

	(void)cleave_vm_info(CLEAVE_VM_SELF, &self);
	for (long i = 0; r.error == 0 && i < r.value; i++) {
		if (all[i].vm != self.id)
			continue;
		*w = all[i];
		return true;
	}
	return false;
}

static void watch(u64 frames)
{
	struct cleave_schedule s;
	struct cleave_window w;
	struct watch t = { .had_least = UINT64_MAX };
	u64 last;
	u64 begin;

	if (!check(cleave_schedule_info(0, &s).error == 0 && own_window(0, &w), "has a window"))
		return;
	begin = next_turn(&last);
	for (u64 i = 0; i < frames; i++) {
		u64 at = next_turn(&last);

		watch_turn(&t, watch_late(&s, &w, at), last - begin);
		begin = at;
	}
	(void)own_window(0, &w);
	say("windows %lu late %lu ns early %lu ns had %lu to %lu us", t.starts,
	    t.late_worst * 1000U / tick_us, t.early_worst * 1000U / tick_us, us_of(t.had_least),
	    us_of(t.had_most));
	say("counted %lu starts, late %lu ns, %lu overruns, over %lu ns, used %lu us, shared %lu "
	    "us",
	    w.starts, w.late_worst * 1000U / tick_us, w.overruns, w.over_worst * 1000U / tick_us,
	    us_of(w.used), us_of(w.shared));
}

/* --- a timer outside the window --------------------------------------------------------------- */

/* Sleep from the window on until just after its end: the timer has to wait for the next window. */
static void timer(u64 frames)
{
	struct cleave_schedule s;
	struct cleave_window w;
	u64 worst = 0;
	u64 last;

	if (!check(cleave_schedule_info(0, &s).error == 0 && own_window(0, &w), "has a window"))
		return;
	csr_set(sie, SIE_TIMER);
	for (u64 i = 0; i < frames; i++) {
		u64 at = next_turn(&last);
		s64 late;

		measure_wait(at + ((u64)w.length + 100U) * tick_us);
		late = watch_late(&s, &w, rdtime());
		if (late < 0 || (u64)late > worst)
			worst = late < 0 ? UINT64_MAX : (u64)late;
		sbi_set_timer(UINT64_MAX);
	}
	say("timers %lu late %lu ns", frames, worst * 1000U / tick_us);
}

/* --- what a partition gets -------------------------------------------------------------------- */

/* Work from @begin ms to @end ms of the machine's time, and say how much of the hart it had. */
static void work(u64 begin, u64 end)
{
	u64 from = begin * 1000U * tick_us;
	u64 to = end * 1000U * tick_us;
	u64 had = 0;
	u64 last = rdtime();

	while (last < from)
		last = rdtime();
	while (last < to) {
		u64 now = rdtime();

		if (now - last <= GAP_US * tick_us)
			had += now - last;
		last = now;
	}
	say("had %lu us of %lu", us_of(had), (end - begin) * 1000U);
}

/* --- mode changes ----------------------------------------------------------------------------- */

static void say_windows(u32 plan)
{
	struct cleave_window w[16];
	struct sbiret r = cleave_schedule_stats(plan, 0, w, ARRAY_SIZE(w));

	for (long i = 0; r.error == 0 && i < r.value; i++)
		say("plan %u hart %lu starts %lu late %lu ns", plan, w[i].hart, w[i].starts,
		    w[i].late_worst * 1000U / tick_us);
}

/* Ask for the plans in turn, and wait until each has begun; then say how it was kept. */
static void switch_plans(u64 changes)
{
	struct cleave_schedule s;
	u64 bad = 0;

	for (u64 i = 0; i < changes; i++) {
		struct sbiret r;
		u64 asked;

		(void)cleave_schedule_info(0, &s);
		asked = (s.now + 1U) % s.plans;
		r = cleave_schedule_set((u32)asked);
		bad += r.error != 0 || ((u64)r.value & UINT32_MAX) != asked;
		(void)cleave_schedule_info((u32)asked, &s);
		while (s.now != asked) {
			u64 end = s.end;

			(void)cleave_schedule_info((u32)asked, &s);
			/* It begins when the frame ends in which it was asked for. */
			bad += s.now == asked && s.time < end;
		}
		bad += s.plan != asked || s.next != asked;
	}
	check_eq(bad, 0, "%lu changes of the plan", changes);
	for (u32 p = 0; p < s.plans; p++)
		say_windows(p);
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";
	u64 frames = bootarg_number(fdt, "frames", 50U);

	tick_us = fdt_timebase(fdt) / 1000000U;
	(void)bootarg(fdt, "role", role, sizeof(role));
	if (strcmp(role, "watch") == 0)
		watch(frames);
	else if (strcmp(role, "timer") == 0)
		timer(frames);
	else if (strcmp(role, "work") == 0)
		work(bootarg_number(fdt, "from", 100U), bootarg_number(fdt, "to", 600U));
	else if (strcmp(role, "switch") == 0)
		switch_plans(frames);
	else
		check(attack(role, hartid), "no role \"%s\"", role);
}
