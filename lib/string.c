/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library functions that the hypervisor, its guests, libfdt and compilers need, for a hart,
 * where there is no C library. On the host the C library's own are used.
 *
 * Guests' images are copied by memcpy() and their memory is cleared by memset(), so these two move
 * eight words a turn. Word accesses need both pointers to have the same alignment, because the H
 * extension does not promise fast misaligned access. A file in a cpio archive begins at a multiple
 * of 4, so half of all images differ from their target by half a word. They have a loop of their
 * own.
 */
#include <cleave/string.h>
#include <cleave/types.h>

#define WORD	   sizeof(u64)
#define WORDS_MASK (WORD - 1U)
#define HALF	   sizeof(u32)
#define HALF_MASK  (HALF - 1U)

/* Words that may alias anything, because the effective type of what is copied is not known here */
typedef u64 __attribute__((may_alias)) word_t;
typedef u32 __attribute__((may_alias)) half_t;

/* The words and half words at an aligned address */
static inline word_t *string_words(void *p)
{
	return p;
}

static inline const word_t *string_const_words(const void *p)
{
	return p;
}

static inline const half_t *string_const_halves(const void *p)
{
	return p;
}

static bool string_aligned_alike(uintptr_t a, uintptr_t b)
{
	return ((a ^ b) & WORDS_MASK) == 0U;
}

/* Return: two halves as one word, little-endian as the hart is. */
static inline u64 string_join(const half_t *from)
{
	return from[0] | (u64)from[1] << 32;
}

/*
 * Copy from low to high addresses. A block is read before it is written, so @d may overlap @s from
 * below.
 */
static inline void string_copy_up(u8 *d, const u8 *s, size_t n)
{
	if (string_aligned_alike((uintptr_t)d, (uintptr_t)s)) {
		for (; n > 0U && ((uintptr_t)d & WORDS_MASK) != 0U; n--)
			*d++ = *s++;
		for (; n >= 8U * WORD; n -= 8U * WORD, d += 8U * WORD, s += 8U * WORD) {
			const word_t *from = string_const_words(s);
			word_t *to = string_words(d);
			u64 w0 = from[0], w1 = from[1], w2 = from[2], w3 = from[3];
			u64 w4 = from[4], w5 = from[5], w6 = from[6], w7 = from[7];

			to[0] = w0;
			to[1] = w1;
			to[2] = w2;
			to[3] = w3;
			to[4] = w4;
			to[5] = w5;
			to[6] = w6;
			to[7] = w7;
		}
		for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
			*string_words(d) = *string_const_words(s);
	} else if ((((uintptr_t)d ^ (uintptr_t)s) & HALF_MASK) == 0U) {
		for (; n > 0U && ((uintptr_t)d & WORDS_MASK) != 0U; n--)
			*d++ = *s++;
		for (; n >= 4U * WORD; n -= 4U * WORD, d += 4U * WORD, s += 4U * WORD) {
			const half_t *from = string_const_halves(s);
			word_t *to = string_words(d);
			u64 w0 = string_join(&from[0]), w1 = string_join(&from[2]);
			u64 w2 = string_join(&from[4]), w3 = string_join(&from[6]);

			to[0] = w0;
			to[1] = w1;
			to[2] = w2;
			to[3] = w3;
		}
	}
	for (; n > 0U; n--)
		*d++ = *s++;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	string_copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= n) {
		string_copy_up(d, s, n);
		return dst;
	}
	d += n;
	s += n;
	if (string_aligned_alike((uintptr_t)d, (uintptr_t)s)) {
		for (; n > 0U && ((uintptr_t)d & WORDS_MASK) != 0U; n--)
			*--d = *--s;
		for (; n >= WORD; n -= WORD) {
			d -= WORD;
			s -= WORD;
			*string_words(d) = *string_const_words(s);
		}
	}
	for (; n > 0U; n--)
		*--d = *--s;
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u8 *d = dst;
	u64 w = (u8)c * UINT64_C(0x0101010101010101);

	for (; n > 0U && ((uintptr_t)d & WORDS_MASK) != 0U; n--)
		*d++ = (u8)c;
	for (; n >= 8U * WORD; n -= 8U * WORD, d += 8U * WORD) {
		word_t *to = string_words(d);

		to[0] = w;
		to[1] = w;
		to[2] = w;
		to[3] = w;
		to[4] = w;
		to[5] = w;
		to[6] = w;
		to[7] = w;
	}
	for (; n >= WORD; n -= WORD, d += WORD)
		*string_words(d) = w;
	for (; n > 0U; n--)
		*d++ = (u8)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a;
	const u8 *y = b;

	if (string_aligned_alike((uintptr_t)x, (uintptr_t)y) && ((uintptr_t)x & WORDS_MASK) == 0U) {
		while (n >= WORD && *string_const_words(x) == *string_const_words(y)) {
			x += WORD;
			y += WORD;
			n -= WORD;
		}
	}
	for (; n > 0U; n--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const u8 *p = s;

	for (; n > 0U; n--, p++) {
		if (*p == (u8)c)
			return (void *)(uintptr_t)p;
	}
	return NULL;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0')
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
	for (; n > 0U; n--, a++, b++) {
		if (*a != *b)
			return (int)(u8)*a - (int)(u8)*b;
		if (*a == '\0')
			break;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (*s == '\0')
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (*s == '\0')
			return (char *)(uintptr_t)last;
	}
}

static unsigned int string_digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned int)(c - 'a') + 10U;
	if (c >= 'A' && c <= 'Z')
		return (unsigned int)(c - 'A') + 10U;
	return 36U;
}

__attribute__((cold)) unsigned long strtoul(const char *s, char **end, int base)
{
	const char *p = s;
	unsigned long v = 0;
	unsigned long radix;
	bool any = false;
	bool negative;
	bool too_big = false;

	while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		p++;
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if ((base == 0 || base == 16) && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
	    string_digit_value(p[2]) < 16U) {
		p += 2;
		base = 16;
	} else if (base == 0) {
		base = *p == '0' ? 8 : 10;
	}
	radix = (unsigned long)base;
	for (; string_digit_value(*p) < radix; p++) {
		unsigned long d = string_digit_value(*p);

		any = true;
		if (v > (~0UL - d) / radix)
			too_big = true;
		else
			v = v * radix + d;
	}
	if (end != NULL)
		*end = (char *)(uintptr_t)(any ? p : s);
	if (too_big)
		return ~0UL;
	return negative ? 0UL - v : v;
}
