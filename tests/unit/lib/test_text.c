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
		{ "memory", "memory" }, { "memroy", "memory" },
		{ "hart", "harts" },	{ "bootarg", "bootargs" },
		{ "kernal", "kernel" }, { "initrd", NULL },
		{ "", NULL },		{ "k", NULL },
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

/* 40 characters are compared, one more is not; both as the name and as a known name. */
static void test_nearest_ignores_long_names(void **state)
{
	static const char longest[] = "0123456789012345678901234567890123456789";
	static const char longer[] = "01234567890123456789012345678901234567890";
	const char *known = longest;

	(void)state;
	assert_ptr_equal(text_nearest(longest, &known, 1), known);
	assert_null(text_nearest(longer, &known, 1));
	known = longer;
	assert_null(text_nearest(longest, &known, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_have_a_unit_and_two_decimals),
		cmocka_unit_test(test_append_adds_all_or_nothing),
		cmocka_unit_test(test_append_leaves_text_without_an_end_alone),
		cmocka_unit_test(test_clean_shows_printable_ascii_alone),
		cmocka_unit_test(test_clean_cuts_with_dots),
		cmocka_unit_test(test_nearest_finds_what_was_meant),
		cmocka_unit_test(test_nearest_ignores_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
