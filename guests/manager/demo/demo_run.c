/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration as a command: wait until the workload of a partition runs, show every mode of
 * the dirty log on it, and give the verdict.
 */
#include "guests/manager/commands.h"
#include "guests/manager/demo/demo.h"
#include "guests/manager/input.h"
#include "lib/vm_state.h"

/*
 * Views of the other partition's memory begin here. They have its offset within a GiB, which
 * allows large leaves.
 */
#define VIEW_BASE   UINT64_C(0x4000000000)
#define LOOK_US	    200000U		/* between two looks for the partition or its sign */
#define WAIT_US	    UINT64_C(180000000) /* the longest wait for the workload */
#define QUIET_US    UINT64_C(10000000)	/* a partition quiet for so long is taken to be up */
#define FREE_NEEDED sizeof(u64)		/* bytes of hash for each page */

/*
 * What a workload writes at the beginning of a page when it is up (guests/workload,
 * scripts/initrd/workload)
 */
static const char demo_run_sign[] = "cleave-workload-running";

static struct demo_target demo_run_target;
static const void *demo_run_tree; /* the device tree, which says what memory is free */

void demo_init(const void *fdt)
{
	demo_run_tree = fdt;
}

bool demo_failed(const struct demo_target *t, const char *what, struct sbiret r)
{
	return vms_failed(&t->info, what, r);
}

bool demo_wait(u64 us)
{
	u64 end = rdtime() + us * ticks_per_second() / 1000000U;

	while (rdtime() < end) {
		if (shell_interrupted()) {
			shell_error("interrupted");
			return false;
		}
		input_sleep(end);
	}
	return true;
}

/*
 * Look for the first partition that is running and is not the manager's own.
 * @busy: out: else the first one that is being made ready
 */
static bool demo_run_look(struct demo_target *t, struct cleave_vm_info *busy)
{
	u32 id;

	busy->flags = 0;
	for (id = 0; vms_next(&id, &t->info);) {
		if (t->info.id == vms_self())
			continue;
		if (t->info.state == CLEAVE_VM_RUNNING)
			return true;
		if ((t->info.flags & CLEAVE_VM_FLAG_BUSY) != 0U && busy->flags == 0U)
			*busy = t->info;
	}
	return false;
}

/* A slow machine starts the manager while others are still made ready: wait for these. */
static bool demo_run_find_target(struct demo_target *t)
{
	static struct cleave_vm_info busy;
	bool said = false;

	while (!demo_run_look(t, &busy)) {
		if (busy.flags == 0U) {
			shell_error("no other partition is running");
			return false;
		}
		if (!said)
			shell_say("waiting for the partition \"%s\", which is being made ready",
				  busy.name);
		said = true;
		if (!demo_wait(LOOK_US))
			return false;
	}
	return true;
}

/*
 * Map a view of each region, and place its hashes in the manager's free memory.
 * Return: false: the shell has been told why.
 */
static bool demo_run_map_target(struct demo_target *t)
{
	u64 base, size, view = VIEW_BASE;
	u32 n;

	t->nr = 0;
	if (!free_memory(demo_run_tree, &base, &size))
		size = 0;
	for (n = 0; n < t->info.regions && n < DEMO_REGIONS; n++) {
		struct cleave_region_info info;
		struct demo_region *r = &t->region[n];

		if (demo_failed(t, "region info", cleave_region_info(t->info.id, n, &info)))
			return false;
		r->gpa = info.gpa;
		r->pages = info.size / PAGE_SIZE;
		r->view = (const u8 *)(view + info.gpa % GIB(1));
		r->hash = (u64 *)base;
		if (size < r->pages * FREE_NEEDED) {
			shell_error("the manager's memory is too small: hashes of %lu pages need "
				    "%lu KiB",
				    r->pages, r->pages * FREE_NEEDED / 1024U);
			return false;
		}
		base += r->pages * FREE_NEEDED;
		size -= r->pages * FREE_NEEDED;
		view += info.gpa % GIB(1) + info.size + 2U * GIB(1) - 1U;
		view -= view % GIB(1);
		if (demo_failed(t, "window",
				cleave_window_map(t->info.id, r->gpa, info.size, (u64)r->view, 0)))
			return false;
		t->nr++;
	}
	return true;
}

static bool demo_run_sign_is_up(const struct demo_target *t)
{
	u32 n;
	u64 i;

	for (n = 0; n < t->nr; n++) {
		for (i = 0; i < t->region[n].pages; i++) {
			const u8 *page = t->region[n].view + i * PAGE_SIZE;

			/* For nearly all pages one word decides. */
			if (*(const u64 *)page == *(const u64 *)demo_run_sign &&
			    memcmp(page, demo_run_sign, sizeof(demo_run_sign) - 1) == 0)
				return true;
		}
	}
	return false;
}

static u64 demo_run_ticks(const struct demo_target *t, u64 us)
{
	return us * t->timebase / 1000000U;
}

/*
 * Wait until the workload shows its sign. A guest without a workload is taken to be up when it has
 * not touched its emulated devices for a while.
 * Return: false when a call failed or after ^C.
 */
static bool demo_run_wait_for_workload(struct demo_target *t)
{
	u64 begin = rdtime(), changed = begin, last = 0, stats[CLEAVE_STAT_COUNT];

	shell_say("waiting for the workload of partition %u \"%s\"", t->info.id, t->info.name);
	for (;;) {
		if (demo_run_sign_is_up(t)) {
			shell_say("its workload is running");
			return true;
		}
		if (demo_failed(t, "stats", cleave_stats(t->info.id, stats, CLEAVE_STAT_COUNT)))
			return false;
		if (stats[CLEAVE_STAT_EXIT_MMIO] != last) {
			last = stats[CLEAVE_STAT_EXIT_MMIO];
			changed = rdtime();
		}
		if (rdtime() - changed > demo_run_ticks(t, QUIET_US) ||
		    rdtime() - begin > demo_run_ticks(t, WAIT_US)) {
			shell_say("it shows no sign of a workload, but it is quiet: starting");
			return true;
		}
		if (!demo_wait(LOOK_US))
			return false;
	}
}

static bool demo_run_say_leaves(struct demo_target *t, const char *when, struct cleave_leaves *sum)
{
	struct cleave_leaves leaves;
	u32 n, i;

	memset(sum, 0, sizeof(*sum));
	for (n = 0; n < t->nr; n++) {
		if (demo_failed(t, "leaves", cleave_leaves(t->info.id, n, &leaves)))
			return false;
		for (i = 0; i < ARRAY_SIZE(sum->leaves); i++)
			sum->leaves[i] += leaves.leaves[i];
	}
	shell_say("leaves %s: 1 GiB: %lu, 2 MiB: %lu, 4 KiB: %lu", when, sum->leaves[2],
		  sum->leaves[1], sum->leaves[0]);
	return true;
}

static bool demo_run_say_verdict(const struct demo_verdict *v, bool done, bool same_leaves)
{
	bool passed = done && same_leaves && v->unreported == 0;
	u64 i;

	shell_say("unreported: %lu (of %lu comparisons of pages that were reported clean)",
		  v->unreported, v->checked);
	for (i = 0; i < v->unreported && i < ARRAY_SIZE(v->first); i++)
		shell_say("FAIL page at 0x%lx changed, and no pass reported it", v->first[i]);
	if (!same_leaves)
		shell_say("FAIL the leaves after the demonstration differ from those before it");
	shell_say("demonstration %s", passed ? "passed" : "FAILED");
	return passed;
}

static bool demo_run_demonstrate(struct demo_target *t)
{
	static const u32 modes[] = { CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER, CLEAVE_LOG_INITIALLY_SET };
	u64 have = cleave_feature(CLEAVE_FEATURE_LOG_MODES);
	struct cleave_leaves before, after;
	static struct demo_verdict v;
	bool done;
	u32 i;

	memset(&v, 0, sizeof(v));
	done = demo_run_say_leaves(t, "before", &before) && demo_table_begin(t);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if ((have >> modes[i] & 1U) != 0 && done)
			done = demo_mode(t, modes[i], &v);
	}
	done = demo_run_say_leaves(t, "after", &after) && done;
	if (demo_run_say_verdict(&v, done, memcmp(&before, &after, sizeof(before)) == 0))
		return true;
	shell_error("the demonstration failed");
	return false;
}

/* Map the partition @t->info, demonstrate on it, and unmap it. */
static bool demo_run_show(struct demo_target *t)
{
	bool ok;

	t->timebase = ticks_per_second();
	ok = demo_run_map_target(t) && demo_run_wait_for_workload(t) && demo_run_demonstrate(t);
	for (; t->nr != 0; t->nr--)
		cleave_window_unmap((u64)t->region[t->nr - 1].view);
	if (ok)
		shell_say("the demonstration is over; partition %u \"%s\" runs on: Ctrl-] %u moves "
			  "the keyboard there",
			  t->info.id, t->info.name, t->info.id);
	return ok;
}

static enum command_result demo_run_command(int argc, char **argv)
{
	struct demo_target *t = &demo_run_target;

	if (argc > 2)
		return COMMAND_USAGE;
	if (commands_refuse_busy())
		return COMMAND_FAILED;
	if (cleave_feature(CLEAVE_FEATURE_LOG_MODES) == 0) {
		shell_error("this machine cannot log dirty pages; the boot report says why");
		return COMMAND_FAILED;
	}
	if (argc == 2 ? !commands_find_other(argv[1], &t->info) : !demo_run_find_target(t))
		return COMMAND_FAILED;
	if (t->info.state != CLEAVE_VM_RUNNING) {
		shell_error(
			"partition %u \"%s\" is %s; the demonstration needs one that is running",
			t->info.id, t->info.name, vm_state_name(t->info.state));
		return COMMAND_FAILED;
	}
	return demo_run_show(t) ? COMMAND_OK : COMMAND_FAILED;
}

static void demo_run_complete(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2)
		vms_complete(c, COMMANDS_STATE(CLEAVE_VM_RUNNING));
}

const struct command demo_commands[] = {
	{ "demo", "[VM]",
	  "show what each mode of the dirty log finds on a running partition, and its cost\n"
	  "It does five passes in each mode, and compares every page with what the log reported.\n"
	  "^C ends it.",
	  demo_run_command, demo_run_complete },
};
const u32 demo_commands_nr = ARRAY_SIZE(demo_commands);
