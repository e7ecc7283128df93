/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printk(): the hypervisor speaks on the console, as one speaker among the partitions.
 *
 * It must work on any hart, with any lock held but the console's own, and before a driver has found
 * the UART. A line that is printed while a partition's exit is served goes into that partition's
 * ring: it comes after what the partition has said, and a partition that has the hypervisor print a
 * lot delays itself alone.
 */
#include <cleave/printk.h>
#include "core/console/console_internal.h"

void printk(const char *fmt, ...)
{
	/* At boot no hart runs a partition, and may not know yet that it does not. */
	bool served = atomic_read_acquire(&console.served) != 0U;
	va_list ap;

	va_start(ap, fmt);
	console_say(served ? console_tty_current() : NULL, fmt, ap);
	va_end(ap);
}
