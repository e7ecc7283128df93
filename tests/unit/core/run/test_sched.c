/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a wake is taken for, by when it comes: before the look of the vCPU's hart, in the midst of
 * it, or while the vCPU runs. And times that are shorter than a tick of the machine's timer, and
 * the console beside a restart.
 *
 * Three vCPUs share the hart. Two of them want it; the third waits for an interrupt.
 *
 * Then brakes, windows of a plan and the guards before their ends, and what a hart forgets when it
 * goes from one vCPU to another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/run/sched.c"
#include "tests/unit/core/run/no_timer.h"

#define MHZ   UINT64_C(1000000)
#define SLICE UINT64_C(1000) /* ticks */

enum {
	FIRST,
	SECOND,
	WAITS,
	NR
};

struct features features = { .sstc = true };

static struct hart hart;
static struct vm_run run = { .state = CLEAVE_VM_RUNNING, .cpu_weight = 100, .nr_vcpus = NR };
/* The second partition, of the tests of windows; its number is no vCPU's */
static struct vm_run other;
static struct schedule_count count;
static struct schedule_window next_window; /* what schedule_look() finds */
static struct vcpu vcpu[NR];
static struct sched_hart *s;
static u64 now;
static u64 frequency;
static u64 timer;	  /* what the hart's timer is set to */
static u32 served;	  /* how often the console was served */
static bool wake_in_look; /* another hart wakes the vCPU that waits just after it was looked at */
static bool wake_in_run;  /* and this, while it runs */
static u32 flushed_g;	  /* how often all of the G-stage was flushed */
static u32 flushed_vs;

/* As vcpu_wake() and vcpu_kick() do */
static void wake(struct vcpu *v)
{
	atomic_set_release(&v->woken, 1U);
}

/* --- what is called --------------------------------------------------------------------------- */

u64 timer_now(void)
{
	return now;
}

u64 timer_frequency(void)
{
	return frequency;
}

void timer_set(u64 deadline)
{
	timer = deadline;
}

struct hart *hart_this(void)
{
	return &hart;
}

u32 hart_count(void)
{
	return 1;
}

struct hart *hart_get(u32 index)
{
	assert_int_equal(index, 0);
	return &hart;
}

u64 hart_irqs_pending(void)
{
	return now >= timer ? BIT64(HART_IRQ_TIMER) : 0U;
}

void hart_wait(void)
{
	fail();
}

bool guest_irq_pending(const struct guest *g, u64 extra)
{
	(void)g;
	if (wake_in_look)
		wake(&vcpu[WAITS]);
	return extra != 0U;
}

void guest_run(struct guest *g)
{
	assert_ptr_equal(g, &vcpu[WAITS].guest);
	if (wake_in_run)
		wake(&vcpu[WAITS]);
	vcpu[WAITS].waiting = true;
}

struct vcpu *vcpu_current(void)
{
	return NULL;
}

void vcpu_load(struct vcpu *v)
{
	(void)v;
}

void vcpu_unload(struct vcpu *v)
{
	(void)v;
}

void vcpu_unload_stopped(void)
{
}

void vcpu_prepare(struct vcpu *v)
{
	v->waiting = false;
}

void vcpu_check_timer(struct vcpu *v, u64 at)
{
	(void)v;
	(void)at;
}

void vcpu_deliver(struct vcpu *v)
{
	(void)v;
}

void vcpu_set_deadline(struct vcpu *v, u64 value)
{
	(void)v;
	(void)value;
}

bool vcpu_hart_woken(void)
{
	return false;
}

void vcpu_wake_hart(u32 index)
{
	(void)index;
}

bool request_serve(void)
{
	return false;
}

void ipi_acknowledge(void)
{
}

void irq_handle(u32 index)
{
	(void)index;
}

u64 console_serve(void)
{
	served++;
	return now + SLICE;
}

void tlb_flush_gstage_all(void)
{
	flushed_g++;
}

void tlb_flush_vs(u16 vmid)
{
	(void)vmid;
	flushed_vs++;
}

#ifdef CONFIG_DEBUG
void tlb_check_enter(const struct vcpu *v)
{
	(void)v;
}
#endif

void schedule_start(u64 at)
{
	(void)at;
}

void schedule_look(u32 index, u64 at, struct schedule_window *out)
{
	assert_int_equal(index, hart.index);
	assert_int_equal(at, now);
	assert_int_not_equal(next_window.end, 0);
	*out = next_window;
}

void vm_restart_step(const struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu[FIRST]);
	now += SLICE / 2U;
}

void vm_all_stopped(struct vm *vm)
{
	(void)vm;
	fail();
}

/* --- tests ------------------------------------------------------------------------------------ */

static int setup(void **state)
{
	(void)state;
	memset(vcpu, 0, sizeof(vcpu));
	memset(sched_harts, 0, sizeof(sched_harts));
	s = &sched_harts[0];
	now = 1000 * SLICE;
	frequency = 10 * MHZ;
	timer = TIMER_NEVER;
	served = 0;
	wake_in_look = false;
	wake_in_run = false;
	features.sstc = true;
	run.brake = 0;
	memset(run.last_on, 0, sizeof(run.last_on));
	s->window.end = TIMER_NEVER;
	s->guard_at = TIMER_NEVER;
	s->poll_at = TIMER_NEVER;
	s->fair[SCHED_WEIGHTS].slice = SLICE;
	s->mark = now;
	for (u32 i = 0; i < NR; i++) {
		vcpu[i].run = &run;
		vcpu[i].id = i;
		vcpu[i].hsm = VCPU_STARTED;
		vcpu[i].timer = TIMER_NEVER;
		vcpu[i].waiting = i == (u32)WAITS;
		run.vcpu[i] = &vcpu[i];
		assert_int_equal(sched_add(&vcpu[i]), CLV_OK);
		/* The one that waits has used less than the others: it would be chosen. */
		vcpu[i].fair[SCHED_WEIGHTS].tag = i == (u32)WAITS ? 0U : 1U;
	}
	return 0;
}

static void choose_another(void)
{
	const struct vcpu *next = sched_choose(s, now);

	assert_true(next == &vcpu[FIRST] || next == &vcpu[SECOND]);
	assert_int_equal(s->slice_end, now + SLICE);
}

static void test_woken_in_the_look(void **state)
{
	(void)state;
	wake_in_look = true;
	choose_another();
	/* The look has missed it: the one that wakes it must interrupt the hart. */
	assert_int_equal(vcpu[WAITS].later, 0);
	/* The next look sees that it was for nothing. */
	wake_in_look = false;
	choose_another();
	assert_int_equal(vcpu[WAITS].later, 1);
}

static void test_no_such_hart(void **state)
{
	struct vcpu lost = { .run = &run, .hart = 1 };

	(void)state;
	assert_int_equal(sched_add(&lost), CLV_ERR_INVAL);
	assert_ptr_equal(s->vcpus, &vcpu[WAITS]);
}

static void test_woken_for_nothing(void **state)
{
	(void)state;
	choose_another();
	assert_int_equal(vcpu[WAITS].later, 0);
	wake(&vcpu[WAITS]);
	choose_another();
	assert_int_equal(vcpu[WAITS].later, 1);
	/* Whatever wakes it until its hart looks by itself is not worth an interrupt. */
	wake(&vcpu[WAITS]);
	choose_another();
	assert_int_equal(vcpu[WAITS].later, 1);
	/* The look after that finds that nobody has woken it. */
	choose_another();
	assert_int_equal(vcpu[WAITS].later, 0);
}

/* A vCPU that waits for an event, and one of a VM that does not run, are not chosen. */
static void test_who_may_not_run(void **state)
{
	(void)state;
	vcpu[FIRST].blocked = 1;
	for (u32 i = 0; i < 3U; i++)
		assert_ptr_equal(sched_choose(s, now), &vcpu[SECOND]);
	vcpu[FIRST].blocked = 0;
	vcpu[SECOND].blocked = 1;
	assert_ptr_equal(sched_choose(s, now), &vcpu[FIRST]);
	run.state = CLEAVE_VM_PAUSED;
	assert_null(sched_choose(s, now));
	run.state = CLEAVE_VM_RUNNING;
}

static void test_interrupted_while_it_ran(void **state)
{
	(void)state;
	vcpu[WAITS].waiting = false;
	wake_in_run = true;
	assert_ptr_equal(sched_choose(s, now), &vcpu[WAITS]);
	sched_run(s, &vcpu[WAITS]);
	assert_true(vcpu[WAITS].waiting);
	vcpu[FIRST].fair[SCHED_WEIGHTS].tag += FAIR_WEIGHT_MAX;
	vcpu[SECOND].fair[SCHED_WEIGHTS].tag += FAIR_WEIGHT_MAX;
	choose_another();
	/* What came while it ran did not wake it, so the next wake is worth an interrupt. */
	assert_int_equal(vcpu[WAITS].later, 0);
}

static void test_slow_timer(void **state)
{
	static const u64 hz[] = { 1, 49, 10000, 32768, 66666 };
	u64 edge;

	(void)state;
	run.brake = 50;
	for (size_t i = 0; i < ARRAY_SIZE(hz); i++) {
		frequency = hz[i];
		assert_int_equal(sched_us(SCHED_KEEP_US), 1);
		(void)sched_held(&vcpu[FIRST], now, &edge);
		assert_true(edge > now);
	}
	frequency = 10 * MHZ;
	assert_int_equal(sched_us(SCHED_KEEP_US), 150);
}

/* The console wants to be served after each slice's time, and a step takes half of that. */
static void test_console_beside_a_restart(void **state)
{
	(void)state;
	s->poll_at = now + SLICE;
	for (u32 steps = 0; steps < 20U; steps++)
		sched_restart(s, &vcpu[FIRST]);
	assert_int_equal(served, 10);
	/* It is as well where the timer is set. */
	s->armed = 0;
	sched_set_timer(s, now);
	for (u32 steps = 0; steps < 20U; steps++)
		sched_restart(s, &vcpu[FIRST]);
	assert_int_equal(served, 20);
}

/* --- brakes, windows, guards ------------------------------------------------------------------ */

#define OWNER 7U
#define GUARD SLICE /* SCHED_GUARD_US, in ticks */

/* A window of the second partition, which has vCPU SECOND, has just begun. */
static int setup_window(void **state)
{
	(void)setup(state);
	features.sstc = false;
	memset(&count, 0, sizeof(count));
	other = (struct vm_run){ .id = OWNER, .state = CLEAVE_VM_RUNNING, .cpu_weight = 100 };
	vcpu[SECOND].run = &other;
	vcpu[SECOND].id = 0;
	s->window = (struct schedule_window){ .planned = true, .owner = OWNER, .count = &count };
	s->window.start = now;
	s->window.end = now + 10U * SLICE;
	s->fair[SCHED_WINDOW].slice = SLICE;
	next_window.end = 0;
	return 0;
}

static void test_a_brake_holds_its_part(void **state)
{
	const u64 period = 20000U * 10U; /* ticks */

	(void)state;
	assert_int_equal(now % period, 0);
	run.brake = 10;
	assert_null(sched_choose(s, now));
	assert_int_equal(s->wake_at, now + period / 10U);
	assert_null(sched_choose(s, now + period / 10U - 1U));
	assert_non_null(sched_choose(s, now + period / 10U));
	assert_int_equal(s->wake_at, now + period);
}

static void test_a_window_is_its_owner_s(void **state)
{
	(void)state;
	/* The one that has used the least has no part in it. */
	vcpu[SECOND].fair[SCHED_WEIGHTS].tag = 5;
	assert_ptr_equal(sched_choose(s, now), &vcpu[SECOND]);
	assert_int_equal(vcpu[FIRST].later, 1);
	/* What the owner leaves goes to nobody, or to all. */
	vcpu[SECOND].waiting = true;
	assert_null(sched_choose(s, now));
	assert_int_equal(vcpu[FIRST].later, 1);
	assert_int_equal(vcpu[SECOND].later, 0);
	s->window.share = true;
	assert_ptr_equal(sched_choose(s, now), &vcpu[FIRST]);
	assert_int_equal(s->class, SCHED_WEIGHTS);
	/* A vCPU of the owner that waits may be woken at any moment. */
	vcpu[SECOND].waiting = false;
	vcpu[WAITS].run = &other;
	assert_ptr_equal(sched_choose(s, now), &vcpu[SECOND]);
	assert_int_equal(vcpu[FIRST].later, 1);
	assert_int_equal(vcpu[WAITS].later, 0);
}

static void test_nothing_long_begins_in_the_guard(void **state)
{
	u64 end = s->window.end;

	(void)state;
	assert_ptr_equal(sched_choose(s, now), &vcpu[SECOND]);
	assert_int_equal(s->guard_at, end - GUARD);
	assert_true(vcpu[SECOND].guarded);
	now = end - GUARD - 1U;
	assert_false(sched_defer(&vcpu[SECOND]));
	assert_int_equal(console_serve_later(), 0);
	now = end - GUARD;
	assert_true(sched_defer(&vcpu[SECOND]));
	assert_int_equal(vcpu[SECOND].held_until, end);
	assert_int_equal(console_serve_later(), end + 200U);
	/* It is held until then, and its hart looks again. */
	assert_null(sched_choose(s, now));
	assert_int_equal(s->wake_at, end);
	/* Half of a short window is left for what is long. */
	s->window.end = s->window.start + GUARD;
	vcpu[SECOND].held_until = 0;
	now = s->window.start;
	(void)sched_choose(s, now);
	assert_int_equal(s->guard_at, s->window.start + GUARD / 2U);
}

static void test_a_restart_waits_in_the_guard(void **state)
{
	(void)state;
	other.state = CLEAVE_VM_PAUSED;
	other.restarting = VM_RESTART_ALL;
	assert_ptr_equal(sched_choose(s, now), &vcpu[SECOND]);
	now = s->window.end - GUARD;
	assert_null(sched_choose(s, now));
}

static void test_an_owner_ends_what_others_have(void **state)
{
	u64 end = s->window.end;

	(void)state;
	s->window.share = true;
	vcpu[SECOND].waiting = true;
	vcpu[SECOND].timer = now + 4U * SLICE;
	assert_ptr_equal(sched_choose(s, now), &vcpu[FIRST]);
	assert_int_equal(s->guard_at, vcpu[SECOND].timer - GUARD);
	assert_int_equal(s->guard_end, vcpu[SECOND].timer);
	/* Of two guards, the one that begins first counts. */
	now = end - GUARD / 2U;
	vcpu[SECOND].timer = end - 10U;
	(void)sched_choose(s, now);
	assert_int_equal(s->guard_at, end - GUARD);
	assert_int_equal(s->guard_end, end);
	/* Nobody is kept on the hart beyond the owner's deadline. */
	now = s->window.start;
	vcpu[SECOND].timer = now + 50U;
	vcpu[FIRST].fair[SCHED_WEIGHTS].used = 10;
	s->last = &vcpu[WAITS];
	assert_ptr_equal(sched_choose(s, now), &vcpu[FIRST]);
	assert_int_equal(s->slice_end, now + sched_us(SCHED_KEEP_US));
	assert_int_equal(s->wake_at, now + 50U);
}

static void test_a_window_begins(void **state)
{
	(void)state;
	next_window = s->window;
	next_window.start += 10U * SLICE;
	next_window.end += 10U * SLICE;
	vcpu[WAITS].run = &other;
	vcpu[SECOND].fair[SCHED_WINDOW].tag = 500;
	vcpu[WAITS].fair[SCHED_WINDOW].tag = 300;
	s->fair[SCHED_WINDOW].least = 1000;
	now = s->window.end - 1U;
	sched_enter_window(s, now);
	assert_int_equal(s->fair[SCHED_WINDOW].least, 1000);
	now = s->window.end + sched_us(SCHEDULE_LATE_US);
	sched_enter_window(s, now);
	assert_int_equal(s->window.end, next_window.end);
	assert_int_equal(s->fair[SCHED_WINDOW].least, 300);
	assert_int_equal(count.overruns, 0);
	assert_int_equal(count.over_max, sched_us(SCHEDULE_LATE_US));
	next_window.end += 10U * SLICE;
	now = s->window.end + sched_us(SCHEDULE_LATE_US) + 1U;
	sched_enter_window(s, now);
	assert_int_equal(count.overruns, 1);
}

static void expect_flushes(struct vcpu *v, u32 g, u32 vs)
{
	flushed_g = 0;
	flushed_vs = 0;
	sched_flush_switch(s, v);
	assert_int_equal(flushed_g, g);
	assert_int_equal(flushed_vs, vs);
	assert_ptr_equal(v->run->last_on[v->hart], v);
}

static void test_what_a_hart_forgets_between_vcpus(void **state)
{
	(void)state;
	expect_flushes(&vcpu[FIRST], 0, 1);
	expect_flushes(&vcpu[FIRST], 0, 0);
	expect_flushes(&vcpu[WAITS], 0, 1);
	/* With VMIDs of their own, nothing of another VM is in the way. */
	expect_flushes(&vcpu[SECOND], 0, 1);
	expect_flushes(&vcpu[WAITS], 0, 0);
	/* Each hart has its own last one. */
	vcpu[WAITS].hart = 1;
	expect_flushes(&vcpu[WAITS], 0, 1);
	/* Two VMs with one VMID */
	run.vmid_shared = true;
	other.vmid_shared = true;
	expect_flushes(&vcpu[SECOND], 1, 1);
	expect_flushes(&vcpu[SECOND], 0, 0);
	expect_flushes(&vcpu[WAITS], 1, 1);
	run.vmid_shared = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_woken_in_the_look, setup),
		cmocka_unit_test_setup(test_woken_for_nothing, setup),
		cmocka_unit_test_setup(test_no_such_hart, setup),
		cmocka_unit_test_setup(test_interrupted_while_it_ran, setup),
		cmocka_unit_test_setup(test_who_may_not_run, setup),
		cmocka_unit_test_setup(test_slow_timer, setup),
		cmocka_unit_test_setup(test_console_beside_a_restart, setup),
		cmocka_unit_test_setup(test_a_brake_holds_its_part, setup),
		cmocka_unit_test_setup(test_a_window_is_its_owner_s, setup_window),
		cmocka_unit_test_setup(test_nothing_long_begins_in_the_guard, setup_window),
		cmocka_unit_test_setup(test_a_restart_waits_in_the_guard, setup_window),
		cmocka_unit_test_setup(test_an_owner_ends_what_others_have, setup_window),
		cmocka_unit_test_setup(test_a_window_begins, setup_window),
		cmocka_unit_test_setup(test_what_a_hart_forgets_between_vcpus, setup_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
