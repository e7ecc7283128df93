/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU: its state for scheduling and SBI HSM, its pending interrupts, its requests from other harts.
 *
 * Concurrency. A vCPU is pinned to one hart, its owner. `guest`, `counters` and the fields marked "owner" are written by
 * that hart only. Fields marked atomic are written by any hart. A vCPU is IN from before its owner looks at its requests for
 * the last time until guest_run() has come back; it is OUT else. Who changes something that a running vCPU must see does:
 * change, full barrier, read `mode`; if IN, ipi_send() and wait for the acknowledgement. The owner does: mode = IN, full
 * barrier, look at the requests. One of the two always sees the other (Dekker).
 *
 * OUT does not mean that its registers are in memory: a vCPU that its hart has nothing better to do than to wait for stays
 * loaded. The owner unloads it when it leaves because its VM does not run any more; who wants the registers of any other
 * calls vcpu_unload() first.
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <abi/cleave.h>
#include <abi/sbi.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/guest.h"
#include "core/run/vm_run.h"
#include "mm/flush_request.h"
#include "mm/space.h"

struct vm;

/* SBI HSM states (SBI 2.0, chapter 9), numbered as hart_get_status reports them */
enum vcpu_hsm {
	VCPU_STARTED = SBI_HSM_STARTED,
	VCPU_STOPPED = SBI_HSM_STOPPED,
	VCPU_START_PENDING = SBI_HSM_START_PENDING,
	VCPU_STOP_PENDING = SBI_HSM_STOP_PENDING,
	VCPU_SUSPENDED = SBI_HSM_SUSPENDED,
	VCPU_SUSPEND_PENDING = SBI_HSM_SUSPEND_PENDING,
	VCPU_RESUME_PENDING = SBI_HSM_RESUME_PENDING,
	VCPU_CLAIMED =
		7, /* ours: somebody who starts it is writing start_pc; reported as START_PENDING */
};

enum vcpu_mode {
	VCPU_OUT = 0,
	VCPU_IN = 1,
};

/**
 * struct vcpu - one virtual hart of a VM
 * @guest: registers; first, the exit path casts
 * @vm: its VM, which core/run/ only passes on
 * @run: the part of it that core/run/ works with
 * @id: number within the VM = the hartid that the guest sees
 * @hart: dense index of its owner
 * @hsm: enum vcpu_hsm; atomic
 * @mode: enum vcpu_mode; atomic, written by the owner
 * @irq_level: GUEST_IRQ_EXT and (without Sstc) GUEST_IRQ_TIMER as devices and timer say; atomic
 * @irq_soft: 1: a software interrupt was sent and not delivered yet; atomic, taken by exchange by the owner
 * @irq_shown: what of irq_level the loaded guest was told last; owner
 * @waiting: WFI or suspend: not runnable until an interrupt; atomic, written by the owner
 * @suspend_jump: non-retentive suspend: goes on at start_pc; owner
 * @deadline: without Sstc: guest time that the guest's SBI timer was set to, UINT64_MAX: never. Reaching it changes nothing here; owner
 * @timer: without Sstc: host time of @deadline while it lies ahead, else TIMER_NEVER; owner
 * @tlb_seen: value of run->tlb_gen up to which this vCPU's owner has fenced; atomic, written by the owner
 * @blocked: waits in a hypercall (CLEAVE_FN_VM_WAIT): not runnable until woken; atomic
 * @start_pc, @start_opaque: set by the starter, who took hsm from STOPPED to CLAIMED, before hsm becomes START_PENDING
 *	(release); by the owner for a non-retentive suspend
 * @turn: its last turn, in turns of its hart; owner
 * @sched_next: next vCPU of the same hart; set at boot by core/run/sched.c
 * @counters, @stat: statistics of this vCPU; owner, read by anybody
 */
struct vcpu {
	struct guest guest;
	struct vm *vm;
	struct vm_run *run;
	u32 id;
	u32 hart;
	u32 hsm;
	u32 mode;
	u64 irq_level;
	u32 irq_soft;
	u64 irq_shown;
	bool waiting;
	bool suspend_jump;
	u32 blocked;
	u64 deadline;
	u64 timer;
	u64 tlb_seen;
	u64 start_pc;
	u64 start_opaque;
	u64 turn;
	struct vcpu *sched_next;
	struct spinlock flush_lock; /* guards flush; never held while waiting for anything */
	struct flush_request flush; /* remote fences that this vCPU has to do, merged */
	u64 flush_posted;	    /* requests posted; atomic, written under flush_lock */
	u64 flush_done;		    /* requests done; atomic, written by the owner */
	struct space_counters counters;
	u64 stat[CLEAVE_STAT_COUNT];
};

/** vcpu_of() - Return: the vCPU that embeds @g */
static inline struct vcpu *vcpu_of(struct guest *g)
{
	return container_of(g, struct vcpu, guest);
}

/** vcpu_current() - Return: the vCPU loaded on this hart, or NULL */
struct vcpu *vcpu_current(void);

/**
 * vcpu_reset() - back to STOPPED with nothing pending, its TLB entries to be flushed before it enters
 *
 * The vCPU is OUT and its VM does not run. Unloads it (vcpu_unload()). Registers are set when it is started.
 */
void vcpu_reset(struct vcpu *v);

/**
 * vcpu_unload() - bring the registers of a vCPU that is OUT into v->guest
 *
 * Its VM does not run. Waits for the owner, serving this hart's requests; any hart.
 */
void vcpu_unload(struct vcpu *v);

/**
 * vcpu_start() - HSM start of a STOPPED vCPU at @pc (GPA) with a0 = id, a1 = @opaque; any hart
 * Return: 0, CLV_ERR_STATE when it was not STOPPED.
 */
int vcpu_start(struct vcpu *v, u64 pc, u64 opaque);

/** vcpu_kick() - make @v look at its requests soon: an IPI when it is IN, else a wake-up of its owner; any hart */
void vcpu_kick(struct vcpu *v);

/** vcpu_irqs() - Return: interrupts (GUEST_IRQ_*) that wait to be shown to @v, besides those it has in its own CSRs */
static inline u64 vcpu_irqs(const struct vcpu *v)
{
	return atomic_read_acquire(&v->irq_level) |
	       (atomic_read(&v->irq_soft) != 0U ? GUEST_IRQ_SOFT : 0U);
}

/** vcpu_deliver() - show the loaded vCPU the interrupts that wait for it; owner */
void vcpu_deliver(struct vcpu *v);

/** vcpu_set_timer() - SBI set_timer: fire at guest time @value, ticks, UINT64_MAX: never; owner, loaded */
void vcpu_set_timer(struct vcpu *v, u64 value);

/**
 * vcpu_timer() - Return: guest time, ticks, at which @v's timer fires or has fired, UINT64_MAX: never. With Sstc: vstimecmp
 * vcpu_put_timer() - set that. The timer's interrupt follows from it and the guest's time, and is nobody else's to set
 *
 * Both: any hart, while the VM's time stands (vm_time_stands()), under vm->lock.
 */
static inline u64 vcpu_timer(const struct vcpu *v)
{
	return features.sstc ? v->guest.csr.vstimecmp : v->deadline;
}
static inline void vcpu_put_timer(struct vcpu *v, u64 value)
{
	/* Without Sstc the rest follows when the VM is resumed: vcpu_set_time_offset(). */
	if (features.sstc)
		v->guest.csr.vstimecmp = value;
	else
		v->deadline = value;
}

/**
 * vcpu_set_time_offset() - guest time = host time + @offset, ticks, from when @v is loaded next; its timer keeps its guest time
 *
 * @v is OUT and not loaded (vcpu_unload()), and its VM does not run; any hart, under vm->lock.
 */
void vcpu_set_time_offset(struct vcpu *v, u64 offset);

/** vcpu_check_timer() - without Sstc: raise the timer interrupt if host time @now has reached it; owner */
void vcpu_check_timer(struct vcpu *v, u64 now);

/** vcpu_irq_level() - set (@on) or withdraw a level-triggered interrupt; any hart */
void vcpu_irq_level(struct vcpu *v, u64 irq, bool on);

/** vcpu_irq_soft() - send it a software interrupt; any hart */
void vcpu_irq_soft(struct vcpu *v);

#endif
