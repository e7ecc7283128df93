/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of events: its order, its numbers, and an exact count of the events that were lost. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "lib/event_ring.h"

static void put(struct event_ring *r, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct cleave_event ev = { .type = CLEAVE_EVENT_STATE, .vm = 1 };

		/* Each event carries its own number as its argument. */
		ev.arg = r->posted + 1U;
		ev.time = 10U * ev.arg;
		event_ring_put(r, &ev);
		assert_int_equal(ev.seq, ev.arg);
	}
}

/*
 * Read all events after @seq. Return: how many there were; @lost: how many the ring reported lost.
 */
static u64 read_all(const struct event_ring *r, u64 seq, u64 *lost)
{
	struct cleave_event ev;
	u64 n = 0;

	*lost = 0;
	while (event_ring_get(r, seq, &ev)) {
		if (ev.type == CLEAVE_EVENT_LOST) {
			*lost += ev.arg;
			assert_int_equal(ev.seq, seq + ev.arg);
		} else {
			assert_int_equal(ev.seq, seq + 1U);
			assert_int_equal(ev.arg, ev.seq);
			assert_int_equal(ev.time, 10U * ev.seq);
			n++;
		}
		seq = ev.seq;
	}
	assert_int_equal(seq, r->posted);
	return n;
}

static void test_empty(void **state)
{
	struct event_ring r = { 0 };
	struct cleave_event ev;

	(void)state;
	assert_false(event_ring_get(&r, 0, &ev));
	assert_false(event_ring_get(&r, 5, &ev));
	assert_false(event_ring_get(&r, UINT64_MAX, &ev));
}

static void test_every_fill(void **state)
{
	(void)state;
	for (u32 n = 1; n < 3U * EVENT_RING; n++) {
		for (u64 seq = 0; seq <= n; seq++) {
			struct event_ring r = { 0 };
			u64 lost;
			u64 got;

			put(&r, n);
			got = read_all(&r, seq, &lost);
			assert_int_equal(got + lost, n - seq);
			assert_int_equal(got, MIN(n - seq, (u64)EVENT_RING));
		}
	}
}

static void test_number_from_the_future(void **state)
{
	struct event_ring r = { 0 };
	struct cleave_event ev;

	(void)state;
	put(&r, 3);
	assert_false(event_ring_get(&r, 3, &ev));
	assert_false(event_ring_get(&r, 4, &ev));
	assert_false(event_ring_get(&r, UINT64_MAX, &ev));
	assert_true(event_ring_get(&r, 2, &ev));
	assert_int_equal(ev.seq, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_every_fill),
		cmocka_unit_test(test_number_from_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
