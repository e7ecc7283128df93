/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small system written as RTOS ports for QEMU's virt board in S-mode are: flat, with every
 * address fixed. It knows where UART and PLIC are, that hart 0's S-mode context is number 1 (0 is
 * M-mode's), and that time ticks at 10 MHz. It never looks at the device tree.
 *
 * The partition has two vCPUs and the machine's RTC, against which ticks are measured. It prints
 * `ok NAME` or `FAIL NAME` for each check through the UART, and `done: N passed, N failed` at last.
 */
#include <abi/sbi.h>
#include <cleave/types.h>

#define UART	     0x10000000UL
#define UART_RBR     0U
#define UART_THR     0U
#define UART_IER     1U
#define UART_IIR     2U
#define UART_FCR     2U
#define UART_LSR     5U
#define LSR_DR	     0x01U
#define LSR_THRE     0x20U
#define UART_IRQ     10U
#define PLIC	     0x0c000000UL
#define CONTEXT_M    0UL
#define CONTEXT_S    1UL
#define ENABLE(c)    (PLIC + 0x2000UL + 0x80UL * (c))
#define THRESHOLD(c) (PLIC + 0x200000UL + 0x1000UL * (c))
#define CLAIM(c)     (THRESHOLD(c) + 4UL)
#define RTC	     0x101000UL
#define HZ	     10000000UL
#define TICK	     (HZ / 1000UL)
#define KEY_SECONDS  60UL
#define TICKS	     200U

#define IRQ_SOFT  1U
#define IRQ_TIMER 5U
#define IRQ_EXT	  9U
#define EXC	  0U
#define SIE	  2UL /* of sstatus */

#define csr_read(csr)                                                                \
	({                                                                           \
		u64 v_;                                                              \
		__asm__ volatile(".option push\n.option arch, +zicsr\ncsrr %0, " csr \
				 "\n.option pop"                                     \
				 : "=r"(v_)::"memory");                              \
		v_;                                                                  \
	})
#define csr_do(op, csr, v)                                                 \
	__asm__ volatile(".option push\n.option arch, +zicsr\n" op " " csr \
			 ", %0\n.option pop" ::"r"((u64)(v))               \
			 : "memory")

struct frame {
	u64 saved[16];
	u64 sepc;
	u64 sstatus;
};

void rtos_main(u64 hart, const void *ignored);
void rtos_other(u64 hart);
void rtos_on_trap(u32 cause, struct frame *f);
void rtos_to_user(u64 out[2]);
u64 rtos_patched(void);
extern u8 rtos_vectors[], rtos_vectors_odd[], rtos_entry_other[], rtos_stack_other[], rtos_back[];

static u32 passed, failed;
static volatile u32 ticks, exts, softs, depth, deepest, illegals;
static volatile u8 heard;
static volatile u64 next, latest;
static volatile bool by_sbi, nesting, has_sstc, expired;
static volatile u32 other_runs, other_got, other_asked;

/* --- output and calls ------------------------------------------------------------------------- */

static u8 rd8(u64 at)
{
	return *(volatile u8 *)at;
}

static void wr8(u64 at, u8 v)
{
	*(volatile u8 *)at = v;
}

static void put(const char *s)
{
	for (; *s != '\0'; s++) {
		while ((rd8(UART + UART_LSR) & LSR_THRE) == 0U)
			;
		wr8(UART + UART_THR, (u8)*s);
	}
}

static void put_number(u64 n)
{
	char text[21];
	u32 i = sizeof(text) - 1U;

	text[i] = '\0';
	do {
		text[--i] = (char)('0' + n % 10U);
		n /= 10U;
	} while (n != 0U);
	put(text + i);
}

static bool check(bool ok, const char *name)
{
	put(ok ? "ok " : "FAIL ");
	put(name);
	put("\n");
	if (ok)
		passed++;
	else
		failed++;
	return ok;
}

static s64 sbi(u64 eid, u64 fid, u64 a0, u64 a1, u64 a2)
{
	register u64 r0 __asm__("a0") = a0;
	register u64 r1 __asm__("a1") = a1;
	register u64 r2 __asm__("a2") = a2;
	register u64 r6 __asm__("a6") = fid;
	register u64 r7 __asm__("a7") = eid;

	__asm__ volatile("ecall" : "+r"(r0), "+r"(r1) : "r"(r2), "r"(r6), "r"(r7) : "memory");
	return (s64)r0;
}

static u64 now(void)
{
	return csr_read("time");
}

static u64 rtc_ns(void)
{
	u64 low = *(volatile u32 *)RTC;

	return (u64) * (volatile u32 *)(RTC + 4UL) << 32 | low;
}

static void timer_at(u64 at)
{
	if (by_sbi)
		(void)sbi(SBI_EID_TIME, 0, at, 0, 0);
	else
		csr_do("csrw", "0x14d", at); /* stimecmp */
}

/* --- traps ------------------------------------------------------------------------------------ */

static void on_timer(void)
{
	u64 late = now() - next;

	if (next == UINT64_MAX) { /* nobody counts ticks */
		expired = true;
		timer_at(UINT64_MAX);
		return;
	}
	ticks++;
	if (late > latest)
		latest = late;
	/* The next tick counts from this one, so a late one does not move the others. */
	next += TICK;
	timer_at(nesting && depth < 4U ? now() + TICK / 10U : next);
	if (nesting && depth < 4U) {
		u32 want = ticks + 1U;

		/* The next timer interrupts this one. */
		csr_do("csrs", "sstatus", SIE);
		while (ticks < want)
			;
		csr_do("csrc", "sstatus", SIE);
	}
}

static void on_external(void)
{
	u32 source = *(volatile u32 *)CLAIM(CONTEXT_S);

	if (source != UART_IRQ)
		return;
	exts++;
	(void)rd8(UART + UART_IIR);
	while ((rd8(UART + UART_LSR) & LSR_DR) != 0U)
		heard = rd8(UART + UART_RBR);
	*(volatile u32 *)CLAIM(CONTEXT_S) = source;
}

static void on_exception(struct frame *f)
{
	u64 cause = csr_read("scause");

	if (cause == 8U) { /* ecall from user mode: go on in rtos_back(), in S-mode */
		f->sepc = (u64)rtos_back;
		f->sstatus |= 0x100U;
	} else if (cause == 2U) { /* an instruction that is not there: step over it */
		illegals++;
		f->sepc += 4U;
	} else {
		put("FAIL exception ");
		put_number(cause);
		put("\n");
		(void)sbi(SBI_EID_SRST, 0, 0, 1, 0);
	}
}

void rtos_on_trap(u32 cause, struct frame *f)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	switch (cause) {
	case IRQ_TIMER:
		on_timer();
		break;
	case IRQ_EXT:
		on_external();
		break;
	case IRQ_SOFT:
		softs++;
		csr_do("csrc", "sip", 2UL);
		break;
	case EXC:
		on_exception(f);
		break;
	default:
		check(false, "an interrupt that nobody asked for");
		break;
	}
	depth--;
}

/* --- the tests -------------------------------------------------------------------------------- */

static void ticks_for(u32 n)
{
	ticks = 0;
	latest = 0;
	next = now() + TICK;
	timer_at(next);
	csr_do("csrs", "sie", 1UL << IRQ_TIMER);
	csr_do("csrs", "sstatus", SIE);
	while (ticks < n)
		__asm__ volatile("wfi" ::: "memory");
	csr_do("csrc", "sstatus", SIE);
	timer_at(UINT64_MAX);
}

/* Ticks of a millisecond against the machine's clock: none is lost, and none comes early. */
static void test_ticks(const char *name)
{
	u64 from = rtc_ns();
	u64 took;

	ticks_for(TICKS);
	took = (rtc_ns() - from) / 1000U;
	check(took >= TICKS * 1000U && took < TICKS * 1500U, name);
	put("ticks ");
	put_number(TICKS);
	put(" took ");
	put_number(took);
	put(" us, latest ");
	put_number(latest / (HZ / 1000000UL));
	put(" us\n");
}

static void test_nested(void)
{
	deepest = 0;
	nesting = true;
	ticks_for(20);
	nesting = false;
	check(deepest == 4U, "timers nest");
}

static void test_wfi(void)
{
	u32 early = 0;

	/* With interrupts off, a pending one ends the wait, and is not taken. */
	for (u32 i = 0; i < 100U; i++) {
		u64 at = now() + TICK / 20U;

		timer_at(at);
		while ((csr_read("sip") & 1UL << IRQ_TIMER) == 0U)
			__asm__ volatile("wfi" ::: "memory");
		if (now() < at)
			early++;
	}
	timer_at(UINT64_MAX);
	check(early == 0U, "wfi waits for the timer");
}

static void test_vectors(void)
{
	u32 before;

	csr_do("csrw", "stvec", (u64)rtos_vectors_odd | 1U);
	if (csr_read("stvec") == ((u64)rtos_vectors_odd | 1U)) {
		ticks_for(3);
		before = illegals;
		__asm__ volatile(".4byte 0x10401073" ::: "memory"); /* csrw sie, zero: legal */
		__asm__ volatile(".4byte 0x60002573" ::
					 : "a0", "memory"); /* hstatus: there is none */
		csr_do("csrs", "sip", 2UL);
		csr_do("csrs", "sie", 1UL << IRQ_SOFT);
		csr_do("csrs", "sstatus", SIE);
		csr_do("csrc", "sstatus", SIE);
		check(illegals == before + 1U,
		      "an exception goes to a base that is a multiple of 4");
		check(softs == 1U, "an interrupt goes to its entry there");
	}
	csr_do("csrw", "stvec", (u64)rtos_vectors | 1U);
}

static void patch(u32 n)
{
	*(volatile u32 *)(u64)rtos_patched = n << 20 | 0x513U; /* addi a0, zero, n */
}

static void test_code(void)
{
	u32 good = 0;

	for (u32 i = 1; i <= 1000U; i++) {
		patch(i);
		__asm__ volatile("fence.i" ::: "memory");
		good += rtos_patched() == i ? 1U : 0U;
	}
	check(good == 1000U, "code that was written anew runs after fence.i");
}

static void test_user(void)
{
	u64 times[2] = { 0, 0 };
	u64 before = now();

	rtos_to_user(times);
	check(times[0] >= before && times[1] >= times[0] && now() >= times[1],
	      "rdtime in user mode");
}

/* Another hart calls what this one writes anew, and stops. */
void rtos_other(u64 hart)
{
	(void)hart;
	other_runs++;
	while (other_asked == 0U)
		;
	other_got = (u32)rtos_patched();
	__asm__ volatile("fence rw, rw" ::: "memory");
	other_asked = 0;
	(void)sbi(SBI_EID_HSM, 1, 0, 0, 0);
}

static void test_harts(void)
{
	u32 good = 0;

	for (u32 i = 1; i <= 50U; i++) {
		s64 err;

		do { /* until it has stopped */
			err = sbi(SBI_EID_HSM, 0, 1, (u64)rtos_entry_other,
				  (u64)rtos_stack_other + 16384U);
		} while (err == SBI_ERR_ALREADY_AVAILABLE);
		while (err == 0 && other_runs < i)
			;
		patch(1000U + i);
		err |= sbi(SBI_EID_RFENCE, 0, 2, 0, 0);
		__asm__ volatile("fence rw, rw" ::: "memory");
		other_asked = 1;
		while (other_asked != 0U)
			;
		good += err == 0 && other_got == 1000U + i ? 1U : 0U;
	}
	check(good == 50U, "a hart comes and goes, and runs what another has written");
}

static void test_suspend(void)
{
	u64 at = now() + TICK;
	s64 err;

	csr_do("csrs", "sie", 1UL << IRQ_TIMER);
	timer_at(at);
	err = sbi(SBI_EID_HSM, 3, 0, 0, 0);
	check(err == 0 && now() >= at, "a suspended hart wakes by its timer");
	timer_at(UINT64_MAX);
}

static void test_uart(void)
{
	u32 n;

	/* A port drops what M-mode would take. */
	*(volatile u32 *)ENABLE(CONTEXT_M) = 0;
	*(volatile u32 *)THRESHOLD(CONTEXT_M) = 7;
	*(volatile u32 *)(PLIC + 4UL * UART_IRQ) = 1;
	*(volatile u32 *)ENABLE(CONTEXT_S) = 1U << UART_IRQ;
	*(volatile u32 *)THRESHOLD(CONTEXT_S) = 0;
	csr_do("csrs", "sie", 1UL << IRQ_EXT);
	csr_do("csrs", "sstatus", SIE);
	wr8(UART + UART_IER, 2);
	for (u64 end = now() + HZ; exts == 0U && now() < end;)
		;
	wr8(UART + UART_IER, 0);
	check(exts != 0U, "the UART interrupts in context 1");
	n = exts;
	wr8(UART + UART_IER, 1);
	put("press k\n");
	next = UINT64_MAX;
	timer_at(now() + KEY_SECONDS * HZ);
	csr_do("csrs", "sie", 1UL << IRQ_TIMER);
	while (heard != 'k' && !expired)
		__asm__ volatile("wfi" ::: "memory");
	csr_do("csrc", "sstatus", SIE);
	wr8(UART + UART_IER, 0);
	if (heard == 'k')
		check(exts > n, "a key is heard by its interrupt");
	else
		put("no key came\n");
}

/*
 * Is stimecmp there? The vector is direct for this look: on a hart without it the firmware gets the
 * exception first, and OpenSBI 1.5 hands it on to stvec with the mode's bits still in it.
 */
static bool find_sstc(void)
{
	illegals = 0;
	csr_do("csrw", "stvec", (u64)rtos_vectors);
	csr_do("csrw", "0x14d", UINT64_MAX);
	csr_do("csrw", "stvec", (u64)rtos_vectors | 1U);
	return illegals == 0U;
}

void rtos_main(u64 hart, const void *ignored)
{
	(void)hart;
	(void)ignored;
	wr8(UART + UART_FCR, 1);
	put("rtos: up\n");
	by_sbi = true;
	test_uart();
	test_ticks("ticks by SBI keep the machine's time");
	by_sbi = false;
	has_sstc = find_sstc();
	by_sbi = !has_sstc;
	if (has_sstc)
		test_ticks("ticks by stimecmp keep the machine's time");
	test_nested();
	test_wfi();
	test_vectors();
	test_code();
	test_user();
	test_harts();
	test_suspend();
	put("done: ");
	put_number(passed);
	put(" passed, ");
	put_number(failed);
	put(" failed\n");
	(void)sbi(SBI_EID_SRST, 0, 0, 0, 0);
}
