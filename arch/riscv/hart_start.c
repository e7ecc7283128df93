/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting harts: the boot hart's own beginning, and the other harts through SBI HSM.
 *
 * The boot hart starts one hart at a time and waits for it, because a hart that starts narrows
 * `features` and uses the self-test's tables, both without a lock.
 */
#include "arch/riscv/hart_start.h"

#include <abi/sbi.h>
#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "arch/riscv/aia.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/early.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/layout.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/probe/features_probe.h"
#include "arch/riscv/model/hart_out.h"
#include "arch/riscv/probe/paging.h"
#include "arch/riscv/start.h"
#include "arch/riscv/timer.h"
#include "arch/riscv/trap.h"

/*
 * How far a start has come. WAITED_FOR is left by compare-and-exchange: either the new hart makes
 * it RUNNING and goes on, or the boot hart gives up and makes it ABANDONED. A hart that comes too
 * late thus finds itself abandoned, and goes back to the firmware. After RUNNING only the new hart
 * writes.
 */
enum hart_start_state {
	HART_START_WAITED_FOR = 0,
	HART_START_RUNNING = 1,
	HART_START_ABANDONED = 2,
	HART_START_LEFT_OUT = 3, /* the new hart left itself out, and has said why */
};

/* How long a hart may take from SBI hart_start to its first C code, seconds */
#define HART_START_SECONDS 3U

u64 start_secondary_satp;

static u32 hart_start_state[CONFIG_MAX_HARTS]; /* enum hart_start_state, atomic */

/* head.S calls it on a hart that was started: translation is on, sp and tp are the hart's own. */
void hart_started(void) __attribute__((noreturn));

/*
 * What each hart does to itself first. The hypervisor never takes an interrupt: sie only says which
 * ones end a WFI or a guest's run.
 */
static void hart_start_init(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SIE | SSTATUS_FS | SSTATUS_VS | SSTATUS_SUM | SSTATUS_MXR);
	csr_write(CSR_SIE, SIP_SSIP | SIP_STIP | SIP_SEIP);
}

void hart_init_boot(u64 hartid)
{
	struct hart *h = hart_add(hartid);

	h->stack_bottom = (uintptr_t)boot_stack_bottom;
	h->stack_top = (uintptr_t)boot_stack_top;
	h->trap_stack_top = (uintptr_t)boot_trap_stack_top;
	hart_start_init();
}

/* Give the calling hart back to the firmware for good. */
static void __attribute__((noreturn)) hart_start_give_back(void)
{
	firmware_hart_stop();
	for (;;)
		hart_wait();
}

/* Open the hart's interrupt file. Without it no other hart could call it, and no device. */
static bool hart_start_file(const struct hart *h)
{
	bool open = imsic_start();

	if (!open)
		hart_out(h->hartid, "the device tree gives it an IMSIC that cannot be used");
	return open;
}

void hart_started(void)
{
	struct hart *h = hart_this();
	u32 expected = HART_START_WAITED_FOR;

	trap_init();
	hart_start_init();
	if (!atomic_cas(&hart_start_state[h->index], &expected, (u32)HART_START_RUNNING))
		hart_start_give_back();
	if (!features_probe_this() || !hart_start_file(h)) {
		/*
		 * Pairs with the acquire in hart_start_wait(): this hart has finished with the
		 * self-test's tables before the next one uses them.
		 */
		atomic_set_release(&hart_start_state[h->index], (u32)HART_START_LEFT_OUT);
		hart_start_give_back();
	}
	/*
	 * Pairs with the acquire in hart_start_wait(): whoever sees this hart online sees what it
	 * merged into `features`.
	 */
	atomic_set_release(&h->online, 1U);
	hart_main(h);
}

/* Return: 0, or CLV_ERR_NOMEM. */
static int hart_start_stacks(struct hart *h)
{
	uintptr_t trap_stack;
	hpa_t frames;
	int err;

	err = paging_take_frames(CONFIG_HART_STACK_SIZE + LAYOUT_TRAP_STACK_SIZE, &frames);
	if (err == CLV_OK)
		err = paging_map_stack(h->index, frames, &h->stack_bottom, &trap_stack);
	if (err != CLV_OK)
		return err;
	h->stack_top = h->stack_bottom + CONFIG_HART_STACK_SIZE;
	h->trap_stack_top = trap_stack + LAYOUT_TRAP_STACK_SIZE;
	return CLV_OK;
}

/* Wait for hart @h after a successful SBI hart_start. Return: how the start ended. */
static enum hart_start_state hart_start_wait(struct hart *h)
{
	u64 deadline = timer_now() + timer_frequency() * HART_START_SECONDS;
	u32 expected = HART_START_WAITED_FOR;

	while (atomic_read_acquire(&h->online) == 0U) {
		/* A hart that has reached C code is waited for without a limit. */
		if (timer_now() > deadline && expected == HART_START_WAITED_FOR &&
		    atomic_cas(&hart_start_state[h->index], &expected, (u32)HART_START_ABANDONED))
			return HART_START_ABANDONED;
		if (atomic_read_acquire(&hart_start_state[h->index]) == (u32)HART_START_LEFT_OUT)
			return HART_START_LEFT_OUT;
		hart_pause();
	}
	return HART_START_RUNNING;
}

/*
 * Start hart @h and wait for it. Return: true when it is online; otherwise it was left out.
 */
static bool hart_start_one(struct hart *h)
{
	u64 entry = (uintptr_t)start_secondary - LAYOUT_IMAGE + start_info.image;
	u64 opaque = (uintptr_t)h - LAYOUT_IMAGE + start_info.image;
	enum hart_start_state state;
	long error;

	if (hart_start_stacks(h) != CLV_OK) {
		hart_out(h->hartid, "no memory for stacks");
		return false;
	}
	/* The new hart reads the tables and its struct hart: they are written before it starts. */
	smp_mb();
	error = firmware_hart_start(h->hartid, entry, opaque);
	if (error != SBI_SUCCESS) {
		hart_out(h->hartid, "SBI hart_start answers %ld (%s)", error,
			 firmware_error_name(error));
		return false;
	}
	state = hart_start_wait(h);
	if (state == HART_START_ABANDONED)
		hart_out(h->hartid, "no sign of life %u s after SBI hart_start (no H, or no %s?)",
			 HART_START_SECONDS, paging_mode_name());
	return state == HART_START_RUNNING;
}

u32 hart_start_all(void)
{
	u32 online = 1U;

	atomic_set_release(&hart_get(0)->online, 1U);
	/*
	 * A hart that fences for others waits until they have answered (core/run/ipi.h). Without
	 * IPIs the other harts could not be asked, and would never answer.
	 */
	if (hart_count() > 1U && !firmware_has(SBI_EID_IPI)) {
		printk(PRINTK_WARNING
		       "all harts but the boot hart left out: the firmware has no SBI IPI "
		       "extension, by which harts call one another");
		return online;
	}
	start_secondary_satp = paging_satp();
	for (u32 i = 1; i < hart_count(); i++) {
		if (hart_start_one(hart_get(i)))
			online++;
	}
	hart_out_say();
	return online;
}
