/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's terminal: whole lines, and one open row, which is cleared before a line and drawn
 * again after it.
 *
 * CR and ESC [K clear the row. The hypervisor's console carries them out within the partition's
 * own line.
 */
#include "guests/manager/shell/shell_internal.h"

#define ROW_CLEAR "\r\033[K"
#define RED	  "\033[31m"
#define NORMAL	  "\033[0m"
#define BELL	  "\a"
#define UNASKED	  "* " /* script mode: the line belongs to no command's answer */

#define PROGRESS_COLUMNS 71U /* of the progress line; the rest is cut */
#define DRAWS_A_SECOND	 10U

void shell_flush(void)
{
	if (shell.out_len > 0)
		shell.port->write(shell.out, shell.out_len);
	shell.out_len = 0;
}

void shell_put(const char *text)
{
	for (; *text != '\0'; text++) {
		if (shell.out_len == SHELL_OUT_BYTES)
			shell_flush();
		shell.out[shell.out_len++] = *text;
	}
}

void shell_row_take(void)
{
	if (shell.row != SHELL_ROW_NONE)
		shell_put(ROW_CLEAR);
	shell.row = SHELL_ROW_NONE;
}

static void shell_output_draw_progress(void)
{
	char text[PROGRESS_COLUMNS + 1U];

	str_print(text, sizeof(text), "%s", shell.progress);
	shell_put(text);
	shell.row = SHELL_ROW_PROGRESS;
	shell.progress_shown = shell.port->time();
	shell.progress_new = false;
}

static void shell_output_draw_line(void)
{
	char text[LINE_SHOW_BYTES];

	line_show(&shell.line, text);
	shell_put(SHELL_PROMPT);
	shell_put(text);
	shell.row = SHELL_ROW_LINE;
}

void shell_row_draw(void)
{
	shell.stale = false;
	if (shell.script || !shell.open)
		return;
	if (shell.progress[0] != '\0' && (shell.running || shell.line.len == 0))
		shell_output_draw_progress();
	else if (!shell.running)
		shell_output_draw_line();
}

void shell_row_bell(void)
{
	if (!shell.script)
		shell_put(BELL);
}

static bool shell_output_begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void shell_output_line(const char *mark, const char *text)
{
	bool bad = !shell.script &&
		   (shell_output_begins(text, "error: ") || shell_output_begins(text, "failed: "));

	shell_row_take();
	if (shell.script)
		shell_put(mark);
	if (bad)
		shell_put(RED);
	shell_put(text);
	if (bad)
		shell_put(NORMAL);
	shell_put("\n");
	shell_flush();
	/* The row is not drawn at once: only what follows the last line of a report matters. */
	shell.stale = true;
}

void shell_say(const char *fmt, ...)
{
	char text[SHELL_LINE_MAX];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	str_format(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	shell_output_line(shell.running ? "" : UNASKED, text);
}

void shell_tell(const char *text)
{
	shell_output_line(UNASKED, text);
}

void shell_error(const char *fmt, ...)
{
	char text[SHELL_LINE_MAX];
	size_t len = strlen(shell.error);
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	str_format(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	if (!shell.running)
		shell_say("error: %s", text);
	else
		str_print(shell.error + len, sizeof(shell.error) - len, "%s%s",
			  len == 0 ? "" : "; ", text);
}

/* Print or draw the progress if it has changed, and was not shown only a moment ago. */
static void shell_output_show_progress(void)
{
	u64 now = shell.port->time();
	u64 gap = shell.script ? shell.port->second : shell.port->second / DRAWS_A_SECOND;

	if (!shell.progress_new || now - shell.progress_shown < gap)
		return;
	if (shell.script) {
		shell.progress_new = false;
		shell.progress_shown = now;
		shell_say("progress: %s", shell.progress);
	} else if (shell.running || shell.line.len == 0) {
		shell_row_take();
		shell_row_draw();
		shell_flush();
	}
}

void shell_progress(const char *fmt, ...)
{
	char text[SHELL_LINE_MAX];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	str_format(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	if (shell.progress[0] == '\0') /* a job's first progress is shown at once */
		shell.progress_shown = shell.port->time() - shell.port->second;
	if (strcmp(text, shell.progress) != 0) {
		memcpy(shell.progress, text, sizeof(text));
		shell.progress_new = true;
	}
	shell_output_show_progress();
}

void shell_progress_end(void)
{
	shell.progress[0] = '\0';
	shell.progress_new = false;
	if (shell.row == SHELL_ROW_PROGRESS) {
		shell_row_take();
		shell_flush();
		shell.stale = true;
	}
}

bool shell_script(void)
{
	return shell.script;
}
