/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: a hart's life after boot.
 *
 * Each hart has a list of its vCPUs and runs them in turns. It never moves a vCPU to another hart, and never takes a tick for
 * its own sake: the timer is set for the end of a time slice only while another vCPU waits for the hart, and for the
 * deadlines of those that wait.
 *
 * There is no lock here. The lists are made at boot, before sched_start(), and stay as they are; the
 * fields marked "owner" are touched by the hart itself only.
 */
#include "core/run/sched.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/guest.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/timer.h"
#include "core/console/console.h"
#include "core/machine/irq.h"
#include "core/run/ipi.h"
#include "core/run/tlb.h"

#define SCHED_POLL_HZ  100U   /* of console_input() where the UART has no interrupt */
#define SCHED_BRAKE_US 20000U /* a braked VM is held for a part of each such period */

/**
 * struct sched_hart - @vcpus: list through sched_next, made at boot;
 * @loaded: whose registers the hart holds, atomic, written by the owner; @wanted: choose again, atomic;
 * @turns: taken on it so far, owner; @last_vm: which VM was loaded last, owner
 */
struct sched_hart {
	struct vcpu *vcpus;
	u32 wanted;
	struct vcpu *loaded;
	u64 turns;
	const struct vm_run *last_vm;
	u64 slice_end; /* owner; host time, TIMER_NEVER: nobody else waits */
	u64 wake_at;   /* owner; host time at which the first waiting vCPU has to be looked at */
	u64 poll_at;   /* owner; host time of the next console poll */
	u64 armed;     /* owner; what the hart's timer is set to */
} __attribute__((aligned(64)));

static struct sched_hart sched_harts[CONFIG_MAX_HARTS];
static u32 sched_started; /* atomic */

static struct sched_hart *sched_this(void)
{
	return &sched_harts[hart_this()->index];
}

/* --- from outside --------------------------------------------------------------------------------------------------- */

int sched_add(struct vcpu *v)
{
	struct sched_hart *s;

	if (v->hart >= hart_count())
		return CLV_ERR_INVAL;
	s = &sched_harts[v->hart];
	v->sched_next = s->vcpus;
	s->vcpus = v;
	return CLV_OK;
}

void sched_wake(u32 index)
{
	const struct vcpu *v;

	atomic_set(&sched_harts[index].wanted, 1U);
	if (index == hart_this()->index) {
		/* Between guests this hart chooses again of itself. */
		v = sched_loaded();
		if (v == NULL || atomic_read(&v->mode) == (u32)VCPU_OUT)
			return;
	}
	ipi_send(index);
}

void sched_start(void)
{
	atomic_set_release(&sched_started, 1U);
	for (u32 i = 0; i < hart_count(); i++) {
		if (i != hart_this()->index && atomic_read_acquire(&hart_get(i)->online) != 0U)
			sched_wake(i);
	}
}

bool sched_wanted(void)
{
	struct sched_hart *s = sched_this();

	return atomic_read(&s->wanted) != 0U && atomic_xchg(&s->wanted, 0U) != 0U;
}

/* --- registers ------------------------------------------------------------------------------------------------------ */

struct vcpu *sched_loaded(void)
{
	return atomic_read(&sched_this()->loaded);
}

static void sched_put(struct sched_hart *s)
{
	struct vcpu *v = atomic_read(&s->loaded);

	if (v == NULL)
		return;
	guest_put(&v->guest);
	/* Release: whoever reads NULL here sees the registers in v->guest. */
	atomic_set_release(&s->loaded, NULL);
}

void sched_unload_stopped(void)
{
	struct sched_hart *s = sched_this();
	struct vcpu *v = atomic_read(&s->loaded);

	if (v != NULL && !vm_runnable(v->run))
		sched_put(s);
}

void sched_unload(struct vcpu *v)
{
	struct sched_hart *s = &sched_harts[v->hart];

	if (s == sched_this()) {
		if (atomic_read(&s->loaded) == v)
			sched_put(s);
		return;
	}
	while (atomic_read_acquire(&s->loaded) == v) {
		/* The owner idles or waits for a lock; either way it unloads what does not run. */
		ipi_send(v->hart);
		spin_relax();
	}
}

/*
 * Translations of the VS-stage carry the VMID, which all vCPUs of a VM share, and an ASID, which may mean another thing on
 * each of them. What was cached for one must not be used by another. Where two VMs share a VMID, neither stage may survive.
 */
static void sched_fence_switch(struct sched_hart *s, struct vcpu *v)
{
	struct vm_run *r = v->run;
	bool reused = r->vmid_shared && s->last_vm != r;

	if (reused)
		tlb_flush_gstage_all();
	if (reused || r->last_on[v->hart] != v)
		tlb_flush_vs(r->vmid);
	r->last_on[v->hart] = v;
	s->last_vm = r;
}

static void sched_switch(struct sched_hart *s, struct vcpu *v)
{
	if (atomic_read(&s->loaded) == v)
		return;
	sched_put(s);
	guest_load(&v->guest);
	sched_fence_switch(s, v);
	atomic_set(&s->loaded, v);
}

/* Registers of a vCPU that HSM starts or that comes out of a non-retentive suspend. */
static void sched_init_guest(struct sched_hart *s, struct vcpu *v)
{
	if (atomic_read(&s->loaded) == v)
		sched_put(s);
	guest_init(&v->guest, v->start_pc, v->id, v->start_opaque);
	v->irq_shown = 0;
}

/*
 * SBI 2.0, HSM hart_suspend: nothing but satp, SIE, a0 and a1 is laid down after a non-retentive suspend. Interrupts that are
 * pending and what wakes the hart are kept, as firmware does it.
 */
static void sched_resume_guest(struct sched_hart *s, struct vcpu *v)
{
	struct guest_csrs old;

	if (atomic_read(&s->loaded) == v)
		sched_put(s);
	old = v->guest.csr;
	sched_init_guest(s, v);
	v->guest.csr.vsie = old.vsie;
	v->guest.csr.vstimecmp = old.vstimecmp;
	if ((old.hvip & GUEST_IRQ_SOFT) != 0U)
		atomic_set(&v->irq_soft, 1U);
}

/* --- choosing ------------------------------------------------------------------------------------------------------- */

/* Host time at which a waiting vCPU's timer fires */
static u64 sched_deadline(const struct vcpu *v)
{
	return features.sstc ? guest_timer_deadline(&v->guest) : v->timer;
}

/* Would WFI come back? As it looks at interrupts: enabled in vsie, whatever sstatus.SIE says. */
static bool sched_irq_pending(const struct vcpu *v, u64 now)
{
	u64 irqs = vcpu_irqs(v);

	if (v->timer <= now)
		irqs |= GUEST_IRQ_TIMER;
	return guest_irq_pending(&v->guest, irqs);
}

static bool sched_alive(const struct vcpu *v)
{
	return vm_runnable(v->run) && atomic_read(&v->blocked) == 0U;
}

static bool sched_runnable(const struct vcpu *v, u64 now)
{
	switch (atomic_read_acquire(&v->hsm)) {
	case VCPU_STARTED:
	case VCPU_SUSPENDED:
		return !atomic_read(&v->waiting) || sched_irq_pending(v, now);
	case VCPU_START_PENDING:
	case VCPU_STOP_PENDING:
		return true;
	default:
		return false;
	}
}

/*
 * Does the brake of @v's VM hold it now? The periods are those of the host's time, so that all vCPUs of a VM are held at once, and
 * none waits busily for another that is held.
 * @edge: out, host time behind @now at which that changes; TIMER_NEVER without a brake
 */
static bool sched_held(const struct vcpu *v, u64 now, u64 *edge)
{
	u32 brake = atomic_read(&v->run->brake);
	u64 period;
	u64 hold;
	u64 phase;

	*edge = TIMER_NEVER;
	if (brake == 0U)
		return false;
	period = timer_frequency() * SCHED_BRAKE_US / 1000000U;
	hold = period * brake / 100U;
	phase = now % period;
	*edge = now - phase + (phase < hold ? hold : period);
	return phase < hold;
}

/* May @v run at @now? Its hart looks again at s->wake_at if it may not, or not for long. */
static bool sched_ready(struct sched_hart *s, const struct vcpu *v, u64 now)
{
	u64 at;
	bool held;

	if (!sched_alive(v))
		return false;
	held = sched_held(v, now, &at);
	s->wake_at = MIN(s->wake_at, at);
	if (held)
		return false;
	if (sched_runnable(v, now))
		return true;
	if (atomic_read(&v->waiting)) {
		at = sched_deadline(v);
		if (at > now)
			s->wake_at = MIN(s->wake_at, at);
	}
	return false;
}

/*
 * Choose the vCPU whose last turn is longest ago, so that none that is ready now and then is passed over for ever. Note whether
 * others wait for the hart, and when the first of the waiting has to be looked at again. A deadline that is past and woke nobody is
 * masked by the guest: it must not keep the hart awake.
 * @more: the hypervisor itself has work to do on this hart, and waits for it as another vCPU would.
 */
static struct vcpu *sched_choose(struct sched_hart *s, u64 now, bool more)
{
	struct vcpu *next = NULL;
	u32 runnable = 0;

	s->wake_at = TIMER_NEVER;
	for (struct vcpu *v = s->vcpus; v != NULL; v = v->sched_next) {
		if (!sched_ready(s, v, now))
			continue;
		runnable++;
		if (next == NULL || v->turn < next->turn)
			next = v;
	}
	s->slice_end = TIMER_NEVER;
	if (runnable > 1U || more)
		s->slice_end = now + timer_frequency() * CONFIG_TIME_SLICE_US / 1000000U;
	return next;
}

/* --- the timer ------------------------------------------------------------------------------------------------------ */

/* The hart's timer costs a call to the firmware where there is no Sstc: set it only when it changes. */
static void sched_set_timer(struct sched_hart *s, u64 deadline)
{
	if (deadline == s->armed)
		return;
	s->armed = deadline;
	timer_set(deadline);
}

void sched_arm(void)
{
	struct sched_hart *s = sched_this();
	const struct vcpu *v = atomic_read(&s->loaded);
	u64 deadline = MIN(MIN(s->slice_end, s->wake_at), s->poll_at);

	/* Without Sstc the running vCPU's own timer is the hart's; v->timer is TIMER_NEVER else. */
	if (v != NULL && atomic_read(&v->mode) == (u32)VCPU_IN)
		deadline = MIN(deadline, v->timer);
	sched_set_timer(s, deadline);
}

static void sched_poll(struct sched_hart *s, u64 now)
{
	if (now < s->poll_at)
		return;
	console_input();
	s->poll_at = console_needs_poll() ? now + timer_frequency() / SCHED_POLL_HZ : TIMER_NEVER;
}

void console_start_polling(void)
{
	struct sched_hart *s = sched_this();

	if (s->poll_at != TIMER_NEVER)
		return;
	s->poll_at = timer_now() + timer_frequency() / SCHED_POLL_HZ;
	sched_arm();
}

bool sched_timer(struct vcpu *v)
{
	struct sched_hart *s = sched_this();
	u64 now = timer_now();

	s->armed = 0; /* it has fired: whatever comes next is set again */
	sched_poll(s, now);
	vcpu_check_timer(v, now);
	vcpu_deliver(v);
	if (now >= s->slice_end || now >= s->wake_at)
		return true;
	sched_arm();
	return false;
}

/* --- running -------------------------------------------------------------------------------------------------------- */

/* Bring @v, which is IN, from whatever state it waited in to one that guest_run() can go on from. */
static void sched_prepare(struct sched_hart *s, struct vcpu *v)
{
	u32 hsm = atomic_read_acquire(&v->hsm);

	if (hsm == (u32)VCPU_START_PENDING) {
		sched_init_guest(s, v);
	} else if (v->suspend_jump) {
		sched_resume_guest(s, v);
		v->suspend_jump = false;
	}
	atomic_set(&v->waiting, false);
	sched_switch(s, v);
	vcpu_check_timer(v, timer_now());
	if (hsm != (u32)VCPU_STOP_PENDING)
		atomic_set_release(&v->hsm, (u32)VCPU_STARTED);
}

static bool sched_all_stopped(const struct vm_run *vm)
{
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		if (atomic_read_acquire(&vm->vcpu[i]->hsm) != (u32)VCPU_STOPPED)
			return false;
	}
	return true;
}

/*
 * HSM hart_stop of @v, which is OUT. A VM none of whose vCPUs will ever run again is stopped, as if it had shut down: nothing in
 * it could start one.
 */
static void sched_stop_vcpu(struct sched_hart *s, struct vcpu *v)
{
	if (atomic_read(&s->loaded) == v)
		sched_put(s);
	atomic_set_release(&v->hsm, (u32)VCPU_STOPPED);
	smp_mb(); /* of two that stop at once, at least one sees the other stopped */
	/* Paused meanwhile, it must not be forgotten: nothing else looks at this again. Whether it still runs, vm_end() decides. */
	if (sched_all_stopped(v->run))
		vm_all_stopped(v->vm);
}

static void sched_run(struct sched_hart *s, struct vcpu *v)
{
	bool stopping;

	atomic_set(&v->mode, (u32)VCPU_IN);
	smp_mb(); /* IN before the look at anything that others ask for; vcpu.h */
	/* Look again: since it was chosen, the VM may have been paused, or even reset and started anew. */
	if (sched_alive(v) && sched_runnable(v, timer_now())) {
		sched_prepare(s, v);
		guest_trap_wfi(&v->guest, s->slice_end != TIMER_NEVER);
		stopping = atomic_read(&v->hsm) == (u32)VCPU_STOP_PENDING;
		if (!ipi_serve() && !stopping) {
			sched_arm();
			tlb_check_enter(v);
			guest_run(&v->guest);
		}
	}
	sched_unload_stopped();
	/* Release: who sees OUT sees all that the vCPU did. */
	atomic_set_release(&v->mode, (u32)VCPU_OUT);
	/* In a VM that was paused meanwhile it stays STOP_PENDING, and is looked at again when the VM runs. */
	if (atomic_read(&v->hsm) == (u32)VCPU_STOP_PENDING && vm_runnable(v->run))
		sched_stop_vcpu(s, v);
	v->turn = ++s->turns;
}

/* Wait for any interrupt, and deal with what no vCPU is needed for. */
static void sched_idle(struct sched_hart *s)
{
	const struct vcpu *v = atomic_read(&s->loaded);
	u64 irqs;
	u64 edge;

	/*
	 * WFI looks at a loaded guest's interrupts too: one that waits in a hypercall, or is held, would keep the hart awake
	 * with them.
	 */
	if (v != NULL && (!sched_alive(v) || sched_held(v, timer_now(), &edge)))
		sched_put(s);
	sched_arm();
	hart_wait();
	irqs = hart_irqs_pending();
	if ((irqs & BIT64(HART_IRQ_TIMER)) != 0U) {
		sched_set_timer(s, TIMER_NEVER);
		sched_poll(s, timer_now());
	}
	if ((irqs & BIT64(HART_IRQ_EXT)) != 0U)
		irq_handle();
}

void hart_main(struct hart *h)
{
	struct sched_hart *s = &sched_harts[h->index];

	s->slice_end = TIMER_NEVER;
	s->wake_at = TIMER_NEVER;
	s->poll_at = TIMER_NEVER;
	sched_set_timer(s, TIMER_NEVER);
	atomic_set_release(&h->online, 1U);
	while (atomic_read_acquire(&sched_started) == 0U) {
		ipi_acknowledge();
		if (atomic_read_acquire(&sched_started) == 0U)
			sched_idle(s);
	}
	if (h->index == 0U && console_needs_poll())
		s->poll_at = timer_now();
	for (;;) {
		struct vcpu *v;
		bool more;

		ipi_acknowledge();    /* a full barrier: see vcpu_irq_changed() */
		(void)sched_wanted(); /* what asked for it is looked at below */
		sched_unload_stopped();
		more = vm_work(h->index);
		v = sched_choose(s, timer_now(), more);
		if (v != NULL)
			sched_run(s, v);
		else if (!more)
			sched_idle(s);
	}
}
