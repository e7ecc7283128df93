/* SPDX-License-Identifier: BSD-2-Clause */
/* The partition's own statistics: each exit counts once, under its cause. */
#include "tests/guests/sbi/sbi_test.h"

#define UART_LSR 0x10000005UL

#define CALLS 100U
#define LOADS 10U

static u64 before[CLEAVE_STAT_COUNT], after[CLEAVE_STAT_COUNT];

static u64 grown(enum cleave_stat i)
{
	return after[i] - before[i];
}

void test_counters(void)
{
	static const enum cleave_stat causes[] = {
		CLEAVE_STAT_EXIT_SBI,	CLEAVE_STAT_EXIT_HYPERCALL, CLEAVE_STAT_EXIT_FAULT,
		CLEAVE_STAT_EXIT_MMIO,	CLEAVE_STAT_EXIT_IRQ,	    CLEAVE_STAT_EXIT_WFI,
		CLEAVE_STAT_EXIT_OTHER,
	};
	struct sbiret first = cleave_stats(CLEAVE_VM_SELF, before, CLEAVE_STAT_COUNT);
	struct sbiret second;
	u64 sum = 0;

	/* Printing a result is an SBI call, so nothing is printed in between. */
	for (u32 i = 0; i < CALLS; i++)
		(void)call3(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0, 0);
	for (u32 i = 0; i < LOADS; i++)
		(void)*(volatile u8 *)UART_LSR;
	second = cleave_stats(CLEAVE_VM_SELF, after, CLEAVE_STAT_COUNT);
	check(first.error == 0 && first.value == (long)CLEAVE_STAT_COUNT, "counters: their number");
	check(second.error == 0 && second.value == first.value, "counters: read again");
	check_eq(grown(CLEAVE_STAT_EXIT_SBI), CALLS, "counters: SBI calls");
	check_eq(grown(CLEAVE_STAT_EXIT_HYPERCALL), 1, "counters: hypercalls");
	check_eq(grown(CLEAVE_STAT_EXIT_MMIO), LOADS, "counters: device accesses");
	for (u32 i = 0; i < ARRAY_SIZE(causes); i++)
		sum += after[causes[i]];
	check_eq(after[CLEAVE_STAT_EXITS], sum, "counters: exits are the sum of their causes");
}
