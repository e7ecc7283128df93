/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What core/run/vcpu.c does with one vCPU's interrupts and its timer, and how its registers come
 * off a hart. The order in which other harts see it is test_run_order.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/run/vcpu.c"

#define NOW 1000U

struct features features;

static struct hart harts[2];
static u32 here; /* the hart that runs */
static struct vm_run run;
static struct vcpu v;
static u64 now;
static u64 shown;     /* the level that the guest sees */
static u32 soft;      /* how often it was shown a software interrupt */
static u32 put_count; /* how often its registers left the hart */
static u32 ipis;
static u32 pauses;
static bool unloads; /* the hart that is interrupted unloads */

/* --- the hart --------------------------------------------------------------------------------- */

struct hart *hart_this(void)
{
	return &harts[here];
}

u64 timer_now(void)
{
	return now;
}

/* The other hart, which is idle, wakes and unloads. */
void ipi_send(u32 index)
{
	u32 was = here;

	ipis++;
	here = index;
	if (unloads)
		vcpu_put(vcpu_hart_this());
	here = was;
}

/* Whoever waits here for ever is found by that. */
void spin_relax(void)
{
	assert_true(pauses++ < 10U);
}

void guest_init(struct guest *g, u64 pc, u64 a0, u64 a1)
{
	memset(g, 0, sizeof(*g));
	g->csr.vstimecmp = UINT64_MAX;
	g->pc = pc;
	g->x[10] = a0;
	g->x[11] = a1;
}

void guest_load(struct guest *g)
{
	(void)g;
}

void guest_put(struct guest *g)
{
	(void)g;
	put_count++;
}

void guest_irq_level(struct guest *g, u64 level)
{
	(void)g;
	shown = level;
}

void guest_irq_soft(struct guest *g)
{
	(void)g;
	soft++;
}

void guest_set_time_offset(struct guest *g, u64 offset)
{
	g->time_offset = offset;
}

/* --- the tests -------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	memset(&v, 0, sizeof(v));
	memset(vcpu_harts, 0, sizeof(vcpu_harts));
	run = (struct vm_run){ .state = CLEAVE_VM_RUNNING, .nr_vcpus = 1, .tlb_gen = 3 };
	v.run = &run;
	v.timer = TIMER_NEVER;
	v.deadline = UINT64_MAX;
	run.vcpu[0] = &v;
	now = NOW;
	shown = 0;
	soft = 0;
	put_count = 0;
	ipis = 0;
	pauses = 0;
	unloads = false;
	here = 0;
	harts[1].index = 1;
	return 0;
}

/* One that is asked to stop stays so until the scheduler has seen it. */
static void test_a_stop_that_is_pending(void **state)
{
	(void)state;
	v.hsm = VCPU_STOP_PENDING;
	vcpu_prepare(&v);
	assert_int_equal(v.hsm, VCPU_STOP_PENDING);
}

static void test_interrupts_are_shown(void **state)
{
	(void)state;
	vcpu_irq_level(&v, GUEST_IRQ_EXT, true);
	vcpu_deliver(&v);
	assert_int_equal(shown, GUEST_IRQ_EXT);
	/* A second one, and then the first goes, and then both are gone. */
	vcpu_irq_level(&v, GUEST_IRQ_TIMER, true);
	vcpu_deliver(&v);
	assert_int_equal(shown, GUEST_IRQ_EXT | GUEST_IRQ_TIMER);
	vcpu_irq_level(&v, GUEST_IRQ_EXT, false);
	vcpu_deliver(&v);
	assert_int_equal(shown, GUEST_IRQ_TIMER);
	vcpu_irq_level(&v, GUEST_IRQ_TIMER, false);
	vcpu_deliver(&v);
	assert_int_equal(shown, 0);
	/* What was shown and lowered is shown when it comes again. */
	vcpu_irq_level(&v, GUEST_IRQ_EXT, true);
	vcpu_deliver(&v);
	assert_int_equal(shown, GUEST_IRQ_EXT);
	assert_int_equal(soft, 0);
	/* A software interrupt is the guest's to clear: it is shown once. */
	vcpu_irq_soft(&v);
	vcpu_irq_soft(&v);
	vcpu_deliver(&v);
	vcpu_deliver(&v);
	assert_int_equal(soft, 1);
	vcpu_irq_soft(&v);
	vcpu_deliver(&v);
	assert_int_equal(soft, 2);
}

/* A hart without Sstc: SBI set_timer, in guest time */
static void test_a_timer(void **state)
{
	(void)state;
	v.guest.time_offset = 500;
	vcpu_set_deadline(&v, NOW + 500U + 10U);
	assert_int_equal(v.timer, NOW + 10U);
	assert_int_equal(shown, 0);
	vcpu_check_timer(&v, NOW + 9U);
	assert_int_equal(v.irq_level, 0);
	assert_int_equal(v.timer, NOW + 10U);
	/* At that tick it fires, once. */
	vcpu_check_timer(&v, NOW + 10U);
	assert_int_equal(v.irq_level, GUEST_IRQ_TIMER);
	assert_true(v.timer == TIMER_NEVER);
	vcpu_deliver(&v);
	assert_int_equal(shown, GUEST_IRQ_TIMER);
	/* The next deadline withdraws it; one of this tick, or before it, fires at once. */
	vcpu_set_deadline(&v, NOW + 500U + 1U);
	assert_int_equal(shown, 0);
	vcpu_set_deadline(&v, NOW + 500U);
	assert_int_equal(shown, GUEST_IRQ_TIMER);
	assert_true(v.timer == TIMER_NEVER);
	vcpu_set_deadline(&v, UINT64_MAX);
	assert_int_equal(shown, 0);
	assert_true(v.timer == TIMER_NEVER);
}

/* A deadline so far away that host time would wrap is the last tick that is not never. */
static void test_a_timer_far_away(void **state)
{
	(void)state;
	vcpu_set_deadline(&v, UINT64_MAX - 1U);
	assert_true(v.timer <= TIMER_NEVER - 1U && v.timer > UINT64_MAX / 2U);
	v.guest.time_offset = (u64)0 - 900U; /* the guest's time is behind */
	vcpu_set_deadline(&v, UINT64_MAX - 10U);
	assert_true(v.timer == TIMER_NEVER - 1U);
	assert_int_equal(shown, 0);
}

/* A pause has moved the guest's time: its timer fires that much later. */
static void test_time_moves(void **state)
{
	(void)state;
	vcpu_set_deadline(&v, NOW + 10U);
	assert_int_equal(v.timer, NOW + 10U);
	vcpu_set_time_offset(&v, (u64)0 - 5U);
	assert_int_equal(v.timer, NOW + 15U);
	vcpu_set_time_offset(&v, 10);
	assert_int_equal(v.irq_level, GUEST_IRQ_TIMER);
}

/* Only what does not run is unloaded while its hart waits. */
static void test_a_hart_that_waits(void **state)
{
	(void)state;
	vcpu_load(&v);
	vcpu_unload_stopped();
	assert_ptr_equal(vcpu_current(), &v);
	run.state = CLEAVE_VM_PAUSED;
	vcpu_unload_stopped();
	assert_null(vcpu_current());
	assert_int_equal(put_count, 1);
}

/* A hart that sleeps with the registers that somebody waits for is woken. */
static void test_registers_of_another_hart(void **state)
{
	(void)state;
	v.hart = 1;
	here = 1;
	vcpu_load(&v);
	here = 0;
	unloads = true;
	vcpu_unload(&v);
	assert_int_equal(ipis, 1);
	assert_int_equal(put_count, 1);
	vcpu_unload(&v);
	assert_int_equal(ipis, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_stop_that_is_pending, begin),
		cmocka_unit_test_setup(test_interrupts_are_shown, begin),
		cmocka_unit_test_setup(test_a_timer, begin),
		cmocka_unit_test_setup(test_a_timer_far_away, begin),
		cmocka_unit_test_setup(test_time_moves, begin),
		cmocka_unit_test_setup(test_a_hart_that_waits, begin),
		cmocka_unit_test_setup(test_registers_of_another_hart, begin),
	};

	return cmocka_run_group_tests_name("vcpu", tests, NULL, NULL);
}
