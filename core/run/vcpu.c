/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs: which one a hart has loaded, start and reset, interrupts, timer. vcpu.h says who may touch
 * what.
 *
 * It must never run a guest, and never choose one: that is the scheduler's.
 */
#include "core/run/vcpu.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/timer.h"
#include "core/run/ipi.h"

/**
 * struct vcpu_hart - what concerns a hart's vCPUs as a whole; a cache line each
 * @loaded: the vCPU whose registers the hart holds, or NULL; atomic, written by the hart
 * @woken: 1: the hart was asked to look for runnable vCPUs again; atomic
 */
struct vcpu_hart {
	struct vcpu *loaded;
	u32 woken;
} __attribute__((aligned(64)));

static struct vcpu_hart vcpu_harts[CONFIG_MAX_HARTS];

static struct vcpu_hart *vcpu_hart_this(void)
{
	return &vcpu_harts[hart_this()->index];
}

/* --- whose registers a hart holds ------------------------------------------------------------- */

struct vcpu *vcpu_current(void)
{
	return atomic_read(&vcpu_hart_this()->loaded);
}

static void vcpu_put(struct vcpu_hart *h)
{
	struct vcpu *v = atomic_read(&h->loaded);

	if (v == NULL)
		return;
	guest_put(&v->guest);
	/* Release: a hart that reads NULL here sees the registers in v->guest. */
	atomic_set_release(&h->loaded, NULL);
}

void vcpu_load(struct vcpu *v)
{
	struct vcpu_hart *h = vcpu_hart_this();

	vcpu_put(h);
	guest_load(&v->guest);
	atomic_set(&h->loaded, v);
}

void vcpu_unload(struct vcpu *v)
{
	struct vcpu_hart *h = &vcpu_harts[v->hart];

	if (h == vcpu_hart_this()) {
		if (atomic_read(&h->loaded) == v)
			vcpu_put(h);
		return;
	}
	while (atomic_read_acquire(&h->loaded) == v) {
		/* The owner idles or waits for a lock, and unloads what does not run either way. */
		ipi_send(v->hart);
		spin_relax();
	}
}

__attribute__((cold)) void vcpu_unload_stopped(void)
{
	struct vcpu_hart *h = vcpu_hart_this();
	const struct vcpu *v = atomic_read(&h->loaded);

	if (v != NULL && !vm_runnable(v->run))
		vcpu_put(h);
}

/* --- making a hart look ----------------------------------------------------------------------- */

void vcpu_wake_hart(u32 index)
{
	struct vcpu_hart *h = &vcpu_harts[index];
	const struct vcpu *v;

	atomic_set(&h->woken, 1U);
	if (h == vcpu_hart_this()) {
		/* Between two guests this hart looks again by itself. */
		v = atomic_read(&h->loaded);
		if (v == NULL || atomic_read(&v->mode) == (u32)VCPU_OUT)
			return;
	}
	ipi_send(index);
}

bool vcpu_hart_woken(void)
{
	struct vcpu_hart *h = vcpu_hart_this();

	return atomic_read(&h->woken) != 0U && atomic_xchg(&h->woken, 0U) != 0U;
}

/*
 * @v is OUT, and what wakes it and `woken` were written before a full barrier. The owner clears
 * `later`, executes a full barrier, and looks: where it is seen set here, that look is yet to come.
 */
static void vcpu_wake_owner(const struct vcpu *v)
{
	if (atomic_read(&v->later) == 0U)
		vcpu_wake_hart(v->hart);
}

/*
 * Whatever wakes @v was written before. Release: a look that begins by seeing `woken` sees that
 * too. The full barrier comes before the caller's look at `later`, which pairs with that of
 * sched_look_anew(), and at the mode, which pairs with that between mode = IN and the look at the
 * requests in sched_run().
 */
static void vcpu_mark_woken(struct vcpu *v)
{
	atomic_set_release(&v->woken, 1U);
	smp_mb();
}

void vcpu_wake(struct vcpu *v)
{
	vcpu_mark_woken(v);
	vcpu_wake_owner(v);
}

void vcpu_kick(struct vcpu *v)
{
	vcpu_mark_woken(v);
	if (atomic_read(&v->mode) == (u32)VCPU_IN)
		ipi_send(v->hart);
	else
		vcpu_wake_owner(v);
}

/* --- life ------------------------------------------------------------------------------------- */

__attribute__((cold)) void vcpu_reset(struct vcpu *v)
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
	vcpu_enter_anew(v);
	atomic_set_release(&v->hsm, (u32)VCPU_STOPPED);
}

__attribute__((cold)) int vcpu_start(struct vcpu *v, u64 pc, u64 opaque)
{
	u32 stopped = VCPU_STOPPED;

	/* The claim keeps a second starter away from start_pc, and the owner from reading it. */
	if (!atomic_cas(&v->hsm, &stopped, (u32)VCPU_CLAIMED))
		return CLV_ERR_STATE;
	v->start_pc = pc;
	v->start_opaque = opaque;
	/* Release pairs with the acquire in vcpu_prepare(). */
	atomic_set_release(&v->hsm, (u32)VCPU_START_PENDING);
	vcpu_kick(v);
	return CLV_OK;
}

/* Registers of a vCPU that HSM starts, or that comes out of a non-retentive suspend. */
static void vcpu_init_guest(struct vcpu *v)
{
	vcpu_unload(v);
	guest_init(&v->guest, v->start_pc, v->id, v->start_opaque);
	v->irq_shown = 0;
}

/*
 * SBI 2.0, HSM hart_suspend, lays down satp, SIE, a0 and a1 after a non-retentive suspend, and
 * nothing else. Pending interrupts, and what wakes the hart, are kept, as firmware does it.
 */
static void vcpu_resume_guest(struct vcpu *v)
{
	struct guest_csrs old;

	vcpu_unload(v);
	old = v->guest.csr;
	vcpu_init_guest(v);
	v->guest.csr.vsie = old.vsie;
	v->guest.csr.vstimecmp = old.vstimecmp;
	if ((old.hvip & GUEST_IRQ_SOFT) != 0U)
		atomic_set(&v->irq_soft, 1U);
}

void vcpu_prepare(struct vcpu *v)
{
	u32 hsm = atomic_read_acquire(&v->hsm);

	if (hsm == (u32)VCPU_START_PENDING) {
		vcpu_init_guest(v);
	} else if (v->suspend_jump) {
		vcpu_resume_guest(v);
		v->suspend_jump = false;
	}
	atomic_set(&v->waiting, false);
	if (hsm != (u32)VCPU_STOP_PENDING)
		atomic_set_release(&v->hsm, (u32)VCPU_STARTED);
}

/* --- interrupts ------------------------------------------------------------------------------- */

/*
 * The interrupts of @v have changed: show them to it, or have its owner do so. A vCPU that is OUT,
 * and does not wait for an interrupt, is shown them when it enters, so nobody is disturbed. If it
 * begins to wait at this very moment, its owner looks for interrupts once more, after a full
 * barrier (ipi_acknowledge() in hart_main()). One of the two sees the other.
 */
static void vcpu_irq_changed(struct vcpu *v)
{
	if (v == vcpu_current() && atomic_read(&v->mode) == (u32)VCPU_IN) {
		vcpu_deliver(v);
		return;
	}
	vcpu_mark_woken(v);
	if (atomic_read(&v->mode) == (u32)VCPU_IN)
		ipi_send(v->hart);
	else if (atomic_read(&v->waiting))
		vcpu_wake_owner(v);
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
	 * A running vCPU is shown a withdrawal as well: while its hvip still has the interrupt
	 * pending, it would take it for nothing over and over.
	 */
	if (((old & irq) == irq) != on)
		vcpu_irq_changed(v);
}

void vcpu_irq_soft(struct vcpu *v)
{
	if (atomic_xchg(&v->irq_soft, 1U) == 0U)
		vcpu_irq_changed(v);
}

/* --- timer ------------------------------------------------------------------------------------ */

/* Host time of guest time @value, which lies ahead of @guest_now; at most TIMER_NEVER - 1. */
static u64 vcpu_host_deadline(u64 now, u64 guest_now, u64 value)
{
	u64 wait = value - guest_now;

	return wait >= TIMER_NEVER - now ? TIMER_NEVER - 1U : now + wait;
}

/*
 * Without Sstc: work out when the timer fires, and whether its interrupt is pending, from the
 * deadline and the guest's time.
 */
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

void vcpu_set_deadline(struct vcpu *v, u64 value)
{
	v->deadline = value;
	vcpu_aim_timer(v);
	vcpu_deliver(v);
}

void vcpu_check_timer(struct vcpu *v, u64 now)
{
	if (v->timer > now)
		return;
	v->timer = TIMER_NEVER;
	(void)atomic_or(&v->irq_level, GUEST_IRQ_TIMER);
}

__attribute__((cold)) void vcpu_set_time_offset(struct vcpu *v, u64 offset)
{
	guest_set_time_offset(&v->guest, offset);
	if (!features.sstc)
		vcpu_aim_timer(v);
}
