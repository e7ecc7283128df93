/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ISA string that guests get holds what every hart names and Cleave can give, and nothing else.
 * The firmware may write its own strings in several forms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/riscv/model/isa.h"

#define ALL 0xffffffffU

static struct isa from_string(const char *text)
{
	struct isa isa = { .h = false };

	isa_add_string(&isa, text, strlen(text));
	return isa;
}

static void gets(const struct isa *isa, u32 have, const char *want)
{
	char buf[640];

	assert_int_equal(isa_guest_string(isa, have, buf, sizeof(buf)), strlen(want));
	assert_string_equal(buf, want);
}

static void guest_gets(const char *text, u32 have, const char *want)
{
	struct isa isa = from_string(text);

	gets(&isa, have, want);
}

static void plain(void **state)
{
	(void)state;
	guest_gets("rv64imafdch_zicsr_zifencei", ALL, "rv64imafdc_zicsr_zifencei");
	guest_gets("rv64imac", ALL, "rv64imac");
	guest_gets("RV64IMAFDC_Zicsr_ZBA", ALL, "rv64imafdc_zicsr_zba");
	guest_gets("rv64gc", ALL, "rv64imafdc_zicsr_zifencei");
	assert_true(from_string("rv64imafdch").h);
	assert_false(from_string("rv64imafdc_zbh").h);
}

static void one_of_them(void **state)
{
	struct isa isa = from_string("rv64imac_Svinval_svpbmt2p0");

	(void)state;
	assert_true(isa_has(&isa, "m"));
	assert_true(isa_has(&isa, "svinval"));
	assert_true(isa_has(&isa, "svpbmt"));
	assert_false(isa_has(&isa, "f"));
	assert_false(isa_has(&isa, "svnapot"));
	assert_false(isa_has(&isa, "svinv"));
	assert_false(isa_has(&isa, "nobody"));
	assert_false(isa_has(&isa, ""));
}

static void versions(void **state)
{
	(void)state;
	guest_gets("rv64i2p1m2p0a2p1_zicsr2p0_za64rs1p0_zknd", ALL, "rv64ima_zicsr_za64rs_zknd");
	guest_gets("rv64i2m2a2", ALL, "rv64ima");
	/* "zve64d" and "zve32x" end in what could be taken for a version's end. */
	guest_gets("rv64iv_zve32x_zve64d1p0", ALL, "rv64iv_zve32x_zve64d");
}

static void never_given(void **state)
{
	(void)state;
	guest_gets("rv64ih_sscofpmf_smstateen_smaia_svadu_zkr_zicfiss_zicfilp_ssnpm_zihpm_"
		   "zicbop_xfoo",
		   ALL, "rv64i");
}

/* An extension that can be tried counts only if trying has found it. */
static void only_what_was_found(void **state)
{
	const char *all =
		"rv64imafdcv_zicbom_zicboz_zfh_zve64x_ssaia_sstc_svade_svinval_svnapot_svpbmt";

	(void)state;
	guest_gets(all, 0, "rv64imac");
	guest_gets(all, 1U << ISA_NEEDS_FP, "rv64imafdc_zfh");
	guest_gets(all, 1U << ISA_NEEDS_VECTOR, "rv64imacv_zve64x");
	guest_gets(all, (1U << ISA_NEEDS_SSTC) | (1U << ISA_NEEDS_SVPBMT), "rv64imac_sstc_svpbmt");
	guest_gets(all, 1U << ISA_NEEDS_AIA, "rv64imac_ssaia");
	guest_gets(all, ALL, all);
}

static void lists(void **state)
{
	static const char list[] = "i\0m\0a\0c\0h\0zicsr\0zba\0";
	struct isa isa = { .h = false };

	(void)state;
	isa_add_list(&isa, list, sizeof(list) - 1U);
	gets(&isa, ALL, "rv64imac_zicsr_zba");
	assert_true(isa.h);
}

/* A property may end without a NUL. The sanitiser sees a read after its last byte. */
static void cut_list(void **state)
{
	char *list = malloc(7);
	struct isa isa = { .h = false };

	(void)state;
	assert_non_null(list);
	memcpy(list, "i\0m\0zba", 7);
	isa_add_list(&isa, list, 7);
	gets(&isa, ALL, "rv64im_zba");
	free(list);
}

static void intersection(void **state)
{
	struct isa isa = from_string("rv64imafdch_zba_zbb");
	struct isa other = from_string("rv64imac_zbb_zbs");

	(void)state;
	isa_intersect(&isa, &other);
	assert_false(isa.h);
	gets(&isa, ALL, "rv64imac_zbb");
}

static void garbage(void **state)
{
	(void)state;
	guest_gets("", ALL, "rv64");
	guest_gets("rv32imac", ALL, "rv64");
	guest_gets("rv64", ALL, "rv64");
	guest_gets("rv64____", ALL, "rv64");
	guest_gets("rv64pppp2p2p2", ALL, "rv64");
	guest_gets("\xff\xfe_zba", ALL, "rv64");
}

static void small_buffer(void **state)
{
	struct isa isa = from_string("rv64imac_zicsr_zifencei");
	size_t whole = strlen("rv64imac_zicsr_zifencei");

	(void)state;
	for (size_t size = 1; size <= whole + 1U; size++) {
		char *buf = malloc(size);

		assert_non_null(buf);
		assert_int_equal(isa_guest_string(&isa, ALL, buf, size), whole);
		assert_int_equal(strlen(buf), size - 1U);
		assert_memory_equal(buf, "rv64imac_zicsr_zifencei", size - 1U);
		free(buf);
	}
}

/* The string is not cut even if the device tree names every extension that there is. */
static void everything_fits(void **state)
{
	struct isa isa;
	char buf[ISA_GUEST_LEN];

	(void)state;
	memset(&isa, 0xff, sizeof(isa.word));
	isa.h = true;
	assert_true(isa_guest_string(&isa, ALL, buf, sizeof(buf)) > 300U);
	assert_true(isa_guest_string(&isa, ALL, buf, sizeof(buf)) < sizeof(buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(one_of_them),
		cmocka_unit_test(versions),
		cmocka_unit_test(never_given),
		cmocka_unit_test(only_what_was_found),
		cmocka_unit_test(lists),
		cmocka_unit_test(cut_list),
		cmocka_unit_test(intersection),
		cmocka_unit_test(garbage),
		cmocka_unit_test(small_buffer),
		cmocka_unit_test(everything_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
