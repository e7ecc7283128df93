/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is shown of the lines of several speakers, and what their control sequences do.
 *
 * Control sequences: ECMA-48, sections 5.4 (format) and 8.3 (meaning). Whatever bytes a guest
 * sends, only these go to the terminal: printable characters, style sequences (SGR), bells and
 * queries of the speaker in focus, and what this file makes itself. It must never send anything
 * that moves the cursor off the last row, except a newline after a whole line.
 */
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/console/console_lines.h"

enum console_line_state {
	LINE_PLAIN,
	LINE_UTF8,   /* inside a UTF-8 character */
	LINE_ESCAPE, /* after ESC */
	LINE_CSI,    /* after ESC [ */
	LINE_STRING, /* inside a control string, which ends with BEL or ESC \ */
};

#define C0_BEL 0x07U
#define C0_BS  0x08U
#define C0_HT  0x09U
#define C0_LF  0x0aU
#define C0_CR  0x0dU
#define C0_ESC 0x1bU
#define C0_DEL 0x7fU

#define TAB_STOP  8U
#define UNIT_MORE 0x80U /* a UTF-8 continuation byte is 0b10xxxxxx */

/* --- the terminal ----------------------------------------------------------------------------- */

static void console_lines_emit(const struct console_screen *s, const void *bytes, size_t len)
{
	const u8 *b = bytes;

	for (size_t i = 0; i < len; i++)
		s->emit(b[i]);
}

static void console_lines_emit_str(const struct console_screen *s, const char *str)
{
	console_lines_emit(s, str, strlen(str));
}

static void console_lines_emit_prefix(const struct console_screen *s, const char *name)
{
	console_lines_emit_str(s, name);
	console_lines_emit_str(s, "| ");
}

/* --- units of a line -------------------------------------------------------------------------- */

/* Return: bytes of the unit at index @at, which is below l->len */
static u32 console_lines_unit_bytes(const struct console_line *l, u32 at)
{
	u32 n = 1;

	if (l->text[at] == C0_ESC) { /* ESC [ parameters m */
		while (at + n < l->len && l->text[at + n] != 'm')
			n++;
		return n + 1U;
	}
	while (at + n < l->len && (l->text[at + n] & 0xc0U) == UNIT_MORE)
		n++;
	return n;
}

static bool console_lines_is_style(const struct console_line *l, u32 at)
{
	return l->text[at] == C0_ESC;
}

/* Return: columns that the units from index @from up to index @to take */
static u32 console_lines_columns(const struct console_line *l, u32 from, u32 to)
{
	u32 columns = 0;

	for (u32 at = from; at < to; at += console_lines_unit_bytes(l, at)) {
		if (!console_lines_is_style(l, at))
			columns++;
	}
	return columns;
}

static void console_lines_remove(struct console_line *l, u32 at, u32 n)
{
	memmove(&l->text[at], &l->text[at + n], l->len - at - n);
	l->len -= n;
}

/* The caller has made sure that there is room. */
static void console_lines_insert(struct console_line *l, u32 at, const u8 *bytes, u32 n)
{
	memmove(&l->text[at + n], &l->text[at], l->len - at);
	memcpy(&l->text[at], bytes, n);
	l->len += n;
}

/*
 * Move the cursor over styles, and over one character to the right.
 * Return: false at the end of the line
 */
static bool console_lines_step_right(struct console_line *l)
{
	while (l->pos < l->len && console_lines_is_style(l, l->pos))
		l->pos += console_lines_unit_bytes(l, l->pos);
	if (l->pos == l->len)
		return false;
	l->pos += console_lines_unit_bytes(l, l->pos);
	return true;
}

/*
 * Move the cursor over one character to the left, and the styles after it.
 * Return: false when there is none
 */
static bool console_lines_step_left(struct console_line *l)
{
	u32 last = l->pos;

	for (u32 at = 0; at < l->pos; at += console_lines_unit_bytes(l, at)) {
		if (!console_lines_is_style(l, at))
			last = at;
	}
	if (last == l->pos)
		return false;
	l->pos = last;
	return true;
}

/* Remove at most @n characters at the cursor, and the styles between them. */
static void console_lines_delete(struct console_line *l, u32 n)
{
	while (n > 0U && l->pos < l->len) {
		if (!console_lines_is_style(l, l->pos))
			n--;
		console_lines_remove(l, l->pos, console_lines_unit_bytes(l, l->pos));
	}
}

/*
 * Insert at most @n spaces at the cursor, as many as there is room for. The cursor stays where it
 * is.
 */
static void console_lines_add_spaces(struct console_line *l, u32 n)
{
	n = MIN(n, (u32)CONFIG_CONSOLE_LINE - l->len);
	memmove(&l->text[l->pos + n], &l->text[l->pos], l->len - l->pos);
	memset(&l->text[l->pos], ' ', n);
	l->len += n;
}

/* --- what is shown ---------------------------------------------------------------------------- */

/* Clear the terminal's last row if an open line stands there. */
static void console_lines_take_back(struct console_screen *s)
{
	if (s->shown == NULL)
		return;
	if (s->shown->styled)
		console_lines_emit_str(s, "\033[0m");
	console_lines_emit_str(s, "\r\033[K");
	s->shown = NULL;
}

/* Show the open line of the speaker in focus, with the cursor where it stands. */
static void console_lines_show(struct console_screen *s)
{
	struct console_line *l = s->focus;
	u32 back;

	if (l == NULL || l->len == 0U)
		return;
	console_lines_emit_prefix(s, l->name);
	console_lines_emit(s, l->text, l->len);
	s->shown = l;
	back = console_lines_columns(l, l->pos, l->len);
	if (back > 0U) {
		char move[16];

		str_print(move, sizeof(move), "\033[%uD", back);
		console_lines_emit_str(s, move);
	}
}

/* Show the line anew, after a change that is not worth sending step by step. */
static void console_lines_redraw(struct console_screen *s, const struct console_line *l)
{
	if (l != s->focus)
		return;
	console_lines_take_back(s);
	console_lines_show(s);
}

static void console_lines_end(struct console_screen *s, struct console_line *l)
{
	if (s->shown != l) {
		console_lines_take_back(s);
		console_lines_emit_prefix(s, l->name);
		console_lines_emit(s, l->text, l->len);
	}
	if (l->styled)
		console_lines_emit_str(s, "\033[0m");
	console_lines_emit_str(s, "\r\n");
	s->shown = NULL;
	l->len = 0;
	l->pos = 0;
	l->cr = false;
	l->styled = false;
	if (l != s->focus)
		console_lines_show(s);
}

/*
 * A carriage return came, and no newline followed it: the cursor goes to the line's start, which is
 * after the prefix.
 */
static void console_lines_return(struct console_screen *s, struct console_line *l)
{
	l->cr = false;
	if (l->pos == 0U)
		return;
	l->pos = 0;
	if (s->shown == l) {
		s->emit(C0_CR);
		console_lines_emit_prefix(s, l->name);
	}
}

/*
 * Write one unit at the cursor. A character replaces a character that stands there, and a style a
 * style.
 */
static void console_lines_write_unit(struct console_screen *s, struct console_line *l,
				     const u8 *unit, u32 n)
{
	bool style = unit[0] == C0_ESC;

	if (l->pos < l->len && !style) {
		while (l->pos < l->len && console_lines_is_style(l, l->pos))
			l->pos += console_lines_unit_bytes(l, l->pos);
	}
	if (l->pos < l->len && console_lines_is_style(l, l->pos) == style)
		console_lines_remove(l, l->pos, console_lines_unit_bytes(l, l->pos));
	if (l->len + n > CONFIG_CONSOLE_LINE)
		console_lines_end(s, l);
	console_lines_insert(l, l->pos, unit, n);
	l->pos += n;
	l->styled = l->styled || style;
	if (l != s->focus)
		return;
	if (s->shown == l)
		console_lines_emit(s, unit, n);
	else
		console_lines_show(s);
}

/* --- control sequences ------------------------------------------------------------------------ */

/*
 * Return: the first parameter of the CSI sequence in l->seq, but not more than a line is long;
 * @none when the sequence has none
 */
static u32 console_lines_csi_parameter(const struct console_line *l, u32 none)
{
	u32 value = 0;
	u32 i = 2;

	for (; i < l->seq_len && l->seq[i] >= '0' && l->seq[i] <= '9'; i++)
		value = MIN(value * 10U + (l->seq[i] - (u32)'0'), (u32)CONFIG_CONSOLE_LINE);
	return i == 2U ? none : value;
}

static void console_lines_csi_erase(struct console_screen *s, struct console_line *l, u32 what)
{
	u32 columns = console_lines_columns(l, 0, l->pos);

	if (what == 0U) { /* from the cursor on */
		l->len = l->pos;
		if (s->shown == l)
			console_lines_emit_str(s, "\033[K");
		return;
	}
	if (what == 2U)
		l->len = l->pos;
	if (l->pos < l->len) { /* "up to the cursor" includes the character there */
		console_lines_delete(l, 1);
		console_lines_add_spaces(l, 1);
	}
	/* What is left of the cursor becomes spaces, which take no more room than it did. */
	console_lines_remove(l, 0, l->pos);
	l->pos = 0;
	console_lines_add_spaces(l, columns);
	l->pos = columns;
	console_lines_redraw(s, l);
}

/* Send a CSI sequence with one parameter to the terminal, if @l is the line that stands there. */
static void console_lines_emit_csi(const struct console_screen *s, const struct console_line *l,
				   u32 n, char final)
{
	char seq[16];

	if (s->shown != l || n == 0U)
		return;
	str_print(seq, sizeof(seq), "\033[%u%c", n, final);
	console_lines_emit_str(s, seq);
}

/*
 * Move the cursor to column @column of the line. A terminal has blanks after the line's end, so the
 * line gets them.
 */
static void console_lines_csi_move(struct console_screen *s, struct console_line *l, u32 column)
{
	u32 before = console_lines_columns(l, 0, l->pos);
	u32 at = 0;

	l->pos = 0;
	while (at < column && console_lines_step_right(l))
		at++;
	if (at > before)
		console_lines_emit_csi(s, l, at - before, 'C');
	else
		console_lines_emit_csi(s, l, before - at, 'D');
	for (; at < column && l->len < CONFIG_CONSOLE_LINE; at++)
		console_lines_write_unit(s, l, (const u8 *)" ", 1);
}

/*
 * Other parameters than numbers are private to one make of terminal, and may change how it works.
 */
static bool console_lines_csi_is_plain(const struct console_line *l)
{
	for (u32 i = 2; i + 1U < l->seq_len; i++) {
		if (l->seq[i] < '0' || l->seq[i] > ';')
			return false;
	}
	return true;
}

/* Carry out the CSI sequence in l->seq, which is whole: its final byte is the last one. */
static void console_lines_csi(struct console_screen *s, struct console_line *l)
{
	u32 n = console_lines_csi_parameter(l, 1);
	u32 column;

	if (!console_lines_csi_is_plain(l))
		return;
	if (l->cr)
		console_lines_return(s, l);
	column = console_lines_columns(l, 0, l->pos);

	switch (l->seq[l->seq_len - 1U]) {
	case 'm': /* SGR */
		console_lines_write_unit(s, l, l->seq, l->seq_len);
		break;
	case 'J': /* ED: only the form "to the end" stays within the line */
		if (console_lines_csi_parameter(l, 0) == 0U)
			console_lines_csi_erase(s, l, 0);
		break;
	case 'K': /* EL */
		console_lines_csi_erase(s, l, console_lines_csi_parameter(l, 0));
		break;
	case 'C': /* CUF */
		console_lines_csi_move(s, l, column + MAX(n, 1U));
		break;
	case 'D': /* CUB */
		console_lines_csi_move(s, l, column - MIN(column, MAX(n, 1U)));
		break;
	case 'G': /* CHA */
		console_lines_csi_move(s, l, MAX(n, 1U) - 1U);
		break;
	case 'P': /* DCH */
		console_lines_delete(l, MAX(n, 1U));
		console_lines_emit_csi(s, l, MAX(n, 1U), 'P');
		break;
	case '@': /* ICH */
		console_lines_add_spaces(l, MAX(n, 1U));
		console_lines_emit_csi(s, l, MAX(n, 1U), '@');
		break;
	case 'c': /* DA and DSR: the terminal answers as if the user had typed */
	case 'n':
		if (l == s->focus)
			console_lines_emit(s, l->seq, l->seq_len);
		break;
	default:
		break;
	}
}

static void console_lines_escape_byte(struct console_screen *s, struct console_line *l, u8 c)
{
	if (l->seq_len < CONSOLE_SEQ_MAX)
		l->seq[l->seq_len++] = c;
	else
		l->seq_need =
			1; /* too long to be understood: it is followed to its end, and dropped */

	if (l->state == LINE_ESCAPE) {
		bool first = l->seq_len == 2U;

		if (first && c == '[')
			l->state = LINE_CSI;
		else if (first && (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_'))
			l->state = LINE_STRING;
		else if (c >= 0x30U) /* the final byte, after intermediate bytes 0x20 to 0x2f */
			l->state = LINE_PLAIN;
	} else if (c >= 0x40U && c <= 0x7eU) {
		l->state = LINE_PLAIN;
		if (l->seq_need == 0U)
			console_lines_csi(s, l);
	}
}

static void console_lines_escape_begin(struct console_line *l)
{
	l->state = LINE_ESCAPE;
	l->seq[0] = C0_ESC;
	l->seq_len = 1;
	l->seq_need = 0;
}

/* --- characters ------------------------------------------------------------------------------- */

static void console_lines_take_unit(struct console_screen *s, struct console_line *l,
				    const u8 *unit, u32 n)
{
	if (l->cr)
		console_lines_return(s, l);
	console_lines_write_unit(s, l, unit, n);
}

/* Show bytes that are no character as one that everybody can read. */
static void console_lines_bad(struct console_screen *s, struct console_line *l)
{
	console_lines_take_unit(s, l, (const u8 *)"?", 1);
}

static void console_lines_tab(struct console_screen *s, struct console_line *l)
{
	if (l->cr)
		console_lines_return(s, l);
	console_lines_csi_move(
		s, l, ALIGN_DOWN(console_lines_columns(l, 0, l->pos) + TAB_STOP, TAB_STOP));
}

static void console_lines_backspace(struct console_screen *s, struct console_line *l)
{
	if (l->cr)
		console_lines_return(s, l);
	if (console_lines_step_left(l) && s->shown == l)
		s->emit(C0_BS);
}

static void console_lines_control(struct console_screen *s, struct console_line *l, u8 c)
{
	l->state = LINE_PLAIN;
	switch (c) {
	case C0_LF:
		console_lines_end(s, l);
		break;
	case C0_CR:
		l->cr = true;
		break;
	case C0_BS:
		console_lines_backspace(s, l);
		break;
	case C0_HT:
		console_lines_tab(s, l);
		break;
	case C0_ESC:
		console_lines_escape_begin(l);
		break;
	case C0_BEL:
		if (l == s->focus)
			s->emit(c);
		break;
	default: /* it shows nothing */
		break;
	}
}

/*
 * Return: bytes of the UTF-8 character that begins with @c, 0 when none does (RFC 3629, section 3)
 */
static u8 console_lines_utf8_length(u8 c)
{
	if (c >= 0xc2U && c <= 0xdfU)
		return 2;
	if ((c & 0xf0U) == 0xe0U)
		return 3;
	if (c >= 0xf0U && c <= 0xf4U)
		return 4;
	return 0;
}

static void console_lines_utf8_begin(struct console_screen *s, struct console_line *l, u8 c)
{
	u8 need = console_lines_utf8_length(c);

	if (need == 0U) {
		console_lines_bad(s, l);
		return;
	}
	l->state = LINE_UTF8;
	l->seq[0] = c;
	l->seq_len = 1;
	l->seq_need = need;
}

/*
 * Take another byte of a UTF-8 character.
 * Return: false when it does not belong to the character, and must be looked at by itself
 */
static bool console_lines_utf8_more(struct console_screen *s, struct console_line *l, u8 c)
{
	if ((c & 0xc0U) != UNIT_MORE) {
		l->state = LINE_PLAIN;
		console_lines_bad(s, l);
		return false;
	}
	l->seq[l->seq_len++] = c;
	if (l->seq_len < l->seq_need)
		return true;
	l->state = LINE_PLAIN;
	/* U+0080 to U+009F are control characters: some terminals take U+009B for ESC [. */
	if (l->seq[0] == 0xc2U && l->seq[1] < 0xa0U)
		console_lines_bad(s, l);
	else
		console_lines_take_unit(s, l, l->seq, l->seq_len);
	return true;
}

void console_lines_putc(struct console_screen *s, struct console_line *l, u8 c)
{
	if (l->state == LINE_UTF8 && console_lines_utf8_more(s, l, c))
		return;
	if (l->state == LINE_STRING) {
		/*
		 * A newline ends it too: a string without an end must not swallow all that follows.
		 */
		if (c == C0_BEL)
			l->state = LINE_PLAIN;
		else if (c == C0_ESC || c == C0_LF)
			console_lines_control(s, l, c);
	} else if (c < 0x20U) {
		console_lines_control(s, l, c);
	} else if (l->state == LINE_ESCAPE || l->state == LINE_CSI) {
		console_lines_escape_byte(s, l, c);
	} else if (c < C0_DEL) {
		console_lines_take_unit(s, l, &c, 1);
	} else if (c > C0_DEL) {
		console_lines_utf8_begin(s, l, c);
	}
}

/* --- lines ------------------------------------------------------------------------------------ */

void console_lines_init(struct console_line *l, const char *name)
{
	size_t n = strnlen(name, CONSOLE_NAME_LEN - 1U);

	memset(l, 0, sizeof(*l));
	memcpy(l->name, name, n);
}

void console_lines_flush(struct console_screen *s, struct console_line *l)
{
	l->state = LINE_PLAIN;
	l->cr = false;
	if (l->len > 0U)
		console_lines_end(s, l);
}

void console_lines_drop(struct console_screen *s, struct console_line *l)
{
	if (s->shown == l)
		console_lines_take_back(s);
	l->state = LINE_PLAIN;
	l->cr = false;
	l->styled = false;
	l->len = 0;
	l->pos = 0;
}

void console_lines_load(struct console_screen *s, struct console_line *l, const u8 *bytes, u32 n)
{
	struct console_line *focus = s->focus;

	console_lines_drop(s, l);
	if (focus == l)
		s->focus = NULL;
	for (u32 i = 0; i < n; i++)
		console_lines_putc(s, l, bytes[i]);
	s->focus = focus;
	console_lines_redraw(s, l);
}

/* Return: the index at which the styles right before the cursor begin */
static u32 console_lines_styles_before(const struct console_line *l)
{
	u32 from = 0;

	for (u32 at = 0; at < l->pos; at += console_lines_unit_bytes(l, at)) {
		if (!console_lines_is_style(l, at))
			from = at + console_lines_unit_bytes(l, at);
	}
	return from;
}

/*
 * What brings the cursor to its place in @l, when the line's text was sent anew: a move to its
 * column, and the styles right before the cursor once more, which then stand over themselves.
 * @move: gets the sequence that moves it
 * @from: gets the index at which those styles begin
 * Return: bytes of the sequence, 0 when the cursor is at the end anyway
 */
static u32 console_lines_save_cursor(const struct console_line *l, char move[16], u32 *from)
{
	*from = l->pos;
	if (l->pos == l->len)
		return 0;
	*from = console_lines_styles_before(l);
	return (u32)str_print(move, 16, "\033[%uG", console_lines_columns(l, 0, l->pos) + 1U);
}

/*
 * Must one byte more be saved than the sequence in l->seq has? The sequence was too long, and only
 * one byte more makes it too long again; an intermediate byte does not end it.
 */
static bool console_lines_save_more(const struct console_line *l)
{
	return (l->state == (u8)LINE_ESCAPE || l->state == (u8)LINE_CSI) &&
	       l->seq_len == CONSOLE_SEQ_MAX && l->seq_need != 0U;
}

u32 console_lines_saved(const struct console_line *l)
{
	char move[16];
	u32 from;
	u32 n = l->len + console_lines_save_cursor(l, move, &from);

	n += l->pos - from + (l->cr ? 1U : 0U);
	if (l->state != (u8)LINE_PLAIN)
		n += l->seq_len;
	return n + (console_lines_save_more(l) ? 1U : 0U);
}

u32 console_lines_save(const struct console_line *l, u8 *buf)
{
	char move[16];
	u32 from;
	u32 moves = console_lines_save_cursor(l, move, &from);
	u32 n = l->len;

	memcpy(buf, l->text, n);
	memcpy(&buf[n], move, moves);
	n += moves;
	memcpy(&buf[n], &l->text[from], l->pos - from);
	n += l->pos - from;
	if (l->cr)
		buf[n++] = C0_CR;
	if (l->state != (u8)LINE_PLAIN) {
		memcpy(&buf[n], l->seq, l->seq_len);
		n += l->seq_len;
	}
	if (console_lines_save_more(l))
		buf[n++] = (u8)' ';
	return n;
}

void console_lines_say(struct console_screen *s, const char *name, const char *text, size_t len)
{
	console_lines_take_back(s);
	console_lines_emit_prefix(s, name);
	for (size_t i = 0; i < len; i++) {
		u8 c = (u8)text[i];

		s->emit(c < 0x20U || c == C0_DEL ? (u8)'?' : c);
	}
	console_lines_emit_str(s, "\r\n");
	console_lines_show(s);
}

void console_lines_focus(struct console_screen *s, struct console_line *l)
{
	if (s->focus == l)
		return;
	console_lines_take_back(s);
	s->focus = l;
	console_lines_show(s);
}
