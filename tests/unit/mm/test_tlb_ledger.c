/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ledger of what a TLB may hold (mm/tlb_ledger.h): it reports what is missing, and nothing
 * else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mm/tlb_ledger.h"

static const int vm_a, vm_b, vcpu_0, vcpu_1;

static struct tlb_ledger book;

static int empty_book(void **state)
{
	(void)state;
	memset(&book, 0, sizeof(book));
	return 0;
}

static const char *enter(u16 vmid, const int *vm, const int *vcpu, u64 seen)
{
	return tlb_ledger_enter(&book, vmid, vm, vcpu, seen, 0);
}

static void test_one_vcpu_comes_and_goes(void **state)
{
	(void)state;
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	tlb_ledger_gvma(&book, 1);
	tlb_ledger_vvma(&book, 1);
	assert_null(enter(1, &vm_a, &vcpu_0, 7));
}

static void test_acknowledged_without_a_fence(void **state)
{
	(void)state;
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	assert_non_null(strstr(enter(1, &vm_a, &vcpu_0, 2), "that the vCPU has acknowledged"));
	/* A fence of another VMID or of the other stage is not enough. */
	tlb_ledger_gvma(&book, 2);
	tlb_ledger_vvma(&book, 1);
	assert_non_null(strstr(enter(1, &vm_a, &vcpu_0, 3), "before the fence"));
	tlb_ledger_gvma_all(&book);
	tlb_ledger_vvma(&book, 1);
	assert_null(enter(1, &vm_a, &vcpu_0, 4));
}

/*
 * A walk of the VS-stage may have gone through a table of the G-stage that was freed, as long as
 * the vCPU was out. So the VS-stage is fenced as well, and after the G-stage.
 */
static void test_a_vs_stage_walked_through_an_old_gstage(void **state)
{
	(void)state;
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	tlb_ledger_gvma(&book, 1);
	assert_non_null(strstr(enter(1, &vm_a, &vcpu_0, 2), "walked through"));
	tlb_ledger_vvma(&book, 1);
	tlb_ledger_gvma(&book, 1);
	assert_non_null(strstr(enter(1, &vm_a, &vcpu_0, 3), "walked through"));
	tlb_ledger_gvma(&book, 1);
	tlb_ledger_vvma(&book, 1);
	assert_null(enter(1, &vm_a, &vcpu_0, 4));
	/* For the same generation the other vCPU needs the VS-stage's fence alone. */
	tlb_ledger_vvma(&book, 1);
	assert_null(enter(1, &vm_a, &vcpu_1, 4));
}

static void test_another_vcpu_of_the_vm(void **state)
{
	(void)state;
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	assert_non_null(strstr(enter(1, &vm_a, &vcpu_1, 1), "another vCPU"));
	tlb_ledger_gvma(&book, 1);
	assert_non_null(strstr(enter(1, &vm_a, &vcpu_0, 2), "another vCPU"));
	tlb_ledger_vvma(&book, 1);
	assert_null(enter(1, &vm_a, &vcpu_1, 2));
}

/* A vCPU that ran in between under another VMID changes nothing. */
static void test_another_vm_between(void **state)
{
	(void)state;
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	assert_null(enter(2, &vm_b, &vcpu_1, 1));
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	assert_non_null(enter(1, &vm_a, &vcpu_1, 1));
}

static void test_two_vms_of_one_vmid(void **state)
{
	(void)state;
	assert_null(enter(1, &vm_a, &vcpu_0, 5));
	tlb_ledger_vvma(&book, 1);
	assert_non_null(strstr(enter(1, &vm_b, &vcpu_1, 5), "another VM"));
	tlb_ledger_gvma_all(&book);
	tlb_ledger_vvma(&book, 1);
	assert_null(enter(1, &vm_a, &vcpu_0, 5));
}

static const char *enter_life(const int *vm, u64 seen, u64 life)
{
	return tlb_ledger_enter(&book, 1, vm, &vcpu_0, seen, life);
}

/* The same VM under the same VMID, but created or reset meanwhile: all three fences are needed. */
static void test_an_earlier_life(void **state)
{
	(void)state;
	tlb_ledger_fetch(&book, 4);
	assert_null(enter_life(&vm_a, 7, 4));
	assert_null(enter_life(&vm_a, 7, 4));
	assert_non_null(strstr(enter_life(&vm_a, 7, 5), "G-stage of an earlier life"));
	assert_null(enter_life(&vm_a, 7, 5)); /* each is reported once */
	tlb_ledger_gvma(&book, 1);
	assert_non_null(strstr(enter_life(&vm_a, 7, 6), "VS-stage of an earlier life"));
	tlb_ledger_gvma(&book, 1);
	tlb_ledger_vvma(&book, 1);
	assert_non_null(strstr(enter_life(&vm_a, 7, 7), "instructions"));
	tlb_ledger_gvma(&book, 1);
	tlb_ledger_vvma(&book, 1);
	tlb_ledger_fetch(&book, 8);
	assert_null(enter_life(&vm_a, 7, 8));
	/* Another VM began its life after the last FENCE.I. */
	tlb_ledger_gvma(&book, 1);
	tlb_ledger_vvma(&book, 1);
	assert_non_null(strstr(enter_life(&vm_b, 1, 9), "instructions"));
}

/* A table that was unlinked is freed when no guest runs that may have cached what led to it. */
static void test_a_table_is_freed(void **state)
{
	(void)state;
	assert_false(tlb_ledger_walks(&book, &vm_a, 2));
	assert_null(enter(1, &vm_a, &vcpu_0, 1));
	assert_true(tlb_ledger_walks(&book, &vm_a, 2));
	assert_false(tlb_ledger_walks(&book, &vm_b, 2));
	/* It fences for another VMID; for its own; and goes on. */
	tlb_ledger_gvma(&book, 2);
	tlb_ledger_vvma(&book, 1);
	assert_true(tlb_ledger_walks(&book, &vm_a, 2));
	tlb_ledger_gvma(&book, 1);
	assert_false(tlb_ledger_walks(&book, &vm_a, 2));
	tlb_ledger_vvma(&book, 1);
	assert_null(enter(1, &vm_a, &vcpu_0, 2));
	assert_false(tlb_ledger_walks(&book, &vm_a, 2));
	assert_true(tlb_ledger_walks(&book, &vm_a, 3));
	/* One that is out is not waited for. */
	tlb_ledger_leave(&book);
	assert_false(tlb_ledger_walks(&book, &vm_a, 3));
	/* It has entered with what it held then, although it has no fence to do. */
	assert_null(enter(1, &vm_a, &vcpu_0, 2));
	assert_true(tlb_ledger_walks(&book, &vm_a, 3));
	tlb_ledger_gvma_all(&book);
	assert_false(tlb_ledger_walks(&book, &vm_a, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_vcpu_comes_and_goes, empty_book),
		cmocka_unit_test_setup(test_acknowledged_without_a_fence, empty_book),
		cmocka_unit_test_setup(test_a_vs_stage_walked_through_an_old_gstage, empty_book),
		cmocka_unit_test_setup(test_another_vcpu_of_the_vm, empty_book),
		cmocka_unit_test_setup(test_another_vm_between, empty_book),
		cmocka_unit_test_setup(test_two_vms_of_one_vmid, empty_book),
		cmocka_unit_test_setup(test_an_earlier_life, empty_book),
		cmocka_unit_test_setup(test_a_table_is_freed, empty_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
