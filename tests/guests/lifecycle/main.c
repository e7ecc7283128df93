/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the life of one partition costs another: a guest that reboots all the time, and guests that
 * measure how late their own interrupts come meanwhile.
 *
 * Bootargs: `reboot`: reboot at once, for ever. `timer`: hear timer interrupts 10 ms apart.
 * `alarm=N`: hear alarms of QEMU's goldfish RTC, which was passed through with source N. `steps`: a
 * manager, which counts the instructions of each step of the operations on VM 1. `events=N`: a
 * manager, which counts the events of VM 1 until its guest has ended N times. A guest that measures
 * prints one line, and then stays, so that the machine does.
 */
#include "tests/guests/measure.h"
#include "tests/guests/rtc.h"

#define ROUNDS	  100U
#define PERIOD_US 10000U
#define SECOND_NS 1000000000U

#define PLIC_ENABLE 0x0c002000UL
#define PLIC_CLAIM  0x0c200004UL
#define PRIORITY(s) (0x0c000000UL + 4U * (s))

static volatile u64 heard_at;
static volatile bool heard;
static u64 late[ROUNDS]; /* nanoseconds */

static void store(u64 address, u32 value)
{
	*(volatile u32 *)address = value;
}

static u32 load(u64 address)
{
	return *(volatile u32 *)address;
}

/* Print what was measured, sorted, in microseconds, and stay. */
static void __attribute__((noreturn)) report(const char *what)
{
	measure_sort(late, ROUNDS);
	say("%s late by: median %lu us, worst %lu us", what, late[ROUNDS / 2U] / 1000U,
	    late[ROUNDS - 1U] / 1000U);
	for (;;)
		__asm__ volatile("wfi" ::: "memory");
}

/* --- timer ----------------------------------------------------------------------------------- */

static void measure_timer(void)
{
	u64 hz = ticks_per_second();
	u64 period = hz * PERIOD_US / 1000000U;

	csr_set(sie, SIE_TIMER);
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 at = rdtime() + period;

		measure_wait(at);
		late[i] = (rdtime() - at) * (SECOND_NS / hz);
	}
	sbi_set_timer(UINT64_MAX);
	report("timer");
}

/* --- device ---------------------------------------------------------------------------------- */

static bool on_interrupt(struct trap *t)
{
	u32 claimed;

	if (t->scause != TRAP_IRQ_EXT)
		return false;
	heard_at = rtc_now();
	claimed = load(PLIC_CLAIM);
	rtc_store(RTC_CLEAR_INTERRUPT, 1);
	store(PLIC_CLAIM, claimed);
	heard = true;
	return true;
}

static void measure_alarms(u32 source)
{
	on_trap(on_interrupt);
	store(PRIORITY(source), 1);
	store(PLIC_ENABLE, 1U << source);
	rtc_store(RTC_IRQ_ENABLED, 1);
	csr_set(sie, SIE_EXT);
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 at = rtc_now() + PERIOD_US * 1000U;

		heard = false;
		rtc_set_alarm(at);
		/* WFI ends at an interrupt that is pending, whether it is taken or not. */
		while (!heard) {
			__asm__ volatile("wfi" ::: "memory");
			csr_set(sstatus, SSTATUS_SIE);
			csr_clear(sstatus, SSTATUS_SIE);
		}
		late[i] = heard_at - at;
	}
	report("alarm");
}

/* --- steps ----------------------------------------------------------------------------------- */

static void measure_steps(unsigned long fn, const char *name)
{
	unsigned long cursor = 0;
	u64 worst = 0;
	u64 calls = 0;
	u64 sum = 0;
	u64 worst_at = 0;

	/* The line before this is shown by an interrupt, which would count into some step. */
	wait_us(20000);
	do {
		u64 before = rdinstret();
		struct sbiret r = cleave_call(fn, 1, cursor, 0, 0, 0, 0);
		u64 took = rdinstret() - before;

		if (r.error != 0) {
			(void)check(false, "a step of %s", name);
			finish();
		}
		if (took > worst) {
			worst = took;
			worst_at = calls;
		}
		sum += took;
		calls++;
		cursor = (unsigned long)r.value;
	} while (cursor != 0U);
	say("%s: %lu steps, %lu instructions, the longest %lu, number %lu", name, calls, sum, worst,
	    worst_at);
}

static void measure_all_steps(void)
{
	measure_steps(CLEAVE_FN_VM_RESET, "reset");
	measure_steps(CLEAVE_FN_VM_DESTROY, "destroy");
	measure_steps(CLEAVE_FN_VM_CREATE, "create");
	measure_steps(CLEAVE_FN_VM_START, "start");
	finish();
}

/* --- events ---------------------------------------------------------------------------------- */

/* Count the events of VM 1 until they tell of @ends ends of its guest, one by one or together. */
static void count_events(u64 ends)
{
	struct cleave_event event = { .seq = 0 };
	u64 states = 0;
	u64 untold = 0;
	u64 stops = 0;

	while (stops + untold < ends && cleave_vm_wait(event.seq, &event).error == 0) {
		if (event.type == CLEAVE_EVENT_LOST)
			(void)check(false, "no event is lost");
		if (event.vm != 1U)
			continue;
		if (event.type == CLEAVE_EVENT_STATE)
			states++;
		if (event.type == CLEAVE_EVENT_STATE && event.arg == CLEAVE_VM_STOPPED)
			stops++;
		if (event.type == CLEAVE_EVENT_RESTARTS)
			untold += event.arg;
	}
	say("events: %lu of states, %lu restarts in the others", states, untold);
	for (;;)
		__asm__ volatile("wfi" ::: "memory");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	u64 source = bootarg_number(fdt, "alarm", 0);
	u64 ends = bootarg_number(fdt, "events", 0);

	(void)hartid;
	if (bootarg(fdt, "reboot", NULL, 0))
		sbi_reboot();
	if (bootarg(fdt, "timer", NULL, 0))
		measure_timer();
	if (source != 0U)
		measure_alarms((u32)source);
	if (bootarg(fdt, "steps", NULL, 0))
		measure_all_steps();
	if (ends != 0U)
		count_events(ends);
	/* A partition that is only there to be worked on. */
	for (;;)
		__asm__ volatile("wfi" ::: "memory");
}
