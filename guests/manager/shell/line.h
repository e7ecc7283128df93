/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line that is being typed: bytes of the keyboard go in, a text with a cursor comes out, and
 * the bytes that make a terminal show them.
 *
 * Builds for the host too. Whatever bytes come, the line holds nothing but printable ASCII.
 *
 *   ^A Home, ^E End        move to the beginning, to the end
 *   ^B Left, ^F Right      move by a character; ESC b, ^Left and ESC f, ^Right: by a word
 *   ^H Backspace, ^D Del   erase the character before the cursor, at the cursor
 *   ^W, ESC d              erase the word before the cursor, after it
 *   ^U, ^K                 erase all before the cursor, all after it
 *   ^Y                     insert what ^W, ESC d, ^U or ^K erased last
 *   ^P Up, ^N Down         go through the history; the line that was being typed is kept below it
 *   ^C                     begin a new line
 *   ^L                     draw the line again
 *   TAB                    complete the word
 */
#ifndef GUESTS_MANAGER_LINE_H
#define GUESTS_MANAGER_LINE_H

#include "guests/manager/shell/history.h"

#define LINE_BYTES  HISTORY_BYTES /* with its NUL */
#define LINE_WINDOW 60U /* columns that are shown: with prefix and prompt, a terminal's 80 */

/** enum line_event - what a byte did */
enum line_event {
	LINE_NOTHING,
	LINE_APPENDED,	  /* it added a character at the end */
	LINE_CHANGED,	  /* it changed the text, the cursor or both */
	LINE_REFUSED,	  /* no room, nothing to erase, no further line: ring the bell */
	LINE_COMPLETE,	  /* complete the word before the cursor */
	LINE_REDRAW,	  /* draw the line again */
	LINE_ENTERED,	  /* the line is whole; line_clear() begins the next one */
	LINE_INTERRUPTED, /* forget the line */
};

/**
 * struct line - belongs to line.c; others may read @text, @len and @at, and set @plain
 * @at: the cursor stands before this character
 * @view: the first character that is shown
 * @plain: script mode: the only keys are the end of a line, backspace and ^C, and TAB is a space
 * @lost: characters that found no room since something was last erased: the text is not what was
 *	typed. A script's backspace takes one of these back. A person sees that they are missing, so
 *	a person's backspace erases what is there
 * @state: what the next byte belongs to (enum line_state)
 * @parameter: the first parameter of a control sequence
 * @shifted: the control sequence has a second parameter: a modifier key was held
 * @after_return: the last byte was a CR, so that an LF now is part of the same line end
 * @back: how many lines back in the history; 0: at the line that is being typed
 * @draft, @draft_lost: that line and its @lost, while @back is not 0
 * @killed: what ^Y inserts
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

/** line_init() - begin with an empty line; Up and Down look into @history */
void line_init(struct line *l, struct history *history);

/** line_key() - take a byte of the keyboard. Return: what it did */
enum line_event line_key(struct line *l, u8 key);

/** line_clear() - begin a new line */
void line_clear(struct line *l);

/** line_insert() - insert @len characters at the cursor. Return: false when there is no room */
bool line_insert(struct line *l, const char *text, size_t len);

/**
 * line_show() - make the text that shows the line after a prompt, with the cursor in its place
 * @buf: LINE_SHOW_BYTES bytes; ends with a NUL
 * Return: bytes before the NUL.
 */
size_t line_show(struct line *l, char *buf);

#define LINE_SHOW_BYTES (LINE_WINDOW + 16U)

#endif
