/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arch/riscv/exit.c does on the full path where a hart says less than QEMU's: htinst and stval
 * may be 0, the code may have changed since it trapped, and the machine may refuse an access. The
 * hart is a set of CSRs in memory, and the guest's code is a few bytes.
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

static int fetch(u64 *io);

#undef fixup_try
#define fixup_try(insn, io) fetch(&(io))

#include "arch/riscv/exit.c"
#include "arch/riscv/exit_walk.c"

#define PC     UINT64_C(0x80200000)
#define VECTOR UINT64_C(0x80201000)
#define DEVICE UINT64_C(0x10000000)
#define TABLES UINT64_C(0x81000000)
#define RESULT UINT64_C(0x1234567880000081)

#define INSN_LB	   0x00050583U /* lb a1, 0(a0) */
#define INSN_SW	   0x00b52023U /* sw a1, 0(a0) */
#define INSN_ADD   0x00b50533U
#define INSN_CSRR  0x60002573U /* csrr a0, hstatus */
#define INSN_C_LW  0x410cU     /* c.lw a1, 0(a0) */
#define UNREADABLE UINT64_MAX

static struct guest guest;
static u32 code; /* at PC */
static u64 tables[4U * PTE_TABLE_ENTRIES];
static u32 walked;     /* entries that were read */
static u64 unreadable; /* address of the parcel that cannot be fetched */
static struct guest_fault bad;
static enum guest_leave bad_answer;
static struct guest_mmio mmio;
static int mmio_answer;
static u64 injected, injected_tval;
static u32 waited, bads, mmios, injections, fences_vs, fences_code;

/* --- what is called --------------------------------------------------------------------------- */

static int fetch(u64 *io)
{
	u64 at = *io;

	if (at == unreadable)
		return CLV_ERR_FAULT;
	assert_true(at == PC || at == PC + 2U);
	*io = at == PC ? code & UINT16_MAX : code >> 16;
	return CLV_OK;
}

void fence_gvma_page(gpa_t gpa, u16 vmid)
{
	(void)gpa;
	(void)vmid;
	fail();
}

void fence_gvma_vmid(u16 vmid)
{
	(void)vmid;
	fail();
}

void fence_vvma_page(u64 va)
{
	assert_int_equal(va, PC);
	fences_vs++;
}

void fence_instruction(void)
{
	fences_code++;
}

void guest_inject(struct guest *g, u64 cause, u64 tval)
{
	assert_ptr_equal(g, &guest);
	injected = cause;
	injected_tval = tval;
	injections++;
}

u64 guest_vector(const struct guest *g)
{
	(void)g;
	return VECTOR;
}

enum guest_leave guest_on_ecall(struct guest *g)
{
	(void)g;
	return GUEST_RESUME;
}

enum fault_answer guest_on_page_fault(struct guest *g, gpa_t gpa, enum access access, bool implicit)
{
	(void)g;
	(void)gpa;
	(void)access;
	(void)implicit;
	return FAULT_NOTHING;
}

/* The guest's page tables: one page each, in memory from TABLES on */
int guest_on_walk(struct guest *g, gpa_t gpa, u64 *pte)
{
	(void)g;
	if (gpa.v < TABLES || gpa.v >= TABLES + sizeof(tables))
		return CLV_ERR_RANGE;
	walked++;
	*pte = tables[(gpa.v - TABLES) / sizeof(u64)];
	return CLV_OK;
}

int guest_on_mmio(struct guest *g, struct guest_mmio *m)
{
	(void)g;
	m->data = m->write ? m->data : RESULT;
	mmio = *m;
	mmios++;
	return mmio_answer;
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
	waited++;
	return GUEST_LEAVE;
}

enum guest_leave guest_on_bad(struct guest *g, const struct guest_fault *f)
{
	(void)g;
	bad = *f;
	bads++;
	return bad_answer;
}

/* --- the tests -------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	memset(&guest, 0, sizeof(guest));
	memset(csr, 0, sizeof(csr));
	memset(&bad, 0, sizeof(bad));
	guest.pc = PC;
	guest.x[10] = DEVICE;
	guest.x[11] = 0x1122334455667788U;
	csr[CSR_SSTATUS] = SSTATUS_SPP;
	code = INSN_LB;
	unreadable = UNREADABLE;
	memset(tables, 0, sizeof(tables));
	walked = 0;
	bad_answer = GUEST_LEAVE;
	mmio_answer = CLV_OK;
	injected = injected_tval = 0;
	waited = bads = mmios = injections = fences_vs = fences_code = 0;
	return 0;
}

/* An exit of @cause at the device, of which the hart says no more than it must. */
static int leave(u64 cause, enum fault_answer answer)
{
	guest.exit = (struct guest_exit){
		.scause = cause, .stval = DEVICE, .htval = DEVICE >> 2, .answer = answer
	};
	return exit_full(&guest);
}

/* The guest executes the same instruction again, and sees what the hypervisor saw. */
static void made_again(int how)
{
	assert_int_equal(how, EXIT_RESUME);
	assert_int_equal(guest.pc, PC);
	assert_int_equal(fences_vs, 1);
	assert_int_equal(fences_code, 1);
	assert_int_equal(bads + mmios + injections, 0);
}

static void test_an_access_is_read_from_the_code(void **state)
{
	(void)state;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_RESUME);
	assert_int_equal(guest.x[11], UINT64_C(0xffffffffffffff81));
	assert_int_equal(guest.pc, PC + 4U);
	assert_int_equal(mmio.size, 1);
	assert_false(mmio.write);

	code = INSN_C_LW;
	guest.pc = PC;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_RESUME);
	assert_int_equal(guest.x[11], UINT64_C(0xffffffff80000081));
	assert_int_equal(guest.pc, PC + 2U);

	code = INSN_SW;
	guest.pc = PC;
	guest.x[11] = 0xaabbccdd11223344U;
	assert_int_equal(leave(CAUSE_STORE_GUEST_PAGE, FAULT_EMULATED), EXIT_RESUME);
	assert_true(mmio.write);
	assert_int_equal(mmio.data, 0x11223344);
	assert_int_equal(mmio.gpa.v, DEVICE);
}

static void test_code_that_cannot_be_read(void **state)
{
	unreadable = PC;
	made_again(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED));
	begin(state);
	unreadable = PC + 2U; /* the second half is in a page that is gone */
	made_again(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED));
	begin(state);
	unreadable = PC;
	guest.exit = (struct guest_exit){ .scause = CAUSE_VIRTUAL };
	made_again(exit_full(&guest));
}

static void test_code_that_has_changed(void **state)
{
	code = INSN_SW;
	made_again(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED));
	begin(state);
	code = INSN_LB;
	made_again(leave(CAUSE_STORE_GUEST_PAGE, FAULT_EMULATED));
}

/* Neither load nor store: it is reported, with the instruction, and nothing is emulated. */
static void test_what_is_no_access(void **state)
{
	(void)state;
	code = INSN_ADD;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_LEAVE);
	assert_int_equal(bads, 1);
	assert_int_equal(bad.insn, INSN_ADD);
	assert_int_equal(bad.gpa.v, DEVICE);
	assert_int_equal(bad.cause, CAUSE_LOAD_ACCESS);
	assert_int_equal(mmios, 0);
	assert_int_equal(guest.pc, PC);
}

static void test_a_device_that_refuses(void **state)
{
	(void)state;
	mmio_answer = CLV_ERR_INVAL;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_LEAVE);
	assert_string_equal(bad.what, "load that the device refuses");
	code = INSN_SW;
	assert_int_equal(leave(CAUSE_STORE_GUEST_PAGE, FAULT_EMULATED), EXIT_LEAVE);
	assert_string_equal(bad.what, "store that the device refuses");
	assert_int_equal(guest.x[11], 0x1122334455667788);
	assert_int_equal(guest.pc, PC);
}

/*
 * Core does not call these a device's; and if it did, neither code nor page tables would come from
 * one.
 */
static void test_what_no_device_gives(void **state)
{
	(void)state;
	assert_int_equal(leave(CAUSE_FETCH_GUEST_PAGE, FAULT_EMULATED), EXIT_LEAVE);
	assert_string_equal(bad.what, "fetch from a device");
	guest.exit = (struct guest_exit){ .scause = CAUSE_LOAD_GUEST_PAGE,
					  .htval = DEVICE >> 2,
					  .htinst = PSEUDO_WALK | PSEUDO_WALK_WIDTH,
					  .answer = FAULT_EMULATED };
	assert_int_equal(exit_full(&guest), EXIT_LEAVE);
	assert_string_equal(bad.what, "page table in a device");
	assert_int_equal(mmios, 0);
}

/*
 * A walk of @levels levels for address 0 whose table at @level is the device, and whose others are
 * memory. The hart says nothing in htinst. With a leaf above it (@leaf) it is no part of the walk.
 */
static int walk_into(u64 levels, u64 level, u64 device, u64 cause, bool leaf)
{
	csr[CSR_VSATP] = (SATP_MODE_SV39 + levels - 3U) << SATP_MODE_SHIFT;
	csr[CSR_VSATP] |= (level == levels - 1U ? device : TABLES) >> PAGE_SHIFT;
	for (u64 l = levels - 1U, n = 0; l > level; l--, n++) {
		u64 next = l == level + 1U ? device : TABLES + (n + 1U) * PAGE_SIZE;

		tables[n * PTE_TABLE_ENTRIES] = pte_make(next, leaf ? PTE_V | PTE_R : PTE_V);
	}
	guest.exit = (struct guest_exit){ .scause = cause,
					  .htval = device >> 2,
					  .answer = FAULT_EMULATED };
	return exit_full(&guest);
}

/*
 * A page table in a device, of which htinst does not tell. The guest gets the access fault of the
 * access that the walk was for, and no register is read or written. The entry at address 0 may be
 * reported so by any hart.
 */
static void test_a_page_table_in_a_device(void **state)
{
	static const u64 causes[][2] = { { CAUSE_LOAD_GUEST_PAGE, CAUSE_LOAD_ACCESS },
					 { CAUSE_STORE_GUEST_PAGE, CAUSE_STORE_ACCESS } };

	for (u64 n = 0; n < 3U * 5U * 2U * 2U; n++) {
		u64 levels = 3U + n % 3U;
		u64 level = n / 3U % 5U;
		u64 device = n / 15U % 2U == 0U ? DEVICE : 0U;
		const u64 *cause = causes[n / 30U];

		if (level >= levels)
			continue;
		begin(state);
		code = cause[0] == CAUSE_STORE_GUEST_PAGE ? INSN_SW : INSN_LB;
		bad_answer = GUEST_RESUME;
		assert_int_equal(walk_into(levels, level, device, cause[0], false), EXIT_RESUME);
		assert_string_equal(bad.what, "page table in a device");
		assert_int_equal(bad.gpa.v, device);
		assert_int_equal(mmios, 0);
		assert_int_equal(injections, 1);
		assert_int_equal(injected, cause[1]);
		assert_int_equal(walked, levels - 1U - level);
	}
}

/* An access of the guest's own goes to the device, whatever walk its address looks like. */
static void test_a_device_that_no_walk_reads(void **state)
{
	begin(state);
	assert_int_equal(walk_into(3, 0, DEVICE, CAUSE_LOAD_GUEST_PAGE, true), EXIT_RESUME);
	assert_int_equal(mmios, 1);
	begin(state);
	assert_int_equal(walk_into(3, 1, DEVICE, CAUSE_LOAD_GUEST_PAGE, true), EXIT_RESUME);
	assert_int_equal(mmios, 1);
	/* Tables that do not reach the device: an entry that is not valid, or is nowhere. */
	begin(state);
	csr[CSR_VSATP] = ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | (TABLES >> PAGE_SHIFT);
	guest.pc = PC;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_RESUME);
	csr[CSR_VSATP] = ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | 1U;
	guest.pc = PC;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_RESUME);
	/* Without tables, and in a mode that nobody knows, there is no walk. */
	csr[CSR_VSATP] = DEVICE >> PAGE_SHIFT;
	guest.pc = PC;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_RESUME);
	csr[CSR_VSATP] = ((SATP_MODE_SV57 + UINT64_C(1)) << SATP_MODE_SHIFT) |
			 (DEVICE >> PAGE_SHIFT);
	guest.pc = PC;
	assert_int_equal(leave(CAUSE_LOAD_GUEST_PAGE, FAULT_EMULATED), EXIT_RESUME);
	assert_int_equal(mmios, 4);
	/* What htinst says is believed. */
	guest.pc = PC;
	csr[CSR_VSATP] = ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | (DEVICE >> PAGE_SHIFT);
	guest.exit = (struct guest_exit){ .scause = CAUSE_LOAD_GUEST_PAGE,
					  .htval = DEVICE >> 2,
					  .htinst = INSN_LB & ~UINT32_C(0xf8000),
					  .answer = FAULT_EMULATED };
	assert_int_equal(exit_full(&guest), EXIT_RESUME);
	assert_int_equal(mmios, 5);
}

/* Core lets the guest have its fault: by the access's own cause, at the access's own address. */
static void test_a_fault_is_the_guests(void **state)
{
	static const u64 causes[][2] = { { CAUSE_LOAD_GUEST_PAGE, CAUSE_LOAD_ACCESS },
					 { CAUSE_STORE_GUEST_PAGE, CAUSE_STORE_ACCESS },
					 { CAUSE_FETCH_GUEST_PAGE, CAUSE_FETCH_ACCESS },
					 { CAUSE_LOAD_ACCESS, CAUSE_LOAD_ACCESS },
					 { CAUSE_STORE_ACCESS, CAUSE_STORE_ACCESS },
					 { CAUSE_FETCH_ACCESS, CAUSE_FETCH_ACCESS } };

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		begin(state);
		bad_answer = GUEST_RESUME;
		assert_int_equal(leave(causes[i][0], FAULT_NOTHING), EXIT_RESUME);
		assert_int_equal(bads, 1);
		assert_int_equal(injections, 1);
		assert_int_equal(injected, causes[i][1]);
		assert_int_equal(injected_tval, DEVICE);
		/* Only a fault of the G-stage has a guest-physical address. */
		assert_int_equal(bad.gpa.v, causes[i][0] == causes[i][1] ? 0 : DEVICE);
		assert_int_equal(bad.insn, injected == CAUSE_FETCH_ACCESS ? 0 : INSN_LB);
	}
	begin(state);
	assert_int_equal(leave(CAUSE_STORE_GUEST_PAGE, FAULT_GONE), EXIT_RESUME);
	assert_int_equal(injected, CAUSE_STORE_ACCESS);
	assert_int_equal(bads, 0);
}

/* A vector that cannot be fetched would lead to itself for ever: there is no cause to inject. */
static void test_a_vector_that_cannot_be_fetched(void **state)
{
	(void)state;
	guest.pc = VECTOR;
	assert_int_equal(leave(CAUSE_FETCH_ACCESS, FAULT_NOTHING), EXIT_LEAVE);
	assert_int_equal(bad.cause, 0);
}

/* In user mode the guest's kernel handles what the machine refuses, and nobody is told. */
static void test_the_machine_refuses(void **state)
{
	(void)state;
	csr[CSR_SSTATUS] = 0;
	assert_int_equal(leave(CAUSE_STORE_ACCESS, FAULT_NOTHING), EXIT_RESUME);
	assert_int_equal(injected, CAUSE_STORE_ACCESS);
	assert_int_equal(bads, 0);
	csr[CSR_SSTATUS] = SSTATUS_SPP;
	assert_int_equal(leave(CAUSE_STORE_ACCESS, FAULT_NOTHING), EXIT_LEAVE);
	assert_string_equal(bad.what, "store that the machine refuses");
	assert_int_equal(leave(CAUSE_FETCH_ACCESS, FAULT_NOTHING), EXIT_LEAVE);
	assert_string_equal(bad.what, "fetch that the machine refuses");
	assert_int_equal(leave(CAUSE_LOAD_ACCESS, FAULT_NOTHING), EXIT_LEAVE);
	assert_string_equal(bad.what, "load that the machine refuses");
}

/* Bits of hedeleg need not be writable. */
static void test_what_was_to_be_delegated(void **state)
{
	(void)state;
	assert_int_equal(leave(CAUSE_BREAKPOINT, FAULT_NOTHING), EXIT_RESUME);
	assert_int_equal(injected, CAUSE_BREAKPOINT);
	assert_int_equal(injected_tval, DEVICE);
	assert_int_equal(guest.pc, PC);
}

/* There is nothing to inject: it can only end the partition. */
static void test_an_exception_that_nobody_knows(void **state)
{
	(void)state;
	assert_int_equal(leave(24U, FAULT_NOTHING), EXIT_LEAVE);
	assert_string_equal(bad.what, "unexpected exception");
	assert_int_equal(bad.cause, 0);
	assert_int_equal(injections, 0);
}

/* stval may be 0: the instruction is read from the code. */
static void test_a_virtual_instruction(void **state)
{
	(void)state;
	guest.exit = (struct guest_exit){ .scause = CAUSE_VIRTUAL };
	code = INSN_WFI;
	assert_int_equal(exit_full(&guest), EXIT_LEAVE);
	assert_int_equal(waited, 1);
	assert_int_equal(guest.pc, PC + 4U);

	guest.pc = PC;
	csr[CSR_SSTATUS] = 0; /* VU-mode may not */
	assert_int_equal(exit_full(&guest), EXIT_RESUME);
	assert_int_equal(injected, CAUSE_ILLEGAL);
	assert_int_equal(injected_tval, INSN_WFI);

	code = INSN_WRS_NTO;
	assert_int_equal(exit_full(&guest), EXIT_LEAVE);
	assert_int_equal(guest.pc, PC + 4U);

	guest.pc = PC;
	code = INSN_CSRR;
	assert_int_equal(exit_full(&guest), EXIT_RESUME);
	assert_int_equal(injected_tval, INSN_CSRR);
	assert_int_equal(waited, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_access_is_read_from_the_code, begin),
		cmocka_unit_test_setup(test_code_that_cannot_be_read, begin),
		cmocka_unit_test_setup(test_code_that_has_changed, begin),
		cmocka_unit_test_setup(test_what_is_no_access, begin),
		cmocka_unit_test_setup(test_a_device_that_refuses, begin),
		cmocka_unit_test_setup(test_what_no_device_gives, begin),
		cmocka_unit_test_setup(test_a_page_table_in_a_device, begin),
		cmocka_unit_test_setup(test_a_device_that_no_walk_reads, begin),
		cmocka_unit_test_setup(test_a_fault_is_the_guests, begin),
		cmocka_unit_test_setup(test_a_vector_that_cannot_be_fetched, begin),
		cmocka_unit_test_setup(test_the_machine_refuses, begin),
		cmocka_unit_test_setup(test_what_was_to_be_delegated, begin),
		cmocka_unit_test_setup(test_an_exception_that_nobody_knows, begin),
		cmocka_unit_test_setup(test_a_virtual_instruction, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
