/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hypervisor says: one call, one line, prefixed `cleave| ` on the console.
 *
 * printk() is declared here so that every part can speak, and defined by core/console/printk.c (by the test harness on
 * the host). It never blocks for longer than the line takes, and never loses a line.
 */
#ifndef CLEAVE_PRINTK_H
#define CLEAVE_PRINTK_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Put before a format: from which value of `cleave.log` on the line is said. Without one it always is: errors, and what
 * the user asked for or must know.
 */
#define PRINTK_WARNING "\001"
#define PRINTK_INFO    "\002"
#define PRINTK_DEBUG   "\003"

/**
 * printk() - print one line on the hypervisor's console
 * @fmt: format as of str_format(); without a newline at its end
 *
 * Locking: takes the console's lock; any hart may call it, with any other lock held but the console's.
 */
void printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * str_format() - format into a buffer, as C's vsnprintf(), without floating point
 * @buf: where to; always ends in a NUL unless @size is 0
 * @size: bytes of @buf
 * @fmt: understands %d %i %u %x %X %o %c %s %p %% with flags `0`, `-`, `+`, ` `, `#`, width, precision (also `*`), and h hh l ll z
 * @ap: arguments
 *
 * Return: the length that the whole text has, in bytes, without the NUL.
 */
size_t str_format(char *buf, size_t size, const char *fmt, va_list ap);

/** str_print() - str_format() with the arguments in place */
size_t str_print(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
