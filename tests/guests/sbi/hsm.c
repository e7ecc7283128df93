/* SPDX-License-Identifier: BSD-2-Clause */
/* HSM: start, stop, status and suspend, on this hart and on every other. */
#include "tests/guests/sbi/sbi_test.h"

static void test_start_arguments(void)
{
	const u64 end = part.base + part.size;
	static const struct {
		const char *name;
		u64 from_end;
	} outside[] = { { "after the end of memory", 0 },
			{ "far after the end of memory", UINT64_C(1) << 40 } };
	u64 last = part.harts - 1U;

	check_eq((u64)hart_status(0), SBI_HSM_STARTED, "HSM: hart 0 is started");
	for (u32 i = 1; i < part.harts; i++)
		check_eq((u64)hart_status(i), SBI_HSM_STOPPED, "HSM: hart %u is stopped", i);
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, part.harts, 0, 0),
		   SBI_ERR_INVALID_PARAM, "HSM: status of a hart that does not exist");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, UINT64_MAX, 0, 0),
		   SBI_ERR_INVALID_PARAM, "HSM: status of hart -1");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, UINT64_C(1) << 32, 0, 0),
		   SBI_ERR_INVALID_PARAM, "HSM: status of hart 2^32");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, part.harts, (u64)hsm_entry, 0),
		   SBI_ERR_INVALID_PARAM, "HSM: start of a hart that does not exist");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, 0, (u64)hsm_entry, 0),
		   SBI_ERR_ALREADY_AVAILABLE, "HSM: start of a hart that runs");
	for (u32 i = 0; i < ARRAY_SIZE(outside); i++)
		check_eq((u64)call3(SBI_EID_HSM, SBI_HSM_HART_START, last,
				    end + outside[i].from_end, 0)
				 .error,
			 (u64)SBI_ERR_INVALID_ADDRESS, "HSM: start %s", outside[i].name);
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, last, 0, 0), SBI_ERR_INVALID_ADDRESS,
		   "HSM: start at 0");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, last, 0x10000000, 0),
		   SBI_ERR_INVALID_ADDRESS, "HSM: start in a device");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, last, (u64)hsm_entry + 1U, 0),
		   SBI_ERR_INVALID_ADDRESS, "HSM: start at an odd address");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, last, UINT64_MAX - 1U, 0),
		   SBI_ERR_INVALID_ADDRESS, "HSM: start at the last address");
	for (u32 i = 1; i < part.harts; i++)
		check_eq((u64)hart_status(i), SBI_HSM_STOPPED, "HSM: hart %u is still stopped", i);
	want_error(call3(SBI_EID_HSM, 4, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, "HSM: function 4");
}

void check_record(const struct entry_record *r, u32 hart, const char *what)
{
	wait_for(&r->written, 1);
	check_eq(r->a0, hart, "%s: a0 is hart %u", what, hart);
	check_eq(r->a1, (u64)r, "%s: a1 is opaque", what);
	check_eq(r->satp, 0, "%s: satp is 0", what);
	check_eq(r->sstatus & SSTATUS_SIE, 0, "%s: interrupts are off", what);
}

static void test_start_state(u32 hart)
{
	static struct entry_record r;

	for (u32 round = 0; round < 3U; round++) {
		r = (struct entry_record){ 0 };
		check_eq((u64)call3(SBI_EID_HSM, SBI_HSM_HART_START, hart, (u64)hsm_entry, (u64)&r)
				 .error,
			 0, "HSM: start hart %u, time %u", hart, round);
		check_record(&r, hart, "HSM: start");
		wait_hart_stopped(hart);
	}
}

static u64 stay, started;

static void stay_until_told(void *arg)
{
	(void)arg;
	publish(&started, 1);
	wait_for(&stay, 1);
}

static void test_start_twice(u32 hart)
{
	stay = 0;
	started = 0;
	check_eq((u64)start_hart(hart, stay_until_told, NULL), 0, "HSM: start hart %u", hart);
	/* Not by start_hart(), which would change what the running hart was given. */
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, hart, (u64)hsm_entry, 0),
		   SBI_ERR_ALREADY_AVAILABLE, "HSM: start while it starts");
	wait_for(&started, 1);
	check_eq((u64)hart_status(hart), SBI_HSM_STARTED, "HSM: hart %u is started", hart);
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, hart, (u64)hsm_entry, 0),
		   SBI_ERR_ALREADY_AVAILABLE, "HSM: start of another that runs");
	publish(&stay, 1);
	wait_hart_stopped(hart);
	check(true, "HSM: hart %u stops itself", hart);
}

/* --- suspend --------------------------------------------------------------------------------- */

static void test_suspend_arguments(void)
{
	static const u32 bad[] = { 0x1,	       0x0fffffff, 0x10000000, 0x7fffffff,
				   0x80000001, 0x8fffffff, 0x90000000, 0xffffffff };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		check_eq((u64)call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, bad[i], (u64)hsm_entry, 0)
				 .error,
			 (u64)SBI_ERR_INVALID_PARAM, "HSM: suspend type 0x%x", bad[i]);
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_NON_RETENTIVE,
			 part.base + part.size, 0),
		   SBI_ERR_INVALID_ADDRESS, "HSM: resume after the end of memory");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_NON_RETENTIVE,
			 (u64)hsm_entry + 1U, 0),
		   SBI_ERR_INVALID_ADDRESS, "HSM: resume at an odd address");
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_NON_RETENTIVE, 0, 0),
		   SBI_ERR_INVALID_ADDRESS, "HSM: resume at 0");
}

/*
 * On this hart, which may be the partition's only one. Its timer wakes it, or an interrupt that
 * is pending already.
 */
static void test_suspend_here(void)
{
	u64 at;

	csr_set(sie, SIE_SOFT | SIE_TIMER);
	sbi_send_ipi(0);
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_RETENTIVE, 0, 0), 0,
		   "HSM: suspend with an interrupt pending comes back");
	check((csr_read(sip) & SIE_SOFT) != 0, "HSM: it is still pending");
	csr_clear(sip, SIE_SOFT);

	at = rdtime() + part.timebase / 100U;
	sbi_set_timer(at);
	/* A retentive suspend does not look at resume_addr. */
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_RETENTIVE, UINT64_MAX, 0),
		   0, "HSM: suspend until the timer");
	check(rdtime() >= at, "HSM: it slept until then");
	sbi_set_timer(UINT64_MAX);
	csr_clear(sie, SIE_SOFT | SIE_TIMER);
}

static u64 sleeping, slept;
static u64 sleep_error;

static void sleep_retentive(void *arg)
{
	(void)arg;
	csr_set(sie, SIE_SOFT);
	publish(&sleeping, 1);
	sleep_error =
		(u64)call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_RETENTIVE, 0, 0).error;
	csr_clear(sip, SIE_SOFT);
	publish(&slept, 1);
}

static void sleep_non_retentive(void *arg)
{
	struct entry_record *r = arg;

	csr_set(sie, SIE_SOFT);
	publish(&sleeping, 1);
	sleep_error = (u64)call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_NON_RETENTIVE,
				 (u64)hsm_entry, (u64)r)
			      .error;
	publish(&slept, 1); /* never */
}

static void test_suspend_other(u32 hart)
{
	static struct entry_record r;

	sleeping = 0;
	slept = 0;
	sleep_error = 1;
	check_eq((u64)start_hart(hart, sleep_retentive, NULL), 0, "HSM: start hart %u to sleep",
		 hart);
	wait_for(&sleeping, 1);
	wait_hart_status(hart, SBI_HSM_SUSPENDED);
	check(__atomic_load_n(&slept, __ATOMIC_ACQUIRE) == 0, "HSM: hart %u is suspended", hart);
	want_error(call3(SBI_EID_HSM, SBI_HSM_HART_START, hart, (u64)hsm_entry, 0),
		   SBI_ERR_ALREADY_AVAILABLE, "HSM: start of a suspended hart");
	check_eq((u64)sbi_send_ipi(hart), 0, "HSM: wake hart %u", hart);
	wait_for(&slept, 1);
	check_eq(sleep_error, 0, "HSM: retentive suspend came back with success");
	wait_hart_stopped(hart);

	sleeping = 0;
	slept = 0;
	r = (struct entry_record){ 0 };
	check_eq((u64)start_hart(hart, sleep_non_retentive, &r), 0,
		 "HSM: start hart %u to sleep deeper", hart);
	wait_for(&sleeping, 1);
	wait_hart_status(hart, SBI_HSM_SUSPENDED);
	check_eq((u64)sbi_send_ipi(hart), 0, "HSM: wake hart %u", hart);
	check_record(&r, hart, "HSM: resume");
	wait_hart_stopped(hart);
	check(slept == 0, "HSM: non-retentive suspend did not come back");
}

void test_hsm(void)
{
	test_start_arguments();
	test_suspend_arguments();
	test_suspend_here();
	for (u32 i = 1; i < part.harts; i++) {
		test_start_state(i);
		test_start_twice(i);
		test_suspend_other(i);
	}
}
