/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from a format, into a buffer and never behind it. Builds for the host too: it calls nothing. */
#include "guests/lib/guest.h"

/** struct sink - where characters go; @len counts those that did not fit, too */
struct sink {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool left;
	bool zero;
	bool negative;
	size_t width;
	size_t precision;
};

static void put(struct sink *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_padded(struct sink *o, const struct spec *s, const char *text, size_t len)
{
	size_t sign = s->negative ? 1 : 0;
	size_t pad = s->width > len + sign ? s->width - len - sign : 0;
	size_t i;

	if (!s->left && !s->zero) {
		for (; pad != 0; pad--)
			put(o, ' ');
	}
	if (s->negative)
		put(o, '-');
	if (s->zero && !s->left) {
		for (; pad != 0; pad--)
			put(o, '0');
	}
	for (i = 0; i < len; i++)
		put(o, text[i]);
	for (; pad != 0; pad--)
		put(o, ' ');
}

static void put_number(struct sink *o, const struct spec *s, u64 v, u32 base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = digits[v % base];
		v /= base;
	} while (v != 0);
	put_padded(o, s, text + at, sizeof(text) - at);
}

static void put_string(struct sink *o, const struct spec *s, const char *text)
{
	size_t len = 0;

	if (text == NULL)
		text = "(null)";
	while (len < s->precision && text[len] != '\0')
		len++;
	put_padded(o, s, text, len);
}

static const char *parse_spec(const char *f, struct spec *s, u32 *longs)
{
	*s = (struct spec){ .precision = SIZE_MAX };
	*longs = 0;
	for (;; f++) {
		if (*f == '-')
			s->left = true;
		else if (*f == '0')
			s->zero = true;
		else
			break;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		s->width = s->width * 10 + (size_t)(*f - '0');
	if (*f == '.') {
		s->precision = 0;
		for (f++; *f >= '0' && *f <= '9'; f++)
			s->precision = s->precision * 10 + (size_t)(*f - '0');
	}
	for (; *f == 'l' || *f == 'z'; f++)
		(*longs)++;
	return f;
}

size_t guest_format(char *buf, size_t size, const char *fmt, __builtin_va_list ap)
{
	struct sink o = { buf, size, 0 };
	struct spec s;
	u32 longs;
	s64 v;
	char c;

	for (; *fmt != '\0'; fmt++) {
		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s, &longs);
		switch (*fmt) {
		case 'd':
		case 'i':
			v = longs != 0 ? __builtin_va_arg(ap, long) : __builtin_va_arg(ap, int);
			s.negative = v < 0;
			put_number(&o, &s, v < 0 ? 0 - (u64)v : (u64)v, 10, false);
			break;
		case 'u':
		case 'x':
		case 'X':
			put_number(&o, &s,
				   longs != 0 ? __builtin_va_arg(ap, unsigned long)
					      : __builtin_va_arg(ap, unsigned int),
				   *fmt == 'u' ? 10 : 16, *fmt == 'X');
			break;
		case 'p':
			put(&o, '0');
			put(&o, 'x');
			put_number(&o, &s, (u64) __builtin_va_arg(ap, void *), 16, false);
			break;
		case 's':
			put_string(&o, &s, __builtin_va_arg(ap, const char *));
			break;
		case 'c':
			c = (char)__builtin_va_arg(ap, int);
			put_padded(&o, &s, &c, 1);
			break;
		case '\0':
			fmt--;
			break;
		default:
			put(&o, *fmt);
			break;
		}
	}
	if (size != 0)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len < size ? o.len : (size == 0 ? 0 : size - 1);
}

size_t guest_print(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list ap;
	size_t n;

	__builtin_va_start(ap, fmt);
	n = guest_format(buf, size, fmt, ap);
	__builtin_va_end(ap);
	return n;
}
