/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs and VMIDs (core/run/vcpu.c, core/vm/vmid.c): what a reset leaves, what a non-retentive
 * suspend keeps, and which VMIDs are given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/run/vcpu.c"
#include "core/vm/vmid.c"

#define NOW UINT64_C(1000)

struct features features;

static struct hart hart;
static struct vm_run run;
static struct vcpu v;
static u32 vms;
static u64 level; /* what the loaded guest is shown */
static u32 softs;

/* --- what is called --------------------------------------------------------------------------- */

struct hart *hart_this(void)
{
	return &hart;
}

u64 timer_now(void)
{
	return NOW;
}

void guest_load(struct guest *g)
{
	(void)g;
}

/* What the hart holds differs from what memory has. */
void guest_put(struct guest *g)
{
	g->csr.vsscratch = 77;
}

void guest_init(struct guest *g, u64 pc, u64 a0, u64 a1)
{
	memset(g, 0, sizeof(*g));
	g->pc = pc;
	(void)a0;
	(void)a1;
}

void guest_set_time_offset(struct guest *g, u64 offset)
{
	g->time_offset = offset;
}

void guest_irq_level(struct guest *g, u64 irqs)
{
	(void)g;
	level = irqs;
}

void guest_irq_soft(struct guest *g)
{
	(void)g;
	softs++;
}

void ipi_send(u32 index)
{
	(void)index;
	fail();
}

void spin_relax(void)
{
	fail();
}

u32 vm_count(void)
{
	return vms;
}

#ifdef CONFIG_DEBUG
void tlb_new_life(struct vm_run *vm)
{
	(void)vm;
}
#endif

/* --- tests ------------------------------------------------------------------------------------ */

static int setup(void **state)
{
	(void)state;
	memset(&v, 0, sizeof(v));
	memset(vcpu_harts, 0, sizeof(vcpu_harts));
	run = (struct vm_run){ .state = CLEAVE_VM_RUNNING, .nr_vcpus = 1, .vcpu = { &v } };
	features = (struct features){ .sstc = false, .vmid_bits = 14 };
	v.run = &run;
	v.hsm = VCPU_STOPPED;
	v.timer = TIMER_NEVER;
	v.deadline = UINT64_MAX;
	level = 0;
	softs = 0;
	return 0;
}

/* Start it, and let it enter. */
static void start(u64 pc)
{
	assert_int_equal(vcpu_start(&v, pc, 0), CLV_OK);
	vcpu_prepare(&v);
	vcpu_load(&v);
	vcpu_deliver(&v);
	assert_int_equal(v.guest.pc, pc);
}

static void test_a_reset_leaves_nothing(void **state)
{
	(void)state;
	start(0x1000);
	v.tlb_seen = 5;
	/* In a non-retentive suspend, with all that can be pending */
	v.suspend_jump = true;
	v.waiting = true;
	v.blocked = 1;
	vcpu_set_deadline(&v, NOW + 500U);
	vcpu_irq_level(&v, GUEST_IRQ_EXT, true);
	vcpu_irq_soft(&v);
	vcpu_deliver(&v);
	assert_int_equal(level, GUEST_IRQ_EXT);
	assert_int_equal(softs, 1);
	v.irq_soft = 1;
	v.flush.kind = FLUSH_REQ_ALL;
	v.flush_posted = 3;
	vcpu_reset(&v);
	assert_null(vcpu_current());
	assert_int_equal(v.guest.csr.vsscratch, 77);
	assert_int_equal(v.hsm, VCPU_STOPPED);
	assert_int_equal(v.tlb_seen, 0);
	assert_int_equal(v.blocked, 0);
	assert_int_equal(v.waiting, 0);
	assert_int_equal(v.flush.kind, 0);
	assert_int_equal(v.flush_done, 3);
	assert_int_equal(vcpu_irqs(&v), 0);
	/* No deadline of the old life comes back with the new one's time. */
	assert_int_equal(v.timer, TIMER_NEVER);
	vcpu_set_time_offset(&v, 0);
	assert_int_equal(v.timer, TIMER_NEVER);
	/* What is raised anew is shown to the new registers. */
	level = 0;
	vcpu_irq_level(&v, GUEST_IRQ_EXT, true);
	start(0x2000);
	assert_int_equal(level, GUEST_IRQ_EXT);
	assert_int_equal(softs, 1);
	/* And it is sent to its start once. */
	v.guest.pc = 0x2468;
	vcpu_prepare(&v);
	assert_int_equal(v.guest.pc, 0x2468);
}

/* A reset before the first entry shows a level that the new life has, too. */
static void test_a_reset_forgets_what_was_shown(void **state)
{
	(void)state;
	start(0x1000);
	vcpu_irq_level(&v, GUEST_IRQ_EXT, true);
	vcpu_deliver(&v);
	vcpu_reset(&v);
	assert_int_equal(v.irq_shown, 0);
}

static void test_a_suspend_keeps_what_wakes_it(void **state)
{
	(void)state;
	start(0x1000);
	v.guest.csr.vsie = 0x222;
	v.guest.csr.vstimecmp = 4711;
	v.guest.csr.vsepc = 1;
	v.guest.csr.hvip = GUEST_IRQ_SOFT;
	v.start_pc = 0x3000;
	v.suspend_jump = true;
	vcpu_prepare(&v);
	assert_int_equal(v.guest.pc, 0x3000);
	assert_int_equal(v.guest.csr.vsepc, 0);
	assert_int_equal(v.guest.csr.vsie, 0x222);
	assert_int_equal(v.guest.csr.vstimecmp, 4711);
	assert_int_equal(v.irq_soft, 1);
	assert_false(v.suspend_jump);
	/* Where none was pending, none is made. */
	v.irq_soft = 0;
	v.guest.csr.hvip = 0;
	v.suspend_jump = true;
	vcpu_prepare(&v);
	assert_int_equal(v.irq_soft, 0);
}

/* 0 goes to no VM where there is another one, and none is wider than the harts' field. */
static void test_vmids(void **state)
{
	static struct vm vm[20];

	(void)state;
	for (u32 bits = 0; bits <= 4U; bits++) {
		u32 most = (1U << bits) - 1U;

		features.vmid_bits = bits;
		for (vms = 1; vms <= ARRAY_SIZE(vm); vms++) {
			u32 users[16] = { 0 };
			bool shared = false;

			for (u32 i = 0; i < vms; i++) {
				vm[i].id = i;
				vm[i].run.tlb_gen = 0;
				vmid_assign(&vm[i]);
				assert_true(vm[i].run.vmid <= most);
				assert_true(vm[i].run.vmid != 0U || most == 0U);
				assert_int_not_equal(vm[i].run.tlb_gen, 0);
				users[vm[i].run.vmid]++;
				shared = shared || users[vm[i].run.vmid] > 1U;
			}
			for (u32 i = 0; i < vms; i++)
				assert_int_equal(vm[i].run.vmid_shared, shared);
		}
	}
	/* A count that goes on from an earlier life stays. */
	vm[0].run.tlb_gen = 9;
	vmid_assign(&vm[0]);
	assert_int_equal(vm[0].run.tlb_gen, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_reset_leaves_nothing, setup),
		cmocka_unit_test_setup(test_a_reset_forgets_what_was_shown, setup),
		cmocka_unit_test_setup(test_a_suspend_keeps_what_wakes_it, setup),
		cmocka_unit_test_setup(test_vmids, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
