/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own lines: each call prints one line, which begins with `cleave| ` on the
 * console.
 *
 * printk() is declared here so that every part can use it. core/console/printk.c defines it, and on
 * the host the test harness or the tool. It puts the line into a ring and never waits, but at boot
 * and when the machine ends, when nobody else would send the line. A line for which there is no
 * room is counted, and a later line says how many were lost.
 */
#ifndef CLEAVE_PRINTK_H
#define CLEAVE_PRINTK_H

#include <cleave/format.h>

/*
 * Levels, to be put before a format. The boot argument `cleave.log` says which of them are printed.
 * A line without a level always is: an error, or something that the user has asked for or must
 * know.
 */
#define PRINTK_WARNING "\001"
#define PRINTK_INFO    "\002"
#define PRINTK_DEBUG   "\003"

/**
 * printk() - print one line on the hypervisor's console
 * @fmt: format as of str_format(); without a newline at its end
 *
 * Locking: takes a speaker's lock. Any hart may call it, with any lock held but a speaker's.
 */
void printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
