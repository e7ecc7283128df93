/* SPDX-License-Identifier: BSD-2-Clause */
/* Who must be left alone, and who need not be. */
#include "tests/guests/wild/wild.h"

#define PATTERN_WORDS (UINT64_C(2) << 17) /* 2 MiB */
#define VICTIM_SIZE   (UINT64_C(1) << 20)
#define SAY_EACH      20U

/* How late the timer was, in nanoseconds, at most; a clock that went back is as late as can be. */
static u64 wait_late(u64 *last)
{
	u64 period = WILD_PERIOD_US * ticks_per_second() / 1000000U;
	u64 now = rdtime(), due = now - now % period + period;

	wait_us((due - now) * 1000000U / ticks_per_second() + 1U);
	now = rdtime();
	if (now < due || now < *last)
		return UINT64_MAX;
	*last = now;
	return (now - due) * (1000000000U / ticks_per_second());
}

/* Each second 64th word is looked at in each round, and all of them in 64 rounds. */
static bool look(volatile u64 *memory, u64 seed, u64 round)
{
	u64 i;

	for (i = round % 64U; i < PATTERN_WORDS; i += 64U) {
		if (memory[i] != (seed ^ i))
			return false;
		memory[i] = seed ^ i;
	}
	return true;
}

void wild_neighbour(void)
{
	volatile u64 *memory = (volatile u64 *)wild.arena;
	u64 rounds, i, worst = 0, last = rdtime();
	bool same = true;

	for (i = 0; i < PATTERN_WORDS; i++)
		memory[i] = 0x853c49e6748fea9bU ^ i;
	say("neighbour is here");
	for (rounds = 0; sbi_getchar() != 'q'; rounds++) {
		u64 late = wait_late(&last);

		worst = late > worst ? late : worst;
		same = same && look(memory, 0x853c49e6748fea9bU, rounds);
		if (rounds % SAY_EACH == 0)
			say("line %lu of the neighbour is whole", rounds / SAY_EACH);
	}
	for (i = 0; i < 64U; i++)
		same = same && look(memory, 0x853c49e6748fea9bU, i);
	check(same, "the neighbour's memory is as it was left");
	check(worst != UINT64_MAX, "its timer was never early, and its time never went back");
	say("worst lateness: %lu ns in %lu rounds", worst, rounds);
	finish();
}

/* It stores, calls and waits until somebody ends it; its memory may be anything at any time. */
void wild_victim(void)
{
	volatile u64 *memory = (volatile u64 *)(wild.base + wild.size - VICTIM_SIZE);
	u64 i;

	for (i = 0;; i++) {
		memory[i * 517U % (VICTIM_SIZE / 8U)] = i;
		if (i % 64U == 0)
			sbi_send_ipi(0);
		if (i % 1024U == 0)
			wait_us(50);
	}
}
