/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated interrupt file (core/device/aia/vimsic.c) against what the Advanced Interrupt
 * Architecture 1.0 says in chapter 3: every register number, every identity, claims, thresholds,
 * and stores of a guest that means harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <cleave/errno.h>
#include "core/device/aia/vimsic.h"

static struct vimsic file;
static bool out;

void spin_relax(void)
{
	fail_msg("the file's lock is held");
}

void vimsic_output(struct vimsic *f, bool level)
{
	assert_int_not_equal(f->lock.next, f->lock.owner);
	assert_int_not_equal(out, level);
	out = level;
}

static int setup(void **state)
{
	(void)state;
	memset(&file, 0, sizeof(file));
	out = false;
	return 0;
}

static u64 rd(u64 select)
{
	u64 old = 0xdead;

	assert_int_equal(vimsic_access(&file, select, 0, 0, &old), CLV_OK);
	return old;
}

/* csrrw */
static u64 wr(u64 select, u64 value)
{
	u64 old = 0xdead;

	assert_int_equal(vimsic_access(&file, select, ~0ULL, value, &old), CLV_OK);
	return old;
}

/* stopei of an identity */
#define TOP(id) ((u64)(id) << 16 | (id))

static void has_the_registers_of_the_table_and_no_others(void **state)
{
	(void)state;
	for (u64 s = 0; s < 0x200; s++) {
		bool odd = s >= 0x80 && s % 2 != 0;
		u64 old = 0xdead;
		int err = vimsic_access(&file, s, ~0ULL, ~0ULL, &old);

		if (s < 0x70 || s > 0xff || odd) {
			assert_int_equal(err, CLV_ERR_NOTFOUND);
			assert_int_equal(old, 0xdead);
			continue;
		}
		assert_int_equal(err, CLV_OK);
		assert_int_equal(old, 0);
	}
	assert_int_equal(vimsic_access(&file, ~0ULL, 0, 0, &(u64){ 0 }), CLV_ERR_NOTFOUND);
	for (u64 s = 0x70; s < 0x100; s += s < 0x80 ? 1 : 2) {
		u64 want = 0;

		if (s == 0x72)
			want = 0xff;
		else if (s == 0x80 || s == 0xc0)
			want = ~1ULL; /* 0 is no identity */
		else if ((s >= 0x82 && s <= 0x86) || (s >= 0xc2 && s <= 0xc6))
			want = ~0ULL;
		assert_true(rd(s) == want);
	}
}

static void delivers_only_with_value_1(void **state)
{
	(void)state;
	wr(0xc0, 1ULL << 5);
	vimsic_send(&file, 5);
	assert_false(out);
	assert_int_equal(vimsic_top(&file, false), TOP(5)); /* stopei does not ask for delivery */
	assert_int_equal(wr(0x70, 1), 0);
	assert_true(out);
	/* A guest's file does not know 0x40000000, nor anything else: the old value stays. */
	wr(0x70, 0x40000000);
	assert_int_equal(rd(0x70), 1);
	wr(0x70, ~0ULL);
	assert_int_equal(rd(0x70), 1);
	assert_true(out);
	assert_int_equal(wr(0x70, 0), 1);
	assert_false(out);
}

static void claims_the_lowest_identity_first(void **state)
{
	static const u32 ids[] = { 200, 1, 255, 64, 63, 128, 127 };
	static const u32 order[] = { 1, 63, 64, 127, 128, 200, 255 };

	(void)state;
	wr(0x70, 1);
	for (u64 s = 0xc0; s < 0xc8; s += 2)
		wr(s, ~0ULL);
	for (u32 i = 0; i < ARRAY_SIZE(ids); i++)
		vimsic_send(&file, ids[i]);
	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		assert_true(out);
		assert_int_equal(vimsic_top(&file, false), TOP(order[i]));
		assert_int_equal(vimsic_top(&file, true), TOP(order[i]));
	}
	assert_false(out);
	/* A claim of nothing claims nothing. */
	assert_int_equal(vimsic_top(&file, true), 0);
	assert_int_equal(vimsic_top(&file, false), 0);
}

static void each_identity_has_a_bit_of_eip_and_of_eie(void **state)
{
	(void)state;
	wr(0x70, 1);
	for (u32 id = 1; id <= 255; id++) {
		u64 eip = 0x80 + id / 64 * 2;
		u64 bit = 1ULL << id % 64;

		vimsic_send(&file, id);
		vimsic_send(&file, id); /* once pending, it is so */
		assert_true(rd(eip) == bit);
		assert_int_equal(vimsic_top(&file, true), 0); /* not enabled: not claimed */
		assert_true(rd(eip) == bit);
		assert_false(out);
		wr(0xc0 + id / 64 * 2, bit);
		assert_true(out);
		assert_int_equal(vimsic_top(&file, true), TOP(id));
		assert_false(out);
		assert_true(rd(eip) == 0);
		/* Software sets and clears it by csrrs and csrrc. */
		assert_int_equal(vimsic_access(&file, eip, 0, bit, &(u64){ 0 }), CLV_OK);
		assert_true(out);
		assert_int_equal(vimsic_access(&file, eip, bit, 0, &(u64){ 0 }), CLV_OK);
		assert_false(out);
		wr(0xc0 + id / 64 * 2, 0);
	}
}

static void a_threshold_keeps_itself_and_higher_identities_back(void **state)
{
	(void)state;
	wr(0x70, 1);
	wr(0xc0, ~0ULL);
	vimsic_send(&file, 9);
	wr(0x72, 9);
	assert_false(out);
	assert_int_equal(vimsic_top(&file, true), 0);
	assert_true(rd(0x80) == 1ULL << 9);
	wr(0x72, 10);
	assert_true(out);
	assert_int_equal(vimsic_top(&file, false), TOP(9));
	wr(0x72, 1);
	assert_false(out);
	wr(0x72, 0);
	assert_true(out);
	for (u64 n = 0; n <= 255; n++) {
		wr(0x72, n);
		assert_int_equal(rd(0x72), n);
	}
}

static void a_store_sends_what_is_an_identity(void **state)
{
	static const u8 sizes[] = { 1, 2, 8 };

	(void)state;
	for (u64 offset = 0; offset < 0x1000; offset += 4) {
		vimsic_store(&file, offset, 4, 0x7b);
		assert_true(rd(0x82) == (offset == 0 ? 1ULL << (0x7b - 64) : 0));
		wr(0x82, 0);
	}
	vimsic_store(&file, 4, 4, 0x7b000000); /* seteipnum_be */
	assert_true(rd(0x82) == 1ULL << (0x7b - 64));
	wr(0x82, 0);
	vimsic_store(&file, 0, 4, 0x500000007ULL); /* the low four bytes count */
	assert_true(wr(0x80, 0) == 1ULL << 7);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		vimsic_store(&file, 0, sizes[i], 7);
	vimsic_store(&file, 2, 4, 7);
	vimsic_store(&file, 0, 4, 0);
	vimsic_store(&file, 0, 4, 256);
	vimsic_store(&file, 0, 4, 0xffffffff);
	vimsic_store(&file, 0, 4, 0x80000001);
	for (u64 s = 0x80; s < 0xc0; s += 2)
		assert_true(rd(s) == 0);
}

static void reset_leaves_nothing(void **state)
{
	struct vimsic clear = { 0 };

	(void)state;
	for (u64 s = 0x70; s < 0x100; s += s < 0x80 ? 1 : 2)
		wr(s, s == 0x70 ? 1 : s == 0x72 ? 0 : ~0ULL);
	assert_true(out);
	vimsic_reset(&file);
	assert_false(out);
	clear.lock = file.lock;
	assert_memory_equal(&file, &clear, sizeof(file));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(has_the_registers_of_the_table_and_no_others, setup),
		cmocka_unit_test_setup(delivers_only_with_value_1, setup),
		cmocka_unit_test_setup(claims_the_lowest_identity_first, setup),
		cmocka_unit_test_setup(each_identity_has_a_bit_of_eip_and_of_eie, setup),
		cmocka_unit_test_setup(a_threshold_keeps_itself_and_higher_identities_back, setup),
		cmocka_unit_test_setup(a_store_sends_what_is_an_identity, setup),
		cmocka_unit_test_setup(reset_leaves_nothing, setup),
	};

	return cmocka_run_group_tests_name("vimsic", tests, NULL, NULL);
}
