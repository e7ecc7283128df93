/* SPDX-License-Identifier: BSD-2-Clause */
/* What a partition was given, the leaf at an address, and the note that says who owns it. */
#include "tests/guests/hypercall/hypercall_test.h"

#define NOTE_ID UINT64_C(0x1122334455667788)

static struct cleave_machine machine;

static void check_machine(u32 vm, const char *name)
{
	struct sbiret r;

	memset(&machine, 0xa5, sizeof(machine));
	r = cleave_machine(vm, &machine);
	check(r.error == 0 && r.value == sizeof(machine), "machine of %s", name);
	check_eq(machine.vcpus, 1, "its vCPUs");
	check_eq(machine.regions, 1, "its regions");
	check_eq(machine.timebase, ticks_per_second(), "its time base");
	check_eq(machine.devices, 0, "its devices");
	check_eq((u64)machine.device[0], 0, "and no name of one");
	check(strncmp(machine.isa, "rv64im", 6) == 0 && strlen(machine.isa) < 512U,
	      "its ISA string: %s", machine.isa);
	check_eq((u64)machine.isa[511], 0, "which is padded with NULs");
}

/* What a migration asks for is what a guest finds by asking its SBI. */
static void check_sbi(void)
{
	static const struct {
		u64 eid;
		u32 flag;
	} extensions[] = {
		{ SBI_EID_TIME, CLEAVE_SBI_TIME },     { SBI_EID_IPI, CLEAVE_SBI_IPI },
		{ SBI_EID_RFENCE, CLEAVE_SBI_RFENCE }, { SBI_EID_HSM, CLEAVE_SBI_HSM },
		{ SBI_EID_SRST, CLEAVE_SBI_SRST },     { SBI_EID_DBCN, CLEAVE_SBI_DBCN },
		{ SBI_EID_SUSP, CLEAVE_SBI_SUSP },
	};
	u32 found = 0;

	for (u32 i = 0; i < ARRAY_SIZE(extensions); i++) {
		if (sbi_call(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, extensions[i].eid, 0, 0, 0, 0,
			     0)
			    .value != 0)
			found |= extensions[i].flag;
	}
	check_eq(machine.sbi, found, "the SBI extensions that it has");
	check_eq(machine.sbi_version,
		 (u64)sbi_call(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0, 0, 0, 0, 0).value,
		 "and their version");
}

static void test_machine(void)
{
	struct cleave_vm_info info;
	u64 words[2] = { 0, UINT64_C(0xa5a5a5a5a5a5a5a5) };
	struct sbiret r;

	check_machine(CLEAVE_VM_SELF, "this partition");
	check(strcmp(machine.isa, own_isa) == 0, "is what the device tree says");
	check_sbi();
	check_machine(subject, "the other");
	want(cleave_vm_info(subject, &info), 0, "info");
	check_eq(machine.gstage_levels, info.gstage_levels, "levels of its tables");
	r = cleave_call(CLEAVE_FN_MACHINE, subject, (u64)words, 0, 8, 0, 0);
	check(r.error == 0 && r.value == 8 && words[0] != 0 &&
		      words[1] == UINT64_C(0xa5a5a5a5a5a5a5a5),
	      "machine of 8 bytes, and no byte more");
	r = cleave_call(CLEAVE_FN_MACHINE, subject, 0, 0, 0, 0, 0);
	check(r.error == 0 && r.value == 0, "machine of 0 bytes, at any address");
}

static void want_leaf(u64 gpa, u64 level, const char *name)
{
	struct sbiret r = cleave_leaf(subject, gpa);

	check(r.error == 0 && (u64)r.value == level, "leaf: %s: error %ld, level %ld", name,
	      r.error, r.value);
}

static void test_leaf(void)
{
	const u64 page = ARENA + 5U * PAGE_SIZE;

	want_leaf(page, 1, "2 MiB before the log");
	want_leaf(SUBJECT_BASE + SUBJECT_SIZE - 1U, 1, "the last byte");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_EAGER, 0), 0, "log it");
	want_leaf(page + 8U, 0, "4 KiB in an eager log");
	want(cleave_log_stop(subject, 0, CLEAVE_LOG_FLAG_COLLAPSE), 0, "stop the log");
	want_leaf(page, 1, "2 MiB again");
	want(cleave_leaf(subject, SUBJECT_BASE - 1U), SBI_ERR_INVALID_ADDRESS,
	     "leaf: below memory");
	want(cleave_leaf(subject, SUBJECT_BASE + SUBJECT_SIZE), SBI_ERR_INVALID_ADDRESS,
	     "leaf: after the end of memory");
	want(cleave_leaf(subject, 0x10000000), SBI_ERR_INVALID_ADDRESS, "leaf: the UART");
	want(cleave_leaf(subject, UINT64_MAX), SBI_ERR_INVALID_ADDRESS, "leaf: the last address");
	want(cleave_leaf(CLEAVE_VM_SELF, WINDOW), SBI_ERR_INVALID_ADDRESS, "leaf: a window");
	check_eq((u64)cleave_leaf(CLEAVE_VM_SELF, SUBJECT_BASE).error, 0, "leaf: this partition's");
}

static void check_note(u32 note, u64 id, u32 run, const char *name)
{
	struct cleave_vm_info info;

	memset(&info, 0xa5, sizeof(info));
	want(cleave_vm_info(subject, &info), 0, "info");
	check(info.note == note && info.note_id == id && info.note_run == run && info.reserved == 0,
	      "%s: note %u, id 0x%lx, run %u", name, info.note, info.note_id, info.note_run);
}

/* What the hypervisor says of the migration NOTE_ID + @more */
static void check_outcome(u64 more, u32 outcome, const char *name)
{
	struct sbiret r = cleave_outcome(NOTE_ID + more);

	check(r.error == 0 && r.value == (long)outcome, "%s: outcome %ld, error %ld", name, r.value,
	      r.error);
}

static void note(u32 kind, u64 id, bool run, long error, const char *name)
{
	want(cleave_vm_note(subject, kind, id, run), error, name);
}

static void test_bad_notes(void)
{
	want(cleave_vm_note(CLEAVE_VM_SELF, CLEAVE_NOTE_TAKEN, 1, false), SBI_ERR_INVALID_PARAM,
	     "no note on this partition");
	note(4, 1, false, SBI_ERR_INVALID_PARAM, "no such note");
	note(CLEAVE_NOTE_GIVEN, 0, false, SBI_ERR_INVALID_PARAM, "given without an id");
	note(CLEAVE_NOTE_TAKEN, 0, false, SBI_ERR_INVALID_PARAM, "taken without an id");
	note(CLEAVE_NOTE_FILLING, 0, false, SBI_ERR_INVALID_PARAM, "filling without an id");
	note(CLEAVE_NOTE_FILLING, 1, false, SBI_ERR_INVALID_STATE, "filled while it runs");
	pause();
	note(CLEAVE_NOTE_FILLING, 1, false, SBI_ERR_INVALID_STATE,
	     "filled, with a guest in it that did not come");
	resume();
	wait_up();
	want(cleave_call(CLEAVE_FN_VM_NOTE, subject, CLEAVE_NOTE_TAKEN, 1, 2, 0, 0),
	     SBI_ERR_INVALID_PARAM, "run is neither 0 nor 1");
	want(cleave_call(CLEAVE_FN_VM_NOTE, subject, UINT64_C(1) << 32, 1, 0, 0, 0),
	     SBI_ERR_INVALID_PARAM, "2^32 is not a note");
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, true, SBI_ERR_INVALID_STATE, "given while it runs");
	check_note(CLEAVE_NOTE_NONE, 0, 0, "nothing was noted");
}

/* A guest that came from elsewhere may do everything, and its note is still there after a reset. */
static void test_taken(void)
{
	note(CLEAVE_NOTE_TAKEN, NOTE_ID, true, 0, "taken, while it runs");
	check_note(CLEAVE_NOTE_TAKEN, NOTE_ID, 1, "it is noted");
	pause();
	resume();
	check(true, "it may be resumed");
	want(cleave_vm_steps(CLEAVE_FN_VM_RESET, subject), 0, "and reset");
	wait_up();
	check_note(CLEAVE_NOTE_TAKEN, NOTE_ID, 1, "it is still noted");
	note(CLEAVE_NOTE_NONE, 7, false, 0, "struck out");
	check_note(CLEAVE_NOTE_NONE, 0, 0, "it is noted no more");
}

static void refuses(const char *name)
{
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), SBI_ERR_INVALID_STATE, name);
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), SBI_ERR_INVALID_STATE, name);
	want(cleave_vm_steps(CLEAVE_FN_VM_RESET, subject), SBI_ERR_INVALID_STATE, name);
}

static void test_given(void)
{
	u64 before;

	pause();
	before = mailbox()->counter;
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, false, 0, "given up");
	check_note(CLEAVE_NOTE_GIVEN, NOTE_ID, 0, "it is noted");
	refuses("what was given up does not run");
	note(CLEAVE_NOTE_GIVEN, NOTE_ID + 1U, false, SBI_ERR_INVALID_STATE,
	     "nor is it given up to two");
	note(CLEAVE_NOTE_TAKEN, NOTE_ID + 1U, false, SBI_ERR_INVALID_STATE,
	     "nor taken back by another");
	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, SBI_ERR_INVALID_STATE, "nor filled");
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, true, 0, "given up again by the same id");
	check_note(CLEAVE_NOTE_GIVEN, NOTE_ID, 1, "what it says of running may change");
	pause();
	check_eq(mailbox()->counter, before, "it has not counted");
	note(CLEAVE_NOTE_NONE, 0, false, 0, "struck out");
	resume();
	wait_up();
	check(true, "it counts again");

	pause();
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, false, 0, "given up");
	note(CLEAVE_NOTE_TAKEN, NOTE_ID, true, 0, "taken back by the same id, in one step");
	check_note(CLEAVE_NOTE_TAKEN, NOTE_ID, 1, "it is noted");
	resume();
	wait_up();
	note(CLEAVE_NOTE_NONE, 0, false, 0, "struck out");

	order(COMMAND_SHUTDOWN, 0);
	wait_state(CLEAVE_VM_STOPPED);
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, false, 0, "given up after it stopped");
	refuses("nor does one that had stopped");
	note(CLEAVE_NOTE_NONE, 0, false, 0, "struck out");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), 0, "start it");
	wait_up();
}

/* What came and is not complete is not a guest. */
static void test_filling(void)
{
	note(CLEAVE_NOTE_TAKEN, NOTE_ID, false, 0, "taken");
	check_outcome(0, CLEAVE_OUTCOME_UNKNOWN, "a note alone is no arrival");
	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, SBI_ERR_INVALID_STATE, "filled while it runs");
	check_outcome(0, CLEAVE_OUTCOME_UNKNOWN, "nor is one that was refused");
	pause();
	note(CLEAVE_NOTE_FILLING, NOTE_ID + 1U, false, SBI_ERR_INVALID_STATE,
	     "filled by another id");
	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, 0, "being filled");
	check_note(CLEAVE_NOTE_FILLING, NOTE_ID, 0, "it is noted");
	check_outcome(0, CLEAVE_OUTCOME_PENDING, "it is not decided");
	refuses("what is being filled does not run");
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, false, SBI_ERR_INVALID_STATE, "nor is it given up");
	note(CLEAVE_NOTE_TAKEN, NOTE_ID, true, 0, "taken");
	check_outcome(0, CLEAVE_OUTCOME_RUNNING, "it has arrived");
	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, 0, "not whole after all");
	refuses("then it does not run");
	note(CLEAVE_NOTE_TAKEN, NOTE_ID + 1U, true, 0, "taken, by another id");
	check_outcome(0, CLEAVE_OUTCOME_NONE, "the first came to nothing");
	check_outcome(1, CLEAVE_OUTCOME_UNKNOWN, "and the other did not fill it");
	resume();
	wait_up();
	note(CLEAVE_NOTE_NONE, 0, false, 0, "struck out");
	check_outcome(0, CLEAVE_OUTCOME_NONE, "no later note changes that");
}

/* Return: rounds that the subject does in @us microseconds */
static u64 rounds_in(u64 us)
{
	u64 begin = mailbox()->counter;

	wait_us(us);
	return mailbox()->counter - begin;
}

/*
 * At 80% the subject does about a fifth of what it does without a brake. The test's machine counts
 * its time in instructions, so nothing else that its host has to do comes in between.
 */
static bool braked_counts_less(void)
{
	u64 whole, part;

	want(cleave_vm_brake(subject, 0), 0, "brake off");
	whole = rounds_in(200000);
	want(cleave_vm_brake(subject, 80), 0, "brake on");
	part = rounds_in(200000);
	return part < whole / 2U && part != 0;
}

static void check_brake(u32 percent, const char *name)
{
	struct cleave_vm_info info;

	want(cleave_vm_info(subject, &info), 0, "info");
	check_eq(info.brake, percent, "%s", name);
}

static void test_brake(void)
{
	u64 before;

	want(cleave_vm_brake(subject, 100), SBI_ERR_INVALID_PARAM, "brake of 100");
	want(cleave_call(CLEAVE_FN_VM_BRAKE, subject, UINT64_MAX, 0, 0, 0, 0),
	     SBI_ERR_INVALID_PARAM, "brake of 2^64 - 1");
	want(cleave_call(CLEAVE_FN_VM_BRAKE, subject, UINT64_C(1) << 32, 0, 0, 0, 0),
	     SBI_ERR_INVALID_PARAM, "brake of 2^32");
	want(cleave_vm_brake(CLEAVE_VM_SELF, 1), SBI_ERR_INVALID_PARAM,
	     "no brake on this partition");
	check_brake(0, "none is on");
	check(braked_counts_less(), "braked it counts less");
	check_brake(80, "the brake is shown");
	pause();
	before = mailbox()->counter;
	check_eq(rounds_in(50000), 0, "braked and paused it does not count");
	want(cleave_vm_brake(subject, 99), 0, "more brake while it is paused");
	resume();
	while (mailbox()->counter < before + 3U)
		cpu_relax();
	check(true, "at 99 percent it counts still");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_EAGER, 0), 0, "log it");
	want(cleave_log_stop(subject, 0, CLEAVE_LOG_FLAG_COLLAPSE), 0, "stop the log");
	check_brake(99, "the brake is on still");
	want(cleave_vm_steps(CLEAVE_FN_VM_RESET, subject), 0, "reset it");
	wait_up();
	check_brake(0, "a reset takes it off");
	want(cleave_vm_brake(subject, 50), 0, "half the brake");
}

static void destroy(const char *name)
{
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, subject), 0, name);
}

/*
 * After a half-finished creation was destroyed its cursor is worth nothing: its memory has gone,
 * and so has its note.
 */
static void test_half_created(void)
{
	struct sbiret r = cleave_call(CLEAVE_FN_VM_CREATE, subject, 0, 0, 0, 0, 0);

	check(r.error == 0 && r.value != 0, "create: the first step");
	destroy("destroy it half-way");
	check_note(CLEAVE_NOTE_NONE, 0, 0, "no note");
	want(cleave_call(CLEAVE_FN_VM_CREATE, subject, (u64)r.value, 0, 0, 0, 0),
	     SBI_ERR_INVALID_STATE, "nothing is left to go on with");
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, subject), SBI_ERR_INVALID_STATE,
	     "nor to destroy");
}

/* The hypervisor remembers the last 64, and never says of a forgotten one that it was nothing. */
static void test_many_outcomes(void)
{
	for (u64 i = 0; i < 64U; i++) {
		note(CLEAVE_NOTE_FILLING, NOTE_ID + 100U + i, false, 0, "one of many");
		note(CLEAVE_NOTE_NONE, 0, false, 0, "that comes to nothing");
	}
	check_outcome(100, CLEAVE_OUTCOME_NONE, "the oldest of 64 is known");
	check_outcome(0, CLEAVE_OUTCOME_UNKNOWN, "the one before them is not");
	check_eq((u64)cleave_outcome(0).value, CLEAVE_OUTCOME_UNKNOWN, "0 is no id");
}

/*
 * A slot is noted before it is created, so that at no moment anybody could run what is not
 * complete. This leaves the slot empty.
 */
static void test_filled_from_empty(void)
{
	struct sbiret r;

	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, 0, "an empty slot is to be filled");
	check_note(CLEAVE_NOTE_FILLING, NOTE_ID, 0, "it is noted");
	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, 0, "noted again, by the same id");
	note(CLEAVE_NOTE_FILLING, NOTE_ID + 1U, false, SBI_ERR_INVALID_STATE,
	     "two do not fill one slot");
	note(CLEAVE_NOTE_TAKEN, NOTE_ID, false, SBI_ERR_INVALID_STATE, "nothing was taken yet");
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, false, SBI_ERR_INVALID_STATE, "nothing can be given");
	check_outcome(0, CLEAVE_OUTCOME_PENDING, "an id begun anew is not decided");
	destroy("what was only meant is forgotten");
	check_note(CLEAVE_NOTE_NONE, 0, 0, "the note has gone");
	check_outcome(0, CLEAVE_OUTCOME_NONE, "with the slot it came to nothing");
	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, 0, "it is to be filled");
	note(CLEAVE_NOTE_NONE, 0, false, 0, "struck out");
	check_outcome(0, CLEAVE_OUTCOME_NONE, "so it did with the note");
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, subject), SBI_ERR_INVALID_STATE,
	     "nothing is left to destroy");

	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, 0, "it is to be filled");
	r = cleave_call(CLEAVE_FN_VM_CREATE, subject, 0, 0, 0, 0, 0);
	check(r.error == 0 && r.value != 0, "create: the first step");
	note(CLEAVE_NOTE_FILLING, NOTE_ID + 1U, false, SBI_ERR_INVALID_STATE,
	     "nobody else fills it");
	want(cleave_vm_steps(CLEAVE_FN_VM_CREATE, subject), 0, "create, begun anew");
	check_note(CLEAVE_NOTE_FILLING, NOTE_ID, 0, "the note is still there");
	refuses("created, it does not run");
	check_outcome(0, CLEAVE_OUTCOME_PENDING, "being made, it is not decided");
	destroy("destroy it whole");
	check_outcome(0, CLEAVE_OUTCOME_NONE, "nor is it ever again");
	check_note(CLEAVE_NOTE_NONE, 0, 0, "the note has gone with it");
	test_half_created();
	note(CLEAVE_NOTE_FILLING, NOTE_ID, false, 0, "it is to be filled");
	test_half_created();
	test_many_outcomes();
}

/*
 * What an empty slot answers, and what a destruction leaves of a note. The slot is made again,
 * and started.
 */
static void test_empty(void)
{
	pause();
	note(CLEAVE_NOTE_GIVEN, NOTE_ID, true, 0, "given up once more");
	destroy("what was given up may be destroyed");
	check_note(CLEAVE_NOTE_NONE, 0, 0, "the note has gone with it");
	test_filled_from_empty();
	want(cleave_vm_brake(subject, 1), SBI_ERR_INVALID_STATE, "no brake on an empty slot");
	want(cleave_leaf(subject, SUBJECT_BASE), SBI_ERR_INVALID_STATE, "leaf of an empty slot");
	check_machine(subject, "an empty slot");
	check(machine.gstage_levels >= 3U && machine.gstage_levels <= 5U &&
		      (cleave_feature(CLEAVE_FEATURE_GSTAGE_MODES) >> machine.gstage_levels & 1U) !=
			      0,
	      "the levels that it can have: %u", machine.gstage_levels);
	want(cleave_vm_steps(CLEAVE_FN_VM_CREATE, subject), 0, "create");
	check_note(CLEAVE_NOTE_NONE, 0, 0, "a new one has no note");
	check_brake(0, "nor a brake");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), 0, "start");
	map_view();
	wait_up();
}

void test_owner(void)
{
	test_machine();
	test_leaf();
	test_bad_notes();
	test_taken();
	test_given();
	test_filling();
	test_brake();
	test_empty();
}

void given_and_reborn(void)
{
	struct cleave_vm_info info;

	want(cleave_vm_info(subject, &info), 0, "info of the other");
	if (info.note != CLEAVE_NOTE_GIVEN) {
		want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, subject), 0, "pause");
		note(CLEAVE_NOTE_GIVEN, NOTE_ID, true, 0, "given up");
		say("rebooting");
		sbi_reboot();
	}
	check_eq(info.state, CLEAVE_VM_PAUSED, "it is paused since before the restart");
	check_note(CLEAVE_NOTE_GIVEN, NOTE_ID, 1, "the note is there");
	refuses("it does not run");
	note(CLEAVE_NOTE_NONE, 0, false, 0, "struck out");
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, subject), 0, "resume");
	map_view();
	wait_up();
	check(true, "it counts");
	destroy("destroy it");
}

void created_in_steps(void)
{
	const u64 pages = SUBJECT_SIZE / PAGE_SIZE;
	struct sbiret r = { 0, 0 };
	u64 calls = 0;

	destroy("destroy it");
	do {
		r = cleave_call(CLEAVE_FN_VM_CREATE, subject, (u64)r.value, 0, 0, 0, 0);
		calls++;
	} while (r.error == 0 && r.value != 0);
	want(r, 0, "create it");
	/* Each page is mapped in one call, and zeroed in another. */
	check(calls >= 2U * pages / cleave_feature(CLEAVE_FEATURE_STEP_PAGES), "in %lu calls",
	      calls);
	want_leaf(ARENA, 0, "of 4 KiB, as configured");
	want(cleave_vm_steps(CLEAVE_FN_VM_START, subject), 0, "start it");
	map_view();
	wait_up();
	check(true, "it counts");
	destroy("destroy it for good");
}
