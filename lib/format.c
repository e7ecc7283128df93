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

/* Where the text goes: @len counts all of it; the first @size - 1 bytes are kept. */
struct sink {
	char *buf;
	size_t size;
	size_t len;
};

/* One conversion, as the format gives it */
struct spec {
	bool left, zero, plus, space, alt;
	unsigned int width;
	int precision; /* -1: none */
	u8 bytes;      /* size of an integer argument */
	char conversion;
};

static void format_char(struct sink *s, char c)
{
	if (s->len + 1U < s->size)
		s->buf[s->len] = c;
	s->len++;
}

static void format_pad(struct sink *s, char c, size_t n)
{
	for (; n > 0U; n--)
		format_char(s, c);
}

/* Write @len bytes of text in a field of the spec's width. */
static void format_field(struct sink *s, const struct spec *sp, const char *text, size_t len)
{
	size_t blank = sp->width > len ? sp->width - len : 0U;

	if (!sp->left)
		format_pad(s, ' ', blank);
	for (size_t i = 0; i < len; i++)
		format_char(s, text[i]);
	if (sp->left)
		format_pad(s, ' ', blank);
}

static void format_string(struct sink *s, const struct spec *sp, const char *text)
{
	if (text == NULL)
		text = "(null)";
	format_field(s, sp, text,
		     sp->precision >= 0 ? strnlen(text, (size_t)sp->precision) : strlen(text));
}

/* Write the digits of @v, the least significant first. Return: how many there are; 0 for 0. */
static size_t format_digits(u64 v, unsigned int base, bool upper, char out[24])
{
	const char *digit = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t n = 0;

	for (; v != 0U; v /= base)
		out[n++] = digit[v % base];
	return n;
}

/* Write a number: blanks, a sign or prefix, zeros, digits. */
static void format_number(struct sink *s, const struct spec *sp, u64 v, unsigned int base,
			  const char *prefix)
{
	char digit[24];
	size_t n = format_digits(v, base, sp->conversion == 'X', digit);
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
		format_pad(s, ' ', blank);
	while (*prefix != '\0')
		format_char(s, *prefix++);
	format_pad(s, '0', zeros);
	while (n > 0U)
		format_char(s, digit[--n]);
	if (sp->left)
		format_pad(s, ' ', blank);
}

static void format_signed(struct sink *s, const struct spec *sp, s64 v)
{
	const char *sign = sp->plus ? "+" : sp->space ? " " : "";

	format_number(s, sp, v < 0 ? 0U - (u64)v : (u64)v, 10U, v < 0 ? "-" : sign);
}

static void format_unsigned(struct sink *s, const struct spec *sp, u64 v)
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
	format_number(s, sp, v, base, prefix);
}

/* An argument that is narrower than int arrives as int. Cut it to its own size, as C does. */
static s64 format_cut_signed(s64 v, u8 bytes)
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

static u64 format_cut_unsigned(u64 v, u8 bytes)
{
	return bytes >= 8U ? v : v & ((UINT64_C(1) << (bytes * 8U)) - 1U);
}

static bool format_parse_flag(struct spec *sp, char c)
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

static const char *format_parse_number(const char *p, unsigned int *out)
{
	unsigned int v = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		v = v < 100000U ? v * 10U + (unsigned int)(*p - '0') : v;
	*out = v;
	return p;
}

static const char *format_parse_length(const char *p, struct spec *sp)
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

/* A va_list is an array on some hosts, and a function cannot take a pointer to it: so wrap it. */
struct args {
	va_list ap;
};

/*
 * Read one conversion.
 * @p: the character after its '%'
 * Return: the character after its end.
 */
static const char *format_parse_spec(const char *p, struct spec *sp, struct args *a)
{
	int v;

	*sp = (struct spec){ .precision = -1 };
	while (format_parse_flag(sp, *p))
		p++;
	if (*p == '*') {
		v = va_arg(a->ap, int);
		sp->left = sp->left || v < 0;
		sp->width = v < 0 ? 0U - (unsigned int)v : (unsigned int)v;
		p++;
	} else {
		p = format_parse_number(p, &sp->width);
	}
	if (*p == '.') {
		unsigned int n;

		p++;
		if (*p == '*') {
			v = va_arg(a->ap, int);
			sp->precision = v < 0 ? -1 : v;
			p++;
		} else {
			p = format_parse_number(p, &n);
			sp->precision = (int)n;
		}
	}
	p = format_parse_length(p, sp);
	sp->conversion = *p;
	return *p == '\0' ? p : p + 1;
}

static void format_conversion(struct sink *s, const struct spec *sp, struct args *a)
{
	char c;

	switch (sp->conversion) {
	case 'd':
	case 'i':
		if (sp->bytes == 8U)
			format_signed(s, sp, va_arg(a->ap, s64));
		else
			format_signed(s, sp, format_cut_signed(va_arg(a->ap, int), sp->bytes));
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		if (sp->bytes == 8U)
			format_unsigned(s, sp, va_arg(a->ap, u64));
		else
			format_unsigned(s, sp, format_cut_unsigned(va_arg(a->ap, u32), sp->bytes));
		break;
	case 'c':
		c = (char)va_arg(a->ap, int);
		format_field(s, sp, &c, 1U);
		break;
	case 's':
		format_string(s, sp, va_arg(a->ap, const char *));
		break;
	case 'p':
		format_number(s, sp, (uintptr_t)va_arg(a->ap, void *), 16U, "0x");
		break;
	case '%':
		format_char(s, '%');
		break;
	case '\0':
		break;
	default:
		/* An unknown conversion is shown as it is, so that the mistake is seen. */
		format_char(s, '%');
		format_char(s, sp->conversion);
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
			format_char(&s, *fmt++);
			continue;
		}
		fmt = format_parse_spec(fmt + 1, &sp, &a);
		format_conversion(&s, &sp, &a);
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
