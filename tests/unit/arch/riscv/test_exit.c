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
#include "arch/riscv/exit_walk.c"

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
static u64 asked_at;	       /* the address of the last */
static struct guest_mmio mmio; /* the last access to a device; its data is what a load gets */
static u64 injected;	       /* cause of the last exception */
static u64 injected_tval;
static u32 waits;

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
	injected = cause;
	injected_tval = tval;
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

int guest_on_walk(struct guest *g, gpa_t gpa, u64 *pte)
{
	(void)g;
	(void)gpa;
	(void)pte;
	return CLV_ERR_RANGE;
}

int guest_on_mmio(struct guest *g, struct guest_mmio *m)
{
	(void)g;
	if (!m->write)
		m->data = mmio.data;
	mmio = *m;
	return CLV_OK;
}

enum guest_leave guest_on_interrupt(struct guest *g, u64 irq)
{
	(void)g;
	(void)irq;
	return GUEST_RESUME;
}

#ifdef CONFIG_AIA
bool guest_aia_csr(struct guest *g, u32 insn)
{
	(void)g;
	(void)insn;
	return false;
}
#endif

enum guest_leave guest_on_wfi(struct guest *g)
{
	(void)g;
	waits++;
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
	memset(&mmio, 0, sizeof(mmio));
	injected = 0;
	waits = 0;
	fence = FENCE_NONE;
	return 0;
}

static void hart_fault(u64 cause, u64 htinst)
{
	csr[CSR_SCAUSE] = cause;
	csr[CSR_STVAL] = PAGE;
	csr[CSR_HTVAL] = PAGE >> 2;
	csr[CSR_HTINST] = htinst;
}

static int fault(u64 cause, u64 htinst)
{
	hart_fault(cause, htinst);
	csr[CSR_STVAL]++;
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

/* An access to a device; htinst has the instruction with 0 for rs1 and the offset. */
static void access_device(u64 cause, u64 htinst)
{
	answer[cause == CAUSE_STORE_GUEST_PAGE ? ACCESS_WRITE : ACCESS_READ] = FAULT_EMULATED;
	hart_fault(cause, htinst);
	assert_int_equal(exit_fast(&guest), EXIT_FULL);
	assert_int_equal(exit_full(&guest), EXIT_RESUME);
}

/* lw x5, c.lw x5 (bit 1 is clear), lw x0, sw x5 */
static void test_accesses_to_a_device(void **state)
{
	(void)state;
	mmio.data = 0x1234;
	access_device(CAUSE_LOAD_GUEST_PAGE, 0x2283);
	assert_int_equal(guest.x[5], 0x1234);
	assert_int_equal(guest.pc, PC + 4U);
	assert_int_equal(mmio.size, 4);
	assert_int_equal(mmio.gpa.v, PAGE);
	assert_false(mmio.write);
	access_device(CAUSE_LOAD_GUEST_PAGE, 0x2281);
	assert_int_equal(guest.pc, PC + 6U);
	/* x0 stays 0, and is what a later store of x0 stores. */
	access_device(CAUSE_LOAD_GUEST_PAGE, 0x2003);
	assert_int_equal(guest.x[0], 0);
	assert_int_equal(guest.pc, PC + 10U);
	access_device(CAUSE_STORE_GUEST_PAGE, 0x502023);
	assert_true(mmio.write);
	assert_int_equal(mmio.data, 0x1234);
	assert_int_equal(guest.pc, PC + 14U);
}

static int virtual_instruction(u64 insn, u64 sstatus)
{
	csr[CSR_SCAUSE] = CAUSE_VIRTUAL;
	csr[CSR_STVAL] = insn;
	csr[CSR_SSTATUS] = sstatus;
	assert_int_equal(exit_fast(&guest), EXIT_FULL);
	return exit_full(&guest);
}

/* For the guest its hart has no H extension: what would be virtual is illegal. */
static void test_virtual_instructions(void **state)
{
	const u64 csrr_hstatus = 0x60002573;
	const u64 wfi = 0x10500073;
	const u64 wrs_nto = 0x00d00073;

	(void)state;
	assert_int_equal(virtual_instruction(csrr_hstatus, SSTATUS_SPP), EXIT_RESUME);
	assert_int_equal(injected, 2);
	assert_int_equal(injected_tval, csrr_hstatus);
	assert_int_equal(guest.pc, PC);
	injected = 0;
	assert_int_equal(virtual_instruction(wfi, SSTATUS_SPP), EXIT_RESUME);
	assert_int_equal(waits, 1);
	assert_int_equal(injected, 0);
	assert_int_equal(guest.pc, PC + 4U); /* it comes back after the WFI */
	/* From VU-mode it is illegal. */
	assert_int_equal(virtual_instruction(wfi, 0), EXIT_RESUME);
	assert_int_equal(injected, 2);
	assert_int_equal(waits, 1);
	assert_int_equal(virtual_instruction(wrs_nto, 0), EXIT_LEAVE);
	assert_int_equal(guest.pc, PC + 8U);
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
		cmocka_unit_test_setup(test_accesses_to_a_device, begin),
		cmocka_unit_test_setup(test_virtual_instructions, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
