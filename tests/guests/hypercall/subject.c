/* SPDX-License-Identifier: BSD-2-Clause */
/* Both sides of the mailbox. */
#include "tests/guests/hypercall/hypercall_test.h"

u32 subject;
u32 default_log;
const char *own_isa;

/* A second view of the mailbox's page, writable while the subject is paused */
#define WRITE_WINDOW UINT64_C(0x180000000)

static u64 serial;

void want(struct sbiret r, long error, const char *name)
{
	check_eq((u64)r.error, (u64)error, "%s", name);
}

static void must(struct sbiret r, const char *what)
{
	if (r.error != 0) {
		check(false, "%s: error %ld", what, r.error);
		finish();
	}
}

void order(u64 command, u64 argument)
{
	volatile struct mailbox *m = (volatile struct mailbox *)WRITE_WINDOW;

	must(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), "pause");
	must(cleave_window_map(subject, MAILBOX, PAGE_SIZE, WRITE_WINDOW, CLEAVE_WINDOW_WRITABLE),
	     "map writable");
	m->command = command;
	m->argument = argument;
	m->serial = ++serial;
	must(cleave_window_unmap(WRITE_WINDOW), "unmap writable");
	must(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), "resume");
}

void wait_done(void)
{
	while (mailbox()->done != serial)
		cpu_relax();
}

void touch(u64 one, u64 other)
{
	order(COMMAND_TOUCH, one | other << 16);
	wait_done();
}

void pause(void)
{
	must(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), "pause");
}

void resume(void)
{
	must(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), "resume");
}

void rounds(void)
{
	u64 begin = mailbox()->counter;

	resume();
	while (mailbox()->counter < begin + 3U)
		cpu_relax();
	pause();
}

void wait_up(void)
{
	u64 begin;

	while (mailbox()->magic != MAILBOX_MAGIC)
		cpu_relax();
	begin = mailbox()->counter;
	while (mailbox()->counter == begin)
		cpu_relax();
	serial = mailbox()->serial;
}

void wait_state(u32 state)
{
	struct cleave_vm_info info;

	do {
		must(cleave_vm_info(subject, &info), "info");
	} while (info.state != state);
}

void map_view(void)
{
	want(cleave_window_map(subject, SUBJECT_BASE, SUBJECT_SIZE, WINDOW, 0), 0,
	     "map all of the subject's memory");
}

void unmap_view(void)
{
	want(cleave_window_unmap(WINDOW), 0, "unmap it");
}
