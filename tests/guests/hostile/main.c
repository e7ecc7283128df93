/* SPDX-License-Identifier: BSD-2-Clause */
/* What this partition is told to do, and the neighbour that must be left alone. */
#include "tests/guests/hostile/hostile.h"

struct hostile self;

/*
 * Until the user types q, its memory keeps what was written to it, its registers keep their
 * values, and its time goes on. It does not print a line in each round, as those would drown the
 * others.
 */
static void neighbour(void)
{
	static u64 pattern[4096];
	u64 rounds = 0, state = 88172645463325252U, then = rdtime();
	u32 i;

	say("neighbour is here");
	while (sbi_getchar() != 'q') {
		for (i = 0; i < ARRAY_SIZE(pattern); i++)
			pattern[i] = state + i;
		wait_us(1000);
		for (i = 0; i < ARRAY_SIZE(pattern); i++) {
			if (pattern[i] != state + i) {
				check(false, "word %u changed after %lu rounds", i, rounds);
				finish();
			}
		}
		random_next(&state);
		rounds++;
	}
	check(rounds > 0 && rdtime() > then, "memory and time are as they should be");
	finish();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char word[24] = "";

	(void)hartid;
	self.fdt = fdt;
	self.harts = fdt_cpus(fdt);
	fdt_memory(fdt, &self.base, &self.size);
	bootarg(fdt, "hostile", word, sizeof(word));
	if (strcmp(word, "calls") == 0)
		test_calls();
	else if (strcmp(word, "devices") == 0)
		test_devices();
	else if (strcmp(word, "csrs") == 0)
		test_csrs();
	else if (strcmp(word, "hammer") == 0)
		test_hammer();
	else if (strcmp(word, "neighbour") == 0)
		neighbour();
	else
		fatal(word);
	finish();
}
