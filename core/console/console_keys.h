/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user types: input for the partition in focus, or a command behind Ctrl-]. Builds for the
 * host too.
 *
 *   Ctrl-] <number>        focus on the partition of this number; with ten partitions or fewer at once, else with Enter
 *   Ctrl-] <name> Enter    focus on the partition of this name, or the only one whose name begins so
 *   Ctrl-] ?               explain, and list the partitions
 *   Ctrl-] Ctrl-]          send a Ctrl-] to the partition in focus
 *   Ctrl-] Esc             nothing (also Ctrl-C, Ctrl-D, or Enter with nothing before it)
 *
 * Nothing here takes a lock: the caller holds the console's.
 */
#ifndef CORE_CONSOLE_KEYS_H
#define CORE_CONSOLE_KEYS_H

#include <cleave/types.h>

#define CONSOLE_ESCAPE	 0x1dU /* Ctrl-] */
#define CONSOLE_KEYS_MAX 31U   /* longest name, bytes */

/**
 * struct console_keys - where the user stands
 * @command: inside a command
 * @len: characters of the number or name so far
 * @text: they, NUL-terminated
 */
struct console_keys {
	bool command;
	u32 len;
	char text[CONSOLE_KEYS_MAX + 1U];
};

/* What a key means */
enum console_key {
	CONSOLE_KEY_INPUT,  /* give it to the partition in focus */
	CONSOLE_KEY_BEGIN,  /* a command begins */
	CONSOLE_KEY_MORE,   /* the number or name has grown by this character */
	CONSOLE_KEY_LESS,   /* it has lost its last character */
	CONSOLE_KEY_IGNORE, /* means nothing here */
	CONSOLE_KEY_CANCEL, /* the command is over, and there is nothing to do */
	CONSOLE_KEY_HELP,   /* the command is over: explain */
	CONSOLE_KEY_SELECT, /* the command is over: focus on what @text says */
};

/**
 * console_keys_feed() - the user has pressed a key
 * @c: the character
 * @partitions: how many there are
 *
 * Return: what to do.
 */
enum console_key console_keys_feed(struct console_keys *k, u8 c, u32 partitions);

/**
 * console_keys_find() - which partition a number or a name means
 * @text: what the user typed; a number of a partition goes before a name
 * @name: tells the name of partition @i, below @partitions; NULL when it has none
 *
 * Return: its number; CLV_ERR_NOTFOUND: none, CLV_ERR_EXISTS: several begin so.
 */
s32 console_keys_find(const char *text, u32 partitions, const char *(*name)(u32 i));

#endif
