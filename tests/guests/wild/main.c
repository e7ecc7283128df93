/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hart does in a round, and how the harts of the program start, stop and end. */
#include "tests/guests/wild/wild.h"

#define ROUNDS_A_LIFE 97U     /* after so many, a hart stops, and hart 0 starts it again */
#define CAUSES	      0xb1ffU /* exceptions that there are without H: 0 to 8, 12, 13, 15 */

#define TICK_US 10U

struct wild wild;
static struct wild_hart harts[GUEST_MAX_HARTS];
static u32 failures; /* atomic */

void wild_fail(const struct wild_hart *h, const char *what)
{
	const struct wild_run *r = &h->run, *b = &h->before;

	if (__atomic_fetch_add(&failures, 1U, __ATOMIC_RELAXED) >= 8U)
		return;
	say("FAIL hart %lu round %lu: %s", h->id, h->round, what);
	say("  code 0x%x 0x%x: a0 0x%lx a1 0x%lx a2 0x%lx a3 0x%lx a6 0x%lx a7 0x%lx", h->code[0],
	    h->code[1], b->x[10], b->x[11], b->x[12], b->x[13], b->x[16], b->x[17]);
	say("  then: scause 0x%lx sepc 0x%lx stval 0x%lx sstatus 0x%lx a0 0x%lx a1 0x%lx",
	    r->scause, r->sepc, r->stval, r->sstatus, r->x[10], r->x[11]);
}

/* After a run: what an interrupt wanted is done, and no CSR is as the program left it. */
static void tidy(struct wild_hart *h)
{
	csr_write(sie, 0);
	csr_write(sstatus, SSTATUS_FS | SSTATUS_UXL_64);
	csr_write(scounteren, 7);
	if (h->run.scause == TRAP_IRQ_SOFT)
		csr_clear(sip, SIE_SOFT);
	if (h->run.scause == TRAP_IRQ_EXT && wild_below(h, 2U) != 0) {
		volatile u32 *claim = (volatile u32 *)(WILD_PLIC + 0x200004U + 0x1000U * h->id);

		*claim = *claim;
	}
}

static bool own_pc(const struct wild_hart *h, u64 pc)
{
	u64 code = (u64)h->code;

	return pc - code < sizeof(h->code) || pc - WILD_GIB - code < sizeof(h->code);
}

static void count(struct wild_hart *h)
{
	switch (h->run.scause) {
	case TRAP_FETCH_FAULT:
	case TRAP_LOAD_FAULT:
	case TRAP_STORE_FAULT:
		h->done[WILD_ACCESS_FAULT]++;
		break;
	case TRAP_FETCH_PAGE:
	case TRAP_LOAD_PAGE:
	case TRAP_STORE_PAGE:
		h->done[WILD_PAGE_FAULT]++;
		break;
	case TRAP_ILLEGAL:
		h->done[WILD_ILLEGAL]++;
		break;
	case TRAP_BREAKPOINT:
		break;
	default:
		h->done[WILD_INTERRUPTED]++;
		break;
	}
}

/* The trap must be one that a hart without H has, and at a place where this one was. */
static void judge(struct wild_hart *h, bool jumps)
{
	const struct wild_run *r = &h->run;

	count(h);
	if ((r->scause & TRAP_INTERRUPT) != 0) {
		if (r->scause != TRAP_IRQ_SOFT && r->scause != TRAP_IRQ_TIMER &&
		    r->scause != TRAP_IRQ_EXT)
			wild_fail(h, "there is no such interrupt");
	} else if (r->scause > 15U || (CAUSES >> r->scause & 1U) == 0) {
		wild_fail(h, "there is no such exception");
	}
	if (!own_pc(h, r->sepc) && !(jumps && r->sepc == (h->before.x[10] & ~UINT64_C(1))))
		wild_fail(h, "it was never at this pc");
}

/*
 * Run h->code, from S- or U-mode, with or without translation and interrupts. The timer ends what
 * might wait.
 */
static void run(struct wild_hart *h)
{
	u64 r = random_next(&h->state);
	u64 satp = (r & 3U) != 0 ? wild_satp(h) : 0, pc = (u64)h->code;
	u64 sstatus = (r & SSTATUS_SPIE) | (r & SSTATUS_SUM) | (r & SSTATUS_MXR) | (r & SSTATUS_FS);
	bool user = (r & 0x700U) == 0;

	if (user)
		pc = wild_user_alias(pc, satp);
	sbi_set_timer(rdtime() + (r >> 8 & 0xfffU));
	csr_write(sie, (r >> 24) & (SIE_SOFT | SIE_TIMER | SIE_EXT));
	__asm__ volatile("fence.i" ::: "memory");
	if ((r & 0x800U) != 0)
		__asm__ volatile("sfence.vma" ::: "memory");
	h->before = h->run;
	wild_run(&h->run, pc, sstatus | SSTATUS_UXL_64 | (user ? 0 : SSTATUS_SPP), satp);
}

static void registers(struct wild_hart *h)
{
	u32 i;

	for (i = 1; i < 32U; i++)
		h->run.x[i] = wild_below(h, 2U) != 0 ? wild_address(h) : wild_value(h);
}

static void round_call(struct wild_hart *h)
{
	wild_restore_victim(h);
	registers(h);
	wild_call(h);
	h->code[0] = 0x00000073; /* ecall */
	h->code[1] = 0x00100073; /* ebreak */
	run(h);
	judge(h, false);
	if (h->run.scause == TRAP_BREAKPOINT)
		wild_check_call(h);
	else
		h->again = 0;
}

static void round_access(struct wild_hart *h)
{
	bool jump;
	u32 i;

	registers(h);
	h->run.x[10] = wild_address(h);
	h->code[0] = wild_access(h, &jump);
	h->code[1] = 0x00100073;
	if (jump)
		h->run.x[10] = WILD_NOWHERE + (h->run.x[10] & 0xfffffffU);
	run(h);
	judge(h, jump);
	if (h->run.scause == TRAP_BREAKPOINT)
		h->done[WILD_ACCESS_DONE]++;
	for (i = 1; i < 32U; i++) {
		if (i != 10U && i != 11U && h->run.x[i] != h->before.x[i])
			wild_fail(h, "an access has changed another register");
	}
	if (h->run.sepc == (u64)h->code && h->run.x[11] != h->before.x[11])
		wild_fail(h, "an access that failed has changed its register");
}

static void round_code(struct wild_hart *h)
{
	registers(h);
	wild_code(h, 1U + (u32)wild_below(h, 4U));
	run(h);
	judge(h, false);
}

/* A software interrupt that is pending before must be pending after, and so it ends at once. */
static void suspend_and_jump(struct wild_hart *h)
{
	bool soft = wild_below(h, 2U) != 0;

	if (soft)
		(void)sbi_send_ipi(h->id);
	h->run.x[10] = SBI_SUSPEND_NON_RETENTIVE;
	h->run.x[11] = (u64)wild_resume;
	h->run.x[12] = (u64)&h->run;
	h->run.x[16] = SBI_HSM_HART_SUSPEND;
	h->run.x[17] = SBI_EID_HSM;
	h->code[0] = 0x00000073;
	h->code[1] = 0x00100073;
	__asm__ volatile("fence.i" ::: "memory");
	wild_run(&h->run, (u64)h->code, SSTATUS_SPP | SSTATUS_UXL_64, 0);
	if (h->run.scause != WILD_RESUMED || h->run.x[10] != h->id)
		wild_fail(h, "a suspended hart does not resume where it should");
	if (soft && (csr_read(sip) & SIE_SOFT) == 0)
		wild_fail(h, "a software interrupt got lost in a suspension");
	if (soft)
		csr_clear(sip, SIE_SOFT);
}

/* WFI, and the two kinds of suspension, with the timer on so that it ends. */
static void round_wait(struct wild_hart *h)
{
	u64 end = rdtime() + wild_below(h, 2000U), kind = wild_below(h, 4U);

	csr_write(sie, SIE_TIMER | SIE_SOFT);
	sbi_set_timer(end);
	if (kind < 2U) {
		__asm__ volatile("wfi" ::: "memory");
	} else if (kind == 2U) {
		sbi_call(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, SBI_SUSPEND_RETENTIVE, 0, 0, 0, 0, 0);
	} else {
		suspend_and_jump(h);
	}
}

static void rounds(void *arg)
{
	struct wild_hart *h = arg;
	u32 n;

	for (n = 0; n < ROUNDS_A_LIFE && h->round < wild.rounds; n++, h->round++) {
		u64 kind = wild_below(h, 64U);

		if (kind < 8U)
			wild_tables_change(h);
		if (kind < 30U)
			round_call(h);
		else if (kind < 50U)
			round_access(h);
		else if (kind < 62U)
			round_code(h);
		else
			round_wait(h);
		tidy(h);
	}
}

/* Hart 0 starts the others whenever they have stopped, and does its own rounds in between. */
static void all_rounds(void)
{
	bool more = true;
	u32 i;

	while (more) {
		more = harts[0].round < wild.rounds;
		rounds(&harts[0]);
		for (i = 1; i < wild.harts; i++) {
			long status = hart_status(i);

			more = more || status != SBI_HSM_STOPPED || harts[i].round < wild.rounds;
			if (status == SBI_HSM_STOPPED && harts[i].round < wild.rounds)
				start_hart(i, rounds, &harts[i]);
		}
	}
}

static void find_others(void)
{
	struct cleave_vm_info info;
	u32 ids[16], i, n = (u32)cleave_vm_list(ids, ARRAY_SIZE(ids)).value;

	cleave_vm_info(CLEAVE_VM_SELF, &info);
	wild.self = info.id;
	wild.vms = n;
	for (i = 0; wild.manager && i < n && i < ARRAY_SIZE(ids); i++) {
		cleave_vm_info(ids[i], &info);
		if (strcmp(info.name, "victim") == 0)
			wild.victim = ids[i];
	}
}

/* Of all harts together. A test in which nothing comes about shows nothing. */
static void outcomes(void)
{
	static const char *const names[WILD_OUTCOMES] = {
		"calls that succeed", "calls that are refused", "accesses",	 "access faults",
		"page faults",	      "illegal instructions",	"interruptions",
	};
	u32 k, i;

	for (k = 0; k < WILD_OUTCOMES; k++) {
		u64 sum = 0;

		for (i = 0; i < wild.harts; i++)
			sum += harts[i].done[k];
		check(sum * 1000U > wild.rounds * wild.harts, "%s: %lu", names[k], sum);
	}
}

static void play(u64 seed)
{
	u64 at;
	u32 i;

	wild.manager = cleave_feature(CLEAVE_FEATURE_MANAGER) != 0;
	find_others();
	for (i = 0; i < wild.harts; i++) {
		harts[i].id = i;
		harts[i].state = (seed << 8 | i << 1 | 1U) * UINT64_C(0x9e3779b97f4a7c15);
	}
	wild_tables_init(&harts[0]);
	for (at = wild.arena; at < wild.arena + WILD_ARENA_SIZE; at += sizeof(u64))
		*(u64 *)at = random_next(&harts[0].state);
	say("seed=%lu rounds=%lu harts=%u", seed, wild.rounds, wild.harts);
	csr_write(sstatus, SSTATUS_FS);
	all_rounds();
	csr_write(sie, 0);
	cleave_log_stop(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FLAG_COLLAPSE);
	guest_write("\n", 1); /* what was printed at random may have left a line open */
	outcomes();
	check_eq(failures, 0, "%lu rounds of each of %u harts", wild.rounds, wild.harts);
}

/*
 * Under -icount QEMU runs one hart after the other, each up to the next timer of the machine. While
 * there are timers that end soon, a hart that is late by more is late by itself. A timer that has
 * ended is set anew only when its own hart has its turn, so several harts set them, one after the
 * other: from a little before each moment for which a neighbour waits, until a while after it.
 */
static void tick(void *arg)
{
	u64 us = ticks_per_second() / 1000000U, period = WILD_PERIOD_US * us;
	u64 ahead = 60U - TICK_US * (u64)arg;
	u32 i;

	for (;;) {
		u64 left = period - (rdtime() + ahead * us) % period;

		wait_us(left / us);
		for (i = 0; i < 5U; i++)
			wait_us(TICK_US * wild.harts);
	}
}

static void ticker(void)
{
	u32 i;

	for (i = 1; i < wild.harts; i++)
		check_eq((u64)start_hart(i, tick, (void *)(u64)i), 0, "hart %u ticks", i);
	tick(NULL);
}

/* When the user types q, the others have done what they would to the victim. */
static void closer(void)
{
	while (sbi_getchar() != 'q')
		wait_us(1000);
	wild.manager = true;
	find_others();
	wild_end_victim();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";
	u64 seed = bootarg_number(fdt, "seed", 1);

	(void)hartid;
	wild.rounds = bootarg_number(fdt, "rounds", 1000);
	wild.harts = fdt_cpus(fdt);
	fdt_memory(fdt, &wild.base, &wild.size);
	wild.arena = wild.base + wild.size - WILD_ARENA_SIZE;
	bootarg(fdt, "role", role, sizeof(role));
	if (strcmp(role, "neighbour") == 0)
		wild_neighbour();
	else if (strcmp(role, "victim") == 0)
		wild_victim();
	else if (strcmp(role, "ticker") == 0)
		ticker();
	else if (strcmp(role, "closer") == 0)
		closer();
	else
		play(seed);
	finish();
}
