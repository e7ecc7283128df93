/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of several speakers on one terminal. Builds for the host too.
 *
 * Each line begins with its speaker's name, `name| `, and no line is broken by another speaker's. A
 * line is shown when it has ended. One speaker has the focus: its open line, a prompt or an echo,
 * is shown at once. When another speaker's line has to be shown, the open line is taken back, and
 * shown again after that line. For this the open line is kept as it looks and not as it was sent:
 * carriage return, backspace, tab, and those control sequences that edit within a line are carried
 * out on it. Sequences that would reach outside the line are dropped.
 *
 * Nothing here takes a lock: the caller holds the console's.
 */
#ifndef CORE_CONSOLE_LINES_H
#define CORE_CONSOLE_LINES_H

#include <cleave/types.h>

#define CONSOLE_NAME_LEN 32U
#define CONSOLE_SEQ_MAX	 24U /* bytes of the longest control sequence that is understood */

/**
 * struct console_line - the open line of a speaker
 * @name: the speaker, without `| `
 * @len: bytes in @text
 * @pos: the cursor: an index into @text, at most @len, always between two units
 * @cr: a carriage return came; what comes next decides whether it starts the line again or ends it
 * @styled: the line holds a colour or another style, which must be taken back at its end
 * @state: what the next byte belongs to, enum console_line_state
 * @seq_len: bytes in @seq
 * @seq_need: bytes that the UTF-8 character in @seq will have; 1: the control sequence in @seq is
 * too long
 * @seq: what has come of a control sequence or of a UTF-8 character
 * @text: the line as a row of units; a unit is a printable ASCII character, a whole UTF-8
 * character, or a style sequence, which takes no column
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
 * @focus: the line that is shown while it is open, or NULL
 * @shown: @focus when that line stands on the terminal's last row; NULL when the cursor is in
 * column 0
 */
struct console_screen {
	void (*emit)(u8 c);
	struct console_line *focus;
	struct console_line *shown;
};

/** console_lines_init() - make an empty line of a speaker called @name, which is cut to fit */
void console_lines_init(struct console_line *l, const char *name);

/** console_lines_putc() - the speaker sends a byte */
void console_lines_putc(struct console_screen *s, struct console_line *l, u8 c);

/** console_lines_flush() - show @l as it is, and end it; an empty line is not shown */
void console_lines_flush(struct console_screen *s, struct console_line *l);

/** console_lines_drop() - make @l empty, and clear it off the terminal */
void console_lines_drop(struct console_screen *s, struct console_line *l);

/*
 * The most bytes that console_lines_save() writes: the text; the cursor, and the styles before it;
 * a carriage return; what has come of a sequence, and one more
 */
#define CONSOLE_SAVE_MAX (2U * CONFIG_CONSOLE_LINE + 16U + 1U + CONSOLE_SEQ_MAX + 1U)

/**
 * console_lines_save() - write bytes that make an empty line what @l is, if console_lines_putc()
 * gets them
 * @buf: room for CONSOLE_SAVE_MAX bytes
 *
 * None of the bytes ends a line.
 *
 * Return: how many bytes it wrote
 */
u32 console_lines_save(const struct console_line *l, u8 *buf);

/** console_lines_saved() - Return: how many bytes console_lines_save() would write */
u32 console_lines_saved(const struct console_line *l);

/**
 * console_lines_load() - make @l what @bytes make of an empty line
 * @bytes: without a newline; they come from console_lines_save(), here or elsewhere
 * @n: how many bytes these are
 *
 * The line is shown once, as it is in the end, however often the bytes would have it drawn.
 */
void console_lines_load(struct console_screen *s, struct console_line *l, const u8 *bytes, u32 n);

/**
 * console_lines_say() - show a whole line of a speaker that has no open line
 * @name: the speaker
 * @text: the line, without a newline; control characters in it are shown as `?`
 * @len: bytes of @text
 */
void console_lines_say(struct console_screen *s, const char *name, const char *text, size_t len);

/** console_lines_focus() - from now on show the open line @l, or no open line if @l is NULL */
void console_lines_focus(struct console_screen *s, struct console_line *l);

#endif
