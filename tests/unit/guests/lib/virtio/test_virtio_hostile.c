/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio console driver (guests/lib/virtio/virtio_serial.c) and devices that break the rules:
 * each is given up with one line, its ports are cut for good, and nothing is read or written
 * outside a buffer (the sanitisers look on).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/virtio/virtio_sim.h"

#define LINK 1U

#define CONTROL_RX 2U
#define CONTROL_TX 3U
#define LINK_RX	   4U
#define LINK_TX	   5U

static u8 data[300000], back[300000];
static struct virtio_port *port;

static int open_link(void **state)
{
	(void)state;
	vsim_reset();
	vsim_host_open(LINK);
	assert_true(virtio_serial_init(vsim_tree(true)));
	virtio_poll();
	port = virtio_port_find("cleave.link");
	assert_non_null(port);
	assert_true(virtio_port_open(port));
	assert_int_equal(vsim.lines, 0);
	return 0;
}

/** given_up() - one line that says @why, and everything is over */
static void given_up(const char *why)
{
	assert_int_equal(vsim.lines, 1);
	if (strstr(vsim.line, why) == NULL || strstr(vsim.line, "0x10001000") == NULL)
		fail_msg("\"%s\" does not say \"%s\"", vsim.line, why);
	assert_true((vsim.status & VIRTIO_STATUS_FAILED) != 0);
	for (u32 i = 0; i < 3; i++) {
		virtio_poll();
		assert_int_equal(virtio_port_send(port, data, 1), -1);
		assert_int_equal(virtio_port_recv(port, back, 1), -1);
		assert_false(virtio_port_open(port));
		assert_false(virtio_port_connected(port));
		assert_false(virtio_serial_wake());
	}
	assert_int_equal(vsim.lines, 1);
}

/** next() - take a buffer of a queue as the device, to lie about it. Return: its id */
static u32 next(u32 queue, bool write)
{
	u32 id, size;
	u8 *buf;

	assert_true(vsim_pop(queue, &id, &buf, &size, write));
	return id;
}

static void test_receive_id_out_of_range(void **state)
{
	static const u32 ids[] = { 64, 65, 128, 0xffff, 0x10000, 0x80000000U, UINT32_MAX };

	for (u32 i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		open_link(state);
		vsim_used(LINK_RX, ids[i], 4);
		assert_int_equal(virtio_port_recv(port, back, 100), -1);
		given_up("a receive queue has an entry that it cannot have");
	}
}

static void test_receive_length_beyond_the_buffer(void **state)
{
	static const u32 lengths[] = { 4097, 8192, 0x80000000U, UINT32_MAX };

	for (u32 i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		open_link(state);
		vsim_used(LINK_RX, next(LINK_RX, true), lengths[i]);
		assert_int_equal(virtio_port_recv(port, back, sizeof(back)), -1);
		given_up("a receive queue");
	}
}

static void test_receive_buffer_given_back_twice(void **state)
{
	u32 id = next(LINK_RX, true);

	(void)state;
	vsim_used(LINK_RX, id, 100);
	vsim_used(LINK_RX, id, 100);
	assert_int_equal(virtio_port_recv(port, back, 200), -1);
	given_up("a receive queue");
}

static void test_more_used_than_there_are(void **state)
{
	(void)state;
	for (u32 i = 0; i < 65; i++)
		vsim_used(LINK_RX, i % 64U, 1);
	assert_int_equal(virtio_port_recv(port, back, 200), -1);
	given_up("a receive queue");
}

static void test_used_index_that_goes_back(void **state)
{
	(void)state;
	vsim.queue[LINK_RX].done = 0xffff;
	*((u16 *)(uintptr_t)vsim.queue[LINK_RX].used + 1) = 0xffff;
	assert_int_equal(virtio_port_recv(port, back, 200), -1);
	given_up("a receive queue");
}

static void test_transmit_buffer_that_was_never_sent(void **state)
{
	(void)state;
	vsim_used(LINK_TX, 3, 0);
	assert_int_equal(virtio_port_send(port, data, 10), -1);
	assert_int_equal(vsim.port[LINK].got_len, 0);
	given_up("a transmit queue has an entry that it cannot have");
}

static void test_transmit_buffer_of_another_id(void **state)
{
	(void)state;
	vsim.lazy = true;
	assert_int_equal(virtio_port_send(port, data, 10), 10);
	vsim_used(LINK_TX, 7, 0);
	assert_int_equal(virtio_port_send(port, data, 10), -1);
	given_up("a transmit queue");
}

static void test_lie_in_the_middle_of_a_large_send(void **state)
{
	(void)state;
	vsim.lazy = true;
	/* Three sent, one given back rightly, and one that is the device's no more. */
	assert_int_equal(virtio_port_send(port, data, 3U * 8192U), 3U * 8192U);
	vsim_used(LINK_TX, next(LINK_TX, false), 0);
	vsim_used(LINK_TX, 0, 0);
	assert_int_equal(virtio_port_send(port, data, sizeof(data)), -1);
	/* Nothing of that call was shown to the device. */
	assert_int_equal(*((u16 *)(uintptr_t)vsim.queue[LINK_TX].avail + 1), 3);
	given_up("a transmit queue");
}

static void test_control_queues(void **state)
{
	vsim_used(CONTROL_RX, 200, 8);
	virtio_poll();
	given_up("the control receive queue has an entry that it cannot have");
	open_link(state);
	vsim_used(CONTROL_TX, 0, 0);
	virtio_poll();
	given_up("the control transmit queue has an entry that it cannot have");
	for (u32 len = 0; len < 8; len++) {
		open_link(state);
		vsim_used(CONTROL_RX, next(CONTROL_RX, true), len);
		virtio_poll();
		given_up("shorter than 8 bytes");
	}
	open_link(state);
	vsim_used(CONTROL_RX, next(CONTROL_RX, true), 257);
	virtio_poll();
	given_up("the control receive queue");
}

static void test_device_that_needs_a_reset(void **state)
{
	(void)state;
	vsim.status |= VIRTIO_STATUS_NEEDS_RESET;
	vsim.irq = 2;
	virtio_poll();
	given_up("it needs a reset");
}

static void test_messages_that_mean_nothing(void **state)
{
	static const u8 long_name[248] = { [0 ... 247] = 'n' };

	(void)state;
	for (u32 event = 0; event < 70000; event += 7) {
		/* Of what is known, what would be right here is tested elsewhere. */
		if (event >= 1 && event <= 7)
			continue;
		vsim_control(LINK, (u16)event, (u16)(event * 3U), "x", 1);
		vsim_control(event, 6, 0, NULL, 0);
		virtio_poll();
	}
	for (u32 id = 3; id < 100; id++) {
		vsim_control(id, 7, 1, long_name, sizeof(long_name));
		vsim_control(id, 6, 1, NULL, 0);
		vsim_control(id, 2, 1, NULL, 0);
		virtio_poll();
	}
	assert_int_equal(vsim.lines, 0);
	assert_int_equal(virtio_port_send(port, data, 10), 10);
	/* A name without its NUL, up to the end of the buffer */
	vsim_control(LINK, 7, 1, long_name, sizeof(long_name));
	virtio_poll();
	assert_null(virtio_port_find("cleave.link"));
	assert_non_null(virtio_port_find(
		"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"));
	vsim_control(LINK, 7, 1, NULL, 0);
	virtio_poll();
	assert_non_null(virtio_port_find(""));
	assert_int_equal(vsim.lines, 0);
}

/* Buffers of no bytes, given back as fast as they come, must not hold a call for ever. */
static void test_empty_buffers_without_end(void **state)
{
	(void)state;
	for (u32 i = 0; i < 1000; i++) {
		for (u32 k = 0; k < 64; k++)
			vsim_used(LINK_RX, next(LINK_RX, true), 0);
		assert_int_equal(virtio_port_recv(port, back, 100), 0);
	}
	assert_int_equal(vsim_host_write(LINK, data, 100), 100);
	assert_int_equal(virtio_port_recv(port, back, 100), 100);
	assert_int_equal(vsim.lines, 0);
}

static u64 random_state;

static u32 chance(u32 below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (u32)(random_state >> 33) % below;
}

/** mischief() - the device does something, mostly right */
static void mischief(void)
{
	u32 queue = 2U + chance(4), id, size;
	struct vsim_queue *q = &vsim.queue[queue];
	u8 *buf;

	switch (chance(12)) {
	case 0:
		vsim_used(queue, chance(70), chance(5000));
		break;
	case 1:
		*((u16 *)(uintptr_t)q->used + 1) = (u16)chance(65536);
		break;
	case 2: /* anything in the used ring, flags and idx as well */
		((u8 *)(uintptr_t)q->used)[chance(6U + 8U * q->num)] = (u8)chance(256);
		break;
	case 3:
		if (vsim_pop(CONTROL_RX, &id, &buf, &size, true)) {
			for (u32 i = 0; i < 16; i++)
				buf[i] = (u8)chance(i < 6 ? 9 : 256);
			vsim_used(CONTROL_RX, id, chance(20));
		}
		break;
	case 4:
		vsim_control(chance(10), (u16)chance(9), (u16)chance(2), "name", chance(5));
		break;
	case 5:
		vsim.port[LINK].host_open = true;
		vsim.port[LINK].guest_open = true;
		vsim_host_write(LINK, data, chance(20000));
		break;
	default:
		if (vsim_pop(queue, &id, &buf, &size, queue % 2U == 0)) {
			if (queue % 2U == 0)
				memset(buf, (int)chance(9), size);
			vsim_used(queue, id, queue % 2U == 0 ? chance(size + 1U) : 0);
		}
	}
}

static void test_random_mischief(void **state)
{
	u32 given = 0;

	for (u32 run = 0; run < 3000; run++) {
		random_state = run;
		open_link(state);
		vsim.lazy = vsim.lies = true;
		for (u32 i = 0; i < 60; i++) {
			int64_t n;

			mischief();
			n = virtio_port_send(port, data, chance(sizeof(data)));
			assert_in_range(n + 1, 0, sizeof(data) + 1);
			n = virtio_port_recv(port, back, chance(sizeof(back)));
			assert_in_range(n + 1, 0, sizeof(back) + 1);
			virtio_poll();
			if (chance(8) == 0)
				virtio_port_rest(port);
			virtio_port_open(port);
		}
		/*
		 * One line when it is given up; one on a port that it announced and that has no
		 * room.
		 */
		assert_in_range(vsim.lines, 0, 2);
		given += (vsim.status & VIRTIO_STATUS_FAILED) != 0 ? 1 : 0;
	}
	assert_in_range(given, 1000, 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receive_id_out_of_range),
		cmocka_unit_test(test_receive_length_beyond_the_buffer),
		cmocka_unit_test_setup(test_receive_buffer_given_back_twice, open_link),
		cmocka_unit_test_setup(test_more_used_than_there_are, open_link),
		cmocka_unit_test_setup(test_used_index_that_goes_back, open_link),
		cmocka_unit_test_setup(test_transmit_buffer_that_was_never_sent, open_link),
		cmocka_unit_test_setup(test_transmit_buffer_of_another_id, open_link),
		cmocka_unit_test_setup(test_lie_in_the_middle_of_a_large_send, open_link),
		cmocka_unit_test_setup(test_control_queues, open_link),
		cmocka_unit_test_setup(test_device_that_needs_a_reset, open_link),
		cmocka_unit_test_setup(test_messages_that_mean_nothing, open_link),
		cmocka_unit_test_setup(test_empty_buffers_without_end, open_link),
		cmocka_unit_test(test_random_mischief),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
