/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts of this machine, as the hypervisor numbers them: dense indices from 0, the boot hart
 * first.
 *
 * hartids are neither dense nor from zero. Only the SBI calls, the drivers of interrupt controllers
 * and the reports use them; everybody else uses indices.
 *
 * Concurrency: the boot hart alone writes the table of harts, before it starts another hart. Each
 * struct hart belongs to its hart from then on; only `online` is atomic.
 */
#ifndef ARCH_RISCV_HART_H
#define ARCH_RISCV_HART_H

#include <cleave/types.h>

struct guest;

/**
 * struct hart - what a hart knows of itself; tp points to it while the hypervisor runs
 * @index: dense index, below CONFIG_MAX_HARTS
 * @online: the hart has set this to 1 on its way into hart_main(); atomic
 * @hartid: mhartid, as SBI and the device tree name the hart
 * @stack_top, @stack_bottom: the stack that C code runs on; unmapped pages lie below and above it
 * @trap_stack_top: the trap entry's own stack, used when the other one has overflowed
 * @scratch: registers that the trap entry puts away before it has a stack
 * @guest: vCPU whose CSRs are loaded, or NULL
 * @fp_owner: vCPU whose F, D and V registers the hart holds, or NULL
 * @strays: CSRs that guests can write here and nobody switches (arch/riscv/probe/csr_scan.h)
 */
struct hart {
	u32 index;
	u32 online;
	u64 hartid;
	uintptr_t stack_top;
	uintptr_t stack_bottom;
	uintptr_t trap_stack_top;
	u64 scratch[4];
	struct guest *guest;
	struct guest *fp_owner;
	u32 strays;
};

/**
 * hart_this() - Return: the hart that this code runs on; on the host, the one that the test chose
 */
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

/** hart_count() - Return: the number of harts in the table, at most CONFIG_MAX_HARTS */
u32 hart_count(void);

/** hart_get() - Return: hart number @index, which is below hart_count() */
struct hart *hart_get(u32 index);

/** hart_by_id() - Return: the hart whose mhartid is @hartid, NULL when there is none */
struct hart *hart_by_id(u64 hartid);

/**
 * hart_add() - put a hart into the table, under the next free index
 * @hartid: its mhartid
 *
 * Boot hart only, before another hart starts.
 *
 * Return: the hart, NULL when the table is full.
 */
struct hart *hart_add(u64 hartid);

/** hart_main() - call up, defined by core/run/sched.c: a hart's life after boot; never returns */
void hart_main(struct hart *h) __attribute__((noreturn));

/**
 * hart_wait() - execute WFI: wait until an interrupt that sie enables is pending; do not take it
 */
void hart_wait(void);

/**
 * hart_pause() - give a hint inside a busy loop: Zihintpause, which other harts execute as a FENCE
 */
#ifdef CLEAVE_HOST
void hart_pause(void);
#else
static inline void hart_pause(void)
{
	__asm__ volatile(".insn i 0x0F, 0, x0, x0, 0x010" ::: "memory");
}
#endif

/* Interrupts of a hart: bit numbers of sip and sie, and codes of scause */
#define HART_IRQ_SOFT  1U
#define HART_IRQ_TIMER 5U
#define HART_IRQ_EXT   9U

/**
 * hart_irqs_pending() - Return: set of 1 << HART_IRQ_* that are pending and enabled on this hart
 */
u64 hart_irqs_pending(void);

/**
 * hart_irq_soft_clear() - withdraw this hart's software interrupt
 *
 * Call it before you look at what other harts have asked for.
 */
void hart_irq_soft_clear(void);

/**
 * hart_ipi() - raise the software interrupt of hart @index
 *
 * A hart that takes it sees all that the caller stored before.
 */
void hart_ipi(u32 index);

#endif
