/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random histories of a space (tests/model/life.h): a million acts, in all modes of the G-stage,
 * with all sizes of the largest leaf, and with all modes of the log.
 *
 *	build/unit/mm/test_histories 'LINE'	live through one history again
 *	HISTORY_ACTS=N HISTORY_SEED=N		how many acts, and which
 *
 * A history that fails is made short, and its line is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cleave/spinlock.h>
#include "tests/model/fiber.h"
#include "tests/model/life.h"

#define ACTS_EACH	1000U /* acts of a history */
#define SECONDS_EACH	20U   /* a history that takes longer has failed */
#define SECONDS_SHORTEN 120U

/* What the process that lives through histories tells the one that waits for it */
static struct {
	u64 at;
	struct life_seen seen;
} *told;

void spin_relax(void)
{
	life_relax();
}

static bool child_ok(pid_t child)
{
	int status;

	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Live through @h in a process of its own. @quiet: say nothing. Return: true when it fails */
static bool fails_in_child(const struct history *h, bool quiet)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct life_seen seen = { 0 };

		if (quiet && dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) < 0)
			_exit(2);
		alarm(SECONDS_EACH);
		life_run(h, &seen);
		_exit(0);
	}
	return !child_ok(child);
}

static bool fails(const struct history *h)
{
	return fails_in_child(h, true);
}

/* Live through histories from number @first on. Return: true when all went well; else told->at. */
static bool live(u64 seed, u64 first, u64 count)
{
	static struct history h;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		for (u64 i = first; i < first + count; i++) {
			told->at = i;
			alarm(SECONDS_EACH);
			history_make(&h, seed + i, ACTS_EACH);
			life_run(&h, &told->seen);
		}
		_exit(0);
	}
	return child_ok(child);
}

static u64 number(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value == NULL ? otherwise : strtoull(value, NULL, 0);
}

/* Make the history that has failed short, and tell of it. */
static void report(u64 seed)
{
	static struct history h;

	history_make(&h, seed, ACTS_EACH);
	printf("history %llu fails\n", (unsigned long long)seed);
	history_shorten(&h, fails, SECONDS_SHORTEN);
	printf("the shortest of it has %u acts:\nbuild/unit/mm/test_histories '", h.nr);
	history_print(&h, stdout);
	printf("'\n");
	(void)fails_in_child(&h, false);
}

static void test_histories(void **state)
{
	u64 count = number("HISTORY_ACTS", 1000000U) / ACTS_EACH;
	u64 seed = number("HISTORY_SEED", 1U);
	const struct life_seen *seen = &told->seen;

	(void)state;
	memset(told, 0, sizeof(*told));
	if (!live(seed, 0, count)) {
		report(seed + told->at);
		fail();
	}
	printf("%llu acts: %llu writes, %llu of them while a fence was owed, %llu faults, "
	       "%llu pages reported, %llu splits, %llu coarse, %llu collapses, %llu flushes\n",
	       (unsigned long long)(count * ACTS_EACH), (unsigned long long)seen->writes,
	       (unsigned long long)seen->late, (unsigned long long)seen->faults,
	       (unsigned long long)seen->reported, (unsigned long long)seen->splits,
	       (unsigned long long)seen->coarse, (unsigned long long)seen->collapses,
	       (unsigned long long)seen->flushes);
	/* It did what it is for. */
	assert_true(seen->writes > count * 100U && seen->late > count / 2U);
	assert_true(seen->faults > count * 10U && seen->reported > count * 20U);
	assert_true(seen->splits > count && seen->coarse > count / 20U);
	assert_true(seen->collapses > count && seen->flushes > count * 20U);
}

/* Harts that do not fence: that is noticed, made short, and comes again from its line. */
static void test_is_noticed(void **state)
{
	static struct history h;
	static struct history again;
	char *line = NULL;
	size_t size = 0;
	FILE *to;

	(void)state;
	life_deaf = true;
	history_make(&h, 7, ACTS_EACH);
	assert_true(fails(&h));
	history_shorten(&h, fails, SECONDS_SHORTEN);
	assert_true(h.nr <= 12U);
	to = open_memstream(&line, &size);
	history_print(&h, to);
	fclose(to);
	assert_true(history_parse(&again, line));
	assert_int_equal(again.nr, h.nr);
	assert_true(fails(&again));
	life_deaf = false;
	assert_false(fails(&again));
	free(line);
	assert_false(history_parse(&again, "3.2.12c.0.0 Z0.0.0.0.1"));
	assert_false(history_parse(&again, "3.2.12c.0.0 W9.0.0.0.1"));
}

static int replay(const char *line)
{
	static struct history h;

	if (!history_parse(&h, line)) {
		fprintf(stderr, "no history: levels.largest.step.spare.gib, and acts: %s\n",
			HISTORY_ACTS);
		return 2;
	}
	if (fails_in_child(&h, false))
		return 1;
	printf("it holds\n");
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_noticed),
		cmocka_unit_test(test_histories),
	};

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return 2;
	fiber_warn();
	if (argc > 1)
		return replay(argv[1]);
	return cmocka_run_group_tests_name("histories", tests, NULL, NULL);
}
