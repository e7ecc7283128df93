/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arch/riscv/exit.c makes of a guest-page fault: what it asks core, and which fence it
 * executes. The hart is a set of CSRs in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/csr.h"

static u64 csr[0x1000];

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#define csr_read(number)	 (csr[number])
#define csr_write(number, value) (csr[number] = (value))

#include "arch/riscv/fixup.h"

#undef fixup_try
#define fixup_try(insn, io) (CLV_ERR_FAULT)

#include "arch/riscv/exit.c"

#define VMID  UINT64_C(5)
#define PC    UINT64_C(0x80200000)
#define PAGE  UINT64_C(0x80345000)
#define MANY  100U
#define NEVER 0xffffU

/* The fence that was executed last */
static enum {
	FENCE_NONE,
	FENCE_PAGE,
	FENCE_VMID
} fence;

static struct guest guest;
static enum fault_answer answer[ACCESS_EXEC + 1]; /* of core, to each access */
static u32 asked[ACCESS_EXEC + 1];
static u64 asked_at; /* the address of the last */

/* --- what is called --------------------------------------------------------------------------- */

void fence_gvma_page(gpa_t gpa, u16 vmid)
{
	assert_int_equal(gpa.v >> PAGE_SHIFT, PAGE >> PAGE_SHIFT);
	assert_int_equal(vmid, VMID);
	fence = FENCE_PAGE;
}

void fence_gvma_vmid(u16 vmid)
{
	assert_int_equal(vmid, VMID);
	fence = FENCE_VMID;
}

void fence_vvma_page(u64 va)
{
	(void)va;
}

void fence_instruction(void)
{
}

void guest_inject(struct guest *g, u64 cause, u64 tval)
{
	(void)g;
	(void)cause;
	(void)tval;
}

u64 guest_vector(const struct guest *g)
{
	(void)g;
	return 0;
}

enum guest_leave guest_on_ecall(struct guest *g)
{
	(void)g;
	return GUEST_RESUME;
}

enum fault_answer guest_on_page_fault(struct guest *g, gpa_t gpa, enum access access, bool implicit)
{
	(void)g;
	(void)implicit;
	assert_int_equal(gpa.v >> PAGE_SHIFT, PAGE >> PAGE_SHIFT);
	asked[access]++;
	asked_at = gpa.v;
	return answer[access];
}

int guest_on_mmio(struct guest *g, struct guest_mmio *m)
{
	(void)g;
	(void)m;
	return CLV_ERR_NOTFOUND;
}

enum guest_leave guest_on_interrupt(struct guest *g, u64 irq)
{
	(void)g;
	(void)irq;
	return GUEST_RESUME;
}

enum guest_leave guest_on_wfi(struct guest *g)
{
	(void)g;
	return GUEST_RESUME;
}

enum guest_leave guest_on_bad(struct guest *g, const struct guest_fault *f)
{
	(void)g;
	(void)f;
	return GUEST_LEAVE;
}

/* --- the tests -------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	memset(&guest, 0, sizeof(guest));
	memset(csr, 0, sizeof(csr));
	memset(asked, 0, sizeof(asked));
	guest.hgatp = VMID << HGATP_VMID_SHIFT;
	guest.pc = PC;
	guest.fault_gpa = UINT64_MAX;
	fence = FENCE_NONE;
	return 0;
}

static int fault(u64 cause, u64 htinst)
{
	csr[CSR_SCAUSE] = cause;
	csr[CSR_STVAL] = PAGE + 1U;
	csr[CSR_HTVAL] = PAGE >> 2;
	csr[CSR_HTINST] = htinst;
	return exit_fast(&guest);
}

/* The leaf was found and changed: nothing but a leaf entry is stale. */
static void test_a_grant_fences_the_page(void **state)
{
	(void)state;
	answer[ACCESS_WRITE] = FAULT_GRANTED;
	assert_int_equal(fault(CAUSE_STORE_GUEST_PAGE, 0), EXIT_RESUME);
	assert_int_equal(fence, FENCE_PAGE);
}

/*
 * The table allows the access already. What is stale may be an invalid entry where a pointer is
 * now, which a fence of an address does not reach.
 */
static void test_a_spurious_fault_fences_all(void **state)
{
	static const u64 cause[] = { CAUSE_STORE_GUEST_PAGE, CAUSE_LOAD_GUEST_PAGE,
				     CAUSE_FETCH_GUEST_PAGE };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cause); i++) {
		for (u32 a = 0; a < ARRAY_SIZE(answer); a++)
			answer[a] = FAULT_SPURIOUS;
		fence = FENCE_NONE;
		assert_int_equal(fault(cause[i], 0), EXIT_RESUME);
		assert_int_equal(fence, FENCE_VMID);
	}
}

/* Return: how many faults of this kind it took until core was asked for a write. */
static u32 faults_until_a_write(u64 cause)
{
	for (u32 a = 0; a < ARRAY_SIZE(answer); a++)
		answer[a] = FAULT_SPURIOUS;
	answer[ACCESS_WRITE] = FAULT_GRANTED;
	for (u32 i = 1; i < MANY; i++) {
		assert_int_equal(fault(cause, 0), EXIT_RESUME);
		if (asked[ACCESS_WRITE] != 0U)
			return i;
	}
	return NEVER;
}

/* A hart may say of an A/D update neither that it is one nor, by the cause, that it writes. */
static void test_an_update_of_a_that_a_load_makes(void **state)
{
	(void)state;
	assert_in_range(faults_until_a_write(CAUSE_LOAD_GUEST_PAGE), 2, 10);
}

static void test_an_update_of_a_that_a_fetch_makes(void **state)
{
	(void)state;
	assert_in_range(faults_until_a_write(CAUSE_FETCH_GUEST_PAGE), 2, 10);
}

/* htinst says what the walk did, whatever the cause is. */
static void test_an_update_of_a_that_htinst_tells(void **state)
{
	(void)state;
	answer[ACCESS_WRITE] = FAULT_GRANTED;
	assert_int_equal(fault(CAUSE_FETCH_GUEST_PAGE, 0x3020), EXIT_RESUME);
	assert_int_equal(asked[ACCESS_WRITE], 1);
	assert_int_equal(asked[ACCESS_EXEC], 0);
	assert_int_equal(fence, FENCE_PAGE);
}

/*
 * htval has the address without its two lowest bits. They are those of stval, but for an access of
 * the walk: that was to an entry, and stval is the address of the access that it was for.
 */
static void test_the_address_of_a_fault(void **state)
{
	static const struct {
		u64 htinst;
		u64 gpa;
		enum access access;
	} walk[] = { { 0x2000, PAGE, ACCESS_READ },
		     { 0x3000, PAGE, ACCESS_READ },
		     { 0x2020, PAGE, ACCESS_WRITE },
		     { 0x3020, PAGE, ACCESS_WRITE },
		     { 0, PAGE + 1U, ACCESS_READ } };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(walk); i++) {
		memset(asked, 0, sizeof(asked));
		answer[walk[i].access] = FAULT_GRANTED;
		assert_int_equal(fault(CAUSE_LOAD_GUEST_PAGE, walk[i].htinst), EXIT_RESUME);
		assert_int_equal(asked[walk[i].access], 1);
		assert_int_equal(asked_at, walk[i].gpa);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_grant_fences_the_page, begin),
		cmocka_unit_test_setup(test_a_spurious_fault_fences_all, begin),
		cmocka_unit_test_setup(test_an_update_of_a_that_a_load_makes, begin),
		cmocka_unit_test_setup(test_an_update_of_a_that_a_fetch_makes, begin),
		cmocka_unit_test_setup(test_an_update_of_a_that_htinst_tells, begin),
		cmocka_unit_test_setup(test_the_address_of_a_fault, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
