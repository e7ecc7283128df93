/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a report, and writing it as tables, lists and fields. */
#include "guests/manager/shell/report.h"

#define GAP 2U /* spaces between two columns of a table */

#define VALUE_MAX 32U /* bytes of a number's text */

/**
 * struct report_out - a line that is being put together; @len: characters in it, all of which fit
 */
struct report_out {
	char *buf;
	size_t size;
	size_t len;
};

static void report_out_char(struct report_out *o, char c)
{
	if (o->len + 1U < o->size)
		o->buf[o->len++] = c;
}

static void report_out_text(struct report_out *o, const char *text)
{
	for (; *text != '\0'; text++)
		report_out_char(o, *text);
}

static void report_out_spaces(struct report_out *o, size_t n)
{
	for (; n > 0; n--)
		report_out_char(o, ' ');
}

static void report_out_end(struct report_out *o)
{
	while (o->len > 0 && o->buf[o->len - 1U] == ' ')
		o->len--;
	if (o->size > 0)
		o->buf[o->len] = '\0';
}

/* --- values ----------------------------------------------------------------------------------- */

void report_begin(struct report *r, bool script)
{
	memset(r->value, 0, sizeof(r->value));
	r->rows = 0;
	r->columns = 0;
	r->used = 1; /* place 0 stands for no value */
	r->lost = 0;
	r->script = script;
}

void report_row(struct report *r)
{
	r->rows++;
}

/* Return: the column of @key, made if there is none yet; REPORT_COLUMNS when there is no room. */
static u32 report_column(struct report *r, const char *key, const char *suffix, bool right)
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

static void report_put(struct report *r, const char *key, const char *suffix, bool right,
		       const char *text)
{
	size_t bytes = strlen(text) + 1U;
	u32 column = REPORT_COLUMNS;

	if (r->rows > 0 && r->rows <= REPORT_ROWS && bytes <= REPORT_POOL - r->used)
		column = report_column(r, key, suffix, right);
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
	report_put(r, key, "", false, *text == '\0' ? "-" : text);
}

void report_grouped(char *buf, size_t size, u64 n)
{
	struct report_out o = { buf, size, 0 };
	char digits[VALUE_MAX];
	size_t len = str_print(digits, sizeof(digits), "%lu", n), i;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3U == 0)
			report_out_char(&o, ',');
		report_out_char(&o, digits[i]);
	}
	report_out_end(&o);
}

void report_number(struct report *r, const char *key, const char *unit, u64 n)
{
	char text[VALUE_MAX + 32U];

	if (r->script) {
		str_print(text, sizeof(text), "%lu", n);
	} else {
		report_grouped(text, sizeof(text), n);
		if (unit != NULL)
			str_append(text, sizeof(text), strlen(text), " %s", unit);
	}
	report_put(r, key, unit == NULL ? "" : unit, true, text);
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
		str_print(buf, size, "%lu %s", (n / unit), units[i]);
	else if (hundredths % 10U == 0)
		str_print(buf, size, "%lu.%lu %s", (n / unit), hundredths / 10U, units[i]);
	else
		str_print(buf, size, "%lu.%02lu %s", (n / unit), hundredths, units[i]);
}

void report_bytes(struct report *r, const char *key, u64 n)
{
	char text[VALUE_MAX];

	if (r->script)
		str_print(text, sizeof(text), "%lu", n);
	else
		report_size(text, sizeof(text), n);
	report_put(r, key, "bytes", true, text);
}

void report_hex(struct report *r, const char *key, u64 n)
{
	char text[VALUE_MAX];

	str_print(text, sizeof(text), "0x%lx", n);
	report_put(r, key, "", true, text);
}

void report_percent(struct report *r, const char *key, u64 n)
{
	char text[VALUE_MAX];

	str_print(text, sizeof(text), r->script ? "%lu" : "%lu %%", n);
	report_put(r, key, "percent", true, text);
}

void report_words(char *buf, size_t size, const char *word)
{
	size_t len = strlen(buf);

	str_print(buf + len, size - len, "%s%s", len == 0 ? "" : ",", word);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Return: the value of @row and @column; NULL when there is none. */
static const char *report_value(const struct report *r, u32 row, u32 column)
{
	u32 at = row < REPORT_ROWS ? r->value[row][column] : 0;

	return at == 0 ? NULL : &r->pool[at];
}

/* Return: the rows that found room. */
static u32 report_rows(const struct report *r)
{
	return r->rows < REPORT_ROWS ? r->rows : REPORT_ROWS;
}

static size_t report_width(const struct report *r, u32 column)
{
	size_t width = strlen(r->column[column].key);
	u32 row;

	for (row = 0; row < report_rows(r); row++) {
		const char *value = report_value(r, row, column);

		if (value != NULL && strlen(value) > width)
			width = strlen(value);
	}
	return width;
}

bool report_table(const struct report *r, u32 n, char *buf, size_t size)
{
	struct report_out o = { buf, size, 0 };
	u32 i;

	if (n > report_rows(r))
		return false;
	for (i = 0; i < r->columns; i++) {
		const char *text = n == 0 ? r->column[i].key : report_value(r, n - 1U, i);
		size_t width = report_width(r, i), len;

		if (text == NULL)
			text = "-";
		len = strlen(text);
		if (r->column[i].right)
			report_out_spaces(&o, width - len);
		report_out_text(&o, text);
		if (!r->column[i].right)
			report_out_spaces(&o, width - len);
		report_out_spaces(&o, GAP);
	}
	report_out_end(&o);
	return true;
}

static void report_out_key(struct report_out *o, const char *key)
{
	for (; *key != '\0'; key++)
		report_out_char(o, *key == ' ' ? '_' : *key);
}

/* A value with a space in it gets quotes, so that a space without quotes separates fields. */
static void report_out_value(struct report_out *o, const char *value)
{
	const char *p = value;

	while (*p != '\0' && *p != ' ')
		p++;
	if (*p == ' ')
		report_out_char(o, '"');
	report_out_text(o, value);
	if (*p == ' ')
		report_out_char(o, '"');
}

static void report_out_field(struct report_out *o, const struct report *r, u32 column,
			     const char *value)
{
	const char *suffix = r->column[column].suffix;

	report_out_key(o, r->column[column].key);
	if (suffix[0] != '\0')
		report_out_char(o, '_');
	report_out_key(o, suffix);
	report_out_char(o, '=');
	report_out_value(o, value);
}

bool report_list(const struct report *r, u32 n, char *buf, size_t size)
{
	struct report_out o = { buf, size, 0 };
	const char *value;
	size_t width = 0;
	u32 i;

	if (n >= r->columns || r->rows == 0)
		return false;
	value = report_value(r, 0, n) == NULL ? "-" : report_value(r, 0, n);
	if (r->script) {
		report_out_field(&o, r, n, value);
	} else {
		for (i = 0; i < r->columns; i++) {
			if (strlen(r->column[i].key) > width)
				width = strlen(r->column[i].key);
		}
		report_out_text(&o, r->column[n].key);
		report_out_spaces(&o, width - strlen(r->column[n].key) + GAP);
		report_out_text(&o, value);
	}
	report_out_end(&o);
	return true;
}

bool report_fields(const struct report *r, u32 n, char *buf, size_t size)
{
	struct report_out o = { buf, size, 0 };
	u32 i;

	if (n >= report_rows(r))
		return false;
	for (i = 0; i < r->columns; i++) {
		const char *value = report_value(r, n, i);

		if (value == NULL)
			continue;
		if (o.len > 0)
			report_out_char(&o, ' ');
		report_out_field(&o, r, i, value);
	}
	report_out_end(&o);
	return true;
}
