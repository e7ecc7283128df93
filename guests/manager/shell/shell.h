/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager's shell: a prompt, commands from tables, and output that may come at any time. Builds for the host too.
 *
 * Two ways of working. Interactive (as it starts): prompt, echo, line editing, colours, one progress line that is drawn over.
 * Script mode (`script on`, or the boot argument `script`): nothing is echoed or drawn over, numbers are plain, every line of
 * output is whole and stays, and one that is of no command's answer begins with `* `: it can come at any time. In
 * both modes a command ends with exactly one line, `ok` or `error: TEXT`. What a command has started goes on behind its
 * `ok`, and ends with one line `done: ...` or `failed: ...`, by shell_say().
 *
 * It must never wait: it is fed bytes and called by one hart only, and holds no lock.
 */
#ifndef GUESTS_MANAGER_SHELL_H
#define GUESTS_MANAGER_SHELL_H

#include "guests/lib/guest.h"
#include "guests/manager/shell/complete.h"
#include "guests/manager/shell/words.h"

/* Bytes of one line of output, its end included; more is cut. Less than what the hypervisor's console shows as one line */
#define SHELL_LINE_MAX 480U

/** enum command_result - how a command ended; the shell prints the line that says so */
enum command_result {
	COMMAND_OK,
	COMMAND_FAILED, /* shell_error() has said why */
	COMMAND_USAGE,	/* the words are not what the command takes: `error: usage: NAME ARGS` */
};

/**
 * struct command - a command of the shell; tables of them are constant
 * @name: its first word
 * @args: what may follow, for its usage line: "VM to SLOT|peer [--downtime MS]"; "" when nothing may
 * @help: what it does: a sentence without a full stop, then further lines, if any, for `help NAME`
 * @run: @argv[0] is @name. Bounded: what takes longer is a job
 * @complete: add what the last word, @argv[@argc - 1], may become (it may be empty); NULL: nothing to add
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	enum command_result (*run)(int argc, char **argv);
	void (*complete)(struct complete *c, int argc, char **argv);
};

/**
 * shell_say() - print one line, also while a line is being edited: that is taken away, and drawn again by the main loop
 * Of a job it must be preceded by shell_progress_end() when a progress line stands there that is no longer true.
 */
void shell_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** shell_tell() - print one line that is of no command's answer, whatever runs: of a driver, of which @text is */
void shell_tell(const char *text);

/**
 * shell_error() - why the command that runs fails; it has to return COMMAND_FAILED then
 *
 * Printed as the command's last line. A second call adds its text behind `; `. Outside of a command (from a job) it prints a
 * line `error: TEXT`.
 */
void shell_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * shell_progress() - how far a job is; may be called at every step, and is drawn or printed only as often as is useful
 *
 * Interactive: one line that is drawn in place whenever it changes, in place of the prompt while nothing is being typed.
 * Script mode: a line `* progress: TEXT` when it has changed, at most one a second.
 */
void shell_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** shell_progress_end() - the job is over: take its progress line away */
void shell_progress_end(void);

/** shell_script() - Return: script mode is on: numbers plain, fields `key=value` */
bool shell_script(void);

/** shell_interrupted() - Return: ^C was typed since the command began; a command that takes long asks */
bool shell_interrupted(void);

#endif
