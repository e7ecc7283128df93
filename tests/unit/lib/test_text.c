/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/text.c: sizes as people write them, text that is cut, and the nearest known name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/text.h"

static void test_sizes_have_a_unit_and_two_decimals(void **state)
{
	static const struct {
		u64 bytes;
		const char *want;
	} sizes[] = {
		{ 0, "0 bytes" },
		{ 1023, "1023 bytes" },
		{ 1024, "1 KiB" },
		{ 4097, "4097 bytes" },
		{ KIB(64) + 1U, "64 KiB" },
		{ MIB(1) - 1U, "1023.99 KiB" },
		{ MIB(1), "1 MiB" },
		{ MIB(1) + KIB(512), "1.5 MiB" },
		{ GIB(1) + MIB(256), "1.25 GiB" },
		{ GIB(1) + MIB(64), "1.06 GiB" },
		{ UINT64_MAX, "15.99 EiB" },
	};
	char buf[TEXT_SIZE_LEN];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_string_equal(text_size(sizes[i].bytes, buf), sizes[i].want);
}

static void test_append_adds_all_or_nothing(void **state)
{
	char buf[8] = "";

	(void)state;
	assert_true(text_append(buf, sizeof(buf), "%s", "abc"));
	assert_true(text_append(buf, sizeof(buf), "%u", 1234U));
	assert_string_equal(buf, "abc1234");
	assert_false(text_append(buf, sizeof(buf), "5"));
	assert_string_equal(buf, "abc1234");
	buf[3] = '\0';
	assert_false(text_append(buf, sizeof(buf), "%s", "12345"));
	assert_string_equal(buf, "abc");
}

static void test_append_leaves_text_without_an_end_alone(void **state)
{
	char buf[4] = { 'a', 'b', 'c', 'd' };

	(void)state;
	assert_false(text_append(buf, sizeof(buf), "e"));
	assert_memory_equal(buf, "abcd", 4);
}

static void test_clean_shows_printable_ascii_alone(void **state)
{
	char buf[16];

	(void)state;
	text_clean(buf, sizeof(buf), "a b~");
	assert_string_equal(buf, "a b~");
	text_clean(buf, sizeof(buf), "\x1b[2J\n\x7f\xc3\xa4");
	assert_string_equal(buf, "?[2J????");
	text_clean(buf, sizeof(buf), "");
	assert_string_equal(buf, "");
}

static void test_clean_cuts_with_dots(void **state)
{
	char buf[8];
	char tiny[3];

	(void)state;
	text_clean(buf, sizeof(buf), "1234567");
	assert_string_equal(buf, "1234567");
	text_clean(buf, sizeof(buf), "12345678");
	assert_string_equal(buf, "1234...");
	/* There is no room for the dots. */
	text_clean(tiny, sizeof(tiny), "12345678");
	assert_string_equal(tiny, "12");
}

static void test_nearest_finds_what_was_meant(void **state)
{
	static const char *const known[] = { "memory", "harts", "bootargs", "kernel" };
	static const struct {
		const char *name;
		const char *want;
	} names[] = {
		{ "memory", "memory" },	   { "memroy", "memory" }, { "hart", "harts" },
		{ "bootarg", "bootargs" }, { "kernal", "kernel" }, { "initrd", NULL },
		{ "HART", "harts" },	   { "", NULL },	   { "k", NULL },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		const char *got = text_nearest(names[i].name, known, ARRAY_SIZE(known));

		if (names[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, names[i].want);
	}
}

/* As many characters as a device's path may have are compared, one more is not. */
static void test_nearest_ignores_long_names(void **state)
{
	char longest[96];
	char longer[97];
	const char *known = longest;

	(void)state;
	(void)memset(longest, 'x', sizeof(longest));
	(void)memset(longer, 'x', sizeof(longer));
	longest[sizeof(longest) - 1U] = longer[sizeof(longer) - 1U] = '\0';
	assert_ptr_equal(text_nearest(longest, &known, 1), known);
	assert_null(text_nearest(longer, &known, 1));
	known = longer;
	assert_null(text_nearest(longest, &known, 1));
}

static void test_list_ends_in_dots_where_it_is_full(void **state)
{
	char buf[16] = "";
	char full[8] = "";
	char exact[16] = "";

	(void)state;
	assert_true(text_list(buf, sizeof(buf), "%s", "one"));
	assert_string_equal(buf, "one");
	assert_true(text_list(buf, sizeof(buf), "%u", 2U));
	assert_string_equal(buf, "one, 2");
	/* Ten characters and their end leave room for ", ...", eleven do not. */
	assert_false(text_list(buf, sizeof(buf), "%s", "345"));
	assert_string_equal(buf, "one, 2, ...");
	/* A first item that does not fit has no comma before the dots. */
	assert_false(text_list(full, sizeof(full), "%s", "345"));
	assert_string_equal(full, "...");
	assert_true(text_list(exact, sizeof(exact), "%s", "0123456789"));
	assert_false(text_list(exact, sizeof(exact), "%s", ""));
	assert_string_equal(exact, "0123456789, ...");
}

static void test_ranges_join_what_comes_in_order(void **state)
{
	static const struct {
		u32 n;
		u64 number[8];
		const char *want;
	} t[] = {
		{ 0, { 0 }, "" },
		{ 1, { 7 }, "7" },
		{ 2, { 7, 8 }, "7-8" },
		{ 6, { 0, 1, 2, 5, 9, 10 }, "0-2, 5, 9-10" },
		{ 5, { 3, 2, 1, 0, 9 }, "0-3, 9" },
		{ 3, { 4, 4, 5 }, "4, 4-5" },
		{ 3, { UINT64_MAX, 0, 1 }, "18446744073709551615, 0-1" },
		{ 2, { 0, UINT64_MAX }, "0, 18446744073709551615" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		struct text_ranges r = { .nr = 0 };

		for (u32 k = 0; k < t[i].n; k++)
			text_ranges_add(&r, t[i].number[k]);
		assert_string_equal(text_ranges_end(&r), t[i].want);
		assert_int_equal(r.nr, t[i].n);
	}
}

static void test_ranges_that_are_too_many_end_in_dots(void **state)
{
	struct text_ranges all = { .nr = 0 };
	struct text_ranges odd = { .nr = 0 };
	const char *text;

	(void)state;
	for (u64 n = 1; n < 100000U; n++)
		text_ranges_add(&all, n);
	assert_string_equal(text_ranges_end(&all), "1-99999");
	for (u64 n = 1; n < 2000U; n += 2U)
		text_ranges_add(&odd, n);
	text = text_ranges_end(&odd);
	assert_true(strlen(text) < TEXT_RANGES_LEN);
	assert_memory_equal(text, "1, 3, 5, 7, ", 12);
	assert_string_equal(text + strlen(text) - 5U, ", ...");
	assert_int_equal(odd.nr, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_have_a_unit_and_two_decimals),
		cmocka_unit_test(test_append_adds_all_or_nothing),
		cmocka_unit_test(test_append_leaves_text_without_an_end_alone),
		cmocka_unit_test(test_clean_shows_printable_ascii_alone),
		cmocka_unit_test(test_clean_cuts_with_dots),
		cmocka_unit_test(test_list_ends_in_dots_where_it_is_full),
		cmocka_unit_test(test_ranges_join_what_comes_in_order),
		cmocka_unit_test(test_ranges_that_are_too_many_end_in_dots),
		cmocka_unit_test(test_nearest_finds_what_was_meant),
		cmocka_unit_test(test_nearest_ignores_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
