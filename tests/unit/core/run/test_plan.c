/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose window it is (core/run/plan/plan.c), against a naive model that counts every boundary from
 * the origin on in 128 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/run/plan/plan.h"

#define WINDOWS 8U
#define PLANS	3U
#define HARTS	3U

__extension__ typedef unsigned __int128 wide;

static const u64 frequencies[] = { 1,	     32768,    999999,	 1000000,  1000001,    4000000,
				   10000000, 12288000, 24000000, 27000000, 1000000000, 3999999999 };

static u64 seed = 88172645463325252U;

static u64 random_below(u64 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/**
 * struct model - plans, and every change of them that was asked for
 * @change_us, @change: when the plan that runs changed, and to which
 */
struct model {
	u64 origin;
	u64 frequency;
	u32 frame[PLANS];
	u32 nr[PLANS][HARTS];
	struct config_window window[PLANS][HARTS][WINDOWS];
	u32 nr_changes;
	u64 change_us[64];
	u32 change[64];
};

static u64 model_ticks(const struct model *m, u64 us)
{
	return m->origin + (u64)((wide)us * m->frequency / 1000000U);
}

/* The plan that runs at a microsecond, and when its present frame began; one frame at a time. */
static u32 model_frame(const struct model *m, u64 now, u64 *begin)
{
	u32 at = 0;
	u64 us = 0;

	for (;;) {
		u64 end = us + m->frame[m->change[at]];

		if (model_ticks(m, end) > now)
			break;
		us = end;
		while (at + 1U < m->nr_changes && m->change_us[at + 1U] <= us)
			at++;
	}
	*begin = us;
	return m->change[at];
}

static struct plan_place model_place(const struct model *m, u32 hart, u64 now)
{
	u64 begin;
	u32 plan = model_frame(m, now, &begin);
	u64 edge[2U * WINDOWS + 2U];
	u32 who[2U * WINDOWS + 2U];
	u32 n = 0;
	struct plan_place p = { .window = PLAN_NOBODY };

	edge[n] = begin;
	who[n++] = PLAN_NOBODY;
	for (u32 i = 0; i < m->nr[plan][hart]; i++) {
		const struct config_window *w = &m->window[plan][hart][i];

		if (w->offset_us + begin != edge[n - 1U]) {
			edge[n] = begin + w->offset_us;
			who[n++] = i;
		} else {
			who[n - 1U] = i;
		}
		edge[n] = begin + w->offset_us + w->length_us;
		who[n++] = PLAN_NOBODY;
	}
	edge[n] = begin + m->frame[plan];
	for (u32 i = 0; i < n; i++) {
		if (model_ticks(m, edge[i]) > now)
			continue;
		p.window = who[i];
		p.start = model_ticks(m, edge[i]);
		p.end = model_ticks(m, edge[i + 1U]);
	}
	return p;
}

static void model_random(struct model *m)
{
	*m = (struct model){ .origin = random_below(UINT64_C(1) << 40), .nr_changes = 1 };
	m->frequency = frequencies[random_below(ARRAY_SIZE(frequencies))];
	for (u32 p = 0; p < PLANS; p++) {
		m->frame[p] = 1000U + (u32)random_below(p == 0U ? 100000U : 3000U);
		for (u32 h = 0; h < HARTS; h++) {
			u32 at = 0;

			while (m->nr[p][h] < WINDOWS) {
				struct config_window *w = &m->window[p][h][m->nr[p][h]];

				at += random_below(2) != 0U ? (u32)random_below(500) : 0U;
				w->offset_us = at;
				w->length_us = 1U + (u32)random_below(m->frame[p] / 3U);
				at += w->length_us;
				if (at > m->frame[p])
					break;
				m->nr[p][h]++;
			}
		}
	}
}

/* Go through a random time, in which the harts look and the plans change. */
static void play(struct model *m)
{
	struct plan_clock c;
	u64 now = m->origin;
	u64 begin;

	plan_clock_init(&c, m->origin, m->frequency, 0, m->frame[0]);
	for (u32 i = 0; i < 60U; i++) {
		u32 hart = (u32)random_below(HARTS);
		u64 us = plan_us(&c, now);
		struct plan_place got;
		struct plan_place want = model_place(m, hart, now);

		assert_true(model_ticks(m, us) <= now && model_ticks(m, us + 1U) > now);
		plan_clock_go(&c, us);
		assert_int_equal(c.plan, model_frame(m, now, &begin));
		plan_find(&c, m->window[c.plan][hart], m->nr[c.plan][hart], us, &got);
		assert_int_equal(got.window, want.window);
		assert_int_equal(got.start, want.start);
		assert_int_equal(got.end, want.end);
		assert_true(got.start <= now && now < got.end);
		if (random_below(4) == 0U) {
			u32 plan = (u32)random_below(PLANS);

			plan_clock_set(&c, plan, m->frame[plan]);
			/* A change that has not come yet is replaced. */
			if (m->change_us[m->nr_changes - 1U] == begin + c.frame)
				m->nr_changes--;
			m->change_us[m->nr_changes] = begin + c.frame;
			m->change[m->nr_changes++] = plan;
		}
		/* To the end of the place, just before it, or anywhere. */
		switch (random_below(4)) {
		case 0:
			now = got.end;
			break;
		case 1:
			now = MAX(now, got.end - 1U);
			break;
		case 2:
			now += random_below(m->frequency / 100U + 2U);
			break;
		default:
			now += random_below(MIN(m->frequency, 10000000U) * 2U + 1U) / 10U;
			break;
		}
	}
}

static void test_random_plans_are_those_of_the_model(void **state)
{
	struct model m;

	(void)state;
	for (u32 i = 0; i < 1500U; i++) {
		model_random(&m);
		play(&m);
	}
}

/* A hundred years at an odd frequency: the boundary is still where 128 bits put it. */
static void test_no_drift(void **state)
{
	struct plan_clock c;
	u64 us = UINT64_C(100) * 365 * 86400 * 1000000 + 7;
	u64 want = 12345 + (u64)((wide)us * 12288001 / 1000000U);

	(void)state;
	plan_clock_init(&c, 12345, 12288001, 0, 7);
	assert_int_equal(plan_ticks(&c, us), want);
	assert_int_equal(plan_ticks(&c, plan_us(&c, want)), want);
	plan_clock_go(&c, plan_us(&c, want));
	assert_int_equal(c.begin % 7U, 0);
	assert_true(plan_ticks(&c, c.begin + 7U) > want);
}

/* A hart that has read the time before another one reached the frame's end follows that one. */
static void test_the_first_hart_fixes_the_next_plan(void **state)
{
	static const struct config_window late = { .offset_us = 10, .length_us = 5 };
	struct plan_clock c;
	struct plan_place p;

	(void)state;
	plan_clock_init(&c, 0, 1000000, 0, 100);
	plan_clock_go(&c, 100);
	plan_clock_set(&c, 1, 50); /* too late for the frame that has just begun */
	plan_clock_go(&c, 99);
	assert_int_equal(c.begin, 100);
	assert_int_equal(c.plan, 0);
	plan_find(&c, &late, 1, 99, &p);
	assert_int_equal(p.window, PLAN_NOBODY);
	assert_int_equal(p.start, 99); /* how late it is can be counted from there */
	assert_int_equal(p.end, 110);
	plan_clock_go(&c, 200);
	assert_int_equal(c.plan, 1);
	assert_int_equal(c.frame, 50);
}

static void test_before_the_origin_nothing_has_begun(void **state)
{
	struct plan_clock c;

	(void)state;
	plan_clock_init(&c, 1000, 1000000, 0, 100);
	assert_int_equal(plan_us(&c, 999), 0);
	assert_int_equal(plan_us(&c, 1000), 0);
	assert_int_equal(plan_us(&c, 1001), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_plans_are_those_of_the_model),
		cmocka_unit_test(test_no_drift),
		cmocka_unit_test(test_the_first_hart_fixes_the_next_plan),
		cmocka_unit_test(test_before_the_origin_nothing_has_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
