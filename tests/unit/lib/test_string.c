/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/string.c, the C library of a hart, does what the host's C library does, at every alignment
 * and with every overlap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cleave/string.h>
#include <cleave/types.h>

/* The functions under test, with names of their own */
#define memchr	our_memchr
#define memcmp	our_memcmp
#define memcpy	our_memcpy
#define memmove our_memmove
#define memset	our_memset
#define strchr	our_strchr
#define strcmp	our_strcmp
#define strlen	our_strlen
#define strncmp our_strncmp
#define strnlen our_strnlen
#define strrchr our_strrchr
#define strtoul our_strtoul
#include "lib/string.c"
#undef memchr
#undef memcmp
#undef memcpy
#undef memmove
#undef memset
#undef strchr
#undef strcmp
#undef strlen
#undef strncmp
#undef strnlen
#undef strrchr
#undef strtoul

#define SPAN 256U /* long enough for a head, blocks of eight words and a tail */

static void fill(u8 *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (u8)(i * 7U + 1U);
}

static void copies(void **state)
{
	u8 from[SPAN], ours[SPAN], libc[SPAN];

	(void)state;
	fill(from, SPAN);
	for (size_t s = 0; s < 9U; s++) {
		for (size_t d = 0; d < 9U; d++) {
			for (size_t n = 0; n + 16U < SPAN; n++) {
				memset(ours, 0xee, SPAN);
				memset(libc, 0xee, SPAN);
				assert_ptr_equal(our_memcpy(ours + d, from + s, n), ours + d);
				memcpy(libc + d, from + s, n);
				assert_memory_equal(ours, libc, SPAN);
			}
		}
	}
}

static void moves(void **state)
{
	u8 ours[SPAN], libc[SPAN];

	(void)state;
	for (size_t s = 0; s < 80U; s++) {
		for (size_t d = 0; d < 80U; d++) {
			for (size_t n = 0; n + 80U < SPAN; n += 1U + n / 24U) {
				fill(ours, SPAN);
				fill(libc, SPAN);
				assert_ptr_equal(our_memmove(ours + d, ours + s, n), ours + d);
				memmove(libc + d, libc + s, n);
				assert_memory_equal(ours, libc, SPAN);
			}
		}
	}
}

static void sets(void **state)
{
	u8 ours[SPAN], libc[SPAN];

	(void)state;
	for (size_t d = 0; d < 9U; d++) {
		for (size_t n = 0; n + 16U < SPAN; n++) {
			fill(ours, SPAN);
			fill(libc, SPAN);
			assert_ptr_equal(our_memset(ours + d, 0x1a5, n), ours + d);
			memset(libc + d, 0x1a5, n);
			assert_memory_equal(ours, libc, SPAN);
		}
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void compares(void **state)
{
	u8 a[64], b[64];

	(void)state;
	for (size_t shift = 0; shift < 9U; shift++) {
		for (size_t at = 0; at < 40U; at++) {
			fill(a, sizeof(a));
			memcpy(b + shift, a, sizeof(b) - shift);
			b[shift + at] ^= 0x80U;
			for (size_t n = 0; n < 48U; n++)
				assert_int_equal(sign(our_memcmp(a, b + shift, n)),
						 sign(memcmp(a, b + shift, n)));
			assert_ptr_equal(our_memchr(a, a[at], 40), memchr(a, a[at], 40));
		}
	}
	assert_null(our_memchr(a, 0, 0));
}

static void strings(void **state)
{
	static const char *const text[] = { "",	 "a",	 "ab",	   "abc", "abcabc",
					    "b", "\xff", "ab\x80", "ABC" };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(text); i++) {
		assert_int_equal(our_strlen(text[i]), strlen(text[i]));
		for (size_t n = 0; n < 8U; n++)
			assert_int_equal(our_strnlen(text[i], n), strnlen(text[i], n));
		assert_ptr_equal(our_strchr(text[i], 'b'), strchr(text[i], 'b'));
		assert_ptr_equal(our_strchr(text[i], 0), strchr(text[i], 0));
		assert_ptr_equal(our_strrchr(text[i], 'b'), strrchr(text[i], 'b'));
		assert_ptr_equal(our_strrchr(text[i], 0), strrchr(text[i], 0));
		for (u32 j = 0; j < ARRAY_SIZE(text); j++) {
			assert_int_equal(sign(our_strcmp(text[i], text[j])),
					 sign(strcmp(text[i], text[j])));
			for (size_t n = 0; n < 8U; n++)
				assert_int_equal(sign(our_strncmp(text[i], text[j], n)),
						 sign(strncmp(text[i], text[j], n)));
		}
	}
}

static void numbers(void **state)
{
	static const char *const text[] = {
		"",
		"0",
		"42",
		" \t7x",
		"-1",
		"+9",
		"0x1fG",
		"0x",
		"0xg",
		"077",
		"08",
		"zz",
		"-",
		"+-1",
		"18446744073709551615",
		"18446744073709551616",
		"0xffffffffffffffff",
		"0x10000000000000000",
		"99999999999999999999999",
	};
	static const int base[] = { 0, 2, 8, 10, 16, 36 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(text); i++) {
		for (u32 b = 0; b < ARRAY_SIZE(base); b++) {
			char *ours, *libc;

			assert_int_equal(our_strtoul(text[i], &ours, base[b]),
					 strtoul(text[i], &libc, base[b]));
			assert_ptr_equal(ours, libc);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),   cmocka_unit_test(moves),   cmocka_unit_test(sets),
		cmocka_unit_test(compares), cmocka_unit_test(strings), cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
