/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The victim. Hart 0 prints a numbered line at each tick of its timer, one character at each
 * interrupt of its UART, and checks its registers in between. It sends hart 1, which has page
 * tables on, around by IPIs, and hart 2 through every state of HSM.
 */
#include "tests/guests/transfer/transfer.h"

#define UART		     0x10000000UL
#define UART_THR	     0U
#define UART_RBR	     0U
#define UART_IER	     1U
#define UART_IIR	     2U
#define UART_LSR	     5U
#define UART_IRQ	     10U
#define LSR_DR		     0x01U
#define IER_THRI	     0x02U
#define PLIC		     0x0c000000UL
#define PLIC_ENABLE(hart)    (PLIC + 0x2000UL + 0x80UL * (hart))
#define PLIC_THRESHOLD(hart) (PLIC + 0x200000UL + 0x1000UL * (hart))
#define PLIC_CLAIM(hart)     (PLIC_THRESHOLD(hart) + 4UL)

#define SSTATUS_FS (UINT64_C(3) << 13)
#define SSTATUS_VS (UINT64_C(3) << 9)
#define VLENB_MAX  512U
#define SPIN	   20000U
#define SATP_SV39  (UINT64_C(8) << 60)
#define ASID(hart) ((UINT64_C(17) + (hart)) << 44)

/* round.S knows these */
struct round {
	u64 in[32];
	u64 out[32];
	u64 sp, gp, tp;
};

struct entry_record {
	u64 a0, a1, satp, sstatus, written;
};

void state_round(struct round *r, u64 event);
void fp_fill(const u64 *f, u64 fcsr);
u64 fp_read(u64 *f);
void vector_fill(const void *regs);
void vector_read(void *regs, u64 *csr);
void hsm_entry(void);

struct per_hart {
	struct round round;
	u64 seed;
	u64 f[32], f_out[32];
	u8 v[32 * VLENB_MAX], v_out[32 * VLENB_MAX];
	u64 vcsr[4];
	bool fp, vector;
	u64 rounds, bad_x, bad_fp, bad_v, bad_csr, bad_time;
	u64 last; /* time that this hart has seen */
};

static struct per_hart harts[3] __attribute__((aligned(64)));
static u64 shared_time; /* the latest that any hart has seen */
static u64 ball, back;	/* hart 0 to 1, and 1 to 0 */
static u64 stopping;
static struct entry_record woken;
static u64 slept_badly, cycles, bad_entry;

/* --- time and registers ---------------------------------------------------------------------- */

/* No hart's time goes back, and none is earlier than what another hart has seen. */
static void look_at_time(struct per_hart *h)
{
	u64 seen = __atomic_load_n(&shared_time, __ATOMIC_ACQUIRE);
	u64 now;

	__asm__ volatile("fence" ::: "memory");
	now = rdtime();
	if (now < seen || now < h->last)
		h->bad_time++;
	h->last = now;
	if (now > seen)
		__atomic_store_n(&shared_time, now, __ATOMIC_RELEASE);
}

static void try_fp(void *arg)
{
	fp_fill(arg, 0);
}

static void try_vector(void *arg)
{
	vector_fill(arg);
}

static void registers_init(struct per_hart *h, u64 hart)
{
	h->seed = 0x2545f4914f6cdd1dU + hart;
	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	h->fp = trap_try(try_fp, h->f, NULL) == TRAP_NONE;
	h->vector = trap_try(try_vector, h->v, NULL) == TRAP_NONE;
}

/* Interrupts are off, as state_round() uses sscratch and has no stack. */
static void registers_round(struct per_hart *h, u64 event)
{
	u64 fcsr = random_next(&h->seed) & 0x7fU, satp = csr_read(satp), sstatus;
	u64 sepc = random_next(&h->seed) & ~UINT64_C(1), stval = random_next(&h->seed);

	stval &= 0x7fffffffffU;
	for (unsigned n = 1; n < 32; n++)
		h->round.in[n] = random_next(&h->seed);
	h->round.in[31] = SPIN;
	if (event == 1) { /* a call: sbi_get_spec_version() */
		h->round.in[16] = 0;
		h->round.in[17] = SBI_EID_BASE;
	}
	for (unsigned n = 0; n < 32; n++)
		h->f[n] = random_next(&h->seed);
	for (size_t i = 0; i < sizeof(h->v); i += 8)
		*(u64 *)(void *)&h->v[i] = h->seed + i;
	csr_write(sepc, sepc);
	csr_write(scause, 5);
	csr_write(stval, stval);
	csr_write(scounteren, sepc >> 1 & 7U);
	if (h->fp)
		fp_fill(h->f, fcsr);
	if (h->vector)
		vector_fill(h->v);
	sstatus = csr_read(sstatus);

	state_round(&h->round, event);

	if (csr_read(sstatus) != sstatus || csr_read(sepc) != sepc || csr_read(scause) != 5 ||
	    csr_read(stval) != stval || csr_read(satp) != satp ||
	    csr_read(scounteren) != (sepc >> 1 & 7U))
		h->bad_csr++;
	for (unsigned n = 1; n < 32; n++) {
		if (h->round.out[n] == h->round.in[n] ||
		    (event == 0 && n == 31 && h->round.out[n] == 0) ||
		    (event == 1 && (n == 10 || n == 11)))
			continue;
		h->bad_x++;
	}
	if (h->fp && (fp_read(h->f_out) != fcsr || memcmp(h->f, h->f_out, sizeof(h->f)) != 0))
		h->bad_fp++;
	if (h->vector) {
		vector_read(h->v_out, h->vcsr);
		if (memcmp(h->v, h->v_out, 32U * csr_read(0xc22)) != 0 || h->vcsr[0] != 2 ||
		    h->vcsr[1] != 3 || h->vcsr[3] != 5)
			h->bad_v++;
	}
	h->rounds++;
	look_at_time(h);
}

/* --- hart 0: its timer, its UART ------------------------------------------------------------- */

static char ring[256];
static u32 ring_head, ring_len;
static u64 ticks, tick_at, tick_early, sent;
static bool sending;

static void uart_send(void)
{
	if (ring_len == 0) {
		*(volatile u8 *)(UART + UART_IER) = 0;
		sending = false;
		return;
	}
	*(volatile u8 *)(UART + UART_THR) = (u8)ring[ring_head];
	ring_head = (ring_head + 1U) % sizeof(ring);
	ring_len--;
	sent++;
}

static void queue_tick(void)
{
	char digits[24];
	u32 n = 0;
	u64 rest = ticks;

	digits[n++] = '\n';
	do {
		digits[n++] = (char)('0' + rest % 10U);
		rest /= 10U;
	} while (rest != 0);
	for (const char *p = " kcit"; *p != '\0'; p++)
		digits[n++] = *p;
	if (n + ring_len > sizeof(ring))
		return; /* the UART is slower than the ticks: this number comes with the next */
	ticks++;
	while (n != 0)
		ring[(ring_head + ring_len++) % sizeof(ring)] = digits[--n];
	if (!sending) {
		sending = true;
		*(volatile u8 *)(UART + UART_IER) = IER_THRI;
	}
}

static void on_timer(void)
{
	u64 period = ticks_per_second() / 250U;

	if (rdtime() < tick_at)
		tick_early++;
	tick_at = stopping != 0 ? UINT64_MAX : rdtime() + period;
	sbi_set_timer(tick_at);
	if (stopping == 0)
		queue_tick();
}

static bool on_interrupt(struct trap *t)
{
	u32 source;

	if (this_hart() != 0)
		return false;
	if (t->scause == TRAP_IRQ_TIMER) {
		on_timer();
		return true;
	}
	if (t->scause != TRAP_IRQ_EXT)
		return false;
	source = *(volatile u32 *)PLIC_CLAIM(0);
	if (source == UART_IRQ) {
		(void)*(volatile u8 *)(UART + UART_IIR);
		uart_send();
	}
	if (source != 0)
		*(volatile u32 *)PLIC_CLAIM(0) = source;
	return true;
}

/* --- hart 1: page tables, and IPIs back ------------------------------------------------------ */

static u64 root[512] __attribute__((aligned(4096)));

static void run_second(void *arg)
{
	struct per_hart *h = &harts[1];
	u64 seen = 0;

	(void)arg;
	registers_init(h, 1);
	/*
	 * The first 512 GiB map to themselves: valid, readable, writable, executable, accessed,
	 * dirty.
	 */
	for (u64 i = 0; i < 512U; i++)
		root[i] = i << 28 | 0xcfU;
	__asm__ volatile("fence" ::: "memory");
	csr_write(satp, SATP_SV39 | ASID(1) | (u64)root >> 12);
	__asm__ volatile(".option push\n.option arch, +zicsr\nsfence.vma\n.option pop" ::
				 : "memory");
	csr_set(sie, SIE_SOFT);
	while (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE) < 2U) {
		u64 now = __atomic_load_n(&ball, __ATOMIC_ACQUIRE);

		if (now == seen) {
			__asm__ volatile("wfi" ::: "memory");
			csr_clear(sip, SIE_SOFT);
			continue;
		}
		seen = now;
		registers_round(h, now & 1U);
		__atomic_store_n(&back, now, __ATOMIC_RELEASE);
		sbi_send_ipi(0);
	}
}

/* --- hart 2: HSM ----------------------------------------------------------------------------- */

static struct sbiret suspend(unsigned long type, unsigned long addr, unsigned long opaque)
{
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, type, addr, opaque, 0, 0, 0);
}

static void run_third(void *arg)
{
	(void)arg;
	csr_set(sie, SIE_SOFT);
	if (suspend(0, 0, 0).error != 0)
		slept_badly++;
	csr_clear(sip, SIE_SOFT);
	(void)suspend(SBI_SUSPEND_NON_RETENTIVE, (unsigned long)hsm_entry, (unsigned long)&woken);
	slept_badly++; /* it goes on elsewhere */
}

/*
 * Hart 0 pushes hart 2 on: from stopped to started, suspended, started, suspended, and by a jump
 * to stopped.
 */
static void push_third(void)
{
	long status = hart_status(2);

	if (status == SBI_HSM_SUSPENDED) {
		sbi_send_ipi(2);
	} else if (status == SBI_HSM_STOPPED) {
		if (cycles != 0 && (woken.written != 1 || woken.a0 != 2 ||
				    woken.a1 != (u64)&woken || woken.satp != 0))
			bad_entry++;
		woken = (struct entry_record){ 0 };
		if (stopping == 0 && start_hart(2, run_third, NULL) == 0)
			cycles++;
	}
}

/* --- the whole ------------------------------------------------------------------------------- */

static void devices_init(void)
{
	on_trap(on_interrupt);
	*(volatile u32 *)(PLIC + 4UL * UART_IRQ) = 3;
	*(volatile u32 *)PLIC_THRESHOLD(0) = 1;
	*(volatile u32 *)PLIC_ENABLE(0) = 1U << UART_IRQ;
	csr_set(sie, SIE_EXT | SIE_TIMER | SIE_SOFT);
	tick_at = 0;
	sbi_set_timer(0);
}

static void report_hart(u32 hart)
{
	const struct per_hart *h = &harts[hart];

	check(h->rounds > 10U, "hart %u: rounds (F/D %u, V %u)", hart, h->fp, h->vector);
	check_eq(h->bad_x, 0, "hart %u: integer registers", hart);
	check_eq(h->bad_fp, 0, "hart %u: F/D registers", hart);
	check_eq(h->bad_v, 0, "hart %u: V registers", hart);
	check_eq(h->bad_csr, 0, "hart %u: CSRs", hart);
	check_eq(h->bad_time, 0, "hart %u: time never goes back", hart);
}

static void report(u32 cpus)
{
	struct cleave_state_head head;

	report_hart(0);
	report_hart(1);
	check(ball > 10U, "IPIs went round");
	check(ticks > 10U, "ticks");
	check_eq(tick_early, 0, "no tick was early");
	if (cpus > 2U) {
		check(cycles > 10U, "hart 2 went through HSM's states");
		check_eq(slept_badly, 0, "suspends came back as they must");
		check_eq(bad_entry, 0, "hart 2 began as HSM says");
	}
	check_eq((u64)cleave_state_list(CLEAVE_VM_SELF, &head, 1).error, (u64)SBI_ERR_DENIED,
		 "no list of its own records");
	check_eq((u64)cleave_state_get(0, CLEAVE_STATE_REGS, 0, &head, sizeof(head)).error,
		 (u64)SBI_ERR_DENIED, "no record of another");
	check_eq((u64)cleave_state_set(0, &head, sizeof(head)).error, (u64)SBI_ERR_DENIED,
		 "none is set");
	check_eq((u64)cleave_state_check(99).error, (u64)SBI_ERR_DENIED, "none is checked");
}

void run_victim(u32 cpus)
{
	volatile struct mailbox *m = (volatile struct mailbox *)MAILBOX;
	struct per_hart *h = &harts[0];

	*m = (struct mailbox){ 0 };
	registers_init(h, 0);
	devices_init();
	(void)start_hart(1, run_second, NULL);
	while (stopping == 0) {
		csr_clear(sstatus, SSTATUS_SIE);
		registers_round(h, ball & 1U);
		csr_set(sstatus, SSTATUS_SIE);
		if (__atomic_load_n(&back, __ATOMIC_ACQUIRE) == ball) {
			__atomic_store_n(&ball, ball + 1U, __ATOMIC_RELEASE);
			sbi_send_ipi(1);
		} else {
			__asm__ volatile("wfi" ::: "memory");
		}
		look_at_time(h);
		if (cpus > 2U)
			push_third();
		if (ball == 3U)
			m->up = 1;
		/* However slow the machine is, what was not used is not proven to be complete. */
		if (m->stop != 0 && ball > 10U && ticks > 10U && (cpus < 3U || cycles > 10U))
			stopping = 1;
	}
	/* Let the last line go out, hart 1 stop, and hart 2 come round. */
	while (sending)
		__asm__ volatile("wfi" ::: "memory");
	__atomic_store_n(&stopping, 2, __ATOMIC_RELEASE);
	while (hart_status(1) != SBI_HSM_STOPPED) {
		sbi_send_ipi(1);
		cpu_relax();
	}
	while (cpus > 2U && hart_status(2) != SBI_HSM_STOPPED)
		push_third();
	csr_clear(sstatus, SSTATUS_SIE);
	report(cpus);
}

/* --- half a line, and what was typed --------------------------------------------------------- */

static void uart_puts(const char *s)
{
	for (; *s != '\0'; s++)
		*(volatile u8 *)(UART + UART_THR) = (u8)*s;
}

void run_typist(void)
{
	volatile struct mailbox *m = (volatile struct mailbox *)MAILBOX;
	char line[400];
	u32 n = 0;

	*m = (struct mailbox){ 0 };
	say("type now");
	/*
	 * A colour, a cursor that went back, a carriage return that is pending, and half of a
	 * sequence
	 */
	uart_puts("half \033[31mof a line, with a typo here\033[4D\r\033[");
	while (m->stop == 0)
		cpu_relax();
	uart_puts("21Cand\033[0m the rest\n");
	while (n < sizeof(line) - 1U && (*(volatile u8 *)(UART + UART_LSR) & LSR_DR) != 0)
		line[n++] = *(volatile char *)(UART + UART_RBR);
	line[n] = '\0';
	say("read %u: %s.", n, line);
	check(n != 0, "what was typed");
}
