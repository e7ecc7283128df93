/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that share a hart (arch/riscv/guest.c): each finds the CSRs and the F and D registers that
 * it has left, and none of another's. The hart is a set of CSRs in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/csr.h"

static u64 hart_csr[0x1000];

static void csr_store(u32 number, u64 value);

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#undef csr_swap
#define csr_read(number)	 (hart_csr[number])
#define csr_write(number, value) csr_store(number, value)
#define csr_set(number, bits)	 csr_store(number, hart_csr[number] | (bits))
#define csr_clear(number, bits)	 csr_store(number, hart_csr[number] & ~(u64)(bits))
#define csr_swap(number, value)              \
	({                                   \
		u64 was_ = hart_csr[number]; \
		csr_store(number, value);    \
		was_;                        \
	})

#include <cleave/string.h>
#include "arch/riscv/fence.h"
#include "arch/riscv/guest.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/model/guest_state.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"

/* What is left are instructions of a hart, which the host has not. */
#define __asm__
#define volatile(...)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "arch/riscv/guest.c"
#pragma GCC diagnostic pop
#undef volatile
#undef __asm__

#define GUESTS 2U

struct features features;
static struct hart hart;
static struct guest guest[GUESTS];
static struct guest_fp regs; /* F and D of the hart */
static u32 fences;
static u32 reservations; /* that were dropped, by an SC */
static u32 records;	 /* of control transfers that were cleared */

/* A walk must not mix the tables of two guests: vsatp is 0 when hgatp changes. */
static void csr_store(u32 number, u64 value)
{
	if (number == CSR_HGATP && hart_csr[CSR_HGATP] != value)
		assert_int_equal(hart_csr[CSR_VSATP], 0);
	hart_csr[number] = value;
}

void execute_host(const char *insn, u64 a, u64 b);
void execute_host(const char *insn, u64 a, u64 b)
{
	(void)b;
	if (strncmp(insn, "sc.d zero, zero, (%0)", 21) == 0 && a != 0U)
		reservations++;
	else if (strcmp(insn, ".insn i 0x73, 0, x0, x0, 0x104") == 0)
		records++;
	else
		fail();
}

struct hart *hart_this(void)
{
	return &hart;
}

u64 timer_now(void)
{
	return 1000;
}

void fence_gvma_all(void)
{
	fences++;
}

void guest_fp_save(struct guest_fp *fp)
{
	*fp = regs;
	fp->fcsr = hart_csr[CSR_FCSR];
}

void guest_fp_restore(const struct guest_fp *fp)
{
	regs = *fp;
	hart_csr[CSR_FCSR] = fp->fcsr;
}

void guest_vector_save(struct guest_vector *vec)
{
	(void)vec;
}

void guest_vector_restore(const struct guest_vector *vec)
{
	(void)vec;
}

/* --- the tests -------------------------------------------------------------------------------- */

/* What a guest has for itself, by the numbers of the specification: VS CSRs, and those of S-mode
 * that have no VS copy.
 */
static const u16 own[] = {
	0x200, /* vsstatus */
	0x204, /* vsie */
	0x205, /* vstvec */
	0x240, /* vsscratch */
	0x241, /* vsepc */
	0x242, /* vscause */
	0x243, /* vstval */
	0x280, /* vsatp */
	0x24d, /* vstimecmp */
	0x645, /* hvip */
	0x106, /* scounteren */
	0x10a, /* senvcfg */
	0x10c, /* sstateen0 */
};

static int begin(void **state)
{
	(void)state;
	memset(hart_csr, 0, sizeof(hart_csr));
	memset(&hart, 0, sizeof(hart));
	memset(&regs, 0, sizeof(regs));
	memset(guest, 0, sizeof(guest));
	features =
		(struct features){ .sstc = true, .henvcfg = true, .fp = true, .smstateen = true };
	for (u32 i = 0; i < GUESTS; i++) {
		guest_init(&guest[i], 0x80200000, i, 0);
		guest_set_gstage(&guest[i], HPA(0x90000000 + i * 0x4000), 3, (u16)(i + 5U));
	}
	fences = 0;
	reservations = 0;
	records = 0;
	return 0;
}

static u64 value(u32 who, u32 n)
{
	return 0x1000U * (who + 1U) + 16U * n + 2U;
}

static void test_each_finds_its_own_csrs(void **state)
{
	(void)state;
	for (u32 turn = 0; turn < 7U; turn++) {
		u32 who = turn % GUESTS;

		guest_load(&guest[who]);
		for (u32 n = 0; n < ARRAY_SIZE(own); n++) {
			if (turn >= GUESTS)
				assert_int_equal(hart_csr[own[n]], value(who, n));
			hart_csr[own[n]] = value(who, n);
		}
		/* Every third time it is put before the next is loaded. */
		if (turn % 3U == 2U)
			guest_put(&guest[who]);
	}
}

/* hgatp: mode 8 is Sv39x4, 9 Sv48x4, 10 Sv57x4; the VMID from bit 44 on; the root's page number */
static void test_its_tables(void **state)
{
	(void)state;
	guest_load(&guest[1]);
	assert_int_equal(hart_csr[0x680], UINT64_C(0x8000600000090004));
	guest_set_gstage(&guest[1], HPA(0x90000000), 5, 0x3fff);
	assert_int_equal(hart_csr[0x680], UINT64_C(0xa3fff00000090000));
	assert_int_equal(fences, 0);
	/* VMID 0 was that of no guest, and with mode Bare. */
	guest_put(&guest[1]);
	guest_set_gstage(&guest[1], HPA(0x90000000), 4, 0);
	guest_load(&guest[1]);
	assert_int_equal(hart_csr[0x680], UINT64_C(0x9000000000090000));
	assert_int_equal(fences, 1);
}

/* What is set of a guest reaches the hart that has it loaded, at once, and no other hart. */
static void test_what_is_set_of_a_loaded_guest(void **state)
{
	(void)state;
	guest_set_time_offset(&guest[0], 500);
	guest_trap_wfi(&guest[0], true);
	assert_int_equal(hart_csr[0x605], 0);
	assert_int_equal(hart_csr[0x600], 0);
	guest_load(&guest[0]);
	assert_int_equal(hart_csr[0x605], 500);
	assert_int_equal(hart_csr[0x600] & BIT64(21), BIT64(21));
	guest_set_time_offset(&guest[0], 700);
	guest_trap_wfi(&guest[0], false);
	guest_set_gstage(&guest[0], HPA(0x90000000), 3, 9);
	assert_int_equal(hart_csr[0x605], 700);
	assert_int_equal(hart_csr[0x600] & BIT64(21), 0);
	assert_int_equal(hart_csr[0x680], UINT64_C(0x8000900000090000));
	guest_put(&guest[0]);
	guest_trap_wfi(&guest[0], true);
	guest_trap_wfi(&guest[0], false);
	guest_load(&guest[0]);
	assert_int_equal(hart_csr[0x600] & BIT64(21), 0);
}

/* scontext, jvt and vsiselect, where a hart has them and a guest may come to them */
static void test_rare_csrs(void **state)
{
	static const u16 rare[] = { 0x5a8, 0x017, 0x250 };

	(void)state;
	features.rare = true;
	features.scontext = true;
	features.jvt = true;
	features.siselect = true;
	for (u32 turn = 0; turn < 4U; turn++) {
		u32 who = turn % GUESTS;

		guest_load(&guest[who]);
		for (u32 n = 0; n < ARRAY_SIZE(rare); n++) {
			assert_int_equal(hart_csr[rare[n]], turn < GUESTS ? 0U : value(who, n));
			hart_csr[rare[n]] = value(who, n);
		}
	}
}

/* Without Sstc the timer is the hypervisor's, and nothing of it is in the guest's CSRs. */
static void test_no_timer_without_sstc(void **state)
{
	(void)state;
	guest[0].csr.vstimecmp = 1;
	guest[0].csr.vsie = 0x20; /* STIE */
	assert_true(guest_irq_pending(&guest[0], 0));
	assert_int_equal(guest_timer_deadline(&guest[0]), 1000);
	features.sstc = false;
	assert_false(guest_irq_pending(&guest[0], 0));
	assert_int_equal(guest_timer_deadline(&guest[0]), UINT64_MAX);
}

/* A hart without a guest walks no table, and nothing that a guest left wakes it. */
static void test_nothing_stays(void **state)
{
	(void)state;
	guest_load(&guest[0]);
	for (u32 n = 0; n < ARRAY_SIZE(own); n++)
		hart_csr[own[n]] = value(0, n);
	guest_put(&guest[0]);
	assert_int_equal(hart_csr[0x204], 0);
	assert_int_equal(hart_csr[0x280], 0);
	assert_int_equal(hart_csr[0x645], 0);
	assert_int_equal(hart_csr[0x680], 0);
	assert_int_equal(hart_csr[0x24d], UINT64_MAX);
	assert_null(hart.guest);
}

/* hstateen0: SE0 and ENVCFG are open; AIA, indirect CSRs and custom state are not. */
static void test_what_is_closed(void **state)
{
	(void)state;
	guest_load(&guest[0]);
	assert_int_equal(hart_csr[0x60c], UINT64_C(0xc000000000000000));
	/* No hardware update of A and D in the guest's tables: its writes would be in no log. */
	assert_int_equal(hart_csr[0x60a] & BIT64(61), 0);
	assert_int_equal(hart_csr[0x606], 7); /* cycle, time, instret */
}

static void dirty_fp(u64 first)
{
	regs.f[0] = first;
	regs.f[31] = first + 31U;
	hart_csr[CSR_FCSR] = first & 0xffU;
	hart_csr[0x100] |= UINT64_C(3) << 13;
}

/* Where another has used them they are zero or one's own; where nobody has, they may stay. */
static void test_each_finds_its_own_fp(void **state)
{
	(void)state;
	guest_load(&guest[0]);
	assert_int_equal(regs.f[31], 0);
	dirty_fp(0x70);
	guest_load(&guest[1]);
	assert_int_equal(regs.f[0], 0);
	assert_int_equal(regs.f[31], 0);
	dirty_fp(0x30);
	for (u32 turn = 0; turn < 4U; turn++) {
		u64 first = turn % 2U == 0U ? 0x70 : 0x30;

		guest_load(&guest[turn % 2U]);
		assert_int_equal(regs.f[0], first);
		assert_int_equal(regs.f[31], first + 31U);
		assert_int_equal(hart_csr[CSR_FCSR], first & 0xffU);
		/* Clean: what it did not change is not saved again. */
		assert_int_equal(hart_csr[0x100] >> 13 & 3U, 2);
	}
}

/* QEMU: a guest has written fcsr, and sstatus does not say so; vsstatus is off again. */
static void test_fcsr_that_nothing_tells_of(void **state)
{
	(void)state;
	guest_load(&guest[0]);
	assert_false(guest[0].fp_valid);
	hart_csr[CSR_FCSR] = 0x61;
	guest_load(&guest[1]);
	assert_int_equal(hart_csr[CSR_FCSR], 0);
	assert_false(guest[1].fp_valid);
	guest_load(&guest[0]);
	assert_int_equal(hart_csr[CSR_FCSR], 0x61);
	assert_true(guest[0].fp_valid);
}

/* Registers that came in a record count, though the hart still has what the guest left there. */
static void test_fp_of_a_record(void **state)
{
	const struct cleave_state_fp record = { .f = { 0x99 }, .fcsr = 1 };

	(void)state;
	guest_load(&guest[0]);
	dirty_fp(0x70);
	guest_put(&guest[0]);
	assert_int_equal(guest_state_set_fp(&guest[0], &record), 0);
	guest_load(&guest[0]);
	assert_int_equal(regs.f[0], 0x99);
	assert_int_equal(regs.f[31], 0);
	assert_int_equal(hart_csr[CSR_FCSR], 1);
}

/* "Trap Entry": sepc, scause, stval, SPP and SPIE say where it came from; SIE is clear. */
static void test_a_trap(void **state)
{
	(void)state;
	for (u32 i = 0; i < 4U; i++) {
		bool from_vs = i % 2U == 1U;
		bool enabled = i / 2U == 1U;

		guest_load(&guest[0]);
		guest[0].pc = 0x80201234;
		hart_csr[0x205] = 0x80300001; /* vectored; exceptions go to the base */
		hart_csr[0x200] = (UINT64_C(2) << 32) | (enabled ? 0x2U : 0x20U) |
				  (from_vs ? 0U : 0x100U);
		hart_csr[0x100] = from_vs ? 0x100U : 0U;
		hart_csr[0x600] = 0;
		guest_inject(&guest[0], 13, 0xdead);
		assert_int_equal(hart_csr[0x241], 0x80201234);
		assert_int_equal(hart_csr[0x242], 13);
		assert_int_equal(hart_csr[0x243], 0xdead);
		assert_int_equal(hart_csr[0x200], (UINT64_C(2) << 32) | (enabled ? 0x20U : 0U) |
							  (from_vs ? 0x100U : 0U));
		assert_int_equal(guest[0].pc, 0x80300000);
		assert_int_equal(hart_csr[0x100] & 0x100U, 0x100);
		assert_int_equal(hart_csr[0x600], 0x100); /* hstatus.SPVP */
	}
}

/* hvip (0x645): bit 2 software, 6 timer, 10 external. The guest clears the software one itself. */
static void test_interrupts_that_are_shown(void **state)
{
	(void)state;
	guest_load(&guest[0]);
	guest_irq_level(&guest[0], 0x400);
	assert_int_equal(hart_csr[0x645], 0x400);
	guest_irq_soft(&guest[0]);
	assert_int_equal(hart_csr[0x645], 0x404);
	guest_irq_level(&guest[0], 0x40);
	assert_int_equal(hart_csr[0x645], 0x44);
	guest_irq_level(&guest[0], 0);
	assert_int_equal(hart_csr[0x645], 0x4);
	/* A level has no software interrupt in it. */
	hart_csr[0x645] = 0;
	guest_irq_level(&guest[0], 0x404);
	assert_int_equal(hart_csr[0x645], 0x400);
}

/* vsie (0x204) has its bits one place further right than hvip and hip (0x644). */
static void test_what_wakes_it(void **state)
{
	(void)state;
	guest_load(&guest[0]);
	hart_csr[0x644] = 0x4;
	assert_false(guest_irq_pending(&guest[0], 0));
	hart_csr[0x204] = 0x200;
	assert_false(guest_irq_pending(&guest[0], 0));
	assert_true(guest_irq_pending(&guest[0], 0x400));
	hart_csr[0x204] = 0x2;
	assert_true(guest_irq_pending(&guest[0], 0));
	/* Off its hart it is what was saved. */
	hart_csr[0x645] = 0x4;
	guest_put(&guest[0]);
	hart_csr[0x644] = 0;
	assert_true(guest_irq_pending(&guest[0], 0));
	guest[0].csr.vsie = 0x20;
	assert_false(guest_irq_pending(&guest[0], 0));
}

/* The time is 1000. vstimecmp (0x24d) is pending when the guest's time is not before it. */
static void test_its_timer(void **state)
{
	(void)state;
	guest_set_time_offset(&guest[0], 50);
	guest_load(&guest[0]);
	hart_csr[0x24d] = 1050;
	assert_false(guest_irq_pending(&guest[0], 0));
	assert_true(guest_timer_deadline(&guest[0]) == UINT64_MAX);
	hart_csr[0x204] = 0x20;
	assert_true(guest_irq_pending(&guest[0], 0));
	assert_int_equal(guest_timer_deadline(&guest[0]), 1000);
	hart_csr[0x24d] = 1051;
	assert_false(guest_irq_pending(&guest[0], 0));
	assert_int_equal(guest_timer_deadline(&guest[0]), 1001);
	hart_csr[0x24d] = 3;
	assert_int_equal(guest_timer_deadline(&guest[0]), 1000);
	hart_csr[0x24d] = UINT64_MAX;
	assert_true(guest_timer_deadline(&guest[0]) == UINT64_MAX);
	/* Its time is far behind: its last tick is beyond the host's. */
	guest_set_time_offset(&guest[0], (u64)0 - 900U);
	hart_csr[0x24d] = UINT64_MAX - 1U;
	assert_true(guest_timer_deadline(&guest[0]) == UINT64_MAX);
}

/* sstatus: SPIE (bit 5) and SPP (bit 8) are the guest's, for sret. */
static void test_its_way_back(void **state)
{
	(void)state;
	guest[0].sstatus |= 0x20U;
	hart_csr[0x100] = 0x40000;
	guest_load(&guest[0]);
	assert_int_equal(hart_csr[0x100] & 0x40122U, 0x40120);
	guest_load(&guest[1]);
	assert_int_equal(hart_csr[0x100] & 0x40122U, 0x40100);
	guest_load(&guest[0]);
	assert_int_equal(hart_csr[0x100] & 0x40122U, 0x40120);
}

/* An SC comes between two guests, and none where the same one goes on. */
static void test_no_reservation_of_another(void **state)
{
	(void)state;
	guest_load(&guest[0]);
	assert_int_equal(reservations, 1);
	guest_load(&guest[0]);
	assert_int_equal(reservations, 1);
	guest_load(&guest[1]);
	assert_int_equal(reservations, 2);
}

/* What few harts have: nothing that was left there reaches the guest. */
static void test_nothing_of_what_is_rare(void **state)
{
	/* hvien, hvictl, hviprio1 and 2; vsctrctl, sctrstatus */
	static const u16 zero[] = { 0x608, 0x609, 0x646, 0x647, 0x24e, 0x14f };

	(void)state;
	features.aia = true;
	features.rare = true;
	features.ctr = true;
	for (u32 i = 0; i < ARRAY_SIZE(zero); i++)
		hart_csr[zero[i]] = UINT64_MAX;
	guest_load(&guest[0]);
	for (u32 i = 0; i < ARRAY_SIZE(zero); i++)
		assert_int_equal(hart_csr[zero[i]], 0);
	assert_int_equal(records, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_finds_its_own_csrs, begin),
		cmocka_unit_test_setup(test_its_tables, begin),
		cmocka_unit_test_setup(test_what_is_set_of_a_loaded_guest, begin),
		cmocka_unit_test_setup(test_rare_csrs, begin),
		cmocka_unit_test_setup(test_no_timer_without_sstc, begin),
		cmocka_unit_test_setup(test_nothing_stays, begin),
		cmocka_unit_test_setup(test_what_is_closed, begin),
		cmocka_unit_test_setup(test_each_finds_its_own_fp, begin),
		cmocka_unit_test_setup(test_fcsr_that_nothing_tells_of, begin),
		cmocka_unit_test_setup(test_fp_of_a_record, begin),
		cmocka_unit_test_setup(test_a_trap, begin),
		cmocka_unit_test_setup(test_interrupts_that_are_shown, begin),
		cmocka_unit_test_setup(test_what_wakes_it, begin),
		cmocka_unit_test_setup(test_its_timer, begin),
		cmocka_unit_test_setup(test_its_way_back, begin),
		cmocka_unit_test_setup(test_no_reservation_of_another, begin),
		cmocka_unit_test_setup(test_nothing_of_what_is_rare, begin),
	};

	return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
