/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own boot arguments: words `cleave.NAME=VALUE` of /chosen/bootargs.
 *
 * One table (core/machine/probe/boot_args.c) names them all, and the command line is read once, at
 * boot. Builds for the host too, so that tools and `make check` see the same table.
 */
#ifndef CORE_BOOT_ARGS_H
#define CORE_BOOT_ARGS_H

#include <cleave/types.h>

#define BOOT_ARG_PREFIX	     "cleave."
#define BOOT_ARG_TEXT_LEN    32U /* bytes of the longest text that is a value, NUL included */
#define BOOT_ARG_COLUMNS_MIN 40U /* a partition's name, and some text */
#define BOOT_ARG_COLUMNS_MAX 1000U
#define BOOT_ARG_LINE_LEN    256U /* bytes of the longest complaint, NUL included */

/**
 * struct boot_args - what the command line says; read-only once it has been read
 * @log: "cleave.log": the highest level that printk() prints, 0 (errors) to 3 (debugging)
 * @eager_page_split: "cleave.eager_page_split": 1 when a dirty log splits huge leaves at its start,
 * for partitions and calls that do not say
 * @columns: "cleave.columns": how wide a row of a partition's output may be
 * @focus: "cleave.focus": name or number of the partition that gets the input first; "": not given
 */
struct boot_args {
	u32 log;
	u32 eager_page_split;
	u32 columns;
	char focus[BOOT_ARG_TEXT_LEN];
};

/* The defaults of Kconfig, until core/boot/ has read the command line */
extern struct boot_args boot_args;

enum boot_arg_kind {
	BOOT_ARG_WORD,	 /* one of some words */
	BOOT_ARG_TEXT,	 /* any text of 1 to BOOT_ARG_TEXT_LEN - 1 characters */
	BOOT_ARG_NUMBER, /* a number */
};

/**
 * struct boot_arg - a row of the table
 * @name: with BOOT_ARG_PREFIX
 * @kind: what a value is
 * @member: offset in struct boot_args of a u32 (WORD, NUMBER) or of the text (TEXT)
 * @words: WORD: word number n means n; NULL ends the list
 * @numbers: WORD: the number may be written instead of the word
 * @min, @max: NUMBER: the least and the greatest
 * @normal: WORD, NUMBER: what counts when the argument is not given
 * @kconfig: the option of Kconfig that @normal comes from; NULL: none
 * @help: what the argument is for, in a sentence; NULL in the hypervisor, which does not show it
 */
struct boot_arg {
	const char *name;
	enum boot_arg_kind kind;
	size_t member;
	const char *const *words;
	bool numbers;
	u32 min;
	u32 max;
	u32 normal;
	const char *kconfig;
	const char *help;
};

/**
 * boot_arg_row() - Return: row number @i of the table, in the order of names; NULL after the last
 */
const struct boot_arg *boot_arg_row(u32 i);

/**
 * boot_arg_allowed() - write which values an argument may have, as in "off, on"
 * @buf: receives the text; @size: its bytes
 *
 * Return: @buf.
 */
const char *boot_arg_allowed(const struct boot_arg *arg, char *buf, size_t size);

/** boot_arg_default() - write the default of an argument; nothing for a text */
void boot_arg_default(const struct boot_arg *arg, char *buf, size_t size);

/** boot_args_say_fn - receives each complaint about the command line, a line without newline */
typedef void (*boot_args_say_fn)(const char *line);

/**
 * boot_args_parse() - read a command line
 * @line: words between blanks; those that do not begin with BOOT_ARG_PREFIX are left to others
 * @out: receives the value of each argument, and the default of one that is not given or is bad. It
 * is complete before the first complaint, so that @say may look there whether to print
 * @say: told of each unknown name, with the nearest known one, and of each bad value
 *
 * The last of several words for one argument counts, so that a user can add to a line that the
 * firmware has stored.
 */
void boot_args_parse(const char *line, struct boot_args *out, boot_args_say_fn say);

#endif
