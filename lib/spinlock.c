/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debug build and the host builds need to check who holds a lock. A release build takes
 * nothing from here.
 */
#include <cleave/spinlock.h>

#ifdef SPIN_CHECK
#define SPIN_UNHELD "locks: rule broken in %s (%s): %s is not held"

#ifdef CLEAVE_HOST
#include <cleave/format.h>
#include <stdlib.h>
#include <unistd.h>

/* Weak: where a test plays harts, core/run/request.c says which of them it is. */
__attribute__((weak)) uintptr_t spin_self(void)
{
	static _Thread_local char thread; /* its address names the thread */

	return (uintptr_t)&thread;
}

void spin_report_unheld(const char *lock, const char *file, const char *func)
{
	char line[256];
	size_t len = str_print(line, sizeof(line), SPIN_UNHELD "\n", func, file, lock);

	/* Nothing more can be done where even this fails. */
	(void)!write(STDERR_FILENO, line, MIN(len, sizeof(line) - 1U));
	abort();
}
#else
#include <cleave/printk.h>

void spin_report_unheld(const char *lock, const char *file, const char *func)
{
	static u32 reports; /* atomic */

	/* A guest that finds a way to break a rule must not flood the console. */
	if (atomic_add(&reports, 1U) < 16U)
		printk(SPIN_UNHELD, func, file, lock);
}
#endif
#endif
