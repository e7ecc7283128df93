/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager's shell: a prompt, commands from tables, and output that may come at any time.
 *
 * It works in one of two modes:
 *
 * - Interactive, as it starts: prompt, echo, line editing, colours, and one progress line that is
 *   drawn over.
 * - Script mode (the command `script on`, or the boot argument `script`): nothing is echoed or
 *   drawn over, every line of output is whole and stays, and numbers are plain. A line that
 *   belongs to no command's answer begins with `* `, and may come at any time.
 *
 * In both modes a command ends with exactly one line, `ok` or `error: TEXT`. A job that the
 * command has started runs on after the `ok`, and ends with one line `done: ...` or `failed: ...`.
 *
 * The shell never waits. One hart feeds it bytes and calls it, so it holds no lock. Builds for the
 * host too.
 */
#ifndef GUESTS_MANAGER_SHELL_H
#define GUESTS_MANAGER_SHELL_H

#include "guests/lib/guest.h"
#include "guests/manager/shell/complete.h"
#include "guests/manager/shell/words.h"

/*
 * Bytes of one line of output with its end; what is longer is cut. It is less than what the
 * hypervisor's console shows as one line.
 */
#define SHELL_LINE_MAX 480U

/** enum command_result - how a command ended; the shell prints the line that says so */
enum command_result {
	COMMAND_OK,
	COMMAND_FAILED, /* shell_error() has been told why */
	COMMAND_USAGE,	/* the command does not take these words: `error: usage: NAME ARGS` */
};

/**
 * struct command - a command of the shell; tables of commands are constant
 * @name: its first word
 * @args: the words after @name, for the usage line: "VM to SLOT|peer [--downtime MS]"; "" for none
 * @help: what it does: a phrase without a full stop; more lines may follow, which `help NAME` shows
 * @run: does it; @argv[0] is @name. Its work is bounded: what takes longer becomes a job
 * @complete: adds what the last word, @argv[@argc - 1], may become; that word may be empty. NULL:
 *	nothing can be added
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	enum command_result (*run)(int argc, char **argv);
	void (*complete)(struct complete *c, int argc, char **argv);
};

/**
 * shell_say() - print one line
 *
 * It may be called at any time: the line that is being edited is taken away, and the main loop
 * draws it again. A job calls shell_progress_end() first if its progress line is no longer true.
 */
void shell_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** shell_tell() - print the line @text of a driver, which belongs to no command's answer */
void shell_tell(const char *text);

/**
 * shell_error() - say why the running command fails; the command then returns COMMAND_FAILED
 *
 * The text is printed as the command's last line. A second call adds its text after `; `. Outside
 * of a command, as in a job, it prints a line `error: TEXT` at once.
 */
void shell_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * shell_progress() - say how far a job is
 *
 * A job may call it at every step: the shell shows a text only if it has changed, and only as
 * often as is useful. Interactive: one line that is drawn over, in place of the prompt while
 * nothing is being typed. Script mode: a line `* progress: TEXT`, at most one a second.
 */
void shell_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** shell_progress_end() - take the progress line away: the job is over */
void shell_progress_end(void);

/** shell_script() - Return: true in script mode: numbers are plain, output is `key=value` fields */
bool shell_script(void);

/**
 * shell_interrupted() - was the running command interrupted?
 * Return: true if ^C came since it began. A command that takes long should ask.
 */
bool shell_interrupted(void);

#endif
