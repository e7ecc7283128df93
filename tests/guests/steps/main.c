/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one step of each long hypercall takes, in instructions.
 *
 * It runs under `-icount shift=0` on one hart, where instret counts every instruction of the
 * machine, in whatever mode. role=manager works on partitions that are much larger than what any
 * step may look at; role=coarse logs itself with a pool that is too small to split its leaves. A
 * line is `step NAME WORST CALLS`: the most instructions that a call took, of so many.
 */
#include "guests/lib/guest.h"

#define PAGES_MAX (0xa00000000UL >> PAGE_SHIFT) /* of a region: 40 GiB */
#define WORDS_MAX (PAGES_MAX / 64U)
#define WINDOW	  0x4000000000UL

/* The partitions, as the test lists them */
enum {
	MANAGER = 0,
	HUGE = 1,  /* never started; leaves of 2 MiB */
	SMALL = 2, /* a guest that waits */
	SLOT = 3,  /* empty, 12 GiB, leaves of 4 KiB */
	TINY = 4,  /* empty, 64 MiB in many regions, many vCPUs */
};

static u64 *bitmap; /* not in bss, which every partition would have to clear */
static u64 worst;
static u64 calls;

static struct sbiret counted(unsigned long fn, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
	u64 before = rdinstret();
	struct sbiret r = cleave_call(fn, a0, a1, a2, a3, a4, a5);
	u64 took = rdinstret() - before;

	worst = took > worst ? took : worst;
	calls++;
	return r;
}

/*
 * The console sends what was said while its hart goes on, and that would be counted as the next
 * calls': so what is said is sent before these begin. Nothing tells a guest when it has been; 10 ms
 * of the machine's time are enough for 1,600 characters.
 */
static void report(const char *name)
{
	say("step %s %lu %lu", name, worst, calls);
	wait_us(10000);
	worst = 0;
	calls = 0;
}

/* An operation with the cursor in a1, of which at most @most steps are done. */
static void operate(const char *name, unsigned long fn, u32 vm, u64 most)
{
	struct sbiret r = { 0, 0 };

	do {
		r = counted(fn, vm, (u64)r.value, 0, 0, 0, 0);
	} while (r.error == 0 && r.value != 0 && --most != 0U);
	check(r.error == 0 && (r.value == 0 || most == 0U), "%s", name);
	report(name);
}

static void log_start(const char *name, u32 vm, u32 mode, u32 flags)
{
	struct sbiret r = { 0, 0 };

	do {
		r = counted(CLEAVE_FN_LOG_START, vm, 0, mode, flags, (u64)r.value, 0);
	} while (r.error == 0 && r.value != 0);
	check(r.error == 0, "%s", name);
	report(name);
}

static void log_stop(const char *name, u32 vm)
{
	struct sbiret r = { 0, 0 };

	do {
		r = counted(CLEAVE_FN_LOG_STOP, vm, 0, CLEAVE_LOG_FLAG_COLLAPSE, (u64)r.value, 0,
			    0);
	} while (r.error == 0 && r.value != 0);
	check(r.error == 0, "%s", name);
	report(name);
}

/* LOG_GET, LOG_GET_CLEAR or LOG_CLEAR of the whole region; the bitmap is there for all of it. */
static void log_bits(const char *name, unsigned long fn, u32 vm, u64 pages)
{
	u64 first = 0;
	struct sbiret r = { 0, 0 };

	while (r.error == 0 && first < pages) {
		r = counted(fn, vm, 0, first, pages - first, BUF_LO(&bitmap[first / 64U]), BUF_HI);
		first += (u64)r.value;
	}
	check(r.error == 0, "%s", name);
	report(name);
}

/* Name all pages in the bitmap but those of @but in each word. */
static void name_all_but(u64 but)
{
	for (u64 i = 0; i < WORDS_MAX; i++)
		bitmap[i] = ~but;
}

/* Leave the pages @mask of each word dirty, and take them. */
static void harvest(const char *name, u32 vm, u64 pages, u64 mask)
{
	log_start("start initially-set", vm, CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_FLAG_EAGER_ON);
	name_all_but(mask);
	log_bits("clear, eager", CLEAVE_FN_LOG_CLEAR, vm, pages);
	log_bits("get, sparse", CLEAVE_FN_LOG_GET, vm, pages);
	log_bits(name, CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_stop("stop after it", vm);
}

/* D bits: of huge leaves, of leaves that the harvest splits, and of 4 KiB leaves. */
static void dirty_bits(u32 vm, u64 pages)
{
	log_start("start dirty bits", vm, CLEAVE_LOG_DIRTY_BITS, CLEAVE_LOG_FLAG_EAGER_OFF);
	log_bits("get-and-clear, D of huge leaves", CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_stop("stop after it", vm);
	log_start("start dirty bits", vm, CLEAVE_LOG_DIRTY_BITS, CLEAVE_LOG_FLAG_EAGER_ON);
	log_bits("get-and-clear, D, eager", CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_bits("get-and-clear, no D", CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_bits("get, no D", CLEAVE_FN_LOG_GET, vm, pages);
	log_stop("stop after it", vm);
	log_start("start eager", vm, CLEAVE_LOG_EAGER, 0);
	(void)cleave_log_stop(vm, 0, 0);
	log_start("start dirty bits", vm, CLEAVE_LOG_DIRTY_BITS, CLEAVE_LOG_FLAG_EAGER_ON);
	log_bits("get, all D", CLEAVE_FN_LOG_GET, vm, pages);
	log_stop("stop after it", vm);
	log_start("start eager", vm, CLEAVE_LOG_EAGER, 0);
	(void)cleave_log_stop(vm, 0, 0);
	log_start("start dirty bits", vm, CLEAVE_LOG_DIRTY_BITS, CLEAVE_LOG_FLAG_EAGER_ON);
	log_bits("get-and-clear, all D", CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_stop("stop after it", vm);
}

static void logs(u32 vm)
{
	struct cleave_region_info info;
	struct cleave_leaves counts = { .leaves = { 0 } };
	u64 pages;
	struct sbiret r = { 0, 0 };

	(void)cleave_region_info(vm, 0, &info);
	pages = info.size >> PAGE_SHIFT;
	do {
		r = counted(CLEAVE_FN_LEAVES, vm, 0, (u64)r.value, BUF_LO(&counts), BUF_HI, 0);
	} while (r.error == 0 && r.value != 0);
	report("leaves, huge");
	log_start("start fault-driven", vm, CLEAVE_LOG_FAULT, 0);
	log_bits("get, clean", CLEAVE_FN_LOG_GET, vm, pages);
	log_bits("get-and-clear, clean", CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_stop("stop, huge", vm);
	log_start("start eager", vm, CLEAVE_LOG_EAGER, 0);
	do {
		r = counted(CLEAVE_FN_LEAVES, vm, 0, (u64)r.value, BUF_LO(&counts), BUF_HI, 0);
	} while (r.error == 0 && r.value != 0);
	report("leaves, 4 KiB");
	log_stop("stop with collapse", vm);
	log_start("start initially-set", vm, CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_FLAG_EAGER_OFF);
	log_bits("get, all dirty", CLEAVE_FN_LOG_GET, vm, pages);
	log_bits("get-and-clear, huge leaves", CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_stop("stop, nothing dirty", vm);
	log_start("start initially-set", vm, CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_FLAG_EAGER_ON);
	log_stop("stop, all dirty", vm);
	log_start("start initially-set", vm, CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_FLAG_EAGER_ON);
	log_bits("get-and-clear, eager", CLEAVE_FN_LOG_GET_CLEAR, vm, pages);
	log_stop("stop after it", vm);
	harvest("get-and-clear, one page of a word", vm, pages, 1);
	harvest("get-and-clear, every other page", vm, pages, 0x5555555555555555UL);
	harvest("get-and-clear, all but one page", vm, pages, ~1UL);
	dirty_bits(vm, pages);
}

/* Windows of as many leaves as there may be: GPA and HPA are not aligned alike. */
static void windows(u32 vm)
{
	u64 step = cleave_feature(CLEAVE_FEATURE_STEP_PAGES) << PAGE_SHIFT;
	struct cleave_region_info info;

	(void)cleave_region_info(vm, 0, &info);
	for (u64 shift = 0; shift < 3U; shift++) {
		u64 own = WINDOW + shift * 0x1000U;
		struct sbiret r =
			counted(CLEAVE_FN_WINDOW_MAP, vm, info.gpa + 0x1000U, step, own, 0, 0);

		check(r.error == 0, "window map: %ld", r.error);
		/* Neighbours in the same tables */
		(void)cleave_window_map(vm, info.gpa, 0x1000U, own - 0x1000U, 0);
		report("window map");
		r = counted(CLEAVE_FN_WINDOW_UNMAP, own, 0, 0, 0, 0, 0);
		check(r.error == 0, "window unmap: %ld", r.error);
		report("window unmap");
		(void)cleave_window_unmap(own - 0x1000U);
	}
}

/* As many windows as there are slots for, of which a reset of the VM has to drop those. */
static void drop_windows(u32 vm)
{
	struct cleave_region_info info;

	(void)cleave_region_info(vm, 0, &info);
	check(cleave_vm_op(CLEAVE_FN_VM_PAUSE, vm).error == 0, "pause");
	for (u64 i = 0; i < 6U; i++)
		check(cleave_window_map(vm, info.gpa + 0x1000U, MIB(8), WINDOW + i * MIB(16),
					CLEAVE_WINDOW_WRITABLE)
				      .error == 0,
		      "writable window");
	operate("reset", CLEAVE_FN_VM_RESET, vm, UINT64_MAX);
}

/* Every partition starts when its own memory is zeroed, in whatever order. */
static void wait_running(u32 vm)
{
	struct cleave_vm_info info;

	do {
		wait_us(1000);
		(void)cleave_vm_info(vm, &info);
	} while (((volatile struct cleave_vm_info *)&info)->state != CLEAVE_VM_RUNNING);
}

static void manager(const void *fdt)
{
	u64 base = 0;
	u64 size = 0;

	check(free_memory(fdt, &base, &size) && size >= WORDS_MAX * sizeof(u64),
	      "room for a bitmap");
	bitmap = (u64 *)base;
	wait_running(SMALL);
	windows(SMALL);
	drop_windows(SMALL);
	/* All but the zeroing of 12 GiB */
	operate("create, 4 KiB leaves", CLEAVE_FN_VM_CREATE, SLOT, 1800);
	operate("destroy, half-made", CLEAVE_FN_VM_DESTROY, SLOT, UINT64_MAX);
	operate("create, many regions", CLEAVE_FN_VM_CREATE, TINY, UINT64_MAX);
	operate("destroy", CLEAVE_FN_VM_DESTROY, TINY, UINT64_MAX);
	operate("destroy a guest", CLEAVE_FN_VM_DESTROY, SMALL, UINT64_MAX);
	logs(HUGE);
}

static u64 coarse_bits[(GIB(2) >> PAGE_SHIFT) / 64U] __attribute__((aligned(4096)));

static void coarse(void)
{
	const u64 top = 0x80000000UL + MIB(2048); /* the second GiB: leaves that stay whole */

	check(cleave_log_start(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FAULT, 0).error == 0, "start");
	for (u64 at = top - MIB(1024) + 8U; at < top; at += MIB(512)) {
		u64 before = rdinstret();
		u64 took;

		*(volatile u64 *)at = 1;
		took = rdinstret() - before;
		worst = took > worst ? took : worst;
		calls++;
	}
	report("coarse grant");
	for (u64 first = 0; first < GIB(2) >> PAGE_SHIFT;)
		first += (u64)counted(CLEAVE_FN_LOG_GET_CLEAR, CLEAVE_VM_SELF, 0, first,
				      (GIB(2) >> PAGE_SHIFT) - first,
				      BUF_LO(&coarse_bits[first / 64U]), BUF_HI)
				 .value;
	report("get-and-clear after it");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16];

	(void)hartid;
	if (!bootarg(fdt, "role", role, sizeof(role)))
		return;
	if (strcmp(role, "manager") == 0)
		manager(fdt);
	else if (strcmp(role, "coarse") == 0)
		coarse();
}
