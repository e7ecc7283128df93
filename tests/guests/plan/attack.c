/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partitions that try to take a neighbour's time.
 *
 * hog: a loop. timers: a timer 1 us ahead, again and again. ipis: the last hart waits, and all
 * others send it IPIs. starts: the same, and the last hart stops itself each time. rfences: remote
 * fences at the other harts. srst: reboots. fault: does what it may not. logs: a manager that
 * starts and stops logs on itself. pauses: a manager that pauses and resumes the last partition,
 * and sets its brake. resets: a manager that resets it. lives: one that destroys, makes and starts
 * it. wait: no attack, it waits.
 */
#include "tests/guests/measure.h"
#include "tests/guests/plan/plan_test.h"

static unsigned long last_hart;

static void attack_hog(void)
{
	for (;;)
		cpu_relax();
}

static void attack_timers(void)
{
	csr_set(sie, SIE_TIMER);
	/* 1 us is less than the hypervisor needs to take the hart from it. */
	for (;;)
		measure_wait(rdtime() + tick_us);
}

/* The target of IPIs: it waits, and is woken for almost nothing. */
static void attack_wait_for_ipis(void *arg)
{
	(void)arg;
	csr_set(sie, SIE_SOFT);
	for (;;) {
		__asm__ volatile("wfi" ::: "memory");
		csr_clear(sip, SIE_SOFT);
	}
}

static void attack_ipis(void)
{
	(void)start_hart(last_hart, attack_wait_for_ipis, NULL);
	for (;;)
		(void)sbi_send_ipi(last_hart);
}

static void attack_wait(void)
{
	attack_wait_for_ipis(NULL);
}

/* The target of HSM calls: it stops itself as soon as it was started. */
static void attack_nothing(void *arg)
{
	(void)arg;
}

static void attack_starts(void)
{
	for (;;)
		(void)start_hart(last_hart, attack_nothing, NULL);
}

static void attack_rfences(void)
{
	(void)start_hart(last_hart, attack_wait_for_ipis, NULL);
	for (;;)
		(void)sbi_call(SBI_EID_RFENCE, SBI_RFENCE_SFENCE_VMA, 1UL << last_hart, 0, 0, 0, 0,
			       0);
}

static void attack_fault(void)
{
	u64 value;

	(void)probe_store(8, 8, 0);
	(void)probe_load(8, 8, &value);
	__asm__ volatile("sd zero, 8(zero)" ::: "memory"); /* outside of its memory */
}

static void attack_logs(void)
{
	static u64 bits[4096 / 64];

	for (;;) {
		(void)cleave_log_start(CLEAVE_VM_SELF, 0, CLEAVE_LOG_EAGER, 0);
		(void)cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, CLEAVE_VM_SELF, 0, 0, 2048, bits);
		(void)cleave_log_stop(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FLAG_COLLAPSE);
	}
}

/* Work on the partition with the highest number. */
static void attack_pauses(void)
{
	u32 vm = (u32)cleave_feature(CLEAVE_FEATURE_MAX_VMS) - 1U;

	for (;;) {
		(void)cleave_vm_op(CLEAVE_FN_VM_PAUSE, vm);
		(void)cleave_vm_op(CLEAVE_FN_VM_RESUME, vm);
		(void)cleave_vm_brake(vm, 1);
		(void)cleave_vm_brake(vm, 0);
	}
}

static void attack_resets(void)
{
	u32 vm = (u32)cleave_feature(CLEAVE_FEATURE_MAX_VMS) - 1U;

	for (;;) {
		(void)cleave_vm_steps(CLEAVE_FN_VM_RESET, vm);
		wait_us(15000);
	}
}

static void attack_lives(void)
{
	u32 vm = (u32)cleave_feature(CLEAVE_FEATURE_MAX_VMS) - 1U;

	for (;;) {
		(void)cleave_vm_steps(CLEAVE_FN_VM_DESTROY, vm);
		(void)cleave_vm_steps(CLEAVE_FN_VM_CREATE, vm);
		(void)cleave_vm_steps(CLEAVE_FN_VM_START, vm);
		wait_us(15000);
	}
}

bool attack(const char *role, unsigned long hartid)
{
	static const struct {
		const char *role;
		void (*run)(void);
	} attacks[] = {
		{ "hog", attack_hog },	       { "timers", attack_timers },
		{ "ipis", attack_ipis },       { "starts", attack_starts },
		{ "rfences", attack_rfences }, { "srst", sbi_reboot },
		{ "fault", attack_fault },     { "logs", attack_logs },
		{ "wait", attack_wait },       { "pauses", attack_pauses },
		{ "resets", attack_resets },   { "lives", attack_lives },
	};

	/* The vCPU that stands on the attacked hart is the last. */
	last_hart = hartid == 0U ? 1U : 0U;
	for (u32 i = 0; i < ARRAY_SIZE(attacks); i++) {
		if (strcmp(role, attacks[i].role) == 0)
			attacks[i].run();
	}
	return false;
}
