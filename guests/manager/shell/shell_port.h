/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell from outside: what it stands on, and how the program around it makes it work. */
#ifndef GUESTS_MANAGER_SHELL_PORT_H
#define GUESTS_MANAGER_SHELL_PORT_H

#include "guests/manager/shell/shell.h"

#define SHELL_PROMPT "manager> "

/**
 * struct shell_port - what the shell stands on
 * @write: sends bytes to the terminal
 * @read: fetches at most @size typed bytes, without waiting; returns how many
 * @time: ticks
 * @second: ticks of @time in a second
 */
struct shell_port {
	void (*write)(const char *text, size_t len);
	size_t (*read)(char *buf, size_t size);
	u64 (*time)(void);
	u64 second;
};

/** struct shell_table - the commands of one file; the shell adds its own: help, history, script */
struct shell_table {
	const struct command *commands;
	u32 nr;
};

/**
 * shell_init() - set up the shell, and show nothing yet; @port and @tables must live as long as it
 */
void shell_init(const struct shell_port *port, const struct shell_table *tables, u32 nr,
		bool script);

/** shell_open() - show the prompt, and serve from now on */
void shell_open(void);

/** shell_close() - take the prompt away for good; lines can still be printed */
void shell_close(void);

/** shell_serve() - do what was typed. Return: true when something was typed */
bool shell_serve(void);

/** shell_run() - do @line as if it had been typed */
void shell_run(const char *line);

#endif
