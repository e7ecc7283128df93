/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets how much of a hart that several partitions share? One partition counts what it
 * executes, or has a timer; others try to take its time.
 *
 * Bootargs: `role=count ms=N`: works for N ms and says how many thousand instructions that were,
 * then goes on for some time, so that others that count too have a neighbour to their end.
 * `role=periodic`: has a timer every millisecond and says how late the latest came.
 * The attackers work until the machine is ended. `role=busy`: a loop. `role=thief`: computes for
 * most of a slice, sets its timer 2 us ahead and waits.
 */
#include "tests/guests/measure.h"

#define SETTLE_MS 60U	/* until all partitions have begun */
#define THIEF_US  9500U /* of a slice of 10 ms */
#define PERIODS	  200U

static u64 tick_us; /* ticks in a microsecond */

/* Count thousands of instructions until @end. The clock is read once for each thousand. */
static u64 count_until(u64 end)
{
	u64 n = 0;

	while (rdtime() < end) {
		measure_work();
		n++;
	}
	return n;
}

/* How often the machine's interrupts have taken the hart from this partition */
static u64 exits_by_interrupts(void)
{
	u64 stat[CLEAVE_STAT_COUNT] = { 0 };

	(void)cleave_stats(CLEAVE_VM_SELF, stat, CLEAVE_STAT_COUNT);
	return stat[CLEAVE_STAT_EXIT_IRQ];
}

static void count(u64 ms)
{
	u64 begin = rdtime() + SETTLE_MS * 1000U * tick_us;
	u64 span = ms * 1000U * tick_us;
	u64 before;
	u64 irqs;
	u64 n;

	(void)count_until(begin);
	before = exits_by_interrupts();
	n = count_until(begin + span);
	irqs = exits_by_interrupts() - before;
	(void)count_until(begin + span + SETTLE_MS * 1000U * tick_us);
	say("counted %lu", n);
	say("interrupted %lu times", irqs);
}

static void periodic(void)
{
	u64 at = rdtime() + SETTLE_MS * 1000U * tick_us;
	u64 worst = 0;

	csr_set(sie, SIE_TIMER);
	for (u32 i = 0; i < PERIODS; i++) {
		u64 late;

		measure_wait(at);
		late = rdtime() - at;
		if (late > worst)
			worst = late;
		at += 1000U * tick_us;
	}
	say("late %lu ns", worst * 1000U / tick_us);
}

static void thief(void)
{
	csr_set(sie, SIE_TIMER);
	for (;;) {
		(void)count_until(rdtime() + THIEF_US * tick_us);
		measure_wait(rdtime() + 2U * tick_us);
	}
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";

	(void)hartid;
	tick_us = fdt_timebase(fdt) / 1000000U;
	(void)bootarg(fdt, "role", role, sizeof(role));
	if (strcmp(role, "count") == 0)
		count(bootarg_number(fdt, "ms", 200U));
	else if (strcmp(role, "periodic") == 0)
		periodic();
	else if (strcmp(role, "busy") == 0)
		(void)count_until(UINT64_MAX);
	else if (strcmp(role, "thief") == 0)
		thief();
	else
		check(false, "no role \"%s\"", role);
}
