/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on plans of time partitions: what they are, which one runs, how they were kept. All of
 * them are for managers: a plan says how other partitions run.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/timer.h"
#include "core/guest/hypercall_args.h"
#include "core/run/schedule.h"

/* Windows that one SCHEDULE_STATS writes at most, so that it stays short */
#define SCHEDULE_STEP 16U

static int hypercall_schedule_info(const struct vcpu *v, const struct config_plan *plan, u64 *value)
{
	struct cleave_schedule s = { .plan = (u32)sbi_arg(v, 0), .plans = schedule_plans() };
	u64 len = MIN(sbi_arg(v, 3), sizeof(s));
	struct plan_clock clock;
	gpa_t buf;
	int err = hypercall_buffer(v, 1, len, sizeof(u64), &buf);

	if (err != CLV_OK)
		return err;
	schedule_clock(&clock);
	s.now = clock.plan;
	s.next = clock.next;
	s.end = plan_ticks(&clock, clock.begin + clock.frame);
	s.time = timer_now();
	s.flags = plan->share ? CLEAVE_SCHEDULE_FLAG_SHARE : 0U;
	s.frame = plan->frame_us;
	s.windows = plan->nr_windows;
	/* Both are 32 bytes, and a configured name always ends in a NUL. */
	memcpy(s.name, plan->name, sizeof(s.name));
	*value = len;
	return hypercall_reply(v, buf, &s, len);
}

static int hypercall_schedule_set(const struct vcpu *v, u64 *value)
{
	struct plan_clock clock;

	schedule_set((u32)sbi_arg(v, 0), &clock);
	*value = ((u64)clock.plan << 32) | clock.next;
	return CLV_OK;
}

static void hypercall_schedule_window(u32 plan, const struct config_plan *p, u32 i,
				      struct cleave_window *out)
{
	const struct config_window *w = &p->window[i];
	struct schedule_count c;

	schedule_read(plan, i, &c);
	*out = (struct cleave_window){
		.hart = w->hart_id,
		.vm = w->partition,
		.offset = w->offset_us,
		.length = w->length_us,
		.starts = c.starts,
		.late = c.late,
		.late_worst = c.late_max,
		.overruns = c.overruns,
		.over_worst = c.over_max,
		.used = c.used,
		.shared = c.shared,
	};
}

static int hypercall_schedule_stats(const struct vcpu *v, const struct config_plan *p, u64 *value)
{
	u64 first = sbi_arg(v, 1);
	u64 nr = MIN(sbi_arg(v, 4), SCHEDULE_STEP);
	gpa_t buf;
	int err;

	if (first > p->nr_windows)
		return CLV_ERR_INVAL;
	nr = MIN(nr, p->nr_windows - first);
	err = hypercall_buffer(v, 2, nr * sizeof(struct cleave_window), sizeof(u64), &buf);
	for (u64 i = 0; i < nr && err == CLV_OK; i++) {
		struct cleave_window w;

		hypercall_schedule_window((u32)sbi_arg(v, 0), p, (u32)(first + i), &w);
		err = hypercall_reply(v, GPA(buf.v + i * sizeof(w)), &w, sizeof(w));
	}
	*value = nr;
	return err;
}

int hypercall_schedule(const struct vcpu *v, u64 fn, u64 *value)
{
	const struct config_plan *plan;
	int err;

	if (fn > CLEAVE_FN_SCHEDULE_STATS)
		return CLV_ERR_UNSUPPORTED;
	err = hypercall_manager(v);
	if (err != CLV_OK)
		return err;
	plan = schedule_plan(sbi_arg(v, 0));
	if (plan == NULL)
		return CLV_ERR_NOTFOUND;
	if (fn == CLEAVE_FN_SCHEDULE_INFO)
		return hypercall_schedule_info(v, plan, value);
	if (fn == CLEAVE_FN_SCHEDULE_SET)
		return hypercall_schedule_set(v, value);
	return hypercall_schedule_stats(v, plan, value);
}
