/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: a hart's life after boot.
 *
 * Each hart has a list of its vCPUs and runs them by turns. Which one is next follows from the time
 * that each has used (core/run/fair/). The scheduler never moves a vCPU to another hart, and never
 * takes a tick for its own sake. It sets the timer for the end of a time slice, while another vCPU
 * waits for the hart, and for the deadlines of the vCPUs that wait.
 *
 * There is no lock here. The lists are made at boot, before sched_start(), and never change after
 * that. Everything else in struct sched_hart is read and written by the hart itself alone.
 */
#include "core/run/sched.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"
#include "core/console/console.h"
#include "core/machine/irq.h"
#include "core/run/ipi.h"
#include "core/run/request.h"
#include "core/run/tlb.h"
#include "core/run/vcpu.h"

#define SCHED_POLL_HZ  100U   /* of console_input() where the UART has no interrupt */
#define SCHED_STEP_US  100U   /* a vCPU's slice while a VM restarts: between two of its steps */
#define SCHED_BRAKE_US 20000U /* a braked VM is held for a part of each period of this length */

/**
 * struct sched_hart - a hart's scheduling; times are host times, ticks
 * @vcpus: its vCPUs, linked through sched_next; made at boot
 * @fair: what they have used of the hart's time
 * @last_vm: the VM whose vCPU it loaded last
 * @slice_end: when the running vCPU's slice ends; TIMER_NEVER: nobody else waits for the hart
 * @wake_at: when to look again at the vCPUs that do not run
 * @poll_at: when to poll the console next; TIMER_NEVER: there is no need
 * @armed: what the hart's timer is set to
 */
struct sched_hart {
	struct vcpu *vcpus;
	struct fair_hart fair;
	const struct vm_run *last_vm;
	u64 slice_end;
	u64 wake_at;
	u64 poll_at;
	u64 armed;
} __attribute__((aligned(64)));

static struct sched_hart sched_harts[CONFIG_MAX_HARTS];
static u32 sched_started; /* atomic */

static struct sched_hart *sched_this(void)
{
	return &sched_harts[hart_this()->index];
}

int sched_add(struct vcpu *v)
{
	struct sched_hart *s;

	if (v->hart >= hart_count())
		return CLV_ERR_INVAL;
	s = &sched_harts[v->hart];
	v->fair.weight = v->run->cpu_weight;
	v->sched_next = s->vcpus;
	s->vcpus = v;
	return CLV_OK;
}

void sched_start(void)
{
	atomic_set_release(&sched_started, 1U);
	for (u32 i = 0; i < hart_count(); i++) {
		if (i != hart_this()->index && atomic_read_acquire(&hart_get(i)->online) != 0U)
			vcpu_wake_hart(i);
	}
}

/* --- choosing --------------------------------------------------------------------------------- */

/* Host time at which a waiting vCPU's timer fires. */
static u64 sched_deadline(const struct vcpu *v)
{
	return features.sstc ? guest_timer_deadline(&v->guest) : v->timer;
}

/*
 * Would a WFI of @v come back? WFI looks at the interrupts that vsie enables, whatever sstatus.SIE
 * says.
 */
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
 * Does the brake of @v's VM hold it at @now? The periods are counted in host time: all vCPUs of a
 * VM are held at the same time, so that none spins on a lock whose holder is held.
 * @edge: out: host time after @now at which the answer changes; TIMER_NEVER without a brake
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

/* May @v run at @now? If not, or not for long, s->wake_at says when its hart looks again. */
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
		/*
		 * A deadline that is past and has woken nobody is masked by the guest: it must not
		 * keep the hart awake.
		 */
		at = sched_deadline(v);
		if (at > now)
			s->wake_at = MIN(s->wake_at, at);
	}
	return false;
}

/*
 * Choose the vCPU that has used the least, by its weight. Note whether others wait for the hart,
 * and when to look again at those that are not ready. One that was interrupted within its slice
 * goes on with what is left of it, whoever ran in between.
 * @more: the hypervisor has work to do on this hart itself, and waits for it as another vCPU would
 */
static struct vcpu *sched_choose(struct sched_hart *s, u64 now, bool more)
{
	struct fair *next;

	s->wake_at = TIMER_NEVER;
	fair_look(&s->fair);
	for (struct vcpu *v = s->vcpus; v != NULL; v = v->sched_next) {
		if (sched_ready(s, v, now))
			fair_wants(&s->fair, &v->fair);
		else
			fair_rests(&s->fair, &v->fair);
	}
	next = fair_choose(&s->fair);
	s->slice_end = TIMER_NEVER;
	if (next == NULL)
		return NULL;
	if (s->fair.wanted > 1U || more)
		s->slice_end = now + fair_left(&s->fair, next);
	return container_of(next, struct vcpu, fair);
}

/* --- the timer -------------------------------------------------------------------------------- */

/* Set the hart's timer, but only if it changes: without Sstc it costs a call to the firmware. */
static void sched_set_timer(struct sched_hart *s, u64 deadline)
{
	if (deadline == s->armed)
		return;
	s->armed = deadline;
	timer_set(deadline);
}

/* Host time of the first thing that is due on this hart, but for the running vCPU's own timer. */
static u64 sched_due(const struct sched_hart *s)
{
	return MIN(MIN(s->slice_end, s->wake_at), s->poll_at);
}

/*
 * Set the timer for the next thing that is due while @v runs. Without Sstc its own timer is one of
 * them; with Sstc v->timer is TIMER_NEVER.
 */
static void sched_arm(struct sched_hart *s, const struct vcpu *v)
{
	sched_set_timer(s, MIN(sched_due(s), v->timer));
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
	/* What was due before may come first. */
	sched_set_timer(s, MIN(s->armed, s->poll_at));
}

bool sched_timer(struct vcpu *v)
{
	struct sched_hart *s = sched_this();
	u64 now = timer_now();

	s->armed = 0; /* it has fired: the next deadline is set whatever it is */
	sched_poll(s, now);
	vcpu_check_timer(v, now);
	vcpu_deliver(v);
	if (now >= s->slice_end || now >= s->wake_at)
		return true;
	sched_arm(s, v);
	return false;
}

void sched_set_guest_timer(struct vcpu *v, u64 value)
{
	if (features.sstc) {
		guest_timer_set(&v->guest, value);
		return;
	}
	vcpu_set_deadline(v, value);
	sched_arm(sched_this(), v);
}

/* --- running ---------------------------------------------------------------------------------- */

/*
 * Translations of the VS-stage are tagged with the VMID, which all vCPUs of a VM share, and with an
 * ASID, which may mean something else on each of them: one vCPU must not use what was cached for
 * another. Where two VMs share a VMID, translations of neither stage may survive.
 */
static void sched_flush_switch(struct sched_hart *s, struct vcpu *v)
{
	struct vm_run *vm = v->run;
	bool reused = vm->vmid_shared && s->last_vm != vm;

	if (reused)
		tlb_flush_gstage_all();
	if (reused || vm->last_on[v->hart] != v)
		tlb_flush_vs(vm->vmid);
	vm->last_on[v->hart] = v;
	s->last_vm = vm;
}

static void sched_switch(struct sched_hart *s, struct vcpu *v)
{
	if (vcpu_current() == v)
		return;
	vcpu_load(v);
	sched_flush_switch(s, v);
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
 * HSM hart_stop of @v, which is OUT. When all vCPUs of a VM are stopped, nothing in it could start
 * one again: the VM is stopped, as if it had shut down.
 */
static void sched_stop_vcpu(struct vcpu *v)
{
	vcpu_unload(v);
	atomic_set_release(&v->hsm, (u32)VCPU_STOPPED);
	smp_mb(); /* of two that stop at the same time, at least one sees the other stopped */
	/*
	 * The VM may have been paused meanwhile. This is the last look at its vCPUs, so it must be
	 * reported all the same; vm_life_end() decides whether the VM still runs.
	 */
	if (sched_all_stopped(v->run))
		vm_all_stopped(v->vm);
}

/* Give @v, which was chosen at @now, a turn, and charge it for the time that it took. */
static void sched_run(struct sched_hart *s, struct vcpu *v, u64 now)
{
	bool stopping;

	atomic_set(&v->mode, (u32)VCPU_IN);
	smp_mb(); /* IN before the look at anything that others ask for: vcpu.h */
	/* Look again: since @v was chosen, its VM may have been paused, or reset and started. */
	if (sched_alive(v) && sched_runnable(v, timer_now())) {
		vcpu_prepare(v);
		sched_switch(s, v);
		vcpu_check_timer(v, timer_now());
		guest_trap_wfi(&v->guest, s->slice_end != TIMER_NEVER);
		stopping = atomic_read(&v->hsm) == (u32)VCPU_STOP_PENDING;
		if (!request_serve() && !stopping) {
			sched_arm(s, v);
			tlb_check_enter(v);
			guest_run(&v->guest);
		}
	}
	vcpu_unload_stopped();
	/* Release: a hart that sees OUT sees all that the vCPU did. */
	atomic_set_release(&v->mode, (u32)VCPU_OUT);
	/* In a VM that was paused meanwhile it stays STOP_PENDING until the VM runs again. */
	if (atomic_read(&v->hsm) == (u32)VCPU_STOP_PENDING && vm_runnable(v->run))
		sched_stop_vcpu(v);
	fair_charge(&s->fair, &v->fair, timer_now() - now);
}

/* Serve the interrupts that need no vCPU. */
static void sched_interrupts(struct sched_hart *s)
{
	u64 irqs = hart_irqs_pending();

	if ((irqs & BIT64(HART_IRQ_TIMER)) != 0U) {
		sched_set_timer(s, TIMER_NEVER);
		sched_poll(s, timer_now());
	}
	if ((irqs & BIT64(HART_IRQ_EXT)) != 0U)
		irq_handle();
}

/* Wait for an interrupt, and serve those that need no vCPU. */
static void sched_idle(struct sched_hart *s)
{
	struct vcpu *v = vcpu_current();
	u64 edge;

	/*
	 * The hart's WFI also looks at the interrupts of a loaded guest. They would keep the hart
	 * awake for a vCPU that waits in a hypercall or is held.
	 */
	if (v != NULL && (!sched_alive(v) || sched_held(v, timer_now(), &edge)))
		vcpu_unload(v);
	sched_set_timer(s, sched_due(s));
	hart_wait();
	sched_interrupts(s);
}

/*
 * A VM restarts here: a step was done, and more wait. The steps wait for their turn as a vCPU
 * would, but they are short, and so is the time between them.
 */
static void sched_after_step(struct sched_hart *s)
{
	u64 next = timer_now() + timer_frequency() * SCHED_STEP_US / 1000000U;

	s->slice_end = MIN(s->slice_end, next);
	sched_interrupts(s); /* T2 */
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
	s->fair.slice = timer_frequency() * CONFIG_TIME_SLICE_US / 1000000U;
	if (h->index == 0U && console_needs_poll())
		s->poll_at = timer_now();
	for (;;) {
		struct vcpu *v;
		bool more;
		u64 now;

		ipi_acknowledge();	 /* a full barrier: see vcpu_irq_changed() */
		(void)vcpu_hart_woken(); /* whatever asked for it is looked at below */
		vcpu_unload_stopped();
		more = vm_restart_step(h->index);
		now = timer_now();
		v = sched_choose(s, now, more);
		if (more)
			sched_after_step(s);
		if (v != NULL)
			sched_run(s, v, now);
		else if (!more)
			sched_idle(s);
	}
}
