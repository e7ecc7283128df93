/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small manager: it logs what partition 1 writes to its first memory region, asks ten times,
 * every tenth of a second, which pages were written, puts the huge leaves back, and ends both.
 * docs/abi.md has every call; docs/dirty-logging.md says what a log promises.
 */
#include "guests/lib/guest.h"

#define TARGET	  1U
#define REGION	  0U
#define PASSES	  10U
#define PAGES_MAX (64U * 1024U) /* 256 MiB of memory */

/* A bit for each page. The hypervisor writes there, so it is memory and not a window. */
static u64 manager_bits[PAGES_MAX / 64U];

/* An answer that the manager cannot go on with ends it, and says why. */
static u64 manager_must(struct sbiret r, const char *what)
{
	if (r.error != 0) {
		say("%s: error %ld (docs/abi.md, Errors)", what, r.error);
		sbi_shutdown(true);
	}
	return (u64)r.value;
}

static void manager_leaves(const char *when)
{
	struct cleave_leaves n;

	(void)manager_must(cleave_leaves(TARGET, REGION, &n), "LEAVES");
	say("leaves %s: 4 KiB: %lu, 2 MiB: %lu, 1 GiB: %lu", when, n.leaves[0], n.leaves[1],
	    n.leaves[2]);
}

/* A call looks at as many pages as fit into a step, and says how many; then go on from there. */
static u64 manager_get_clear(u64 pages)
{
	u64 dirty = 0;

	for (u64 first = 0; first < pages;)
		first +=
			manager_must(cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, TARGET, REGION, first,
						     pages - first, manager_bits + first / 64U),
				     "LOG_GET_CLEAR");
	for (u64 page = 0; page < pages; page++)
		dirty += manager_bits[page / 64U] >> page % 64U & 1U;
	return dirty;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	struct cleave_region_info region;
	struct cleave_vm_info vm;
	u64 pages;

	(void)hartid;
	(void)fdt;
	say("ABI %lu.%lu", manager_must(cleave_version(), "VERSION") >> 16,
	    (u64)cleave_version().value & 0xffffU);
	if (cleave_feature(CLEAVE_FEATURE_MANAGER) != 1U) {
		say("not a manager: the configuration lacks `manager`");
		sbi_shutdown(true);
	}
	(void)manager_must(cleave_vm_info(TARGET, &vm), "VM_INFO");
	(void)manager_must(cleave_region_info(TARGET, REGION, &region), "REGION_INFO");
	pages = MIN(region.size / PAGE_SIZE, (u64)PAGES_MAX);
	say("\"%s\": %u vCPU, %lu pages from 0x%lx", vm.name, vm.vcpus, pages, region.gpa);
	wait_us(200000); /* it comes up */

	manager_leaves("before");
	(void)manager_must(cleave_log_start(TARGET, REGION, CLEAVE_LOG_EAGER, 0), "LOG_START");
	manager_leaves("logged");
	for (u32 pass = 1; pass <= PASSES; pass++) {
		wait_us(100000);
		/* Copy pages after the answer: what is written from now on is in the next one. */
		say("pass %2u: %5lu pages written", pass, manager_get_clear(pages));
	}
	(void)manager_must(cleave_log_stop(TARGET, REGION, CLEAVE_LOG_FLAG_COLLAPSE), "LOG_STOP");
	manager_leaves("after");

	(void)manager_must(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, TARGET), "VM_DESTROY");
	say("done");
	sbi_shutdown(false);
}
