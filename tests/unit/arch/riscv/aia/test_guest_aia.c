/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's accesses to siselect, sireg and stopei (arch/riscv/aia/guest_aia.c): every form of CSR
 * instruction, and which accesses are left to raise an exception. The hart is a set of CSRs.
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
#define csr_read(number) (csr[number])

#include "arch/riscv/aia/guest_aia.c"

struct features features;

static struct guest guest;
static u64 reg;	     /* what sireg shows */
static u64 selected; /* by the last access to it */
static bool claimed;
static unsigned int tops;

int guest_on_file(struct guest *g, u64 select, u64 clear, u64 set, u64 *old)
{
	assert_ptr_equal(g, &guest);
	selected = select;
	if (select == 0x81)
		return CLV_ERR_NOTFOUND;
	*old = reg;
	reg = (reg & ~clear) | set;
	return CLV_OK;
}

u64 guest_on_top(struct guest *g, bool claim)
{
	assert_ptr_equal(g, &guest);
	claimed = claim;
	tops++;
	return 0x70007;
}

static int setup(void **state)
{
	(void)state;
	memset(&guest, 0, sizeof(guest));
	memset(csr, 0, sizeof(csr));
	guest.aia = true;
	csr[CSR_SSTATUS] = SSTATUS_SPP;
	guest.pc = 0x80200000;
	guest.x[11] = 0xff00ff;
	features.siselect = true;
	reg = 0xf0f0f0;
	tops = 0;
	return 0;
}

/* A CSR instruction: funct3 1 to 3 with x[@source], 5 to 7 with the number @source, and rd = a0 */
static u32 insn(u32 number, u32 funct3, u32 source)
{
	return number << 20 | source << 15 | funct3 << 12 | 10U << 7 | 0x73U;
}

static void done(u32 i)
{
	u64 pc = guest.pc;

	assert_true(guest_aia_csr(&guest, i));
	assert_int_equal(guest.pc, pc + 4U);
}

static void refused(u32 i)
{
	struct guest before = guest;

	assert_false(guest_aia_csr(&guest, i));
	assert_memory_equal(&guest, &before, sizeof(guest));
}

static void sireg_has_every_form(void **state)
{
	static const struct {
		u32 funct3;
		u32 source;
		u64 after;
	} form[] = {
		{ 1, 11, 0xff00ff }, { 1, 0, 0 },	 { 2, 11, 0xfff0ff }, { 2, 0, 0xf0f0f0 },
		{ 3, 11, 0x00f000 }, { 5, 31, 31 },	 { 6, 31, 0xf0f0ff }, { 6, 0, 0xf0f0f0 },
		{ 7, 16, 0xf0f0e0 }, { 3, 0, 0xf0f0f0 },
	};

	(void)state;
	csr[CSR_VSISELECT] = 0xc0;
	for (u32 i = 0; i < ARRAY_SIZE(form); i++) {
		reg = 0xf0f0f0;
		done(insn(0x151, form[i].funct3, form[i].source));
		assert_int_equal(reg, form[i].after);
		assert_int_equal(guest.x[10], 0xf0f0f0);
		assert_int_equal(selected, 0xc0);
	}
	/* Without a target register x0 stays 0. */
	done(insn(0x151, 1, 11) & ~(31U << 7));
	assert_int_equal(guest.x[0], 0);
}

static void stopei_is_claimed_by_a_write(void **state)
{
	static const bool writes[8] = { false, true, false, false, false, true, false, false };

	(void)state;
	for (u32 f = 1; f < 8; f++) {
		if (f == 4)
			continue;
		done(insn(0x15c, f, 0));
		assert_int_equal(claimed, writes[f]);
		assert_int_equal(guest.x[10], 0x70007);
		done(insn(0x15c, f, 11));
		assert_true(claimed);
	}
	assert_int_equal(tops, 12);
}

static void siselect_is_kept_where_it_is_closed(void **state)
{
	(void)state;
	refused(insn(0x150, 1, 11)); /* it does not trap where it is open */
	features.siselect = false;
	guest.x[11] = 0x12345672;
	done(insn(0x150, 1, 11));
	assert_int_equal(guest.x[10], 0);
	done(insn(0x150, 2, 0));
	assert_int_equal(guest.x[10], 0x72); /* nine bits */
	csr[CSR_VSISELECT] = 0x70;
	done(insn(0x151, 2, 0));
	assert_int_equal(selected, 0x72);
}

static void priorities_are_zero_and_others_refused(void **state)
{
	(void)state;
	for (u64 s = 0x30; s < 0x40; s++) {
		csr[CSR_VSISELECT] = s;
		if (s % 2 != 0) {
			refused(insn(0x151, 1, 11));
			continue;
		}
		guest.x[10] = 1;
		done(insn(0x151, 1, 11));
		assert_int_equal(guest.x[10], 0);
	}
	assert_int_equal(reg, 0xf0f0f0);
	csr[CSR_VSISELECT] = 0x81;
	refused(insn(0x151, 1, 11));
	csr[CSR_VSISELECT] = 0xc0;
	refused(insn(0x152, 1, 11));	    /* sireg2 */
	refused(insn(0x251, 1, 11));	    /* vsireg */
	refused(insn(0x25c, 1, 11));	    /* vstopei */
	refused(insn(0x151, 0, 11));	    /* no CSR instruction */
	refused(insn(0x151, 4, 11));	    /* hlv and hsv */
	refused(insn(0x151, 1, 11) ^ 0x20); /* another opcode */
	csr[CSR_SSTATUS] = 0;		    /* VU-mode */
	refused(insn(0x151, 1, 11));
	refused(insn(0x15c, 1, 11));
	csr[CSR_SSTATUS] = SSTATUS_SPP;
	guest.aia = false;
	refused(insn(0x151, 1, 11));
	refused(insn(0x15c, 1, 11));
	assert_int_equal(tops, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sireg_has_every_form, setup),
		cmocka_unit_test_setup(stopei_is_claimed_by_a_write, setup),
		cmocka_unit_test_setup(siselect_is_kept_where_it_is_closed, setup),
		cmocka_unit_test_setup(priorities_are_zero_and_others_refused, setup),
	};

	return cmocka_run_group_tests_name("guest_aia", tests, NULL, NULL);
}
