/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue of guests/lib/channel/ between two threads, built with ThreadSanitizer. Each side
 * forgets all it knows now and then, and begins anew; a thread may have to wait a moment before any
 * access to a shared word (cleave/atomic.h).
 *
 * Checked are: each message comes whole, in order, no acknowledged one again, and none is lost.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/atomic.h>
#include "guests/lib/channel/channel.h"

#define PLACES	 8U
#define LONGEST	 64U
#define MESSAGES 40000U

static u8 queue[128U + PLACES * 72U] __attribute__((aligned(64)));
static u32 failed; /* atomic */
static _Thread_local u64 seed;

static u64 any(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return seed >> 33;
}

static void yield_sometimes(void)
{
	if (any() % 16U == 0U)
		(void)sched_yield();
}

/* Message @n: it says its number, and each byte after that follows from it. */
static u32 fill(u64 n, u8 message[LONGEST])
{
	u32 len = (u32)(sizeof(n) + n % (LONGEST - sizeof(n) + 1U));

	memset(message, (int)(n % 251U), LONGEST);
	memcpy(message, &n, sizeof(n));
	return len;
}

static void *sender(void *arg)
{
	struct channel_end e;
	u8 message[LONGEST];

	seed = 1;
	if (!channel_sender(&e, queue, sizeof(queue), PLACES, LONGEST))
		(void)atomic_add(&failed, 1U);
	while (channel_number(&e) < MESSAGES && atomic_read(&failed) == 0U) {
		u32 len = fill(channel_number(&e), message);
		enum channel_answer answer = channel_send(&e, message, len);

		if (answer == CHANNEL_FULL)
			(void)sched_yield();
		else if (answer != CHANNEL_OK)
			(void)atomic_add(&failed, 1U);
		if (any() % 100U == 0U)
			(void)channel_sender(&e, queue, sizeof(queue), PLACES, LONGEST);
	}
	return arg;
}

static void *receiver(void *arg)
{
	struct channel_end e;
	u8 message[LONGEST];
	u8 want[LONGEST];
	u64 expected = 0;
	u32 len = 0;

	seed = 2;
	if (!channel_receiver(&e, queue, sizeof(queue), PLACES, LONGEST))
		(void)atomic_add(&failed, 1U);
	while (expected < MESSAGES && atomic_read(&failed) == 0U) {
		enum channel_answer answer = channel_take(&e, message, LONGEST, &len);

		if (answer == CHANNEL_OK) {
			if (len != fill(expected, want) || memcmp(message, want, len) != 0)
				(void)atomic_add(&failed, 1U);
		} else if (answer != CHANNEL_EMPTY) {
			(void)atomic_add(&failed, 1U);
		} else {
			(void)sched_yield();
		}
		/* Before the message is acknowledged, or after that */
		if (any() % 100U == 0U) {
			(void)channel_receiver(&e, queue, sizeof(queue), PLACES, LONGEST);
			continue;
		}
		channel_acknowledge(&e);
		expected = channel_number(&e);
	}
	return arg;
}

static void test_threads(void **state)
{
	pthread_t thread[2];

	(void)state;
	atomic_hook = yield_sometimes;
	assert_int_equal(pthread_create(&thread[0], NULL, sender, NULL), 0);
	assert_int_equal(pthread_create(&thread[1], NULL, receiver, NULL), 0);
	for (u32 i = 0; i < 2U; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	atomic_hook = NULL;
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_threads) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
