/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user types: input for the partition in focus, or a command that begins with Ctrl-].
 * Builds for the host too.
 *
 *   Ctrl-] NUMBER        give the focus to the partition of this number; with up to ten
 *                        partitions at once, with more after Enter
 *   Ctrl-] NAME Enter    give it to the partition of this name; the beginning of the name is
 *                        enough if only one partition's name begins so
 *   Ctrl-] ?             explain, and list the partitions
 *   Ctrl-] Ctrl-]        send a Ctrl-] to the partition in focus
 *   Ctrl-] Esc           do nothing (also Ctrl-C, Ctrl-D, or Enter without a number or a name)
 *
 * Nothing here takes a lock: the caller holds the console's.
 */
#ifndef CORE_CONSOLE_KEYS_H
#define CORE_CONSOLE_KEYS_H

#include <cleave/types.h>

#define CONSOLE_ESCAPE	 0x1dU /* Ctrl-] */
#define CONSOLE_KEYS_MAX 31U   /* longest name, bytes */

/**
 * struct console_keys - what the user has typed of a command
 * @command: a command has begun, and is not over
 * @len: bytes of @text, without the NUL
 * @text: the number or name so far
 */
struct console_keys {
	bool command;
	u32 len;
	char text[CONSOLE_KEYS_MAX + 1U];
};

/* What a key means */
enum console_key {
	CONSOLE_KEY_INPUT,  /* it goes to the partition in focus */
	CONSOLE_KEY_BEGIN,  /* a command begins */
	CONSOLE_KEY_MORE,   /* the number or name has grown by this character */
	CONSOLE_KEY_LESS,   /* the number or name has lost its last character */
	CONSOLE_KEY_IGNORE, /* it means nothing here */
	CONSOLE_KEY_CANCEL, /* the command is over, and there is nothing to do */
	CONSOLE_KEY_HELP,   /* the command is over: explain */
	CONSOLE_KEY_SELECT, /* the command is over: give the focus to what @text names */
};

/**
 * console_keys_feed() - the user has pressed a key
 * @k: what came before
 * @c: the character
 * @partitions: how many partitions there are
 *
 * Return: what the key means
 */
enum console_key console_keys_feed(struct console_keys *k, u8 c, u32 partitions);

/**
 * console_keys_find() - find the partition that a number or a name means
 * @text: what the user typed; if it is the number of a partition, it means that one
 * @partitions: how many partitions there are
 * @name: returns the name of partition @i, which is below @partitions; NULL when it has none
 *
 * Return: the partition's number; CLV_ERR_NOTFOUND when there is none, CLV_ERR_EXISTS when @text is
 * only the beginning of several names
 */
s32 console_keys_find(const char *text, u32 partitions, const char *(*name)(u32 i));

#endif
