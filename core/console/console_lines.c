/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the bytes of a speaker do to its open line.
 *
 * Control sequences: ECMA-48, sections 5.4 (format) and 8.3 (meaning). Whatever bytes a guest
 * sends, a line holds only printable characters and style sequences (SGR) that every terminal takes
 * for such: nothing in it may move a cursor, or be shown wider than console_unit_columns() says.
 */
#include "core/console/console_lines.h"

#include <cleave/atomic.h>
#include <cleave/printk.h>
#include <cleave/string.h>

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
#define C0_DEL 0x7fU

#define TAB_STOP  8U
#define UNIT_MORE 0x80U /* a UTF-8 continuation byte is 0b10xxxxxx */

/* --- units of a line -------------------------------------------------------------------------- */

u32 console_unit_bytes(const u8 *text, u32 len, u32 at)
{
	u32 n = 1;

	if (text[at] == CONSOLE_ESC) { /* ESC [ parameters m */
		while (at + n < len && text[at + n] != 'm')
			n++;
		return n + 1U;
	}
	while (at + n < len && (text[at + n] & 0xc0U) == UNIT_MORE)
		n++;
	return n;
}

static u32 console_lines_unit_bytes(const struct console_line *l, u32 at)
{
	return console_unit_bytes(l->text, l->len, at);
}

static bool console_lines_is_style(const struct console_line *l, u32 at)
{
	return l->text[at] == CONSOLE_ESC;
}

/*
 * Walk over the line from its start up to index @to, over at most @most characters.
 * @columns: out: how many characters there were
 * @last: out: the index of the last of them; @to when there was none
 * Return: the index of the unit after them
 */
static u32 console_lines_walk(const struct console_line *l, u32 to, u32 most, u32 *columns,
			      u32 *last)
{
	u32 at = 0;

	*columns = 0;
	*last = to;
	while (at < to) {
		u8 c = l->text[at];

		if ((c & 0xc0U) == UNIT_MORE) {
			at++;
			continue;
		}
		if (*columns == most)
			break;
		if (c == CONSOLE_ESC) {
			at += console_lines_unit_bytes(l, at);
			continue;
		}
		*last = at;
		(*columns)++;
		at++;
	}
	return at;
}

/* Return: the column of the cursor in the line */
static u32 console_lines_column(const struct console_line *l)
{
	u32 columns;
	u32 last;

	(void)console_lines_walk(l, l->pos, UINT32_MAX, &columns, &last);
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

/* --- writing ---------------------------------------------------------------------------------- */

static void console_lines_clear(struct console_line *l)
{
	l->len = 0;
	l->pos = 0;
	l->cr = false;
}

static void console_lines_end(struct console_out *o)
{
	(void)console_ring_put(&o->ring, o->line.text, o->line.len, false);
	console_lines_clear(&o->line);
}

/* A carriage return came, and no newline followed it: the cursor goes to the line's start. */
static void console_lines_return(struct console_line *l)
{
	if (l->cr)
		l->pos = 0;
	l->cr = false;
}

/*
 * Write one unit at the cursor. A character replaces a character that stands there, and a style a
 * style.
 */
static void console_lines_write_unit(struct console_out *o, const u8 *unit, u32 n)
{
	struct console_line *l = &o->line;
	bool style = unit[0] == CONSOLE_ESC;

	console_lines_return(l);
	if (l->pos < l->len && !style) {
		while (l->pos < l->len && console_lines_is_style(l, l->pos))
			l->pos += console_lines_unit_bytes(l, l->pos);
	}
	if (l->pos < l->len && console_lines_is_style(l, l->pos) == style)
		console_lines_remove(l, l->pos, console_lines_unit_bytes(l, l->pos));
	if (l->len + n > CONFIG_CONSOLE_LINE)
		console_lines_end(o);
	console_lines_insert(l, l->pos, unit, n);
	l->pos += n;
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

static void console_lines_csi_erase(struct console_line *l, u32 what)
{
	u32 columns = console_lines_column(l);

	if (what != 1U) /* from the cursor on */
		l->len = l->pos;
	if (what == 0U)
		return;
	if (l->pos < l->len) { /* "up to the cursor" includes the character there */
		console_lines_delete(l, 1);
		console_lines_add_spaces(l, 1);
	}
	/* What is left of the cursor becomes spaces, which take no more room than it did. */
	console_lines_remove(l, 0, l->pos);
	l->pos = 0;
	console_lines_add_spaces(l, columns);
	l->pos = columns;
}

/*
 * Move the cursor to column @column of the line. A terminal has blanks after the line's end, so the
 * line gets them.
 */
static void console_lines_csi_move(struct console_line *l, u32 column)
{
	u32 has;
	u32 last;

	l->pos = console_lines_walk(l, l->len, column, &has, &last);
	if (has == column)
		return;
	console_lines_add_spaces(l, column - has);
	l->pos = l->len;
}

/* Ask the terminal what the speaker asks. It answers as if the user had typed. */
static void console_lines_csi_query(struct console_out *o)
{
	const struct console_line *l = &o->line;

	if (l->seq_len > CONSOLE_QUERY_MAX)
		return;
	memcpy(o->query, l->seq, l->seq_len);
	o->query_len = l->seq_len;
}

/*
 * Other parameters than numbers are private to one make of terminal, and may change how it works.
 * Nor is a colon taken, which divides sub-parameters: a terminal that does not know it ends the
 * sequence there, and shows the rest.
 */
static bool console_lines_csi_is_plain(const struct console_line *l)
{
	for (u32 i = 2; i + 1U < l->seq_len; i++) {
		if ((l->seq[i] < '0' || l->seq[i] > '9') && l->seq[i] != ';')
			return false;
	}
	return true;
}

/* Carry out the CSI sequence in l->seq, which is whole: its final byte is the last one. */
static void console_lines_csi(struct console_out *o)
{
	struct console_line *l = &o->line;
	u32 n = MAX(console_lines_csi_parameter(l, 1), 1U);
	u32 what = console_lines_csi_parameter(l, 0);
	u32 column;

	if (!console_lines_csi_is_plain(l))
		return;
	console_lines_return(l);
	column = console_lines_column(l);

	switch (l->seq[l->seq_len - 1U]) {
	case 'm': /* SGR */
		console_lines_write_unit(o, l->seq, l->seq_len);
		break;
	case 'J': /* ED: only the form "to the end" stays within the line */
		if (what == 0U)
			console_lines_csi_erase(l, 0);
		break;
	case 'K': /* EL */
		console_lines_csi_erase(l, what);
		break;
	case 'C': /* CUF */
		console_lines_csi_move(l, column + n);
		break;
	case 'D': /* CUB */
		console_lines_csi_move(l, column - MIN(column, n));
		break;
	case 'G': /* CHA */
		console_lines_csi_move(l, n - 1U);
		break;
	case 'P': /* DCH */
		console_lines_delete(l, n);
		break;
	case '@': /* ICH */
		console_lines_add_spaces(l, n);
		break;
	case 'c': /* DA */
	case 'n': /* DSR */
		console_lines_csi_query(o);
		break;
	default:
		break;
	}
}

static void console_lines_escape_byte(struct console_out *o, u8 c)
{
	struct console_line *l = &o->line;

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
			console_lines_csi(o);
	}
}

static void console_lines_escape_begin(struct console_line *l)
{
	l->state = LINE_ESCAPE;
	l->seq[0] = CONSOLE_ESC;
	l->seq_len = 1;
	l->seq_need = 0;
}

/* --- characters ------------------------------------------------------------------------------- */

/* Show bytes that are no character as one that everybody can read. */
static void console_lines_bad(struct console_out *o)
{
	console_lines_write_unit(o, (const u8 *)"?", 1);
}

static void console_lines_tab(struct console_line *l)
{
	console_lines_return(l);
	console_lines_csi_move(l, ALIGN_DOWN(console_lines_column(l) + TAB_STOP, TAB_STOP));
}

static void console_lines_backspace(struct console_line *l)
{
	u32 columns;
	u32 last;

	console_lines_return(l);
	(void)console_lines_walk(l, l->pos, UINT32_MAX, &columns, &last);
	l->pos = last; /* over a character to the left, and the styles after it */
}

static void console_lines_control(struct console_out *o, u8 c)
{
	struct console_line *l = &o->line;

	l->state = LINE_PLAIN;
	switch (c) {
	case C0_LF:
		console_lines_end(o);
		break;
	case C0_CR:
		l->cr = true;
		break;
	case C0_BS:
		console_lines_backspace(l);
		break;
	case C0_HT:
		console_lines_tab(l);
		break;
	case CONSOLE_ESC:
		console_lines_escape_begin(l);
		break;
	case C0_BEL:
		o->bell = true;
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

static void console_lines_utf8_begin(struct console_out *o, u8 c)
{
	struct console_line *l = &o->line;
	u8 need = console_lines_utf8_length(c);

	if (need == 0U) {
		console_lines_bad(o);
		return;
	}
	l->state = LINE_UTF8;
	l->seq[0] = c;
	l->seq_len = 1;
	l->seq_need = need;
}

/*
 * May @c be the second byte of a character? An encoding that is longer than need be, a surrogate
 * or a character above U+10FFFF is none (RFC 3629, section 4): a terminal may show anything for it.
 */
static bool console_lines_utf8_second(u8 first, u8 c)
{
	switch (first) {
	case 0xe0:
		return c >= 0xa0U;
	case 0xed:
		return c < 0xa0U;
	case 0xf0:
		return c >= 0x90U;
	case 0xf4:
		return c < 0x90U;
	default:
		return true;
	}
}

/*
 * Is the character in @seq one that is not shown but does something? U+0080 to U+009F are control
 * characters: some terminals take U+009B for ESC [. Of the others, U+2028 and U+2029 end a line,
 * and U+061C, U+200E, U+200F, U+202A to U+202E and U+2066 to U+2069 turn text round, perhaps the
 * speaker's name with it.
 */
static bool console_lines_utf8_acts(const u8 *seq)
{
	u8 last = seq[2];

	if (seq[0] == 0xc2U)
		return seq[1] < 0xa0U;
	if (seq[0] == 0xd8U)
		return seq[1] == 0x9cU;
	if (seq[0] != 0xe2U)
		return false;
	if (seq[1] == 0x80U)
		return last == 0x8eU || last == 0x8fU || (last >= 0xa8U && last <= 0xaeU);
	return seq[1] == 0x81U && last >= 0xa6U && last <= 0xa9U;
}

/*
 * Take another byte of a UTF-8 character.
 * Return: false when it does not belong to the character, and must be looked at by itself
 */
static bool console_lines_utf8_more(struct console_out *o, u8 c)
{
	struct console_line *l = &o->line;

	if ((c & 0xc0U) != UNIT_MORE ||
	    (l->seq_len == 1U && !console_lines_utf8_second(l->seq[0], c))) {
		l->state = LINE_PLAIN;
		console_lines_bad(o);
		return false;
	}
	l->seq[l->seq_len++] = c;
	if (l->seq_len < l->seq_need)
		return true;
	l->state = LINE_PLAIN;
	if (console_lines_utf8_acts(l->seq))
		console_lines_bad(o);
	else
		console_lines_write_unit(o, l->seq, l->seq_len);
	return true;
}

static void console_lines_take(struct console_out *o, u8 c)
{
	struct console_line *l = &o->line;

	if (l->state == (u8)LINE_UTF8 && console_lines_utf8_more(o, c))
		return;
	if (l->state == (u8)LINE_STRING) {
		/*
		 * A newline ends it too: a string without an end must not swallow all that follows.
		 */
		if (c == C0_BEL)
			l->state = LINE_PLAIN;
		else if (c == CONSOLE_ESC || c == C0_LF)
			console_lines_control(o, c);
	} else if (c < 0x20U) {
		console_lines_control(o, c);
	} else if (l->state == (u8)LINE_ESCAPE || l->state == (u8)LINE_CSI) {
		console_lines_escape_byte(o, c);
	} else if (c < C0_DEL) {
		console_lines_write_unit(o, &c, 1);
	} else if (c > C0_DEL) {
		console_lines_utf8_begin(o, c);
	}
}

void console_lines_putc(struct console_out *o, u8 c)
{
	console_lines_take(o, c);
	atomic_set(&o->news, 1U);
}

u32 console_lines_work(const struct console_out *o, u8 c)
{
	const struct console_line *l = &o->line;
	bool appends = c >= 0x20U && l->state <= (u8)LINE_UTF8 && l->pos == l->len;

	return 8U + (appends ? 0U : l->len);
}

/* --- lines ------------------------------------------------------------------------------------ */

void console_lines_init(struct console_line *l, const char *name)
{
	size_t n = strnlen(name, CONSOLE_NAME_LEN - 1U);

	memset(l, 0, sizeof(*l));
	memcpy(l->name, name, n);
}

void console_lines_flush(struct console_out *o)
{
	struct console_line *l = &o->line;

	l->state = LINE_PLAIN;
	l->cr = false;
	if (l->len > 0U && console_ring_put(&o->ring, l->text, l->len, false))
		console_lines_clear(l);
	atomic_set(&o->news, 1U);
}

void console_lines_drop(struct console_out *o)
{
	o->line.state = LINE_PLAIN;
	console_lines_clear(&o->line);
	atomic_set(&o->news, 1U);
}

void console_lines_load(struct console_out *o, const u8 *bytes, u32 n)
{
	console_lines_drop(o);
	for (u32 i = 0; i < n; i++)
		console_lines_putc(o, bytes[i]);
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
	return (u32)str_print(move, 16, "\033[%uG", console_lines_column(l) + 1U);
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
