/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which fences core/run/shootdown.c executes, and in which order, when a vCPU enters, when it is
 * asked while it runs, and after its memory was written by somebody else. The hart is a list of
 * letters: G and V for a fence of the G-stage and of the VS-stage of all addresses, I for FENCE.I.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/run/shootdown.c"

#define VMID 7U

static struct vm_run run;
static struct vcpu vcpu[2];
static struct space space;
static struct vcpu *current;
static char done[32];
static u32 ipis;

static void note(char what)
{
	size_t n = strlen(done);

	assert_true(n + 1U < sizeof(done));
	done[n] = what;
	done[n + 1U] = '\0';
}

/* --- the hart --------------------------------------------------------------------------------- */

void tlb_flush_gstage(u16 vmid)
{
	assert_int_equal(vmid, VMID);
	note('G');
}

void tlb_flush_vs(u16 vmid)
{
	assert_int_equal(vmid, VMID);
	note('V');
}

#ifdef CONFIG_DEBUG
void tlb_check_enter(const struct vcpu *v)
{
	(void)v;
}
#endif

void fence_instruction(void)
{
	note('I');
}

void fence_vvma_all(void)
{
	note('V');
}

void fence_vvma_asid(u16 asid)
{
	(void)asid;
}

void fence_vvma_page(u64 va)
{
	(void)va;
}

void fence_vvma_page_asid(u64 va, u16 asid)
{
	(void)va;
	(void)asid;
}

struct vcpu *vcpu_current(void)
{
	return current;
}

void hart_pause(void)
{
}

/* The other hart, when it is interrupted: it serves what it is asked for. */
void ipi_send(u32 hart)
{
	struct vcpu *here = current;

	ipis++;
	current = &vcpu[hart];
	shootdown_serve(current);
	current = here;
}

/* --- the tests -------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	run = (struct vm_run){ .vmid = VMID, .nr_vcpus = 2, .tlb_gen = 1 };
	for (u32 i = 0; i < 2U; i++) {
		vcpu[i].run = &run;
		vcpu[i].hart = i;
		run.vcpu[i] = &vcpu[i];
	}
	memset(&space, 0, sizeof(space));
	space.cfg.owner = &run;
	current = NULL;
	done[0] = '\0';
	ipis = 0;
	return 0;
}

static const char *enter(u32 i)
{
	done[0] = '\0';
	current = &vcpu[i];
	atomic_set(&vcpu[i].mode, (u32)VCPU_IN);
	shootdown_serve(&vcpu[i]);
	return done;
}

static void leave(u32 i)
{
	atomic_set(&vcpu[i].mode, (u32)VCPU_OUT);
	current = NULL;
}

static const char *flush(void)
{
	struct flush_batch b;

	flush_batch_init(&b);
	flush_batch_add(&b, GPA(0), PAGE_SIZE);
	done[0] = '\0';
	spin_lock(&space.lock);
	flush_remote(&space, &b);
	spin_unlock(&space.lock);
	return done;
}

static void test_the_first_entry(void **state)
{
	(void)state;
	assert_string_equal(enter(0), "GVI");
	leave(0);
	assert_string_equal(enter(0), "");
}

/* Tables may have been freed while it was out: both stages, the G-stage first. */
static void test_an_entry_after_a_flush(void **state)
{
	(void)state;
	(void)enter(0);
	leave(0);
	assert_string_equal(flush(), "");
	assert_int_equal(ipis, 0);
	assert_string_equal(enter(0), "GV");
	leave(0);
	assert_string_equal(enter(0), "");
}

static void test_many_flushes_cost_one_fence(void **state)
{
	(void)state;
	(void)enter(0);
	leave(0);
	for (u32 i = 0; i < 5U; i++)
		(void)flush();
	assert_string_equal(enter(0), "GV");
}

static void test_a_vcpu_that_runs_is_asked(void **state)
{
	(void)state;
	(void)enter(1);
	current = NULL;
	assert_string_equal(flush(), "GV");
	assert_int_equal(ipis, 1);
}

static void test_a_vcpu_flushes_for_itself(void **state)
{
	(void)state;
	(void)enter(0);
	assert_string_equal(flush(), "GV");
	assert_int_equal(ipis, 0);
}

static void test_an_entry_after_its_memory_was_written(void **state)
{
	(void)state;
	(void)enter(0);
	leave(0);
	vcpu_enter_anew(&vcpu[0]);
	assert_string_equal(enter(0), "GVI");
	leave(0);
	assert_string_equal(enter(0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_first_entry, begin),
		cmocka_unit_test_setup(test_an_entry_after_a_flush, begin),
		cmocka_unit_test_setup(test_many_flushes_cost_one_fence, begin),
		cmocka_unit_test_setup(test_a_vcpu_that_runs_is_asked, begin),
		cmocka_unit_test_setup(test_a_vcpu_flushes_for_itself, begin),
		cmocka_unit_test_setup(test_an_entry_after_its_memory_was_written, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
