/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for messages about a configuration: sizes with units, lists of numbers, the nearest known name.
 *
 * Builds for the host too. Everything is written into buffers of the caller's; nothing is ever cut without "..." to say so.
 */
#ifndef CORE_CONFIG_TEXT_H
#define CORE_CONFIG_TEXT_H

#include <cleave/types.h>

#define CONFIG_SIZE_LEN 24U

/**
 * config_text_size() - a number of bytes as people write it: "4 KiB", "1.25 GiB", "4097 bytes"
 *
 * At most two decimals, rounded down; the unit is the largest of which there is at least one. Below 64 KiB all is exact.
 *
 * Return: @buf.
 */
const char *config_text_size(u64 bytes, char buf[CONFIG_SIZE_LEN]);

/**
 * config_text_append() - add to the text in @buf
 * @buf: NUL-terminated
 * @size: bytes of @buf
 * @fmt: as of str_format()
 *
 * Return: true when all of it was added; false when there was no room, and @buf is as before.
 */
bool config_text_append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * config_text_clean() - copy untrusted text so that it can be shown in a line
 * @buf: where to; always NUL-terminated
 * @size: bytes of @buf
 * @text: NUL-terminated
 *
 * What cannot be printed becomes '?', and what does not fit ends in "...".
 */
void config_text_clean(char *buf, size_t size, const char *text);

/**
 * config_text_nearest() - which of some names was probably meant
 * @name: what was written
 * @known: names
 * @n: how many
 *
 * Return: the name with the smallest edit distance (insertions, deletions, exchanges of a character) from @name, when
 * that is at most a third of its length, rounded up; NULL when none is near.
 */
const char *config_text_nearest(const char *name, const char *const *known, u32 n);

#endif
