/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a wake is taken for, by when it comes: before the look of the vCPU's hart, in the midst of
 * it, or while the vCPU runs. And times that are shorter than a tick of the machine's timer, and
 * the console beside a restart.
 *
 * Three vCPUs share the hart. Two of them want it; the third waits for an interrupt.
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
static struct vcpu vcpu[NR];
static struct sched_hart *s;
static u64 now;
static u64 frequency;
static u64 timer;	  /* what the hart's timer is set to */
static u32 served;	  /* how often the console was served */
static bool wake_in_look; /* another hart wakes the vCPU that waits just after it was looked at */
static bool wake_in_run;  /* and this, while it runs */

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
	(void)extra;
	assert_ptr_equal(g, &vcpu[WAITS].guest);
	if (wake_in_look)
		wake(&vcpu[WAITS]);
	return false;
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
}

void tlb_flush_vs(u16 vmid)
{
	(void)vmid;
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
	(void)index;
	(void)at;
	(void)out;
	fail();
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
	run.brake = 0;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_woken_in_the_look, setup),
		cmocka_unit_test_setup(test_woken_for_nothing, setup),
		cmocka_unit_test_setup(test_interrupted_while_it_ran, setup),
		cmocka_unit_test_setup(test_slow_timer, setup),
		cmocka_unit_test_setup(test_console_beside_a_restart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
