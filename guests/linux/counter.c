/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter: prints `counter N` on the console each second of the guest's time, with N counting up
 * without a gap. So the console shows whether a line was lost or doubled. A wake-up before its
 * time is a failure; the status says how late the latest one came.
 */
#include "guests/linux/load.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void counter_work(struct load_status *s, unsigned int n)
{
	struct timespec at;
	uint64_t due, now, i;
	char line[32];
	int length;

	clock_gettime(CLOCK_MONOTONIC, &at);
	load_ready(s);
	for (i = 1;; i++) {
		at.tv_sec++;
		due = (uint64_t)at.tv_sec * 1000000000U + (uint64_t)at.tv_nsec;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
			;
		now = load_monotonic();
		if (now < due)
			load_fail(s, "counter: woken %lu ns before its time", due - now);
		load_max(&s->worst_us, (now - due) / 1000U);
		length = snprintf(line, sizeof(line), "counter %lu\n", i);
		/* Do one write, so that nothing of the shell's comes in between. */
		if (write(STDOUT_FILENO, line, (size_t)length) != length)
			load_fail(s, "counter: the console did not take line %lu whole", i);
		__atomic_store_n(&s->count, i, __ATOMIC_RELEASE);
		load_round(s, n);
	}
}
