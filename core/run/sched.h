/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling. Every vCPU is pinned to a hart. vCPUs that share a hart take turns by time slices, by
 * what each has used and by the weight of its partition. A hart with one runnable vCPU takes no
 * tick.
 *
 * core/run/sched.c also defines hart_main() (arch/riscv/hart.h) and console_start_polling()
 * (core/console/console.h).
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <cleave/types.h>

struct vcpu;

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

/**
 * sched_set_guest_timer() - SBI set_timer of the loaded vCPU @v; owner
 * @value: guest time, ticks; UINT64_MAX: never
 */
void sched_set_guest_timer(struct vcpu *v, u64 value);

#endif
