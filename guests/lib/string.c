/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library functions that the compiler and the programs need. */
#include "guests/lib/guest.h"

/* Sixty-four bytes a round: pages are what is copied most. */
static void copy_words(u64 **to, const u64 **from, size_t *n)
{
	u64 *d = *to;
	const u64 *s = *from;

	for (; *n >= 64U; *n -= 64U, d += 8, s += 8) {
		u64 a = s[0], b = s[1], c = s[2], e = s[3];
		u64 f = s[4], g = s[5], h = s[6], i = s[7];

		d[0] = a;
		d[1] = b;
		d[2] = c;
		d[3] = e;
		d[4] = f;
		d[5] = g;
		d[6] = h;
		d[7] = i;
	}
	for (; *n >= 8U; *n -= 8U)
		*d++ = *s++;
	*to = d;
	*from = s;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if ((((uintptr_t)d | (uintptr_t)s) & 7U) == 0) {
		u64 *to = dst;
		const u64 *from = src;

		copy_words(&to, &from, &n);
		d = (u8 *)to;
		s = (const u8 *)from;
	}
	while (n-- != 0)
		*d++ = *s++;
	return dst;
}

/* Upwards the words that are read lie before those that are written: a copy by words is right however the two overlap. */
void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (d == s || n == 0)
		return dst;
	if (d < s) {
		u64 *to = dst;
		const u64 *from = src;

		if ((((uintptr_t)d | (uintptr_t)s) & 7U) == 0) {
			copy_words(&to, &from, &n);
			d = (u8 *)to;
			s = (const u8 *)from;
		}
		while (n-- != 0)
			*d++ = *s++;
	} else {
		while (n-- != 0)
			d[n] = s[n];
	}
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u8 *d = dst;
	u64 word = (u8)c * UINT64_C(0x0101010101010101);

	for (; n != 0 && ((uintptr_t)d & 7U) != 0; n--)
		*d++ = (u8)c;
	for (; n >= 32U; n -= 32U, d += 32) {
		u64 *w = (u64 *)(void *)d;

		w[0] = word;
		w[1] = word;
		w[2] = word;
		w[3] = word;
	}
	for (; n >= 8; n -= 8, d += 8)
		*(u64 *)(void *)d = word;
	while (n-- != 0)
		*d++ = (u8)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n != 0; n--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (int)(u8)*a - (int)(u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n != 0; n--, a++, b++) {
		if (*a != *b)
			return (int)(u8)*a - (int)(u8)*b;
		if (*a == '\0')
			break;
	}
	return 0;
}
