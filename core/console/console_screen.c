/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is sent to show lines, and how little of it is sent again when an open line changes.
 *
 * It must never send anything that moves the cursor off the last row, except a newline after a
 * whole row. Where the cursor stands is counted only in a row of plain ASCII. In all others it is
 * brought to its place by sending what stands before it, whose width only the terminal knows.
 */
#include "core/console/console_screen.h"

#include <cleave/format.h>
#include <cleave/string.h>

void console_screen_send(struct console_screen *s, const void *bytes, u32 n)
{
	n = MIN(n, CONSOLE_READY_MAX - s->ready_len);
	memcpy(&s->ready[s->ready_len], bytes, n);
	s->ready_len += n;
}

static void console_screen_send_str(struct console_screen *s, const char *str)
{
	console_screen_send(s, str, (u32)strlen(str));
}

static void console_screen_send_csi(struct console_screen *s, u32 n, char final)
{
	char seq[16];

	if (n == 0U)
		return;
	str_print(seq, sizeof(seq), "\033[%u%c", n, final);
	console_screen_send_str(s, seq);
}

static bool console_screen_styled(const u8 *text, u32 len)
{
	return memchr(text, CONSOLE_ESC, len) != NULL;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* End a row that shows these bytes. */
static void console_screen_end(struct console_screen *s, const u8 *text, u32 len)
{
	if (console_screen_styled(text, len))
		console_screen_send_str(s, "\033[0m");
	console_screen_send_str(s, "\r\n");
}

/* Return: how many of the bytes from @text on fit into @columns */
static u32 console_screen_fit(const u8 *text, u32 len, u32 columns)
{
	u32 at = 0;

	while (at < len) {
		u8 c = text[at];
		u32 wide = console_unit_columns(c);

		if (wide > columns)
			break;
		columns -= wide;
		at += wide == 1U ? 1U : console_unit_bytes(text, len, at);
	}
	return at;
}

static void console_screen_row(struct console_screen *s, u32 columns)
{
	const u8 *text = &s->text[s->at];
	u32 left = s->len - s->at;
	u32 n = left;

	if (!s->self)
		n = console_screen_fit(text, left, columns - (u32)strlen(s->name) - 2U);
	console_screen_send_str(s, s->name);
	console_screen_send_str(s, s->at == 0U ? "| " : "> ");
	console_screen_send(s, text, n);
	s->at += n;
	s->more = s->at < s->len;
	if (s->more)
		console_screen_send_str(s, "\033[m\r\n");
	else
		console_screen_end(s, text, n);
}

u32 console_screen_ready(struct console_screen *s, u32 columns)
{
	if (s->ready_at == s->ready_len) {
		s->ready_at = 0;
		s->ready_len = 0;
		if (s->more)
			console_screen_row(s, columns);
	}
	return s->ready_len - s->ready_at;
}

/* --- the open line ---------------------------------------------------------------------------- */

void console_screen_clear(struct console_screen *s)
{
	if (s->shown == NULL)
		return;
	s->shown = NULL;
	if (console_screen_styled(s->row, s->row_len))
		console_screen_send_str(s, "\033[0m");
	console_screen_send_str(s, "\r\033[K");
}

static bool console_screen_plain(const u8 *text, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		if (text[i] < 0x20U || text[i] >= 0x80U)
			return false;
	}
	return true;
}

/* Columns for an open line: the cursor needs one after it. */
static u32 console_screen_width(const struct console_line *l, u32 columns)
{
	return columns - (u32)strlen(l->name) - 3U;
}

/* Turn the row into @text: send what is different, and move the cursor. Both are plain ASCII. */
static void console_screen_edit(struct console_screen *s, const u8 *text, u32 n, u32 pos)
{
	u32 at = s->row_pos;
	u32 same = 0;

	while (same < MIN(n, s->row_len) && text[same] == s->row[same])
		same++;
	if (same < n || same < s->row_len) {
		if (same < at)
			console_screen_send_csi(s, at - same, 'D');
		at = MIN(at, same);
		console_screen_send(s, &text[at], n - at);
		at = n;
		if (n < s->row_len)
			console_screen_send_str(s, "\033[K");
	}
	if (pos < at)
		console_screen_send_csi(s, at - pos, 'D');
	else
		console_screen_send_csi(s, pos - at, 'C');
}

/* Send the row anew. */
static void console_screen_redraw(struct console_screen *s, const char *name, const u8 *text, u32 n,
				  u32 pos)
{
	console_screen_clear(s);
	for (u32 to = n;; to = pos) {
		console_screen_send_str(s, name);
		console_screen_send_str(s, "| ");
		console_screen_send(s, text, to);
		if (to == pos)
			break;
		if (console_screen_styled(text, to))
			console_screen_send_str(s, "\033[0m");
		console_screen_send_str(s, "\r");
	}
}

/*
 * Find the part of the open line that is shown, from s->text[*from] on: the first that has room for
 * the cursor, of those which begin every half row.
 * Return: its bytes
 */
static u32 console_screen_part(const struct console_screen *s, u32 pos, u32 columns, u32 *from)
{
	*from = 0;
	for (;;) {
		u32 n = console_screen_fit(&s->text[*from], s->len - *from, columns);
		u32 half;

		if (*from + n == s->len || pos < *from + n)
			return n;
		half = console_screen_fit(&s->text[*from], s->len - *from, columns / 2U);
		*from += MAX(half, 1U);
	}
}

void console_screen_open(struct console_screen *s, const struct console_line *l, u32 pos,
			 u32 columns)
{
	u32 from;
	u32 n = console_screen_part(s, pos, console_screen_width(l, columns), &from);
	const u8 *text = &s->text[from];

	pos -= from;
	if (s->shown != l && n == 0U) {
		console_screen_clear(s);
		return;
	}
	if (s->shown == l && s->row_pos == s->row_len && pos == n && n >= s->row_len &&
	    memcmp(text, s->row, s->row_len) == 0)
		console_screen_send(s, &text[s->row_len], n - s->row_len);
	else if (s->shown == l && console_screen_plain(text, n) &&
		 console_screen_plain(s->row, s->row_len))
		console_screen_edit(s, text, n, pos);
	else
		console_screen_redraw(s, l->name, text, n, pos);
	s->shown = l;
	s->part = n < s->len;
	s->row_len = n;
	s->row_pos = pos;
	memcpy(s->row, text, n);
}

/* --- a line that has ended -------------------------------------------------------------------- */

void console_screen_say(struct console_screen *s, const char *name, const struct console_line *l,
			bool self, u32 columns)
{
	/* A row that shows the line already, or its beginning, is completed. */
	if (!self && s->shown == l &&
	    console_screen_fit(s->text, s->len, console_screen_width(l, columns)) == s->len) {
		console_screen_open(s, l, s->len, columns);
		s->shown = NULL;
		console_screen_end(s, s->text, s->len);
		return;
	}
	console_screen_clear(s);
	s->name = name;
	s->self = self;
	s->at = 0;
	s->more = true;
}
