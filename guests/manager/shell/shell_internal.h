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
 * struct shell
 * @row: what is shown of it: taken back before a whole line goes out
 * @stale: the row does not show the line as it is
 * @running: a command runs: no prompt
 * @interrupted: ^C came while it ran
 * @ahead: what was read while a command ran, for afterwards
 * @error: what shell_error() was told
 * @progress: "" without a job; @progress_shown: when it was last drawn or printed; @progress_new: it has changed since
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

/** shell_put() - send text; shell_flush(): now */
void shell_put(const char *text);
void shell_flush(void);

/** shell_row_take() - clear the open row; shell_row_draw() - show what belongs there: the progress, the prompt, or nothing */
void shell_row_take(void);
void shell_row_draw(void);

/** shell_row_bell() - the terminal's bell, for a person */
void shell_row_bell(void);

/* shell_commands.c: the tables */

/** shell_find() - Return: the command called @name, or NULL */
const struct command *shell_find(const char *name);

/** shell_complete() - add what the last of @argc words may become */
void shell_complete(struct complete *c, int argc, char **argv);

/** shell_execute() - split @line, which is changed, and run it. Return: it was a command, and its last line is out */
bool shell_execute(char *line);

#endif
