/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instruction decoding for device emulation (arch/riscv/decode/insn.c). The tests decode encodings
 * that an assembler made, compare every 16-bit value and random 32-bit values with a table of masks
 * and matches, and check transformed instructions and the values of loads and stores.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <cleave/errno.h>
#include "arch/riscv/decode/insn.h"

/* Encodings as binutils prints them */
static const struct {
	u32 insn;
	const char *text;
	struct insn_access want;
} good[] = {
	{ 0xffd10783, "lb a5,-3(sp)", { 1, 15, 4, false, true } },
	{ 0x7ff09f83, "lh t6,2047(ra)", { 2, 31, 4, false, true } },
	{ 0x00052003, "lw zero,0(a0)", { 4, 0, 4, false, true } },
	{ 0x80023d83, "ld s11,-2048(tp)", { 8, 27, 4, false, true } },
	{ 0x0075c503, "lbu a0,7(a1)", { 1, 10, 4, false, false } },
	{ 0x0065d183, "lhu gp,6(a1)", { 2, 3, 4, false, false } },
	{ 0x0045ef83, "lwu t6,4(a1)", { 4, 31, 4, false, false } },
	{ 0xfea58fa3, "sb a0,-1(a1)", { 1, 10, 4, true, false } },
	{ 0x00059123, "sh zero,2(a1)", { 2, 0, 4, true, false } },
	{ 0x81f5a023, "sw t6,-2048(a1)", { 4, 31, 4, true, false } },
	{ 0x7e85bfa3, "sd s0,2047(a1)", { 8, 8, 4, true, false } },
	{ 0x41c8, "c.lw a0,4(a1)", { 4, 10, 2, false, true } },
	{ 0x6784, "c.ld s1,8(a5)", { 8, 9, 2, false, true } },
	{ 0xdce0, "c.sw s0,124(s1)", { 4, 8, 2, true, false } },
	{ 0xff7c, "c.sd a5,248(a4)", { 8, 15, 2, true, false } },
	{ 0x5ffe, "c.lwsp t6,252(sp)", { 4, 31, 2, false, true } },
	{ 0x70fe, "c.ldsp ra,504(sp)", { 8, 1, 2, false, true } },
	{ 0xc202, "c.swsp zero,4(sp)", { 4, 0, 2, true, false } },
	{ 0xe47e, "c.sdsp t6,8(sp)", { 8, 31, 2, true, false } },
	{ 0x810c, "c.lbu a1,0(a0)", { 1, 11, 2, false, false } },
	{ 0x850c, "c.lhu a1,0(a0)", { 2, 11, 2, false, false } },
	{ 0x854c, "c.lh a1,0(a0)", { 2, 11, 2, false, true } },
	{ 0x890c, "c.sb a1,0(a0)", { 1, 11, 2, true, false } },
	{ 0x8d0c, "c.sh a1,0(a0)", { 2, 11, 2, true, false } },
};

static const struct {
	u32 insn;
	const char *text;
	const char *what;
} bad[] = {
	{ 0x0005a507, "flw fa0,0(a1)", "floating-point access to a device" },
	{ 0x0005b507, "fld fa0,0(a1)", "floating-point access to a device" },
	{ 0x00a5a027, "fsw fa0,0(a1)", "floating-point access to a device" },
	{ 0x00a5b027, "fsd fa0,0(a1)", "floating-point access to a device" },
	{ 0x2588, "c.fld fa0,8(a1)", "floating-point access to a device" },
	{ 0xa588, "c.fsd fa0,8(a1)", "floating-point access to a device" },
	{ 0x2522, "c.fldsp fa0,8(sp)", "floating-point access to a device" },
	{ 0xa42a, "c.fsdsp fa0,8(sp)", "floating-point access to a device" },
	{ 0x02058087, "vle8.v v1,(a1)", "vector access to a device" },
	{ 0x0205f0a7, "vse64.v v1,(a1)", "vector access to a device" },
	{ 0xe2858407, "vl8r.v v8,(a1)", "vector access to a device" },
	{ 0x00b6252f, "amoadd.w a0,a1,(a2)", "atomic access to a device" },
	{ 0x1006352f, "lr.d a0,(a2)", "atomic access to a device" },
	{ 0x18b6252f, "sc.w a0,a1,(a2)", "atomic access to a device" },
	{ 0x0015a00f, "cbo.clean (a1)", "cache-block operation on a device" },
	{ 0x0ff0000f, "fence", "device access by an instruction that is no load or store" },
	{ 0x00c58533, "add a0,a1,a2", "device access by an instruction that is no load or store" },
	{ 0x00000073, "ecall", "device access by an instruction that is no load or store" },
	{ 0x0001, "c.nop", "device access by an instruction that is no load or store" },
	{ 0x9002, "c.ebreak", "device access by an instruction that is no load or store" },
	{ 0x0000, "all zeros", "device access by an instruction that is no load or store" },
	{ 0xffffffff, "all ones", "device access by an instruction that is no load or store" },
	{ 0x8d4c, "c.sh with bit 6 set, reserved",
	  "device access by an instruction that is no load or store" },
	{ 0x4002, "c.lwsp zero, reserved",
	  "device access by an instruction that is no load or store" },
	{ 0x6002, "c.ldsp zero, reserved",
	  "device access by an instruction that is no load or store" },
};

static void assert_same(const struct insn_access *got, const struct insn_access *want,
			const char *text)
{
	if (got->size != want->size || got->reg != want->reg || got->length != want->length ||
	    got->write != want->write || got->sign != want->sign)
		fail_msg("%s: size %u reg %u length %u write %d sign %d", text, got->size, got->reg,
			 got->length, got->write, got->sign);
}

static void decodes_what_an_assembler_makes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct insn_access a;

		if (insn_decode(good[i].insn, &a) != CLV_OK)
			fail_msg("%s is refused", good[i].text);
		assert_same(&a, &good[i].want, good[i].text);
		assert_int_equal(insn_length((u16)good[i].insn), good[i].want.length);
		if (a.length == INSN_LENGTH_SHORT) {
			/* The bytes after a compressed instruction change nothing. */
			assert_int_equal(insn_decode(good[i].insn | 0xdead0000U, &a), CLV_OK);
			assert_same(&a, &good[i].want, good[i].text);
		}
	}
}

static void refuses_and_names_the_rest(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct insn_access a = { .size = 99 };

		if (insn_decode(bad[i].insn, &a) != CLV_ERR_UNSUPPORTED)
			fail_msg("%s is accepted", bad[i].text);
		assert_int_equal(a.size, 99); /* untouched */
		assert_string_equal(insn_what(bad[i].insn), bad[i].what);
	}
}

/* A second opinion: the instructions as masks and matches over the whole encoding */
static const struct {
	u32 mask;
	u32 match;
	u8 size;
	u8 length;
	bool write;
	bool sign;
	u8 reg_shift;
	bool reg_short; /* three bits, x8 to x15 */
	bool not_zero;	/* register x0 is reserved */
} table[] = {
	{ 0x707f, 0x0003, 1, 4, false, true, 7, false, false },	 /* lb */
	{ 0x707f, 0x1003, 2, 4, false, true, 7, false, false },	 /* lh */
	{ 0x707f, 0x2003, 4, 4, false, true, 7, false, false },	 /* lw */
	{ 0x707f, 0x3003, 8, 4, false, true, 7, false, false },	 /* ld */
	{ 0x707f, 0x4003, 1, 4, false, false, 7, false, false }, /* lbu */
	{ 0x707f, 0x5003, 2, 4, false, false, 7, false, false }, /* lhu */
	{ 0x707f, 0x6003, 4, 4, false, false, 7, false, false }, /* lwu */
	{ 0x707f, 0x0023, 1, 4, true, false, 20, false, false }, /* sb */
	{ 0x707f, 0x1023, 2, 4, true, false, 20, false, false }, /* sh */
	{ 0x707f, 0x2023, 4, 4, true, false, 20, false, false }, /* sw */
	{ 0x707f, 0x3023, 8, 4, true, false, 20, false, false }, /* sd */
	{ 0xe003, 0x4000, 4, 2, false, true, 2, true, false },	 /* c.lw */
	{ 0xe003, 0x6000, 8, 2, false, true, 2, true, false },	 /* c.ld */
	{ 0xe003, 0xc000, 4, 2, true, false, 2, true, false },	 /* c.sw */
	{ 0xe003, 0xe000, 8, 2, true, false, 2, true, false },	 /* c.sd */
	{ 0xe003, 0x4002, 4, 2, false, true, 7, false, true },	 /* c.lwsp */
	{ 0xe003, 0x6002, 8, 2, false, true, 7, false, true },	 /* c.ldsp */
	{ 0xe003, 0xc002, 4, 2, true, false, 2, false, false },	 /* c.swsp */
	{ 0xe003, 0xe002, 8, 2, true, false, 2, false, false },	 /* c.sdsp */
	{ 0xfc03, 0x8000, 1, 2, false, false, 2, true, false },	 /* c.lbu */
	{ 0xfc43, 0x8400, 2, 2, false, false, 2, true, false },	 /* c.lhu */
	{ 0xfc43, 0x8440, 2, 2, false, true, 2, true, false },	 /* c.lh */
	{ 0xfc03, 0x8800, 1, 2, true, false, 2, true, false },	 /* c.sb */
	{ 0xfc43, 0x8c00, 2, 2, true, false, 2, true, false },	 /* c.sh */
};

static int table_decode(u32 insn, struct insn_access *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		u8 reg = (u8)((insn >> table[i].reg_shift) & (table[i].reg_short ? 7U : 31U));

		if ((insn & table[i].mask) != table[i].match || (table[i].not_zero && reg == 0U))
			continue;
		*out = (struct insn_access){ table[i].size,
					     (u8)(reg + (table[i].reg_short ? 8U : 0U)),
					     table[i].length, table[i].write, table[i].sign };
		return CLV_OK;
	}
	return CLV_ERR_UNSUPPORTED;
}

static void compare_with_table(u32 insn)
{
	struct insn_access got;
	struct insn_access want;
	int err = table_decode(insn, &want);

	if (insn_decode(insn, &got) != err)
		fail_msg("0x%08x: accepted by one and refused by the other", insn);
	if (err == CLV_OK)
		assert_same(&got, &want, "table");
	else
		assert_non_null(insn_what(insn));
}

static void agrees_with_a_table_on_every_16_bit_value(void **state)
{
	(void)state;
	for (u32 i = 0; i <= UINT16_MAX; i++)
		compare_with_table(i);
}

static void agrees_with_a_table_on_random_32_bit_values(void **state)
{
	u32 x = 2463534242U;

	(void)state;
	for (u32 i = 0; i < 2000000U; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		compare_with_table(x | 3U);
		compare_with_table((x & ~0x7fU) | ((i & 1U) != 0U ? 0x03U : 0x23U));
	}
}

static void decodes_transformed_instructions(void **state)
{
	struct insn_access a;
	u8 offset = 77;

	(void)state;
	/* sw a0, from a 4-byte instruction: immediates and rs1 are 0 */
	assert_int_equal(insn_decode_htinst(0x00a02023, &a, &offset), CLV_OK);
	assert_same(&a, &(struct insn_access){ 4, 10, 4, true, false }, "sw");
	assert_int_equal(offset, 0);
	/* the same access, but from a c.sw: bit 1 is clear */
	assert_int_equal(insn_decode_htinst(0x00a02021, &a, &offset), CLV_OK);
	assert_same(&a, &(struct insn_access){ 4, 10, 2, true, false }, "c.sw");
	/* the second part of a misaligned ld s1: rs1 holds the distance */
	assert_int_equal(insn_decode_htinst(0x0002b483, &a, &offset), CLV_OK);
	assert_same(&a, &(struct insn_access){ 8, 9, 4, false, true }, "ld");
	assert_int_equal(offset, 5);
}

static void leaves_other_htinst_to_the_code(void **state)
{
	static const u64 others[] = { 0,      0x2000, 0x2020,	  0x3000,
				      0x3020, 2,      0xfffffffe, UINT64_C(0x100000003) };
	struct insn_access a;
	u8 offset;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(insn_decode_htinst(others[i], &a, &offset), CLV_ERR_NOTFOUND);
	/* amoadd.w is a transformed instruction, but not one that is emulated. */
	assert_int_equal(insn_decode_htinst(0x00b0252f, &a, &offset), CLV_ERR_UNSUPPORTED);
}

static void extends_what_a_load_returns(void **state)
{
	struct insn_access a = { .size = 1, .sign = true };

	(void)state;
	assert_int_equal(insn_load_value(&a, 0x80), UINT64_C(0xffffffffffffff80));
	assert_int_equal(insn_load_value(&a, 0x17f), 0x7f);
	a.sign = false;
	assert_int_equal(insn_load_value(&a, 0x180), 0x80);
	a.size = 2;
	assert_int_equal(insn_load_value(&a, 0xabcd8001), 0x8001);
	a.sign = true;
	assert_int_equal(insn_load_value(&a, 0x8001), UINT64_C(0xffffffffffff8001));
	a.size = 4;
	assert_int_equal(insn_load_value(&a, UINT64_C(0x1280000000)), UINT64_C(0xffffffff80000000));
	a.sign = false;
	assert_int_equal(insn_load_value(&a, UINT64_C(0x1280000000)), UINT64_C(0x80000000));
	a.size = 8;
	assert_int_equal(insn_load_value(&a, UINT64_MAX), UINT64_MAX);
}

static void cuts_what_a_store_writes(void **state)
{
	static const struct {
		u8 size;
		u64 want;
	} t[] = {
		{ 1, 0x88 }, { 2, 0x7788 }, { 4, 0x55667788 }, { 8, UINT64_C(0x1122334455667788) }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct insn_access a = { .size = t[i].size, .write = true };

		assert_int_equal(insn_store_value(&a, UINT64_C(0x1122334455667788)), t[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_what_an_assembler_makes),
		cmocka_unit_test(refuses_and_names_the_rest),
		cmocka_unit_test(agrees_with_a_table_on_every_16_bit_value),
		cmocka_unit_test(agrees_with_a_table_on_random_32_bit_values),
		cmocka_unit_test(decodes_transformed_instructions),
		cmocka_unit_test(leaves_other_htinst_to_the_code),
		cmocka_unit_test(extends_what_a_load_returns),
		cmocka_unit_test(cuts_what_a_store_writes),
	};

	return cmocka_run_group_tests_name("insn", tests, NULL, NULL);
}
