/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of named values as tables, lists and fields. */
#include "guests/manager/shell/report.h"

#define GAP 2U /* columns between two of a table */

#define VALUE_MAX 32U /* bytes of a number's text */

/** struct out - a line that is being put together; @len counts no more than fits */
struct out {
	char *buf;
	size_t size;
	size_t len;
};

static void out_char(struct out *o, char c)
{
	if (o->len + 1U < o->size)
		o->buf[o->len++] = c;
}

static void out_text(struct out *o, const char *text)
{
	for (; *text != '\0'; text++)
		out_char(o, *text);
}

static void out_spaces(struct out *o, size_t n)
{
	for (; n > 0; n--)
		out_char(o, ' ');
}

static void out_end(struct out *o)
{
	while (o->len > 0 && o->buf[o->len - 1U] == ' ')
		o->len--;
	if (o->size > 0)
		o->buf[o->len] = '\0';
}

/* --- values ------------------------------------------------------------------------------------------------------ */

void report_begin(struct report *r, bool script)
{
	memset(r->value, 0, sizeof(r->value));
	r->rows = 0;
	r->columns = 0;
	r->used = 1; /* place 0 means none */
	r->lost = 0;
	r->script = script;
}

void report_row(struct report *r)
{
	r->rows++;
}

static u32 column_of(struct report *r, const char *key, const char *suffix, bool right)
{
	u32 i;

	for (i = 0; i < r->columns; i++) {
		if (strcmp(r->column[i].key, key) == 0)
			return i;
	}
	if (i == REPORT_COLUMNS)
		return i;
	r->column[i].key = key;
	r->column[i].suffix = suffix;
	r->column[i].right = right;
	r->columns++;
	return i;
}

static void put(struct report *r, const char *key, const char *suffix, bool right, const char *text)
{
	size_t bytes = strlen(text) + 1U;
	u32 column = REPORT_COLUMNS;

	if (r->rows > 0 && r->rows <= REPORT_ROWS && bytes <= REPORT_POOL - r->used)
		column = column_of(r, key, suffix, right);
	if (column == REPORT_COLUMNS) {
		r->lost++;
		return;
	}
	memcpy(&r->pool[r->used], text, bytes);
	r->value[r->rows - 1U][column] = (u16)r->used;
	r->used += (u32)bytes;
}

void report_text(struct report *r, const char *key, const char *text)
{
	put(r, key, "", false, *text == '\0' ? "-" : text);
}

void report_grouped(char *buf, size_t size, u64 n)
{
	struct out o = { buf, size, 0 };
	char digits[VALUE_MAX];
	size_t len = guest_print(digits, sizeof(digits), "%lu", (unsigned long)n), i;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3U == 0)
			out_char(&o, ',');
		out_char(&o, digits[i]);
	}
	out_end(&o);
}

void report_number(struct report *r, const char *key, const char *unit, u64 n)
{
	char text[VALUE_MAX + 32U];

	if (r->script) {
		guest_print(text, sizeof(text), "%lu", (unsigned long)n);
	} else {
		report_grouped(text, sizeof(text), n);
		if (unit != NULL)
			guest_print(text + strlen(text), sizeof(text) - strlen(text), " %s", unit);
	}
	put(r, key, unit == NULL ? "" : unit, true, text);
}

void report_size(char *buf, size_t size, u64 n)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	u64 unit = 1, hundredths;
	u32 i = 0;

	while (i + 1U < ARRAY_SIZE(units) && n / unit >= 1024U) {
		unit *= 1024U;
		i++;
	}
	hundredths = n % unit * 100U / unit;
	if (hundredths == 0)
		guest_print(buf, size, "%lu %s", (unsigned long)(n / unit), units[i]);
	else if (hundredths % 10U == 0)
		guest_print(buf, size, "%lu.%lu %s", (unsigned long)(n / unit),
			    (unsigned long)hundredths / 10U, units[i]);
	else
		guest_print(buf, size, "%lu.%02lu %s", (unsigned long)(n / unit),
			    (unsigned long)hundredths, units[i]);
}

void report_bytes(struct report *r, const char *key, u64 n)
{
	char text[VALUE_MAX];

	if (r->script)
		guest_print(text, sizeof(text), "%lu", (unsigned long)n);
	else
		report_size(text, sizeof(text), n);
	put(r, key, "bytes", true, text);
}

void report_hex(struct report *r, const char *key, u64 n)
{
	char text[VALUE_MAX];

	guest_print(text, sizeof(text), "0x%lx", (unsigned long)n);
	put(r, key, "", true, text);
}

void report_percent(struct report *r, const char *key, u64 n)
{
	char text[VALUE_MAX];

	guest_print(text, sizeof(text), r->script ? "%lu" : "%lu %%", (unsigned long)n);
	put(r, key, "percent", true, text);
}

void report_words(char *buf, size_t size, const char *word)
{
	size_t len = strlen(buf);

	guest_print(buf + len, size - len, "%s%s", len == 0 ? "" : ",", word);
}

/* --- lines ------------------------------------------------------------------------------------------------------- */

static const char *value_of(const struct report *r, u32 row, u32 column)
{
	u32 at = row < REPORT_ROWS ? r->value[row][column] : 0;

	return at == 0 ? NULL : &r->pool[at];
}

static u32 rows_of(const struct report *r)
{
	return r->rows < REPORT_ROWS ? r->rows : REPORT_ROWS;
}

static size_t column_width(const struct report *r, u32 column)
{
	size_t width = strlen(r->column[column].key);
	u32 row;

	for (row = 0; row < rows_of(r); row++) {
		const char *value = value_of(r, row, column);

		if (value != NULL && strlen(value) > width)
			width = strlen(value);
	}
	return width;
}

bool report_table(const struct report *r, u32 n, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };
	u32 i;

	if (n > rows_of(r))
		return false;
	for (i = 0; i < r->columns; i++) {
		const char *text = n == 0 ? r->column[i].key : value_of(r, n - 1U, i);
		size_t width = column_width(r, i), len;

		if (text == NULL)
			text = "-";
		len = strlen(text);
		if (r->column[i].right)
			out_spaces(&o, width - len);
		out_text(&o, text);
		if (!r->column[i].right)
			out_spaces(&o, width - len);
		out_spaces(&o, GAP);
	}
	out_end(&o);
	return true;
}

static void out_key(struct out *o, const char *key)
{
	for (; *key != '\0'; key++)
		out_char(o, *key == ' ' ? '_' : *key);
}

/* A value with spaces stands in quotes, so that fields are separated by what no field has inside. */
static void out_value(struct out *o, const char *value)
{
	const char *p = value;

	while (*p != '\0' && *p != ' ')
		p++;
	if (*p == ' ')
		out_char(o, '"');
	out_text(o, value);
	if (*p == ' ')
		out_char(o, '"');
}

static void out_field(struct out *o, const struct report *r, u32 column, const char *value)
{
	const char *suffix = r->column[column].suffix;

	out_key(o, r->column[column].key);
	if (suffix[0] != '\0')
		out_char(o, '_');
	out_key(o, suffix);
	out_char(o, '=');
	out_value(o, value);
}

bool report_list(const struct report *r, u32 n, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };
	const char *value;
	size_t width = 0;
	u32 i;

	if (n >= r->columns || r->rows == 0)
		return false;
	value = value_of(r, 0, n) == NULL ? "-" : value_of(r, 0, n);
	if (r->script) {
		out_field(&o, r, n, value);
	} else {
		for (i = 0; i < r->columns; i++) {
			if (strlen(r->column[i].key) > width)
				width = strlen(r->column[i].key);
		}
		out_text(&o, r->column[n].key);
		out_spaces(&o, width - strlen(r->column[n].key) + GAP);
		out_text(&o, value);
	}
	out_end(&o);
	return true;
}

bool report_fields(const struct report *r, u32 n, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };
	u32 i;

	if (n >= rows_of(r))
		return false;
	for (i = 0; i < r->columns; i++) {
		const char *value = value_of(r, n, i);

		if (value == NULL)
			continue;
		if (o.len > 0)
			out_char(&o, ' ');
		out_field(&o, r, i, value);
	}
	out_end(&o);
	return true;
}
