/* SPDX-License-Identifier: BSD-2-Clause */
/* A line's words, numbers and options. Builds for the host too; what a person typed never reaches further than its text. */
#ifndef GUESTS_MANAGER_WORDS_H
#define GUESTS_MANAGER_WORDS_H

#include "guests/lib/guest.h"

#define WORDS_MAX 32U

/**
 * words_split() - cut @line into words at spaces and tabs, in place; `"` around a word or a part of it keeps its spaces
 * @argv: WORDS_MAX + 1 entries; the one behind the last word becomes NULL
 * @why: gets a static text when it cannot be cut
 * Return: number of words, or -1: too many, or a quote that is not closed.
 */
int words_split(char *line, char **argv, const char **why);

/** words_number() - decimal, or hexadecimal with 0x. Return: @text is a number, whole, and fits; then @value has it */
bool words_number(const char *text, u64 *value);

/**
 * struct option - an option that a command takes: `--NAME`, or `--NAME VALUE`, or `--NAME=VALUE`
 * @name: with its two hyphens
 * @unit: what its value is called in messages ("MS"); NULL: it has none
 * @number: where the value goes, @min to @max; NULL when @text takes it as it is, or when there is none
 * @text: where the value goes as it was typed, or NULL
 * @given: becomes true when it is there, or NULL
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
 * words_options() - take the options out of @argv wherever they stand (not behind a word `--`, which is taken out too)
 * @argc: in: words; out: words that are left, argv[*argc] is NULL
 * @why: a buffer of @size bytes for what was wrong
 * Return: all were understood. What was not given is left as it was.
 */
bool words_options(int *argc, char **argv, const struct option *options, u32 nr, char *why,
		   size_t size);

#endif
