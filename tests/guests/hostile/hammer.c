/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A manager whose other harts store all the time to the page that its hypercalls write to and
 * read from, while it works on another partition and on itself. The contents are then worthless;
 * but the answers are not, and no other partition may notice.
 */
#include "tests/guests/hostile/hostile.h"

#define ROUNDS	    300U
#define WORDS	    512U
#define OTHER_PAGES 4096U /* 16 MiB */

static u64 page[WORDS] __attribute__((aligned(4096)));
static u32 stop, running; /* atomic */

static void hammer(void *arg)
{
	u64 state = 0x853c49e6748fea9bU + (u64)arg;

	__atomic_fetch_add(&running, 1U, __ATOMIC_RELEASE);
	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
		u64 r = random_next(&state);

		*(volatile u64 *)&page[r % WORDS] = r;
	}
}

static u32 failures;

static void expect(struct sbiret r, const char *what)
{
	if (r.error != 0 && failures++ < 8U)
		check(false, "%s: error %ld", what, r.error);
}

/* All of a region's bits, in steps, into the page that is stored to. */
static void bits(unsigned long fn, u32 vm)
{
	u64 done = 0;

	while (done < OTHER_PAGES) {
		struct sbiret r =
			cleave_log_bits(fn, vm, 0, done, OTHER_PAGES - done, page + done / 64U);

		expect(r, "bits");
		if (r.error != 0)
			return;
		done += (u64)r.value;
	}
}

static void one_round(u32 vm, u32 mode)
{
	expect(cleave_log_start(vm, 0, mode, 0), "log start");
	bits(CLEAVE_FN_LOG_GET, vm);
	bits(CLEAVE_FN_LOG_GET_CLEAR, vm);
	bits(CLEAVE_FN_LOG_CLEAR, vm);
	expect(cleave_vm_info(vm, (struct cleave_vm_info *)(void *)page), "info");
	expect(cleave_stats(vm, page, CLEAVE_STAT_COUNT), "stats");
	expect(cleave_log_status(vm, 0, (struct cleave_log_status *)(void *)(page + 8)), "status");
	/* The cursor in the page may be overwritten: only the answer's register counts. */
	cleave_call(CLEAVE_FN_LEAVES, vm, 0, 0, (u64)page, 0, 0);
	expect(cleave_log_stop(vm, 0, CLEAVE_LOG_FLAG_COLLAPSE), "log stop");
}

void test_hammer(void)
{
	struct cleave_vm_info info;
	u32 other, i;

	check_eq((u64)cleave_vm_info(CLEAVE_VM_SELF, &info).error, 0, "info of this partition");
	other = info.id == 0 ? 1 : 0;
	for (i = 1; i < self.harts; i++)
		check_eq((u64)start_hart(i, hammer, (void *)(u64)i), 0, "hart %u starts", i);
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) + 1U < self.harts)
		cpu_relax();
	for (i = 0; i < ROUNDS; i++)
		one_round((i & 1U) != 0 ? other : CLEAVE_VM_SELF, 1U + i % 3U);
	__atomic_store_n(&stop, 1U, __ATOMIC_RELEASE);
	for (i = 1; i < self.harts; i++)
		wait_hart_stopped(i);
	check_eq(failures, 0, "%u rounds with a buffer that others write to", ROUNDS);
}
