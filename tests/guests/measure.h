/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs that measure have in common. */
#ifndef TESTS_GUESTS_MEASURE_H
#define TESTS_GUESTS_MEASURE_H

#include "guests/lib/guest.h"

/**
 * measure_wait() - wait in WFI until the timer interrupt of guest time @at, ticks, is pending
 *
 * sie has SIE_TIMER and sstatus no SIE, so that it stays pending. wait_us() does not ask for that,
 * and takes longer.
 */
static inline void measure_wait(u64 at)
{
	sbi_set_timer(at);
	while ((csr_read(sip) & SIE_TIMER) == 0U)
		__asm__ volatile("wfi" ::: "memory");
}

/** measure_work() - execute a thousand instructions */
static inline void measure_work(void)
{
	u64 left = 500U;

	__asm__ volatile("1: addi %0, %0, -1\n"
			 "bnez %0, 1b"
			 : "+r"(left));
}

/** measure_sort() - put the @n samples @a in order, so that the median is in the middle */
static inline void measure_sort(u64 *a, u32 n)
{
	for (u32 i = 1; i < n; i++) {
		u64 x = a[i];
		u32 k = i;

		for (; k > 0U && a[k - 1U] > x; k--)
			a[k] = a[k - 1U];
		a[k] = x;
	}
}

#endif
