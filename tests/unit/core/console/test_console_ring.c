/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring of whole lines: full to the last byte, around its end, and compared with a list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/string.h>
#include "tests/unit/order.h"

#define memcpy(to, from, n) (order_say("copy", ""), memcpy(to, from, n))
#include "core/console/console_ring.c"

#define LINES 64U

/* Bytes after the ring, which nobody may write to */
static struct {
	struct console_ring ring;
	u8 after[16];
} r;

static u8 text[CONFIG_CONSOLE_LINE];

static int begin(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	memset(r.after, 0x5a, sizeof(r.after));
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (u32 i = 0; i < sizeof(r.after); i++)
		assert_int_equal(r.after[i], 0x5a);
	return 0;
}

static bool put(u32 len, u8 byte, bool self)
{
	memset(text, byte, len);
	return console_ring_put(&r.ring, text, len, self);
}

static void get(u32 len, u8 byte, bool self)
{
	struct console_entry e;

	assert_true(console_ring_peek(&r.ring, &e));
	assert_int_equal(e.len, len);
	assert_int_equal(e.self, self);
	console_ring_get(&r.ring, &e, text);
	for (u32 i = 0; i < len; i++)
		assert_int_equal(text[i], byte);
}

/* Fill the ring with lines of @len bytes, as long as one fits with @left bytes to spare. */
static u32 fill(u32 len, u32 left)
{
	u32 n = 0;

	while (console_ring_room(&r.ring) >= len + CONSOLE_RING_HEAD + left) {
		assert_true(put(len, (u8)n, false));
		n++;
	}
	return n;
}

/* A line fits when its text and its head do, to the byte. */
static void test_full_to_the_last_byte(void **state)
{
	u32 n;
	u32 room;

	(void)state;
	n = fill(100, 50);
	room = console_ring_room(&r.ring);
	assert_false(put(room - CONSOLE_RING_HEAD + 1U, 0xee, false));
	assert_false(put(room, 0xee, false));
	assert_int_equal(console_ring_room(&r.ring), room);
	assert_true(put(room - CONSOLE_RING_HEAD, 0xdd, true));
	assert_int_equal(console_ring_room(&r.ring), 0);
	assert_false(put(0, 0, false));
	for (u32 i = 0; i < n; i++)
		get(100, (u8)i, false);
	get(room - CONSOLE_RING_HEAD, 0xdd, true);
	assert_int_equal(console_ring_room(&r.ring), CONFIG_CONSOLE_RING);
}

/* Heads and texts of all lengths lie over the ring's end at every place in turn. */
static void test_around_the_end(void **state)
{
	u32 first = 0;
	u32 next = 0;
	u32 len[LINES];
	u32 stamp = 0;
	struct console_entry e;

	(void)state;
	for (u32 n = 0; n < 20000U; n++) {
		u32 l = n * 37U % (CONFIG_CONSOLE_LINE + 1U);

		if (next - first < LINES && put(l, (u8)next, next % 3U == 0U)) {
			len[next % LINES] = l;
			next++;
		}
		if (n % 2U == 0U || next - first == LINES) {
			assert_true(console_ring_peek(&r.ring, &e));
			assert_true(n == 0U || (s32)(e.stamp - stamp) > 0);
			stamp = e.stamp;
			get(len[first % LINES], (u8)first, first % 3U == 0U);
			first++;
		}
	}
	while (first != next) {
		get(len[first % LINES], (u8)first, first % 3U == 0U);
		first++;
	}
	assert_false(console_ring_peek(&r.ring, &e));
}

/* The reader is on another hart: what it is shown is there, and in this order under RVWMO. */
static void test_a_line_is_there_before_it_is_shown(void **state)
{
	struct console_entry e;

	(void)state;
	order_watch(&r.ring.used, "used");
	assert_true(put(3, 1, false));
	assert_string_equal(order_done(),
			    "get used, get used, copy, copy, copy, copy, copy, rel used");
	order_watch(&r.ring.used, "used");
	assert_true(console_ring_peek(&r.ring, &e));
	assert_string_equal(order_done(), "acq used, copy, copy, copy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_full_to_the_last_byte, begin, end),
		cmocka_unit_test_setup_teardown(test_around_the_end, begin, end),
		cmocka_unit_test_setup_teardown(test_a_line_is_there_before_it_is_shown, begin,
						end),
	};

	return cmocka_run_group_tests_name("console_ring", tests, NULL, NULL);
}
