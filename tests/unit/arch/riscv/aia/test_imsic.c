/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calling hart's interrupt file (arch/riscv/aia/imsic.c), on a file of 127 identities that
 * behaves as AIA 3.7 to 3.9 say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/aia.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"

static struct {
	u64 select, delivery, threshold, sip;
	u64 eip[2], eie[2];
	bool absent, stuck;
} file;

void *imsic_pages[CONFIG_MAX_HARTS];

static u32 page[1024];
static struct hart this_hart = { .index = 1 };

struct hart *hart_this(void)
{
	return &this_hart;
}

bool imsic_here(void)
{
	return !file.absent;
}

static u64 top(void)
{
	for (u32 id = 1; id < 128U; id++) {
		if ((file.eip[id / 64U] & file.eie[id / 64U] & BIT64(id % 64U)) != 0U)
			return (u64)id << 16 | id;
	}
	return 0;
}

static u64 *selected(void)
{
	switch (file.select) {
	case 0x70:
		return &file.delivery;
	case 0x72:
		return &file.threshold;
	case 0x80:
	case 0x82:
		return &file.eip[(file.select - 0x80) / 2];
	case 0xc0:
	case 0xc2:
		return &file.eie[(file.select - 0xc0) / 2];
	default:
		fail_msg("siselect is 0x%lx", (unsigned long)file.select);
		return NULL;
	}
}

u64 csr_host(u32 csr, u64 clear, u64 set)
{
	u64 *reg = csr == CSR_SISELECT ? &file.select : csr == CSR_SIP ? &file.sip : NULL;
	u64 old;

	if (csr == CSR_STOPEI) {
		assert_true(clear == 0U && set == 0U); /* a claim by stopei may hit another */
		return top();
	}
	if (csr == CSR_SIREG)
		reg = selected();
	assert_non_null(reg);
	old = *reg;
	*reg = (old & ~clear) | set;
	if (file.stuck && reg == &file.delivery)
		*reg = 0;
	return old;
}

static void begin(void)
{
	memset(&file, 0, sizeof(file));
	file.eip[0] = file.eip[1] = ~UINT64_C(0); /* the firmware's */
	file.threshold = 7;
	imsic_set_file(1, page, 127);
	imsic_pages[1] = NULL;
}

static void opens_an_empty_file(void **state)
{
	(void)state;
	begin();
	assert_false(imsic_ipi(1));
	assert_true(imsic_start());
	assert_int_equal(file.eip[0] | file.eip[1], 0);
	assert_int_equal(file.threshold, 0);
	assert_int_equal(file.delivery, 1);
	assert_true(imsic_ipi(1));
	assert_int_equal(page[0], IMSIC_ID_IPI);
}

/* A hart that cannot reach its file, or not open it, is not called by it. */
static void says_when_a_file_cannot_be_opened(void **state)
{
	(void)state;
	begin();
	file.absent = true;
	assert_false(imsic_start());
	file.absent = false;
	file.stuck = true;
	assert_false(imsic_start());
	assert_false(imsic_ipi(1));
	imsic_set_file(1, NULL, 127);
	assert_true(imsic_start());
	assert_false(imsic_ipi(1));
}

static void claims_calls_and_sources(void **state)
{
	(void)state;
	begin();
	assert_true(imsic_start());
	file.eip[0] = BIT64(1) | BIT64(5);
	file.eip[1] = BIT64(6);
	assert_int_equal(imsic_claim(2, 10), 4); /* 5, and the call before it */
	assert_int_equal(file.sip, SIP_SSIP);
	assert_int_equal(file.eip[0], 0);
	assert_int_equal(imsic_claim(2, 10), 0); /* 70 is another's: it stays */
	assert_int_equal(file.eip[1], BIT64(6));
	assert_int_equal(imsic_claim(70, 1), 1);
	assert_int_equal(file.eip[1], 0);
	file.sip = 0;
	assert_int_equal(imsic_claim(2, 100), 0);
	assert_int_equal(file.sip, 0);
	file.eip[0] = BIT64(1);
	assert_int_equal(imsic_claim(2, 0), 0); /* who has no sources takes calls, too */
	assert_int_equal(file.sip, SIP_SSIP);
}

static void drops_what_nobody_has(void **state)
{
	(void)state;
	begin();
	assert_true(imsic_start());
	file.eip[0] = BIT64(9);
	imsic_drop(10); /* an APLIC's */
	assert_int_equal(file.eip[0], BIT64(9));
	imsic_drop(9);
	assert_int_equal(file.eip[0], 0);
	file.eip[0] = BIT64(9);
	assert_int_equal(top(), 0); /* it does not come again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_an_empty_file),
		cmocka_unit_test(says_when_a_file_cannot_be_opened),
		cmocka_unit_test(claims_calls_and_sources),
		cmocka_unit_test(drops_what_nobody_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
