/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small terminal. It must not forgive: a sequence that it does not know fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/core/console/terminal.h"

char *terminal_row(const struct terminal *t)
{
	static char row[COLUMNS * 4 + 1];

	row[0] = '\0';
	for (unsigned int i = 0; i < t->len; i++)
		strcat(row, t->cell[i]);
	return row;
}

static void terminal_end_row(struct terminal *t)
{
	assert_true(t->rows < ROWS);
	t->done[t->rows++] = strdup(terminal_row(t));
	t->len = 0;
	t->column = 0;
}

/* Return: columns of a character: marks combine with what is before, ideographs are wide */
static unsigned int terminal_wide(const char *s)
{
	u8 first = (u8)s[0];

	if (first == 0xcc)
		return 0;
	return first >= 0xe3 && first <= 0xe9 ? 2 : 1;
}

static void terminal_print(struct terminal *t, const char *s)
{
	unsigned int wide = t->width == 0 ? 1 : terminal_wide(s);

	if (t->width != 0 && t->column + wide > t->width)
		terminal_end_row(t); /* it goes on in the next row by itself */
	assert_true(t->column + 1 < COLUMNS - 1);
	if (wide == 0)
		return;
	while (t->len < t->column)
		strcpy(t->cell[t->len++], " ");
	strcpy(t->cell[t->column++], s);
	if (wide == 2)
		strcpy(t->cell[t->column++], "");
	if (t->len < t->column)
		t->len = t->column;
}

static void terminal_csi(struct terminal *t, char final)
{
	unsigned int n = t->seq_len > 2 ? (unsigned int)atoi(t->seq + 2) : 0;
	bool none = t->seq_len == 2;
	unsigned int count = n == 0 ? 1 : n;

	switch (final) {
	case 'K':
	case 'J':
		if (n == 0) {
			t->len = t->len < t->column ? t->len : t->column;
		} else if (final == 'K') {
			for (unsigned int i = 0; i <= t->column && i < t->len; i++)
				strcpy(t->cell[i], " ");
			if (n == 2)
				t->len = t->len < t->column ? t->len : t->column;
		} else {
			assert_false(t->strict);
		}
		break;
	case 'C':
		t->column += count;
		break;
	case 'D':
		t->column -= count < t->column ? count : t->column;
		break;
	case 'G':
		t->column = count - 1;
		break;
	case 'P':
		for (; count > 0 && t->column < t->len; count--) {
			memmove(t->cell[t->column], t->cell[t->column + 1],
				(t->len - t->column - 1) * sizeof(t->cell[0]));
			t->len--;
		}
		break;
	case '@':
		for (; count > 0 && t->column < t->len && t->len < COLUMNS - 1; count--) {
			memmove(t->cell[t->column + 1], t->cell[t->column],
				(t->len - t->column) * sizeof(t->cell[0]));
			strcpy(t->cell[t->column], " ");
			t->len++;
		}
		break;
	case 'm':
		t->styled = !none && n != 0;
		t->goes_on = none;
		break;
	case 'n':
	case 'c':
		strcat(t->asked, t->seq + 1);
		break;
	default:
		assert_false(t->strict);
	}
}

void terminal_putc(struct terminal *t, u8 c)
{
	t->sent++;
	if (c >= ' ')
		t->goes_on = false;
	if (t->seq_len > 0) {
		assert_true(t->seq_len < sizeof(t->seq) - 1);
		t->seq[t->seq_len++] = (char)c;
		t->seq[t->seq_len] = '\0';
		if (t->utf8 > 0) {
			if (t->seq_len == t->utf8) {
				terminal_print(t, t->seq);
				t->seq_len = t->utf8 = 0;
			}
		} else if (t->seq_len > 2 && c >= 0x40) {
			t->seq_len--;
			terminal_csi(t, (char)c);
			t->seq_len = 0;
		}
	} else if (c == 0x1b) {
		t->seq[t->seq_len++] = (char)c;
	} else if (c >= 0xc0) {
		t->utf8 = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
		t->seq[t->seq_len++] = (char)c;
	} else if (c >= ' ' && c < 0x7f) {
		terminal_print(t, (char[]){ (char)c, '\0' });
	} else if (c == '\r') {
		t->column = 0;
	} else if (c == '\n') {
		if (t->strict)
			assert_false(t->styled);
		terminal_end_row(t);
	} else if (c == '\b') {
		t->column -= t->column > 0;
	} else if (c == '\t') {
		t->column = (t->column / 8 + 1) *
			    8; /* moves; blanks appear when something is written after it */
	} else if (c == '\a') {
		t->bells++;
	} else {
		fail_msg("the terminal got 0x%02x", c);
	}
}

struct terminal *terminal_new(bool strict)
{
	struct terminal *t = calloc(1, sizeof(*t));

	t->strict = strict;
	return t;
}

void terminal_free(struct terminal *t)
{
	for (unsigned int i = 0; i < t->rows; i++)
		free(t->done[i]);
	free(t);
}
