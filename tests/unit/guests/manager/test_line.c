/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager's line editor, its history, and the words and options of a line
 * (guests/manager/shell/).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guests/manager/shell/complete.h"
#include "guests/manager/shell/line.h"
#include "guests/manager/shell/words.h"

#define UP    "\033[A"
#define DOWN  "\033[B"
#define RIGHT "\033[C"
#define LEFT  "\033[D"
#define HOME  "\033[H"
#define END   "\033[F"

static struct history history;
static struct line line;

static int setup(void **state)
{
	(void)state;
	memset(&history, 0, sizeof(history));
	line_init(&line, &history);
	return 0;
}

/* Type @keys. Return: what the last one did. */
static enum line_event type(const char *keys)
{
	enum line_event event = LINE_NOTHING;

	for (; *keys != '\0'; keys++)
		event = line_key(&line, (u8)*keys);
	return event;
}

static void enter(const char *text)
{
	line_clear(&line);
	type(text);
	history_add(&history, line.text);
	assert_int_equal(line_key(&line, '\r'), LINE_ENTERED);
	line_clear(&line);
}

static void expect(const char *text, u32 at)
{
	assert_string_equal(line.text, text);
	assert_int_equal(line.len, strlen(text));
	assert_int_equal(line.at, at);
}

static void expect_shown(const char *text)
{
	char buf[LINE_SHOW_BYTES];
	size_t len = line_show(&line, buf);

	assert_string_equal(buf, text);
	assert_int_equal(len, strlen(text));
}

/* --- editing ---------------------------------------------------------------------------------- */

static void line_takes_characters(void **state)
{
	(void)state;
	expect_shown("");
	assert_int_equal(type("list"), LINE_APPENDED);
	expect("list", 4);
	expect_shown("list");
	assert_int_equal(type(LEFT LEFT "x"), LINE_CHANGED);
	expect("lixst", 3);
	expect_shown("lixst\033[2D");
	assert_int_equal(line_key(&line, 0x80), LINE_REFUSED);
	assert_int_equal(line_key(&line, 0x00), LINE_NOTHING);
	expect("lixst", 3);
}

static void line_moves_the_cursor(void **state)
{
	static const struct {
		const char *keys;
		u32 at;
	} moves[] = {
		{ "\001", 0 },
		{ "\005", 11 },
		{ "\001\006", 1 },
		{ "\002", 10 },
		{ HOME, 0 },
		{ END, 11 },
		{ "\033[1~", 0 },
		{ "\033[4~", 11 },
		{ "\033[7~", 0 },
		{ "\033[8~", 11 },
		{ "\033OH", 0 },
		{ "\033OF", 11 },
		{ "\033OD", 10 },
		{ HOME "\033OC", 1 },
		{ "\033b", 8 },
		{ "\033b\033b", 4 },
		{ HOME "\033f", 3 },
		{ "\033[1;5D", 8 },
		{ HOME "\033[1;5C", 3 },
		{ LEFT RIGHT, 11 },
		{ HOME "\033f\033f\033f\033f", 11 },
		{ "\033b\033b\033b\033b", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		line_clear(&line);
		type("one two thr");
		type(moves[i].keys);
		expect("one two thr", moves[i].at);
	}
	assert_int_equal(type(HOME LEFT), LINE_REFUSED);
	assert_int_equal(type(END RIGHT), LINE_REFUSED);
}

static void line_erases(void **state)
{
	(void)state;
	type("one two three");
	assert_int_equal(type("\b"), LINE_CHANGED);
	expect("one two thre", 12);
	type("\177");
	expect("one two thr", 11);
	type("\027"); /* ^W */
	expect("one two ", 8);
	type("\031"); /* ^Y */
	expect("one two thr", 11);
	type(HOME "\033[3~");
	expect("ne two thr", 0);
	type("\004"); /* ^D */
	expect("e two thr", 0);
	type(RIGHT "\013"); /* ^K */
	expect("e", 1);
	type("\031");
	expect("e two thr", 9);
	type(LEFT LEFT LEFT "\025"); /* ^U */
	expect("thr", 0);
	type("\033d");
	expect("", 0);
	type("a b\033\177");
	expect("a ", 2);
	assert_int_equal(type("\013"), LINE_REFUSED);
	assert_int_equal(type(HOME "\b"), LINE_REFUSED);
	assert_int_equal(type(END "\004"), LINE_REFUSED);
}

static void line_tells_of_keys(void **state)
{
	(void)state;
	assert_int_equal(type("a\t"), LINE_COMPLETE);
	assert_int_equal(type("\014"), LINE_REDRAW);
	assert_int_equal(type("\003"), LINE_INTERRUPTED);
	/* In the middle of a sequence too. */
	assert_int_equal(type("\033[\003"), LINE_INTERRUPTED);
	assert_int_equal(type("x"), LINE_APPENDED);
	assert_int_equal(type("\033[12\r"), LINE_ENTERED);
	assert_int_equal(type("y"), LINE_APPENDED);
}

static void line_ends_once_for_each_ending(void **state)
{
	(void)state;
	assert_int_equal(type("a\r"), LINE_ENTERED);
	assert_int_equal(type("\n"), LINE_NOTHING); /* CR LF */
	assert_int_equal(type("\n"), LINE_ENTERED);
	assert_int_equal(type("\n"), LINE_ENTERED);
	assert_int_equal(type("\r"), LINE_ENTERED);
	assert_int_equal(type("\r"), LINE_ENTERED);
	assert_int_equal(type("b"), LINE_APPENDED);
	assert_int_equal(type("\n"), LINE_ENTERED);
}

static void line_ignores_unknown_sequences(void **state)
{
	static const char *const unknown[] = { "\033[5~",    "\033[200~",     "\033[99999999999~",
					       "\033[?25h",  "\033[Z",	      "\033OP",
					       "\033z",	     "\033[1;2;3;4R", "\033[ q",
					       "\033\033[5~" };

	(void)state;
	type("word");
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_int_equal(type(unknown[i]), LINE_NOTHING);
	expect("word", 4);
	type("s");
	expect("words", 5);
}

static void line_refuses_what_does_not_fit(void **state)
{
	(void)state;
	for (u32 i = 0; i < LINE_BYTES - 1U; i++)
		assert_int_equal(type("x"), LINE_APPENDED);
	assert_int_equal(type("y"), LINE_REFUSED);
	assert_int_equal(line.len, LINE_BYTES - 1U);
	assert_int_equal(line.lost, 1);
	type("\025");
	assert_int_equal(line.len, 0);
	type("\031");
	assert_int_equal(line.len, LINE_BYTES - 1U);
	assert_int_equal(type("\031"), LINE_REFUSED);
	assert_int_equal(strspn(line.text, "x"), LINE_BYTES - 1U);
}

static void fill_line(u32 extra)
{
	line_clear(&line);
	for (u32 i = 0; i < LINE_BYTES - 1U + extra; i++)
		line_key(&line, 'x');
	assert_int_equal(line.len, LINE_BYTES - 1U);
	assert_int_equal(line.lost, extra);
}

/*
 * That characters were lost is not forgotten by moving the cursor, only by erasing: then the text
 * is what the person sees and wants.
 */
static void line_is_whole_again_when_it_is_cut_down(void **state)
{
	static const char *const cuts[] = { "\b",   "\177",	HOME "\004",  HOME "\033[3~",
					    "\027", "\033\177", HOME "\033d", HOME RIGHT "\013",
					    "\025" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		fill_line(3);
		type(HOME RIGHT END);
		assert_int_equal(line.lost, 3);
		type(cuts[i]);
		assert_int_equal(line.lost, 0);
		assert_true(line.len < LINE_BYTES - 1U);
	}
	fill_line(1);
	assert_int_equal(type(HOME "\b"), LINE_REFUSED);
	assert_int_equal(line.lost, 1);
}

static void line_of_the_history_has_lost_nothing(void **state)
{
	(void)state;
	enter("list");
	fill_line(2);
	type(UP);
	expect("list", 4);
	assert_int_equal(line.lost, 0);
	type(DOWN);
	assert_int_equal(line.len, LINE_BYTES - 1U);
	assert_int_equal(line.lost, 2);
}

static void line_of_a_script_takes_back_what_was_lost(void **state)
{
	(void)state;
	line.plain = true;
	fill_line(2);
	assert_int_equal(type("\b"), LINE_NOTHING);
	assert_int_equal(type("\177"), LINE_NOTHING);
	assert_int_equal(line.lost, 0);
	assert_int_equal(line.len, LINE_BYTES - 1U);
	assert_int_equal(type("\b"), LINE_CHANGED);
	assert_int_equal(line.len, LINE_BYTES - 2U);
}

/* Columns up to the cursor, and all that are shown. */
static void line_shows_a_window(void **state)
{
	char buf[LINE_SHOW_BYTES];

	(void)state;
	for (u32 i = 0; i < LINE_WINDOW + 20U; i++) {
		char c = (char)('a' + i % 26U);

		line_key(&line, (u8)c);
		line_show(&line, buf);
		assert_true(strlen(buf) < LINE_WINDOW);
		assert_int_equal(buf[strlen(buf) - 1U], c);
		assert_int_equal(buf[0], i < LINE_WINDOW - 1U ? 'a' : '<');
	}
	type(HOME);
	line_show(&line, buf);
	assert_int_equal(buf[0], 'a');
	assert_int_equal(buf[LINE_WINDOW - 1U], '>');
	assert_string_equal(buf + LINE_WINDOW, "\033[60D");
	/* The window shows every place of the cursor. */
	for (u32 at = 0; at < line.len; at++) {
		assert_int_equal(line.at, at);
		assert_true(line.at >= line.view && line.at < line.view + LINE_WINDOW);
		type(RIGHT);
		line_show(&line, buf);
	}
	assert_null(strchr(buf, '\033'));
	type("\025");
	expect_shown("");
}

static void line_in_script_mode_has_no_keys(void **state)
{
	(void)state;
	line.plain = true;
	type("a\tb\001\033[Ac");
	expect("a b[Ac", 6);
	type("\b\177");
	expect("a b[", 4);
	assert_int_equal(type("\003"), LINE_INTERRUPTED);
	assert_int_equal(type("\r"), LINE_ENTERED);
}

/* --- history ---------------------------------------------------------------------------------- */

static void history_goes_back_and_forth(void **state)
{
	(void)state;
	enter("one");
	enter("two");
	enter("two"); /* is kept once */
	enter("   "); /* is not kept */
	enter("three");
	type("draft");
	type(UP);
	expect("three", 5);
	type("\020"); /* ^P */
	expect("two", 3);
	type(UP);
	expect("one", 3);
	assert_int_equal(type(UP), LINE_REFUSED);
	expect("one", 3);
	type(DOWN);
	expect("two", 3);
	type("\016\016"); /* ^N */
	expect("draft", 5);
	assert_int_equal(type(DOWN), LINE_REFUSED);
	expect("draft", 5);
}

static void history_keeps_the_newest(void **state)
{
	char text[32];

	(void)state;
	for (u32 i = 0; i < HISTORY_LINES + 10U; i++) {
		snprintf(text, sizeof(text), "line %u", i);
		history_add(&history, text);
	}
	assert_true(HISTORY_LINES >= 32U);
	assert_string_equal(history_get(&history, 1), text);
	assert_string_equal(history_get(&history, HISTORY_LINES), "line 10");
	assert_null(history_get(&history, HISTORY_LINES + 1U));
	assert_null(history_get(&history, 0));
}

/* --- words ------------------------------------------------------------------------------------ */

static int split(const char *text, char **argv, const char **why)
{
	static char copy[LINE_BYTES];

	snprintf(copy, sizeof(copy), "%s", text);
	return words_split(copy, argv, why);
}

static void words_are_split(void **state)
{
	char *argv[WORDS_MAX + 1U];
	const char *why = NULL;

	(void)state;
	assert_int_equal(split("", argv, &why), 0);
	assert_null(argv[0]);
	assert_int_equal(split("  \t ", argv, &why), 0);
	assert_int_equal(split(" log  start\tlinux ", argv, &why), 3);
	assert_string_equal(argv[0], "log");
	assert_string_equal(argv[1], "start");
	assert_string_equal(argv[2], "linux");
	assert_null(argv[3]);
	assert_int_equal(split("a \"b c\"d \"\"", argv, &why), 3);
	assert_string_equal(argv[1], "b cd");
	assert_string_equal(argv[2], "");
	assert_int_equal(split("a \"b c", argv, &why), -1);
	assert_string_equal(why, "a quote (\") is not closed");
	assert_int_equal(split("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2",
			       argv, &why),
			 WORDS_MAX);
	assert_int_equal(split("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3",
			       argv, &why),
			 -1);
	assert_string_equal(why, "too many words: a line may have 32");
}

static void words_are_numbers(void **state)
{
	static const char *const bad[] = {
		"",   "x", "12x", "-1", "0x", "0xg", "18446744073709551616", "0x10000000000000000",
		" 1", "1 "
	};
	u64 n = 7;

	(void)state;
	assert_true(words_number("0", &n) && n == 0);
	assert_true(words_number("42", &n) && n == 42);
	assert_true(words_number("0xfF", &n) && n == 255);
	assert_true(words_number("18446744073709551615", &n) && n == UINT64_MAX);
	assert_true(words_number("0xffffffffffffffff", &n) && n == UINT64_MAX);
	n = 7;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(words_number(bad[i], &n));
	assert_int_equal(n, 7);
}

static u64 downtime;
static const char *slot;
static bool verify, has_slot;
static const struct option options[] = {
	{ "--downtime", "MS", &downtime, 1, 60000, NULL, NULL },
	{ "--slot", "NAME", NULL, 0, 0, &slot, &has_slot },
	{ "--verify", NULL, NULL, 0, 0, NULL, &verify },
};

/* Take the options out of @text. Return: words that are left; -1: refused, and @why says why. */
static int take(const char *text, char **argv, char *why, size_t size)
{
	const char *no = "";
	int argc = split(text, argv, &no);

	downtime = 300;
	slot = NULL;
	verify = false;
	has_slot = false;
	return words_options(&argc, argv, options, ARRAY_SIZE(options), why, size) ? argc : -1;
}

static void options_are_taken_out(void **state)
{
	char *argv[WORDS_MAX + 1U], why[120];

	(void)state;
	assert_int_equal(take("migrate linux to spare", argv, why, sizeof(why)), 4);
	assert_int_equal(downtime, 300);
	assert_false(verify);
	assert_int_equal(take("migrate --verify linux --downtime 50 to --slot=a=b spare", argv, why,
			      sizeof(why)),
			 4);
	assert_true(verify);
	assert_true(has_slot);
	assert_int_equal(downtime, 50);
	assert_string_equal(slot, "a=b");
	assert_string_equal(argv[0], "migrate");
	assert_string_equal(argv[1], "linux");
	assert_string_equal(argv[2], "to");
	assert_string_equal(argv[3], "spare");
	assert_null(argv[4]);
	assert_int_equal(take("a --downtime=7 -- --verify", argv, why, sizeof(why)), 2);
	assert_string_equal(argv[1], "--verify");
	assert_false(verify);
	assert_int_equal(downtime, 7);
}

static void wrong_options_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "a --nothing",
		  "unknown option --nothing; the options are --downtime, --slot, --verify" },
		{ "a --verifyx",
		  "unknown option --verifyx; the options are --downtime, --slot, --verify" },
		{ "a --verify=1", "--verify takes no value" },
		{ "a --downtime", "--downtime needs a value: --downtime MS" },
		{ "a --downtime=", "--downtime needs a value: --downtime MS" },
		{ "a --downtime x", "--downtime x: MS must be a number from 1 to 60000" },
		{ "a --downtime 0", "--downtime 0: MS must be a number from 1 to 60000" },
		{ "a --downtime 60001", "--downtime 60001: MS must be a number from 1 to 60000" },
	};
	char *argv[WORDS_MAX + 1U], why[120];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(take(bad[i].text, argv, why, sizeof(why)), -1);
		assert_string_equal(why, bad[i].why);
	}
}

static void completion_finds_what_is_common(void **state)
{
	static struct complete c;
	char common[COMPLETE_WORD];

	(void)state;
	complete_begin(&c, "re");
	assert_int_equal(complete_common(&c, common), 0);
	complete_add(&c, "list");
	assert_int_equal(c.nr, 0);
	complete_add(&c, "resume");
	assert_int_equal(complete_common(&c, common), 6);
	complete_add(&c, "reset");
	complete_add(&c, "reset");
	assert_int_equal(c.nr, 2);
	assert_int_equal(complete_common(&c, common), 3);
	assert_string_equal(common, "res");
	complete_add(&c, "restore-a-name-that-is-longer-than-any-candidate-may-be");
	assert_int_equal(c.nr, 2);
	complete_begin(&c, "");
	for (int i = 0; i < 200; i++) {
		char word[16];

		snprintf(word, sizeof(word), "w%d", i);
		complete_add(&c, word);
	}
	assert_int_equal(c.nr, COMPLETE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(line_takes_characters, setup),
		cmocka_unit_test_setup(line_moves_the_cursor, setup),
		cmocka_unit_test_setup(line_erases, setup),
		cmocka_unit_test_setup(line_tells_of_keys, setup),
		cmocka_unit_test_setup(line_ends_once_for_each_ending, setup),
		cmocka_unit_test_setup(line_ignores_unknown_sequences, setup),
		cmocka_unit_test_setup(line_refuses_what_does_not_fit, setup),
		cmocka_unit_test_setup(line_is_whole_again_when_it_is_cut_down, setup),
		cmocka_unit_test_setup(line_of_the_history_has_lost_nothing, setup),
		cmocka_unit_test_setup(line_of_a_script_takes_back_what_was_lost, setup),
		cmocka_unit_test_setup(line_shows_a_window, setup),
		cmocka_unit_test_setup(line_in_script_mode_has_no_keys, setup),
		cmocka_unit_test_setup(history_goes_back_and_forth, setup),
		cmocka_unit_test_setup(history_keeps_the_newest, setup),
		cmocka_unit_test(words_are_split),
		cmocka_unit_test(words_are_numbers),
		cmocka_unit_test(options_are_taken_out),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(completion_finds_what_is_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
