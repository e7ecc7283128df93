/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ticket lock, and the check that its holder is the caller. A check that fails aborts the
 * program on the host, so each one that must fail runs in a child.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <cleave/spinlock.h>
#include <cleave/string.h>

static struct spinlock lock;

/* Whether @f aborts; the line that it prints before goes into @line. */
static bool aborts(void (*f)(void), char *line, size_t size)
{
	int fd[2];
	int status;
	pid_t child;
	ssize_t len;

	assert_int_equal(pipe(fd), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(fd[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		f();
		_exit(0);
	}
	close(fd[1]);
	len = read(fd[0], line, size - 1U);
	line[len > 0 ? len : 0] = '\0';
	close(fd[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void needs_the_lock(void)
{
	spin_assert_held(&lock);
}

static void takes_and_needs_the_lock(void)
{
	spin_lock(&lock);
	spin_assert_held(&lock);
	spin_unlock(&lock);
}

static void tries_and_needs_the_lock(void)
{
	if (!spin_trylock(&lock))
		_exit(1);
	spin_assert_held(&lock);
	spin_unlock(&lock);
}

static void needs_the_lock_after_its_release(void)
{
	takes_and_needs_the_lock();
	spin_assert_held(&lock);
}

static void releases_what_it_does_not_hold(void)
{
	spin_unlock(&lock);
}

static void *lock_and_stay(void *arg)
{
	(void)arg;
	spin_lock(&lock);
	return NULL;
}

static void needs_what_another_holds(void)
{
	pthread_t other;

	if (pthread_create(&other, NULL, lock_and_stay, NULL) != 0 ||
	    pthread_join(other, NULL) != 0)
		_exit(1);
	spin_assert_held(&lock);
}

static void test_a_holder_passes(void **state)
{
	char line[200];

	(void)state;
	assert_false(aborts(takes_and_needs_the_lock, line, sizeof(line)));
	assert_false(aborts(tries_and_needs_the_lock, line, sizeof(line)));
	assert_string_equal(line, "");
}

static void test_a_free_lock_is_reported_by_name_and_place(void **state)
{
	char line[200];

	(void)state;
	assert_true(aborts(needs_the_lock, line, sizeof(line)));
	assert_string_equal(line, "locks: rule broken in needs_the_lock "
				  "(tests/unit/lib/test_spinlock.c): &lock is not held\n");
}

static void test_a_released_lock_is_reported(void **state)
{
	char line[200];

	(void)state;
	assert_true(aborts(needs_the_lock_after_its_release, line, sizeof(line)));
	assert_non_null(strstr(line, "in needs_the_lock_after_its_release "));
}

static void test_a_lock_that_another_holds_is_reported(void **state)
{
	char line[200];

	(void)state;
	assert_true(aborts(needs_what_another_holds, line, sizeof(line)));
	assert_non_null(strstr(line, "&lock is not held"));
}

static void test_a_release_without_the_lock_is_reported(void **state)
{
	char line[200];

	(void)state;
	assert_true(aborts(releases_what_it_does_not_hold, line, sizeof(line)));
	assert_non_null(strstr(line, "in spin_unlock "));
}

static void test_trylock_leaves_a_held_lock_alone(void **state)
{
	struct spinlock l = { 0 };

	(void)state;
	assert_true(spin_trylock(&l));
	assert_false(spin_trylock(&l));
	spin_assert_held(&l);
	spin_unlock(&l);
	assert_true(spin_trylock(&l));
	spin_unlock(&l);
}

#define THREADS 4
#define ROUNDS	20000

static struct {
	struct spinlock lock;
	unsigned int count;
} counter;

static void *count_up(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spin_lock(&counter.lock);
		spin_assert_held(&counter.lock);
		counter.count++;
		spin_unlock(&counter.lock);
	}
	return NULL;
}

static void test_one_holder_at_a_time(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(counter.count, THREADS * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_holder_passes),
		cmocka_unit_test(test_a_free_lock_is_reported_by_name_and_place),
		cmocka_unit_test(test_a_released_lock_is_reported),
		cmocka_unit_test(test_a_lock_that_another_holds_is_reported),
		cmocka_unit_test(test_a_release_without_the_lock_is_reported),
		cmocka_unit_test(test_trylock_leaves_a_held_lock_alone),
		cmocka_unit_test(test_one_holder_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
