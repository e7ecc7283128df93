/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts of this machine, as the hypervisor numbers them: dense indices from 0, the boot hart first.
 *
 * hartids are neither dense nor from zero; nothing but this file, the SBI calls and the reports may use them.
 */
#ifndef ARCH_RISCV_HART_H
#define ARCH_RISCV_HART_H

#include <cleave/types.h>

struct guest;

/**
 * struct hart - what a hart knows of itself; tp points to it while the hypervisor runs
 * @index: dense index, below CONFIG_MAX_HARTS
 * @hartid: mhartid, as SBI and the device tree name it
 * @online: set by the hart itself when it entered hart_main(); atomic
 * @stack_top: of the stack that C code runs on; guard pages below and above
 * @guest: vCPU whose CSRs are loaded, or NULL; owned by the hart
 * @fp_owner: vCPU whose F/D (and V) registers the hart holds, or NULL; owned by the hart
 */
struct hart {
	u32 index;
	u32 online;
	u64 hartid;
	uintptr_t stack_top;
	uintptr_t stack_bottom;
	uintptr_t
		trap_stack_top; /* the trap entry's own stack, used when the other has overflowed */
	u64 scratch[4];		/* trap entry */
	struct guest *guest;
	struct guest *fp_owner;
};

/** hart_this() - Return: the hart that this code runs on; on the host, what the test says */
#ifdef CLEAVE_HOST
struct hart *hart_this(void);
#else
static inline struct hart *hart_this(void)
{
	struct hart *h;

	__asm__("mv %0, tp" : "=r"(h));
	return h;
}
#endif

/** hart_count() - Return: harts that the machine has and Cleave may use, at most CONFIG_MAX_HARTS; fixed after boot */
u32 hart_count(void);

/** hart_get() - Return: hart number @index, which is below hart_count() */
struct hart *hart_get(u32 index);

/** hart_by_id() - Return: the hart with this mhartid, NULL when there is none */
struct hart *hart_by_id(u64 hartid);

/**
 * hart_start_all() - start the other harts through SBI HSM; each ends up in hart_main()
 *
 * Return: number of harts online, the boot hart included. One that does not start is reported and left out.
 */
u32 hart_start_all(void);

/** hart_main() - defined by core/run/sched.c: a hart's life after boot; never returns */
void hart_main(struct hart *h) __attribute__((noreturn));

/** hart_wait() - WFI: wait until any interrupt that sie enables is pending, without taking it */
void hart_wait(void);

/** hart_pause() - a hint inside a busy loop (Zihintpause, a plain fence hint where there is none) */
#ifdef CLEAVE_HOST
void hart_pause(void);
#else
static inline void hart_pause(void)
{
	__asm__ volatile(".insn i 0x0F, 0, x0, x0, 0x010" ::: "memory");
}
#endif

#define HART_IRQ_SOFT  1U
#define HART_IRQ_TIMER 5U
#define HART_IRQ_EXT   9U

/** hart_irqs_pending() - Return: bit set of interrupts (1 << HART_IRQ_*) that are pending and enabled on this hart */
u64 hart_irqs_pending(void);

/** hart_irq_soft_clear() - withdraw this hart's software interrupt; call it before looking at what was asked for */
void hart_irq_soft_clear(void);

/** hart_ipi() - raise the software interrupt of hart @index (SBI sPI). Orders earlier stores before it. */
void hart_ipi(u32 index);

#endif
