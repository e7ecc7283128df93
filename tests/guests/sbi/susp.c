/* SPDX-License-Identifier: BSD-2-Clause */
/* SUSP: the suspend of the whole partition, by its last hart. */
#include "tests/guests/sbi/sbi_test.h"

/*
 * susp_sleep() - in entry.S: suspend the partition
 *
 * Return: the error of the call; 0 when the hart was resumed, and wrote what it found to @r.
 */
s64 susp_sleep(u64 type, struct entry_record *r);

static struct entry_record record;

static s64 sleep(u64 type)
{
	record = (struct entry_record){ 0 };
	return susp_sleep(type, &record);
}

static void test_arguments(void)
{
	static const u64 bad[] = { 0x1, 0x7fffffff, 0x80000000, 0xffffffff };
	const u64 outside[] = { 0, 0x10000000, (u64)hsm_entry + 1U, part.base + part.size,
				UINT64_MAX - 1U };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		check_eq((u64)sleep(bad[i]), (u64)SBI_ERR_INVALID_PARAM, "SUSP: type 0x%lx",
			 bad[i]);
	for (u32 i = 0; i < ARRAY_SIZE(outside); i++)
		check_eq((u64)call3(SBI_EID_SUSP, SBI_SUSP_SYSTEM_SUSPEND, SBI_SUSP_TO_RAM,
				    outside[i], 0)
				 .error,
			 (u64)SBI_ERR_INVALID_ADDRESS, "SUSP: resume at 0x%lx", outside[i]);
	want_error(call3(SBI_EID_SUSP, 1, 0, (u64)hsm_entry, 0), SBI_ERR_NOT_SUPPORTED,
		   "SUSP: function 1");
	check(record.written == 0, "SUSP: nothing was suspended");
}

/* An interrupt that pends already wakes the partition at once; what pends is still there. */
static void test_woken_at_once(void)
{
	csr_set(sie, SIE_SOFT);
	sbi_send_ipi(0);
	check_eq((u64)sleep(SBI_SUSP_TO_RAM), 0, "SUSP: suspend with an interrupt pending");
	check_record(&record, 0, "SUSP: at once");
	check((csr_read(sip) & SIE_SOFT) != 0, "SUSP: it still pends");
	check((csr_read(sie) & SIE_SOFT) != 0, "SUSP: sie is kept");
	csr_clear(sip, SIE_SOFT);
	csr_clear(sie, SIE_SOFT);
}

/* One that is not enabled does not wake it; memory is kept. */
static void test_woken_by_its_timer(void)
{
	static u64 memory[512];
	u64 wrong = 0;
	u64 at;

	for (u32 i = 0; i < ARRAY_SIZE(memory); i++)
		memory[i] = i * 0x9e3779b97f4a7c15U;
	sbi_send_ipi(0);
	csr_set(sie, SIE_TIMER);
	at = rdtime() + part.timebase / 100U;
	sbi_set_timer(at);
	check_eq((u64)sleep(SBI_SUSP_TO_RAM), 0, "SUSP: suspend until the timer");
	check(rdtime() >= at, "SUSP: it slept until then");
	check_record(&record, 0, "SUSP: timer");
	for (u32 i = 0; i < ARRAY_SIZE(memory); i++)
		wrong += memory[i] != i * 0x9e3779b97f4a7c15U ? 1U : 0U;
	check_eq(wrong, 0, "SUSP: memory is kept");
	sbi_set_timer(UINT64_MAX);
	csr_clear(sie, SIE_TIMER);
	csr_clear(sip, SIE_SOFT);
}

/* No interrupt is enabled, though one pends: nothing that the partition has can wake it. */
void susp_until_resumed(void)
{
	csr_write(sie, 0);
	sbi_send_ipi(0);
	for (u32 n = 1;; n++) {
		say("suspended %u", n);
		check_eq((u64)sleep(SBI_SUSP_TO_RAM), 0, "SUSP: suspend until a manager's resume");
		check_record(&record, 0, "SUSP: resumed");
		check((csr_read(sip) & SIE_SOFT) != 0 && csr_read(sie) == 0,
		      "SUSP: nothing was enabled, and what pends still does");
		say("woken %u", n);
	}
}

static u64 stay;

static void stay_awake(void *arg)
{
	(void)arg;
	wait_for(&stay, 1);
}

static void doze(void *arg)
{
	(void)arg;
	csr_set(sie, SIE_SOFT);
	(void)call3(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_RETENTIVE, 0, 0);
	csr_clear(sip, SIE_SOFT);
}

/* All other harts have to be STOPPED: SUSPENDED is not enough. The timer wakes what sleeps yet. */
static void test_denied(u32 hart)
{
	stay = 0;
	csr_set(sie, SIE_TIMER);
	sbi_set_timer(rdtime() + part.timebase / 2U);
	check_eq((u64)start_hart(hart, stay_awake, NULL), 0, "SUSP: start hart %u", hart);
	check_eq((u64)sleep(SBI_SUSP_TO_RAM), (u64)SBI_ERR_DENIED, "SUSP: hart %u runs", hart);
	publish(&stay, 1);
	wait_hart_stopped(hart);
	check_eq((u64)start_hart(hart, doze, NULL), 0, "SUSP: start hart %u to sleep", hart);
	wait_hart_status(hart, SBI_HSM_SUSPENDED);
	check_eq((u64)sleep(SBI_SUSP_TO_RAM), (u64)SBI_ERR_DENIED, "SUSP: hart %u sleeps", hart);
	check_eq((u64)sbi_send_ipi(hart), 0, "SUSP: wake hart %u", hart);
	wait_hart_stopped(hart);
	check(record.written == 0, "SUSP: nothing was suspended");
	sbi_set_timer(UINT64_MAX);
	csr_clear(sie, SIE_TIMER);
}

void test_susp(void)
{
	test_arguments();
	for (u32 i = 1; i < part.harts; i++)
		test_denied(i);
	test_woken_at_once();
	test_woken_by_its_timer();
}
