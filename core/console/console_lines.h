/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a speaker has said: its open line, and its whole lines that wait to be shown. Builds for the
 * host too.
 *
 * The open line is kept as it looks and not as it was sent: carriage return, backspace, tab, and
 * those control sequences that edit within a line are carried out on it, in the speaker's own time.
 * Sequences that would reach outside the line are dropped. A line that has ended goes into the
 * speaker's ring. How lines come to the terminal is told in console_screen.h.
 *
 * Nothing here takes a lock: the caller holds the speaker's.
 */
#ifndef CORE_CONSOLE_LINES_H
#define CORE_CONSOLE_LINES_H

#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/console/console_ring.h"

#define CONSOLE_NAME_LEN  32U
#define CONSOLE_SEQ_MAX	  24U /* bytes of the longest control sequence that is understood */
#define CONSOLE_QUERY_MAX 8U  /* bytes of the longest question to the terminal */

/**
 * struct console_line - the open line of a speaker
 * @name: the speaker, without `| `
 * @len: bytes in @text
 * @pos: the cursor: an index into @text, at most @len, always between two units
 * @cr: a carriage return came; what comes next decides whether it starts the line again or ends it
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
	u8 state;
	u8 seq_len;
	u8 seq_need;
	u8 seq[CONSOLE_SEQ_MAX];
	u8 text[CONFIG_CONSOLE_LINE];
};

/**
 * struct console_out - a speaker: a partition, or the hypervisor
 * @lock: guards all of this
 * @line: the line that it has not ended
 * @news: @line, @bell or @query has changed since the drainer looked; atomic, as the drainer asks
 * without the lock. It says nothing of @ring
 * @bell: it has rung the bell
 * @query_len: bytes in @query
 * @query: the question that it has asked the terminal last (DA, DSR)
 * @ring: its lines that have ended
 */
struct console_out {
	struct spinlock lock;
	struct console_line line;
	u32 news;
	bool bell;
	u8 query_len;
	u8 query[CONSOLE_QUERY_MAX];
	struct console_ring ring;
};

/* One byte ends at most a line as long as can be, and one that is a character long. */
#define CONSOLE_BYTE_ROOM (CONFIG_CONSOLE_LINE + 2U * CONSOLE_RING_HEAD + 4U)

/** console_lines_init() - make an empty line of a speaker called @name, which is cut to fit */
void console_lines_init(struct console_line *l, const char *name);

/**
 * console_lines_putc() - the speaker sends a byte
 *
 * A line that ends while the ring has no room is lost: the caller has made sure of
 * CONSOLE_BYTE_ROOM.
 */
void console_lines_putc(struct console_out *o, u8 c);

/**
 * console_lines_work() - Return: about how much work the next byte @c may make, in steps of some
 * ten instructions
 */
u32 console_lines_work(const struct console_out *o, u8 c);

/**
 * console_lines_flush() - end the open line as it is; an empty line is not shown
 *
 * Where the ring has no room for it, the line stays open.
 */
void console_lines_flush(struct console_out *o);

/** console_lines_drop() - make the open line empty */
void console_lines_drop(struct console_out *o);

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
 * console_lines_load() - make the open line what @bytes make of an empty line
 * @bytes: without a newline; they come from console_lines_save(), here or elsewhere
 * @n: how many bytes these are
 */
void console_lines_load(struct console_out *o, const u8 *bytes, u32 n);

/* --- units of a line -------------------------------------------------------------------------- */

#define CONSOLE_ESC 0x1bU /* a style sequence begins with it */

/** console_unit_bytes() - Return: bytes of the unit at index @at, which is below @len */
u32 console_unit_bytes(const u8 *text, u32 len, u32 at);

/**
 * console_unit_columns() - Return: the most columns that a terminal shows the unit in which begins
 * with @c
 *
 * How wide a character is depends on the terminal: 0 to 2 columns where it is not ASCII, for a
 * mark that combines, an ideograph, a symbol. None takes more, so none makes a row longer than is
 * counted here.
 */
static inline u32 console_unit_columns(u8 c)
{
	if (c == CONSOLE_ESC)
		return 0;
	return c < 0x80U ? 1U : 2U;
}

#endif
