/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's keys (core/console/console_keys.c): what the user types, and what of it is for the
 * guest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <cleave/errno.h>
#include "core/console/console_keys.h"

static const char *const names[] = { "manager", "linux", "linux2", "7", NULL, "spare" };

static const char *name_of(u32 i)
{
	return names[i];
}

static enum console_key last_key(const char *keys, u32 partitions, struct console_keys *k)
{
	enum console_key what = CONSOLE_KEY_IGNORE;

	*k = (struct console_keys){ 0 };
	for (; *keys != '\0'; keys++)
		what = console_keys_feed(k, (u8)*keys, partitions);
	return what;
}

static void understands_commands(void **state)
{
	static const struct {
		const char *keys;
		u32 partitions;
		enum console_key what;
		bool command;
		const char *text;
	} t[] = {
		{ "x", 2, CONSOLE_KEY_INPUT, false, "" },
		{ "\035", 2, CONSOLE_KEY_BEGIN, true, "" },
		{ "\035\035", 2, CONSOLE_KEY_INPUT, false, "" },
		{ "\035\035?", 2, CONSOLE_KEY_INPUT, false, "" },
		{ "\0351", 2, CONSOLE_KEY_SELECT, false, "1" },
		{ "\0359", 10, CONSOLE_KEY_SELECT, false, "9" },
		{ "\0351", 11, CONSOLE_KEY_MORE, true, "1" },
		{ "\03510\r", 11, CONSOLE_KEY_SELECT, false, "10" },
		{ "\035l", 2, CONSOLE_KEY_MORE, true, "l" },
		{ "\035l2", 2, CONSOLE_KEY_MORE, true, "l2" },
		{ "\035linux\r", 2, CONSOLE_KEY_SELECT, false, "linux" },
		{ "\035linux\n", 2, CONSOLE_KEY_SELECT, false, "linux" },
		{ "\035li\177\b\bm\r", 2, CONSOLE_KEY_SELECT, false, "m" },
		{ "\035\177", 2, CONSOLE_KEY_IGNORE, true, "" },
		{ "\035l\177", 2, CONSOLE_KEY_LESS, true, "" },
		{ "\035\r", 2, CONSOLE_KEY_CANCEL, false, "" },
		{ "\035li\033", 2, CONSOLE_KEY_CANCEL, false, "li" },
		{ "\035li\003", 2, CONSOLE_KEY_CANCEL, false, "li" },
		{ "\035li\035", 2, CONSOLE_KEY_CANCEL, false, "li" },
		{ "\035li\035x", 2, CONSOLE_KEY_INPUT, false, "li" },
		{ "\035?", 2, CONSOLE_KEY_HELP, false, "" },
		{ "\035li?", 2, CONSOLE_KEY_HELP, false, "li" },
		{ "\035 ", 2, CONSOLE_KEY_IGNORE, true, "" },
		{ "\035\201", 2, CONSOLE_KEY_IGNORE, true, "" },
	};
	struct console_keys k;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(last_key(t[i].keys, t[i].partitions, &k), t[i].what);
		assert_int_equal(k.command, t[i].command);
		assert_string_equal(k.text, t[i].text);
	}
}

static void gives_every_other_key_to_the_guest(void **state)
{
	struct console_keys k = { 0 };

	(void)state;
	for (unsigned int c = 0; c < 256; c++) {
		if (c != CONSOLE_ESCAPE)
			assert_int_equal(console_keys_feed(&k, (u8)c, 2), CONSOLE_KEY_INPUT);
	}
}

static void takes_no_more_than_a_name(void **state)
{
	struct console_keys k = { 0 };

	(void)state;
	(void)console_keys_feed(&k, CONSOLE_ESCAPE, 2);
	for (unsigned int i = 0; i < CONSOLE_KEYS_MAX; i++)
		assert_int_equal(console_keys_feed(&k, 'n', 2), CONSOLE_KEY_MORE);
	assert_int_equal(console_keys_feed(&k, 'n', 2), CONSOLE_KEY_IGNORE);
	assert_int_equal(strlen(k.text), CONSOLE_KEYS_MAX);
}

static void finds_partitions(void **state)
{
	static const struct {
		const char *text;
		s32 found;
	} t[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "005", 5 },
		{ "manager", 0 },
		{ "m", 0 },
		{ "linux", 1 }, /* a whole name goes before a beginning */
		{ "linux2", 2 },
		{ "l", CLV_ERR_EXISTS },
		{ "7", 3 }, /* no partition has that number, but one has the name */
		{ "6", CLV_ERR_NOTFOUND },
		{ "linux3", CLV_ERR_NOTFOUND },
		{ "99999999999999999999999", CLV_ERR_NOTFOUND },
		{ "4294967297", CLV_ERR_NOTFOUND },
		{ "", CLV_ERR_NOTFOUND },
		{ "1x", CLV_ERR_NOTFOUND },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(console_keys_find(t[i].text, 6, name_of), t[i].found);
	assert_int_equal(console_keys_find("0", 0, name_of), CLV_ERR_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_commands),
		cmocka_unit_test(gives_every_other_key_to_the_guest),
		cmocka_unit_test(takes_no_more_than_a_name),
		cmocka_unit_test(finds_partitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
