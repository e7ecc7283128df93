/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs: reset, start, interrupts, timer. Who may touch what is in vcpu.h; this file must never run a guest.
 */
#include "core/run/vcpu.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"
#include "core/run/ipi.h"
#include "core/run/sched.h"

struct vcpu *vcpu_current(void)
{
	return sched_loaded();
}

void vcpu_unload(struct vcpu *v)
{
	sched_unload(v);
}

void vcpu_reset(struct vcpu *v)
{
	vcpu_unload(v);
	spin_lock(&v->flush_lock);
	v->flush.kind = 0;
	atomic_set(&v->flush_done, atomic_read(&v->flush_posted));
	spin_unlock(&v->flush_lock);
	atomic_set(&v->irq_level, 0U);
	atomic_set(&v->irq_soft, 0U);
	atomic_set(&v->blocked, 0U);
	v->irq_shown = 0;
	atomic_set(&v->waiting, false);
	v->suspend_jump = false;
	v->deadline = UINT64_MAX;
	v->timer = TIMER_NEVER;
	atomic_set(&v->tlb_seen, 0U);
	atomic_set_release(&v->hsm, (u32)VCPU_STOPPED);
}

int vcpu_start(struct vcpu *v, u64 pc, u64 opaque)
{
	u32 stopped = VCPU_STOPPED;

	/* The claim keeps a second starter away from start_pc, and the owner from reading it too early. */
	if (!atomic_cas(&v->hsm, &stopped, (u32)VCPU_CLAIMED))
		return CLV_ERR_STATE;
	v->start_pc = pc;
	v->start_opaque = opaque;
	/* Release pairs with the acquire of hsm in sched.c. */
	atomic_set_release(&v->hsm, (u32)VCPU_START_PENDING);
	vcpu_kick(v);
	return CLV_OK;
}

void vcpu_kick(struct vcpu *v)
{
	smp_mb(); /* pairs with the barrier between mode = IN and the look at the requests in sched.c */
	if (atomic_read(&v->mode) == (u32)VCPU_IN)
		ipi_send(v->hart);
	else
		sched_wake(v->hart);
}

/*
 * Something about @v's interrupts has changed: show it, or have its owner show it. One that is OUT and does not wait for an
 * interrupt is shown it when it enters; nobody is disturbed. Should it begin to wait just now, then its owner looks for interrupts
 * once more, behind a full barrier (ipi_acknowledge() in hart_main()), and one of the two sees the other.
 */
static void vcpu_irq_changed(struct vcpu *v)
{
	if (v == vcpu_current() && atomic_read(&v->mode) == (u32)VCPU_IN) {
		vcpu_deliver(v);
		return;
	}
	smp_mb(); /* the interrupt before the mode; pairs as in vcpu_kick() */
	if (atomic_read(&v->mode) == (u32)VCPU_IN)
		ipi_send(v->hart);
	else if (atomic_read(&v->waiting))
		sched_wake(v->hart);
}

void vcpu_deliver(struct vcpu *v)
{
	u64 level = atomic_read_acquire(&v->irq_level);

	if (level != v->irq_shown) {
		v->irq_shown = level;
		guest_irq_level(&v->guest, level);
	}
	if (atomic_read(&v->irq_soft) != 0U && atomic_xchg(&v->irq_soft, 0U) != 0U)
		guest_irq_soft(&v->guest);
}

void vcpu_irq_level(struct vcpu *v, u64 irq, bool on)
{
	u64 old = on ? atomic_or(&v->irq_level, irq) : atomic_and(&v->irq_level, ~irq);

	/*
	 * A withdrawal is told to a running vCPU as well: while its hvip still says pending, it would take an interrupt
	 * for nothing over and over.
	 */
	if (((old & irq) == irq) != on)
		vcpu_irq_changed(v);
}

void vcpu_irq_soft(struct vcpu *v)
{
	if (atomic_xchg(&v->irq_soft, 1U) == 0U)
		vcpu_irq_changed(v);
}

/* Host time of guest time @value, which is in the future: saturates below TIMER_NEVER. */
static u64 vcpu_host_deadline(u64 now, u64 guest_now, u64 value)
{
	u64 wait = value - guest_now;

	return wait >= TIMER_NEVER - now ? TIMER_NEVER - 1U : now + wait;
}

/* Without Sstc: when the timer fires, and whether its interrupt is pending, follow from the deadline and the guest's time. */
static void vcpu_aim_timer(struct vcpu *v)
{
	u64 now = timer_now();
	u64 guest_now = now + v->guest.time_offset;

	v->timer = TIMER_NEVER;
	if (v->deadline <= guest_now) {
		(void)atomic_or(&v->irq_level, GUEST_IRQ_TIMER);
		return;
	}
	(void)atomic_and(&v->irq_level, ~GUEST_IRQ_TIMER);
	if (v->deadline != UINT64_MAX)
		v->timer = vcpu_host_deadline(now, guest_now, v->deadline);
}

void vcpu_set_timer(struct vcpu *v, u64 value)
{
	if (features.sstc) {
		guest_timer_set(&v->guest, value);
		return;
	}
	v->deadline = value;
	vcpu_aim_timer(v);
	vcpu_deliver(v);
	sched_arm();
}

void vcpu_set_time_offset(struct vcpu *v, u64 offset)
{
	guest_set_time_offset(&v->guest, offset);
	if (!features.sstc)
		vcpu_aim_timer(v);
}

void vcpu_check_timer(struct vcpu *v, u64 now)
{
	if (v->timer > now)
		return;
	v->timer = TIMER_NEVER;
	(void)atomic_or(&v->irq_level, GUEST_IRQ_TIMER);
}
