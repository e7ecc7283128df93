/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host thread that waits for a lock, for tests that do not define spin_relax() themselves. Weak:
 * where a test plays harts, core/run/request.c defines it.
 */
#include <sched.h>
#include <cleave/spinlock.h>

__attribute__((weak)) void spin_relax(void)
{
	sched_yield();
}
