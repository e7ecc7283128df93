/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's goldfish RTC, which is passed through to a program: a clock with an alarm. */
#ifndef TESTS_GUESTS_RTC_H
#define TESTS_GUESTS_RTC_H

#include "guests/lib/guest.h"

#define RTC		    0x101000UL
#define RTC_TIME_LOW	    0x00U
#define RTC_TIME_HIGH	    0x04U
#define RTC_ALARM_LOW	    0x08U
#define RTC_ALARM_HIGH	    0x0cU
#define RTC_IRQ_ENABLED	    0x10U
#define RTC_CLEAR_ALARM	    0x14U
#define RTC_ALARM_STATUS    0x18U
#define RTC_CLEAR_INTERRUPT 0x1cU

/** rtc_load(), rtc_store() - access the register at @offset */
static inline u32 rtc_load(u32 offset)
{
	return *(volatile u32 *)(RTC + offset);
}

static inline void rtc_store(u32 offset, u32 value)
{
	*(volatile u32 *)(RTC + offset) = value;
}

/** rtc_now() - Return: its time, nanoseconds */
static inline u64 rtc_now(void)
{
	u32 low = rtc_load(RTC_TIME_LOW); /* this keeps the high word */

	return (u64)rtc_load(RTC_TIME_HIGH) << 32 | low;
}

/** rtc_set_alarm() - have it interrupt at @at, nanoseconds of its time */
static inline void rtc_set_alarm(u64 at)
{
	rtc_store(RTC_ALARM_HIGH, (u32)(at >> 32));
	rtc_store(RTC_ALARM_LOW, (u32)at);
}

#endif
