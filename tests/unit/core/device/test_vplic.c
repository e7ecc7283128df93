/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated PLIC (core/device/vplic.c): gateways, priorities, thresholds, claim and complete per
 * context, and accesses of a guest that means harm, compared with a model that is written from the
 * specification the slow way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/device/vplic.h"

#define CONTEXTS 3U

static struct vplic plic;
static bool out[CONFIG_MAX_VCPUS];
static unsigned int told;

void spin_relax(void)
{
	fail_msg("the PLIC's lock is held");
}

void vplic_output(struct vplic *p, u32 context, bool level)
{
	assert_int_not_equal(p->lock.next, p->lock.owner);
	assert_true(context < p->contexts);
	assert_int_not_equal(out[context], level);
	out[context] = level;
	told++;
}

static u32 completed[4];
static unsigned int completions;

void vplic_completed(struct vplic *p, u32 source)
{
	assert_int_not_equal(p->lock.next, p->lock.owner);
	assert_true((p->passed >> source & 1U) != 0U);
	assert_int_equal(p->level >> source & 1U, 0);
	completed[completions % 4U] = source;
	completions++;
}

static u32 rd(u64 offset)
{
	return (u32)vplic_read(&plic, 0, offset, 4);
}

static void wr(u64 offset, u64 value)
{
	vplic_write(&plic, 0, offset, 4, value);
}

#define PRIORITY(s)  (4ULL * (s))
#define PENDING	     0x1000ULL
#define ENABLE(c)    (0x2000ULL + 0x80ULL * (c))
#define THRESHOLD(c) (0x200000ULL + 0x1000ULL * (c))
#define CLAIM(c)     (THRESHOLD(c) + 4ULL)

static int setup(void **state)
{
	(void)state;
	memset(&plic, 0, sizeof(plic));
	memset(out, 0, sizeof(out));
	told = 0;
	completions = 0;
	vplic_reset(&plic, CONTEXTS);
	return 0;
}

static void keeps_registers_that_are_there(void **state)
{
	(void)state;
	for (u32 s = 0; s < 40; s++) {
		wr(PRIORITY(s), 0xffffffff);
		assert_int_equal(rd(PRIORITY(s)), s == 0 || s >= VPLIC_SOURCES ? 0 : 7);
	}
	for (u32 c = 0; c < 5; c++) {
		wr(ENABLE(c), 0xffffffff);
		assert_int_equal(rd(ENABLE(c)), c < CONTEXTS ? 0xfffffffe : 0);
		wr(ENABLE(c) + 4, 0xffffffff);
		assert_int_equal(rd(ENABLE(c) + 4), 0);
		wr(THRESHOLD(c), 0xfffffff5);
		assert_int_equal(rd(THRESHOLD(c)), c < CONTEXTS ? 5 : 0);
	}
	wr(PENDING, 0xffffffff);
	assert_int_equal(rd(PENDING), 0);
	assert_int_equal(told, 0);
}

static void takes_a_level_through_claim_and_complete(void **state)
{
	(void)state;
	wr(PRIORITY(10), 1);
	wr(ENABLE(1), 1U << 10);
	vplic_line(&plic, 10, true);
	assert_true(out[1]);
	assert_false(out[0] || out[2]);
	assert_int_equal(rd(PENDING), 1U << 10);
	assert_int_equal(rd(CLAIM(0)), 0); /* not enabled there */
	assert_int_equal(rd(CLAIM(1)), 10);
	assert_false(out[1]);
	assert_int_equal(rd(PENDING), 0);
	assert_int_equal(rd(CLAIM(1)), 0); /* the gateway waits for the completion */
	wr(CLAIM(1), 10);
	assert_true(out[1]); /* the line is still high */
	assert_int_equal(rd(CLAIM(1)), 10);
	vplic_line(&plic, 10, false);
	wr(CLAIM(1), 10);
	assert_false(out[1]);
	assert_int_equal(rd(CLAIM(1)), 0);
}

/*
 * A device of the machine: its line falls when the guest completes, and only then, and only for
 * what it had claimed.
 */
static void lowers_a_passed_line_at_its_completion(void **state)
{
	(void)state;
	vplic_pass(&plic, 0); /* there is no such source */
	vplic_pass(&plic, 7);
	assert_int_equal(plic.passed, 1U << 7);
	for (u32 s = 6; s <= 7; s++)
		wr(PRIORITY(s), 1);
	wr(ENABLE(0), 1U << 6 | 1U << 7);
	wr(ENABLE(1), 1U << 6);
	vplic_line(&plic, 7, true);
	wr(CLAIM(0), 7); /* not claimed yet */
	assert_int_equal(completions, 0);
	assert_int_equal(rd(PENDING), 1U << 7);
	assert_int_equal(rd(CLAIM(0)), 7);
	wr(CLAIM(1), 7); /* not enabled there */
	wr(CLAIM(0), 6);
	assert_int_equal(completions, 0);
	assert_int_equal(plic.level, 1U << 7);
	wr(CLAIM(0), 7);
	assert_int_equal(completions, 1);
	assert_int_equal(completed[0], 7);
	assert_int_equal(plic.level, 0);
	assert_false(out[0]);
	wr(CLAIM(0), 7); /* once is enough */
	assert_int_equal(completions, 1);

	/* Asserted again meanwhile: it comes again, and an emulated device's line is left alone. */
	vplic_line(&plic, 7, true);
	vplic_line(&plic, 6, true);
	assert_int_equal(rd(CLAIM(0)), 6);
	wr(CLAIM(0), 6);
	assert_int_equal(rd(CLAIM(0)), 6);
	assert_int_equal(rd(CLAIM(0)), 7);
	wr(CLAIM(0), 7);
	assert_int_equal(completions, 2);
	assert_int_equal(plic.level, 1U << 6);

	/* What is passed stays so over a reset. */
	vplic_line(&plic, 6, false);
	vplic_reset(&plic, CONTEXTS);
	assert_int_equal(plic.passed, 1U << 7);
}

static void remembers_a_request_that_was_withdrawn(void **state)
{
	(void)state;
	wr(PRIORITY(3), 1);
	wr(ENABLE(0), 1U << 3);
	vplic_line(&plic, 3, true);
	vplic_line(&plic, 3, false);
	assert_true(out[0]);
	assert_int_equal(rd(CLAIM(0)), 3);
	wr(CLAIM(0), 3);
	assert_false(out[0]);
}

static void ignores_completions_that_are_none(void **state)
{
	(void)state;
	wr(PRIORITY(3), 1);
	wr(ENABLE(0), 1U << 3);
	wr(ENABLE(1), 1U << 4);
	vplic_line(&plic, 3, true);
	assert_int_equal(rd(CLAIM(0)), 3);
	wr(CLAIM(1), 3); /* not enabled for that context */
	assert_int_equal(rd(PENDING), 0);
	wr(CLAIM(0), 0);
	wr(CLAIM(0), 32); /* the first that there is not */
	wr(CLAIM(0), 35); /* 3, if it were taken modulo 32 */
	wr(CLAIM(0), 0xffffffff);
	assert_int_equal(rd(PENDING), 0);
	wr(CLAIM(0), 3);
	assert_int_equal(rd(PENDING), 1U << 3);
}

static void prefers_priority_then_number(void **state)
{
	(void)state;
	wr(ENABLE(0), 0xfffffffe);
	wr(PRIORITY(5), 2);
	wr(PRIORITY(9), 7);
	wr(PRIORITY(7), 2);
	wr(PRIORITY(8), 0); /* never */
	for (u32 s = 5; s <= 9; s++)
		vplic_line(&plic, s, true);
	assert_int_equal(rd(CLAIM(0)), 9);
	assert_int_equal(rd(CLAIM(0)), 5);
	assert_int_equal(rd(CLAIM(0)), 7);
	assert_int_equal(rd(CLAIM(0)), 0);
	assert_int_equal(rd(PENDING), 1U << 6 | 1U << 8);
}

static void masks_by_threshold_but_for_claims(void **state)
{
	(void)state;
	wr(ENABLE(0), 0xfffffffe);
	wr(PRIORITY(5), 3);
	wr(THRESHOLD(0), 3);
	vplic_line(&plic, 5, true);
	assert_false(out[0]);
	wr(THRESHOLD(0), 2);
	assert_true(out[0]);
	wr(THRESHOLD(0), 7);
	assert_false(out[0]);
	assert_int_equal(rd(CLAIM(0)), 5);
}

static void gives_a_request_to_one_context(void **state)
{
	(void)state;
	wr(PRIORITY(5), 1);
	for (u32 c = 0; c < CONTEXTS; c++)
		wr(ENABLE(c), 1U << 5);
	vplic_line(&plic, 5, true);
	assert_true(out[0] && out[1] && out[2]);
	assert_int_equal(rd(CLAIM(2)), 5);
	assert_false(out[0] || out[1] || out[2]);
	assert_int_equal(rd(CLAIM(0)), 0);
	wr(CLAIM(0), 5); /* any context for which it is enabled may complete it */
	assert_true(out[0] && out[1] && out[2]);
}

static void starts_again_after_reset(void **state)
{
	(void)state;
	wr(PRIORITY(5), 1);
	wr(ENABLE(0), 1U << 5);
	vplic_line(&plic, 5, true);
	assert_true(out[0]);
	vplic_reset(&plic, 2);
	assert_false(out[0]);
	assert_int_equal(rd(PRIORITY(5)), 0);
	assert_int_equal(rd(ENABLE(0)), 0);
	assert_int_equal(rd(PENDING), 1U << 5); /* the device still holds its line */
	wr(ENABLE(2), 1U << 5);
	assert_int_equal(rd(ENABLE(2)), 0); /* two contexts now */
	/* A claim that nobody completes any more holds nothing up. */
	wr(PRIORITY(5), 1);
	wr(ENABLE(0), 1U << 5);
	assert_int_equal(rd(CLAIM(0)), 5);
	vplic_reset(&plic, 2);
	assert_int_equal(rd(PENDING), 1U << 5);
}

static void touches_nobody_without_contexts(void **state)
{
	(void)state;
	vplic_reset(&plic, 0);
	wr(PRIORITY(5), 1);
	wr(ENABLE(0), 1U << 5);
	vplic_line(&plic, 5, true);
	assert_int_equal(told, 0);
	vplic_reset(&plic, CONFIG_MAX_VCPUS + 100);
	assert_int_equal(plic.contexts, CONFIG_MAX_VCPUS);
}

static void ignores_accesses_of_other_sizes(void **state)
{
	(void)state;
	vplic_write(&plic, 0, PRIORITY(5), 1, 7);
	vplic_write(&plic, 0, PRIORITY(5), 2, 7);
	vplic_write(&plic, 0, PRIORITY(4), 8, UINT64_MAX);
	vplic_write(&plic, 0, PRIORITY(5) + 2, 4, UINT64_MAX);
	assert_int_equal(rd(PRIORITY(5)), 0);
	wr(PRIORITY(5), 7);
	assert_int_equal(vplic_read(&plic, 0, PRIORITY(5), 1), 0);
	assert_int_equal(vplic_read(&plic, 0, PRIORITY(5), 8), 0);
	assert_int_equal(vplic_read(&plic, 0, PRIORITY(5) + 1, 4), 0);
}

/* --- against a model -------------------------------------------------------------------------- */

static struct {
	bool level[VPLIC_SOURCES], pending[VPLIC_SOURCES], claimed[VPLIC_SOURCES],
		enable[CONTEXTS][VPLIC_SOURCES];
	unsigned int priority[VPLIC_SOURCES], threshold[CONTEXTS];
} model;

static void model_gateways(void)
{
	for (unsigned int s = 1; s < VPLIC_SOURCES; s++) {
		if (model.level[s] && !model.claimed[s])
			model.pending[s] = true;
	}
}

static unsigned int model_best(unsigned int c)
{
	for (unsigned int priority = 7; priority > 0; priority--) {
		for (unsigned int s = 1; s < VPLIC_SOURCES; s++) {
			if (model.pending[s] && model.enable[c][s] && model.priority[s] == priority)
				return s;
		}
	}
	return 0;
}

static void model_check(void)
{
	for (unsigned int c = 0; c < CONTEXTS; c++) {
		unsigned int best = model_best(c);

		assert_int_equal(out[c], best != 0 && model.priority[best] > model.threshold[c]);
	}
}

static void model_step(void)
{
	unsigned int s = (unsigned int)random() % VPLIC_SOURCES;
	unsigned int c = (unsigned int)random() % CONTEXTS;
	unsigned int v = (unsigned int)random() % 8;
	u32 word = (u32)random() & (u32)random();

	switch (random() % 7) {
	case 0:
	case 1:
		vplic_line(&plic, s, (v & 1) != 0);
		if (s != 0)
			model.level[s] = (v & 1) != 0;
		break;
	case 2:
		wr(PRIORITY(s), v);
		if (s != 0)
			model.priority[s] = v;
		break;
	case 3:
		wr(ENABLE(c), word);
		for (unsigned int i = 1; i < VPLIC_SOURCES; i++)
			model.enable[c][i] = (word >> i & 1) != 0;
		break;
	case 4:
		wr(THRESHOLD(c), v);
		model.threshold[c] = v;
		break;
	case 5:
		s = model_best(c);
		assert_int_equal(rd(CLAIM(c)), s);
		if (s != 0) {
			model.pending[s] = false;
			model.claimed[s] = true;
		}
		break;
	default:
		wr(CLAIM(c), s);
		if (model.enable[c][s])
			model.claimed[s] = false;
		break;
	}
	model_gateways();
	model_check();
}

static void agrees_with_the_model(void **state)
{
	(void)state;
	memset(&model, 0, sizeof(model));
	srandom(2);
	for (unsigned int i = 0; i < 300000; i++)
		model_step();
	assert_true(told > 10000);
}

static void takes_any_access(void **state)
{
	static const u8 sizes[] = { 1, 2, 4, 4, 4, 8 };

	(void)state;
	srandom(3);
	for (unsigned int i = 0; i < 1000000; i++) {
		u64 offset = (u64)random() << 32 | (u64)random();
		u64 value = (u64)random() << 32 | (u64)random();
		u8 size = sizes[(u64)random() % sizeof(sizes)];

		if (i % 4 != 0)
			offset %= 0x600000;
		if (i % 2 != 0)
			offset &= ~3ULL;
		if ((random() & 1) != 0)
			vplic_write(&plic, 0, offset, size, value);
		else
			assert_true(vplic_read(&plic, 0, offset, size) <= UINT32_MAX);
		vplic_line(&plic, (u32)random() % VPLIC_SOURCES, (random() & 1) != 0);
	}
}

/*
 * As on QEMU's virt board: the contexts of M-mode keep what is written and can be claimed from, but
 * interrupt nobody, and the vCPU's own context is the second of each pair.
 */
static void has_contexts_of_m(void **state)
{
	(void)state;
	vplic_layout(&plic, true);
	vplic_reset(&plic, 2);
	vplic_write(&plic, 0, 4U * 10U, 4, 1);
	vplic_write(&plic, 0, 0x2000, 4, 1U << 10);
	vplic_write(&plic, 0, 0x202000, 4, 3);
	vplic_line(&plic, 10, true);
	assert_int_equal(plic.out, 0);
	vplic_write(&plic, 0, 0x2180, 4, 1U << 10);
	assert_int_equal(plic.out, 2); /* vCPU 1 */
	assert_int_equal(vplic_read(&plic, 0, 0x2000, 4), 1U << 10);
	assert_int_equal(vplic_read(&plic, 0, 0x202000, 4), 3);
	assert_int_equal(vplic_read(&plic, 0, 0x2180, 4), 1U << 10);
	assert_int_equal(vplic_read(&plic, 0, 0x2200, 4), 0); /* there are four */
	assert_int_equal(vplic_read(&plic, 0, 0x200004, 4), 10);
	assert_int_equal(plic.out, 0);
	vplic_line(&plic, 10, false);
	vplic_write(&plic, 0, 0x200004, 4, 10);
	vplic_line(&plic, 10, true);
	assert_int_equal(vplic_read(&plic, 0, 0x203004, 4), 10);
	vplic_reset(&plic, 2);
	assert_int_equal(vplic_read(&plic, 0, 0x2000, 4), 0);
	assert_int_equal(vplic_read(&plic, 0, 0x202000, 4), 0);
	vplic_layout(&plic, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(keeps_registers_that_are_there, setup),
		cmocka_unit_test_setup(takes_a_level_through_claim_and_complete, setup),
		cmocka_unit_test_setup(lowers_a_passed_line_at_its_completion, setup),
		cmocka_unit_test_setup(remembers_a_request_that_was_withdrawn, setup),
		cmocka_unit_test_setup(ignores_completions_that_are_none, setup),
		cmocka_unit_test_setup(prefers_priority_then_number, setup),
		cmocka_unit_test_setup(masks_by_threshold_but_for_claims, setup),
		cmocka_unit_test_setup(gives_a_request_to_one_context, setup),
		cmocka_unit_test_setup(starts_again_after_reset, setup),
		cmocka_unit_test_setup(touches_nobody_without_contexts, setup),
		cmocka_unit_test_setup(ignores_accesses_of_other_sizes, setup),
		cmocka_unit_test_setup(agrees_with_the_model, setup),
		cmocka_unit_test_setup(takes_any_access, setup),
		cmocka_unit_test_setup(has_contexts_of_m, setup),
	};

	return cmocka_run_group_tests_name("vplic", tests, NULL, NULL);
}
