/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hypervisor says: one call, one line, prefixed `cleave| ` on the console.
 *
 * printk() is declared here so that every part can speak, and defined by core/console/printk.c (by the test harness on
 * the host). It never blocks for longer than the line takes, and never loses a line.
 */
#ifndef CLEAVE_PRINTK_H
#define CLEAVE_PRINTK_H

#include <cleave/format.h>

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

#endif
