/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI calls and hypercalls with hostile arguments, from every hart of the partition at once. The
 * partition is not a manager.
 *
 * It leaves out what would rightly end the partition or harm its own program: shutdown, stopping
 * harts, starting harts at addresses that exist, buffers in its own program. Everything else must
 * answer with an error code that exists, and the guest must go on.
 */
#include "tests/guests/hostile/hostile.h"

#define ROUNDS	    20000U
#define LAST_ERROR  SBI_ERR_DENIED_LOCKED /* SBI 3.0 has no smaller one */
#define SCRATCH_LEN 4096U

static u8 scratch[GUEST_MAX_HARTS][SCRATCH_LEN] __attribute__((aligned(4096)));
static u32 finished, bad; /* atomic */

/* Addresses, sizes, ids and masks that a check may have missed. Results may go to the first one. */
static u64 nasty(u64 *state, u64 hart)
{
	const u64 end = self.base + self.size;
	const u64 values[] = {
		(u64)scratch[hart],
		(u64)scratch[hart] + 8U,
		(u64)scratch[hart] + SCRATCH_LEN - 64U,
		0,
		1,
		2,
		7,
		8,
		63,
		64,
		65,
		4095,
		4096,
		4097,
		end,
		end - 1U,
		end + 1U,
		end + 4096U,
		self.base - 1U,
		self.base - 8U,
		0x10000000,
		0x0c000000,
		0x40000000,
		UINT64_C(1) << 31,
		UINT64_C(1) << 32,
		UINT64_C(1) << 40,
		UINT64_C(1) << 56,
		UINT64_C(1) << 63,
		UINT32_MAX,
		UINT64_MAX,
		UINT64_MAX - 1U,
		UINT64_MAX - 7U,
		UINT64_MAX - 63U,
		UINT64_MAX - 4095U,
		INT64_MAX,
		CLEAVE_VM_SELF,
	};
	u64 r = random_next(state);

	return (r & 15U) == 0 ? random_next(state) | UINT64_C(1) << 62
			      : values[(r >> 8) % ARRAY_SIZE(values)];
}

static void note(struct sbiret r, u64 eid, u64 fid)
{
	if (r.error <= 0 && r.error >= LAST_ERROR)
		return;
	if (__atomic_fetch_add(&bad, 1U, __ATOMIC_RELAXED) < 8U)
		say("FAIL extension 0x%lx function 0x%lx answers %ld", eid, fid, r.error);
}

static void one_hypercall(u64 *state, u64 hart)
{
	u64 fn = random_next(state) % 0x70U, a[6], i;

	for (i = 0; i < 6; i++)
		a[i] = nasty(state, hart);
	/* Mostly on itself, as that gets past the first check. */
	if ((random_next(state) & 3U) != 0)
		a[0] = CLEAVE_VM_SELF;
	/* Regions and cursors are mostly small. */
	if ((random_next(state) & 3U) != 0)
		a[1] = fn == CLEAVE_FN_STATS || fn == CLEAVE_FN_VM_INFO ? (u64)scratch[hart] : 0;
	note(cleave_call(fn, a[0], a[1], a[2], a[3], a[4], a[5]), CLEAVE_EID, fn);
}

static void one_sbi(u64 *state, u64 hart)
{
	static const u64 eids[] = { SBI_EID_BASE, SBI_EID_TIME, SBI_EID_IPI, SBI_EID_RFENCE,
				    SBI_EID_HSM,  SBI_EID_DBCN, SBI_EID_PMU, SBI_EID_NACL,
				    SBI_EID_STA,  0x09000000,	0x0a000000,  0x53535345,
				    0xffffffff,	  UINT64_MAX,	0x100000010, SBI_EID_SUSP };
	u64 eid = eids[random_next(state) % ARRAY_SIZE(eids)], fid = random_next(state) % 9U, a[5],
	    i;

	for (i = 0; i < 5; i++)
		a[i] = nasty(state, hart);
	if ((random_next(state) & 15U) == 0)
		fid = nasty(state, hart);
	/*
	 * Left out are stop and suspend, a start or a resume at an address that exists, and text
	 * on the console.
	 */
	if (eid == SBI_EID_HSM) {
		if (fid != SBI_HSM_HART_START)
			fid = SBI_HSM_HART_GET_STATUS;
		a[1] |= UINT64_C(1) << 62;
	}
	if (eid == SBI_EID_SUSP)
		a[1] |= UINT64_C(1) << 62;
	if (eid == SBI_EID_DBCN) {
		if (fid != SBI_DBCN_CONSOLE_READ)
			fid = SBI_DBCN_CONSOLE_WRITE;
		a[1] = fid == SBI_DBCN_CONSOLE_WRITE ? a[1] | UINT64_C(1) << 62 : a[1];
		if (fid == SBI_DBCN_CONSOLE_READ && a[1] - (u64)scratch[hart] < SCRATCH_LEN)
			a[0] = 8;
	}
	note(sbi_call(eid, fid, a[0], a[1], a[2], a[3], a[4], 0), eid, fid);
}

static void barrage(void *arg)
{
	u64 hart = (u64)arg, state = 0x2545f4914f6cdd1dU + hart, i;

	for (i = 0; i < ROUNDS; i++) {
		if ((i & 1U) != 0)
			one_hypercall(&state, hart);
		else
			one_sbi(&state, hart);
	}
	__atomic_fetch_add(&finished, 1U, __ATOMIC_RELEASE);
}

/* Every function on another partition, which this one may not work on. */
static void test_denied(void)
{
	static const u32 on_vm[] = {
		CLEAVE_FN_VM_INFO,    CLEAVE_FN_VM_START,     CLEAVE_FN_VM_PAUSE,
		CLEAVE_FN_VM_RESUME,  CLEAVE_FN_VM_RESET,     CLEAVE_FN_VM_DESTROY,
		CLEAVE_FN_VM_CREATE,  CLEAVE_FN_VM_WAIT,      CLEAVE_FN_REGION_INFO,
		CLEAVE_FN_WINDOW_MAP, CLEAVE_FN_WINDOW_UNMAP, CLEAVE_FN_LEAVES,
		CLEAVE_FN_LOG_START,  CLEAVE_FN_LOG_GET,      CLEAVE_FN_LOG_GET_CLEAR,
		CLEAVE_FN_LOG_CLEAR,  CLEAVE_FN_LOG_STOP,     CLEAVE_FN_LOG_STATUS,
		CLEAVE_FN_STATS,      CLEAVE_FN_LEAF,	      CLEAVE_FN_MACHINE,
		CLEAVE_FN_VM_NOTE,    CLEAVE_FN_VM_BRAKE,     CLEAVE_FN_VM_FAULT
	};
	static const u32 not_on_self[] = { CLEAVE_FN_VM_NOTE,	   CLEAVE_FN_VM_BRAKE,
					   CLEAVE_FN_OUTCOME,	   CLEAVE_FN_SCHEDULE_INFO,
					   CLEAVE_FN_SCHEDULE_SET, CLEAVE_FN_SCHEDULE_STATS };
	struct cleave_vm_info info;
	u32 ids[4] = { 99, 99, 99, 99 }, i;
	u64 id;

	check_eq((u64)cleave_vm_info(CLEAVE_VM_SELF, &info).error, 0, "info of this partition");
	for (i = 0; i < ARRAY_SIZE(on_vm); i++) {
		for (id = 0; id < 4U; id++) {
			if (id != info.id)
				check_eq((u64)cleave_call(on_vm[i], id, (u64)scratch, 0, 0, 0, 0)
						 .error,
					 (u64)SBI_ERR_DENIED, "function 0x%x on partition %lu",
					 on_vm[i], id);
		}
	}
	for (i = 0; i < ARRAY_SIZE(not_on_self); i++)
		check_eq((u64)cleave_call(not_on_self[i], CLEAVE_VM_SELF, 1, 1, 0, 0, 0).error,
			 (u64)SBI_ERR_DENIED, "function 0x%x on itself", not_on_self[i]);
	for (i = CLEAVE_FN_SCHEDULE_INFO; i <= CLEAVE_FN_SCHEDULE_STATS; i++)
		check_eq((u64)cleave_call(i, 0, (u64)scratch, 0, 0, 0, 0).error,
			 (u64)SBI_ERR_DENIED, "function 0x%x on plan 0", i);
	check(cleave_vm_list(ids, 4).value == 1 && ids[0] == info.id && ids[1] == 99,
	      "the list has this partition alone");
}

void test_calls(void)
{
	u32 i;

	test_denied();
	for (i = 1; i < self.harts; i++)
		check_eq((u64)start_hart(i, barrage, (void *)(u64)i), 0, "hart %u starts", i);
	barrage(NULL);
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < self.harts)
		cpu_relax();
	/* It can stop each log that it has started on itself. */
	cleave_log_stop(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FLAG_COLLAPSE);
	check_eq(bad, 0, "%u calls from %u harts were answered", ROUNDS * self.harts, self.harts);
}
