/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated APLIC (core/device/aia/vaplic.c) against what the Advanced Interrupt Architecture
 * 1.0 says in chapter 4: every register, the rules of pending bits for every source mode (4.7), and
 * messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/device/aia/vaplic.h"

static struct vaplic aplic;
static u32 sent_to;
static u32 sent_id;
static unsigned int sent;

void spin_relax(void)
{
	fail_msg("the APLIC's lock is held");
}

void vaplic_send(struct vaplic *a, u32 hart, u32 id)
{
	assert_int_not_equal(a->lock.next, a->lock.owner);
	sent_to = hart;
	sent_id = id;
	sent++;
}

static int setup(void **state)
{
	(void)state;
	memset(&aplic, 0, sizeof(aplic));
	sent = 0;
	return 0;
}

static u32 rd(u64 offset)
{
	return (u32)vaplic_read(&aplic, 0, offset, 4);
}

static void wr(u64 offset, u64 value)
{
	vaplic_write(&aplic, 0, offset, 4, value);
}

#define SOURCECFG(s) (4ULL * (s))
#define TARGET(s)    (0x3000ULL + 4ULL * (s))
#define SETIP	     0x1c00ULL
#define SETIPNUM     0x1cdcULL
#define IN_CLRIP     0x1d00ULL
#define CLRIPNUM     0x1ddcULL
#define SETIE	     0x1e00ULL
#define SETIENUM     0x1edcULL
#define CLRIE	     0x1f00ULL
#define CLRIENUM     0x1fdcULL
#define SETIPNUM_LE  0x2000ULL
#define GENMSI	     0x3000ULL

static void reads_zero_where_nothing_is(void **state)
{
	(void)state;
	for (u64 o = 0; o < 0x4000; o += 4) {
		wr(o, 0xffffffff);
		wr(o, 0xfffffbff); /* without D of sourcecfg */
	}
	for (u64 o = 0; o < 0x4000; o += 4) {
		u32 want = 0;

		if (o == 0)
			want = 0x80000104; /* IE, MSI mode, little-endian */
		else if (o < SOURCECFG(32))
			want = 7;
		else if (o >= GENMSI && o < TARGET(32))
			want = 0xfffc03ff;
		else if (o == IN_CLRIP)
			want = 0xfffffffe; /* Level0, and all wires are low */
		assert_int_equal(rd(o), want);
	}
	/* Other sizes and odd addresses read 0 and write nothing. */
	assert_int_equal(vaplic_read(&aplic, 0, 0, 8), 0);
	assert_int_equal(vaplic_read(&aplic, 0, 0, 1), 0);
	assert_int_equal(vaplic_read(&aplic, 0, 2, 4), 0);
	vaplic_write(&aplic, 0, 0, 8, 0);
	vaplic_write(&aplic, 0, 2, 4, 0);
	assert_int_equal(rd(0), 0x80000104);
}

static void keeps_modes_that_there_are(void **state)
{
	static const u32 kept[8] = { 0, 1, 0, 0, 4, 5, 6, 7 };

	(void)state;
	for (u32 s = 1; s < 32; s++) {
		for (u32 m = 0; m < 8; m++) {
			wr(SOURCECFG(s), 0xfffff800 | m);
			assert_int_equal(rd(SOURCECFG(s)), kept[m]);
			wr(SOURCECFG(s), 0x400 | m); /* delegated: to nobody, so all of it is 0 */
			assert_int_equal(rd(SOURCECFG(s)), 0);
		}
	}
	wr(SOURCECFG(32), 1);
	assert_int_equal(rd(SOURCECFG(32)), 0);
}

static void an_inactive_source_has_nothing(void **state)
{
	(void)state;
	wr(SETIP, 0xffffffff);
	wr(SETIE, 0xffffffff);
	wr(SETIPNUM, 3);
	wr(SETIENUM, 3);
	wr(TARGET(3), 0x40005);
	assert_int_equal(rd(SETIP), 0);
	assert_int_equal(rd(SETIE), 0);
	assert_int_equal(rd(TARGET(3)), 0);
	wr(SOURCECFG(3), 1);
	assert_int_equal(rd(TARGET(3)), 0);
	wr(SETIPNUM, 3);
	wr(SETIENUM, 3);
	wr(TARGET(3), 0xfffff805);
	assert_int_equal(rd(TARGET(3)), 0xfffc0005); /* no guest index; bit 11 is reserved */
	assert_int_equal(rd(SETIP), 1 << 3);
	assert_int_equal(rd(SETIE), 1 << 3);
	wr(SOURCECFG(3), 0);
	assert_int_equal(rd(SETIP), 0);
	assert_int_equal(rd(SETIE), 0);
	assert_int_equal(rd(TARGET(3)), 0);
}

static void sets_and_clears_by_word_and_by_number(void **state)
{
	static const u64 numbers[] = { 0, 32, 33, 1024, 0x10002, 0xffffffff };

	(void)state;
	for (u32 s = 1; s < 32; s++)
		wr(SOURCECFG(s), 1);
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		wr(SETIPNUM, numbers[i]);
		wr(SETIPNUM_LE, numbers[i]);
		wr(SETIENUM, numbers[i]);
	}
	wr(0x2004, 0x02000000); /* setipnum_be is not there */
	assert_int_equal(rd(SETIP), 0);
	assert_int_equal(rd(SETIE), 0);
	wr(SETIPNUM, 1);
	wr(SETIPNUM_LE, 31);
	wr(SETIP, 0x11);
	assert_int_equal(rd(SETIP), 0x80000012);
	wr(SETIENUM, 2);
	wr(SETIE, 0x40000001);
	assert_int_equal(rd(SETIE), 0x40000004);
	wr(CLRIPNUM, 31);
	wr(CLRIPNUM, 32);
	wr(IN_CLRIP, 0x10);
	assert_int_equal(rd(SETIP), 2);
	wr(CLRIENUM, 2);
	wr(CLRIENUM, 0xffffffff);
	assert_int_equal(rd(SETIE), 0x40000000);
	wr(CLRIE, 0x40000000);
	assert_int_equal(rd(SETIE), 0);
	assert_int_equal(rd(IN_CLRIP), 0); /* detached: no wire */
	assert_int_equal(sent, 0);
}

static void an_edge_is_pending_once(void **state)
{
	(void)state;
	for (u32 m = 4; m < 6; m++) {
		bool up = m == 4;

		wr(SOURCECFG(7), 0);
		vaplic_line(&aplic, 7, !up);
		wr(SOURCECFG(7), m);
		assert_int_equal(rd(SETIP), 0);
		assert_int_equal(rd(IN_CLRIP), 0);
		vaplic_line(&aplic, 7, up);
		assert_int_equal(rd(SETIP), 1 << 7);
		assert_int_equal(rd(IN_CLRIP), 1 << 7);
		wr(CLRIPNUM, 7);
		vaplic_line(&aplic, 7, up); /* no edge */
		assert_int_equal(rd(SETIP), 0);
		wr(SETIPNUM, 7); /* software may */
		vaplic_line(&aplic, 7, !up);
		assert_int_equal(rd(SETIP),
				 1 << 7); /* and the end of the signal takes nothing back */
		wr(CLRIPNUM, 7);
	}
}

static void a_level_is_pending_while_it_lasts(void **state)
{
	(void)state;
	for (u32 m = 6; m < 8; m++) {
		bool up = m == 6;

		wr(SOURCECFG(7), 0);
		vaplic_line(&aplic, 7, !up);
		wr(SOURCECFG(7), m);
		wr(SETIPNUM, 7); /* not while the input is low */
		wr(SETIP, 1 << 7);
		assert_int_equal(rd(SETIP), 0);
		vaplic_line(&aplic, 7, up);
		assert_int_equal(rd(SETIP), 1 << 7);
		wr(CLRIPNUM, 7);
		assert_int_equal(rd(SETIP), 0);
		wr(SETIPNUM, 7);
		assert_int_equal(rd(SETIP), 1 << 7);
		vaplic_line(&aplic, 7, !up);
		assert_int_equal(rd(SETIP), 0);
	}
	/* A device that waits already is heard. */
	wr(SOURCECFG(7), 0);
	vaplic_line(&aplic, 7, true);
	wr(SOURCECFG(7), 6);
	assert_int_equal(rd(SETIP), 1 << 7);
	/* What was pending by an edge is not so when the level is low. */
	wr(SOURCECFG(7), 7);
	assert_int_equal(rd(SETIP), 0);
}

static void a_message_goes_to_its_target_once(void **state)
{
	(void)state;
	wr(SOURCECFG(10), 6);
	wr(TARGET(10), 3U << 18 | 77);
	wr(SETIENUM, 10);
	vaplic_line(&aplic, 10, true);
	assert_int_equal(sent, 0); /* IE is 0 */
	wr(0, 0x100);
	assert_int_equal(sent, 1);
	assert_int_equal(sent_to, 3);
	assert_int_equal(sent_id, 77);
	assert_int_equal(rd(SETIP), 0);
	/* The wire is still high: without a retrigger nothing comes (4.9.2). */
	vaplic_line(&aplic, 10, true);
	wr(0, 0x100);
	assert_int_equal(sent, 1);
	assert_int_equal(rd(IN_CLRIP), 1 << 10);
	wr(SETIPNUM, 10);
	assert_int_equal(sent, 2);
	vaplic_line(&aplic, 10, false);
	wr(SETIPNUM_LE, 10);
	assert_int_equal(sent, 2);
	vaplic_line(&aplic, 10, true);
	assert_int_equal(sent, 3);
	/* What comes while it is disabled is sent when it is enabled. */
	wr(CLRIENUM, 10);
	vaplic_line(&aplic, 10, false);
	vaplic_line(&aplic, 10, true);
	assert_int_equal(sent, 3);
	wr(SETIE, 1 << 10);
	assert_int_equal(sent, 4);
	vaplic_line(&aplic, 0, true);
	vaplic_line(&aplic, 32, true);
	assert_int_equal(aplic.level, 1 << 10);
}

static void genmsi_sends_whatever_ie_is(void **state)
{
	(void)state;
	wr(GENMSI, 2U << 18 | 0x3f800 | 0x1234);
	assert_int_equal(sent, 1);
	assert_int_equal(sent_to, 2);
	assert_int_equal(sent_id, 0x234);
	assert_int_equal(rd(GENMSI), 2U << 18 | 0x234); /* and Busy is 0 */
}

static void reset_keeps_the_wires_alone(void **state)
{
	struct vaplic clear = { .level = 1 << 9 };

	(void)state;
	vaplic_line(&aplic, 9, true);
	for (u64 o = 0; o < 0x4000; o += 4)
		wr(o, 0xfffffbfe);
	vaplic_reset(&aplic);
	clear.lock = aplic.lock;
	assert_memory_equal(&aplic, &clear, sizeof(aplic));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_zero_where_nothing_is, setup),
		cmocka_unit_test_setup(keeps_modes_that_there_are, setup),
		cmocka_unit_test_setup(an_inactive_source_has_nothing, setup),
		cmocka_unit_test_setup(sets_and_clears_by_word_and_by_number, setup),
		cmocka_unit_test_setup(an_edge_is_pending_once, setup),
		cmocka_unit_test_setup(a_level_is_pending_while_it_lasts, setup),
		cmocka_unit_test_setup(a_message_goes_to_its_target_once, setup),
		cmocka_unit_test_setup(genmsi_sends_whatever_ie_is, setup),
		cmocka_unit_test_setup(reset_keeps_the_wires_alone, setup),
	};

	return cmocka_run_group_tests_name("vaplic", tests, NULL, NULL);
}
