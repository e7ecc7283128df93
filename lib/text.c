/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building blocks of messages. It must never write outside the buffers that it is given.
 */
#include "lib/text.h"

#include <cleave/format.h>
#include <cleave/string.h>

/* A name that is longer than this is not near to any known name. */
#define TEXT_NEAREST_MAX 95U

const char *text_size(u64 bytes, char buf[TEXT_SIZE_LEN])
{
	static const char *const unit[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	u32 u = 0;
	u64 whole;
	u64 hundredths;

	if (bytes < KIB(1)) {
		(void)str_print(buf, TEXT_SIZE_LEN, "%lu bytes", bytes);
		return buf;
	}
	while (u + 1U < ARRAY_SIZE(unit) && (bytes >> (10U * (u + 2U))) != 0U)
		u++;

	whole = bytes >> (10U * (u + 1U));
	/* Only the ten bits below the unit count, so the product does not wrap. */
	hundredths = ((bytes >> (10U * u)) & 1023U) * 100U / 1024U;
	if (bytes < KIB(64) && (bytes & 1023U) != 0U)
		(void)str_print(buf, TEXT_SIZE_LEN, "%lu bytes", bytes);
	else if (hundredths == 0U)
		(void)str_print(buf, TEXT_SIZE_LEN, "%lu %s", whole, unit[u]);
	else if (hundredths % 10U == 0U)
		(void)str_print(buf, TEXT_SIZE_LEN, "%lu.%lu %s", whole, hundredths / 10U, unit[u]);
	else
		(void)str_print(buf, TEXT_SIZE_LEN, "%lu.%02lu %s", whole, hundredths, unit[u]);
	return buf;
}

static bool text_add(char *buf, size_t size, const char *fmt, va_list ap)
{
	size_t used = strnlen(buf, size);

	if (used == size)
		return false;
	if (str_format(buf + used, size - used, fmt, ap) < size - used)
		return true;
	buf[used] = '\0';
	return false;
}

bool text_append(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = text_add(buf, size, fmt, ap);
	va_end(ap);
	return fits;
}

bool text_list(char *buf, size_t size, const char *fmt, ...)
{
	const size_t used = strnlen(buf, size);
	const size_t room = size - (sizeof(", ...") - 1U);
	const char *comma = used == 0U ? "" : ", ";
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = text_append(buf, room, "%s", comma) && text_add(buf, room, fmt, ap);
	va_end(ap);
	if (!fits) {
		buf[used] = '\0';
		(void)text_append(buf, size, "%s...", comma);
	}
	return fits;
}

/* Move the range to the text. */
static void text_ranges_put(struct text_ranges *r)
{
	if (r->cut)
		return;
	r->cut = r->first == r->last
			 ? !text_list(r->text, sizeof(r->text), "%lu", r->first)
			 : !text_list(r->text, sizeof(r->text), "%lu-%lu", r->first, r->last);
}

void text_ranges_add(struct text_ranges *r, u64 n)
{
	r->nr++;
	if (r->nr > 1U && n == r->last + 1U && n != 0U) {
		r->last = n;
	} else if (r->nr > 1U && n + 1U == r->first && r->first != 0U) {
		r->first = n;
	} else {
		if (r->nr > 1U)
			text_ranges_put(r);
		r->first = r->last = n;
	}
}

const char *text_ranges_end(struct text_ranges *r)
{
	if (r->nr != 0U)
		text_ranges_put(r);
	return r->text;
}

void text_clean(char *buf, size_t size, const char *text)
{
	static const char more[] = "...";
	size_t n = 0;

	while (text[n] != '\0' && n + 1U < size) {
		u8 c = (u8)text[n];

		buf[n] = (c >= 0x20U && c < 0x7fU) ? (char)c : '?';
		n++;
	}
	buf[n] = '\0';
	if (text[n] != '\0' && size > sizeof(more))
		memcpy(buf + size - sizeof(more), more, sizeof(more));
}

/*
 * The edit distance of two names, in which small and capital letters are the same, by dynamic
 * programming. Of the table, each step needs the previous row alone, so one row is kept and
 * overwritten from left to right.
 */
static u32 text_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	u32 row[TEXT_NEAREST_MAX + 1U];

	for (u32 j = 0; j <= blen; j++)
		row[j] = j;
	for (u32 i = 1; i <= alen; i++) {
		u32 diagonal = row[0];

		row[0] = i;
		for (u32 j = 1; j <= blen; j++) {
			u32 exchange =
				diagonal + (((a[i - 1U] ^ b[j - 1U]) & ~0x20) == 0 ? 0U : 1U);
			u32 other = MIN(row[j], row[j - 1U]) + 1U;

			diagonal = row[j];
			row[j] = MIN(exchange, other);
		}
	}
	return row[blen];
}

const char *text_nearest(const char *name, const char *const *known, u32 n)
{
	size_t len = strnlen(name, TEXT_NEAREST_MAX + 1U);
	const char *best = NULL;
	u32 best_distance = (u32)(len + 2U) / 3U + 1U;

	if (len > TEXT_NEAREST_MAX)
		return NULL;
	for (u32 i = 0; i < n; i++) {
		size_t known_len = strnlen(known[i], TEXT_NEAREST_MAX + 1U);
		u32 d;

		if (known_len > TEXT_NEAREST_MAX)
			continue;
		d = text_distance(name, len, known[i], known_len);
		if (d < best_distance) {
			best_distance = d;
			best = known[i];
		}
	}
	return best;
}
