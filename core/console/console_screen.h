/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of several speakers on one terminal. Builds for the host too.
 *
 * Each row begins with its speaker's name: `name| `, or `name> ` where it goes on with the line of
 * the row above. That one ends in ESC [ m, so that a program knows before it comes. A partition's
 * line is broken so that no row is wider than the terminal, which then breaks none: whatever a
 * partition sends, a row that begins with another's name is the other's. No line is broken by
 * another speaker's.
 *
 * The open line of one speaker, a prompt or an echo, may stand on the terminal's last row, which it
 * never leaves. Of an open line that is too long a part is shown, with the cursor in it. When
 * another line has to be shown, the row is cleared first.
 *
 * What goes to the terminal is written into a buffer, a row or less at a time, and taken from there
 * by the drainer. Nothing here takes a lock, and only the drainer calls it.
 */
#ifndef CORE_CONSOLE_SCREEN_H
#define CORE_CONSOLE_SCREEN_H

#include "core/console/console_lines.h"

/* The most bytes that are ready at once: a row is sent twice where the cursor is not at its end. */
#define CONSOLE_READY_MAX (2U * (CONFIG_CONSOLE_LINE + CONSOLE_NAME_LEN) + 64U)

/**
 * struct console_screen - the terminal
 * @shown: whose open line stands on the last row; NULL: the cursor is in column 0
 * @row: what the last row shows of it; @row_len: bytes; @row_pos: the cursor
 * @part: it is not the whole open line
 * @name: the speaker of @text
 * @self: @text is the hypervisor's
 * @len: bytes in @text; @at: how many of them have been shown
 * @more: rows of @text are left to be shown
 * @text: the line that is being shown
 * @ready_len, @ready_at: bytes in @ready, and how many of them are sent
 * @ready: what goes to the terminal next
 */
struct console_screen {
	const struct console_line *shown;
	u32 row_len;
	u32 row_pos;
	bool part;
	const char *name;
	bool self;
	bool more;
	u32 len;
	u32 at;
	u32 ready_len;
	u32 ready_at;
	u8 row[CONFIG_CONSOLE_LINE];
	u8 text[CONFIG_CONSOLE_LINE];
	u8 ready[CONSOLE_READY_MAX];
};

/**
 * console_screen_ready() - have the next bytes for the terminal in @ready, from @ready_at on
 * @columns: how wide a row may be
 *
 * Return: how many these are; 0 when all that was given to the screen has been taken
 */
u32 console_screen_ready(struct console_screen *s, u32 columns);

/**
 * console_screen_say() - show the line in @text and @len; console_screen_ready() has returned 0
 * @name: its speaker; the pointer is kept
 * @l: the speaker's open line, in which that line stood
 * @self: it is the hypervisor's, in whose lines nobody else has a say: they are not broken
 * @columns: how wide a row may be
 */
void console_screen_say(struct console_screen *s, const char *name, const struct console_line *l,
			bool self, u32 columns);

/**
 * console_screen_open() - show the open line in @text and @len; console_screen_ready() has
 * returned 0
 * @l: whose it is
 * @pos: the cursor in it
 * @columns: how wide a row may be
 */
void console_screen_open(struct console_screen *s, const struct console_line *l, u32 pos,
			 u32 columns);

/** console_screen_clear() - clear the row of an open line, if one is shown */
void console_screen_clear(struct console_screen *s);

/** console_screen_send() - send these bytes as they are: a bell, or a question */
void console_screen_send(struct console_screen *s, const void *bytes, u32 n);

#endif
