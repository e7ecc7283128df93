/* SPDX-License-Identifier: BSD-2-Clause */
/* Those who measure how late they are: by a timer, at work, printing, and in calls. */
#include "tests/guests/interference/interference.h"

#define PERIOD_US     500U
#define PRINT_PERIODS 20U  /* between two lines: who prints more than its share waits for itself */
#define JUMP_US	      100U /* of the clock: the hart was another's */
#define DRIFT_US      7U   /* a period is that much longer: it meets every phase of an attack */
#define PAGES	      4U   /* that a victim writes in each period */
#define MARK	      0x10008000UL /* a virtio slot without a device: QEMU tells of stores */
#define MARK_REG      0x64U

static u8 pages[PAGES][PAGE_SIZE] __attribute__((aligned(4096)));

/* Wait for the next of the victim's periods. Return: when it began, or 0 at the span's end */
static u64 next_period(void)
{
	static u64 at;

	if (at == 0U) {
		if (rdtime() > span.from)
			(void)check(false, "begins %lu us late", (rdtime() - span.from) / us(1));
		at = span.from + span.phase;
	} else {
		at += us(PERIOD_US + DRIFT_US);
	}
	if (at >= span.to)
		return 0;
	sleep_until(at);
	return at;
}

/* How late is a timer's handler, when it has also written what it has to write? */
static void victim_timer(void)
{
	struct worst w = { 0, 0, 0 };
	u64 at;

	while ((at = next_period()) != 0U) {
		for (u32 i = 0; i < PAGES; i++)
			*(volatile u64 *)pages[i] = at;
		/* The clock counts whole ticks: the one under way counts. */
		worst_add(&w, (rdtime() - at + 1U) * span.tick_ns);
	}
	tell_result(&w);
}

/* How much work is done in the span? */
static void victim_share(void)
{
	u64 thousands = 0;

	while (rdtime() < span.from)
		work();
	for (; !over(); thousands++)
		work();
	/* Others that count too have a neighbour to their end. */
	for (u64 end = span.to + us(2000); rdtime() < end;)
		work();
	sleep_until_told();
	say("share %lu", thousands);
}

/*
 * How late do the windows of a plan begin? This is a manager, which knows when frames begin; its
 * window begins with the frame. It reads the clock all the time, and the clock jumps between two
 * windows.
 */
static void victim_window(void)
{
	struct cleave_schedule plan;
	struct worst w = { 0, 0, 0 };
	u64 seen = rdtime();
	u64 frame;

	if (!check(cleave_schedule_info(0, &plan).error == 0, "a plan"))
		return;
	frame = us(plan.frame);
	while (!over()) {
		u64 now = rdtime();

		if (now - seen > us(JUMP_US) && now > span.from) {
			u64 late = (now - plan.end) % frame;

			/* The clock counts whole ticks: the one under way counts. */
			worst_add(&w, (late + 1U) * span.tick_ns);
		}
		seen = now;
	}
	tell_result(&w);
}

static void mark(u32 value)
{
	*(volatile u32 *)(MARK + MARK_REG) = value;
}

/* How long does it take to print a line? The marks are for who reads what QEMU writes. */
static void victim_print(void)
{
	struct worst w = { 0, 0, 0 };
	u64 before;

	while (next_period() != 0U) {
		char line[80];
		size_t n;

		str_print(line, sizeof(line), "line %lu ", w.samples);
		n = strlen(line);
		memset(line + n, 'a' + (int)(w.samples % 26U), sizeof(line) - 1U - n);
		line[sizeof(line) - 1U] = '\n';
		before = rdinstret();
		mark((u32)w.samples << 1);
		guest_write(line, sizeof(line));
		mark((u32)w.samples << 1 | 1U);
		worst_add(&w, rdinstret() - before);
		for (u32 i = 1; i < PRINT_PERIODS && next_period() != 0U; i++)
			;
	}
	tell_result(&w);
}

/* Short calls on itself, each of which takes other locks. Return: instructions of the longest */
static u64 short_calls(void)
{
	static struct cleave_vm_info info;
	static struct cleave_region_info region;
	static struct cleave_log_status status;
	static u64 stats[CLEAVE_STAT_COUNT];
	u64 longest = 0;

	for (u32 i = 0; i < 6U; i++) {
		u64 before = rdinstret();
		u64 took;

		switch (i) {
		case 0:
			(void)cleave_version();
			break;
		case 1:
			(void)cleave_vm_info(CLEAVE_VM_SELF, &info);
			break;
		case 2:
			(void)cleave_region_info(CLEAVE_VM_SELF, 0, &region);
			break;
		case 3:
			(void)cleave_log_status(CLEAVE_VM_SELF, 0, &status);
			break;
		case 4:
			(void)cleave_stats(CLEAVE_VM_SELF, stats, CLEAVE_STAT_COUNT);
			break;
		default:
			(void)sbi_call(SBI_EID_RFENCE, SBI_RFENCE_SFENCE_VMA, 1, 0, 0, PAGE_SIZE, 0,
				       0);
			break;
		}
		took = rdinstret() - before;
		if (took > longest)
			longest = took;
	}
	return longest;
}

static void victim_calls(void)
{
	struct worst w = { 0, 0, 0 };

	while (next_period() != 0U)
		worst_add(&w, short_calls());
	tell_result(&w);
}

/* What a manager asks of @vm. */
static void ask(u32 vm, struct worst *w)
{
	static struct cleave_vm_info info;
	static struct cleave_log_status status;
	static u64 stats[CLEAVE_STAT_COUNT];
	u64 before = rdinstret();

	(void)cleave_vm_info(vm, &info);
	worst_add(w, rdinstret() - before);
	before = rdinstret();
	(void)cleave_stats(vm, stats, CLEAVE_STAT_COUNT);
	worst_add(w, rdinstret() - before);
	before = rdinstret();
	(void)cleave_log_status(vm, 0, &status);
	worst_add(w, rdinstret() - before);
}

/*
 * A manager's calls on every VM. The first `side` of them are those that the attack works on: a
 * call on these may come in the middle of a step.
 */
static void victim_manager(void)
{
	u64 nr_side = bootarg_number(span.fdt, "side", 0);
	struct worst w = { 0, 0, 0 };
	struct worst side = { 0, 0, 0 };
	u32 ids[16];
	u64 nr;

	while (next_period() != 0U) {
		nr = (u64)cleave_vm_list(ids, ARRAY_SIZE(ids)).value;
		for (u64 i = 0; i < nr && i < ARRAY_SIZE(ids); i++)
			ask(ids[i], i < nr_side ? &side : &w);
	}
	sleep_until_told();
	say("side %lu %lu", side.worst, side.samples);
	tell_result(&w);
}

bool victim(const char *role)
{
	static const struct role roles[] = {
		{ "timer", victim_timer }, { "share", victim_share }, { "window", victim_window },
		{ "print", victim_print }, { "calls", victim_calls }, { "manager", victim_manager },
	};

	return act(roles, ARRAY_SIZE(roles), role);
}
