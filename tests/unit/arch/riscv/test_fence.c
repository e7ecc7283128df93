/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences (arch/riscv/fence.c) as the privileged specification writes them ("Hypervisor
 * Memory-Management Fence Instructions"), on harts with and without split TLBs. The hart is a list
 * of what it was given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/fence.c"

struct features features;
static char done[160];

void execute_host(const char *insn, u64 a, u64 b)
{
	size_t n = strlen(done);

	snprintf(done + n, sizeof(done) - n, "%s %lx %lx; ", insn, a, b);
}

static void expect(const char *list)
{
	assert_string_equal(done, list);
	done[0] = '\0';
}

/* The address of a G-stage fence is shifted right by two, that of a VS-stage fence is not. */
static void test_operands(void **state)
{
	(void)state;
	features.split_tlb = false;
	fence_gvma_all();
	expect("hfence.gvma zero, zero 0 0; ");
	fence_gvma_vmid(7);
	expect("hfence.gvma zero, %0 7 0; ");
	fence_gvma_page(GPA(0x80001000), 7);
	expect("hfence.gvma %0, %1 20000400 7; ");
	fence_vvma_all();
	fence_vvma_asid(3);
	fence_vvma_page(0x5000);
	expect("hfence.vvma zero, zero 0 0; hfence.vvma zero, %0 3 0; hfence.vvma %0, zero 5000 "
	       "0; ");
	fence_vvma_page_asid(0x5000, 3);
	expect("hfence.vvma %0, %1 5000 3; ");
	fence_instruction();
	expect("fence.i 0 0; ");
}

/* Entries from VA to HPA outlive a G-stage fence there, so a VS-stage fence follows each. */
static void test_split_tlbs(void **state)
{
	(void)state;
	features.split_tlb = true;
	fence_gvma_all();
	expect("hfence.gvma zero, zero 0 0; hfence.vvma zero, zero 0 0; ");
	fence_gvma_vmid(7);
	expect("hfence.gvma zero, %0 7 0; hfence.vvma zero, zero 0 0; ");
	fence_gvma_page(GPA(0x80001000), 7);
	expect("hfence.gvma %0, %1 20000400 7; hfence.vvma zero, zero 0 0; ");
	fence_vvma_asid(3);
	expect("hfence.vvma zero, %0 3 0; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_split_tlbs),
	};

	return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
