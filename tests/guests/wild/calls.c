/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI calls and hypercalls. Half of the arguments are as the function wants them, so that calls get
 * past the first check; the rest are anything.
 */
#include "tests/guests/wild/wild.h"

#define LAST_ERROR SBI_ERR_DENIED_LOCKED /* SBI 3.0 has no smaller one */
#define SLOTS	   8U			 /* buffers, some of which hold what the last call wrote */

#define A0 10U
#define A1 11U
#define A6 16U
#define A7 17U

/*
 * What an argument is for: v VM, r region, b buffer, 0 high word, n bytes or entries, c cursor,
 * f first page, k pages, m mode, l flags, g address in a VM's memory, w address of a window,
 * s bytes of a window, t note, i id, p percent, x kind of record
 */
static const struct hyper {
	u32 fn;
	const char *takes;
} hypers[] = {
	{ 0xffU, "vrbnnn" }, /* number 0: no such function */
	{ CLEAVE_FN_VERSION, "" },
	{ CLEAVE_FN_FEATURE, "r" },
	{ CLEAVE_FN_VM_LIST, "b0n" },
	{ CLEAVE_FN_VM_INFO, "vb0n" },
	{ CLEAVE_FN_VM_START, "vc" },
	{ CLEAVE_FN_VM_PAUSE, "v" },
	{ CLEAVE_FN_VM_RESUME, "v" },
	{ CLEAVE_FN_VM_RESET, "vc" },
	{ CLEAVE_FN_VM_DESTROY, "vc" },
	{ CLEAVE_FN_VM_CREATE, "vc" },
	{ CLEAVE_FN_REGION_INFO, "vrb0n" },
	{ CLEAVE_FN_WINDOW_MAP, "vgswl" },
	{ CLEAVE_FN_WINDOW_UNMAP, "w" },
	{ CLEAVE_FN_LEAVES, "vrcb0" },
	{ CLEAVE_FN_LEAF, "vg" },
	{ CLEAVE_FN_LOG_START, "vrmlc" },
	{ CLEAVE_FN_LOG_GET, "vrfkb0" },
	{ CLEAVE_FN_LOG_GET_CLEAR, "vrfkb0" },
	{ CLEAVE_FN_LOG_CLEAR, "vrfkb0" },
	{ CLEAVE_FN_LOG_STOP, "vrlc" },
	{ CLEAVE_FN_LOG_STATUS, "vrb0n" },
	{ CLEAVE_FN_STATE_LIST, "vb0n" },
	{ CLEAVE_FN_STATE_GET, "vxrb0n" },
	{ CLEAVE_FN_STATE_SET, "vb0n" },
	{ CLEAVE_FN_STATE_CHECK, "v" },
	{ CLEAVE_FN_MACHINE, "vb0n" },
	{ CLEAVE_FN_VM_NOTE, "vtin" },
	{ CLEAVE_FN_VM_BRAKE, "vp" },
	{ CLEAVE_FN_STATS, "vb0n" },
	{ CLEAVE_FN_SCHEDULE_INFO, "rb0n" },
	{ CLEAVE_FN_SCHEDULE_SET, "r" },
	{ CLEAVE_FN_SCHEDULE_STATS, "rrb0n" },
};

static u64 draw_vm(struct wild_hart *h)
{
	const u64 ids[] = { CLEAVE_VM_SELF, wild.self, wild.victim, wild.victim,
			    wild_below(h, wild.vms) };

	return ids[wild_below(h, wild.manager ? ARRAY_SIZE(ids) : 2U)];
}

/* Return: an argument of the kind @c. */
static u64 draw(struct wild_hart *h, char c)
{
	static const u32 kinds[] = { 0x001, 0x101, 0x102, 0x103, 0x201, 0x202,
				     0x203, 0x204, 0x301, 0x302, 0x401, 0x402 };

	switch (c) {
	case 'v':
		return draw_vm(h);
	case 'b':
		return wild.arena + PAGE_SIZE * (1U + 8U * wild_below(h, SLOTS));
	case 'n':
		return wild_below(h, 2U) != 0 ? 4096U : wild_below(h, 600U);
	case 'c':
		return wild_below(h, 4U) != 0 ? 0 : h->answer;
	case 'f':
		return wild_below(h, 64U) * 64U;
	case 'k':
		return (1U + wild_below(h, 64U)) * 64U;
	case 'l':
		return wild_below(h, 8U) % 5U;
	case 'm':
	case 't':
		return wild_below(h, 4U);
	case 'g':
		return wild.base +
		       wild_below(h, wild_below(h, 4U) != 0 ? 1024U : 4096U) * PAGE_SIZE;
	case 'w':
		return WILD_WINDOWS + wild_below(h, 4U) * (UINT64_C(4) << 20) +
		       wild_below(h, 2U) * PAGE_SIZE;
	case 's':
		return (1U + wild_below(h, 1024U)) * PAGE_SIZE;
	case 'p':
		return wild_below(h, 100U);
	case 'x':
		return kinds[wild_below(h, ARRAY_SIZE(kinds))];
	default: /* region, high word, id */
		return c == '0' ? 0 : wild_below(h, 3U);
	}
}

/* A manager may harm its neighbours; this one must not. */
static bool spares_neighbours(const struct wild_hart *h)
{
	const u64 *a = &h->run.x[A0];
	u64 fn = h->run.x[A6];

	/* It may rightly wait for ever for an event that is still to come. */
	if (fn == CLEAVE_FN_VM_WAIT)
		return a[0] == 0 || !wild.manager;
	if (a[0] >= wild.vms || a[0] == wild.self || a[0] == wild.victim || !wild.manager)
		return true;
	return fn < CLEAVE_FN_VM_START || fn == CLEAVE_FN_REGION_INFO ||
	       (fn >= CLEAVE_FN_LEAVES && fn <= CLEAVE_FN_LOG_STATUS) ||
	       fn == CLEAVE_FN_WINDOW_MAP || fn == CLEAVE_FN_MACHINE || fn == CLEAVE_FN_STATS ||
	       fn >= CLEAVE_FN_SCHEDULE_INFO;
}

static void draw_hypercall(struct wild_hart *h)
{
	u64 row = wild_below(h, ARRAY_SIZE(hypers)), i;
	const struct hyper *f;
	bool right = wild_below(h, 2U) != 0;

	/* Mostly it goes on with what it has begun. */
	if (h->again != 0 && wild_below(h, 8U) != 0)
		row = h->again;
	f = &hypers[row];
	for (i = 0; i < 6U && f->takes[i] != 0; i++) {
		if (row == h->again && f->takes[i] == 'c')
			h->run.x[A0 + i] = h->answer;
		else if (row != h->again && (right || wild_below(h, 4U) != 0))
			h->run.x[A0 + i] = draw(h, f->takes[i]);
		else if (row == h->again)
			h->run.x[A0 + i] = h->before.x[A0 + i];
	}
	h->run.x[A6] = f->fn;
	if (wild_below(h, 32U) == 0)
		h->run.x[A6] = wild_value(h);
	h->again = row;
	if (!spares_neighbours(h))
		h->run.x[A6] = CLEAVE_FN_LOG_STATUS;
}

static void draw_hsm(struct wild_hart *h)
{
	u64 *a = &h->run.x[A0];

	/* Stop and suspend are main.c's; a start is at an address that cannot be. */
	h->run.x[A6] = wild_below(h, 2U) != 0 ? SBI_HSM_HART_START : SBI_HSM_HART_GET_STATUS;
	if (wild_below(h, 2U) != 0)
		a[0] = wild_below(h, wild.harts + 1U);
	a[1] |= UINT64_C(1) << 62;
}

static void draw_dbcn(struct wild_hart *h)
{
	u64 *a = &h->run.x[A0], fid = wild_below(h, 4U);

	if (wild_below(h, 2U) != 0) {
		a[1] = wild_arena(h);
		a[2] = 0;
	}
	/* Reads go to the arena or fail; what is printed is short, and rare. */
	if (fid == SBI_DBCN_CONSOLE_WRITE || fid == SBI_DBCN_CONSOLE_WRITE_BYTE) {
		if (wild_below(h, 32U) != 0)
			fid = SBI_DBCN_CONSOLE_READ;
		else
			a[0] = wild_below(h, 48U);
	}
	if (fid == SBI_DBCN_CONSOLE_READ)
		a[0] &= 0x7ffU;
	h->run.x[A6] = fid;
}

static void draw_sbi(struct wild_hart *h)
{
	static const u64 eids[] = {
		SBI_EID_BASE,
		SBI_EID_TIME,
		SBI_EID_IPI,
		SBI_EID_IPI,
		SBI_EID_RFENCE,
		SBI_EID_RFENCE,
		SBI_EID_HSM,
		SBI_EID_SRST,
		SBI_EID_PMU,
		SBI_EID_DBCN,
		SBI_EID_SUSP,
		SBI_EID_CPPC,
		SBI_EID_NACL,
		SBI_EID_STA,
		SBI_EID_SSE,
		SBI_EID_FWFT,
		0,
		1,
		8,
		0x09000000,
		0x0a000000,
		UINT32_MAX,
		UINT64_MAX,
		0x100000010,
	};
	u64 *a = &h->run.x[A0], eid = eids[wild_below(h, ARRAY_SIZE(eids))];

	h->run.x[A7] = eid;
	h->run.x[A6] = wild_below(h, 8U);
	if (wild_below(h, 16U) == 0)
		h->run.x[A6] = wild_value(h);
	if (eid == SBI_EID_HSM)
		draw_hsm(h);
	else if (eid == SBI_EID_DBCN)
		draw_dbcn(h);
	else if (eid == SBI_EID_SRST)
		a[0] |= 4U; /* no such type */
	else if (eid == SBI_EID_SUSP)
		a[1] |= UINT64_C(1) << 62; /* no such address: nothing would wake it */
	else if ((eid == SBI_EID_IPI || eid == SBI_EID_RFENCE) && wild_below(h, 4U) != 0) {
		a[0] = wild_below(h, 16U);
		a[1] = wild_below(h, 8U) != 0 ? 0 : UINT64_MAX;
		if (wild_below(h, 2U) != 0)
			a[3] = wild_below(h, 64U) * PAGE_SIZE;
	}
}

void wild_call(struct wild_hart *h)
{
	u32 i;

	for (i = A0; i < A6; i++)
		h->run.x[i] = wild_value(h);
	h->run.x[A7] = CLEAVE_EID;
	if (wild_below(h, 3U) != 0) {
		draw_hypercall(h);
	} else {
		h->again = 0;
		draw_sbi(h);
	}
}

void wild_check_call(struct wild_hart *h)
{
	s64 error = (s64)h->run.x[A0];
	u32 i;

	if (error > 0 || error < LAST_ERROR)
		wild_fail(h, "there is no such error code");
	for (i = 1; i < 32U; i++) {
		if (i != A0 && i != A1 && h->run.x[i] != h->before.x[i])
			wild_fail(h, "a call has changed a register");
	}
	h->done[error == 0 ? WILD_CALL_DONE : WILD_CALL_REFUSED]++;
	h->answer = h->run.x[A1];
	/* Only what has a cursor goes on, and only while there is more to do. */
	if (error != 0 || h->answer == 0)
		h->again = 0;
}

void wild_restore_victim(struct wild_hart *h)
{
	struct cleave_vm_info info;

	if (!wild.manager || wild_below(h, 64U) != 0 ||
	    cleave_vm_info(wild.victim, &info).error != 0)
		return;
	if (wild_below(h, 4U) != 0)
		cleave_vm_note(wild.victim, CLEAVE_NOTE_NONE, 0, false);
	if (info.state == CLEAVE_VM_EMPTY)
		cleave_vm_steps(CLEAVE_FN_VM_CREATE, wild.victim);
	if (info.state != CLEAVE_VM_RUNNING)
		cleave_vm_steps(CLEAVE_FN_VM_START, wild.victim);
}

void wild_end_victim(void)
{
	struct cleave_vm_info info;

	/* It may be given up, half created, braked, paused, logged, or shown in windows. */
	check_eq((u64)cleave_vm_info(wild.victim, &info).error, 0, "info of the victim");
	check_eq((u64)cleave_vm_note(wild.victim, CLEAVE_NOTE_NONE, 0, false).error, 0,
		 "the victim's note is struck out");
	if (info.state != CLEAVE_VM_EMPTY || (info.flags & CLEAVE_VM_FLAG_BUSY) != 0)
		check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_DESTROY, wild.victim).error, 0,
			 "the victim is destroyed");
	check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_CREATE, wild.victim).error, 0,
		 "the victim is created anew");
	check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_START, wild.victim).error, 0,
		 "the victim starts");
	check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_DESTROY, wild.victim).error, 0,
		 "the victim is destroyed at the end");
}
