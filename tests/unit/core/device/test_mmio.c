/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulated devices on a VM's bus (core/device/mmio.c): what may be added, and which device an
 * address finds, at every edge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <cleave/errno.h>
#include "core/device/mmio.h"

static int add(struct mmio_bus *bus, u64 base, u64 size)
{
	struct mmio_device dev = { .base = GPA(base), .size = size, .name = "device" };

	return mmio_add(bus, &dev);
}

static void finds_a_device_from_its_first_to_its_last_byte(void **state)
{
	struct mmio_bus bus = { 0 };

	(void)state;
	assert_int_equal(add(&bus, 0x10000000, 0x100), 0);
	assert_int_equal(add(&bus, 0xc000000, 0x600000), 0);
	assert_ptr_equal(mmio_find(&bus, GPA(0x10000000)), &bus.dev[0]);
	assert_ptr_equal(mmio_find(&bus, GPA(0x100000ff)), &bus.dev[0]);
	assert_ptr_equal(mmio_find(&bus, GPA(0xc5fffff)), &bus.dev[1]);
	assert_null(mmio_find(&bus, GPA(0x10000100)));
	assert_null(mmio_find(&bus, GPA(0xfffffff)));
	assert_null(mmio_find(&bus, GPA(0xc600000)));
	assert_null(mmio_find(&bus, GPA(0)));
	assert_null(mmio_find(&bus, GPA(UINT64_MAX)));
}

static void refuses_what_overlaps(void **state)
{
	struct mmio_bus bus = { 0 };

	(void)state;
	assert_int_equal(add(&bus, 0x1000, 0x1000), 0);
	assert_int_equal(add(&bus, 0x1fff, 1), CLV_ERR_EXISTS);
	assert_int_equal(add(&bus, 0x0, 0x1001), CLV_ERR_EXISTS);
	assert_int_equal(add(&bus, 0x0, 0x10000), CLV_ERR_EXISTS);
	assert_int_equal(add(&bus, 0x1800, 0x10), CLV_ERR_EXISTS);
	assert_int_equal(add(&bus, 0x0, 0x1000), 0);
	assert_int_equal(add(&bus, 0x2000, 0x1000), 0);
	assert_int_equal(bus.nr, 3);
}

static void reaches_the_end_of_the_address_space_and_no_further(void **state)
{
	struct mmio_bus bus = { 0 };

	(void)state;
	assert_int_equal(add(&bus, 0x1000, 0), CLV_ERR_INVAL);
	assert_int_equal(add(&bus, UINT64_MAX - 0xffe, 0x1000), CLV_ERR_INVAL);
	assert_int_equal(add(&bus, UINT64_MAX - 0xfff, 0x1000), 0);
	assert_ptr_equal(mmio_find(&bus, GPA(UINT64_MAX)), &bus.dev[0]);
	assert_null(mmio_find(&bus, GPA(0)));
}

static void says_when_it_is_full(void **state)
{
	struct mmio_bus bus = { 0 };

	(void)state;
	for (u64 i = 0; i < MMIO_MAX_DEVICES; i++)
		assert_int_equal(add(&bus, i * 0x1000, 0x1000), 0);
	assert_int_equal(add(&bus, 0x100000, 0x1000), CLV_ERR_NOMEM);
	assert_int_equal(bus.nr, MMIO_MAX_DEVICES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_device_from_its_first_to_its_last_byte),
		cmocka_unit_test(refuses_what_overlaps),
		cmocka_unit_test(reaches_the_end_of_the_address_space_and_no_further),
		cmocka_unit_test(says_when_it_is_full),
	};

	return cmocka_run_group_tests_name("mmio", tests, NULL, NULL);
}
