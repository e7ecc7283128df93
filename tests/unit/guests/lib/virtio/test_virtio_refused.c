/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio console driver (guests/lib/virtio/virtio_serial.c) where there is no device, or one
 * that it cannot use: that is said once, in a line that says why, and nothing waits for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/virtio/virtio_sim.h"

/* What an earlier device has left in the driver does not matter. */
static int prepare(void **state)
{
	(void)state;
	vsim_reset();
	assert_true(virtio_serial_init(vsim_tree(true)));
	virtio_poll();
	vsim_reset();
	return 0;
}

static void refused(const char *why)
{
	assert_false(virtio_serial_init(vsim_tree(true)));
	assert_int_equal(vsim.lines, 1);
	if (strstr(vsim.line, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", vsim.line, why);
	assert_null(virtio_port_find("cleave.link"));
	virtio_poll();
	assert_false(virtio_serial_wake());
	assert_int_equal(vsim.lines, 1);
}

static void test_no_device_is_no_error(void **state)
{
	(void)state;
	assert_false(virtio_serial_init(vsim_tree(false)));
	vsim.device_id = 2;
	assert_false(virtio_serial_init(vsim_tree(true)));
	assert_false(virtio_serial_init(NULL));
	assert_int_equal(vsim.lines, 0);
}

static void test_devices_that_cannot_be_used_are_said(void **state)
{
	vsim.version = 1;
	refused("virtio-mmio version 1; allowed: 2 (QEMU: -global virtio-mmio.force-legacy=false)");
	assert_int_equal(vsim.status, 0);
	prepare(state);
	vsim.version = 3;
	refused("version 3; allowed: 2");
	prepare(state);
	vsim.features = VIRTIO_F_VERSION_1;
	refused("does not offer a feature");
	assert_true((vsim.status & VIRTIO_STATUS_FAILED) != 0);
	prepare(state);
	vsim.features = 2;
	refused("does not offer a feature");
	prepare(state);
	vsim.refuses = true;
	refused("refuses the features");
	assert_true((vsim.status & VIRTIO_STATUS_FAILED) != 0);
	prepare(state);
	vsim.stuck = true;
	refused("does not come out of reset");
	prepare(state);
	vsim.queue_max = 0;
	refused("lacks a queue");
	prepare(state);
	vsim.max_ports = 0;
	refused("lacks a queue");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_device_is_no_error, prepare),
		cmocka_unit_test_setup(test_devices_that_cannot_be_used_are_said, prepare),
	};

	return cmocka_run_group_tests_name("virtio_refused", tests, NULL, NULL);
}
