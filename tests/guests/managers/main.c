/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two managers that work on the same third partition at the same time, in any order, and leave an
 * operation unfinished now and then; and one of them pauses and resumes the other meanwhile.
 * Every answer must be one that docs/abi.md allows, and nothing may stand still.
 *
 * role=first is partition 0, role=second partition 1; the third, partition 2, runs anything.
 */
#include "tests/guests/random.h"

#define THIRD  2U
#define ROUNDS 3000U
#define PAGES  4096U

#define RECORDS	   32U
#define RECORD_MAX 1024U

static u8 records[RECORDS][RECORD_MAX] __attribute__((aligned(8)));
static u32 nr_records;
static u64 bits[PAGES / 64U] __attribute__((aligned(4096)));
static u64 state;
static u32 odd;
static u64 done_ops, good, given;
static u64 own_id; /* of what this manager notes */

static void note(struct sbiret r, const char *what)
{
	done_ops++;
	good += r.error == 0 ? 1U : 0U;
	switch (r.error) {
	case 0:
	case SBI_ERR_INVALID_STATE:
	case SBI_ERR_ALREADY_AVAILABLE:
		return;
	case SBI_ERR_INVALID_PARAM:
		/* The other manager's destruction of the partition took this window away. */
		if (strcmp(what, "unmap") == 0)
			return;
		break;
	default:
		break;
	}
	if (odd++ < 8U)
		check(false, "%s: error %ld", what, r.error);
}

/* The steps of an operation: all of them, or only some. */
static void steps(unsigned long fn, const char *what)
{
	struct sbiret r = { 0, 0 };
	u64 most = (random_next(&state) & 3U) == 0 ? random_next(&state) % 4U : UINT64_MAX, n = 0;

	do {
		r = cleave_call(fn, THIRD, (unsigned long)r.value, 0, 0, 0, 0);
	} while (r.error == 0 && r.value != 0 && n++ < most);
	note(r, what);
}

/*
 * Give the partition up for a moment. The other manager may destroy it meanwhile, and create it
 * anew; as long as the note is there it does not run.
 */
static void give(void)
{
	struct cleave_vm_info info;
	struct sbiret r = cleave_vm_note(THIRD, CLEAVE_NOTE_GIVEN, own_id, true);

	note(r, "give");
	if (r.error != 0)
		return;
	note(cleave_vm_op(CLEAVE_FN_VM_RESUME, THIRD), "resume what was given up");
	steps(CLEAVE_FN_VM_START, "start what was given up");
	if (cleave_vm_info(THIRD, &info).error == 0 && info.note == CLEAVE_NOTE_GIVEN) {
		given++;
		if ((info.state == CLEAVE_VM_RUNNING || info.note_id != own_id) && odd++ < 8U)
			check(false, "given up: state %u, by id %lu", info.state, info.note_id);
	}
	note(cleave_vm_note(THIRD, CLEAVE_NOTE_NONE, 0, false), "take back");
}

/* Read all records of the third partition, as long as the other manager leaves it paused. */
static void take_records(void)
{
	static struct cleave_state_head heads[RECORDS];
	struct sbiret r = cleave_state_list(THIRD, heads, RECORDS);

	note(r, "list of records");
	if (r.error != 0)
		return;
	nr_records = 0;
	for (u32 n = 0; n < (u32)r.value && n < RECORDS; n++) {
		struct sbiret g = cleave_state_get(THIRD, heads[n].kind, heads[n].instance,
						   records[n], RECORD_MAX);

		note(g, "get of a record");
		if (g.error != 0)
			return;
		nr_records = n + 1U;
	}
}

/* Set all records or some of them, if the partition was created and has not run. */
static void give_records(void)
{
	u32 most = (random_next(&state) & 3U) == 0 ? (u32)random_next(&state) % (nr_records + 1U)
						   : nr_records;

	for (u32 n = 0; n < most; n++) {
		const struct cleave_state_head *head = (const void *)records[n];
		struct sbiret r = cleave_state_set(THIRD, head, sizeof(*head) + head->length);

		note(r, "set of a record");
		if (r.error != 0)
			return;
	}
	note(cleave_state_check(THIRD), "check");
}

/* The operations on the partition's life: numbers 0 to 10 of one_operation() */
static void life_operation(u64 n)
{
	switch (n) {
	case 0:
		steps(CLEAVE_FN_VM_RESET, "reset");
		break;
	case 1:
		steps(CLEAVE_FN_VM_DESTROY, "destroy");
		break;
	case 2:
	case 3:
		steps(CLEAVE_FN_VM_CREATE, "create");
		break;
	case 4:
	case 5:
	case 6:
		steps(CLEAVE_FN_VM_START, "start");
		break;
	case 7:
	case 8:
		note(cleave_vm_op(CLEAVE_FN_VM_PAUSE, THIRD), "pause");
		break;
	default:
		note(cleave_vm_op(CLEAVE_FN_VM_RESUME, THIRD), "resume");
		break;
	}
}

static void one_operation(void)
{
	u64 window = UINT64_C(0x100000000) + (random_next(&state) & 1U) * UINT64_C(0x40000000);
	u64 n = random_next(&state) % 30U;

	if (n <= 10U) {
		life_operation(n);
		return;
	}
	switch (n) {
	case 11:
		note(cleave_window_map(THIRD, UINT64_C(0x80000000), PAGES * PAGE_SIZE, window, 0),
		     "map");
		break;
	case 12:
		note(cleave_window_map(THIRD, UINT64_C(0x80000000), PAGE_SIZE, window,
				       CLEAVE_WINDOW_WRITABLE),
		     "map writable");
		break;
	case 13:
	case 14:
		note(cleave_window_unmap(window), "unmap");
		break;
	case 15:
	case 16:
		note(cleave_log_start(THIRD, 0, 1U + (u32)(random_next(&state) % 3U), 0),
		     "log start");
		break;
	case 17:
		note(cleave_log_stop(THIRD, 0, CLEAVE_LOG_FLAG_COLLAPSE), "log stop");
		break;
	case 18:
	case 19:
	case 20:
		give();
		break;
	case 21:
		note(cleave_vm_brake(THIRD, (u32)(random_next(&state) % 100U)), "brake");
		break;
	case 22:
	case 23:
		take_records();
		break;
	case 24:
	case 25:
	case 26:
		give_records();
		break;
	default:
		note(cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, THIRD, 0, 0, PAGES, bits),
		     "get-and-clear");
		break;
	}
}

/* Only the first manager does this: if both did, both could be paused. */
static void tease(u32 peer)
{
	struct sbiret r = cleave_vm_op(CLEAVE_FN_VM_PAUSE, peer);
	struct cleave_vm_info info;

	if (r.error != 0)
		return;
	wait_us(random_next(&state) % 200U);
	r = cleave_vm_op(CLEAVE_FN_VM_RESUME, peer);
	if (r.error == 0)
		return;
	/* It may have been shutting down when it was paused, and may have ended by now. */
	if (cleave_vm_info(peer, &info).error == 0 && info.state == CLEAVE_VM_STOPPED)
		return;
	if (odd++ < 8U)
		check(false, "resume of the other manager: error %ld", r.error);
}

static void work(bool first)
{
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		one_operation();
		if (first && i % 16U == 0)
			tease(1);
	}
	check_eq(odd, 0, "%lu operations beside another manager", done_ops);
	check(given > 0, "%lu times it was given up for a moment", given);
	check(good > ROUNDS / 10U, "%lu of them did what they were asked for", good);
}

static void wait_for_peer(u32 peer)
{
	struct cleave_vm_info info;
	struct cleave_event event;
	u64 seq = 0;

	while (cleave_vm_info(peer, &info).error == 0 && info.state == CLEAVE_VM_RUNNING) {
		if (cleave_vm_wait(seq, &event).error != 0)
			return;
		seq = event.seq;
	}
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";

	(void)hartid;
	bootarg(fdt, "role", role, sizeof(role));
	state = strcmp(role, "first") == 0 ? 88172645463325252U : 0x2545f4914f6cdd1dU;
	own_id = strcmp(role, "first") == 0 ? 1 : 2;
	work(strcmp(role, "first") == 0);
	if (strcmp(role, "first") == 0) {
		/* Only this manager may pause the other. Then the third partition is destroyed. */
		wait_for_peer(1);
		cleave_vm_steps(CLEAVE_FN_VM_DESTROY, THIRD);
	}
	finish();
}
