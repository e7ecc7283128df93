/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame allocator: what it gives is free, aligned and disjoint. What comes back is merged. Bad
 * input changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "mm/frames.h"

static struct frames f;

static int setup(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	return 0;
}

static void assert_list_sound(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < f.nr; i++) {
		assert_true(f.range[i].size > 0U);
		/* The list is sorted, and no two ranges overlap or touch. */
		if (i > 0U)
			assert_true(f.range[i - 1U].base + f.range[i - 1U].size < f.range[i].base);
		sum += f.range[i].size;
	}
	assert_int_equal(sum, f.free);
}

static void test_add_rounds_inwards(void **state)
{
	(void)state;
	assert_int_equal(frames_add(&f, HPA(0x1001), 0x3000), 0);
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.range[0].base, 0x2000);
	assert_int_equal(f.range[0].size, 0x2000);
	assert_int_equal(f.total, 0x2000);
	/* Less than a page adds nothing, and is no error. */
	assert_int_equal(frames_add(&f, HPA(0x8001), 0xffe), 0);
	assert_int_equal(frames_add(&f, HPA(~UINT64_C(0) - 5U), 0x10000), 0);
	assert_int_equal(f.nr, 1);
}

static void test_add_refuses_overlap(void **state)
{
	(void)state;
	assert_int_equal(frames_add(&f, HPA(MIB(1)), MIB(1)), 0);
	assert_int_equal(frames_add(&f, HPA(MIB(1) + 0x1000), 0x1000), CLV_ERR_EXISTS);
	assert_int_equal(frames_add(&f, HPA(0), MIB(1) + 0x1000), CLV_ERR_EXISTS);
	assert_int_equal(frames_add(&f, HPA(MIB(2)), MIB(1)), 0);
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.total, MIB(2));
}

static void test_alloc_refuses_bad_arguments(void **state)
{
	hpa_t out;

	(void)state;
	assert_int_equal(frames_add(&f, HPA(0), GIB(1)), 0);
	assert_int_equal(frames_alloc(&f, 0, PAGE_SIZE, 0, &out), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc(&f, 100, PAGE_SIZE, 0, &out), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, 0, 0, &out), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, 2048, 0, &out), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, 3 * PAGE_SIZE, 0, &out), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, MIB(2), 100, &out), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, MIB(2), MIB(2), &out), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc(&f, GIB(2), PAGE_SIZE, 0, &out), CLV_ERR_NOMEM);
	assert_int_equal(frames_alloc(&f, ~PAGE_MASK, PAGE_SIZE, 0, &out), CLV_ERR_NOMEM);
	assert_int_equal(f.free, GIB(1));
}

static void test_alloc_aligns_to_an_offset(void **state)
{
	hpa_t out;

	(void)state;
	assert_int_equal(frames_add(&f, HPA(0x5000), GIB(3)), 0);
	assert_int_equal(frames_alloc(&f, GIB(1), GIB(1), 0, &out), 0);
	assert_int_equal(out.v % GIB(1), 0);
	assert_int_equal(frames_alloc(&f, MIB(4), MIB(2), 0x3000, &out), 0);
	assert_int_equal(out.v % MIB(2), 0x3000);
	assert_list_sound();
}

static void test_small_blocks_leave_large_ones_whole(void **state)
{
	hpa_t out;

	(void)state;
	/* 1 GiB with a ragged edge on either side. */
	assert_int_equal(frames_add(&f, HPA(GIB(1) - MIB(3)), GIB(1) + MIB(3) + 0x3000), 0);
	for (u32 i = 0; i < 3U; i++) {
		assert_int_equal(frames_alloc(&f, PAGE_SIZE, PAGE_SIZE, 0, &out), 0);
		assert_true(out.v >= GIB(2) || out.v < GIB(1) - MIB(2));
	}
	/* 64 KiB do not fit after the GiB. The 1 MiB before it breaks up no 2 MiB block. */
	assert_int_equal(frames_alloc(&f, KIB(64), KIB(64), 0, &out), 0);
	assert_true(out.v < GIB(1) - MIB(2));
	/* 2 MiB must not be taken out of the GiB. */
	assert_int_equal(frames_alloc(&f, MIB(2), MIB(2), 0, &out), 0);
	assert_int_equal(out.v, GIB(1) - MIB(2));
	assert_int_equal(frames_largest(&f, GIB(1)), GIB(1) + 0x3000);
	assert_int_equal(frames_alloc(&f, GIB(1), GIB(1), 0, &out), 0);
	assert_int_equal(out.v, GIB(1));
}

/* What is largest is counted from the first address that is aligned. */
static void test_largest_is_aligned(void **state)
{
	(void)state;
	assert_int_equal(frames_add(&f, HPA(GIB(1) - MIB(3)), MIB(8)), 0);
	assert_int_equal(frames_add(&f, HPA(GIB(2) + MIB(1)), MIB(6)), 0);
	assert_int_equal(frames_largest(&f, PAGE_SIZE), MIB(8));
	assert_int_equal(frames_largest(&f, MIB(2)), MIB(7));
	assert_int_equal(frames_largest(&f, GIB(1)), MIB(5));
	assert_int_equal(frames_largest(&f, GIB(4)), 0);
}

static void test_smallest_range_that_does(void **state)
{
	hpa_t out;

	(void)state;
	assert_int_equal(frames_add(&f, HPA(MIB(16)), KIB(512)), 0);
	assert_int_equal(frames_add(&f, HPA(MIB(32)), KIB(16)), 0);
	assert_int_equal(frames_alloc(&f, KIB(16), PAGE_SIZE, 0, &out), 0);
	assert_int_equal(out.v, MIB(32));
}

static void test_free_merges_and_refuses_twice(void **state)
{
	hpa_t a;
	hpa_t b;
	hpa_t c;

	(void)state;
	assert_int_equal(frames_add(&f, HPA(MIB(1)), KIB(12)), 0);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, PAGE_SIZE, 0, &a), 0);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, PAGE_SIZE, 0, &b), 0);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, PAGE_SIZE, 0, &c), 0);
	assert_int_equal(f.nr, 0);
	frames_free(&f, a, PAGE_SIZE);
	/* None of these is a block that is out, so none changes anything. */
	frames_free(&f, a, PAGE_SIZE);
	frames_free(&f, HPA(MIB(1)), KIB(12));
	frames_free(&f, b, 0);
	frames_free(&f, HPA(b.v + 1U), PAGE_SIZE);
	frames_free(&f, b, ~PAGE_MASK);
	assert_int_equal(f.free, PAGE_SIZE);
	assert_int_equal(f.blocks, 2);
	frames_free(&f, c, PAGE_SIZE);
	frames_free(&f, b, PAGE_SIZE);
	frames_free(&f, HPA(GIB(1)), PAGE_SIZE);
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.free, KIB(12));
}

static void test_too_many_ranges_are_refused(void **state)
{
	(void)state;
	for (u32 i = 0; i < FRAMES_MAX_ADDED; i++)
		assert_int_equal(frames_add(&f, HPA(MIB(i + 1U)), KIB(64)), 0);
	assert_int_equal(frames_add(&f, HPA(GIB(1)), KIB(64)), CLV_ERR_NOMEM);
	assert_list_sound();
	assert_int_equal(f.total, FRAMES_MAX_ADDED * KIB(64));
}

/*
 * With as many blocks out as there may be, each in a range of its own or alone between two, the
 * list has room for whatever comes back, in the worst order.
 */
static void test_giving_back_always_finds_room(void **state)
{
	static hpa_t block[FRAMES_MAX_BLOCKS];
	hpa_t out;

	(void)state;
	for (u32 i = 0; i < FRAMES_MAX_ADDED; i++)
		assert_int_equal(frames_add(&f, HPA(GIB(i + 1U)), MIB(64)), 0);
	/* Each one is out of the middle of what is free there, so each takes a slot. */
	for (u32 i = 0; i < FRAMES_MAX_BLOCKS; i++) {
		block[i] = HPA(GIB(i % FRAMES_MAX_ADDED + 1U) +
			       (2U * (i / FRAMES_MAX_ADDED) + 1U) * PAGE_SIZE);
		assert_int_equal(frames_alloc_at(&f, block[i], PAGE_SIZE), 0);
	}
	assert_int_equal(f.nr, FRAMES_MAX_RANGES);
	assert_list_sound();
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, PAGE_SIZE, 0, &out), CLV_ERR_NOMEM);
	assert_int_equal(frames_alloc_at(&f, HPA(GIB(1)), PAGE_SIZE), CLV_ERR_NOMEM);
	assert_int_equal(f.nr, FRAMES_MAX_RANGES);
	for (u32 step = 0; step < 2U; step++) {
		for (u32 i = step; i < FRAMES_MAX_BLOCKS; i += 2U)
			frames_free(&f, block[i], PAGE_SIZE);
		assert_list_sound();
	}
	assert_int_equal(f.free, f.total);
	assert_int_equal(f.nr, FRAMES_MAX_ADDED);
	assert_int_equal(frames_alloc(&f, PAGE_SIZE, PAGE_SIZE, 0, &out), 0);
}

/*
 * As many partitions as there may be, with as many regions as there may be, of odd sizes. They are
 * destroyed one by one, one of two first. All memory is free again after that, in one piece.
 */
static void test_odd_partitions_lose_nothing(void **state)
{
	static struct frames_range region[CONFIG_MAX_VMS * CONFIG_MAX_REGIONS];
	const u32 nr = ARRAY_SIZE(region);
	const u64 size = GIB(32) / nr;

	(void)state;
	assert_int_equal(frames_add(&f, HPA(GIB(2)), GIB(37)), 0);
	for (u32 i = 0; i < nr; i++) {
		hpa_t out;

		region[i].size = ALIGN_DOWN(size - i % 64U * 0x3000U, PAGE_SIZE);
		assert_int_equal(frames_alloc(&f, region[i].size, MIB(2), i % 5U * 0x7000U, &out),
				 0);
		region[i].base = out.v;
	}
	for (u32 step = 0; step < 2U; step++) {
		for (u32 i = step; i < nr; i += 2U)
			frames_free(&f, HPA(region[i].base), region[i].size);
	}
	assert_int_equal(f.free, f.total);
	assert_int_equal(f.nr, 1);
}

static void test_alloc_at_takes_exactly_that(void **state)
{
	(void)state;
	assert_int_equal(frames_add(&f, HPA(MIB(64)), MIB(16)), 0);
	assert_int_equal(frames_add(&f, HPA(MIB(96)), MIB(16)), 0);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(68)), MIB(2)), 0);
	assert_int_equal(f.free, MIB(30));
	assert_list_sound();
	/* It gives none of it twice, and nothing that lies in free memory only in part. */
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(68)), MIB(2)), CLV_ERR_RANGE);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(67)), MIB(2)), CLV_ERR_RANGE);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(69)), MIB(2)), CLV_ERR_RANGE);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(67)), MIB(4)), CLV_ERR_RANGE);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(78)), MIB(20)), CLV_ERR_RANGE);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(63)), MIB(2)), CLV_ERR_RANGE);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(200)), PAGE_SIZE), CLV_ERR_RANGE);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(70) + 1U), PAGE_SIZE), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(70)), 1), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(70)), 0), CLV_ERR_INVAL);
	assert_int_equal(frames_alloc_at(&f, HPA(~PAGE_MASK), MIB(1)), CLV_ERR_INVAL);
	assert_int_equal(f.free, MIB(30));
	/* Up to both edges. */
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(64)), MIB(4)), 0);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(70)), MIB(10)), 0);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(96)), MIB(16)), 0);
	assert_int_equal(f.nr, 0);
	assert_int_equal(f.free, 0);
	assert_int_equal(frames_alloc_at(&f, HPA(MIB(64)), PAGE_SIZE), CLV_ERR_RANGE);
}

/* Take and give 200,000 times at random, and compare with a map of pages. */
static void test_random_against_page_map(void **state)
{
	enum {
		PAGES = 4096,
		BLOCKS = 48
	};
	static u8 used[PAGES];
	static struct frames_range block[BLOCKS];
	u64 seed = 0x1234567;

	(void)state;
	memset(used, 0, sizeof(used));
	memset(block, 0, sizeof(block));
	assert_int_equal(frames_add(&f, HPA(GIB(1)), PAGES * PAGE_SIZE), 0);
	for (u32 n = 0; n < 200000U; n++) {
		struct frames_range *b;
		hpa_t out;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		b = &block[(seed >> 33) % BLOCKS];
		if (b->size != 0U) {
			frames_free(&f, HPA(b->base), b->size);
			memset(&used[(b->base - GIB(1)) / PAGE_SIZE], 0, b->size / PAGE_SIZE);
			b->size = 0;
		} else {
			u64 size = (1U + (seed >> 40) % 64U) * PAGE_SIZE;
			u64 align = PAGE_SIZE << ((seed >> 50) % 8U);

			if (frames_alloc(&f, size, align, 0, &out) != 0)
				continue;
			assert_int_equal(out.v % align, 0);
			assert_true(out.v >= GIB(1) && out.v + size <= GIB(1) + PAGES * PAGE_SIZE);
			for (u64 p = 0; p < size / PAGE_SIZE; p++) {
				assert_int_equal(used[(out.v - GIB(1)) / PAGE_SIZE + p], 0);
				used[(out.v - GIB(1)) / PAGE_SIZE + p] = 1;
			}
			b->base = out.v;
			b->size = size;
		}
		assert_true(f.nr <= f.added + f.blocks);
		if (n % 64U == 0U)
			assert_list_sound();
	}
	for (u32 i = 0; i < BLOCKS; i++) {
		if (block[i].size != 0U)
			frames_free(&f, HPA(block[i].base), block[i].size);
	}
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.free, f.total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_add_rounds_inwards, setup),
		cmocka_unit_test_setup(test_add_refuses_overlap, setup),
		cmocka_unit_test_setup(test_alloc_refuses_bad_arguments, setup),
		cmocka_unit_test_setup(test_alloc_aligns_to_an_offset, setup),
		cmocka_unit_test_setup(test_small_blocks_leave_large_ones_whole, setup),
		cmocka_unit_test_setup(test_largest_is_aligned, setup),
		cmocka_unit_test_setup(test_smallest_range_that_does, setup),
		cmocka_unit_test_setup(test_free_merges_and_refuses_twice, setup),
		cmocka_unit_test_setup(test_too_many_ranges_are_refused, setup),
		cmocka_unit_test_setup(test_giving_back_always_finds_room, setup),
		cmocka_unit_test_setup(test_odd_partitions_lose_nothing, setup),
		cmocka_unit_test_setup(test_alloc_at_takes_exactly_that, setup),
		cmocka_unit_test_setup(test_random_against_page_map, setup),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
