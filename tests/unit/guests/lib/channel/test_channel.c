/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue of guests/lib/channel/: messages, lives of both sides, and a peer that writes anything
 * into the memory before any access to it (cleave/atomic.h). The sanitisers look on, and guard
 * bytes surround the memory and the caller's buffer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/atomic.h>

#include "guests/lib/channel/channel.h"

#define PLACES	4U
#define LONGEST 20U
#define BYTES	(128U + PLACES * 24U)
#define GUARD	64U
#define ROUNDS	200000U

static struct {
	u8 before[GUARD];
	u8 queue[BYTES] __attribute__((aligned(64)));
	u8 after[GUARD];
} shared;

static struct channel_end tx, rx;
static u64 seed;

static u64 any(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return seed >> 33;
}

static int setup(void **state)
{
	(void)state;
	atomic_hook = NULL;
	seed = 1;
	memset(&shared, 0, sizeof(shared));
	memset(shared.before, 0xa5, GUARD);
	memset(shared.after, 0xa5, GUARD);
	assert_true(channel_sender(&tx, shared.queue, BYTES, PLACES, LONGEST));
	assert_true(channel_receiver(&rx, shared.queue, BYTES, PLACES, LONGEST));
	return 0;
}

static void assert_guards(void)
{
	for (u32 i = 0; i < GUARD; i++) {
		assert_int_equal(shared.before[i], 0xa5);
		assert_int_equal(shared.after[i], 0xa5);
	}
}

static void send(u64 number)
{
	assert_int_equal(channel_send(&tx, &number, sizeof(number)), CHANNEL_OK);
}

static void take(u64 number)
{
	u64 got = ~number;
	u32 len = 0;

	assert_int_equal(channel_take(&rx, &got, sizeof(got), &len), CHANNEL_OK);
	assert_int_equal(len, sizeof(got));
	assert_int_equal(got, number);
}

static void assert_empty(void)
{
	u64 got = 0;
	u32 len = 77;

	assert_int_equal(channel_take(&rx, &got, sizeof(got), &len), CHANNEL_EMPTY);
	assert_int_equal(len, 77);
}

static void test_size(void **state)
{
	static struct channel_end e;

	(void)state;
	assert_int_equal(channel_bytes(PLACES, LONGEST), BYTES);
	assert_int_equal(channel_bytes(1, 1), 128U + 8U);
	assert_int_equal(channel_bytes(UINT32_C(1) << 31, CHANNEL_MESSAGE_MAX),
			 128U + (UINT64_C(1) << 31) * (CHANNEL_MESSAGE_MAX + 8U));
	assert_int_equal(channel_bytes(0, 8), 0);
	assert_int_equal(channel_bytes(3, 8), 0);
	assert_int_equal(channel_bytes(4, 0), 0);
	assert_int_equal(channel_bytes(4, CHANNEL_MESSAGE_MAX + 1U), 0);
	assert_false(channel_sender(&e, shared.queue, BYTES - 1U, PLACES, LONGEST));
	assert_false(channel_receiver(&e, shared.queue + 8, BYTES, PLACES, LONGEST));
	assert_false(channel_receiver(&e, shared.queue, BYTES, 3, LONGEST));
}

/* In order, and each until it is acknowledged */
static void test_messages(void **state)
{
	u64 sent = 0;
	u64 got = 0;

	(void)state;
	assert_empty();
	for (u32 step = 0; step < 10U * PLACES; step++) {
		while (channel_send(&tx, &sent, sizeof(sent)) == CHANNEL_OK)
			sent++;
		assert_int_equal(sent - got, PLACES);
		assert_int_equal(channel_send(&tx, &sent, sizeof(sent)), CHANNEL_FULL);
		for (u32 i = 0; i <= step % PLACES; i++, got++) {
			take(got);
			take(got);
			channel_acknowledge(&rx);
			channel_acknowledge(&rx); /* nothing was taken since */
		}
		assert_int_equal(channel_number(&rx), got);
	}
	assert_guards();
}

/* The longest message, the shortest, and what is longer than a place or a buffer */
static void test_lengths(void **state)
{
	u8 text[LONGEST + 1U] = "nineteen characters";
	u8 got[LONGEST];
	u32 len = 0;

	(void)state;
	assert_int_equal(channel_send(&tx, text, LONGEST + 1U), CHANNEL_LONG);
	assert_int_equal(channel_send(&tx, text, LONGEST), CHANNEL_OK);
	assert_int_equal(channel_send(&tx, text, 0), CHANNEL_OK);
	assert_int_equal(channel_take(&rx, got, LONGEST - 1U, &len), CHANNEL_LONG);
	channel_acknowledge(&rx); /* it was not taken */
	assert_int_equal(channel_take(&rx, got, LONGEST, &len), CHANNEL_OK);
	assert_int_equal(len, LONGEST);
	assert_memory_equal(got, text, LONGEST);
	channel_acknowledge(&rx);
	assert_int_equal(channel_take(&rx, got, 0, &len), CHANNEL_OK);
	assert_int_equal(len, 0);
	assert_guards();
}

/* Either side begins anew, at each stage of three messages. */
static void test_lives(void **state)
{
	(void)state;
	send(0);
	send(1);
	assert_true(channel_receiver(&rx, shared.queue, BYTES, PLACES, LONGEST));
	take(0);
	channel_acknowledge(&rx);
	take(1);
	/* Taken, and not acknowledged: the next life takes it. */
	assert_true(channel_receiver(&rx, shared.queue, BYTES, PLACES, LONGEST));
	channel_acknowledge(&rx);
	assert_true(channel_peer_began(&tx));
	assert_false(channel_peer_began(&tx));
	take(1);
	assert_true(channel_sender(&tx, shared.queue, BYTES, PLACES, LONGEST));
	assert_int_equal(channel_number(&tx), 2);
	assert_true(channel_peer_began(&rx));
	send(2);
	channel_acknowledge(&rx);
	take(2);
	channel_acknowledge(&rx);
	assert_true(channel_sender(&tx, shared.queue, BYTES, PLACES, LONGEST));
	assert_int_equal(channel_number(&rx), 3);
	assert_empty();
}

/* An index that cannot be breaks the queue until the side that wrote it begins anew. */
static void test_broken(void **state)
{
	static const u64 ahead[] = { PLACES + 1U, UINT64_MAX, UINT64_C(1) << 63 };
	u64 got = 0;
	u32 len;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(ahead); i++) {
		u64 next = channel_number(&rx);

		tx.own->index = next + ahead[i];
		assert_int_equal(channel_take(&rx, &got, sizeof(got), &len), CHANNEL_BROKEN);
		tx.own->index = next; /* too late */
		assert_int_equal(channel_take(&rx, &got, sizeof(got), &len), CHANNEL_BROKEN);
		tx.own->index = next + ahead[i];
		assert_true(channel_sender(&tx, shared.queue, BYTES, PLACES, LONGEST));
		assert_int_equal(channel_number(&tx), next);
		assert_true(channel_peer_began(&rx));
		assert_empty();
		rx.own->index = next - ahead[i];
		assert_int_equal(channel_send(&tx, &got, sizeof(got)), CHANNEL_BROKEN);
		rx.own->index = next;
		assert_int_equal(channel_send(&tx, &got, sizeof(got)), CHANNEL_BROKEN);
		rx.own->index = next - ahead[i];
		assert_true(channel_receiver(&rx, shared.queue, BYTES, PLACES, LONGEST));
		assert_int_equal(channel_number(&rx), next);
		assert_true(channel_peer_began(&tx));
		send(7);
		take(7);
		channel_acknowledge(&rx);
	}
}

/* A length that is longer than a place is not believed. */
static void test_length(void **state)
{
	static u8 got[4096];
	u32 len;

	(void)state;
	for (u32 i = 0; i < 2U; i++) {
		u32 *length = (u32 *)(void *)(rx.place + 24U * (channel_number(&tx) % PLACES));

		send(1);
		*length = i == 0U ? LONGEST + 1U : UINT32_MAX;
		assert_int_equal(channel_take(&rx, got, sizeof(got), &len), CHANNEL_BROKEN);
		assert_true(channel_sender(&tx, shared.queue, BYTES, PLACES, LONGEST));
		assert_true(channel_peer_began(&rx));
		*length = 8;
		take(1);
		channel_acknowledge(&rx);
	}
}

/* The peer writes anywhere in the memory, before each access to a shared word. */
static void hostile(void)
{
	for (u64 n = any() % 3U; n != 0U; n--) {
		u64 at = any() % (BYTES / 4U) * 4U;
		u32 value = any() % 2U == 0U ? (u32)any() : (u32)any() % (2U * PLACES);

		/* The lines more often than all else */
		memcpy(&shared.queue[any() % 2U == 0U ? at : at % 80U / 16U * 16U], &value, 4);
	}
}

static void test_hostile(void **state)
{
	struct {
		u8 buffer[LONGEST];
		u8 guard[GUARD];
	} own;
	u32 answers[2][CHANNEL_BROKEN + 1U] = { { 0 } };
	u8 message[LONGEST] = { 0 };

	(void)state;
	memset(&own, 0xa5, sizeof(own));
	atomic_hook = hostile;
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 size = (u32)(any() % (LONGEST + 1U));
		u32 len = UINT32_MAX;
		enum channel_answer got = channel_take(&rx, own.buffer, size, &len);

		assert_true(got == CHANNEL_OK ? len <= size : len == UINT32_MAX);
		answers[0][got]++;
		answers[1][channel_send(&tx, message, (u32)(any() % (LONGEST + 2U)))]++;
		channel_acknowledge(&rx);
		if (any() % 4U == 0U)
			assert_true(channel_sender(&tx, shared.queue, BYTES, PLACES, LONGEST));
		if (any() % 4U == 0U)
			assert_true(channel_receiver(&rx, shared.queue, BYTES, PLACES, LONGEST));
		(void)channel_peer_began(&tx);
		(void)channel_peer_began(&rx);
	}
	atomic_hook = NULL;
	assert_guards();
	for (u32 i = 0; i < GUARD; i++)
		assert_int_equal(own.guard[i], 0xa5);
	/* All that can be answered was. */
	assert_true(answers[0][CHANNEL_OK] > 100U && answers[0][CHANNEL_EMPTY] > 100U);
	assert_true(answers[0][CHANNEL_LONG] > 100U && answers[0][CHANNEL_BROKEN] > 100U);
	assert_true(answers[1][CHANNEL_OK] > 100U && answers[1][CHANNEL_FULL] > 100U);
	assert_true(answers[1][CHANNEL_LONG] > 100U && answers[1][CHANNEL_BROKEN] > 100U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test_setup(test_messages, setup),
		cmocka_unit_test_setup(test_lengths, setup),
		cmocka_unit_test_setup(test_lives, setup),
		cmocka_unit_test_setup(test_broken, setup),
		cmocka_unit_test_setup(test_length, setup),
		cmocka_unit_test_setup(test_hostile, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
