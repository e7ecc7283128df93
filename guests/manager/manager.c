/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager's main line: find the other partition, wait until it works, show every mode of the dirty log on it, give the verdict,
 * and leave it to its user. It ends when all other partitions have.
 */
#include "guests/manager/manager.h"

/* Views of the other partition's memory begin here, at the same offset within a GiB as there: so they get large leaves. */
#define VIEW_BASE   UINT64_C(0x4000000000)
#define GIB	    (UINT64_C(1) << 30)
#define LOOK_US	    200000U
#define WAIT_US	    UINT64_C(180000000)
#define QUIET_US    UINT64_C(10000000)
#define FREE_NEEDED 8U /* bytes a page */

/* What a workload puts at the beginning of a page when it is up (guests/workload, scripts/initrd/workload) */
static const char sign[] = "cleave-workload-running";

static struct target target;

static const char *error_name(long error)
{
	switch (error) {
	case CLEAVE_ERR_FAILED:
		return "failed";
	case CLEAVE_ERR_NOT_SUPPORTED:
		return "not supported";
	case CLEAVE_ERR_INVALID_PARAM:
		return "invalid parameter";
	case CLEAVE_ERR_DENIED:
		return "denied";
	case CLEAVE_ERR_INVALID_ADDRESS:
		return "invalid address";
	case CLEAVE_ERR_ALREADY_AVAILABLE:
		return "exists already";
	case CLEAVE_ERR_INVALID_STATE:
		return "not in a state that allows it";
	default:
		return "unknown";
	}
}

bool failed(const struct target *t, const char *what, struct sbiret r)
{
	if (r.error == 0)
		return false;
	say("%s of partition %u \"%s\": error %ld, %s", what, t->id, t->info.name, r.error,
	    error_name(r.error));
	return true;
}

/* The first partition that is not this one, has memory, and runs. */
static bool find_target(struct target *t)
{
	u32 ids[64], self, i, nr;
	struct sbiret r = cleave_vm_info(CLEAVE_VM_SELF, &t->info);

	self = t->info.id;
	r = cleave_vm_list(ids, ARRAY_SIZE(ids));
	if (r.error != 0)
		return false;
	nr = (u32)r.value < ARRAY_SIZE(ids) ? (u32)r.value : ARRAY_SIZE(ids);
	for (i = 0; i < nr; i++) {
		t->id = ids[i];
		if (ids[i] != self && cleave_vm_info(ids[i], &t->info).error == 0 &&
		    t->info.state == CLEAVE_VM_RUNNING)
			return true;
	}
	return false;
}

/* Hash tables in this partition's free memory, and a view of each region. */
static bool map_target(struct target *t, const void *fdt)
{
	u64 base, size, view = VIEW_BASE;
	u32 n;

	if (!free_memory(fdt, &base, &size))
		size = 0;
	for (n = 0; n < t->info.regions && n < MAX_REGIONS; n++) {
		struct cleave_region_info info;
		struct region *r = &t->region[n];

		if (failed(t, "region info", cleave_region_info(t->id, n, &info)))
			return false;
		r->gpa = info.gpa;
		r->pages = info.size / GUEST_PAGE;
		r->view = (const u8 *)(view + info.gpa % GIB);
		r->hash = (u64 *)base;
		if (size < r->pages * FREE_NEEDED) {
			say("this partition's memory is too small: %lu KiB are needed for %lu "
			    "pages",
			    r->pages * FREE_NEEDED / 1024U, r->pages);
			return false;
		}
		base += r->pages * FREE_NEEDED;
		size -= r->pages * FREE_NEEDED;
		view += info.gpa % GIB + info.size + 2U * GIB - 1U;
		view -= view % GIB;
		if (failed(t, "window",
			   cleave_window_map(t->id, r->gpa, info.size, (u64)r->view, 0)))
			return false;
		t->nr++;
	}
	return true;
}

static bool sign_is_up(const struct target *t)
{
	u32 n;
	u64 i;

	for (n = 0; n < t->nr; n++) {
		for (i = 0; i < t->region[n].pages; i++) {
			const u8 *page = t->region[n].view + i * GUEST_PAGE;

			/* One word decides for nearly all pages. */
			if (*(const u64 *)(const void *)page == *(const u64 *)(const void *)sign &&
			    memcmp(page, sign, sizeof(sign) - 1) == 0)
				return true;
		}
	}
	return false;
}

static u64 ticks(const struct target *t, u64 us)
{
	return us * t->timebase / 1000000U;
}

/*
 * Until the workload shows its sign. A guest without one is taken to be up when it has been silent for a while: its
 * emulated devices have not been touched.
 */
static void wait_for_workload(struct target *t)
{
	u64 begin = rdtime(), changed = begin, last = 0, stats[CLEAVE_STAT_COUNT];

	say("waiting for partition %u \"%s\" to come up", t->id, t->info.name);
	for (;;) {
		if (sign_is_up(t)) {
			say("its workload runs");
			return;
		}
		if (cleave_stats(t->id, stats, CLEAVE_STAT_COUNT).error != 0)
			return;
		if (stats[CLEAVE_STAT_EXIT_MMIO] != last) {
			last = stats[CLEAVE_STAT_EXIT_MMIO];
			changed = rdtime();
		}
		if (rdtime() - changed > ticks(t, QUIET_US) ||
		    rdtime() - begin > ticks(t, WAIT_US)) {
			say("it shows no sign of a workload, but is silent: going on");
			return;
		}
		wait_us(LOOK_US);
	}
}

static bool say_leaves(struct target *t, const char *when, struct cleave_leaves *sum)
{
	struct cleave_leaves leaves;
	u32 n, i;

	memset(sum, 0, sizeof(*sum));
	for (n = 0; n < t->nr; n++) {
		if (failed(t, "leaves", cleave_leaves(t->id, n, &leaves)))
			return false;
		for (i = 0; i < ARRAY_SIZE(sum->leaves); i++)
			sum->leaves[i] += leaves.leaves[i];
	}
	say("leaves %s: 1 GiB: %lu, 2 MiB: %lu, 4 KiB: %lu", when, sum->leaves[2], sum->leaves[1],
	    sum->leaves[0]);
	return true;
}

static void say_verdict(const struct verdict *v, bool done, bool same_leaves)
{
	u64 i;

	say("unreported: %lu (of %lu comparisons of pages that were told clean)", v->unreported,
	    v->checked);
	for (i = 0; i < v->unreported && i < ARRAY_SIZE(v->first); i++)
		say("FAIL page at 0x%lx changed, and no pass reported it", v->first[i]);
	if (!same_leaves)
		say("FAIL the leaves are not what they were");
	say("demonstration %s", done && same_leaves && v->unreported == 0 ? "passed" : "FAILED");
}

static void demonstrate(struct target *t)
{
	static const u32 modes[] = { CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER, CLEAVE_LOG_INITIALLY_SET };
	u64 have = cleave_feature(CLEAVE_FEATURE_LOG_MODES);
	struct cleave_leaves before, after;
	static struct verdict v;
	bool done;
	u32 i;

	if (have == 0) {
		say("this machine cannot log dirty pages soundly (see the boot report): nothing to "
		    "demonstrate");
		return;
	}
	done = say_leaves(t, "before", &before) && demo_table_begin(t);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if ((have >> modes[i] & 1U) != 0 && done)
			done = demo_mode(t, modes[i], &v);
	}
	done = say_leaves(t, "after", &after) && done;
	say_verdict(&v, done, memcmp(&before, &after, sizeof(before)) == 0);
}

static bool others_live(void)
{
	struct cleave_vm_info self, info;
	u64 id, max = cleave_feature(CLEAVE_FEATURE_MAX_VMS);

	cleave_vm_info(CLEAVE_VM_SELF, &self);
	for (id = 0; id < max; id++) {
		if (id == self.id || cleave_vm_info((u32)id, &info).error != 0)
			continue;
		if (info.state == CLEAVE_VM_RUNNING || (info.flags & CLEAVE_VM_FLAG_BUSY) != 0)
			return true;
	}
	return false;
}

/* Asleep until the last other partition has ended: then nobody is left to manage. */
static void wait_for_end(void)
{
	struct cleave_event event;
	u64 seq = 0;

	while (others_live()) {
		if (cleave_vm_wait(seq, &event).error != 0)
			return;
		seq = event.seq;
	}
	say("all other partitions have ended");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	struct target *t = &target;

	(void)hartid;
	if (cleave_feature(CLEAVE_FEATURE_MANAGER) != 1) {
		say("FAIL this partition is not configured as manager");
		sbi_shutdown(true);
	}
	t->timebase = cleave_feature(CLEAVE_FEATURE_TIMEBASE);
	if (!find_target(t)) {
		say("there is no other partition that runs");
	} else if (map_target(t, fdt)) {
		wait_for_workload(t);
		demonstrate(t);
		for (; t->nr != 0; t->nr--)
			cleave_window_unmap((u64)t->region[t->nr - 1].view);
		say("the demonstration is over; partition %u \"%s\" goes on: Ctrl-] %u moves the "
		    "keyboard there",
		    t->id, t->info.name, t->id);
	}
	wait_for_end();
	sbi_shutdown(false);
}
