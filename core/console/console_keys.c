/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands that begin with Ctrl-]: a state machine that is fed with characters. It must never
 * keep a character that is meant for a guest.
 */
#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/console/console_keys.h"

#define KEY_ETX 0x03U /* Ctrl-C */
#define KEY_EOT 0x04U /* Ctrl-D */
#define KEY_BS	0x08U
#define KEY_ESC 0x1bU
#define KEY_DEL 0x7fU

static bool console_keys_is_digit(u8 c)
{
	return c >= '0' && c <= '9';
}

static enum console_key console_keys_end(struct console_keys *k, enum console_key what)
{
	k->command = false;
	return what;
}

static enum console_key console_keys_less(struct console_keys *k)
{
	if (k->len == 0U)
		return CONSOLE_KEY_IGNORE;
	k->text[--k->len] = '\0';
	return CONSOLE_KEY_LESS;
}

static enum console_key console_keys_more(struct console_keys *k, u8 c, u32 partitions)
{
	if (k->len == CONSOLE_KEYS_MAX)
		return CONSOLE_KEY_IGNORE;
	k->text[k->len++] = (char)c;
	k->text[k->len] = '\0';
	if (k->len == 1U && console_keys_is_digit(c) && partitions <= 10U)
		return console_keys_end(k, CONSOLE_KEY_SELECT);
	return CONSOLE_KEY_MORE;
}

static enum console_key console_keys_command(struct console_keys *k, u8 c, u32 partitions)
{
	switch (c) {
	case CONSOLE_ESCAPE:
		return console_keys_end(k, k->len == 0U ? CONSOLE_KEY_INPUT : CONSOLE_KEY_CANCEL);
	case '?':
		return console_keys_end(k, CONSOLE_KEY_HELP);
	case '\r':
	case '\n':
		return console_keys_end(k, k->len == 0U ? CONSOLE_KEY_CANCEL : CONSOLE_KEY_SELECT);
	case KEY_ETX:
	case KEY_EOT:
	case KEY_ESC:
		return console_keys_end(k, CONSOLE_KEY_CANCEL);
	case KEY_BS:
	case KEY_DEL:
		return console_keys_less(k);
	default:
		return c > ' ' && c < KEY_DEL ? console_keys_more(k, c, partitions)
					      : CONSOLE_KEY_IGNORE;
	}
}

enum console_key console_keys_feed(struct console_keys *k, u8 c, u32 partitions)
{
	if (k->command)
		return console_keys_command(k, c, partitions);
	if (c != CONSOLE_ESCAPE)
		return CONSOLE_KEY_INPUT;
	k->command = true;
	k->len = 0;
	k->text[0] = '\0';
	return CONSOLE_KEY_BEGIN;
}

/* Return: the number that @text is; @none when it is no number, or not below @none */
static u32 console_keys_number(const char *text, u32 none)
{
	u32 n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (!console_keys_is_digit((u8)*p) || n >= none)
			return none;
		n = n * 10U + (u32)(*p - '0');
	}
	return *text == '\0' ? none : MIN(n, none);
}

s32 console_keys_find(const char *text, u32 partitions, const char *(*name)(u32 i))
{
	s32 found = CLV_ERR_NOTFOUND;
	size_t len = strlen(text);
	u32 number = console_keys_number(text, partitions);

	if (number < partitions)
		return (s32)number;
	if (len == 0U)
		return CLV_ERR_NOTFOUND;
	for (u32 i = 0; i < partitions; i++) {
		const char *candidate = name(i);

		if (candidate == NULL || strncmp(candidate, text, len) != 0)
			continue;
		if (candidate[len] == '\0')
			return (s32)i;
		found = found == CLV_ERR_NOTFOUND ? (s32)i : CLV_ERR_EXISTS;
	}
	return found;
}
