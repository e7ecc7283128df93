/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one partition can cost another: victims that measure, and attackers that do what they can.
 * tests/interference/ puts them together, and says what each role is.
 *
 * Everything is told by the machine's time, which all partitions share, and which counts
 * instructions: a nanosecond is one, of whatever hart. Victims measure in the span from=N to=N
 * (bootargs, milliseconds); attackers work from a little before that to its end. Results are
 * printed after the span, so that nobody prints into it who is not told to.
 */
#ifndef TESTS_GUESTS_INTERFERENCE_H
#define TESTS_GUESTS_INTERFERENCE_H

#include "tests/guests/random.h"

/**
 * struct span - this partition's part
 * @fdt: its device tree
 * @from, @to: the span, in ticks
 * @tick_ns: nanoseconds in a tick, so instructions in one
 * @phase: how long after @from a victim begins, so that victims do not meet, in ticks
 * @harts: vCPUs of this partition
 * @victim: what a manager works on
 */
struct span {
	const void *fdt;
	u64 from;
	u64 to;
	u64 tick_ns;
	u64 phase;
	u32 harts;
	char victim[32];
};

extern struct span span;

/** struct worst - what a victim has measured, in instructions */
struct worst {
	u64 worst;
	u64 sum;
	u64 samples;
};

/** worst_add() - note a sample, in instructions */
static inline void worst_add(struct worst *w, u64 value)
{
	if (value > w->worst)
		w->worst = value;
	w->sum += value;
	w->samples++;
}

/** over() - Return: true when the span has ended */
static inline bool over(void)
{
	return rdtime() >= span.to;
}

/** us() - Return: @n microseconds, in ticks */
static inline u64 us(u64 n)
{
	return n * 1000U / span.tick_ns;
}

/** sleep_until() - wait for @at in WFI, by this hart's timer */
void sleep_until(u64 at);

/** timer_off() - have no timer interrupt any more */
void timer_off(void);

/** sleep_until_attack() - wait until the attack begins, with no timer left */
void sleep_until_attack(void);

/** work() - execute a thousand instructions */
void work(void);

/** wait_for_ever() - do nothing more */
void wait_for_ever(void) __attribute__((noreturn));

/* victims.c, device.c, attacks.c and manager.c: each looks for @role; false: it is not there */
bool victim(const char *role);
bool device(const char *role);
bool attack(const char *role);
bool manager(const char *role);

/** sleep_until_told() - wait until all have measured; a victim's phase keeps their lines apart */
void sleep_until_told(void);

/** tell_result() - print what was measured, when all have measured */
void tell_result(const struct worst *w);

/** attacked() - print how often the attack was made */
void attacked(u64 rounds);

/** struct role - a word of the bootargs, and what it stands for */
struct role {
	const char *name;
	void (*act)(void);
};

/** act() - do what @name stands for in @roles. Return: false when it is not there */
bool act(const struct role *roles, size_t nr, const char *name);

#endif
