/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart serves while it waits (core/run/request.c): fences for a vCPU that is IN, its
 * registers for somebody who wants those of one that is not, and interrupts of the machine only
 * where its caller may be interrupted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/run/request.c"
#include "tests/unit/core/notes.h"

static struct hart hart;
static struct vm_run run;
static struct vcpu vcpu;
static struct vcpu *current;
static u64 pending;
static bool woken;

/* --- what is called --------------------------------------------------------------------------- */

struct hart *hart_this(void)
{
	return &hart;
}

struct vcpu *vcpu_current(void)
{
	return current;
}

void hart_pause(void)
{
	note('p');
}

u64 hart_irqs_pending(void)
{
	return pending;
}

void irq_handle(u32 index)
{
	assert_int_equal(index, hart.index);
	note('i');
}

void ipi_acknowledge(void)
{
	note('a');
}

void shootdown_serve(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	note('S');
}

void shootdown_serve_some(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	note('s');
}

void vcpu_deliver(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	note('d');
}

void vcpu_unload_stopped(void)
{
	note('u');
}

bool vcpu_hart_woken(void)
{
	return woken;
}

/* --- tests ------------------------------------------------------------------------------------ */

static int setup(void **state)
{
	(void)state;
	run.state = CLEAVE_VM_RUNNING;
	vcpu = (struct vcpu){ .run = &run, .mode = VCPU_IN };
	hart.index = 3;
	current = &vcpu;
	pending = 0;
	woken = false;
	notes_done[0] = '\0';
	return 0;
}

static void test_a_hart_that_waits(void **state)
{
	(void)state;
	spin_relax();
	expect("sp");
	vcpu.mode = VCPU_OUT;
	spin_relax();
	expect("up");
	current = NULL;
	spin_relax();
	expect("p");
	/* With a lock held, nothing of the machine is served; without, all of it is (T2). */
	pending = BIT64(HART_IRQ_EXT);
	spin_relax();
	expect("p");
	request_wait();
	expect("pi");
	pending = BIT64(HART_IRQ_TIMER);
	request_wait();
	expect("p");
}

/* Return: true sends the vCPU off the hart. The interrupt is acknowledged before the look. */
static void test_a_hart_that_is_asked(void **state)
{
	(void)state;
	assert_false(request_serve());
	expect("aSd");
	run.state = CLEAVE_VM_PAUSED;
	assert_true(request_serve());
	expect("aSd");
	vcpu.mode = VCPU_OUT;
	assert_false(request_serve());
	expect("a");
	woken = true;
	assert_true(request_serve());
	expect("a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_hart_that_waits, setup),
		cmocka_unit_test_setup(test_a_hart_that_is_asked, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
