/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line that is being typed: bytes of the keyboard in, a text and a cursor out, and how a terminal shows them.
 * Builds for the host too. Whatever bytes come, it never holds anything but printable ASCII.
 *
 *   ^A Home, ^E End        to the beginning, to the end
 *   ^B Left, ^F Right      a character;  ESC b, ^Left and ESC f, ^Right: a word
 *   ^H Backspace, ^D Del   erase before, at the cursor
 *   ^W, ESC d, ^U, ^K      erase the word before, the word behind, all before, all behind; ^Y puts it in again
 *   ^P Up, ^N Down         history, with the line that was being typed kept below it
 *   ^C                     a new line;  ^L: draw again;  TAB: complete
 */
#ifndef GUESTS_MANAGER_LINE_H
#define GUESTS_MANAGER_LINE_H

#include "guests/manager/shell/history.h"

#define LINE_BYTES  HISTORY_BYTES /* its NUL included */
#define LINE_WINDOW 60U /* columns of it that are shown: with prefix and prompt, a terminal's 80 */

/** enum line_event - what a byte has done */
enum line_event {
	LINE_NOTHING,
	LINE_APPENDED, /* a character at the end */
	LINE_CHANGED,  /* text, cursor or both are different */
	LINE_REFUSED,  /* no room, nothing to erase, no further line: a bell */
	LINE_COMPLETE,
	LINE_REDRAW,
	LINE_ENTERED,	  /* the line is whole; line_clear() begins the next one */
	LINE_INTERRUPTED, /* the line is to be forgotten */
};

/**
 * struct line - fields are line.c's, but for @text, @len and @at, which anybody may read
 * @at: the cursor, in front of that character
 * @view: first character that is shown
 * @plain: script mode: no keys but the end of a line, backspace and ^C; TAB is a space
 * @lost: characters that did not fit since something was last taken out: the text is not what was typed. A backspace of a script
 *	takes one of those back; a person, who sees them missing, takes out what is there
 * @state: what the next byte belongs to
 * @parameter: of a control sequence, its first; @shifted: it has a second one: a modifier key was held
 * @back: how many lines back in the history, 0: at the line that is being typed, which is in @draft meanwhile, its @lost in
 *	@draft_lost
 */
struct line {
	char text[LINE_BYTES];
	u32 len;
	u32 at;
	u32 view;
	bool plain;
	u32 lost;
	u32 state;
	u32 parameter;
	bool shifted;
	bool after_return;
	u32 back;
	char draft[LINE_BYTES];
	u32 draft_lost;
	char killed[LINE_BYTES];
	struct history *history;
};

/** line_init() - an empty line; entered lines are looked up in @history */
void line_init(struct line *l, struct history *history);

/** line_key() - a byte of the keyboard has come */
enum line_event line_key(struct line *l, u8 key);

/** line_clear() - begin a new line */
void line_clear(struct line *l);

/** line_insert() - put @len characters in at the cursor. Return: there was room */
bool line_insert(struct line *l, const char *text, size_t len);

/**
 * line_show() - what a terminal has to be sent to show the line behind a prompt, its cursor placed
 * @buf: LINE_SHOW_BYTES; ends with a NUL
 * Return: bytes before the NUL.
 */
size_t line_show(struct line *l, char *buf);

#define LINE_SHOW_BYTES (LINE_WINDOW + 16U)

#endif
