/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device of the machine that was passed through: QEMU's goldfish RTC, with registers of its own
 * and an alarm that interrupts.
 *
 * The device keeps its state when the partition is reset, and by that the second run knows that
 * it is the second: the first run leaves with the alarm asserted and its interrupt claimed, and
 * the second must hear the device all the same.
 *
 * Bootargs: `irq=N` is the alarm's source; `reboot` makes the first run end in a reboot; `dma`
 * has QEMU's fw_cfg device, passed through too, write to memory; `touch=load`, `touch=store` and
 * `touch=fetch` only do that to the RTC's first register; `count` hears alarms and never ends.
 * `late` measures how long an alarm takes from the device to the handler, and `late work` does so
 * in a program that computes meanwhile. `late fine` also sets timers that end at once: under
 * -icount QEMU runs one hart after the other, each up to the next timer of the machine. `late
 * second` has the second vCPU take the alarms. `storm` has the second vCPU complete the interrupt
 * and never serve it, for ever, while it is routed to the first, which sleeps; `storm off` only
 * computes there. `again` reboots at once and for ever.
 */
#include "tests/guests/measure.h"
#include "tests/guests/rtc.h"

/*
 * QEMU's fw_cfg, docs/specs/fw_cfg.rst: big-endian; storing the lower half of an address starts a
 * transfer
 */
#define FW_CFG		 0x10100000UL
#define FW_CFG_DMA_HIGH	 0x10U
#define FW_CFG_DMA_LOW	 0x14U
#define FW_CFG_READ	 0x02U
#define FW_CFG_SELECT	 0x08U
#define FW_CFG_SIGNATURE 0x0000U /* an item: "QEMU" */

#define PLIC	     0x0c000000UL
#define PLIC_PENDING (PLIC + 0x1000U)
#define PLIC_ENABLE  (PLIC + 0x2000U + 0x80U * context)
#define PLIC_CLAIM   (PLIC + 0x200004U + 0x1000U * context)
#define PLIC_SOURCES 32U
#define PRIORITY(s)  (PLIC + 4U * (s))

#define ALARMS	   300U
#define REPEATS	   5U
#define ALARM_NS   200000U
#define SECOND_NS  1000000000U
#define LAST_ALARM 0x7fffffffffffffffUL
#define LATE_NS	   1000000U /* from one measured alarm to the next */
#define FINE_TICKS 50U	    /* 5 us */
#define LATE_COUNT 50U	    /* alarms that are measured */
#define LATE_SKIP  5U	    /* alarms before these: others may still begin */

/* What the handler sees and does. It runs with interrupts off, on the only hart. */
static volatile u32 heard;
static volatile u32 wrong;
static volatile u32 keep;  /* so many times the device is left as it is: it goes on interrupting */
static volatile bool hold; /* claim, and do nothing more */
static u32 source;
static u32 context;	      /* of the vCPU that the interrupt is routed to */
static volatile u64 heard_at; /* the device's time when the handler began; with `late` alone */
static bool timed;

static u32 load(u64 address)
{
	return *(volatile u32 *)address;
}

static void store(u64 address, u32 value)
{
	*(volatile u32 *)address = value;
}

static bool on_interrupt(struct trap *t)
{
	u32 claimed;

	if (t->scause != TRAP_IRQ_EXT)
		return false;
	if (timed)
		heard_at = rtc_now();
	claimed = load(PLIC_CLAIM);
	if (claimed != source) {
		wrong++;
		return true;
	}
	heard++;
	if (hold) {
		csr_clear(sie, SIE_EXT);
		return true;
	}
	if (keep != 0U) {
		keep--;
		/*
		 * QEMU's PLIC looks at a level only when the device drives it, which this makes
		 * it do.
		 */
		rtc_store(RTC_IRQ_ENABLED, 1);
	} else {
		rtc_store(RTC_CLEAR_INTERRUPT, 1);
	}
	store(PLIC_CLAIM, claimed);
	return true;
}

/* Compute until so many were heard. */
static void work_heard(u32 want, bool fine)
{
	while (heard < want) {
		cpu_relax();
		if (fine)
			sbi_set_timer(rdtime() + FINE_TICKS);
	}
}

/* Interrupts are off from the look to the WFI, so that none is missed in between. */
static void wait_heard(u32 want)
{
	for (;;) {
		csr_clear(sstatus, SSTATUS_SIE);
		if (heard >= want) {
			csr_set(sstatus, SSTATUS_SIE);
			return;
		}
		__asm__ volatile("wfi" ::: "memory");
		csr_set(sstatus, SSTATUS_SIE);
	}
}

static void start_interrupts(void)
{
	on_trap(on_interrupt);
	for (u32 s = 1; s < PLIC_SOURCES; s++)
		store(PRIORITY(s), 1);
	store(PLIC_ENABLE, 1U << source);
	rtc_store(RTC_IRQ_ENABLED, 1);
	csr_set(sie, SIE_EXT);
	csr_set(sstatus, SSTATUS_SIE);
}

static void test_time(void)
{
	u64 before = rtc_now();
	u64 ticks = rdtime();
	u64 device, guest;

	wait_us(20000);
	device = rtc_now() - before;
	guest = (rdtime() - ticks) * (SECOND_NS / ticks_per_second());
	(void)check(before / SECOND_NS > 1700000000U, "the device tells the time of day");
	(void)check(device <= guest + SECOND_NS && device >= 20000000U - SECOND_NS / 1000U,
		    "its time goes on as the hart's does");
}

static void test_alarms(void)
{
	u32 before = heard;

	for (u32 i = 1; i <= ALARMS; i++) {
		rtc_set_alarm(rtc_now() + ALARM_NS);
		wait_heard(before + i);
	}
	(void)check_eq(heard - before, ALARMS, "%u alarms interrupt once each", ALARMS);
	(void)check_eq(rtc_load(RTC_ALARM_STATUS), 0, "the device says that none is left");
}

/* The device goes on asserting its interrupt: each completion has to bring the next one. */
static void test_level(void)
{
	u32 before = heard;

	keep = REPEATS;
	rtc_set_alarm(rtc_now() + ALARM_NS);
	wait_heard(before + REPEATS + 1U);
	wait_us(5000);
	(void)check_eq(heard - before, REPEATS + 1U, "an interrupt comes again until it is served");
	(void)check_eq(load(PLIC_PENDING), 0, "and then nothing is pending");
}

/* A completion of what was not claimed loses nothing. */
static void test_wild_completion(void)
{
	u32 before = heard;

	csr_clear(sstatus, SSTATUS_SIE);
	rtc_set_alarm(rtc_now() + ALARM_NS);
	while ((load(PLIC_PENDING) >> source & 1U) == 0U)
		;
	store(PLIC_CLAIM, source);
	(void)check_eq(load(PLIC_PENDING), 1U << source,
		       "a completion without a claim leaves the interrupt pending");
	csr_set(sstatus, SSTATUS_SIE);
	wait_heard(before + 1U);
	(void)check_eq(heard - before, 1, "it is heard once");
}

/* How late is an alarm heard? Under -icount a nanosecond of the device is an instruction. */
static void measure(bool work, bool fine)
{
	static u64 late[LATE_COUNT];

	timed = true;
	for (u32 i = 0; i < LATE_COUNT + LATE_SKIP; i++) {
		u32 want = heard + 1U;
		u64 at = rtc_now() + LATE_NS;

		rtc_set_alarm(at);
		if (work || fine)
			work_heard(want, fine);
		else
			wait_heard(want);
		if (i >= LATE_SKIP)
			late[i - LATE_SKIP] = heard_at - at;
	}
	measure_sort(late, LATE_COUNT);
	say("late: median %lu ns, worst %lu ns", late[LATE_COUNT / 2U], late[LATE_COUNT - 1U]);
}

static void measure_late(void *bootargs)
{
	start_interrupts();
	measure(bootarg(bootargs, "work", NULL, 0), bootarg(bootargs, "fine", NULL, 0));
	rtc_store(RTC_IRQ_ENABLED, 0);
	finish();
}

/* Complete, and have the device go on asserting: see on_interrupt(). */
static void storm(void *bootargs)
{
	bool off = bootarg(bootargs, "off", NULL, 0);

	rtc_set_alarm(rtc_now() + ALARM_NS);
	for (;;) {
		u32 claimed = off ? 0U : load(PLIC_CLAIM);

		if (claimed != 0U)
			store(PLIC_CLAIM, claimed);
		rtc_store(RTC_IRQ_ENABLED, 1);
	}
}

/* The interrupt is routed to this vCPU, but nothing wakes it. */
static void __attribute__((noreturn)) sleep_through(const void *fdt)
{
	start_interrupts();
	csr_clear(sstatus, SSTATUS_SIE);
	csr_clear(sie, SIE_EXT);
	(void)start_hart(1, storm, (void *)(uintptr_t)fdt);
	for (;;)
		__asm__ volatile("wfi" ::: "memory");
}

struct fw_cfg_access {
	u32 control;
	u32 length;
	u64 address;
};

/* The device is given guest-physical addresses, and must find there what the guest has there. */
static void test_dma(void)
{
	static volatile struct fw_cfg_access access;
	static volatile char buffer[8];
	u64 at = (u64)&access;

	access.length = __builtin_bswap32(4);
	access.address = __builtin_bswap64((u64)buffer);
	access.control = __builtin_bswap32(FW_CFG_SIGNATURE << 16 | FW_CFG_SELECT | FW_CFG_READ);
	store(FW_CFG + FW_CFG_DMA_HIGH, __builtin_bswap32((u32)(at >> 32)));
	store(FW_CFG + FW_CFG_DMA_LOW, __builtin_bswap32((u32)at));
	while (access.control != 0U)
		cpu_relax();
	(void)check(buffer[0] == 'Q' && buffer[1] == 'E' && buffer[2] == 'M' && buffer[3] == 'U' &&
			    buffer[4] == '\0',
		    "a device writes where the guest's buffer is");
}

/* Leave with the alarm asserted and its interrupt claimed. */
static void leave(void)
{
	u32 before = heard;

	hold = true;
	rtc_set_alarm(rtc_now() + ALARM_NS);
	wait_heard(before + 1U);
	say("leaving with interrupt %u claimed", source);
	sbi_reboot();
}

static void touch(const char *how)
{
	say("now: %s", how);
	if (strcmp(how, "load") == 0)
		(void)rtc_load(RTC_TIME_LOW);
	else if (strcmp(how, "store") == 0)
		rtc_store(RTC_CLEAR_INTERRUPT, 1);
	else
		((void (*)(void))RTC)();
	(void)check(false, "still here");
	finish();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char text[16];
	bool second;

	(void)hartid;
	if (bootarg(fdt, "touch", text, sizeof(text)))
		touch(text);
	if (bootarg(fdt, "again", NULL, 0))
		sbi_reboot();
	source = (u32)bootarg_number(fdt, "irq", 0);
	(void)check(source != 0U, "bootargs name the interrupt");
	second = rtc_load(RTC_IRQ_ENABLED) != 0U;
	if (second)
		say("the device was used before");
	rtc_store(RTC_CLEAR_ALARM, 1);
	rtc_store(RTC_CLEAR_INTERRUPT, 1);
	if (bootarg(fdt, "storm", NULL, 0))
		sleep_through(fdt);
	if (bootarg(fdt, "second", NULL, 0)) {
		context = 1;
		(void)start_hart(1, measure_late, (void *)(uintptr_t)fdt);
		for (;;)
			__asm__ volatile("wfi" ::: "memory");
	}
	if (bootarg(fdt, "late", NULL, 0))
		measure_late((void *)(uintptr_t)fdt);
	start_interrupts();
	if (bootarg(fdt, "count", NULL, 0)) {
		for (;;) {
			u32 before = heard; /* who is paused here may have heard it when it looks */

			rtc_set_alarm(rtc_now() + SECOND_NS / 20U);
			wait_heard(before + 1U);
			say("alarm %u", heard);
		}
	}
	(void)check_eq((u64)cleave_log_start(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FAULT, 0).error,
		       (u64)SBI_ERR_NOT_SUPPORTED, "what a device writes is in no log");
	test_time();
	test_alarms();
	test_level();
	test_wild_completion();
	if (bootarg(fdt, "dma", NULL, 0))
		test_dma();
	(void)check_eq(wrong, 0, "no other interrupt was claimed");
	if (bootarg(fdt, "reboot", NULL, 0) && !second)
		leave();
	rtc_store(RTC_IRQ_ENABLED, 0);
	finish();
}
