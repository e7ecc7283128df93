/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of the other partition: pause, resume, shutdown, start, fault, reset, destroy, create;
 * and windows and events meanwhile.
 */
#include "tests/guests/hypercall/hypercall_test.h"

#define OTHER_WINDOW UINT64_C(0x1c0000000)

static u64 seq; /* of the last event seen */

static void expect_event(u32 state, const char *name)
{
	struct cleave_event event;

	/* A pause and a resume of order() may come before it. */
	do {
		if (cleave_vm_wait(seq, &event).error != 0) {
			check(false, "event: %s", name);
			return;
		}
		seq = event.seq;
	} while (event.type != CLEAVE_EVENT_STATE || event.vm != subject || event.arg != state);
	check(true, "event: %s", name);
}

static void test_pause(void)
{
	u64 before;

	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), SBI_ERR_INVALID_STATE, "resume what runs");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), SBI_ERR_ALREADY_AVAILABLE,
	     "start what runs");
	want(cleave_vm_steps(CLEAVE_FN_VM_CREATE, subject), SBI_ERR_ALREADY_AVAILABLE,
	     "create what is there");
	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), 0, "pause");
	wait_state(CLEAVE_VM_PAUSED);
	before = mailbox()->counter;
	wait_us(20000);
	check_eq(mailbox()->counter, before, "a paused partition does not count");
	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), 0, "pause what is paused");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), SBI_ERR_INVALID_STATE,
	     "start what is paused");

	want(cleave_window_map(subject, ARENA, 4096, OTHER_WINDOW, CLEAVE_WINDOW_WRITABLE), 0,
	     "a writable window");
	*(volatile u64 *)OTHER_WINDOW = 0x1234;
	check_eq(*(const volatile u64 *)(WINDOW + (ARENA - SUBJECT_BASE)), 0x1234,
		 "what it writes is there");
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), SBI_ERR_INVALID_STATE,
	     "no resume while it is mapped writable");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_FAULT, 0), SBI_ERR_INVALID_STATE,
	     "no log while it is mapped writable");
	want(cleave_window_unmap(OTHER_WINDOW), 0, "unmap it");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_FAULT, 0), 0,
	     "a log starts while it is paused");
	want(cleave_window_map(subject, ARENA, 4096, OTHER_WINDOW, CLEAVE_WINDOW_WRITABLE),
	     SBI_ERR_INVALID_STATE, "no writable window while it is logged");
	want(cleave_log_stop(subject, 0, CLEAVE_LOG_FLAG_COLLAPSE), 0,
	     "the log stops while it is paused");
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), 0, "resume");
	while (mailbox()->counter == before)
		cpu_relax();
	check(true, "it counts again");
}

static void test_shutdown(void)
{
	order(COMMAND_SHUTDOWN, 0);
	expect_event(CLEAVE_VM_STOPPED, "shutdown");
	wait_state(CLEAVE_VM_STOPPED);
	check_eq(mailbox()->magic, MAILBOX_MAGIC,
		 "the memory of a stopped partition can be looked at");
	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), SBI_ERR_INVALID_STATE,
	     "pause what has stopped");
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), SBI_ERR_INVALID_STATE,
	     "resume what has stopped");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), 0, "start it");
	expect_event(CLEAVE_VM_RUNNING, "start");
	wait_up();
	check(true, "it runs again");
}

static void test_fault(void)
{
	order(COMMAND_FAULT, 0);
	expect_event(CLEAVE_VM_FAULTED, "fault");
	wait_state(CLEAVE_VM_FAULTED);
	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), SBI_ERR_INVALID_STATE,
	     "pause what has faulted");
	want(cleave_vm_steps(CLEAVE_FN_VM_RESET, subject), 0, "reset it");
	wait_up();
	check(true, "it runs after the reset");
}

static void test_reset(void)
{
	touch(5, 5);
	check(*(const volatile u64 *)(WINDOW + (ARENA - SUBJECT_BASE) + 5 * 4096) != 0,
	      "it has written to its memory");
	want(cleave_call(CLEAVE_FN_VM_RESET, subject, 99, 0, 0, 0, 0), SBI_ERR_INVALID_STATE,
	     "reset: a cursor out of nowhere");
	want(cleave_vm_steps(CLEAVE_FN_VM_RESET, subject), 0, "reset what runs");
	expect_event(CLEAVE_VM_STOPPED, "reset: it stops");
	expect_event(CLEAVE_VM_RUNNING, "reset: it runs");
	wait_up();
	check_eq(*(const volatile u64 *)(WINDOW + (ARENA - SUBJECT_BASE) + 5 * 4096), 0,
		 "its memory was zeroed");
}

/* Every function that needs memory, on a slot that has none. */
static void test_gone(void)
{
	struct cleave_vm_info info;
	struct cleave_region_info region;
	struct cleave_leaves leaves;
	struct cleave_log_status status;
	u64 word = 0;

	want(cleave_vm_info(subject, &info), 0, "info of an empty slot");
	check_eq(info.state, CLEAVE_VM_EMPTY, "it is empty");
	want(cleave_region_info(subject, 0, &region), 0,
	     "region info of an empty slot: what it would have");
	check(region.gpa == SUBJECT_BASE && region.size == SUBJECT_SIZE, "as configured");
	want(cleave_log_status(subject, 0, &status), 0, "log status of an empty slot");
	check_eq(status.mode, CLEAVE_LOG_OFF, "off");
	want(cleave_stats(subject, &word, 1), 0, "statistics of an empty slot");
	check(word != 0, "are those of who was there");
	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), SBI_ERR_INVALID_STATE, "pause");
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), SBI_ERR_INVALID_STATE, "resume");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), SBI_ERR_INVALID_STATE, "start");
	want(cleave_vm_steps(CLEAVE_FN_VM_RESET, subject), SBI_ERR_INVALID_STATE, "reset");
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, subject), SBI_ERR_INVALID_STATE, "destroy");
	want(cleave_window_map(subject, SUBJECT_BASE, 4096, WINDOW, 0), SBI_ERR_INVALID_STATE,
	     "window");
	want(cleave_leaves(subject, 0, &leaves), SBI_ERR_INVALID_STATE, "leaves");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_FAULT, 0), SBI_ERR_INVALID_STATE, "log start");
	want(cleave_log_stop(subject, 0, 0), SBI_ERR_INVALID_STATE, "log stop");
	want(cleave_log_bits(CLEAVE_FN_LOG_GET, subject, 0, 0, 64, &word), SBI_ERR_INVALID_STATE,
	     "log get");
	want(cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, subject, 0, 0, 64, &word),
	     SBI_ERR_INVALID_STATE, "log get-and-clear");
	want(cleave_log_bits(CLEAVE_FN_LOG_CLEAR, subject, 0, 0, 64, &word), SBI_ERR_INVALID_STATE,
	     "log clear");
}

static bool all_zero(u64 base, u64 size)
{
	const volatile u64 *w = (const volatile u64 *)base;
	u64 i;

	for (i = 0; i < size / sizeof(u64); i++) {
		if (w[i] != 0)
			return false;
	}
	return true;
}

static void test_no_statistics(void)
{
	static u64 counters[CLEAVE_STAT_COUNT];
	u64 sum = 0;
	u32 i;

	want(cleave_stats(subject, counters, CLEAVE_STAT_COUNT), 0,
	     "statistics of a new partition");
	for (i = 0; i < CLEAVE_STAT_COUNT; i++)
		sum += counters[i];
	check_eq(sum, 0, "nothing was counted yet");
}

/* Destroyed while it is mapped and logged; then made again, empty, and started. */
static void test_destroy(void)
{
	struct sbiret r;

	want(cleave_log_start(subject, 0, CLEAVE_LOG_EAGER, 0), 0, "log it");
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, subject), 0,
	     "destroy it while it runs, is logged and is mapped");
	expect_event(CLEAVE_VM_EMPTY, "destroyed");
	want(cleave_window_unmap(WINDOW), SBI_ERR_INVALID_PARAM, "its window has gone");
	test_gone();

	r = cleave_call(CLEAVE_FN_VM_CREATE, subject, 0, 0, 0, 0, 0);
	check(r.error == 0 && r.value != 0, "create: the first step");
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), SBI_ERR_INVALID_STATE,
	     "no resume in the middle");
	want(cleave_window_map(subject, SUBJECT_BASE, 4096, WINDOW, 0), SBI_ERR_INVALID_STATE,
	     "no window in the middle");
	want(cleave_call(CLEAVE_FN_VM_CREATE, subject, (u64)r.value + 1U, 0, 0, 0, 0),
	     SBI_ERR_INVALID_STATE, "create: a wrong cursor");
	want(cleave_vm_steps(CLEAVE_FN_VM_CREATE, subject), 0, "create, begun anew");
	expect_event(CLEAVE_VM_PAUSED, "created");
	test_no_statistics();
	map_view();
	check(all_zero(WINDOW, SUBJECT_SIZE), "its memory is zero");
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), 0, "resume: it has nothing to run");
	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), 0, "pause");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), 0, "start");
	wait_up();
	check(true, "it runs");
	unmap_view();
}

void test_life(void)
{
	struct cleave_event event;

	/* What happened so far does not matter: go on after the newest event. */
	want(cleave_vm_wait(0, &event), 0, "wait for the first event");
	seq = event.seq;
	test_pause();
	test_shutdown();
	test_fault();
	test_reset();
	test_destroy();
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, subject), 0, "destroy it for good");
}
