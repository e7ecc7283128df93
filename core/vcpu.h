/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU: its state for scheduling and SBI HSM, its pending interrupts, its requests from other harts.
 *
 * Concurrency. A vCPU is pinned to one hart, its owner. `guest`, `counters` and the fields marked "owner" are written by that hart only.
 * Fields marked atomic are written by any hart. A vCPU is IN from before its owner looks at its requests for the last time until
 * it is put off the hart; it is OUT else. Who changes something that a running vCPU must see does: change, full barrier, read
 * `mode`; if IN, hart_ipi() and wait for the acknowledgement. The owner does: mode = IN, full barrier, look at the requests.
 * One of the two always sees the other (Dekker).
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <abi/cleave.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "arch/riscv/guest.h"
#include "mm/space.h"

struct vm;

/* SBI HSM states (SBI 2.0, chapter 9), numbered as hart_get_status reports them */
enum vcpu_hsm {
	VCPU_STARTED = 0,
	VCPU_STOPPED = 1,
	VCPU_START_PENDING = 2,
	VCPU_STOP_PENDING = 3,
	VCPU_SUSPENDED = 4,
	VCPU_SUSPEND_PENDING = 5,
	VCPU_RESUME_PENDING = 6,
};

enum vcpu_mode {
	VCPU_OUT = 0,
	VCPU_IN = 1,
};

/**
 * struct vcpu - one virtual hart of a VM
 * @guest: registers; first, the exit path casts
 * @vm: its VM
 * @id: number within the VM = the hartid that the guest sees
 * @hart: dense index of its owner
 * @hsm: enum vcpu_hsm; atomic
 * @mode: enum vcpu_mode; atomic, written by the owner
 * @irq_level: GUEST_IRQ_EXT and (without Sstc) GUEST_IRQ_TIMER as devices and timer say; atomic
 * @irq_soft: 1: a software interrupt was sent and not delivered yet; atomic, taken by exchange by the owner
 * @waiting: WFI or retentive suspend: not runnable until an interrupt; owner, cleared by the owner's scheduler
 * @timer: host time at which the guest's SBI timer fires, TIMER_NEVER: none; owner
 * @tlb_seen: value of vm->tlb_gen up to which this vCPU's owner has fenced; atomic, written by the owner
 * @blocked: waits in a hypercall (CLEAVE_FN_VM_WAIT): not runnable until woken; atomic
 * @start_pc, @start_opaque: set by the starter before hsm becomes START_PENDING (release)
 * @counters, @stat: statistics of this vCPU; owner, read by anybody
 */
struct vcpu {
	struct guest guest;
	struct vm *vm;
	u32 id;
	u32 hart;
	u32 hsm;
	u32 mode;
	u64 irq_level;
	u32 irq_soft;
	bool waiting;
	u32 blocked;
	u64 timer;
	u64 tlb_seen;
	u64 start_pc;
	u64 start_opaque;
	struct spinlock fence_lock; /* guards fence_* */
	u32 fence_kind;		    /* bit set FENCE_REQ_* (core/fence.h) of remote fences that this vCPU has to do */
	u64 fence_start;
	u64 fence_size;
	u64 fence_posted; /* requests posted; atomic */
	u64 fence_done;	  /* requests done; atomic, written by the owner */
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

/** vcpu_reset() - back to STOPPED with nothing pending; the vCPU is OUT and its VM does not run */
void vcpu_reset(struct vcpu *v);

/**
 * vcpu_start() - HSM start of a STOPPED vCPU at @pc (GPA) with a0 = id, a1 = @opaque; any hart
 * Return: 0, CLV_ERR_STATE when it was not STOPPED.
 */
int vcpu_start(struct vcpu *v, u64 pc, u64 opaque);

/** vcpu_kick() - make @v look at its requests soon: an IPI when it is IN on another hart, else a wake-up of its owner */
void vcpu_kick(struct vcpu *v);

/** vcpu_irq_level() - set (@on) or withdraw a level-triggered interrupt; any hart */
void vcpu_irq_level(struct vcpu *v, u64 irq, bool on);

/** vcpu_irq_soft() - send it a software interrupt; any hart */
void vcpu_irq_soft(struct vcpu *v);

#endif
