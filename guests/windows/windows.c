/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration of time partitions: what a guest itself sees of its windows.
 *
 * A partition that is not a manager has two harts. Its hart 1, which shares a hart of the machine,
 * looks at the clock for ever. While it runs, two looks are some instructions apart. A longer time
 * between two looks is one in which it did not run. Then it notes from when to when it ran before,
 * and its hart 0, elsewhere, prints that. So the lines of all partitions together tell who had the
 * hart at each instant, without the hypervisor's own counters; and printing disturbs nothing.
 *
 * The manager says what the plans are, lets each but the first run for some frames, and at the end
 * says what the hypervisor has counted. The first ran while the partitions were loaded.
 * scripts/demo_time.py draws these lines. All times are ticks of the machine's clock.
 */
#include "guests/lib/guest.h"

#define WINDOWS_FRAMES 24U
#define WINDOWS_MOST   16U /* of a plan */

#define WINDOWS_GAP_US	20U /* far more than a look, far less than the shortest window */
#define WINDOWS_POLL_US 1000U
#define WINDOWS_SPANS	64U

/* Times, from when to when, that wait to be printed: hart 1 writes them, hart 0 reads them. */
static struct {
	u64 begin;
	u64 end;
} windows_span[WINDOWS_SPANS];
static u64 windows_noted; /* how many were written; release, after the span itself */
static u64 windows_said;  /* how many were printed; release, after the span was read */

static void windows_note(u64 begin, u64 end)
{
	u64 n = windows_noted;

	/* Where hart 0 is far behind, the span is left out, and the drawing has a hole. */
	if (n - __atomic_load_n(&windows_said, __ATOMIC_ACQUIRE) == WINDOWS_SPANS)
		return;
	windows_span[n % WINDOWS_SPANS].begin = begin;
	windows_span[n % WINDOWS_SPANS].end = end;
	__atomic_store_n(&windows_noted, n + 1U, __ATOMIC_RELEASE);
}

/* Look at the clock for ever, and note when there was nobody to look. */
static void windows_watch(void *arg)
{
	u64 gap = ticks_per_second() * WINDOWS_GAP_US / 1000000U;
	u64 begin = rdtime();
	u64 last = begin;

	(void)arg;
	for (;;) {
		u64 now = rdtime();

		if (now - last > gap) {
			windows_note(begin, last);
			begin = now;
		}
		last = now;
	}
}

static void windows_tell(void)
{
	long err = start_hart(1, windows_watch, NULL);

	if (err != SBI_SUCCESS) {
		say("error: hart 1: %ld", err);
		sbi_shutdown(true);
	}
	for (;;) {
		u64 n = windows_said;

		if (n == __atomic_load_n(&windows_noted, __ATOMIC_ACQUIRE)) {
			wait_us(WINDOWS_POLL_US);
			continue;
		}
		say("had %lu %lu", windows_span[n % WINDOWS_SPANS].begin,
		    windows_span[n % WINDOWS_SPANS].end);
		__atomic_store_n(&windows_said, n + 1U, __ATOMIC_RELEASE);
	}
}

static u32 windows_read(u32 plan, struct cleave_window *windows)
{
	struct sbiret r = cleave_schedule_stats(plan, 0, windows, WINDOWS_MOST);

	if (r.error != SBI_SUCCESS) {
		say("error: SCHEDULE_STATS: %ld", r.error);
		sbi_shutdown(true);
	}
	return (u32)r.value;
}

static void windows_info(u32 plan, struct cleave_schedule *info)
{
	struct sbiret r = cleave_schedule_info(plan, info);

	if (r.error != SBI_SUCCESS) {
		say("error: SCHEDULE_INFO: %ld", r.error);
		sbi_shutdown(true);
	}
}

static void windows_say_plan(u32 plan)
{
	struct cleave_window windows[WINDOWS_MOST];
	struct cleave_schedule info;
	struct cleave_vm_info vm;
	u32 n = windows_read(plan, windows);

	windows_info(plan, &info);
	say("plan %u %s %u %s", plan, info.name, info.frame,
	    (info.flags & CLEAVE_SCHEDULE_FLAG_SHARE) != 0U ? "share" : "idle");
	for (u32 i = 0; i < n; i++) {
		if (cleave_vm_info(windows[i].vm, &vm).error == SBI_SUCCESS)
			say("window %u %u %lu %s %u %u", plan, i, windows[i].hart, vm.name,
			    windows[i].offset, windows[i].length);
	}
}

/* Have a plan run from the next frame on, and wait until it has run for its time. */
static void windows_run(u32 plan)
{
	struct cleave_schedule info;

	if (cleave_schedule_set(plan).error != SBI_SUCCESS) {
		say("error: SCHEDULE_SET");
		sbi_shutdown(true);
	}
	windows_info(plan, &info);
	say("runs %u %lu", plan, info.end);
	wait_us((info.end - info.time) * 1000000U / ticks_per_second() +
		(u64)info.frame * WINDOWS_FRAMES - info.frame / 2U);
}

static void windows_say_counted(u32 plan)
{
	struct cleave_window windows[WINDOWS_MOST];
	u32 n = windows_read(plan, windows);

	for (u32 i = 0; i < n; i++)
		say("counted %u %u %lu %lu %lu %lu", plan, i, windows[i].starts,
		    windows[i].late_worst, windows[i].overruns, windows[i].over_worst);
}

static void windows_manage(void)
{
	u32 plans = (u32)cleave_feature(CLEAVE_FEATURE_SCHEDULES);

	say("ticks %lu", ticks_per_second());
	for (u32 plan = 1; plan < plans; plan++)
		windows_say_plan(plan);
	for (u32 plan = 1; plan < plans; plan++)
		windows_run(plan);
	for (u32 plan = 1; plan < plans; plan++)
		windows_say_counted(plan);
	say("end");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	(void)hartid;
	(void)fdt;
	if (cleave_feature(CLEAVE_FEATURE_MANAGER) != 0U)
		windows_manage();
	else
		windows_tell();
}
