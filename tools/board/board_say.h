/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tools say on standard error: one line each, "error:", "warning:" or "note:" first.
 */
#ifndef TOOLS_BOARD_SAY_H
#define TOOLS_BOARD_SAY_H

#include <cleave/types.h>
#include "core/config/config.h"

/** board_say() - say a line; it is a config_say_fn (core/config/config.h), @ctx is not used */
void board_say(void *ctx, enum config_said what, const char *line);

/** board_say_error() - say an error; what it is about is at the line's beginning */
void board_say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** board_say_note() - say a note */
void board_say_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * board_say_last() - take the last line of printk() that waits to be said
 *
 * The hypervisor's code prints what it finds wrong, and returns an error if it cannot go on. Such a
 * line waits for the next one: what is an error need not be a warning before.
 *
 * Return: the line, which is not said any more; NULL: none waits.
 */
const char *board_say_last(void);

/** board_say_warnings() - say what waits. Return: how many warnings there were */
u32 board_say_warnings(void);

#endif
