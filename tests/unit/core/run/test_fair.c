/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has the hart next (core/run/fair/fair.c): a hart and its runners, played through in ticks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/run/fair/fair.h"

#define SLICE	 UINT64_C(100000)
#define PLAY_MAX 4U

/**
 * struct play - a hart with runners
 * @had: ticks that each has had
 * @asleep: it does not want the hart
 */
struct play {
	struct fair_hart hart;
	struct fair runner[PLAY_MAX];
	u64 had[PLAY_MAX];
	bool asleep[PLAY_MAX];
	u32 n;
};

static void play_begin(struct play *p, u32 n, u64 begin)
{
	*p = (struct play){ .n = n };
	p->hart.slice = SLICE;
	p->hart.least = begin;
	for (u32 i = 0; i < n; i++) {
		p->runner[i].weight = 100;
		p->runner[i].tag = begin;
	}
}

/* Return: the number of the runner that has the hart next; p->n: nobody. */
static u32 play_choose(struct play *p)
{
	const struct fair *f;

	fair_look(&p->hart);
	for (u32 i = 0; i < p->n; i++) {
		if (p->asleep[i])
			fair_rests(&p->hart, &p->runner[i]);
		else
			fair_wants(&p->hart, &p->runner[i]);
	}
	f = fair_choose(&p->hart);
	return f == NULL ? p->n : (u32)(f - p->runner);
}

/* Give the next one the hart for @ticks, or for what is left of its slice. Return: who it was */
static u32 play_turn(struct play *p, u64 ticks)
{
	u32 i = play_choose(p);

	if (i == p->n)
		return i;
	ticks = MIN(ticks, fair_left(&p->hart, &p->runner[i]));
	fair_charge(&p->hart, &p->runner[i], ticks);
	p->had[i] += ticks;
	return i;
}

/* All work for @ticks. */
static void play_all(struct play *p, u64 ticks)
{
	for (u64 t = 0; t < ticks;) {
		u64 left = fair_left(&p->hart, &p->runner[play_choose(p)]);

		(void)play_turn(p, left);
		t += left;
	}
}

static void test_equal_weights_take_turns(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, 3, 0);
	play_all(&p, 30 * SLICE);
	for (u32 i = 0; i < 3U; i++)
		assert_int_equal(p.had[i], 10 * SLICE);
}

static void test_weights_divide_the_time(void **state)
{
	struct play p;

	(void)state;
	/* Tags wrap on the way. */
	play_begin(&p, 3, UINT64_MAX - 1000U * SLICE);
	p.runner[1].weight = 300;
	play_all(&p, 100 * SLICE);
	assert_in_range(p.had[0], 19 * SLICE, 21 * SLICE);
	assert_in_range(p.had[1], 59 * SLICE, 61 * SLICE);
	assert_in_range(p.had[2], 19 * SLICE, 21 * SLICE);
}

static void test_the_least_weight_gets_its_part(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, 2, 0);
	p.runner[0].weight = 1;
	p.runner[1].weight = 10000;
	play_all(&p, 30003 * SLICE);
	assert_in_range(p.had[0], 2 * SLICE, 4 * SLICE);
}

static void test_interrupted_keeps_slice_and_place(void **state)
{
	struct play p;
	u32 first;

	(void)state;
	play_begin(&p, 3, 0);
	p.asleep[2] = true;
	play_all(&p, 20 * SLICE);
	first = play_turn(&p, SLICE / 4U);
	/* One that has slept comes at once, and the first goes on after that. */
	p.asleep[2] = false;
	assert_int_equal(play_turn(&p, SLICE / 10U), 2);
	p.asleep[2] = true;
	assert_int_equal(play_choose(&p), first);
	assert_int_equal(fair_left(&p.hart, &p.runner[first]), SLICE - SLICE / 4U);
	assert_int_equal(play_turn(&p, SLICE), first);
	assert_int_equal(play_turn(&p, SLICE), 1U - first);
}

static void test_thief_gets_no_more_than_its_half(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, 2, 0);
	while (p.had[0] + p.had[1] < 100 * SLICE) {
		if (play_turn(&p, SLICE * 95U / 100U) != 1U)
			continue;
		/* The thief waits for a moment, in which the other has the hart. */
		p.asleep[1] = true;
		assert_int_equal(play_turn(&p, 20), 0);
		p.asleep[1] = false;
	}
	assert_true(p.had[0] >= 49 * SLICE);
}

static void test_short_turns_are_not_free(void **state)
{
	struct play p;
	u64 turns = 0;

	(void)state;
	play_begin(&p, 2, 0);
	p.asleep[0] = true;
	play_all(&p, 10 * SLICE);
	p.asleep[0] = false;
	/* Turns of no length, each with a wait after it, end when what was saved up is gone. */
	while (play_choose(&p) == 0U) {
		fair_charge(&p.hart, &p.runner[0], 0);
		p.asleep[0] = true;
		(void)play_choose(&p);
		p.asleep[0] = false;
		turns++;
	}
	assert_true(turns <= SLICE + 1U);
}

static void test_sleep_saves_one_slice(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, 2, 0);
	p.asleep[1] = true;
	play_all(&p, 1000 * SLICE);
	p.asleep[1] = false;
	p.had[0] = 0;
	p.had[1] = 0;
	play_all(&p, 20 * SLICE);
	assert_in_range(p.had[0], 9 * SLICE, 11 * SLICE);
}

static void test_alone_for_long_owes_nothing(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, 2, 0);
	p.asleep[1] = true;
	assert_int_equal(play_choose(&p), 0);
	fair_charge(&p.hart, &p.runner[0], UINT64_MAX / 2U); /* nobody waited: no slice ended it */
	p.asleep[0] = true;
	p.asleep[1] = false;
	(void)play_turn(&p, 10);
	p.asleep[0] = false;
	p.had[0] = 0;
	play_all(&p, 10 * SLICE);
	assert_true(p.had[0] >= 4 * SLICE);
}

static void test_idle_hart_forgets_debts(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, 2, 0);
	p.runner[0].weight = 1;
	play_all(&p, 2 * SLICE); /* the light one has had a turn, and would wait for long */
	p.asleep[0] = true;
	p.asleep[1] = true;
	assert_int_equal(play_turn(&p, SLICE), 2);
	p.asleep[0] = false;
	p.asleep[1] = false;
	p.had[0] = 0;
	play_all(&p, 4 * SLICE);
	assert_true(p.had[0] >= SLICE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_weights_take_turns),
		cmocka_unit_test(test_weights_divide_the_time),
		cmocka_unit_test(test_the_least_weight_gets_its_part),
		cmocka_unit_test(test_interrupted_keeps_slice_and_place),
		cmocka_unit_test(test_thief_gets_no_more_than_its_half),
		cmocka_unit_test(test_short_turns_are_not_free),
		cmocka_unit_test(test_sleep_saves_one_slice),
		cmocka_unit_test(test_alone_for_long_owes_nothing),
		cmocka_unit_test(test_idle_hart_forgets_debts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
