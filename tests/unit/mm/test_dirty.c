/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty bitmaps and bit operations: every bit that was set is found through its summary, once, even
 * while threads set bits.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "tests/unit/mm/mm_harness.h"

#define PAGES (40000U + 17U)

static struct dirty d;
static void *memory;

static int setup(void **state)
{
	(void)state;
	memory = aligned_alloc(PAGE_SIZE, dirty_bytes(PAGES));
	memset(memory, 0xa5, dirty_bytes(PAGES));
	dirty_init(&d, memory, PAGES);
	assert_int_equal(dirty_zero(&d, 0, UINT64_MAX), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void test_bits(void **state)
{
	u64 seed = 7;
	u64 words[40];

	(void)state;
	for (u32 n = 0; n < 64U; n++)
		assert_int_equal(bits_lowest(BIT64(n)), n);
	for (u32 n = 0; n < 10000U; n++) {
		u64 x = mm_random(&seed) & mm_random(&seed);

		assert_int_equal(bits_count(x), __builtin_popcountll(x));
		if (x != 0U)
			assert_int_equal(bits_lowest(x), __builtin_ctzll(x));
	}
	assert_int_equal(bits_count(~UINT64_C(0)), 64);
	assert_int_equal(bits_mask(0, 0), 0);
	assert_int_equal(bits_mask(0, 64), ~UINT64_C(0));
	assert_int_equal(bits_mask(63, 1), BIT64(63));
	assert_int_equal(bits_mask(4, 3), 0x70);
	for (u32 n = 0; n < 38U; n++) {
		memset(words, 0xff, sizeof(words));
		bits_zero(&words[1], n);
		assert_true(words[0] == ~UINT64_C(0) && words[n + 1U] == ~UINT64_C(0));
		for (u32 i = 1; i <= n; i++)
			assert_int_equal(words[i], 0);
	}
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(dirty_bytes(1), PAGE_SIZE);
	assert_int_equal(dirty_bytes(GIB(1) >> PAGE_SHIFT), KIB(32) + PAGE_SIZE);
	assert_int_equal(dirty_words(&d), PAGES / 64U + 1U);
}

/*
 * Take everything as a harvest does. Each bit taken must be set in @expect, and is cleared there.
 * Return: number of bits taken.
 */
static u64 take_all(u8 *expect)
{
	u64 spans = (PAGES + DIRTY_SPAN_PAGES - 1U) / DIRTY_SPAN_PAGES;
	u64 taken = 0;

	for (u64 span = 0; span < spans; span++) {
		u64 clean = dirty_clean_spans(&d, span, spans);

		if (clean != 0U) {
			span += clean - 1U;
			continue;
		}
		assert_true(dirty_summary_take(&d, span));
		dirty_spread(&d, span);
		for (u64 w = span * 8U; w < MIN(span * 8U + 8U, dirty_words(&d)); w++) {
			u64 bits = dirty_take(&d.bits[w], ~UINT64_C(0));

			for (; bits != 0U; bits &= bits - 1U) {
				u64 page = w * 64U + bits_lowest(bits);

				assert_true(page < PAGES);
				assert_int_equal(expect[page], 1);
				expect[page] = 0;
				taken++;
			}
		}
		/* Nothing is left, so the next harvest need not look here. */
		assert_false(mm_summary_test(&d, span));
	}
	return taken;
}

static void test_marks_are_found(void **state)
{
	static u8 expect[PAGES];
	u64 seed = 5;
	u64 set = 0;

	(void)state;
	for (u32 round = 0; round < 40U; round++) {
		for (u32 n = 0; n < 50U; n++) {
			u64 page = mm_random(&seed) % PAGES;

			dirty_mark(&d, page);
			assert_true(dirty_test(&d, page));
			set += expect[page] == 0U;
			expect[page] = 1;
		}
		for (u32 n = 0; n < 5U; n++) {
			u64 first = mm_random(&seed) % PAGES;
			u64 count = mm_random(&seed) % MIN(1500U, PAGES - first);

			dirty_mark_range(&d, first, count);
			for (u64 p = first; p < first + count; p++) {
				assert_true(dirty_test(&d, p));
				set += expect[p] == 0U;
				expect[p] = 1;
			}
		}
		/* Pages that were marked alone and with their span may count twice. */
		assert_in_range(dirty_count(&d), set, MIN(2U * set, PAGES));
		assert_int_equal(take_all(expect), set);
		/* What is left is what was taken: spreading has counted each page once. */
		assert_int_equal(dirty_count(&d), set);
		(void)atomic_add(&d.set, (u64)0 - set);
		set = 0;
	}
	for (u32 p = 0; p < PAGES; p++)
		assert_int_equal(expect[p], 0);
}

static void test_fill_and_wipe(void **state)
{
	static u8 expect[PAGES];

	(void)state;
	memset(expect, 1, sizeof(expect));
	dirty_set_words(&d, 0, 100);
	dirty_set_words(&d, 100, dirty_words(&d));
	assert_int_equal(dirty_count(&d), PAGES);
	assert_true(mm_summary_test(&d, PAGES / 512U));
	assert_int_equal(take_all(expect), PAGES);
	d.set = 0;
	dirty_mark_range(&d, 0, PAGES);
	for (u64 span = 0; span <= PAGES / 512U; span++)
		dirty_wipe_span(&d, span);
	for (u64 page = 0; page < PAGES; page++)
		assert_false(dirty_test(&d, page));
	for (u64 span = 0; span <= PAGES / 512U; span++)
		assert_false(mm_summary_test(&d, span));
}

static void test_take_with_a_mask(void **state)
{
	(void)state;
	dirty_mark_range(&d, 64, 64);
	assert_int_equal(dirty_take(&d.bits[1], 0xff00), 0xff00);
	assert_int_equal(dirty_take(&d.bits[1], 0xfff0), 0x00f0);
	assert_false(dirty_test(&d, 64 + 8));
	assert_true(dirty_test(&d, 64 + 16));
}

static u32 traps;

static void on_trap(int sig)
{
	(void)sig;
	traps++;
	(void)mprotect(memory, PAGE_SIZE, PROT_READ | PROT_WRITE);
	/*
	 * A harvest at the moment before the bit is set: it finds nothing, and clears the summary
	 * bit.
	 */
	(void)dirty_summary_take(&d, 0);
	for (u64 w = 0; w < DIRTY_SPAN_WORDS; w++)
		(void)dirty_take(&d.bits[w], ~UINT64_C(0));
}

/*
 * The bit is set before the summary bit: a harvest that comes before both leaves no bit under a
 * clear summary bit.
 */
static void test_bit_before_summary(void **state)
{
	struct sigaction act = { .sa_handler = on_trap };
	struct sigaction was;

	(void)state;
	/* The bits of the first pages and the summary are in different pages of memory. */
	assert_true((u8 *)d.summary >= (u8 *)memory + PAGE_SIZE);
	assert_int_equal(sigaction(SIGSEGV, &act, &was), 0);
	assert_int_equal(mprotect(memory, PAGE_SIZE, PROT_READ), 0);
	dirty_mark(&d, 5);
	assert_int_equal(sigaction(SIGSEGV, &was, NULL), 0);
	assert_int_equal(traps, 1);
	assert_true(dirty_test(&d, 5));
	assert_true(mm_summary_test(&d, 0));
}

#define MARKS 200000U
static u32 running;

static void *marker(void *arg)
{
	u64 seed = (uintptr_t)arg;

	for (u32 n = 0; n < MARKS; n++)
		dirty_mark(&d, mm_random(&seed) % 1024U);
	(void)atomic_add(&running, -1U);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t id[2];

	(void)state;
	running = ARRAY_SIZE(id);
	for (uintptr_t i = 0; i < ARRAY_SIZE(id); i++)
		assert_int_equal(pthread_create(&id[i], NULL, marker, (void *)(i + 1U)), 0);
	do {
		for (u64 span = 0; span < 2U; span++) {
			if (!dirty_summary_take(&d, span))
				continue;
			for (u64 w = span * 8U; w < span * 8U + 8U; w++) {
				u64 bits = dirty_take(&d.bits[w], ~UINT64_C(0));

				(void)atomic_add(&d.set, (u64)0 - bits_count(bits));
			}
		}
	} while (atomic_read(&running) != 0U);
	for (u32 i = 0; i < ARRAY_SIZE(id); i++)
		assert_int_equal(pthread_join(id[i], NULL), 0);
	/* No bit may be left under a clear summary bit. */
	for (u64 page = 0; page < 1024U; page++)
		assert_true(!dirty_test(&d, page) || mm_summary_test(&d, page / 512U));
	for (u64 page = 0; page < 1024U; page++) {
		if (dirty_test(&d, page))
			(void)atomic_add(&d.set, (u64)-1);
	}
	assert_int_equal(d.set, 0);
}

/*
 * M6: marking a GiB writes 16 words, wherever it begins: spans have bits of their own. So a fault
 * that marks a whole leaf does little.
 */
static void test_large_marks_are_little_work(void **state)
{
	const u64 pages = GIB(4) >> PAGE_SHIFT;
	const u64 words = dirty_bytes(pages) / sizeof(u64);
	const u64 first[] = { 0, 512, 512 * 3, 64, 511, 70001 };
	u64 *bits = aligned_alloc(PAGE_SIZE, dirty_bytes(pages));
	u64 *was = malloc(dirty_bytes(pages));

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(first); i++) {
		u64 changed = 0;

		dirty_init(&d, bits, pages);
		assert_int_equal(dirty_zero(&d, 0, UINT64_MAX), 0);
		memset(was, 0, dirty_bytes(pages));
		dirty_mark_range(&d, first[i], GIB(1) >> PAGE_SHIFT);
		for (u64 w = 0; w < words; w++)
			changed += bits[w] != was[w];
		/* Two ends of up to 8 words, and 512 spans in 9 words twice. */
		assert_in_range(changed, 16, 16 + 18);
		assert_int_equal(dirty_count(&d), GIB(1) >> PAGE_SHIFT);
		for (u64 page = 0; page < pages; page++)
			assert_int_equal(dirty_test(&d, page),
					 page - first[i] < GIB(1) >> PAGE_SHIFT);
	}
	free(bits);
	free(was);
}

/* A bitmap is zeroed in steps, and nothing beyond it is touched. */
static void test_zeroed_in_steps(void **state)
{
	u64 words = dirty_words(&d) + 2U * ((PAGES / 512U + 64U) / 64U);
	u64 word = 0;
	u64 steps = 0;

	(void)state;
	memset(memory, 0xa5, dirty_bytes(PAGES));
	do {
		u64 next = dirty_zero(&d, word, 100);

		assert_int_equal(next, word + 100U < words ? word + 100U : 0U);
		word = next;
		steps++;
	} while (word != 0U);
	assert_int_equal(steps, (words + 99U) / 100U);
	for (u64 w = 0; w < words; w++)
		assert_int_equal(d.bits[w], 0);
	if (words * sizeof(u64) < dirty_bytes(PAGES))
		assert_int_equal(d.bits[words], UINT64_C(0xa5a5a5a5a5a5a5a5));
}

/* A call may ask for pages of whole words of the bitmap. Only the last word need not be whole. */
static void test_ranges(void **state)
{
	const u64 pages = 1027;

	(void)state;
	assert_false(dirty_range_ok(pages, 63, 64));
	assert_false(dirty_range_ok(pages, 0, 65));
	assert_false(dirty_range_ok(pages, 0, 0));
	assert_false(dirty_range_ok(pages, 0, 1028));
	assert_false(dirty_range_ok(pages, 1088, 64));
	assert_false(dirty_range_ok(pages, 1024, 64));
	assert_false(dirty_range_ok(pages, 64, ~UINT64_C(63)));
	assert_false(dirty_range_ok(pages, ~UINT64_C(63), 64));
	assert_true(dirty_range_ok(pages, 0, 64));
	assert_true(dirty_range_ok(pages, 0, 1027));
	assert_true(dirty_range_ok(pages, 1024, 3));
	assert_true(dirty_range_ok(pages, 960, 67));
	assert_int_equal(dirty_range_words(1), 1);
	assert_int_equal(dirty_range_words(64), 1);
	assert_int_equal(dirty_range_words(65), 2);
	assert_int_equal(dirty_range_words(~UINT64_C(0)), BIT64(58));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_marks_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fill_and_wipe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_take_with_a_mask, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bit_before_summary, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zeroed_in_steps, setup, teardown),
		cmocka_unit_test(test_large_marks_are_little_work),
	};

	return cmocka_run_group_tests_name("dirty", tests, NULL, NULL);
}
