/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU: its registers, its state for scheduling and SBI HSM, its pending interrupts, and what
 * other harts have asked of it.
 *
 * Concurrency. A vCPU is pinned to one hart, its owner. Only the owner writes `guest`, `counters`
 * and the members marked "owner". Members marked "atomic" are written by any hart.
 *
 * A vCPU is IN from before its owner looks at its requests for the last time until guest_run() has
 * come back. At all other times it is OUT. A hart that changes something which a running vCPU must
 * see makes the change, executes a full barrier, and reads `mode`; if the vCPU is IN, it calls
 * ipi_send() and waits for the acknowledgement. The owner sets `mode` to IN, executes a full
 * barrier, and looks at the requests. One of the two always sees the other (Dekker).
 *
 * OUT does not mean that the registers are in memory: an idle hart keeps its last vCPU loaded. The
 * owner unloads a vCPU that leaves because its VM does not run any more. Whoever needs the
 * registers of any other vCPU that is OUT calls vcpu_unload() first.
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <abi/cleave.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "arch/riscv/guest.h"
#include "arch/riscv/probe/features.h"
#include "core/device/aia/vimsic.h"
#include "core/run/fair/fair.h"
#include "core/run/vm_run.h"
#include "mm/flush_request.h"
#include "mm/space.h"

/* SBI HSM states (SBI 2.0, chapter 9), numbered as hart_get_status reports them, and one more */
enum vcpu_hsm {
	VCPU_STARTED = 0,
	VCPU_STOPPED = 1,
	VCPU_START_PENDING = 2,
	VCPU_STOP_PENDING = 3,
	VCPU_SUSPENDED = 4,
	VCPU_SUSPEND_PENDING = 5,
	VCPU_RESUME_PENDING = 6,
	/* Our own: a hart that starts it is writing start_pc. Reported as START_PENDING */
	VCPU_CLAIMED = 7,
};

enum vcpu_mode {
	VCPU_OUT = 0,
	VCPU_IN = 1,
};

/**
 * struct vcpu - one virtual hart of a VM
 * @guest: registers; the first member, because the exit path casts
 * @vm: its VM, which core/run/ only passes on
 * @run: the part of the VM that core/run/ works with
 * @id: number within the VM, which is the hartid that the guest sees
 * @hart: dense index of the owner
 * @hsm: enum vcpu_hsm; atomic
 * @mode: enum vcpu_mode; atomic, written by the owner
 * @irq_level: GUEST_IRQ_EXT and (without Sstc) GUEST_IRQ_TIMER as devices and timer assert them;
 *	atomic
 * @irq_soft: 1: a software interrupt was sent and is not delivered yet; atomic, taken by the owner,
 *	by exchange
 * @irq_shown: what of irq_level the loaded guest was shown last; owner
 * @waiting: in WFI or suspended, not runnable until an interrupt comes; atomic, of the owner. A
 *	manager's resume of a suspended VM takes it back (vm_resume())
 * @suspend_jump: the suspend is non-retentive: the vCPU goes on at start_pc; owner
 * @blocked: waits in a hypercall (CLEAVE_FN_VM_WAIT): not runnable until it is woken; atomic
 * @deadline: without Sstc: guest time that the guest's SBI timer was set to, UINT64_MAX: never. It
 *	stays as it is when that time is reached; owner
 * @timer: without Sstc: host time of @deadline while that lies ahead, else TIMER_NEVER; owner
 * @tlb_seen: value of run->tlb_gen up to which the owner has flushed for it; 0: its next entry is
 *	like its first (vcpu_enter_anew()). Atomic; written by the owner, and to 0 while the VM does
 *	not run
 * @start_pc, @start_opaque: where it starts, and its a1. Written by the hart that took hsm from
 *	STOPPED to CLAIMED, before hsm becomes START_PENDING (release); by the owner for a
 *	non-retentive suspend
 * @fair: what it has used of its hart's time, by SCHED_*; owner, of core/run/sched.c
 * @guarded: its turn ends with a window (sched_defer()); owner, of core/run/sched.c
 * @held_until: host time before which it is not chosen; owner
 * @woken: 1: somebody has woken it since its hart began to look; atomic
 * @was_woken: the same as of the hart's last look: it was woken before; owner
 * @later: 1: its hart will not choose it before it looks again by itself, so whoever wakes it does
 *	not interrupt the hart; atomic, written by the owner
 * @sched_next: next vCPU of the same hart; set at boot by core/run/sched.c
 * @flush_lock: guards @flush; a hart that holds it never waits for anything
 * @flush: the remote fences that it still has to do, merged into one request
 * @flush_posted: requests posted so far; atomic, written under flush_lock
 * @flush_done: requests done so far; atomic, written by the owner
 * @imsic: its interrupt file, where its VM has the AIA; has its own lock
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
	struct fair fair[2];
	bool guarded;
	u64 held_until;
	u32 woken;
	bool was_woken;
	u32 later;
	struct vcpu *sched_next;
	struct spinlock flush_lock;
	struct flush_request flush;
	u64 flush_posted;
	u64 flush_done;
#ifdef CONFIG_AIA
	struct vimsic imsic;
#endif
	struct space_counters counters;
	u64 stat[CLEAVE_STAT_COUNT];
};

/** vcpu_of() - Return: the vCPU that embeds @g */
static inline struct vcpu *vcpu_of(struct guest *g)
{
	return container_of(g, struct vcpu, guest);
}

/* --- whose registers a hart holds ------------------------------------------------------------- */

/** vcpu_current() - Return: the vCPU whose registers this hart holds, or NULL */
struct vcpu *vcpu_current(void);

/** vcpu_load() - put @v's registers on this hart, its owner, and those of any other vCPU off */
void vcpu_load(struct vcpu *v);

/**
 * vcpu_unload() - bring the registers of a vCPU that is OUT into v->guest
 *
 * The owner may call it at any time between two guest_run(). Any other hart may call it while the
 * VM does not run; it waits for the owner, and serves its own requests meanwhile.
 */
void vcpu_unload(struct vcpu *v);

/**
 * vcpu_unload_stopped() - unload this hart's vCPU, if there is one and its VM does not run
 *
 * Not inside an exit of that vCPU, which still needs the registers.
 */
void vcpu_unload_stopped(void);

/* --- making a hart look ----------------------------------------------------------------------- */

/** vcpu_wake_hart() - make hart @index look for runnable vCPUs again; any hart */
void vcpu_wake_hart(u32 index);

/**
 * vcpu_hart_woken() - was this hart asked to look again (vcpu_wake_hart())?
 * Return: true when it was; the request is taken.
 */
bool vcpu_hart_woken(void);

/** vcpu_wake() - @v is OUT and may be able to run: have its hart look, as soon as that matters */
void vcpu_wake(struct vcpu *v);

/** vcpu_kick() - make @v look at its requests: interrupt it if it is IN, else wake it */
void vcpu_kick(struct vcpu *v);

/* --- life ------------------------------------------------------------------------------------- */

/**
 * vcpu_reset() - make a vCPU STOPPED, with nothing pending; it will flush its TLB before it enters
 *
 * The vCPU is OUT and its VM does not run; any hart. Unloads it (vcpu_unload()). The registers are
 * set when it is started.
 */
void vcpu_reset(struct vcpu *v);

/**
 * vcpu_enter_anew() - make the next entry of @v like its first: all its TLB entries and fetched
 * instructions are fenced before
 *
 * For memory that another VM's vCPU has written, code and page tables among it. The vCPU is OUT,
 * and its VM does not run before the caller has released a lock that is taken to let it run; any
 * hart.
 */
static inline void vcpu_enter_anew(struct vcpu *v)
{
	atomic_set(&v->tlb_seen, 0U);
}

/**
 * vcpu_start() - HSM start of a STOPPED vCPU; any hart
 * @pc: where it starts, GPA
 * @opaque: its a1; its a0 is its id
 * Return: 0, or CLV_ERR_STATE when it is not STOPPED.
 */
int vcpu_start(struct vcpu *v, u64 pc, u64 opaque);

/**
 * vcpu_prepare() - take a vCPU from the state that it waited in to one in which it can run; owner
 *
 * The vCPU is IN. One that is started, or that comes out of a non-retentive suspend, gets its first
 * registers. One that is STOP_PENDING stays so.
 */
void vcpu_prepare(struct vcpu *v);

/* --- interrupts and timer --------------------------------------------------------------------- */

/**
 * vcpu_irqs() - interrupts that wait to be shown to @v, besides those in its own CSRs; any hart
 * Return: bit set GUEST_IRQ_*.
 */
static inline u64 vcpu_irqs(const struct vcpu *v)
{
	return atomic_read_acquire(&v->irq_level) |
	       (atomic_read(&v->irq_soft) != 0U ? GUEST_IRQ_SOFT : 0U);
}

/** vcpu_deliver() - show the loaded vCPU the interrupts that wait for it; owner */
void vcpu_deliver(struct vcpu *v);

/** vcpu_irq_level() - assert (@on) or withdraw a level-triggered interrupt GUEST_IRQ_*; any hart */
void vcpu_irq_level(struct vcpu *v, u64 irq, bool on);

/** vcpu_irq_soft() - send @v a software interrupt; any hart */
void vcpu_irq_soft(struct vcpu *v);

/**
 * vcpu_set_deadline() - without Sstc: set the guest's SBI timer; owner, loaded
 * @value: guest time, ticks; UINT64_MAX: never
 *
 * The hart's own timer must be set after that: sched_set_guest_timer() does both.
 */
void vcpu_set_deadline(struct vcpu *v, u64 value);

/** vcpu_check_timer() - without Sstc: raise the timer interrupt if it is due at @now; owner */
void vcpu_check_timer(struct vcpu *v, u64 now);

/**
 * vcpu_timer() - guest time at which @v's timer fires or has fired. With Sstc it is vstimecmp
 * Return: ticks; UINT64_MAX: never.
 *
 * Any hart, under vm->lock, while the VM's time stands (vm_time_stands()).
 */
static inline u64 vcpu_timer(const struct vcpu *v)
{
	return features.sstc ? v->guest.csr.vstimecmp : v->deadline;
}

/**
 * vcpu_put_timer() - set what vcpu_timer() returns; called as that
 *
 * Whether the timer's interrupt is pending follows from this and from the guest's time. Nothing
 * else sets it.
 */
static inline void vcpu_put_timer(struct vcpu *v, u64 value)
{
	/* Without Sstc the rest follows when the VM is resumed: vcpu_set_time_offset(). */
	if (features.sstc)
		v->guest.csr.vstimecmp = value;
	else
		v->deadline = value;
}

/**
 * vcpu_set_time_offset() - make guest time host time + @offset, ticks, from the next load of @v on
 *
 * The timer keeps its guest time. The vCPU is OUT and not loaded (vcpu_unload()), and its VM does
 * not run; any hart, under vm->lock.
 */
void vcpu_set_time_offset(struct vcpu *v, u64 offset);

#endif
