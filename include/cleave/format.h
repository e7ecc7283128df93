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
 * str_format() - format into a buffer as C's vsnprintf() does, without floating point
 * @buf: receives the text; always ends in a NUL unless @size is 0
 * @size: size of @buf, bytes
 * @fmt: conversions %d %i %u %x %X %o %c %s %p %%, with flags `0`, `-`, `+`, ` `, `#`, a width, a
 * precision (either also `*`), and a length h hh l ll j z t
 * @ap: arguments
 *
 * Return: the length of the whole text in bytes, without the NUL, even if it was cut to fit.
 */
size_t str_format(char *buf, size_t size, const char *fmt, va_list ap);

/** str_print() - do str_format() with the arguments in the call */
size_t str_print(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * str_append_format() - add formatted text to a text, and cut what does not fit
 * @buf: holds a text; always ends in a NUL afterwards
 * @size: size of @buf, bytes, at least 1
 * @len: length of the text in @buf, bytes, below @size
 * @fmt, @ap: as of str_format()
 *
 * Return: the new length of the text in @buf, below @size, so that the next call can go on with it.
 */
size_t str_append_format(char *buf, size_t size, size_t len, const char *fmt, va_list ap);

/** str_append() - do str_append_format() with the arguments in the call */
size_t str_append(char *buf, size_t size, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
