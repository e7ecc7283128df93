/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text from a format, into a buffer and never past its end. The hypervisor, the tools and the
 * guests share it.
 */
#ifndef CLEAVE_FORMAT_H
#define CLEAVE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/**
 * str_format() - format into a buffer, as C's vsnprintf(), without floating point
 * @buf: where to; always ends in a NUL unless @size is 0
 * @size: bytes of @buf
 * @fmt: understands %d %i %u %x %X %o %c %s %p %% with flags `0`, `-`, `+`, ` `, `#`, width,
 * precision (also `*`), and h hh l ll z
 * @ap: arguments
 *
 * Return: the length of the whole text in bytes, without the NUL, even if it was cut to fit.
 */
size_t str_format(char *buf, size_t size, const char *fmt, va_list ap);

/** str_print() - str_format() with the arguments in place */
size_t str_print(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * str_append_format() - format behind a text, and cut what does not fit
 * @buf: holds a text; always ends in a NUL afterwards
 * @size: bytes of @buf, at least 1
 * @len: length of the text in bytes, below @size
 * @fmt, @ap: as of str_format()
 *
 * Return: the new length of the text in @buf, below @size, so that the next call can go on with it.
 */
size_t str_append_format(char *buf, size_t size, size_t len, const char *fmt, va_list ap);

/** str_append() - str_append_format() with the arguments in place */
size_t str_append(char *buf, size_t size, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
