/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/format.c: for every conversion that it knows, str_format() writes what the C library's
 * vsnprintf() writes, and never outside its buffer. str_append() can be called again and again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cleave/format.h>
#include <cleave/types.h>

#define BUFFER 128U

/* The formats are known only at run time, so the compiler does not warn about the odd ones. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Call both functions with the same arguments, at each size from 0 up to more than enough. */
static void same_as_libc(const char *fmt, ...)
{
	for (size_t size = 0; size <= BUFFER; size++) {
		char *ours = malloc(size != 0U ? size : 1U);
		char libc[BUFFER];
		va_list ap;
		size_t got;
		int want;

		assert_non_null(ours);
		memset(ours, 'x', size);
		memset(libc, 'x', sizeof(libc));
		va_start(ap, fmt);
		got = str_format(ours, size, fmt, ap);
		va_end(ap);
		va_start(ap, fmt);
		want = vsnprintf(libc, size, fmt, ap);
		va_end(ap);
		assert_int_equal(got, want);
		assert_memory_equal(ours, libc, size);
		free(ours);
	}
}

static void plain(void **state)
{
	(void)state;
	same_as_libc("");
	same_as_libc("no conversion, 100%% of it");
	same_as_libc("%c%c", 'a', 0);
	same_as_libc("%5c|%-5c|", 'a', 'b');
}

static void integers(void **state)
{
	static const char *const flag[] = { "",	  "-",	"0",  "+",  " ",  "#",
					    "-0", "+0", "-+", "0#", "- #" };
	static const char *const width[] = { "", "1", "5", "12", ".0", ".3", "8.5", "5.8", "12.0" };
	static const char conversion[] = "diuxXo";
	static const int value[] = { 0, 1, -1, 7, 42, -12345, 0x7fffffff, (int)0x80000000 };
	char fmt[32];

	(void)state;
	for (u32 c = 0; conversion[c] != '\0'; c++) {
		for (u32 f = 0; f < ARRAY_SIZE(flag); f++) {
			for (u32 w = 0; w < ARRAY_SIZE(width); w++) {
				snprintf(fmt, sizeof(fmt), "<%%%s%s%c>", flag[f], width[w],
					 conversion[c]);
				for (u32 v = 0; v < ARRAY_SIZE(value); v++)
					same_as_libc(fmt, value[v]);
			}
		}
	}
}

static void lengths(void **state)
{
	(void)state;
	same_as_libc("%hhd %hhu %hd %hu", 0x1234, 0x1234, 0x12345678, 0x12345678);
	same_as_libc("%hhx %hx %hho", -1, -1, -1);
	same_as_libc("%ld %lu %lx", -5000000000L, 5000000000UL, 0xfedcba9876543210UL);
	same_as_libc("%lld %llu %016llx", -1LL, ~0ULL, 0xabcULL);
	same_as_libc("%lld", (long long)INT64_MIN);
	same_as_libc("%zu %zx %zd", (size_t)99, ~(size_t)0, (size_t)7);
	same_as_libc("%jd %ju", (intmax_t)-3, (uintmax_t)3);
}

static void strings(void **state)
{
	static const char unterminated[3] = { 'a', 'b', 'c' };

	(void)state;
	same_as_libc("%s|%10s|%-10s|%.2s|%10.1s|%.0s", "abc", "abc", "abc", "abc", "abc", "abc");
	same_as_libc("%.*s|%*d|%-*d|%*d", 3, unterminated, 6, 1, 6, 2, -6, 3);
	same_as_libc("%.*s", -1, "a negative precision is none");
	same_as_libc("%p", (void *)&unterminated);
}

static void null_string(void **state)
{
	char buf[16];
	const char *volatile null = NULL;

	(void)state;
	assert_int_equal(str_print(buf, sizeof(buf), "%s", null), 6);
	assert_string_equal(buf, "(null)");
}

static void print_without_format(const char *want, const char *fmt, ...)
{
	char buf[32];
	va_list ap;

	va_start(ap, fmt);
	assert_int_equal(str_format(buf, sizeof(buf), fmt, ap), strlen(want));
	va_end(ap);
	assert_string_equal(buf, want);
}

/* A mistake in a format is shown, and never reads an argument that is not there. */
static void mistakes(void **state)
{
	(void)state;
	print_without_format("%y", "%y");
	print_without_format("%f ok", "%f ok");
	print_without_format("cut ", "cut %");
	print_without_format("cut ", "cut %08l");
}

/* What does not fit is cut, and the returned length can always be passed to the next call. */
static void appends(void **state)
{
	char buf[8] = "xxxxxxx";
	size_t len;

	(void)state;
	len = str_append(buf, sizeof(buf), 0, "%s", "ab");
	assert_int_equal(len, 2);
	len = str_append(buf, sizeof(buf), len, "%u", 345);
	assert_int_equal(len, 5);
	assert_string_equal(buf, "ab345");
	len = str_append(buf, sizeof(buf), len, "%s", "");
	assert_int_equal(len, 5);
	len = str_append(buf, sizeof(buf), len, "%s", "6789");
	assert_int_equal(len, 7);
	assert_string_equal(buf, "ab34567");
	len = str_append(buf, sizeof(buf), len, "%s", "more");
	assert_int_equal(len, 7);
	assert_string_equal(buf, "ab34567");
	assert_int_equal(str_append(buf, 1, 0, "%s", "ab"), 0);
	assert_string_equal(buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),       cmocka_unit_test(integers),
		cmocka_unit_test(lengths),     cmocka_unit_test(strings),
		cmocka_unit_test(null_string), cmocka_unit_test(mistakes),
		cmocka_unit_test(appends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
