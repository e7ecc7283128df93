/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager's shell (guests/manager/shell/shell*.c) and its reports (report.c).
 *
 * The tests look at what the shell sends as a terminal shows it: whole lines, and the open row
 * with its cursor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guests/manager/shell/report.h"
#include "guests/manager/shell/shell_port.h"

#define ROWS	400
#define COLUMNS 600
#define SECOND	1000U

/* --- a terminal ------------------------------------------------------------------------------- */

static struct {
	char line[ROWS][COLUMNS];
	int lines;
	char row[COLUMNS];
	size_t len, at;
	int bells;
	int clears; /* of the row */
	int styles;
} terminal;

static void terminal_char(char c)
{
	switch (c) {
	case '\a':
		terminal.bells++;
		return;
	case '\r':
		terminal.at = 0;
		return;
	case '\n':
		assert_true(terminal.lines < ROWS);
		memcpy(terminal.line[terminal.lines], terminal.row, terminal.len);
		terminal.line[terminal.lines++][terminal.len] = '\0';
		terminal.len = terminal.at = 0;
		return;
	default:
		assert_in_range(c, ' ', '~');
		assert_true(terminal.at < COLUMNS - 1);
		terminal.row[terminal.at++] = c;
		if (terminal.len < terminal.at)
			terminal.len = terminal.at;
	}
}

/* A control sequence. Return: its length. */
static size_t terminal_sequence(const char *s, size_t len)
{
	char final;
	int n = 0, used = 0;

	assert_true(len >= 3 && s[1] == '[');
	sscanf(s + 2, "%d%n", &n, &used);
	assert_true(2U + (size_t)used < len); /* a sequence is sent whole */
	final = s[2 + used];
	if (final == 'K') {
		terminal.len = terminal.at;
		terminal.clears++;
	} else if (final == 'D') {
		assert_true((size_t)n <= terminal.at);
		terminal.at -= (size_t)n;
	} else {
		assert_int_equal(final, 'm');
		terminal.styles++;
	}
	return 3U + (size_t)used;
}

static void port_write(const char *text, size_t len)
{
	static char rest[16];
	static size_t kept;
	char all[1024];
	size_t i = 0;

	/* A sequence may be cut by the end of the buffer. */
	assert_true(kept + len < sizeof(all));
	memcpy(all, rest, kept);
	memcpy(all + kept, text, len);
	len += kept;
	kept = 0;
	while (i < len) {
		if (all[i] != '\033') {
			terminal_char(all[i++]);
		} else if (len - i < 8 && strpbrk(all + i, "KDm") == NULL) {
			kept = len - i;
			memcpy(rest, all + i, kept);
			return;
		} else {
			i += terminal_sequence(all + i, len - i);
		}
	}
}

static char typed[1024];
static size_t typed_len, typed_at;

static size_t port_read(char *buf, size_t size)
{
	size_t n = typed_len - typed_at < size ? typed_len - typed_at : size;

	memcpy(buf, typed + typed_at, n);
	typed_at += n;
	return n;
}

static u64 now = 5 * SECOND;

static u64 port_time(void)
{
	return now;
}

static const struct shell_port port = { port_write, port_read, port_time, SECOND };

/* --- commands --------------------------------------------------------------------------------- */

static int runs;

static enum command_result run_good(int argc, char **argv)
{
	runs++;
	for (int i = 1; i < argc; i++)
		shell_say("word=%s", argv[i]);
	return COMMAND_OK;
}

static enum command_result run_bad(int argc, char **argv)
{
	(void)argv;
	if (argc > 3)
		return COMMAND_USAGE;
	if (argc > 1)
		shell_error("first");
	if (argc > 2)
		shell_error("second %s", argv[2]);
	return COMMAND_FAILED;
}

/* Works until ^C. */
static enum command_result run_long(int argc, char **argv)
{
	(void)argv;
	shell_progress("working");
	if (!shell_interrupted())
		return argc == 1 ? COMMAND_OK : COMMAND_FAILED;
	shell_progress_end();
	shell_error("interrupted");
	return COMMAND_FAILED;
}

/* Uses a device that has something to say. */
static enum command_result run_device(int argc, char **argv)
{
	(void)argv;
	shell_tell("of a device");
	return argc == 1 ? COMMAND_FAILED : COMMAND_OK;
}

static void complete_good(struct complete *c, int argc, char **argv)
{
	assert_string_equal(argv[0], "good");
	if (argc == 2) {
		complete_add(c, "linux");
		complete_add(c, "linux-two");
		complete_add(c, "spare");
	}
}

static const struct command commands_one[] = {
	{ "good", "WORD...", "say words\nAll of them.", run_good, complete_good },
	{ "goodbye", "", "nothing", run_good, NULL },
};
static const struct command commands_two[] = {
	{ "bad", "[WHY]", "fail", run_bad, NULL },
	{ "long", "", "work until it is interrupted", run_long, NULL },
	{ "device", "", "use a device", run_device, NULL },
};
static const struct shell_table tables[] = { { commands_one, 2 },
					     { commands_two, 3 },
					     { NULL, 0 } };

static int said; /* lines that were looked at */

static int begin(bool script)
{
	said = 0;
	memset(&terminal, 0, sizeof(terminal));
	typed_len = typed_at = 0;
	runs = 0;
	shell_init(&port, tables, ARRAY_SIZE(tables), script);
	shell_open();
	return 0;
}

static int interactive(void **state)
{
	(void)state;
	return begin(false);
}

static int scripted(void **state)
{
	(void)state;
	return begin(true);
}

static void type(const char *keys)
{
	typed_len = strlen(keys);
	typed_at = 0;
	memcpy(typed, keys, typed_len);
	shell_serve();
	assert_int_equal(typed_at, typed_len);
}

/* The open row, after the next turn of the main loop. */
static void expect_row(const char *row, size_t at)
{
	shell_serve();
	terminal.row[terminal.len] = '\0';
	assert_string_equal(terminal.row, row);
	assert_int_equal(terminal.at, at);
}

static void expect_line(const char *line)
{
	assert_true(said < terminal.lines);
	assert_string_equal(terminal.line[said++], line);
}

static void expect_no_more(void)
{
	if (said != terminal.lines)
		fail_msg("more was said: %s", terminal.line[said]);
	said = 0;
}

/* --- interactive ------------------------------------------------------------------------------ */

static void shell_runs_commands(void **state)
{
	(void)state;
	expect_row("manager> ", 9);
	assert_false(shell_serve());
	type("goo");
	expect_row("manager> goo", 12);
	type("d one two\r");
	expect_line("manager> good one two");
	expect_line("word=one");
	expect_line("word=two");
	expect_line("ok");
	expect_row("manager> ", 9);
	type("\r");
	expect_line("manager> ");
	type("goodbye\rgood x\r");
	expect_line("manager> goodbye");
	expect_line("ok");
	expect_line("manager> good x");
	expect_line("word=x");
	expect_line("ok");
	expect_no_more();
	assert_int_equal(runs, 3);
	assert_int_equal(terminal.bells, 0);
}

static void shell_says_why_a_command_fails(void **state)
{
	(void)state;
	type("nothing here\rbad\rbad a\rbad a b\rbad a b c\rgood \"x\rhelp me\rhelp a "
	     "b\rscript\rscript maybe\r");
	expect_line("manager> nothing here");
	expect_line("error: no command is called \"nothing\"; `help` lists all commands");
	expect_line("manager> bad");
	expect_line("error: bad failed");
	expect_line("manager> bad a");
	expect_line("error: first");
	expect_line("manager> bad a b");
	expect_line("error: first; second b");
	expect_line("manager> bad a b c");
	expect_line("error: usage: bad [WHY]");
	expect_line("manager> good \"x");
	expect_line("error: a quote (\") is not closed");
	expect_line("manager> help me");
	expect_line("error: no command is called \"me\"; `help` lists all commands");
	expect_line("manager> help a b");
	expect_line("error: usage: help [COMMAND]");
	expect_line("manager> script");
	expect_line("error: usage: script on|off");
	expect_line("manager> script maybe");
	expect_line("error: usage: script on|off");
	expect_no_more();
	assert_true(terminal.styles > 0);
}

static void shell_explains(void **state)
{
	(void)state;
	type("help\rhelp good\rhistory\r");
	expect_line("manager> help");
	expect_line("  good WORD...                        say words");
	expect_line("  goodbye                             nothing");
	expect_line("  bad [WHY]                           fail");
	expect_line("  long                                work until it is interrupted");
	expect_line("  device                              use a device");
	expect_line("  help [COMMAND]                      list the commands, or explain one");
	expect_line("  history                             list the lines that were entered; Up "
		    "and Down bring them back");
	expect_line("  script on|off                       for programs: no echo, prompt, colours "
		    "or redrawing");
	expect_line("ok");
	expect_line("manager> help good");
	expect_line("good WORD...");
	expect_line("  say words");
	expect_line("  All of them.");
	expect_line("ok");
	expect_line("manager> history");
	expect_line("  help");
	expect_line("  help good");
	expect_line("  history");
	expect_line("ok");
	expect_no_more();
}

static void shell_edits_on_the_row(void **state)
{
	(void)state;
	type("good onX\b\002\002\002");
	expect_row("manager> good on", 13);
	type("\001");
	expect_row("manager> good on", 9);
	type("\005e");
	expect_row("manager> good one", 17);
	type("\033[A\a");
	assert_int_equal(terminal.bells, 1);
	type("\003");
	expect_line("manager> good one^C");
	expect_row("manager> ", 9);
	assert_int_equal(runs, 0);
	type("bad\r\033[A\033[A");
	expect_line("manager> bad");
	expect_line("error: bad failed");
	expect_row("manager> bad", 12);
	type("\002\014");
	expect_row("manager> bad", 11);
	expect_no_more();
}

static void shell_records_a_long_line_whole(void **state)
{
	char keys[200], want[220];

	(void)state;
	snprintf(keys, sizeof(keys), "good %0*d", 120, 7);
	type(keys);
	assert_true(terminal.len <= 9 + 60);
	assert_int_equal(terminal.row[9], '<');
	type("\r");
	snprintf(want, sizeof(want), "manager> %s", keys);
	expect_line(want);
	snprintf(want, sizeof(want), "word=%0*d", 120, 7);
	expect_line(want);
	expect_line("ok");
	expect_no_more();
}

/*
 * A command that lost its end may be another command. It is not run, unless the person has erased
 * something since.
 */
static void shell_refuses_a_line_too_long(void **state)
{
	char keys[300], want[300];

	(void)state;
	snprintf(keys, sizeof(keys), "good %0*d", 251, 7);
	type(keys);
	assert_int_equal(terminal.bells, 1);
	type("\r");
	snprintf(want, sizeof(want), "manager> %.255s", keys);
	expect_line(want);
	expect_line("error: a line has at most 255 characters");
	expect_row("manager> ", 9);
	assert_int_equal(runs, 0);
	type(keys);
	type("\b\r");
	snprintf(want, sizeof(want), "manager> %.254s", keys);
	expect_line(want);
	snprintf(want, sizeof(want), "word=%.249s", keys + 5);
	expect_line(want);
	expect_line("ok");
	expect_no_more();
	assert_int_equal(runs, 1);
}

static void shell_completes(void **state)
{
	(void)state;
	type("h\t");
	assert_int_equal(terminal.bells, 0);
	expect_row("manager> h", 10);
	expect_line("help  history");
	type("e\t");
	expect_row("manager> help ", 14);
	type("go\t");
	expect_row("manager> help good", 18);
	type("\t");
	expect_line("good  goodbye");
	expect_row("manager> help good", 18);
	type("\025good l\t");
	expect_row("manager> good linux", 19);
	type("-\t");
	expect_row("manager> good linux-two ", 24);
	type("\t");
	assert_int_equal(terminal.bells, 1);
	type("\025x\t\025bad \t");
	assert_int_equal(terminal.bells, 3);
	/* Complete before a word that is there already. */
	type("\025good  x\002\002s\t");
	expect_row("manager> good spare x", 19);
	type("\005\025script o\t");
	expect_line("on  off");
	type("\025\t");
	expect_line("good  goodbye  bad  long  device  help  history  script");
	type("good \"l\t");
	expect_row("manager> good \"l", 16);
	expect_no_more();
}

static void shell_says_between_keys(void **state)
{
	(void)state;
	type("good one\002");
	shell_say("partition %u \"%s\" stopped", 1U, "linux");
	expect_line("partition 1 \"linux\" stopped");
	expect_row("manager> good one", 16);
	shell_error("of a job");
	expect_line("error: of a job");
	expect_row("manager> good one", 16);
	type("\r");
	expect_line("manager> good one");
	expect_line("word=one");
	expect_line("ok");
	shell_close();
	expect_row("", 0);
	shell_say("the end");
	expect_line("the end");
	expect_row("", 0);
	expect_no_more();
}

static void shell_draws_progress_in_place(void **state)
{
	int clears;

	(void)state;
	shell_progress("pass 1  10 %%");
	expect_row("pass 1  10 %", 12);
	clears = terminal.clears;
	/* The progress is drawn no more often than is useful, and only when it has changed. */
	for (u32 i = 0; i < 50; i++)
		shell_progress("pass 1  %u %%", 10U + i);
	expect_row("pass 1  10 %", 12);
	now += SECOND / 5;
	shell_progress("pass 1  60 %%");
	expect_row("pass 1  60 %", 12);
	now += SECOND;
	shell_progress("pass 1  60 %%");
	assert_int_equal(terminal.clears, clears + 1);
	/* A line comes above the progress; what is typed comes in its place. */
	shell_say("news");
	expect_line("news");
	expect_row("pass 1  60 %", 12);
	type("g");
	expect_row("manager> g", 10);
	now += SECOND;
	shell_progress("pass 2  1 %%");
	expect_row("manager> g", 10);
	type("\b");
	expect_row("pass 2  1 %", 11);
	type("goodbye\r");
	expect_line("manager> goodbye");
	expect_line("ok");
	expect_row("pass 2  1 %", 11);
	shell_progress_end();
	expect_row("manager> ", 9);
	shell_say("done: moved");
	expect_line("done: moved");
	expect_no_more();
}

static void shell_interrupts_a_command(void **state)
{
	(void)state;
	typed_len = typed_at = 0;
	type("long\rgood a\r");
	expect_line("manager> long");
	expect_line("ok");
	expect_line("manager> good a");
	expect_line("word=a");
	expect_line("ok");
	type("long\rgood a\r\003goodbye\r");
	expect_line("manager> long");
	expect_line("error: interrupted");
	expect_line("manager> goodbye");
	expect_line("ok");
	expect_row("manager> ", 9);
	shell_run("good b");
	expect_line("manager> good b");
	expect_line("word=b");
	expect_line("ok");
	expect_row("manager> ", 9);
	expect_no_more();
}

/* --- script mode ------------------------------------------------------------------------------ */

static void script_mode_is_plain(void **state)
{
	(void)state;
	expect_row("", 0);
	type("good a\tb\r\n\n# nothing\n  \nbad\nnone\n");
	expect_line("word=a");
	expect_line("word=b");
	expect_line("ok");
	expect_line("error: bad failed");
	expect_line("error: no command is called \"none\"; `help` lists all commands");
	expect_row("", 0);
	assert_true(shell_script());
	shell_progress("10");
	expect_line("* progress: 10");
	shell_progress("20");
	now += SECOND;
	shell_progress("20");
	expect_line("* progress: 20");
	now += SECOND;
	shell_progress("20");
	shell_progress_end();
	shell_progress("30");
	expect_line("* progress: 30");
	shell_progress_end();
	expect_no_more();
	assert_int_equal(terminal.clears + terminal.styles + terminal.bells, 0);
}

/*
 * All that a program reads between its command and `ok` must be the answer; whatever else comes is
 * marked.
 */
static void script_mode_marks_what_nobody_asked_for(void **state)
{
	(void)state;
	shell_say("event: vm=1");
	shell_error("of a job");
	type("good a\ndevice\n");
	shell_say("done: moved");
	type("script off\r");
	expect_line("* event: vm=1");
	expect_line("* error: of a job");
	expect_line("word=a");
	expect_line("ok");
	expect_line("* of a device");
	expect_line("error: device failed");
	expect_line("* done: moved");
	expect_line("ok");
	shell_say("event: vm=2");
	shell_tell("of a device");
	expect_line("event: vm=2");
	expect_line("of a device");
	expect_no_more();
}

static void script_mode_is_switched(void **state)
{
	(void)state;
	type("script on\r");
	expect_line("manager> script on");
	expect_line("ok");
	expect_row("", 0);
	type("goodbye\rscript off\r");
	expect_line("ok");
	expect_line("ok");
	expect_row("manager> ", 9);
	assert_false(shell_script());
	expect_no_more();
}

static void script_mode_refuses_a_long_line(void **state)
{
	char keys[600];

	(void)state;
	memset(keys, 'x', sizeof(keys));
	memcpy(keys, "good ", 5);
	memcpy(keys + 500, "\rgoodbye\r", 10);
	type(keys);
	expect_line("error: a line has at most 255 characters");
	expect_line("ok");
	assert_int_equal(runs, 1);
	expect_no_more();
}

/* --- reports ---------------------------------------------------------------------------------- */

static struct report report;

static void fill(bool script)
{
	report_begin(&report, script);
	report_row(&report);
	report_number(&report, "id", NULL, 0);
	report_text(&report, "name", "manager");
	report_bytes(&report, "memory", 16ULL << 20);
	report_number(&report, "dirty", "pages", 1234567);
	report_row(&report);
	report_number(&report, "id", NULL, 12);
	report_text(&report, "name", "");
	report_bytes(&report, "memory", (3ULL << 30) / 2);
	report_percent(&report, "brake", 20);
	report_hex(&report, "first gpa", 0x80000000);
	report_text(&report, "text", "two words");
}

static void report_is_a_table(void **state)
{
	static const char *const want[] = {
		"id  name      memory            dirty  brake   first gpa  text",
		" 0  manager   16 MiB  1,234,567 pages      -           -  -",
		"12  -        1.5 GiB                -   20 %  0x80000000  two words",
	};
	char line[200];
	u32 i;

	(void)state;
	fill(false);
	for (i = 0; report_table(&report, i, line, sizeof(line)); i++)
		assert_string_equal(line, want[i]);
	assert_int_equal(i, ARRAY_SIZE(want));
	for (i = 0; report_list(&report, i, line, sizeof(line)); i++)
		;
	assert_int_equal(i, 7);
	assert_true(report_list(&report, 3, line, sizeof(line)));
	assert_string_equal(line, "dirty      1,234,567 pages");
	assert_true(report_table(&report, 0, line, 10));
	assert_string_equal(line, "id  name");
}

static void report_is_fields(void **state)
{
	char line[200];

	(void)state;
	fill(true);
	assert_true(report_fields(&report, 0, line, sizeof(line)));
	assert_string_equal(line, "id=0 name=manager memory_bytes=16777216 dirty_pages=1234567");
	assert_true(report_fields(&report, 1, line, sizeof(line)));
	assert_string_equal(
		line, "id=12 name=- memory_bytes=1610612736 brake_percent=20 first_gpa=0x80000000 "
		      "text=\"two words\"");
	assert_false(report_fields(&report, 2, line, sizeof(line)));
	assert_true(report_list(&report, 3, line, sizeof(line)));
	assert_string_equal(line, "dirty_pages=1234567");
	assert_false(report_list(&report, 7, line, sizeof(line)));
}

static void report_leaves_out_what_does_not_fit(void **state)
{
	static char keys[REPORT_COLUMNS + 5][8], big[9000];
	char line[8];

	(void)state;
	report_begin(&report, false);
	assert_false(report_list(&report, 0, line, sizeof(line)));
	report_text(&report, "no row", "x");
	assert_int_equal(report.lost, 1);
	report_row(&report);
	memset(big, 'x', sizeof(big) - 1);
	report_text(&report, "big", big);
	report_text(&report, "big", big);
	assert_int_equal(report.lost, 2);
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(keys[i], sizeof(keys[i]), "%u", i);
		report_number(&report, keys[i], NULL, i);
	}
	assert_int_equal(report.lost, 8);
	for (u32 i = 0; i < 2 * REPORT_ROWS; i++) {
		report_row(&report);
		report_text(&report, "big", "x");
	}
	assert_int_equal(report.lost, 8 + REPORT_ROWS + 1);
	assert_true(report_table(&report, REPORT_ROWS, line, sizeof(line)));
	assert_false(report_table(&report, REPORT_ROWS + 1, line, sizeof(line)));
}

static void report_sizes_read_well(void **state)
{
	static const struct {
		u64 n;
		const char *text;
	} sizes[] = {
		{ 0, "0 bytes" },	    { 1023, "1023 bytes" },
		{ 1024, "1 KiB" },	    { 1536, "1.5 KiB" },
		{ 5 << 20, "5 MiB" },	    { 1300ULL << 20, "1.26 GiB" },
		{ 1034ULL << 20, "1 GiB" }, { 1045ULL << 20, "1.02 GiB" },
		{ 1ULL << 40, "1 TiB" },    { UINT64_MAX, "16777215.99 TiB" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		report_size(text, sizeof(text), sizes[i].n);
		assert_string_equal(text, sizes[i].text);
	}
	report_grouped(text, sizeof(text), 999);
	assert_string_equal(text, "999");
	report_grouped(text, sizeof(text), 1000);
	assert_string_equal(text, "1,000");
	report_grouped(text, sizeof(text), UINT64_MAX);
	assert_string_equal(text, "18,446,744,073,709,551,615");
	text[0] = '\0';
	report_words(text, sizeof(text), "one");
	report_words(text, sizeof(text), "two");
	assert_string_equal(text, "one,two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(shell_runs_commands, interactive),
		cmocka_unit_test_setup(shell_says_why_a_command_fails, interactive),
		cmocka_unit_test_setup(shell_explains, interactive),
		cmocka_unit_test_setup(shell_edits_on_the_row, interactive),
		cmocka_unit_test_setup(shell_records_a_long_line_whole, interactive),
		cmocka_unit_test_setup(shell_refuses_a_line_too_long, interactive),
		cmocka_unit_test_setup(shell_completes, interactive),
		cmocka_unit_test_setup(shell_says_between_keys, interactive),
		cmocka_unit_test_setup(shell_draws_progress_in_place, interactive),
		cmocka_unit_test_setup(shell_interrupts_a_command, interactive),
		cmocka_unit_test_setup(script_mode_is_plain, scripted),
		cmocka_unit_test_setup(script_mode_marks_what_nobody_asked_for, scripted),
		cmocka_unit_test_setup(script_mode_is_switched, interactive),
		cmocka_unit_test_setup(script_mode_refuses_a_long_line, scripted),
		cmocka_unit_test(report_is_a_table),
		cmocka_unit_test(report_is_fields),
		cmocka_unit_test(report_leaves_out_what_does_not_fit),
		cmocka_unit_test(report_sizes_read_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
