/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line that is being typed.
 *
 * Keys come as a terminal sends them: control characters, ESC and a letter, and control sequences
 * (ECMA-48, section 5.4). Which sequence is which key follows xterm; the numbers before `~` are
 * those of the VT220. Unknown sequences are read to their end and ignored.
 */
#include "guests/manager/shell/line.h"

enum line_state {
	LINE_PLAIN,
	LINE_ESCAPE, /* after ESC */
	LINE_CSI,    /* after ESC [ */
	LINE_SS3,    /* after ESC O: a key in application mode */
};

#define CTRL(c) ((u8)((c) & 0x1fU))

#define KEY_ESC	      0x1bU
#define KEY_BACKSPACE 0x7fU

#define PARAMETER_MAX 1000U

/* Numbers of VT220 keys: n in ESC [ n ~ */
#define VT_HOME	  1U
#define VT_DELETE 3U
#define VT_END	  4U
#define RXVT_HOME 7U
#define RXVT_END  8U

void line_clear(struct line *l)
{
	l->len = 0;
	l->at = 0;
	l->view = 0;
	l->lost = 0;
	l->back = 0;
	l->text[0] = '\0';
}

void line_init(struct line *l, struct history *history)
{
	memset(l, 0, sizeof(*l));
	l->history = history;
}

bool line_insert(struct line *l, const char *text, size_t len)
{
	if (len >= LINE_BYTES - l->len)
		return false;
	memmove(&l->text[l->at + len], &l->text[l->at], l->len - l->at + 1U);
	memcpy(&l->text[l->at], text, len);
	l->len += (u32)len;
	l->at += (u32)len;
	return true;
}

/* Erase the characters from @from up to @to, and put the cursor there. */
static void line_remove(struct line *l, u32 from, u32 to)
{
	memmove(&l->text[from], &l->text[to], l->len - to + 1U);
	l->len -= to - from;
	l->at = from;
	l->lost = 0;
}

/* Erase as line_erase() does, and keep the text for ^Y. */
static enum line_event line_kill(struct line *l, u32 from, u32 to)
{
	if (from == to)
		return LINE_REFUSED;
	memcpy(l->killed, &l->text[from], to - from);
	l->killed[to - from] = '\0';
	line_remove(l, from, to);
	return LINE_CHANGED;
}

static enum line_event line_go(struct line *l, u32 at)
{
	if (l->at == at)
		return LINE_REFUSED;
	l->at = at;
	return LINE_CHANGED;
}

static u32 line_word_left(const struct line *l)
{
	u32 at = l->at;

	while (at > 0 && l->text[at - 1U] == ' ')
		at--;
	while (at > 0 && l->text[at - 1U] != ' ')
		at--;
	return at;
}

static u32 line_word_right(const struct line *l)
{
	u32 at = l->at;

	while (at < l->len && l->text[at] == ' ')
		at++;
	while (at < l->len && l->text[at] != ' ')
		at++;
	return at;
}

static enum line_event line_erase(struct line *l, u32 from, u32 to)
{
	if (from == to)
		return LINE_REFUSED;
	line_remove(l, from, to);
	return LINE_CHANGED;
}

static u32 line_left(const struct line *l)
{
	return l->at > 0 ? l->at - 1U : 0;
}

static u32 line_right(const struct line *l)
{
	return l->at < l->len ? l->at + 1U : l->len;
}

/* --- history ---------------------------------------------------------------------------------- */

static enum line_event line_recall(struct line *l, u32 back)
{
	const char *text = back == 0 ? l->draft : history_get(l->history, back);

	if (text == NULL)
		return LINE_REFUSED;
	if (l->back == 0) {
		memcpy(l->draft, l->text, l->len + 1U);
		l->draft_lost = l->lost;
	}
	l->back = back;
	l->lost = back == 0 ? l->draft_lost : 0U;
	l->len = (u32)strlen(text);
	memcpy(l->text, text, l->len + 1U);
	l->at = l->len;
	return LINE_CHANGED;
}

static enum line_event line_older(struct line *l)
{
	return line_recall(l, l->back + 1U);
}

static enum line_event line_newer(struct line *l)
{
	return l->back == 0 ? LINE_REFUSED : line_recall(l, l->back - 1U);
}

/* --- keys ------------------------------------------------------------------------------------- */

static enum line_event line_tilde(struct line *l)
{
	switch (l->parameter) {
	case VT_HOME:
	case RXVT_HOME:
		return line_go(l, 0);
	case VT_DELETE:
		return line_erase(l, l->at, line_right(l));
	case VT_END:
	case RXVT_END:
		return line_go(l, l->len);
	default:
		return LINE_NOTHING;
	}
}

/* The last byte of a control sequence, or the byte after ESC O. */
static enum line_event line_sequence(struct line *l, u8 key)
{
	switch (key) {
	case 'A':
		return line_older(l);
	case 'B':
		return line_newer(l);
	case 'C':
		return line_go(l, l->shifted ? line_word_right(l) : line_right(l));
	case 'D':
		return line_go(l, l->shifted ? line_word_left(l) : line_left(l));
	case 'H':
		return line_go(l, 0);
	case 'F':
		return line_go(l, l->len);
	case '~':
		return line_tilde(l);
	default:
		return LINE_NOTHING;
	}
}

/* A byte after ESC [: parameters and intermediates are below 0x40; any other ends the sequence. */
static enum line_event line_csi(struct line *l, u8 key)
{
	if (key >= '0' && key <= '9') {
		if (!l->shifted && l->parameter < PARAMETER_MAX)
			l->parameter = l->parameter * 10U + (u32)(key - '0');
		return LINE_NOTHING;
	}
	if (key == ';')
		l->shifted = true;
	if (key < 0x40U)
		return LINE_NOTHING;
	l->state = LINE_PLAIN;
	return line_sequence(l, key);
}

/* The byte after ESC. */
static enum line_event line_meta(struct line *l, u8 key)
{
	l->state = LINE_PLAIN;
	l->parameter = 0;
	l->shifted = false;
	switch (key) {
	case '[':
		l->state = LINE_CSI;
		return LINE_NOTHING;
	case 'O':
		l->state = LINE_SS3;
		return LINE_NOTHING;
	case 'b':
		return line_go(l, line_word_left(l));
	case 'f':
		return line_go(l, line_word_right(l));
	case 'd':
		return line_kill(l, l->at, line_word_right(l));
	case KEY_BACKSPACE:
		return line_kill(l, line_word_left(l), l->at);
	default:
		return LINE_NOTHING;
	}
}

static enum line_event line_control(struct line *l, u8 key)
{
	switch (key) {
	case CTRL('A'):
		return line_go(l, 0);
	case CTRL('B'):
		return line_go(l, line_left(l));
	case CTRL('D'):
		return line_erase(l, l->at, line_right(l));
	case CTRL('E'):
		return line_go(l, l->len);
	case CTRL('F'):
		return line_go(l, line_right(l));
	case CTRL('I'):
		return LINE_COMPLETE;
	case CTRL('K'):
		return line_kill(l, l->at, l->len);
	case CTRL('L'):
		return LINE_REDRAW;
	case CTRL('N'):
		return line_newer(l);
	case CTRL('P'):
		return line_older(l);
	case CTRL('U'):
		return line_kill(l, 0, l->at);
	case CTRL('W'):
		return line_kill(l, line_word_left(l), l->at);
	case CTRL('Y'):
		return line_insert(l, l->killed, strlen(l->killed)) ? LINE_CHANGED : LINE_REFUSED;
	default:
		return LINE_NOTHING;
	}
}

static enum line_event line_character(struct line *l, u8 key)
{
	char c = (char)key;
	bool end = l->at == l->len;

	if (key >= KEY_BACKSPACE)
		return LINE_REFUSED;
	if (!line_insert(l, &c, 1)) {
		l->lost++;
		return LINE_REFUSED;
	}
	return end ? LINE_APPENDED : LINE_CHANGED;
}

/* CR, LF and CR LF each end one line. */
static enum line_event line_end(struct line *l, u8 key)
{
	if (key == '\n' && l->after_return) {
		l->after_return = false;
		return LINE_NOTHING;
	}
	l->after_return = key == '\r';
	l->state = LINE_PLAIN;
	return LINE_ENTERED;
}

enum line_event line_key(struct line *l, u8 key)
{
	u32 state = l->state;

	if (key == '\r' || key == '\n')
		return line_end(l, key);
	l->after_return = false;
	if (key == CTRL('C')) {
		l->state = LINE_PLAIN;
		return LINE_INTERRUPTED;
	}
	if (key == CTRL('H') || (key == KEY_BACKSPACE && state == LINE_PLAIN)) {
		l->state = LINE_PLAIN;
		if (l->plain && l->lost > 0) {
			l->lost--;
			return LINE_NOTHING;
		}
		return line_erase(l, line_left(l), l->at);
	}
	if (l->plain) {
		if (key == '\t')
			key = ' ';
		return key < ' ' ? LINE_NOTHING : line_character(l, key);
	}
	if (key == KEY_ESC) {
		l->state = LINE_ESCAPE;
		return LINE_NOTHING;
	}
	if (key < ' ') {
		l->state = LINE_PLAIN;
		return line_control(l, key);
	}
	switch (state) {
	case LINE_ESCAPE:
		return line_meta(l, key);
	case LINE_CSI:
		return line_csi(l, key);
	case LINE_SS3:
		l->state = LINE_PLAIN;
		return line_sequence(l, key);
	default:
		return line_character(l, key);
	}
}

/* --- what is shown ---------------------------------------------------------------------------- */

/* Move the window as little as it takes to have the cursor in it and no column needlessly empty. */
static void line_scroll(struct line *l)
{
	if (l->len < LINE_WINDOW)
		l->view = 0;
	else if (l->view > l->len + 1U - LINE_WINDOW)
		l->view = l->len + 1U - LINE_WINDOW;
	if (l->at < l->view)
		l->view = l->at;
	else if (l->at >= l->view + LINE_WINDOW)
		l->view = l->at + 1U - LINE_WINDOW;
}

size_t line_show(struct line *l, char *buf)
{
	u32 n, back;
	size_t len;

	line_scroll(l);
	n = l->len - l->view < LINE_WINDOW ? l->len - l->view : LINE_WINDOW;
	memcpy(buf, &l->text[l->view], n);
	/* Mark an edge beyond which the text goes on. */
	if (l->view > 0)
		buf[0] = '<';
	if (l->view + n < l->len)
		buf[n - 1U] = '>';
	len = n;
	buf[len] = '\0';
	back = n - (l->at - l->view);
	if (back > 0)
		len = str_append(buf, LINE_SHOW_BYTES, len, "\033[%uD", back);
	return len;
}
