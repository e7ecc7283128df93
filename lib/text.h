/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building blocks of messages: sizes with units, lists that end in "...", text from outside, and
 * the known name that was probably meant.
 *
 * Builds for the host too. Everything is written into the caller's buffers.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <cleave/types.h>

/* Room for what text_size() writes, bytes */
#define TEXT_SIZE_LEN 24U

/**
 * text_size() - write a number of bytes the way people do: "4 KiB", "1.25 GiB", "4097 bytes"
 * @bytes: the number
 * @buf: receives the text
 *
 * The unit is the largest of which there is at least one. There are at most two decimals, rounded
 * down. Below 64 KiB the text is exact.
 *
 * Return: @buf.
 */
const char *text_size(u64 bytes, char buf[TEXT_SIZE_LEN]);

/**
 * text_append() - add to the text in @buf
 * @buf: NUL-terminated
 * @size: size of @buf, bytes
 * @fmt: as of str_format()
 *
 * Return: true when all of it fits; false when it does not, and then @buf is unchanged.
 */
bool text_append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * text_list() - add an item to the list in @buf, whose items ", " separates
 * @buf: NUL-terminated; empty: a list without items
 * @size: size of @buf, bytes, at least 6
 * @fmt: the item, as of str_format()
 *
 * Return: true; false when there is no room for the item: the list ends in "..." instead, and takes
 * no more.
 */
bool text_list(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Room for the ranges of a struct text_ranges, bytes */
#define TEXT_RANGES_LEN 96U

/**
 * struct text_ranges - numbers on their way into a text like "1-63, 70"; all zero: none yet
 * @nr: how many there are
 * @first, @last: the range that the next number may make longer
 * @text: the ranges before it
 * @cut: they end in "...": there is no room for more
 */
struct text_ranges {
	u32 nr;
	bool cut;
	u64 first;
	u64 last;
	char text[TEXT_RANGES_LEN];
};

/** text_ranges_add() - add a number. Those that come in order, up or down, make up ranges */
void text_ranges_add(struct text_ranges *r, u64 n);

/** text_ranges_end() - Return: the text; where it is too long it ends in "..." */
const char *text_ranges_end(struct text_ranges *r);

/**
 * text_clean() - copy text from outside so that it can be shown in a line
 * @buf: receives the copy, always NUL-terminated
 * @size: size of @buf, bytes
 * @text: NUL-terminated
 *
 * A character that is not printable ASCII becomes '?'. Text that does not fit ends in "...".
 */
void text_clean(char *buf, size_t size, const char *text);

/**
 * text_nearest() - find the known name that was probably meant
 * @name: what was written
 * @known: the known names
 * @n: how many there are
 *
 * Return: the known name with the smallest edit distance from @name (insertions, deletions and
 * exchanges of one character). NULL when that distance is more than a third of @name's length,
 * rounded up.
 */
const char *text_nearest(const char *name, const char *const *known, u32 n);

#endif
