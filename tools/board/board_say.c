/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tools say on standard error. The hypervisor's own code speaks here through printk(): a
 * line without a level is a warning, one of less weight a note.
 */
#include "tools/board/board_say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cleave/printk.h>

static u32 board_say_count;
static char board_say_wait[CONFIG_LINE_LEN]; /* "": nothing waits */

/* Red, magenta and cyan, as compilers have them: on a terminal, unless NO_COLOR is set. */
static void board_say_line(const char *word, const char *line)
{
	const char *no = getenv("NO_COLOR");
	int colour = word[0] == 'e' ? 31 : word[0] == 'w' ? 35 : 36;

	if ((no != NULL && no[0] != '\0') || isatty(STDERR_FILENO) == 0)
		(void)fprintf(stderr, "%s: %s\n", word, line);
	else
		(void)fprintf(stderr, "\033[1;%dm%s:\033[m %s\n", colour, word, line);
}

/* A warning that waits is said before what comes next. */
static void board_say_flush(void)
{
	if (board_say_wait[0] == '\0')
		return;
	board_say_line("warning", board_say_wait);
	board_say_wait[0] = '\0';
	board_say_count++;
}

void board_say(void *ctx, enum config_said what, const char *line)
{
	static const char *const word[] = {
		[CONFIG_NOTE] = "note", [CONFIG_WARNING] = "warning", [CONFIG_ERROR] = "error"
	};

	(void)ctx;
	board_say_flush();
	board_say_line(word[what], line);
	if (what == CONFIG_WARNING)
		board_say_count++;
}

static void board_say_format(enum config_said what, const char *fmt, va_list ap)
{
	char line[CONFIG_LINE_LEN];

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	board_say(NULL, what, line);
}

void board_say_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	board_say_format(CONFIG_ERROR, fmt, ap);
	va_end(ap);
}

void board_say_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	board_say_format(CONFIG_NOTE, fmt, ap);
	va_end(ap);
}

const char *board_say_last(void)
{
	static char line[CONFIG_LINE_LEN];

	if (board_say_wait[0] == '\0')
		return NULL;
	(void)snprintf(line, sizeof(line), "%s", board_say_wait);
	board_say_wait[0] = '\0';
	return line;
}

u32 board_say_warnings(void)
{
	board_say_flush();
	return board_say_count;
}

void printk(const char *fmt, ...)
{
	char line[CONFIG_LINE_LEN];
	va_list ap;

	/* Of a machine that is right the boot says much, at these levels. */
	if (*fmt == PRINTK_INFO[0] || *fmt == PRINTK_DEBUG[0])
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), *fmt == PRINTK_WARNING[0] ? fmt + 1 : fmt, ap);
	va_end(ap);
	/* Names of nodes may hold anything. */
	for (char *c = line; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	board_say_flush();
	if (*fmt == PRINTK_WARNING[0])
		board_say_line("note", line);
	else
		(void)snprintf(board_say_wait, sizeof(board_say_wait), "%s", line);
}
