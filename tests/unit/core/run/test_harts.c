/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/, core/vm/, the loading of guests and the fences, on harts that hold what they may
 * (tests/model/hart_world.h). Each world has another number of VMIDs, and other places of vCPUs.
 *
 *	WORLDS=N WORLD_SEED=N	how many, and which; a failing one is named
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/model/fiber.h"
#include "tests/model/hart_world.h"

#define TURNS	20000U
#define SECONDS 60U

static struct hart_world_seen *seen;

static u64 number(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value == NULL ? otherwise : strtoull(value, NULL, 0);
}

/* Each in a process of its own: core/ keeps what it is told at boot. */
static bool run(u64 seed)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		alarm(SECONDS);
		hart_world_run(seed, TURNS, seen);
		_exit(0);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_worlds(void **state)
{
	u64 count = number("WORLDS", 40U);
	u64 seed = number("WORLD_SEED", 1U);

	(void)state;
	for (u64 i = seed; i < seed + count; i++) {
		if (!run(i)) {
			printf("world %llu: WORLDS=1 WORLD_SEED=%llu\n", (unsigned long long)i,
			       (unsigned long long)i);
			fail();
		}
	}
	printf("%llu worlds: %llu accesses, %llu fetches, %llu pauses, %llu windows, %llu resets, "
	       "%llu creations, %llu harvests, %llu stops, %llu remote fences\n",
	       (unsigned long long)count, (unsigned long long)seen->accesses,
	       (unsigned long long)seen->fetches, (unsigned long long)seen->pauses,
	       (unsigned long long)seen->windows, (unsigned long long)seen->resets,
	       (unsigned long long)seen->creates, (unsigned long long)seen->harvests,
	       (unsigned long long)seen->stops, (unsigned long long)seen->rfences);
	/* It did what it is for. */
	assert_true(seen->accesses > count * 10000U && seen->fetches > count * 1000U);
	assert_true(seen->pauses > count * 10U && seen->windows > count);
	assert_true(seen->resets > count && seen->creates > count);
	assert_true(seen->harvests > count * 10U && seen->stops > count * 5U);
	assert_true(seen->rfences > count * 100U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worlds),
	};

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 2;
	fiber_warn();
	return cmocka_run_group_tests_name("harts", tests, NULL, NULL);
}
