/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of several speakers on one terminal, each prefixed `name| `, none broken by another's.
 * Builds for the host too.
 *
 * Whole lines are shown when they are whole. One speaker has the focus: its line that is still open
 * (a prompt, an echo) is shown at once, taken back when somebody else's line has to go out, and
 * shown again behind it. So that it can be, the open line is kept as it looks and not as it was
 * sent: carriage return, backspace, tab and those ANSI sequences that edit within a line are
 * carried out on it. Sequences that would reach outside the line are dropped.
 *
 * Nothing here takes a lock: the caller holds the console's.
 */
#ifndef CORE_CONSOLE_LINES_H
#define CORE_CONSOLE_LINES_H

#include <cleave/types.h>

#define CONSOLE_NAME_LEN 32U
#define CONSOLE_SEQ_MAX	 24U /* longest control sequence or character that is understood, bytes */

/**
 * struct console_line - a speaker's open line
 * @name: the prefix, without `| `
 * @len: bytes of the open line
 * @pos: cursor: index in bytes, at most @len, always between two units
 * @cr: a carriage return came; whether it starts the line again or ends it depends on what comes
 * next
 * @styled: the line holds a colour or style, which must be taken back at its end
 * @state: what the next byte belongs to, enum console_line_state
 * @seq: the control sequence or the UTF-8 character so far
 * @text: units: a printable ASCII character, a whole UTF-8 character, or a style sequence (no
 * column)
 */
struct console_line {
	char name[CONSOLE_NAME_LEN];
	u32 len;
	u32 pos;
	bool cr;
	bool styled;
	u8 state;
	u8 seq_len;
	u8 seq_need;
	u8 seq[CONSOLE_SEQ_MAX];
	u8 text[CONFIG_CONSOLE_LINE];
};

/**
 * struct console_screen - the terminal
 * @emit: sends one byte to it
 * @focus: whose open line is shown, or NULL
 * @shown: @focus when its open line stands on the terminal's last row, else NULL and the cursor is
 * in column 0
 */
struct console_screen {
	void (*emit)(u8 c);
	struct console_line *focus;
	struct console_line *shown;
};

/** console_lines_init() - an empty line of a speaker called @name (cut to fit) */
void console_lines_init(struct console_line *l, const char *name);

/** console_lines_putc() - the speaker sends a byte */
void console_lines_putc(struct console_screen *s, struct console_line *l, u8 c);

/** console_lines_flush() - show @l's open line as it is and end it; nothing when it is empty */
void console_lines_flush(struct console_screen *s, struct console_line *l);

/** console_lines_drop() - forget @l's open line, and clear it off the terminal */
void console_lines_drop(struct console_screen *s, struct console_line *l);

/*
 * Most bytes that console_lines_save() writes: the text; the cursor and the styles before it; a
 * carriage return; what came of a sequence, and one more
 */
#define CONSOLE_SAVE_MAX (2U * CONFIG_CONSOLE_LINE + 16U + 1U + CONSOLE_SEQ_MAX + 1U)

/**
 * console_lines_save() - bytes that make an empty line what @l is when console_lines_putc() gets
 * them
 * @buf: CONSOLE_SAVE_MAX bytes
 * console_lines_saved() - how many these are
 *
 * Return: bytes. None of them ends a line.
 */
u32 console_lines_save(const struct console_line *l, u8 *buf);
u32 console_lines_saved(const struct console_line *l);

/**
 * console_lines_load() - make @l's open line what @bytes, @n of them, without a newline, make of an
 * empty one It is shown once, as it is in the end, however often they would have it drawn.
 */
void console_lines_load(struct console_screen *s, struct console_line *l, const u8 *bytes, u32 n);

/**
 * console_lines_say() - show @text, @len bytes, as a whole line of a speaker that has no open line;
 * controls appear as `?`
 */
void console_lines_say(struct console_screen *s, const char *name, const char *text, size_t len);

/** console_lines_focus() - show the open line of @l (NULL: of nobody) from now on */
void console_lines_focus(struct console_screen *s, struct console_line *l);

#endif
