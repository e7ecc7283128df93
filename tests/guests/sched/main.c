/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does every vCPU get its turn, and does none get another's translations? For several vCPUs on
 * one hart, and for as many harts as there are: time slices, interrupts to a vCPU that does not
 * run, timers of vCPUs that wait, page tables of their own under the same ASID, and fences and
 * starts by all at once.
 *
 * Bootargs: `end=stop`: at the end all vCPUs stop themselves instead of shutting down.
 * `end=reboot`: instead of all tests, the partition reboots while all of them are at work.
 * `alone`: each vCPU has a hart of its own, which must take no tick.
 */
#include "tests/guests/measure.h"

#define PTE_V	  0x01U
#define PTE_LEAF  0xcfU /* V R W X A D */
#define SATP_SV39 (UINT64_C(8) << 60)
#define TEST_VA	  (UINT64_C(0xff) << 30)

#define SPINS 2000000U

static u32 harts;
static u64 timebase;
static u64 arrived; /* harts that have come to the meeting */

static u64 look(const u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Start @fn on all other harts, run it here too, and wait until all are done. */
static void everybody(void (*fn)(void *arg), const char *name)
{
	__atomic_store_n(&arrived, 0, __ATOMIC_SEQ_CST);
	for (u32 i = 1; i < harts; i++) {
		if (start_hart(i, fn, NULL) != 0)
			check(false, "%s: hart %u does not start", name, i);
	}
	fn(NULL);
	for (u32 i = 1; i < harts; i++)
		wait_hart_stopped(i);
}

/* Wait, busily, until all harts are here: that ends only if each of them gets its turn. */
static void meet(u64 round)
{
	(void)__atomic_fetch_add(&arrived, 1U, __ATOMIC_ACQ_REL);
	while (look(&arrived) < round * harts)
		cpu_relax();
}

/* --- turns ----------------------------------------------------------------------------------- */

static void turns(void *arg)
{
	(void)arg;
	for (u64 round = 1; round <= 3U; round++)
		meet(round);
}

static u64 counted[GUEST_MAX_HARTS];

static void count(void *arg)
{
	volatile u64 *mine = &counted[this_hart()];

	(void)arg;
	meet(1);
	for (u32 i = 0; i < SPINS; i++)
		(*mine)++;
}

static void test_turns(void)
{
	everybody(turns, "turns");
	check(true, "busy vCPUs take turns");
	memset(counted, 0, sizeof(counted));
	everybody(count, "count");
	for (u32 i = 0; i < harts; i++)
		check_eq(counted[i], SPINS, "hart %u counted to the end", i);
}

static u64 stats[CLEAVE_STAT_COUNT];

static u64 host_interrupts(void)
{
	(void)cleave_stats(CLEAVE_VM_SELF, stats, CLEAVE_STAT_COUNT);
	return stats[CLEAVE_STAT_EXIT_IRQ];
}

/*
 * Two busy vCPUs on one hart interrupt each other; one that has its hart for itself is never
 * interrupted.
 */
static void test_ticks(bool alone)
{
	u64 end = rdtime() + timebase / 5U;
	u64 had = host_interrupts();

	if (alone) {
		while (rdtime() < end)
			cpu_relax();
		check_eq(host_interrupts() - had, 0, "a hart with one vCPU takes no tick");
		check_eq(stats[CLEAVE_STAT_EXIT_WFI], 0, "nor an exit for WFI");
	} else if (harts > 1U) {
		everybody(count, "count");
		/*
		 * How often depends on the time that it took. Never would mean that some vCPU had
		 * no turn.
		 */
		check(host_interrupts() > had, "a hart with several vCPUs takes ticks");
	}
}

/* --- interrupts ------------------------------------------------------------------------------ */

static bool soft_pending(void)
{
	return (csr_read(sip) & SIE_SOFT) != 0;
}

/* A ring: each waits in WFI for its predecessor's interrupt, then sends one to its successor. */
static void ring(void *arg)
{
	u32 me = (u32)this_hart();

	(void)arg;
	csr_set(sie, SIE_SOFT);
	meet(1);
	for (u32 i = 0; i < 200U; i++) {
		if (me != 0) {
			while (!soft_pending())
				__asm__ volatile("wfi" ::: "memory");
			csr_clear(sip, SIE_SOFT);
		}
		sbi_send_ipi((me + 1U) % harts);
		if (me == 0) {
			while (!soft_pending())
				__asm__ volatile("wfi" ::: "memory");
			csr_clear(sip, SIE_SOFT);
		}
	}
	csr_clear(sie, SIE_SOFT);
}

/* The same while the successor works instead of waiting. */
static void ring_busy(void *arg)
{
	u32 me = (u32)this_hart();

	(void)arg;
	meet(1);
	for (u32 i = 0; i < 20U; i++) {
		if (me == 0)
			sbi_send_ipi(1U % harts);
		while (!soft_pending())
			cpu_relax();
		csr_clear(sip, SIE_SOFT);
		if (me != 0)
			sbi_send_ipi((me + 1U) % harts);
	}
}

static u64 early;

static void sleep_once(u64 ticks)
{
	u64 at = rdtime() + ticks;

	measure_wait(at);
	if (rdtime() < at)
		(void)__atomic_fetch_add(&early, 1U, __ATOMIC_RELAXED);
}

/* Odd harts wait for their timer, even ones work all the time. */
static void timers(void *arg)
{
	u32 me = (u32)this_hart();

	(void)arg;
	csr_set(sie, SIE_TIMER);
	meet(1);
	for (u32 i = 0; i < 20U; i++) {
		if (me % 2U == 1U || harts == 1U)
			sleep_once(timebase / 1000U * (1U + me));
		else
			for (u32 spin = 0; spin < SPINS / 20U; spin++)
				cpu_relax();
	}
	sbi_set_timer(UINT64_MAX);
	csr_clear(sie, SIE_TIMER);
}

static void test_interrupts(void)
{
	everybody(ring, "ring");
	check(true, "software interrupts go round %u waiting vCPUs", harts);
	everybody(ring_busy, "busy ring");
	check(true, "software interrupts go round %u busy vCPUs", harts);
	everybody(timers, "timers");
	check_eq(early, 0, "no timer fires early");
}

/* --- translations ---------------------------------------------------------------------------- */

/* Each hart's own tables, and the page that it alone maps at TEST_VA */
struct tables {
	u64 root[512];
	u64 middle[512];
	u64 leaves[512];
	u64 page[512];
} __attribute__((aligned(4096)));

static struct tables tables[GUEST_MAX_HARTS];
static u64 strange; /* reads that showed another hart's page */

static u64 pte(const void *at, u64 flags)
{
	return ((u64)at >> 12) << 10 | flags;
}

static void make_tables(struct tables *t, u64 mark)
{
	for (u64 i = 0; i < 255U; i++)
		t->root[i] = (i << 30 >> 12) << 10 | PTE_LEAF;
	t->root[TEST_VA >> 30 & 511U] = pte(t->middle, PTE_V);
	t->middle[0] = pte(t->leaves, PTE_V);
	t->leaves[0] = pte(t->page, PTE_LEAF);
	t->page[0] = mark;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void translate(void *arg)
{
	u64 me = this_hart();
	volatile u64 *p = (volatile u64 *)TEST_VA;

	(void)arg;
	make_tables(&tables[me], me);
	csr_write(satp, SATP_SV39 | (u64)tables[me].root >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
	meet(1);
	for (u32 i = 0; i < SPINS; i++) {
		if (*p != me)
			(void)__atomic_fetch_add(&strange, 1U, __ATOMIC_RELAXED);
	}
	meet(2);
	csr_write(satp, 0);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static void test_translations(void)
{
	everybody(translate, "translate");
	check_eq(strange, 0, "the same ASID and address, and each sees its own page");
}

/* --- all at once ----------------------------------------------------------------------------- */

static u64 fence_errors;

static void fences(void *arg)
{
	u64 me = this_hart();

	(void)arg;
	meet(1);
	for (u64 i = 0; i < 300U; i++) {
		struct sbiret r = sbi_call(SBI_EID_RFENCE, i % 3U, 0, UINT64_MAX, (me + i) << 12,
					   i % 5U == 0 ? UINT64_MAX : (i % 40U + 1U) << 12, me, 0);

		if (r.error != 0)
			(void)__atomic_fetch_add(&fence_errors, 1U, __ATOMIC_RELAXED);
	}
}

static void come_and_go(void *arg)
{
	(void)arg;
}

static void test_all_at_once(void)
{
	everybody(fences, "fences");
	check_eq(fence_errors, 0, "all fence all");
	for (u32 i = 0; i < 50U; i++)
		everybody(come_and_go, "come and go");
	check(true, "vCPUs start and stop 50 times");
}

static void stop_all(void *arg)
{
	(void)arg;
	meet(1);
	(void)sbi_call(SBI_EID_HSM, SBI_HSM_HART_STOP, 0, 0, 0, 0, 0, 0);
}

/* All harts work, and one of them reboots the partition. */
static void reboot_one(void *arg)
{
	(void)arg;
	meet(1);
	if (this_hart() == harts - 1U)
		sbi_reboot();
	for (;;)
		cpu_relax();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char end[8] = "";

	harts = fdt_cpus(fdt);
	timebase = fdt_timebase(fdt);
	check(hartid == 0 && harts >= 1U, "%u vCPUs", harts);
	(void)bootarg(fdt, "end", end, sizeof(end));
	if (strcmp(end, "reboot") == 0) {
		say("rebooting");
		everybody(reboot_one, "reboot");
	}
	test_turns();
	test_interrupts();
	test_ticks(bootarg(fdt, "alone", NULL, 0));
	test_translations();
	test_all_at_once();
	if (strcmp(end, "stop") == 0) {
		say("stopping all");
		everybody(stop_all, "stop");
	}
}
