/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often a VM may restart by itself, and what others hear of it (core/vm/vm_restart.c). The
 * machine's timer ticks once a second.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/vm/vm_restart.c"

static struct config_partition part;
static struct vm vm;
static u64 now;
static char said[160];
static u32 lines;
static u32 event;
static u64 event_arg;

u64 timer_now(void)
{
	return now;
}

u64 timer_frequency(void)
{
	return 1;
}

void event_post(u32 type, u32 id, u64 arg)
{
	assert_int_equal(id, vm.id);
	event = type;
	event_arg = arg;
}

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	lines++;
}

static int setup(void **state)
{
	(void)state;
	part = (struct config_partition){ .name = "p", .restart_count = 8, .restart_seconds = 60 };
	memset(&vm, 0, sizeof(vm));
	vm.cfg = &part;
	vm.id = 3;
	vm.run.state = CLEAVE_VM_STOPPED;
	now = 1000;
	lines = 0;
	event = 0;
	spin_lock(&vm.lock);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	spin_unlock(&vm.lock);
	return 0;
}

/* Five within ten seconds are told of; then a line for all that were not. */
static void test_a_few_are_told_of(void **state)
{
	(void)state;
	for (u32 i = 0; i < 8U; i++) {
		assert_true(vm_restart_ask(&vm));
		assert_int_equal(vm.restart.quiet, i >= 5U);
	}
	assert_int_equal(lines, 0);
	/* Its limit, and not before sixty seconds are over. */
	assert_false(vm_restart_ask(&vm));
	assert_string_equal(said, "partition \"p\": restarted 3 times more since the last line");
	assert_int_equal(event, CLEAVE_EVENT_RESTARTS);
	assert_int_equal(event_arg, 3);
	now += 60;
	assert_false(vm_restart_ask(&vm));
	now++;
	assert_true(vm_restart_ask(&vm));
	assert_false(vm.restart.quiet);
	assert_int_equal(lines, 1);
}

/* A restart that nobody was told of gives way to a manager's call, or fails: that is told. */
static void test_one_that_ends_is_told_of(void **state)
{
	(void)state;
	for (u32 i = 0; i < 5U; i++)
		assert_true(vm_restart_ask(&vm));
	vm_restart_loud(&vm);
	assert_int_equal(event, 0);
	assert_true(vm_restart_ask(&vm));
	assert_true(vm.restart.quiet);
	vm_restart_loud(&vm);
	assert_false(vm.restart.quiet);
	assert_string_equal(said, "partition \"p\": restarted 1 times more since the last line");
	assert_int_equal(event, CLEAVE_EVENT_STATE);
	assert_int_equal(event_arg, CLEAVE_VM_STOPPED);
	vm_restart_loud(&vm);
	assert_int_equal(lines, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_few_are_told_of, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_that_ends_is_told_of, setup, teardown),
	};

	return cmocka_run_group_tests_name("vm_restart", tests, NULL, NULL);
}
