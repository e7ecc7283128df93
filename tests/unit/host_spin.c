/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host thread that waits for a lock, for tests that do not define spin_relax() themselves.
 */
#include <sched.h>
#include <cleave/spinlock.h>

void spin_relax(void)
{
	sched_yield();
}
