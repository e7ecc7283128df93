/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell's main part: what is typed becomes a line, and a line becomes a command. */
#include "guests/manager/shell/shell_internal.h"

#define CTRL_C 0x03

#define LIST_COLUMNS 70U

struct shell shell;

void shell_init(const struct shell_port *port, const struct shell_table *tables, u32 nr,
		bool script)
{
	memset(&shell, 0, sizeof(shell));
	shell.port = port;
	shell.tables = tables;
	shell.tables_nr = nr;
	shell.script = script;
	line_init(&shell.line, &shell.history);
	shell.line.plain = script;
}

void shell_open(void)
{
	shell.open = true;
	shell_row_draw();
	shell_flush();
}

void shell_close(void)
{
	shell.open = false;
	shell_row_take();
	shell_flush();
}

/* --- completion ------------------------------------------------------------------------------- */

static void shell_list_candidates(const struct complete *c)
{
	char text[LIST_COLUMNS + COMPLETE_WORD];
	size_t len = 0;
	u32 i;

	for (i = 0; i < c->nr; i++) {
		if (len > 0 && len + strlen(c->word[i]) > LIST_COLUMNS) {
			shell_say("%s", text);
			len = 0;
		}
		len = str_append(text, sizeof(text), len, "%s%s", len > 0 ? "  " : "", c->word[i]);
	}
	shell_say("%s", text);
}

/* Insert what all candidates have in common. Return: true when that added something. */
static bool shell_insert_common(const struct complete *c)
{
	char common[COMPLETE_WORD + 1U];
	size_t len = complete_common(c, common), stem = strlen(c->stem);

	if (c->nr == 1 && shell.line.text[shell.line.at] != ' ')
		common[len++] = ' ';
	if (len == stem || !line_insert(&shell.line, common + stem, len - stem))
		return false;
	shell.stale = true;
	return true;
}

static void shell_complete_line(void)
{
	static struct complete c;
	char text[LINE_BYTES], *argv[WORDS_MAX + 1U];
	static char nothing[1];
	u32 at = shell.line.at;
	const char *why;
	int argc;

	memcpy(text, shell.line.text, at);
	text[at] = '\0';
	argc = words_split(text, argv, &why);
	if (argc < 0 || argc == (int)WORDS_MAX) {
		shell_row_bell();
		return;
	}
	if (at == 0 || shell.line.text[at - 1U] == ' ')
		argv[argc++] = nothing;
	argv[argc] = NULL;
	complete_begin(&c, argv[argc - 1]);
	shell_complete(&c, argc, argv);
	if (c.nr == 0)
		shell_row_bell();
	else if (!shell_insert_common(&c) && c.nr > 1)
		shell_list_candidates(&c);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* End the row so that the whole line stands there, as a record of what was entered. */
static void shell_end_row(const char *suffix)
{
	if (shell.script)
		return;
	if (shell.stale || shell.row != SHELL_ROW_LINE || shell.line.len >= LINE_WINDOW) {
		shell_row_take();
		shell_put(SHELL_PROMPT);
		shell_put(shell.line.text);
	}
	shell_put(suffix);
	shell_put("\n");
	shell.row = SHELL_ROW_NONE;
	shell.stale = false;
	shell_flush();
}

/* Run the command @text, and say how it ended. */
static void shell_run_line(char *text)
{
	shell.interrupted = false;
	shell.error[0] = '\0';
	shell.running = true;
	if (shell_execute(text)) {
		if (shell.error[0] == '\0')
			shell_say("ok");
		else
			shell_say("error: %s", shell.error);
	}
	shell.running = false;
	shell_row_take();
}

/* The entered line has lost characters: it is refused whole. */
static void shell_refuse_line(void)
{
	shell.running = true;
	shell_say("error: a line has at most %u characters", LINE_BYTES - 1U);
	shell.running = false;
}

static void shell_enter_line(void)
{
	char text[LINE_BYTES];
	bool lost = shell.line.lost > 0;

	shell_end_row("");
	memcpy(text, shell.line.text, shell.line.len + 1U);
	line_clear(&shell.line);
	if (lost) {
		shell_refuse_line();
		return;
	}
	history_add(&shell.history, text);
	shell_run_line(text);
	shell.line.plain = shell.script;
	shell.stale = true;
}

static void shell_forget_line(void)
{
	shell_end_row("^C");
	line_clear(&shell.line);
	shell.stale = true;
}

/* A character was added at the end of the line: show it, without drawing the line again. */
static void shell_append(u8 key)
{
	char text[2] = { (char)key, '\0' };

	if (shell.script)
		return;
	if (shell.stale || shell.row != SHELL_ROW_LINE || shell.line.len >= LINE_WINDOW)
		shell.stale = true;
	else
		shell_put(text);
}

/* Draw the open row again if it is stale. */
static void shell_settle(void)
{
	if (!shell.stale)
		return;
	shell_row_take();
	shell_row_draw();
}

static void shell_serve_key(u8 key)
{
	switch (line_key(&shell.line, key)) {
	case LINE_APPENDED:
		shell_append(key);
		break;
	case LINE_CHANGED:
	case LINE_REDRAW:
		shell.stale = true;
		break;
	case LINE_REFUSED:
		shell_row_bell();
		break;
	case LINE_COMPLETE:
		shell_settle();
		shell_complete_line();
		break;
	case LINE_ENTERED:
		shell_enter_line();
		break;
	case LINE_INTERRUPTED:
		shell_forget_line();
		break;
	case LINE_NOTHING:
	default:
		break;
	}
}

/* --- input ------------------------------------------------------------------------------------ */

/* Fetch what was read while a command ran, oldest first, then what is typed now. */
static size_t shell_fetch(char *buf, size_t size)
{
	size_t len = shell.ahead_len < size ? shell.ahead_len : size;

	if (len == 0)
		return shell.port->read(buf, size);
	memcpy(buf, shell.ahead, len);
	shell.ahead_len -= (u32)len;
	memmove(shell.ahead, shell.ahead + len, shell.ahead_len);
	return len;
}

bool shell_serve(void)
{
	bool any = false;
	char key;

	/* One by one: a command that runs long reads the bytes after it, to look for ^C. */
	while (shell_fetch(&key, 1) != 0) {
		shell_serve_key((u8)key);
		any = true;
	}
	shell_settle();
	shell_flush();
	return any;
}

bool shell_interrupted(void)
{
	char key;

	/*
	 * When @ahead is full, a script's input waits where it is. A person's input is dropped, so
	 * that ^C gets through.
	 */
	while (!(shell.script && shell.ahead_len == SHELL_AHEAD_BYTES) &&
	       shell.port->read(&key, 1) != 0) {
		if (key == CTRL_C) {
			/* As at the prompt, ^C forgets what was typed before it. */
			shell.ahead_len = 0;
			shell.interrupted = true;
		} else if (shell.ahead_len < SHELL_AHEAD_BYTES) {
			shell.ahead[shell.ahead_len++] = key;
		} else {
			shell_row_bell();
		}
	}
	shell_flush();
	return shell.interrupted;
}

void shell_run(const char *line)
{
	size_t len = strlen(line);

	line_clear(&shell.line);
	if (!line_insert(&shell.line, line, len))
		return;
	shell.stale = true;
	shell_enter_line();
	shell_settle();
	shell_flush();
}
