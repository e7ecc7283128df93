/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: a hart's life after boot.
 *
 * Each hart has a list of its vCPUs and runs them by turns. On a hart that has windows in the plan
 * that runs (core/run/schedule.h), only the vCPUs of the window's partition have turns, and where
 * the plan says so, others have what these leave. Which one of several is next follows from the
 * time that each has used (core/run/fair/). The scheduler never moves a vCPU to another hart, and
 * never takes a tick for its own sake. It sets the timer for the end of a time slice, while another
 * vCPU waits for the hart, for the deadlines of the vCPUs that wait, and for the window's end.
 *
 * All of a hart's time but its idle time is charged to some vCPU. What the hypervisor does between
 * two turns is charged to the vCPU that caused it: to the one that gave the hart up, or to the one
 * for which another was interrupted.
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
#include "core/run/schedule.h"
#include "core/run/tlb.h"
#include "core/run/vcpu.h"

#define SCHED_BRAKE_US 20000U /* a braked VM is held for a part of each period of this length */

/*
 * One that was interrupted within its slice has the hart for so long when it gets it back, whoever
 * is woken meanwhile. So what its interruptions cost it is bounded, however many there are, and it
 * costs others no more than this.
 */
#define SCHED_KEEP_US 15U

/*
 * What may take long is not begun so short a time before a window's end: no call of more than a few
 * thousand instructions, and no step of a restart. It is more than 50,000 instructions take (T2).
 */
#define SCHED_GUARD_US 100U

/* From a window's beginning to the console's turn, so that the window's first one comes first */
#define SCHED_SERVE_AFTER_US 20U

/* What a vCPU's turn is charged to: struct vcpu's @fair, and struct sched_hart's */
enum sched_class {
	SCHED_WEIGHTS, /* a hart without a plan, and what windows leave */
	SCHED_WINDOW,  /* turns in the windows of the vCPU's partition */
};

/**
 * struct sched_hart - a hart's scheduling; times are host times, ticks
 * @vcpus: its vCPUs, linked through sched_next; made at boot
 * @fair: what they have used of the hart's time, by enum sched_class
 * @last_vm: the VM whose vCPU it loaded last
 * @window: where it is in its plan
 * @fresh: the window has begun, and nobody has had a turn in it
 * @guard_at: when the guard before @guard_end begins; TIMER_NEVER: there is none
 * @guard_end: the window's end, or a deadline of the owner's while others have its time
 * @slice_end: when the running vCPU's slice ends; TIMER_NEVER: nobody else waits for the hart
 * @wake_at: when to look again at the vCPUs that do not run
 * @owner_wake: while others have a window's time: when to look again at its owner's
 * @poll_at: when to serve the console next; TIMER_NEVER: there is no need
 * @armed: what the hart's timer is set to
 * @class: enum sched_class of the vCPU that was chosen last
 * @last: the vCPU that had the last turn; NULL: the hart has been idle since
 * @last_fair: what that turn was charged to
 * @mark: up to when the hart's time was charged
 */
struct sched_hart {
	struct vcpu *vcpus;
	struct fair_hart fair[2];
	const struct vm_run *last_vm;
	struct schedule_window window;
	bool fresh;
	u64 guard_at;
	u64 guard_end;
	u64 slice_end;
	u64 wake_at;
	u64 owner_wake;
	u64 poll_at;
	u64 armed;
	enum sched_class class;
	const struct vcpu *last;
	struct fair *last_fair;
	u64 mark;
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
	v->fair[SCHED_WEIGHTS].weight = v->run->cpu_weight;
	v->fair[SCHED_WINDOW].weight = v->run->cpu_weight;
	v->sched_next = s->vcpus;
	s->vcpus = v;
	return CLV_OK;
}

void sched_start(void)
{
	schedule_start(timer_now());
	atomic_set_release(&sched_started, 1U);
	for (u32 i = 0; i < hart_count(); i++) {
		if (i != hart_this()->index && atomic_read_acquire(&hart_get(i)->online) != 0U)
			vcpu_wake_hart(i);
	}
}

/* Ticks of @us microseconds, rounded up: where a tick is longer than that, it is one tick. */
static u64 sched_us(u64 us)
{
	return (timer_frequency() * us + 999999U) / 1000000U;
}

/* --- choosing --------------------------------------------------------------------------------- */

/* Host time at which a waiting vCPU's timer fires. */
static HINT_READ u64 sched_deadline(const struct vcpu *v)
{
	return features.sstc ? guest_timer_deadline(&v->guest) : v->timer;
}

/*
 * Would a WFI of @v come back? WFI looks at the interrupts that vsie enables, whatever sstatus.SIE
 * says.
 */
static HINT_READ bool sched_irq_pending(const struct vcpu *v, u64 now)
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
	period = sched_us(SCHED_BRAKE_US);
	hold = period * brake / 100U;
	phase = now % period;
	*edge = now - phase + (phase < hold ? hold : period);
	return phase < hold;
}

/* Does @v's hart owe a step of the restart of its VM? */
static bool sched_restarts(const struct vcpu *v)
{
	u32 who = atomic_read_acquire(&v->run->restarting);

	return who == (u32)VM_RESTART_ALL || (who == (u32)VM_RESTART_FIRST && v->id == 0U);
}

/* May @v run at @now? If not, or not for long, s->wake_at says when its hart looks again. */
static bool sched_ready(struct sched_hart *s, const struct vcpu *v, u64 now)
{
	u64 at = v->held_until;
	bool held = now < at;

	if (held)
		s->wake_at = MIN(s->wake_at, at);
	if (sched_restarts(v))
		return !held && now < s->guard_at;
	if (!sched_alive(v) || held)
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

/* Is the hart in a window of the partition of @v? */
static bool sched_owns(const struct sched_hart *s, const struct vcpu *v)
{
	return s->window.planned && v->run->id == s->window.owner;
}

/*
 * The look that is to come sees what others have written before they saw `later` set: the full
 * barrier pairs with that of vcpu_mark_woken(). What wakes a vCPU from now on counts for the look
 * after that: this one may have missed it.
 */
static void sched_look_anew(struct sched_hart *s)
{
	bool any = false;

	for (struct vcpu *v = s->vcpus; v != NULL; v = v->sched_next) {
		/* Acquire: the look sees what has woken it. */
		v->was_woken = atomic_read_acquire(&v->woken) != 0U;
		if (v->was_woken)
			atomic_set(&v->woken, 0U);
		if (v->later == 0U)
			continue;
		atomic_set(&v->later, 0U);
		any = true;
	}
	if (any)
		smp_mb();
}

/*
 * Of the vCPUs that may have this time, choose the one that has used the least, by its weight. Note
 * when to look again at those that are not ready. One that was interrupted within its slice goes on
 * with what is left of it, whoever ran in between.
 */
static struct vcpu *sched_look(struct sched_hart *s, enum sched_class class, u64 now)
{
	struct fair_hart *h = &s->fair[class];
	struct fair *next;

	s->class = class;
	s->wake_at = TIMER_NEVER;
	fair_look(h);
	for (struct vcpu *v = s->vcpus; v != NULL; v = v->sched_next) {
		if (class == SCHED_WINDOW && !sched_owns(s, v))
			continue;
		if (sched_ready(s, v, now))
			fair_wants(h, &v->fair[class]);
		else
			fair_rests(h, &v->fair[class]);
	}
	next = fair_choose(h);
	return next == NULL ? NULL : container_of(next - class, struct vcpu, fair[0]);
}

/* The guard before @end, of a time that began at @start. In a short time it is half of it. */
static void sched_guard(struct sched_hart *s, u64 start, u64 end)
{
	u64 at = end - MIN(sched_us(SCHED_GUARD_US), (end - start) / 2U);

	if (at >= s->guard_at)
		return;
	s->guard_at = at;
	s->guard_end = end;
}

/* Choose by the window that the hart is in. While others have its time, its owner may end that. */
static struct vcpu *sched_look_planned(struct sched_hart *s, u64 now)
{
	struct vcpu *next;

	sched_guard(s, s->window.start, s->window.end);
	next = sched_look(s, SCHED_WINDOW, now);
	if (next != NULL || !s->window.share)
		return next;
	s->owner_wake = s->wake_at;
	if (s->owner_wake < s->window.end)
		sched_guard(s, now, s->owner_wake);
	return sched_look(s, SCHED_WEIGHTS, now);
}

/* Is the time that was given away last not for @v, whatever wakes it? */
static bool sched_barred(const struct sched_hart *s, const struct vcpu *v)
{
	return s->window.planned && !sched_owns(s, v) &&
	       (!s->window.share || s->class == SCHED_WINDOW);
}

/*
 * Will @v, which does not have the hart, not have it before the next look, which comes by itself?
 * One that was woken before this look and is not ready could be woken for nothing again and again:
 * it waits for that look.
 * @next: of the vCPU that has the hart; NULL: none
 */
static bool sched_is_later(const struct sched_hart *s, const struct vcpu *v,
			   const struct fair *next, bool kept)
{
	if (sched_barred(s, v))
		return true;
	if (next == NULL || s->slice_end == TIMER_NEVER ||
	    (s->class == SCHED_WEIGHTS && sched_owns(s, v)))
		return false;
	return kept || v->was_woken || !fair_less(v->fair[s->class].tag, next->tag);
}

static void sched_set_later(struct sched_hart *s, const struct vcpu *next, bool kept)
{
	const struct fair *f = next == NULL ? NULL : &next->fair[s->class];

	for (struct vcpu *v = s->vcpus; v != NULL; v = v->sched_next) {
		if (v != next && sched_is_later(s, v, f, kept))
			atomic_set(&v->later, 1U);
	}
}

/* Set the end of @next's slice, and say of the others whether they are worth an interrupt. */
static void sched_set_slice(struct sched_hart *s, const struct vcpu *next, u64 now)
{
	const struct fair *f = next == NULL ? NULL : &next->fair[s->class];
	bool rivals = false;
	bool woken = false;
	bool kept;

	for (const struct vcpu *v = s->vcpus; v != NULL; v = v->sched_next) {
		if (v == next || sched_barred(s, v))
			continue;
		rivals = true;
		woken |= v->was_woken;
	}
	s->slice_end = TIMER_NEVER;
	if (f != NULL && (s->fair[s->class].wanted > 1U || woken))
		s->slice_end = now + fair_left(&s->fair[s->class], f);
	kept = rivals && f != NULL && f->used != 0U && s->last != NULL && s->last != next;
	if (kept) {
		s->slice_end = MIN(s->slice_end, now + sched_us(SCHED_KEEP_US));
		s->wake_at = MIN(MAX(s->wake_at, s->slice_end), s->owner_wake);
	}
	sched_set_later(s, next, kept);
}

/* Count that the window has been given to its partition, or to nobody where that does not want it.
 */
static void sched_begun(struct sched_hart *s, u64 now)
{
	struct schedule_count *c = s->window.count;
	u64 late = now - s->window.start;

	s->fresh = false;
	c->starts++;
	c->late += late;
	c->late_max = MAX(c->late_max, late);
}

/* Where a window has ended, go on to the next. */
static void sched_enter_window(struct sched_hart *s, u64 now)
{
	struct schedule_count *c = s->window.count;
	u64 over = now - s->window.end;
	bool first = true;

	if (now < s->window.end)
		return;
	if (c != NULL) {
		c->over_max = MAX(c->over_max, over);
		c->overruns += over > sched_us(SCHEDULE_LATE_US) ? 1U : 0U;
	}
	schedule_look(hart_this()->index, now, &s->window);
	s->fresh = s->window.count != NULL;
	for (struct vcpu *v = s->vcpus; v != NULL; v = v->sched_next) {
		if (!sched_owns(s, v))
			continue;
		fair_join(&s->fair[SCHED_WINDOW], &v->fair[SCHED_WINDOW], first);
		first = false;
	}
}

/* Return: the vCPU that has the hart next; NULL: none. */
static struct vcpu *sched_choose(struct sched_hart *s, u64 now)
{
	struct vcpu *next;

	sched_look_anew(s);
	sched_enter_window(s, now);
	s->guard_at = TIMER_NEVER;
	s->owner_wake = TIMER_NEVER;
	if (s->window.planned)
		next = sched_look_planned(s, now);
	else
		next = sched_look(s, SCHED_WEIGHTS, now);
	if (s->fresh && (next == NULL || s->class != SCHED_WINDOW))
		sched_begun(s, now);
	if (next != NULL)
		next->guarded = s->guard_at != TIMER_NEVER;
	sched_set_slice(s, next, now);
	return next;
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
	return MIN(MIN(s->slice_end, s->wake_at), MIN(s->poll_at, s->window.end));
}

/*
 * Set the timer for the next thing that is due while @v runs. Without Sstc its own timer is one of
 * them; with Sstc v->timer is TIMER_NEVER.
 */
static void sched_arm(struct sched_hart *s, const struct vcpu *v)
{
	sched_set_timer(s, MIN(sched_due(s), v->timer));
}

/*
 * The console takes as long as a call that is deferred. It is not served in the guard, nor where
 * the next window begins.
 */
u64 console_serve_later(void)
{
	const struct sched_hart *s = sched_this();

	return timer_now() < s->guard_at ? 0U : s->guard_end + sched_us(SCHED_SERVE_AFTER_US);
}

static void sched_poll(struct sched_hart *s, u64 now)
{
	u64 later;

	if (now < s->poll_at)
		return;
	later = console_serve_later();
	s->poll_at = later != 0U ? later : console_serve();
}

void console_serve_at(u64 at)
{
	struct sched_hart *s = sched_this();
	const struct vcpu *v = vcpu_current();

	if (s->poll_at == at)
		return;
	s->poll_at = at;
	sched_set_timer(s, MIN(sched_due(s), v != NULL ? v->timer : TIMER_NEVER));
}

bool sched_timer(struct vcpu *v)
{
	struct sched_hart *s = sched_this();
	u64 now = timer_now();

	s->armed = 0; /* it has fired: the next deadline is set whatever it is */
	if (now >= s->window.end)
		return true;
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

/*
 * A vCPU gets the hart now. If the last one has given it up, or has used its slice, the switch was
 * its doing. If it was interrupted, the switch is a part of the new one's turn.
 */
static void sched_turn_begin(struct sched_hart *s)
{
	u64 now = timer_now();

	if (s->fresh)
		sched_begun(s, now);
	if (s->last == NULL || s->last_fair->used != 0U)
		return;
	fair_pay(s->last_fair, now - s->mark);
	s->mark = now;
}

static void sched_turn_end(struct sched_hart *s, struct vcpu *v)
{
	u64 now = timer_now();
	u64 ticks = now - s->mark;
	struct schedule_count *c = s->window.count;

	s->last = v;
	s->last_fair = &v->fair[s->class];
	s->mark = now;
	fair_charge(&s->fair[s->class], s->last_fair, ticks);
	if (c != NULL)
		*(s->class == SCHED_WINDOW ? &c->used : &c->shared) += ticks;
}

/* Must a WFI of the vCPU that was chosen give the hart to others? */
static bool sched_wfi_yields(const struct sched_hart *s)
{
	return s->slice_end != TIMER_NEVER || (s->class == SCHED_WINDOW && s->window.share);
}

/* Give @v a turn. */
static void sched_run(struct sched_hart *s, struct vcpu *v)
{
	bool stopping;

	atomic_set(&v->mode, (u32)VCPU_IN);
	smp_mb(); /* IN before the look at anything that others ask for: vcpu.h */
	/* Look again: since @v was chosen, its VM may have been paused, or reset and started. */
	if (sched_alive(v) && sched_runnable(v, timer_now())) {
		vcpu_prepare(v);
		sched_switch(s, v);
		vcpu_check_timer(v, timer_now());
		guest_trap_wfi(&v->guest, sched_wfi_yields(s));
		stopping = atomic_read(&v->hsm) == (u32)VCPU_STOP_PENDING;
		if (!request_serve() && !stopping) {
			sched_arm(s, v);
			tlb_check_enter(v);
			sched_turn_begin(s);
			guest_run(&v->guest);
		}
	}
	sched_turn_end(s, v);
	vcpu_unload_stopped();
	atomic_set(&v->woken, 0U); /* what came while it was IN did not wake it */
	tlb_leave();
	/* Release: a hart that sees OUT sees all that the vCPU did. */
	atomic_set_release(&v->mode, (u32)VCPU_OUT);
	/* In a VM that was paused meanwhile it stays STOP_PENDING until the VM runs again. */
	if (atomic_read(&v->hsm) == (u32)VCPU_STOP_PENDING && vm_runnable(v->run))
		sched_stop_vcpu(v);
}

/*
 * Serve the interrupts that need no vCPU, and the console when it is due: between the steps of a
 * restart nobody sets the timer for it.
 */
static void sched_interrupts(struct sched_hart *s)
{
	u64 irqs = hart_irqs_pending();

	if ((irqs & BIT64(HART_IRQ_TIMER)) != 0U)
		sched_set_timer(s, TIMER_NEVER);
	sched_poll(s, timer_now());
	if ((irqs & BIT64(HART_IRQ_EXT)) != 0U)
		irq_handle(hart_this()->index);
}

/*
 * Have a step of the restart of its VM be a turn of @v, so that others have theirs as ever. Its
 * slice ends with the step: several VMs that restart go on side by side.
 */
static void sched_restart(struct sched_hart *s, struct vcpu *v)
{
	sched_turn_begin(s);
	vm_restart_step(v);
	sched_turn_end(s, v);
	fair_settle(&v->fair[s->class]);
	sched_interrupts(s); /* T2 */
}

/* Wait for an interrupt, and serve those that need no vCPU. */
static void sched_idle(struct sched_hart *s)
{
	struct vcpu *v = vcpu_current();
	u64 now = timer_now();
	u64 edge;

	/*
	 * The hart's WFI also looks at the interrupts of a loaded guest. They would keep the hart
	 * awake for a vCPU that waits in a hypercall, is held, or is not in its window.
	 */
	if (v != NULL && (!sched_alive(v) || sched_held(v, now, &edge) || now < v->held_until ||
			  sched_barred(s, v)))
		vcpu_unload(v);
	sched_set_timer(s, sched_due(s));
	hart_wait();
	sched_interrupts(s);
	s->last = NULL;
	s->mark = timer_now();
}

bool sched_defer_late(struct vcpu *v)
{
	const struct sched_hart *s = sched_this();

	if (timer_now() < s->guard_at)
		return false;
	v->held_until = s->guard_end;
	return true;
}

void hart_main(struct hart *h)
{
	struct sched_hart *s = &sched_harts[h->index];

	s->slice_end = TIMER_NEVER;
	s->wake_at = TIMER_NEVER;
	s->poll_at = TIMER_NEVER;
	s->window.end = TIMER_NEVER;
	s->guard_at = TIMER_NEVER;
	sched_set_timer(s, TIMER_NEVER);
	atomic_set_release(&h->online, 1U);
	while (atomic_read_acquire(&sched_started) == 0U) {
		ipi_acknowledge();
		if (atomic_read_acquire(&sched_started) == 0U)
			sched_idle(s);
	}
	s->fair[SCHED_WEIGHTS].slice = sched_us(CONFIG_TIME_SLICE_US);
	s->fair[SCHED_WINDOW].slice = s->fair[SCHED_WEIGHTS].slice;
	s->window.end = 0; /* the first look finds the window */
	s->mark = timer_now();
	if (h->index == 0U)
		s->poll_at = console_serve();
	for (;;) {
		struct vcpu *v;

		ipi_acknowledge();	 /* a full barrier: see vcpu_irq_changed() */
		(void)vcpu_hart_woken(); /* whatever asked for it is looked at below */
		vcpu_unload_stopped();
		/* A vCPU that is called off before it enters takes no interrupt (T2). */
		if ((hart_irqs_pending() & BIT64(HART_IRQ_EXT)) != 0U)
			irq_handle(h->index);
		v = sched_choose(s, timer_now());
		if (v == NULL)
			sched_idle(s);
		else if (sched_restarts(v))
			sched_restart(s, v);
		else
			sched_run(s, v);
	}
}
