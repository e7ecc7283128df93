/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling: every vCPU is pinned to a hart; vCPUs that share one take turns by time slice; a hart with one runnable
 * vCPU takes no tick.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <cleave/types.h>
#include "core/vcpu.h"

/** sched_add() - pin @v to hart @v->hart; before that hart runs guests, or while the VM does not run */
int sched_add(struct vcpu *v);

/** sched_remove() - the vCPU is OUT and its VM does not run; waits until the hart no longer looks at it */
void sched_remove(struct vcpu *v);

/** sched_load() - Return: vCPUs pinned to hart @index; for choosing harts for vCPUs without affinity */
u32 sched_load(u32 index);

/** sched_wake() - hart @index should look for runnable vCPUs again; any hart */
void sched_wake(u32 index);

/** sched_start() - boot is done: harts in hart_main() may run guests */
void sched_start(void);

#endif
