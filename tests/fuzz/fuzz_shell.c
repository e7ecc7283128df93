/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the manager's shell and line editor: any keys, in any pieces, and messages meanwhile.
 *
 * The line must be whole and printable ASCII, with the cursor in it and in the window that is
 * shown. A terminal gets printable characters and the few sequences that stay on the row. A command
 * says in a line how it ended before the next one runs.
 *
 * Input: bit 0 of the first byte chooses script mode. Keys follow: 0xfe ends a piece; 0xff prints a
 * message and moves a job on.
 */
#include <stdint.h>
#include <string.h>

#include "guests/manager/shell/shell_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define END_PIECE 0xfeU
#define SAY	  0xffU

static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static const uint8_t *keys;
static size_t keys_left;
static u64 now;
static u32 commands; /* that were run and have not said how they ended */
static char row[1024];
static size_t row_len;
static u32 sequence; /* 1: ESC came, 2: ESC [ */

static bool begins(const char *with)
{
	return strncmp(row, with, strlen(with)) == 0;
}

/* A whole line has been said. Prompts, colours and cursors before it do not matter. */
static void look_at_line(void)
{
	row[row_len] = '\0';
	if (strcmp(row, "ok") == 0 || begins("error: ")) {
		must(commands <= 1);
		commands = 0;
	}
	row_len = 0;
}

static void look_at(char c)
{
	if (sequence == 1) {
		must(c == '[');
		sequence = 2;
	} else if (sequence == 2) {
		must((c >= '0' && c <= '9') || c == 'K' || c == 'D' || c == 'm');
		if (c >= '@')
			sequence = 0;
	} else if (c == '\033') {
		sequence = 1;
	} else if (c == '\n') {
		look_at_line();
	} else if (c == '\r') {
		row_len = 0;
	} else if (c != '\a') {
		must(c >= ' ' && c <= '~');
		must(row_len + 1U < sizeof(row));
		row[row_len++] = c;
	}
}

static void port_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		look_at(text[i]);
}

static size_t port_read(char *buf, size_t size)
{
	if (size == 0 || keys_left == 0 || *keys >= END_PIECE)
		return 0;
	*buf = (char)*keys++;
	keys_left--;
	return 1;
}

static u64 port_time(void)
{
	return now += 7;
}

static const struct shell_port port = { port_write, port_read, port_time, 100 };

static u64 number;
static const char *text;
static const struct option options[] = {
	{ "--number", "N", &number, 1, 100, NULL, NULL },
	{ "--text", "TEXT", NULL, 0, 0, &text, NULL },
	{ "--verify", NULL, NULL, 0, 0, NULL, NULL },
};

static enum command_result run_move(int argc, char **argv)
{
	char why[64];

	commands++;
	must(argc > 0 && argv[argc] == NULL && strcmp(argv[0], "m") == 0);
	number = 1;
	text = "";
	if (!words_options(&argc, argv, options, ARRAY_SIZE(options), why, sizeof(why))) {
		shell_error("%s", why);
		return COMMAND_FAILED;
	}
	must(argv[argc] == NULL && number >= 1 && number <= 100 && strlen(text) < LINE_BYTES);
	shell_say("%s %s", argv[0], text);
	shell_progress("%s", text);
	if (shell_interrupted())
		return COMMAND_FAILED;
	shell_progress_end();
	return argc > 2 ? COMMAND_USAGE : COMMAND_OK;
}

static void complete_move(struct complete *c, int argc, char **argv)
{
	must(argv[argc] == NULL);
	complete_add(c, "--number");
	complete_add(c, "--text");
	complete_add(c, argv[argc - 1]);
}

static const struct command table[] = { { "m", "WORD", "move\nit", run_move, complete_move } };
static const struct shell_table tables[] = { { table, 1 } };

static void check_line(void)
{
	const struct line *l = &shell.line;

	must(l->len < LINE_BYTES && l->at <= l->len && l->text[l->len] == '\0');
	must(strlen(l->text) == l->len);
	for (u32 i = 0; i < l->len; i++)
		must(l->text[i] >= ' ' && l->text[i] <= '~');
	must(shell.script || shell.row != SHELL_ROW_NONE);
	must(shell.row != SHELL_ROW_LINE || (l->at >= l->view && l->at < l->view + LINE_WINDOW));
	must(commands == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	keys = data + 1;
	keys_left = size - 1U;
	commands = 0;
	row_len = 0;
	sequence = 0;
	shell_init(&port, tables, ARRAY_SIZE(tables), (data[0] & 1U) != 0);
	shell_open();
	while (keys_left > 0) {
		u8 what = *keys;

		if (what >= END_PIECE) {
			keys++;
			keys_left--;
		}
		if (what == SAY) {
			shell_say("news");
			shell_progress("at %u", (u32)keys_left);
			if ((keys_left & 1U) != 0)
				shell_progress_end();
		}
		shell_serve();
		check_line();
	}
	return 0;
}
