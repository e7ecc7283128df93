/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling. Every vCPU is pinned to a hart. vCPUs that share a hart take turns by the windows of
 * the plan that runs, or else by time slices, by what each has used and by the weight of its
 * partition. A hart with one runnable vCPU and without windows takes no tick.
 *
 * core/run/sched.c also defines hart_main() (arch/riscv/hart.h) and console_serve_at()
 * (core/console/console.h).
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <cleave/types.h>
#include "core/run/vcpu.h"

/**
 * sched_add() - pin @v to hart @v->hart, for good; boot hart, before sched_start()
 * Return: 0, or CLV_ERR_INVAL when there is no such hart.
 */
int sched_add(struct vcpu *v);

/** sched_start() - boot is done: let the harts in hart_main() run guests; boot hart */
void sched_start(void);

/**
 * sched_timer() - this hart's timer has fired while @v ran
 * Return: true when @v must leave the hart.
 */
bool sched_timer(struct vcpu *v);

/* What sched_defer() does on a hart with windows */
bool sched_defer_late(struct vcpu *v);

/**
 * sched_defer() - is the window of this hart about to end, so that @v must not begin what may take
 * longer than a few thousand instructions? The loaded vCPU; owner
 *
 * Return: true: @v must leave the hart as it is now, and will come back to the same instruction
 * when its next window begins.
 */
static inline bool sched_defer(struct vcpu *v)
{
	return v->guarded && sched_defer_late(v);
}

/**
 * sched_set_guest_timer() - SBI set_timer of the loaded vCPU @v; owner
 * @value: guest time, ticks; UINT64_MAX: never
 */
void sched_set_guest_timer(struct vcpu *v, u64 value);

#endif
