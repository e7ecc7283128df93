/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text formatting for printk() and for everybody else who writes a line: the hypervisor, the tools,
 * the guests. Builds for the host too.
 *
 * It must never write outside the buffer, and never trust a %s argument's length when a precision
 * is given.
 */
#include <cleave/format.h>
#include <cleave/string.h>
#include <cleave/types.h>

/* where formatted text goes: @len counts all of it, of which the first @size - 1 bytes are kept */
struct sink {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool left, zero, plus, space, alt;
	unsigned int width;
	int precision; /* -1: none */
	u8 bytes;      /* of an integer argument */
	char conversion;
};

static void put(struct sink *s, char c)
{
	if (s->len + 1U < s->size)
		s->buf[s->len] = c;
	s->len++;
}

static void pad(struct sink *s, char c, size_t n)
{
	for (; n > 0U; n--)
		put(s, c);
}

/* Text of @len bytes in a field of the spec's width */
static void put_field(struct sink *s, const struct spec *sp, const char *text, size_t len)
{
	size_t blank = sp->width > len ? sp->width - len : 0U;

	if (!sp->left)
		pad(s, ' ', blank);
	for (size_t i = 0; i < len; i++)
		put(s, text[i]);
	if (sp->left)
		pad(s, ' ', blank);
}

static void put_string(struct sink *s, const struct spec *sp, const char *text)
{
	if (text == NULL)
		text = "(null)";
	put_field(s, sp, text,
		  sp->precision >= 0 ? strnlen(text, (size_t)sp->precision) : strlen(text));
}

/* Digits of @v, least significant first. Return: how many; 0 for 0 */
static size_t digits_of(u64 v, unsigned int base, bool upper, char out[24])
{
	const char *digit = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t n = 0;

	for (; v != 0U; v /= base)
		out[n++] = digit[v % base];
	return n;
}

/* A number: blanks, sign or prefix, zeros, digits */
static void put_number(struct sink *s, const struct spec *sp, u64 v, unsigned int base,
		       const char *prefix)
{
	char digit[24];
	size_t n = digits_of(v, base, sp->conversion == 'X', digit);
	size_t least = sp->precision >= 0 ? (size_t)sp->precision : 1U;
	size_t before = strlen(prefix);
	size_t zeros = n < least ? least - n : 0U;
	size_t blank;

	if (sp->alt && base == 8U && zeros == 0U)
		zeros = 1U;
	if (sp->zero && !sp->left && sp->precision < 0 && before + zeros + n < sp->width)
		zeros = sp->width - before - n;
	blank = before + zeros + n < sp->width ? sp->width - before - zeros - n : 0U;
	if (!sp->left)
		pad(s, ' ', blank);
	while (*prefix != '\0')
		put(s, *prefix++);
	pad(s, '0', zeros);
	while (n > 0U)
		put(s, digit[--n]);
	if (sp->left)
		pad(s, ' ', blank);
}

static void put_signed(struct sink *s, const struct spec *sp, s64 v)
{
	const char *sign = sp->plus ? "+" : sp->space ? " " : "";

	put_number(s, sp, v < 0 ? 0U - (u64)v : (u64)v, 10U, v < 0 ? "-" : sign);
}

static void put_unsigned(struct sink *s, const struct spec *sp, u64 v)
{
	const char *prefix = "";
	unsigned int base = 10U;

	if (sp->conversion == 'o') {
		base = 8U;
	} else if (sp->conversion != 'u') {
		base = 16U;
		if (sp->alt && v != 0U)
			prefix = sp->conversion == 'X' ? "0X" : "0x";
	}
	put_number(s, sp, v, base, prefix);
}

/* Arguments narrower than int arrive as int: cut them to what the conversion says, as C does. */
static s64 cut_signed(s64 v, u8 bytes)
{
	switch (bytes) {
	case 1:
		return (int8_t)v;
	case 2:
		return (int16_t)v;
	case 4:
		return (s32)v;
	default:
		return v;
	}
}

static u64 cut_unsigned(u64 v, u8 bytes)
{
	return bytes >= 8U ? v : v & ((UINT64_C(1) << (bytes * 8U)) - 1U);
}

static bool parse_flag(struct spec *sp, char c)
{
	switch (c) {
	case '-':
		sp->left = true;
		return true;
	case '0':
		sp->zero = true;
		return true;
	case '+':
		sp->plus = true;
		return true;
	case ' ':
		sp->space = true;
		return true;
	case '#':
		sp->alt = true;
		return true;
	default:
		return false;
	}
}

static const char *parse_number(const char *p, unsigned int *out)
{
	unsigned int v = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		v = v < 100000U ? v * 10U + (unsigned int)(*p - '0') : v;
	*out = v;
	return p;
}

static const char *parse_length(const char *p, struct spec *sp)
{
	sp->bytes = sizeof(int);
	if (p[0] == 'h' && p[1] == 'h') {
		sp->bytes = 1U;
		return p + 2;
	}
	if (p[0] == 'l' && p[1] == 'l') {
		sp->bytes = sizeof(long long);
		return p + 2;
	}
	switch (*p) {
	case 'h':
		sp->bytes = 2U;
		return p + 1;
	case 'l':
	case 'j':
		sp->bytes = sizeof(long);
		return p + 1;
	case 'z':
	case 't':
		sp->bytes = sizeof(size_t);
		return p + 1;
	default:
		return p;
	}
}

/* va_list is an array on some hosts, which a function cannot take by reference: wrap it. */
struct args {
	va_list ap;
};

/* One conversion, @p behind its '%'. Return: behind its end */
static const char *parse_spec(const char *p, struct spec *sp, struct args *a)
{
	int v;

	*sp = (struct spec){ .precision = -1 };
	while (parse_flag(sp, *p))
		p++;
	if (*p == '*') {
		v = va_arg(a->ap, int);
		sp->left = sp->left || v < 0;
		sp->width = v < 0 ? 0U - (unsigned int)v : (unsigned int)v;
		p++;
	} else {
		p = parse_number(p, &sp->width);
	}
	if (*p == '.') {
		unsigned int n;

		p++;
		if (*p == '*') {
			v = va_arg(a->ap, int);
			sp->precision = v < 0 ? -1 : v;
			p++;
		} else {
			p = parse_number(p, &n);
			sp->precision = (int)n;
		}
	}
	p = parse_length(p, sp);
	sp->conversion = *p;
	return *p == '\0' ? p : p + 1;
}

static void put_conversion(struct sink *s, const struct spec *sp, struct args *a)
{
	char c;

	switch (sp->conversion) {
	case 'd':
	case 'i':
		if (sp->bytes == 8U)
			put_signed(s, sp, va_arg(a->ap, s64));
		else
			put_signed(s, sp, cut_signed(va_arg(a->ap, int), sp->bytes));
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		if (sp->bytes == 8U)
			put_unsigned(s, sp, va_arg(a->ap, u64));
		else
			put_unsigned(s, sp, cut_unsigned(va_arg(a->ap, unsigned int), sp->bytes));
		break;
	case 'c':
		c = (char)va_arg(a->ap, int);
		put_field(s, sp, &c, 1U);
		break;
	case 's':
		put_string(s, sp, va_arg(a->ap, const char *));
		break;
	case 'p':
		put_number(s, sp, (uintptr_t)va_arg(a->ap, void *), 16U, "0x");
		break;
	case '%':
		put(s, '%');
		break;
	case '\0':
		break;
	default:
		/* Not understood: show it as it stands, so that the mistake is seen. */
		put(s, '%');
		put(s, sp->conversion);
		break;
	}
}

size_t str_format(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct sink s = { .buf = buf, .size = size };
	struct args a;
	struct spec sp;

	va_copy(a.ap, ap);
	while (*fmt != '\0') {
		if (*fmt != '%') {
			put(&s, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &sp, &a);
		put_conversion(&s, &sp, &a);
	}
	va_end(a.ap);
	if (size > 0U)
		buf[MIN(s.len, size - 1U)] = '\0';
	return s.len;
}

size_t str_print(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = str_format(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

size_t str_append_format(char *buf, size_t size, size_t len, const char *fmt, va_list ap)
{
	size_t end = len + str_format(buf + len, size - len, fmt, ap);

	return MIN(end, size - 1U);
}

size_t str_append(char *buf, size_t size, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	len = str_append_format(buf, size, len, fmt, ap);
	va_end(ap);
	return len;
}
