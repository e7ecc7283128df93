/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling: every vCPU is pinned to a hart; vCPUs that share one take turns by time slice; a hart with one runnable
 * vCPU takes no tick.
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

/** sched_wake() - hart @index should look for runnable vCPUs again; any hart */
void sched_wake(u32 index);

/** sched_start() - boot is done: harts in hart_main() may run guests */
void sched_start(void);

/* For the files around the scheduler: vcpu.c, ipi.c, vcpu_exit.c */

/** sched_loaded() - Return: the vCPU whose registers this hart holds, or NULL */
struct vcpu *sched_loaded(void);

/** sched_unload() - see vcpu_unload() */
void sched_unload(struct vcpu *v);

/** sched_unload_stopped() - unload this hart's vCPU if its VM does not run; the vCPU is OUT */
void sched_unload_stopped(void);

/** sched_wanted() - Return: true when this hart was asked to choose again (sched_wake()); takes the request */
bool sched_wanted(void);

/** sched_arm() - program this hart's timer for the next thing that is due; after the loaded vCPU's timer was changed */
void sched_arm(void);

/** sched_timer() - this hart's timer fired while @v runs. Return: true when @v must leave */
bool sched_timer(struct vcpu *v);

#endif
