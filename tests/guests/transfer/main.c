/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who this partition is, by its bootargs:
 *
 *   role=victim    uses everything, until it is told to stop
 *     mode=typed   waits for its move with half a line printed and unread input
 *   role=manager   moves the victim between the partitions "here" and "there", `rounds=N` times
 *     mode=typed   reads the state at a key, and moves the victim at the next
 *     mode=hostile sets records with bits flipped, and lets the victim run with them
 */
#include "tests/guests/transfer/transfer.h"

static u64 resumed_from, resumed_to; /* times around the last resume */

/* One move: the guest is paused, put together anew in @to, and goes on there. */
static void move(u32 from, u32 to, bool last)
{
	static u64 id, seed = 0x9e3779b97f4a7c15U;
	u32 order[RECORDS_MAX];
	bool ok = cleave_vm_op(CLEAVE_FN_VM_PAUSE, from).error == 0 && read_all(from) &&
		  cleave_vm_steps(CLEAVE_FN_VM_CREATE, to).error == 0 && copy_memory(from, to);

	for (u32 n = 0; n < records.nr; n++)
		order[n] = n;
	/* The records are set in any order. */
	for (u32 n = records.nr; n > 1U; n--) {
		u32 other = (u32)(random_next(&seed) % n), kept = order[n - 1U];

		order[n - 1U] = order[other];
		order[other] = kept;
	}
	for (u32 n = 0; ok && n < records.nr; n++) {
		bool missing = cleave_state_check(to).error == SBI_ERR_INVALID_STATE;
		bool optional = (record(order[n])->flags & CLEAVE_STATE_MANDATORY) == 0U;

		/* Of one that need not be there nobody says that it is missing. */
		ok = (missing || (optional && n + 1U == records.nr)) &&
		     cleave_state_set(to, record(order[n]), record_size(order[n])).error == 0;
	}
	ok = ok && cleave_state_check(to).error == 0;
	if (ok && last) {
		ok = cleave_window_map(to, MAILBOX, PAGE_SIZE, WINDOW_THERE, CLEAVE_WINDOW_WRITABLE)
			     .error == 0;
		if (ok)
			((volatile struct mailbox *)WINDOW_THERE)->stop = 1;
		(void)cleave_window_unmap(WINDOW_THERE);
	}
	ok = ok && cleave_vm_note(from, CLEAVE_NOTE_GIVEN, ++id, true).error == 0 &&
	     cleave_vm_steps(CLEAVE_FN_VM_DESTROY, from).error == 0;
	resumed_from = rdtime();
	ok = ok && cleave_vm_op(CLEAVE_FN_VM_RESUME, to).error == 0;
	resumed_to = rdtime();
	if (!ok)
		check(false, "a move from %u to %u", from, to);
}

static u64 clock_record(void)
{
	for (u32 n = 0; n < records.nr; n++) {
		if (record(n)->kind == CLEAVE_STATE_CLOCK)
			return ((const struct cleave_state_clock *)(const void *)(record(n) + 1))
				->time;
	}
	return 0;
}

/*
 * The guest's time, looked at from outside: between two pauses as much of it has passed as the
 * guest was let run. That lies between the time that is certainly within, and the time that is
 * certainly around it.
 */
static void test_moves(u64 rounds)
{
	u32 from = slot("here"), to = slot("there");
	u64 seed = 88172645463325252U, out = 0, before = 0;

	for (u64 i = 0; i < rounds; i++) {
		u64 called, back, now;
		u32 kept = from;

		wait_us(1000U + random_next(&seed) % 20000U);
		called = rdtime();
		want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, from), 0, "pause");
		back = rdtime();
		if (!read_all(from))
			break;
		now = clock_record();
		if (i != 0 &&
		    (now - before < called - resumed_to || now - before > back - resumed_from))
			out++;
		before = now;
		move(from, to, i + 1U == rounds);
		from = to;
		to = kept;
	}
	check_eq(out, 0, "its time went on as long as it ran, and stood still in between");
	check(true, "%lu moves", rounds);
}

static void wait_for_key(void)
{
	while (sbi_getchar() < 0)
		wait_us(1000);
}

static void run_manager(const void *fdt, const char *mode)
{
	u32 here = slot("here"), there = slot("there");

	if (strcmp(mode, "typed") == 0) {
		wait_for_key();
		/*
		 * The state is read, and the guest is not moved after all: what is typed
		 * meanwhile is not lost.
		 */
		want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, here), 0, "pause");
		(void)read_all(here);
		say("held");
		wait_us(500000);
		want(cleave_vm_op(CLEAVE_FN_VM_RESUME, here), 0, "resume");
		wait_for_key();
		move(here, there, true);
		check(true, "moved");
		return;
	}
	wait_for_victim(here);
	test_running(here);
	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, here), 0, "pause");
	check(read_all(here), "%u records", records.nr);
	test_slot(here, there);
	if (strcmp(mode, "hostile") == 0) {
		test_hostile(here, there, bootarg_number(fdt, "rounds", 100));
		want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, here), 0, "destroy the victim");
		return;
	}
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, here), 0, "resume");
	test_moves(bootarg_number(fdt, "rounds", 20));
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "", mode[16] = "";

	(void)hartid;
	bootarg(fdt, "role", role, sizeof(role));
	bootarg(fdt, "mode", mode, sizeof(mode));
	if (strcmp(role, "manager") == 0)
		run_manager(fdt, mode);
	else if (strcmp(mode, "typed") == 0)
		run_typist();
	else
		run_victim(fdt_cpus(fdt));
	finish();
}
