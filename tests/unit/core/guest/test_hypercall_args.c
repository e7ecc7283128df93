/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom a hypercall may work on, and which buffers it takes (core/guest/hypercall_args.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/guest/hypercall_args.c"

#define VMS 3U

static struct config_partition plain = { .manager = false };
static struct config_partition manager = { .manager = true };
static struct vm vms[VMS];
static struct vcpu vcpu;

u32 vm_count(void)
{
	return VMS;
}

struct vm *vm_get(u32 id)
{
	assert_true(id < VMS);
	return &vms[id];
}

void flush_remote(struct space *sp, const struct flush_batch *b)
{
	(void)sp;
	(void)b;
}

static int begin(void **state)
{
	(void)state;
	memset(vms, 0, sizeof(vms));
	memset(&vcpu, 0, sizeof(vcpu));
	for (u32 i = 0; i < VMS; i++)
		vms[i].id = i;
	vcpu.vm = &vms[1];
	return 0;
}

static int target(const struct config_partition *caller, u64 id)
{
	struct vm *vm = NULL;
	int err;

	vms[1].cfg = caller;
	vcpu.guest.x[10] = id;
	err = hypercall_target(&vcpu, &vm);
	if (err == CLV_OK)
		assert_ptr_equal(vm, id == CLEAVE_VM_SELF ? &vms[1] : &vms[id]);
	return err;
}

/* Who may not ask is told the same of VMs that there are and of those that there are not. */
static void test_whom_a_call_works_on(void **state)
{
	static const u64 others[] = { 0, 2, VMS, VMS + 1U, UINT64_C(1) << 32, UINT64_MAX - 1U };

	(void)state;
	assert_int_equal(target(&plain, CLEAVE_VM_SELF), CLV_OK);
	assert_int_equal(target(&plain, 1), CLV_OK);
	for (u32 i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(target(&plain, others[i]), CLV_ERR_DENIED);
	assert_int_equal(target(&manager, 0), CLV_OK);
	assert_int_equal(target(&manager, 1), CLV_OK);
	assert_int_equal(target(&manager, 2), CLV_OK);
	assert_int_equal(target(&manager, VMS), CLV_ERR_NOTFOUND);
	assert_int_equal(target(&manager, UINT64_C(1) << 32), CLV_ERR_NOTFOUND);
}

static int buffer(u64 lo, u64 hi, u64 len)
{
	gpa_t gpa;

	vcpu.guest.x[11] = lo;
	vcpu.guest.x[12] = hi;
	return hypercall_buffer(&vcpu, 1, len, 8, &gpa);
}

/* Its memory is one region of 2 MiB at 2 GiB. */
static void test_which_buffers_it_takes(void **state)
{
	struct region *r = &vms[1].space.region[0];

	(void)state;
	region_fill(r, GPA(GIB(2)), MIB(2), HPA(GIB(4)), GSTAGE_PTE_RWX);
	r->kind = REGION_MEMORY;
	vms[1].space.nr_regions = 1;
	assert_int_equal(buffer(GIB(2), 0, 8), CLV_OK);
	assert_int_equal(buffer(GIB(2) + MIB(2) - 8U, 0, 8), CLV_OK);
	assert_int_equal(buffer(GIB(2) + MIB(2) - 8U, 0, 9), CLV_ERR_RANGE);
	assert_int_equal(buffer(GIB(2) - 8U, 0, 16), CLV_ERR_RANGE);
	assert_int_equal(buffer(GIB(2), 1, 8), CLV_ERR_RANGE);
	assert_int_equal(buffer(GIB(2) + 4U, 0, 8), CLV_ERR_RANGE);
	/* No bytes need no place. */
	assert_int_equal(buffer(1, 1, 0), CLV_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_whom_a_call_works_on, begin),
		cmocka_unit_test_setup(test_which_buffers_it_takes, begin),
	};

	return cmocka_run_group_tests_name("hypercall_args", tests, NULL, NULL);
}
