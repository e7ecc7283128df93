/* SPDX-License-Identifier: BSD-2-Clause */
/* What the shell's files share with each other, and with nobody else. */
#ifndef GUESTS_MANAGER_SHELL_INTERNAL_H
#define GUESTS_MANAGER_SHELL_INTERNAL_H

#include "guests/manager/shell/line.h"
#include "guests/manager/shell/shell_port.h"

#define SHELL_AHEAD_BYTES 256U
#define SHELL_OUT_BYTES	  256U /* sent at once */

/** enum shell_row - what stands on the terminal's open row */
enum shell_row {
	SHELL_ROW_NONE,
	SHELL_ROW_LINE,
	SHELL_ROW_PROGRESS
};

/**
 * struct shell - all that the shell knows
 * @open: the shell serves: it shows the prompt, or the progress
 * @script: script mode
 * @running: a command is running, so there is no prompt
 * @interrupted: ^C came while it ran
 * @row: what stands on the open row; it is cleared before a whole line goes out
 * @stale: the open row does not show what it should
 * @ahead, @ahead_len: what was read while a command ran, for after its end
 * @out, @out_len: what has not been sent yet
 * @error: what shell_error() was told
 * @progress: the last text of shell_progress(); "" without a job
 * @progress_shown: when the progress was last drawn or printed, ticks
 * @progress_new: @progress has changed since then
 */
struct shell {
	const struct shell_port *port;
	const struct shell_table *tables;
	u32 tables_nr;
	bool open;
	bool script;
	bool running;
	bool interrupted;
	enum shell_row row;
	bool stale;
	struct line line;
	struct history history;
	u32 ahead_len;
	char ahead[SHELL_AHEAD_BYTES];
	u32 out_len;
	char out[SHELL_OUT_BYTES];
	char error[SHELL_LINE_MAX];
	char progress[SHELL_LINE_MAX];
	u64 progress_shown;
	bool progress_new;
};

extern struct shell shell;

/* shell_output.c: the terminal */

/** shell_put() - send text, though not at once */
void shell_put(const char *text);

/** shell_flush() - send now what shell_put() was given */
void shell_flush(void);

/** shell_row_take() - clear the open row */
void shell_row_take(void);

/** shell_row_draw() - show what belongs on the open row: the progress, the prompt, or nothing */
void shell_row_draw(void);

/** shell_row_bell() - ring the terminal's bell; silent in script mode */
void shell_row_bell(void);

/* shell_commands.c: the tables */

/** shell_complete() - add what the last of @argc words may become */
void shell_complete(struct complete *c, int argc, char **argv);

/**
 * shell_execute() - split a line and run its command
 * @line: is overwritten
 * Return: true when there was a command, though perhaps an unknown one; false for a blank line or a
 * comment. What went wrong has been told to shell_error().
 */
bool shell_execute(char *line);

#endif
