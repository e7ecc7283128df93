/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words, numbers and options of a line that a person typed.
 *
 * Builds for the host too. Nothing here looks beyond the text that it is given.
 */
#ifndef GUESTS_MANAGER_WORDS_H
#define GUESTS_MANAGER_WORDS_H

#include "guests/lib/guest.h"

#define WORDS_MAX 32U

/**
 * words_split() - cut a line into words, in place
 * @line: is overwritten. Spaces and tabs separate words; `"` around a word, or a part of one, keeps
 *	the spaces in it and is taken out
 * @argv: WORDS_MAX + 1 entries; the entry after the last word becomes NULL
 * @why: on failure, a static text that says what is wrong
 * Return: the number of words; -1 when there are too many or a quote is not closed.
 */
int words_split(char *line, char **argv, const char **why);

/**
 * words_number() - read a number, decimal or hexadecimal with 0x
 * Return: true when all of @text is one number of 64 bits, which is then in @value.
 */
bool words_number(const char *text, u64 *value);

/**
 * struct option - an option of a command: `--NAME`, `--NAME VALUE` or `--NAME=VALUE`
 * @name: with its two hyphens
 * @unit: what messages call its value ("MS"); NULL when the option has no value
 * @number: where a value goes that must be a number from @min to @max; NULL otherwise
 * @text: where the value goes as it was typed; may be NULL
 * @given: becomes true when the option is there; may be NULL
 */
struct option {
	const char *name;
	const char *unit;
	u64 *number;
	u64 min;
	u64 max;
	const char **text;
	bool *given;
};

/**
 * words_options() - take the options out of @argv, wherever they stand
 * @argc: in: the number of words; out: the number of words left. argv[*argc] becomes NULL
 * @why: on failure, says what is wrong; @size bytes
 *
 * A word `--` ends the options: it is taken out, and what follows it is left as it is. The
 * variables of an option that is not there are left as they were.
 * Return: true when every option was understood.
 */
bool words_options(int *argc, char **argv, const struct option *options, u32 nr, char *why,
		   size_t size);

#endif
