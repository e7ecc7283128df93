/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio console driver (guests/lib/virtio/virtio_serial.c) against a simulated device:
 * streams, connections that end and begin, queues that are full. test_virtio_refused.c has the
 * devices that cannot be used, and test_virtio_hostile.c those that mean harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/virtio/virtio_sim.h"

#define LINK   1U
#define SECOND 2U

/* What the driver can have in the device at once */
#define TX_SIZE 8192U
#define TX_ROOM (32U * TX_SIZE)
#define RX_ROOM (64U * 4096U)

static u8 data[SIM_HOST_SIZE], back[SIM_HOST_SIZE];

/* Generations go on counting over tests: what the first port had when this one began */
static u32 before;

static u32 generation(const struct virtio_port *port)
{
	return virtio_port_generation(port) - before;
}

static int prepare(void **state)
{
	(void)state;
	vsim_reset();
	assert_true(virtio_serial_init(vsim_tree(true)));
	virtio_poll();
	before = virtio_port_generation(virtio_port_find("cleave.link"));
	vsim_reset();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 2654435761U >> 13);
	memset(back, 0, sizeof(back));
	return 0;
}

/** start() - Return: the link's port */
static struct virtio_port *start(void)
{
	struct virtio_port *port;

	assert_true(virtio_serial_init(vsim_tree(true)));
	virtio_poll();
	port = virtio_port_find("cleave.link");
	assert_non_null(port);
	assert_int_equal(vsim.lines, 0);
	return port;
}

/** start_open() - the same, with an open connection */
static struct virtio_port *start_open(void)
{
	struct virtio_port *port = start();

	vsim_host_open(LINK);
	assert_true(virtio_port_open(port));
	return port;
}

/* --- finding and starting --------------------------------------------------------------------- */

static void test_ports_are_found_by_name(void **state)
{
	struct virtio_port *port;

	(void)state;
	vsim.port[5].there = true;
	vsim.port[5].name =
		"tab\tand a name of which only the first sixty-three bytes count, and not one more";
	vsim.port[0].there = true;
	port = start();
	assert_non_null(virtio_port_find("cleave.second"));
	assert_ptr_not_equal(virtio_port_find("cleave.second"), port);
	assert_non_null(virtio_port_find(
		"tab?and a name of which only the first sixty-three bytes count,"));
	assert_null(virtio_port_find("cleave.peer"));
	assert_null(virtio_port_find("cleave.lin"));
	assert_false(virtio_port_connected(port));
	assert_false(virtio_port_open(port));
	assert_int_equal(virtio_port_send(port, data, 1), -1);
	assert_int_equal(virtio_port_recv(port, back, 1), -1);
	assert_true(virtio_serial_wake());
	assert_int_equal(vsim.enabled, SIM_IRQ);
	assert_int_equal((u32)(vsim.accepted >> 32), 1);
	assert_int_equal((u32)vsim.accepted, 2U | (u32)VIRTIO_F_EVENT_IDX);
}

static void test_ports_without_room_are_refused_once(void **state)
{
	(void)state;
	for (u32 i = 0; i < 7; i++)
		vsim.port[i].there = true;
	assert_true(virtio_serial_init(vsim_tree(true)));
	virtio_poll();
	assert_int_equal(vsim.lines, 1);
	assert_non_null(strstr(vsim.line, "port 4 is not used"));
	assert_true(vsim.port[3].ready);
	assert_int_equal(vsim.port[4].refused, 1);
	assert_int_equal(vsim.port[6].refused, 1);
	vsim_control(1000, 1, 1, NULL, 0);
	virtio_poll();
	assert_int_equal(vsim.lines, 1);
}

/* --- streams ---------------------------------------------------------------------------------- */

static void test_stream_both_ways_wraps_the_indexes(void **state)
{
	struct virtio_port *port = start_open();
	size_t sent = 0, got = 0, to = 0, from = 0;
	u32 i;

	(void)state;
	/* 16-bit indexes wrap after 65536 buffers. */
	for (i = 0; i < 140000; i++) {
		size_t n = 1U + i % 7U;
		int64_t r;

		r = virtio_port_send(port, data + sent, n);
		assert_int_equal(r, n);
		sent += n;
		assert_int_equal(vsim_host_write(LINK, data + to, n), n);
		to += n;
		r = virtio_port_recv(port, back, sizeof(back));
		assert_int_equal(r, n);
		assert_memory_equal(back, data + from, n);
		from += n;
		assert_memory_equal(vsim.port[LINK].got, data + got, vsim.port[LINK].got_len);
		got += vsim.port[LINK].got_len;
		vsim.port[LINK].got_len = 0;
		if (sent > sizeof(data) - 16U) {
			assert_int_equal(got, sent);
			sent = got = to = from = 0;
		}
	}
	assert_int_equal(vsim.lines, 0);
}

static void test_large_pieces(void **state)
{
	struct virtio_port *port = start_open();
	size_t at = 0;

	(void)state;
	/* All buffers at once, and it comes in one call. */
	assert_int_equal(virtio_port_send(port, data, TX_ROOM), TX_ROOM);
	assert_int_equal(vsim.port[LINK].got_len, TX_ROOM);
	assert_memory_equal(vsim.port[LINK].got, data, TX_ROOM);
	assert_int_equal(vsim_host_write(LINK, data, sizeof(data)), RX_ROOM);
	while (at < RX_ROOM) {
		int64_t n = virtio_port_recv(port, back + at, 10007);

		assert_in_range(n, 1, 10007);
		at += (size_t)n;
	}
	assert_memory_equal(back, data, RX_ROOM);
	assert_int_equal(virtio_port_recv(port, back, sizeof(back)), 0);
	/* The device has all its buffers back. */
	assert_int_equal(vsim_host_write(LINK, data, sizeof(data)), RX_ROOM);
	assert_int_equal(virtio_port_send(port, data, 0), 0);
	assert_int_equal(virtio_port_recv(port, back, 0), 0);
}

static void test_full_queue_takes_what_fits(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	vsim_throttle(LINK, true);
	assert_int_equal(virtio_port_send(port, data, 100), 100);
	assert_int_equal(virtio_port_send(port, data + 100, sizeof(data) - 100U),
			 TX_ROOM - TX_SIZE);
	assert_int_equal(virtio_port_send(port, data, 1), 0);
	assert_int_equal(virtio_port_send(port, data, 1), 0);
	assert_int_equal(vsim.port[LINK].got_len, 0);
	/* Now that there is no room, the device interrupts when there is. */
	virtio_poll();
	assert_int_equal(vsim.irq, 0);
	vsim_throttle(LINK, false);
	assert_int_equal(vsim.irq, 1);
	assert_int_equal(vsim.port[LINK].got_len, TX_ROOM - TX_SIZE + 100U);
	assert_memory_equal(vsim.port[LINK].got, data, TX_ROOM - TX_SIZE + 100U);
	assert_int_equal(virtio_port_send(port, data, 1), 1);
}

/* What is built in the port's memory leaves in its order with what is sent, and a cut is seen. */
static void test_room_is_sent_where_it_is(void **state)
{
	struct virtio_port *port = start_open();
	u8 *room;

	(void)state;
	assert_int_equal(virtio_port_send(port, "one ", 4), 4);
	assert_null(virtio_port_room(port, TX_SIZE + 1U));
	room = virtio_port_room(port, TX_SIZE);
	assert_non_null(room);
	assert_int_equal((uintptr_t)room % 4096U, 0);
	memcpy(room, "not sent", 8);
	/* A room that is not sent is forgotten. */
	assert_int_equal(virtio_port_send(port, "two ", 4), 4);
	room = virtio_port_room(port, 8);
	memcpy(room, "three", 5);
	assert_int_equal(virtio_port_sent(port, 5), 5);
	assert_int_equal(vsim.port[LINK].got_len, 13);
	assert_memory_equal(vsim.port[LINK].got, "one two three", 13);
	vsim_throttle(LINK, true);
	for (u32 i = 0; i < TX_ROOM / TX_SIZE; i++) {
		assert_non_null(virtio_port_room(port, 8));
		assert_int_equal(virtio_port_sent(port, 8), 8);
	}
	assert_null(virtio_port_room(port, 8));
	vsim_throttle(LINK, false);
	assert_non_null(virtio_port_room(port, 8));
	vsim_host_close(LINK);
	assert_null(virtio_port_room(port, 8));
	assert_int_equal(virtio_port_sent(port, 8), -1);
}

/*
 * However the host cuts what it sends, and wherever a look ends: what is shown, and what is read
 * between two looks, is the stream. Full buffers that lie side by side are shown in one piece.
 */
static void test_received_bytes_are_shown_where_they_are(void **state)
{
	struct virtio_port *port = start_open();
	size_t sent = 0, read = 0, whole = 0;
	u64 random = 1;

	(void)state;
	while (read < sizeof(data)) {
		const u8 *shown = NULL;
		bool grows = false;
		size_t want, n;

		random = random * 6364136223846793005U + 1442695040888963407U;
		want = (random >> 33) % 3U == 0 ? 1U + (random >> 40) % 9000U : 4096U;
		want = MIN(want, sizeof(data) - sent);
		sent += vsim_host_write(LINK, data + sent, want);
		n = virtio_port_peek(port, 4136, &shown, &grows);
		assert_in_range(n, 0, sent - read);
		if (n != 0)
			assert_memory_equal(shown, data + read, n);
		if (n >= 4136) {
			whole++;
			virtio_port_read(port, 4136);
			read += 4136;
		} else if (!grows || sent == sizeof(data)) {
			s64 got = virtio_port_recv(port, back, 4136);

			assert_in_range(got, n != 0 ? 1 : 0, 4136);
			assert_memory_equal(back, data + read, (size_t)got);
			read += (size_t)got;
		}
	}
	assert_int_equal(read, sent);
	assert_true(whole > 20);
	/* More than was shown is not read, and a closed port shows nothing. */
	assert_int_equal(vsim_host_write(LINK, data, 10), 10);
	virtio_port_read(port, 11);
	assert_int_equal(virtio_port_recv(port, back, 20), 10);
	assert_int_equal(vsim_host_write(LINK, data, 10), 10);
	vsim_host_close(LINK);
	assert_int_equal(virtio_port_peek(port, 10, &(const u8 *){ NULL }, &(bool){ false }), 0);
	virtio_port_read(port, 10);
	assert_int_equal(virtio_port_recv(port, back, 20), -1);
}

static void test_received_bytes_interrupt_who_found_none(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	for (u32 i = 0; i < 200; i++) {
		assert_int_equal(virtio_port_recv(port, back, 8), 0);
		virtio_poll();
		assert_int_equal(vsim.irq, 0);
		assert_int_equal(vsim_host_write(LINK, data, 8), 8);
		assert_int_equal(vsim.irq, 1);
		assert_int_equal(virtio_port_recv(port, back, 8), 8);
	}
	virtio_poll();
	vsim_host_close(LINK);
	assert_int_equal(vsim.irq, 1);
}

static void test_notified_only_when_wanted(void **state)
{
	struct virtio_port *port = start_open();
	u32 notified;

	(void)state;
	vsim.lazy = true;
	notified = vsim.notified;
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(virtio_port_send(port, data, 16), 16);
	/* The first wakes a device that has seen all; it did not look again since. */
	assert_int_equal(vsim.notified - notified, 1);
	vsim_run();
	assert_int_equal(vsim.port[LINK].got_len, 128);
	assert_int_equal(virtio_port_send(port, data, 16), 16);
	assert_int_equal(vsim.notified - notified, 2);
}

static void test_device_without_event_indexes(void **state)
{
	struct virtio_port *port;
	u32 notified;

	(void)state;
	vsim.features &= ~VIRTIO_F_EVENT_IDX;
	vsim.queue_max = 100;
	port = start_open();
	assert_int_equal(vsim.queue[4].num, 64);
	for (u32 i = 0; i < 300; i++) {
		assert_int_equal(virtio_port_send(port, data, 5), 5);
		assert_int_equal(vsim_host_write(LINK, data, 9), 9);
		assert_int_equal(virtio_port_recv(port, back, 16), 9);
	}
	assert_int_equal(vsim.port[LINK].got_len, 1500);
	/* used.flags says that no notification is wanted. */
	*(u16 *)(uintptr_t)vsim.queue[5].used = 1;
	notified = vsim.notified;
	assert_int_equal(virtio_port_send(port, data, 5), 5);
	assert_int_equal(vsim.notified, notified);
}

static void test_small_queues(void **state)
{
	for (u32 size = 1; size < 8; size++) {
		struct virtio_port *port;

		prepare(state);
		vsim.port[SECOND].there = size > 2;
		vsim.queue_max = size;
		assert_true(virtio_serial_init(vsim_tree(true)));
		for (u32 i = 0; i < 8; i++)
			virtio_poll();
		port = virtio_port_find("cleave.link");
		/*
		 * One buffer for control messages cannot hold what a device says at once: some get
		 * lost, by its rules.
		 */
		if (port == NULL)
			continue;
		vsim_host_open(LINK);
		assert_true(virtio_port_open(port));
		for (u32 i = 0; i < 20; i++) {
			assert_int_equal(virtio_port_send(port, data, 40), 40);
			assert_int_equal(vsim_host_write(LINK, data, 40), 40);
			assert_int_equal(virtio_port_recv(port, back, 40), 40);
		}
		assert_int_equal(vsim.port[LINK].got_len, 800);
	}
}

/* --- connections ------------------------------------------------------------------------------ */

static void test_cut_stays_cut_until_opened_again(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	assert_int_equal(generation(port), 1);
	assert_true(virtio_port_open(port));
	assert_int_equal(generation(port), 1);
	assert_int_equal(vsim_host_write(LINK, "old", 3), 3);
	vsim_host_close(LINK);
	assert_int_equal(virtio_port_send(port, data, 10), -1);
	assert_int_equal(virtio_port_recv(port, back, 10), -1);
	assert_false(virtio_port_connected(port));
	assert_false(virtio_port_open(port));
	vsim_host_open(LINK);
	assert_int_equal(virtio_port_send(port, data, 10), -1);
	assert_int_equal(virtio_port_recv(port, back, 10), -1);
	assert_true(virtio_port_connected(port));
	assert_int_equal(generation(port), 2);
	assert_int_equal(vsim.port[LINK].got_len, 0);
	assert_true(virtio_port_open(port));
	assert_int_equal(virtio_port_recv(port, back, 10), 0);
	assert_int_equal(vsim_host_write(LINK, "new", 3), 3);
	assert_int_equal(virtio_port_recv(port, back, 10), 3);
	assert_memory_equal(back, "new", 3);
	assert_int_equal(virtio_port_send(port, "new", 3), 3);
	assert_int_equal(vsim.port[LINK].got_len, 3);
}

static void test_cut_in_the_middle_of_a_received_buffer(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	assert_int_equal(vsim_host_write(LINK, data, 10000), 10000);
	assert_int_equal(virtio_port_recv(port, back, 10), 10);
	vsim_host_close(LINK);
	vsim_host_open(LINK);
	assert_int_equal(virtio_port_recv(port, back, 10), -1);
	assert_true(virtio_port_open(port));
	assert_int_equal(virtio_port_recv(port, back, 10), 0);
	assert_int_equal(vsim_host_write(LINK, data, sizeof(data)), RX_ROOM);
}

static void test_close_and_open_between_two_looks(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	for (u32 i = 0; i < 100; i++) {
		assert_int_equal(vsim_host_write(LINK, "old", 3), 3);
		vsim_host_close(LINK);
		vsim_host_open(LINK);
		assert_int_equal(virtio_port_send(port, "old", 3), -1);
		assert_int_equal(generation(port), i + 2U);
		assert_true(virtio_port_open(port));
		assert_int_equal(virtio_port_recv(port, back, 10), 0);
		assert_int_equal(virtio_port_send(port, "new", 3), 3);
		assert_int_equal(vsim.port[LINK].got_len, 3);
		assert_memory_equal(vsim.port[LINK].got, "new", 3);
	}
}

static void test_connection_waits_for_the_end_of_the_last(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	vsim.lazy = true;
	assert_int_equal(virtio_port_send(port, "old", 3), 3);
	assert_int_equal(virtio_port_send(port, "old", 3), 3);
	assert_int_equal(vsim_host_write(LINK, "old", 3), 3);
	/*
	 * A device that closes its side and has not yet given back what it was sent, nor looked at
	 * what it was told
	 */
	vsim.port[LINK].host_open = false;
	vsim_control(LINK, 6, 0, NULL, 0);
	vsim_host_open(LINK);
	assert_false(virtio_port_open(port));
	virtio_poll();
	assert_false(virtio_port_open(port));
	assert_int_equal(virtio_port_send(port, data, 1), -1);
	/* It reads that our end is closed, and sent something before that. */
	assert_int_equal(vsim_host_write(LINK, "lost", 4), 4);
	vsim.port[LINK].throttled = true;
	vsim_run();
	assert_false(vsim.port[LINK].guest_open);
	assert_false(virtio_port_open(port));
	/* It gives back what was sent on the old connection. */
	vsim_throttle(LINK, false);
	vsim.port[LINK].got_len = 0;
	assert_true(virtio_port_open(port));
	vsim_run();
	assert_true(vsim.port[LINK].guest_open);
	assert_int_equal(virtio_port_recv(port, back, 10), 0);
	assert_int_equal(vsim_host_write(LINK, "new", 3), 3);
	assert_int_equal(virtio_port_recv(port, back, 10), 3);
	assert_memory_equal(back, "new", 3);
}

/* QEMU's way: each close may cost a buffer, and the next connections must have all of them. */
static void test_buffers_that_never_come_back(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	vsim.loses = true;
	for (u32 i = 0; i < 70000; i++) {
		bool full = i % 1000U == 0;

		vsim_throttle(LINK, true);
		assert_int_equal(virtio_port_send(port, data, full ? TX_ROOM : 10),
				 full ? TX_ROOM : 10);
		vsim_host_close(LINK);
		assert_int_equal(virtio_port_send(port, data, 10), -1);
		vsim_host_open(LINK);
		assert_true(virtio_port_open(port));
	}
	assert_int_equal(virtio_port_send(port, data, 100), 100);
	assert_memory_equal(vsim.port[LINK].got, data, 100);
	assert_int_equal(vsim.lines, 0);
}

/* A slow device gives it back later, when it may be in use again. */
static void test_forgotten_buffer_comes_back(void **state)
{
	struct virtio_port *port = start_open();
	u32 id, size;
	u8 *buf;

	(void)state;
	for (u32 i = 0; i < 2; i++) {
		vsim_throttle(LINK, true);
		assert_int_equal(virtio_port_send(port, "old", 3), 3);
		assert_true(vsim_pop(5, &id, &buf, &size, false));
		vsim_host_close(LINK);
		vsim_host_open(LINK);
		assert_true(virtio_port_open(port));
		vsim_throttle(LINK, i == 1);
		if (i == 1)
			assert_int_equal(virtio_port_send(port, "new", 3), 3);
		vsim_used(5, id, 0);
		assert_int_equal(virtio_port_send(port, "next", 4), 4);
		vsim_throttle(LINK, false);
		assert_int_equal(virtio_port_send(port, "last", 4), 4);
	}
	assert_int_equal(vsim.lines, 0);
	/* Once, and not twice. */
	vsim_used(5, id, 0);
	assert_int_equal(virtio_port_send(port, "x", 1), -1);
	assert_int_equal(vsim.lines, 1);
}

static void test_ports_do_not_share_their_fate(void **state)
{
	struct virtio_port *port = start_open(), *second = virtio_port_find("cleave.second");

	(void)state;
	vsim_host_open(SECOND);
	assert_true(virtio_port_open(second));
	assert_int_equal(vsim_host_write(SECOND, "second", 6), 6);
	vsim_throttle(LINK, true);
	while (virtio_port_send(port, data, 32768) != 0)
		;
	assert_int_equal(virtio_port_send(second, "there", 5), 5);
	assert_memory_equal(vsim.port[SECOND].got, "there", 5);
	vsim_host_close(LINK);
	assert_int_equal(virtio_port_recv(port, back, 10), -1);
	assert_int_equal(virtio_port_recv(second, back, 10), 6);
	assert_memory_equal(back, "second", 6);
	assert_int_equal(vsim.port[LINK].got_len, 0);
}

static void test_host_open_before_the_program(void **state)
{
	struct virtio_port *port;

	(void)state;
	vsim_host_open(LINK);
	port = start();
	assert_true(virtio_port_connected(port));
	assert_int_equal(generation(port), 1);
	/* Nothing comes before the program wants it. */
	assert_int_equal(vsim_host_write(LINK, data, 10), 0);
	assert_int_equal(virtio_port_recv(port, back, 10), -1);
	assert_true(virtio_port_open(port));
	assert_int_equal(vsim_host_write(LINK, data, 10), 10);
	/* Said again: the same connection. */
	vsim_control(LINK, 6, 1, NULL, 0);
	assert_int_equal(virtio_port_recv(port, back, 10), 10);
	assert_int_equal(generation(port), 1);
}

static void test_rest_keeps_the_connection(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	for (u32 i = 0; i < 100; i++) {
		assert_int_equal(vsim_host_write(LINK, data, 10000), 10000);
		assert_int_equal(virtio_port_recv(port, back, 6), 6);
		virtio_port_rest(port);
		virtio_port_rest(port);
		assert_false(vsim.port[LINK].guest_open);
		assert_int_equal(virtio_port_recv(port, back, 10), -1);
		assert_int_equal(virtio_port_send(port, back, 10), -1);
		assert_true(virtio_port_connected(port));
		assert_int_equal(vsim_host_write(LINK, data, 10), 0);
		assert_true(virtio_port_open(port));
		assert_int_equal(generation(port), 1);
		assert_int_equal(virtio_port_recv(port, back, sizeof(back)), 9994);
		assert_memory_equal(back, data + 6, 9994);
		assert_int_equal(virtio_port_send(port, data, 10), 10);
	}
	assert_int_equal(vsim.port[LINK].got_len, 1000);
}

/*
 * However fast the host closes, opens and sends: it is all there, and nothing of the old
 * connection.
 */
static void test_rest_makes_the_next_connection_whole(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	for (u32 i = 0; i < 100; i++) {
		assert_int_equal(vsim_host_write(LINK, "old", 3), 3);
		virtio_port_rest(port);
		vsim_host_close(LINK);
		vsim_host_open(LINK);
		assert_int_equal(vsim_host_write(LINK, "new", 3), 0);
		assert_true(virtio_port_open(port));
		assert_int_equal(generation(port), i + 2U);
		assert_int_equal(vsim_host_write(LINK, "new", 3), 3);
		assert_int_equal(virtio_port_recv(port, back, 10), 3);
		assert_memory_equal(back, "new", 3);
	}
	/* A device that has not yet taken that we rest */
	assert_int_equal(vsim_host_write(LINK, "old", 3), 3);
	vsim.lazy = true;
	virtio_port_rest(port);
	vsim_host_close(LINK);
	vsim_host_open(LINK);
	assert_false(virtio_port_open(port));
	assert_true(vsim.port[LINK].guest_open);
	vsim_run();
	assert_true(virtio_port_open(port));
	vsim_run();
	assert_int_equal(vsim_host_write(LINK, "new", 3), 3);
	assert_int_equal(virtio_port_recv(port, back, 10), 3);
	assert_memory_equal(back, "new", 3);
	/*
	 * What was sent before a rest arrives, however slow the host; and is not sent twice, or on
	 * the next.
	 */
	vsim.lazy = false;
	vsim_throttle(LINK, true);
	assert_int_equal(virtio_port_send(port, data, 100000), 100000);
	virtio_port_rest(port);
	assert_true(virtio_port_open(port));
	assert_int_equal(virtio_port_send(port, data + 100000, 1000), 1000);
	virtio_port_rest(port);
	vsim_throttle(LINK, false);
	assert_int_equal(vsim.port[LINK].got_len, 101000);
	assert_memory_equal(vsim.port[LINK].got, data, 101000);
}

static void test_messages_wait_for_room(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	vsim.lazy = true;
	/* Announcements that are answered fill the control queue. */
	for (u32 i = 0; i < 200; i++) {
		vsim_control(1000, 1, 1, NULL, 0);
		virtio_poll();
	}
	vsim_host_close(LINK);
	virtio_poll();
	assert_int_equal(virtio_port_send(port, data, 1), -1);
	vsim_host_open(LINK);
	assert_false(virtio_port_open(port));
	/* The first look makes room, the second takes what was said then. */
	vsim_run();
	assert_false(virtio_port_open(port));
	vsim_run();
	assert_false(vsim.port[LINK].guest_open);
	assert_true(virtio_port_open(port));
	vsim_run();
	assert_true(vsim.port[LINK].guest_open);
}

static void test_port_is_removed_and_comes_back(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	assert_int_equal(vsim_host_write(LINK, data, 10), 10);
	vsim_control(LINK, 2, 1, NULL, 0);
	vsim.port[LINK].there = vsim.port[LINK].ready = vsim.port[LINK].guest_open = false;
	vsim.port[LINK].host_open = false;
	assert_int_equal(virtio_port_recv(port, back, 10), -1);
	assert_null(virtio_port_find("cleave.link"));
	vsim.port[LINK].there = true;
	vsim.port[LINK].name = "cleave.other";
	vsim_control(LINK, 1, 1, NULL, 0);
	vsim_host_open(LINK);
	virtio_poll();
	virtio_poll();
	assert_ptr_equal(virtio_port_find("cleave.other"), port);
	assert_int_equal(generation(port), 2);
	assert_true(virtio_port_open(port));
	assert_int_equal(virtio_port_recv(port, back, 10), 0);
	assert_int_equal(vsim_host_write(LINK, data, sizeof(data)), RX_ROOM);
}

/*
 * A program that is about to give up its memory: the device looks at its rings no more, also one
 * that was given up before.
 */
static void test_stopped_device_leaves_memory_alone(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	virtio_serial_stop();
	assert_int_equal(vsim.status, 0);
	assert_false(vsim.queue[vsim_rx_queue(LINK)].ready);
	assert_int_equal(vsim_host_write(LINK, data, 100), 0);
	assert_false(virtio_port_connected(port));
	assert_int_equal(virtio_port_send(port, data, 1), -1);
	assert_int_equal(virtio_port_recv(port, back, 1), -1);
	assert_false(virtio_port_open(port));
	assert_int_equal(vsim.lines, 0);

	prepare(state);
	start();
	vsim.lies = true;
	vsim_used(vsim_rx_queue(LINK) + 1U, 77, 0);
	vsim_host_open(LINK);
	virtio_port_open(virtio_port_find("cleave.link"));
	assert_int_equal(vsim.lines, 1);
	assert_int_not_equal(vsim.status, 0);
	virtio_serial_stop();
	assert_int_equal(vsim.status, 0);
}

static void test_second_init_cuts_everything(void **state)
{
	struct virtio_port *port = start_open();

	(void)state;
	assert_int_equal(vsim_host_write(LINK, data, 10), 10);
	assert_true(virtio_serial_init(vsim_tree(true)));
	virtio_poll();
	assert_ptr_equal(virtio_port_find("cleave.link"), port);
	assert_int_equal(virtio_port_recv(port, back, 10), -1);
	assert_int_equal(generation(port), 2);
	assert_true(virtio_port_open(port));
	assert_int_equal(virtio_port_recv(port, back, 10), 0);
	assert_int_equal(virtio_port_send(port, data, 10), 10);
	assert_int_equal(vsim.port[LINK].got_len, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ports_are_found_by_name, prepare),
		cmocka_unit_test_setup(test_ports_without_room_are_refused_once, prepare),
		cmocka_unit_test_setup(test_stream_both_ways_wraps_the_indexes, prepare),
		cmocka_unit_test_setup(test_large_pieces, prepare),
		cmocka_unit_test_setup(test_full_queue_takes_what_fits, prepare),
		cmocka_unit_test_setup(test_room_is_sent_where_it_is, prepare),
		cmocka_unit_test_setup(test_received_bytes_are_shown_where_they_are, prepare),
		cmocka_unit_test_setup(test_received_bytes_interrupt_who_found_none, prepare),
		cmocka_unit_test_setup(test_notified_only_when_wanted, prepare),
		cmocka_unit_test_setup(test_device_without_event_indexes, prepare),
		cmocka_unit_test_setup(test_small_queues, prepare),
		cmocka_unit_test_setup(test_cut_stays_cut_until_opened_again, prepare),
		cmocka_unit_test_setup(test_cut_in_the_middle_of_a_received_buffer, prepare),
		cmocka_unit_test_setup(test_close_and_open_between_two_looks, prepare),
		cmocka_unit_test_setup(test_connection_waits_for_the_end_of_the_last, prepare),
		cmocka_unit_test_setup(test_buffers_that_never_come_back, prepare),
		cmocka_unit_test_setup(test_forgotten_buffer_comes_back, prepare),
		cmocka_unit_test_setup(test_ports_do_not_share_their_fate, prepare),
		cmocka_unit_test_setup(test_host_open_before_the_program, prepare),
		cmocka_unit_test_setup(test_rest_keeps_the_connection, prepare),
		cmocka_unit_test_setup(test_rest_makes_the_next_connection_whole, prepare),
		cmocka_unit_test_setup(test_messages_wait_for_room, prepare),
		cmocka_unit_test_setup(test_port_is_removed_and_comes_back, prepare),
		cmocka_unit_test_setup(test_stopped_device_leaves_memory_alone, prepare),
		cmocka_unit_test_setup(test_second_init_cuts_everything, prepare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
