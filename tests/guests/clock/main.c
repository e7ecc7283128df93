/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition's time over pauses: a manager (role=manager, partition 0) pauses and resumes a
 * victim (role=victim, partition 1), with and without a brake on it. The victim's time must go on
 * from where it stood: it must never go back, on no vCPU, and must lack exactly the time in which
 * the victim did not run. Its timers must fire after the right span of its own time.
 *
 * Neither side assumes how long anything takes: the manager reads its own time, which is the
 * host's, before and after each call, and the victim's time must lie between the bounds that
 * follow from that.
 *
 * In the victim hart 0 reads time and starts hart 2 over and over, hart 1 sleeps from timer to
 * timer, and hart 2 reads time and stops.
 */
#include "tests/guests/measure.h"

#define VICTIM	    1U
#define VICTIM_BASE UINT64_C(0x80000000)
#define PAGE_OF	    (VICTIM_BASE + UINT64_C(0x800000))
#define WINDOW	    UINT64_C(0x100000000)
#define MAGIC	    UINT64_C(0x6b636f6c63)
#define CYCLES	    12U
#define BRAKE	    60U
#define PAUSE_US    30000U
#define LONG_US	    3000000U /* one of the pauses is this long; a timer may be late by half of it */
#define TIMER_MS    40U

/**
 * struct report - what the victim tells, in a page of its memory; all members are atomic
 * @rounds: reads of hart 0
 * @time: what hart 0 read last
 * @latest: the latest time that any hart has read
 * @back: reads that were earlier than one before
 * @starts: starts of hart 2
 * @fired: timers of hart 1
 * @early: those of them that fired before their time
 * @late: the most ticks by which one was late
 */
struct report {
	u64 magic;
	u64 rounds;
	u64 time;
	u64 latest;
	u64 back;
	u64 starts;
	u64 fired;
	u64 early;
	u64 late;
};

static u64 load(const u64 *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void store(u64 *p, u64 v)
{
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

/* --- the victim ------------------------------------------------------------------------------ */

static struct report *mine(void)
{
	return (struct report *)PAGE_OF;
}

static u64 read_time(void)
{
	struct report *r = mine();
	u64 before = load(&r->latest);
	u64 now = rdtime();

	if (now < before)
		(void)__atomic_fetch_add(&r->back, 1U, __ATOMIC_SEQ_CST);
	while (before < now && !__atomic_compare_exchange_n(&r->latest, &before, now, false,
							    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	return now;
}

static void sleep_over(void *arg)
{
	struct report *r = mine();
	u64 length = ticks_per_second() * TIMER_MS / 1000U;

	(void)arg;
	csr_write(sie, SIE_TIMER);
	for (;;) {
		u64 deadline = read_time() + length, now;

		measure_wait(deadline);
		now = read_time();
		if (now < deadline)
			store(&r->early, r->early + 1U);
		else if (now - deadline > r->late)
			store(&r->late, now - deadline);
		store(&r->fired, r->fired + 1U);
	}
}

static void look_once(void *arg)
{
	(void)arg;
	(void)read_time();
	store(&mine()->starts, mine()->starts + 1U);
}

static void run_victim(void)
{
	struct report *r = mine();

	memset(r, 0, sizeof(*r));
	(void)start_hart(1, sleep_over, NULL);
	store(&r->magic, MAGIC);
	for (;;) {
		store(&r->time, read_time());
		store(&r->rounds, r->rounds + 1U);
		if (hart_status(2) == 1)
			(void)start_hart(2, look_once, NULL);
	}
}

/* --- the manager ----------------------------------------------------------------------------- */

static const struct report *theirs(void)
{
	return (const struct report *)WINDOW;
}

/* The ticks for which the victim has stood still: the least, and the most */
static u64 paused_min;
static u64 paused_max;

static void want(struct sbiret r, const char *name)
{
	if (r.error != 0) {
		check(false, "%s: error %ld", name, r.error);
		finish();
	}
}

static void wait_for(const u64 *counter, u64 more)
{
	u64 begin = load(counter);

	while (load(counter) < begin + more)
		cpu_relax();
}

static void cycle(u64 us)
{
	u64 before = rdtime(), paused, resuming, counted;

	want(cleave_vm_op(CLEAVE_FN_VM_PAUSE, VICTIM), "pause");
	paused = rdtime();
	counted = load(&theirs()->rounds);
	wait_us(us);
	check_eq(load(&theirs()->rounds), counted, "it stands still");
	resuming = rdtime();
	want(cleave_vm_op(CLEAVE_FN_VM_RESUME, VICTIM), "resume");
	paused_min += resuming - paused;
	paused_max += rdtime() - before;
}

/* The victim's time is the host's, less the time for which it stood still. */
static void compare(u32 n)
{
	u64 first = rdtime(), last, time;

	wait_for(&theirs()->rounds, 2);
	time = load(&theirs()->time);
	last = rdtime();
	check(time >= first - paused_max, "%u: its time has not fallen behind", n);
	check(time <= last - paused_min, "%u: its time has not run ahead", n);
}

static void run_manager(void)
{
	u32 i;

	want(cleave_window_map(VICTIM, PAGE_OF, PAGE_SIZE, WINDOW, 0), "window");
	while (load(&theirs()->magic) != MAGIC)
		cpu_relax();
	wait_for(&theirs()->fired, 1);
	compare(0);
	for (i = 1; i <= CYCLES; i++) {
		if (i == CYCLES / 3U)
			want(cleave_vm_brake(VICTIM, BRAKE), "brake on");
		if (i == 2U * CYCLES / 3U)
			want(cleave_vm_brake(VICTIM, 0), "brake off");
		cycle(i == CYCLES / 2U ? LONG_US : PAUSE_US);
		compare(i);
		/* Every timer that was armed before the pause has fired, and one more. */
		wait_for(&theirs()->fired, 2);
		wait_for(&theirs()->starts, 2);
	}
	check_eq(load(&theirs()->back), 0, "its time never went back, on no vCPU");
	check_eq(load(&theirs()->early), 0, "none of %lu timers fired too early",
		 load(&theirs()->fired));
	check(load(&theirs()->late) < ticks_per_second() * (LONG_US / 1000U) / 2000U,
	      "nor too late: %lu ticks at most", load(&theirs()->late));
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, VICTIM), "destroy");
	finish();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";

	(void)hartid;
	bootarg(fdt, "role", role, sizeof(role));
	if (strcmp(role, "victim") == 0)
		run_victim();
	run_manager();
}
