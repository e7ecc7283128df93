/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts of a program: their stacks, and how they start and stop by SBI HSM.
 *
 * A hart whose id is GUEST_MAX_HARTS or more cannot be used.
 */
#include "guests/lib/hart_internal.h"

static struct guest_hart harts_all[GUEST_MAX_HARTS];
static u8 harts_stacks[GUEST_MAX_HARTS][GUEST_STACK_SIZE] __attribute__((aligned(16)));

static u64 harts_frequency;

struct guest_hart *harts_init(u64 hartid, const void *fdt)
{
	u32 i;

	harts_frequency = fdt_timebase(fdt);

	for (i = 0; i < GUEST_MAX_HARTS; i++) {
		harts_all[i].hartid = i;
		harts_all[i].stack = (u64)&harts_stacks[i][GUEST_STACK_SIZE];
	}
	return &harts_all[hartid < GUEST_MAX_HARTS ? hartid : 0];
}

u64 ticks_per_second(void)
{
	return harts_frequency;
}

unsigned long this_hart(void)
{
	return hart_self()->hartid;
}

long start_hart(unsigned long hartid, void (*fn)(void *arg), void *arg)
{
	struct guest_hart *h;

	if (hartid >= GUEST_MAX_HARTS)
		return SBI_ERR_INVALID_PARAM;
	h = &harts_all[hartid];
	h->fn = fn;
	h->arg = arg;
	h->catch_sp = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_START, hartid, (unsigned long)guest_secondary,
			(unsigned long)h, 0, 0, 0)
		.error;
}

void hart_stop_self(void)
{
	struct sbiret r;

	csr_clear(sstatus, SSTATUS_SIE);
	r = sbi_call(SBI_EID_HSM, SBI_HSM_HART_STOP, 0, 0, 0, 0, 0, 0);
	say("hart %lu: SBI HSM hart_stop returned %ld", this_hart(), r.error);
	for (;;)
		__asm__ volatile("wfi");
}

long hart_status(unsigned long hartid)
{
	struct sbiret r = sbi_call(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, hartid, 0, 0, 0, 0, 0);

	return r.error != 0 ? r.error : r.value;
}

void wait_hart_stopped(unsigned long hartid)
{
	while (hart_status(hartid) != SBI_HSM_STOPPED)
		cpu_relax();
}
