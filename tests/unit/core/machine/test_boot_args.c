/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot arguments (core/machine/probe/boot_args.c): values, defaults, and what is said of bad
 * ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/machine/boot_args.h"

#define LINES 8

static char said[LINES][BOOT_ARG_LINE_LEN];
static unsigned int nr_said;
static struct boot_args args;

static void say(const char *line)
{
	assert_true(nr_said < LINES);
	snprintf(said[nr_said++], sizeof(said[0]), "%s", line);
}

/* A copy of the line is parsed, so that the sanitiser sees a read after its end. */
static void parse(const char *line)
{
	char *copy = strdup(line);

	assert_non_null(copy);
	nr_said = 0;
	memset(&args, 0xa5, sizeof(args));
	boot_args_parse(copy, &args, say);
	free(copy);
}

static void expect_defaults(void)
{
	assert_int_equal(args.log, boot_args.log);
	assert_int_equal(args.eager_page_split, boot_args.eager_page_split);
	assert_int_equal(args.columns, boot_args.columns);
	assert_string_equal(args.focus, "");
}

static void test_an_empty_line_gives_the_defaults(void **state)
{
	static const char *const lines[] = { "", " ", "\t  ", "quiet root=/dev/vda cleave log=3" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		parse(lines[i]);
		expect_defaults();
		assert_int_equal(nr_said, 0);
	}
}

static void test_each_argument_is_read(void **state)
{
	(void)state;
	parse("cleave.log=debug \tcleave.focus=two  cleave.eager_page_split=off");
	assert_int_equal(args.log, 3);
	assert_int_equal(args.eager_page_split, 0);
	assert_string_equal(args.focus, "two");
	assert_int_equal(nr_said, 0);
	parse("cleave.eager_page_split=on cleave.log=error");
	assert_int_equal(args.eager_page_split, 1);
	assert_int_equal(args.log, 0);
}

static void test_a_level_may_be_a_number(void **state)
{
	static const char *const words[] = { "error", "warning", "info", "debug" };
	char line[32];

	(void)state;
	for (u32 i = 0; i < 4U; i++) {
		snprintf(line, sizeof(line), "cleave.log=%u", i);
		parse(line);
		assert_int_equal(args.log, i);
		snprintf(line, sizeof(line), "cleave.log=%s", words[i]);
		parse(line);
		assert_int_equal(args.log, i);
		assert_int_equal(nr_said, 0);
	}
	/* A switch may not be a number. */
	parse("cleave.eager_page_split=1");
	assert_int_equal(nr_said, 1);
}

static void test_a_number_has_bounds(void **state)
{
	static const char *const bad[] = {
		"39", "1001", "4294967376", "0x50", "-80", "80x", "8 0"
	};
	char line[64];

	(void)state;
	parse("cleave.columns=40");
	assert_int_equal(args.columns, 40);
	parse("cleave.columns=0001000");
	assert_int_equal(args.columns, 1000);
	assert_int_equal(nr_said, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(line, sizeof(line), "cleave.columns=%s", bad[i]);
		parse(line);
		assert_int_equal(nr_said, 1);
		expect_defaults();
	}
	parse("cleave.columns=20");
	snprintf(line, sizeof(line), "the default is used: %u", boot_args.columns);
	assert_non_null(strstr(said[0], "\"20\" is not known; allowed: 40 to 1000; "));
	assert_non_null(strstr(said[0], line));
}

static void test_the_last_of_several_counts(void **state)
{
	(void)state;
	parse("cleave.log=bogus cleave.log=1 cleave.focus=one cleave.log=debug cleave.focus=two");
	assert_int_equal(args.log, 3);
	assert_string_equal(args.focus, "two");
	assert_int_equal(nr_said, 0);
	/* If the last one is bad, the default counts, as if it stood there alone. */
	parse("cleave.log=debug cleave.log=bogus");
	assert_int_equal(args.log, boot_args.log);
	assert_int_equal(nr_said, 1);
}

static void test_a_bad_value_is_said_with_what_is_allowed(void **state)
{
	char want[BOOT_ARG_LINE_LEN];

	(void)state;
	parse("cleave.log=7 cleave.eager_page_split=maybe");
	expect_defaults();
	assert_int_equal(nr_said, 2);
	snprintf(want, sizeof(want),
		 "boot argument cleave.eager_page_split: \"maybe\" is not known; allowed: off, on; "
		 "the default is used: %s",
		 boot_args.eager_page_split != 0U ? "on" : "off");
	assert_string_equal(said[0], want);
	snprintf(want, sizeof(want),
		 "boot argument cleave.log: \"7\" is not known; allowed: error, warning, info, "
		 "debug "
		 "or 0 to 3; the default is used: %s",
		 (const char *[]){ "error", "warning", "info", "debug" }[boot_args.log]);
	assert_string_equal(said[1], want);
}

static void test_a_word_is_compared_whole(void **state)
{
	static const char *const lines[] = { "cleave.log=inf", "cleave.log=infos",
					     "cleave.log=10",  "cleave.log=4",
					     "cleave.log=-1",  "cleave.log=INFO",
					     "cleave.log==2",  "cleave.eager_page_split=o" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		parse(lines[i]);
		expect_defaults();
		assert_int_equal(nr_said, 1);
		assert_non_null(strstr(said[0], "is not known; allowed: "));
	}
}

static void test_a_text_has_a_longest_length(void **state)
{
	(void)state;
	parse("cleave.focus=0123456789012345678901234567890");
	assert_string_equal(args.focus, "0123456789012345678901234567890");
	assert_int_equal(nr_said, 0);
	parse("cleave.focus=01234567890123456789012345678901");
	expect_defaults();
	assert_int_equal(nr_said, 1);
	assert_string_equal(said[0],
			    "boot argument cleave.focus: "
			    "\"01234567890123456789012345678901\" is too long; allowed: 1 to "
			    "31 characters; the default is used");
}

static void test_a_value_that_is_missing_is_said(void **state)
{
	(void)state;
	parse("cleave.focus cleave.log= cleave.focus=a cleave.focus=");
	assert_string_equal(args.focus, "a");
	assert_int_equal(nr_said, 3);
	assert_string_equal(said[0], "boot argument cleave.focus: it needs a value: "
				     "cleave.focus=...; allowed: 1 to 31 characters");
	assert_string_equal(said[1],
			    "boot argument cleave.log: it needs a value: cleave.log=...; allowed: "
			    "error, warning, info, debug or 0 to 3");
}

static void test_an_unknown_name_is_said_with_the_nearest(void **state)
{
	static const char known[] =
		"; known: cleave.columns, cleave.eager_page_split, cleave.focus, cleave.log";
	static const struct {
		const char *line;
		const char *said;
	} cases[] = {
		{ "cleave.eager_page_splt=on", "boot argument cleave.eager_page_splt: unknown, "
					       "perhaps cleave.eager_page_split was meant" },
		{ "cleave.eager", "boot argument cleave.eager: unknown, perhaps "
				  "cleave.eager_page_split was meant" },
		{ "cleave.lag=1",
		  "boot argument cleave.lag: unknown, perhaps cleave.log was meant" },
		{ "cleave.zzzzzzzzzzzzzzzzzz=1",
		  "boot argument cleave.zzzzzzzzzzzzzzzzzz: unknown" },
		{ "cleave.log\x1b[2J=1",
		  "boot argument cleave.log?[2J: unknown, perhaps cleave.log "
		  "was meant" },
	};
	char want[BOOT_ARG_LINE_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse(cases[i].line);
		expect_defaults();
		assert_int_equal(nr_said, 1);
		snprintf(want, sizeof(want), "%s%s", cases[i].said, known);
		assert_string_equal(said[0], want);
	}
}

static void test_a_long_word_is_cut_where_it_is_shown(void **state)
{
	static char line[5000];

	(void)state;
	memset(line, 'a', sizeof(line) - 1U);
	memcpy(line, "cleave.", 7);
	parse(line);
	assert_int_equal(nr_said, 1);
	assert_true(strlen(said[0]) < 176U);
	memcpy(line, "cleave.log=", 11);
	parse(line);
	expect_defaults();
	assert_int_equal(nr_said, 1);
	assert_non_null(strstr(said[0], "...\" is not known"));
}

/* Whatever a line holds, the values are allowed ones. */
static void test_random_lines(void **state)
{
	static const char *const pieces[] = { "cleave.", "log",	   "focus", "eager_page_split",
					      "=",	 " ",	   "on",    "off",
					      "3",	 "debug",  "x",	    "\t",
					      "==",	 "cleave", "\x80" };
	char line[256];

	(void)state;
	srand(1);
	for (int n = 0; n < 20000; n++) {
		size_t len = 0;

		line[0] = '\0';
		for (int i = rand() % 16; i > 0; i--) {
			const char *piece = pieces[(size_t)rand() % ARRAY_SIZE(pieces)];

			memcpy(line + len, piece, strlen(piece) + 1U);
			len += strlen(piece);
		}
		parse(line);
		assert_true(args.log <= 3U);
		assert_true(args.eager_page_split <= 1U);
		assert_in_range(args.columns, BOOT_ARG_COLUMNS_MIN, BOOT_ARG_COLUMNS_MAX);
		assert_true(strlen(args.focus) < sizeof(args.focus));
	}
}

/* Tools and documents rely on this. */
static void test_the_table_is_complete(void **state)
{
	char allowed[64];
	u32 n = 0;

	(void)state;
	for (const struct boot_arg *arg; (arg = boot_arg_row(n)) != NULL; n++) {
		const struct boot_arg *next = boot_arg_row(n + 1U);

		assert_int_equal(strncmp(arg->name, BOOT_ARG_PREFIX, strlen(BOOT_ARG_PREFIX)), 0);
		assert_non_null(arg->help);
		assert_true(strlen(boot_arg_allowed(arg, allowed, sizeof(allowed))) > 0U);
		assert_true(next == NULL || strcmp(arg->name, next->name) < 0);
		if (arg->kind == BOOT_ARG_WORD)
			assert_non_null(arg->words[arg->normal]);
	}
	assert_true(n > 0U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_line_gives_the_defaults),
		cmocka_unit_test(test_each_argument_is_read),
		cmocka_unit_test(test_a_level_may_be_a_number),
		cmocka_unit_test(test_a_number_has_bounds),
		cmocka_unit_test(test_the_last_of_several_counts),
		cmocka_unit_test(test_a_bad_value_is_said_with_what_is_allowed),
		cmocka_unit_test(test_a_word_is_compared_whole),
		cmocka_unit_test(test_a_text_has_a_longest_length),
		cmocka_unit_test(test_a_value_that_is_missing_is_said),
		cmocka_unit_test(test_an_unknown_name_is_said_with_the_nearest),
		cmocka_unit_test(test_a_long_word_is_cut_where_it_is_shown),
		cmocka_unit_test(test_random_lines),
		cmocka_unit_test(test_the_table_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
