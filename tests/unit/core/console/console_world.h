/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What core/console needs to work on the host: a hart, a clock, a UART, and partitions that have
 * states. Tests of the console, and of what uses it, link it.
 */
#ifndef TESTS_UNIT_CONSOLE_WORLD_H
#define TESTS_UNIT_CONSOLE_WORLD_H

#include "core/console/console.h"

#define CONSOLE_WORLD_HZ 10000000U

/**
 * struct console_world - what the console sees, and what it did
 * @now: what the clock says, ticks
 * @typed, @typed_len, @typed_at: what waits in the UART; the first @typed_at bytes were taken
 * @shown, @shown_len: what went to the terminal, with a NUL
 * @rx_on: the UART's receive interrupt is on
 * @polls: how often console_start_polling() was called
 * @state: enum cleave_vm_state of each partition, by number
 * @ready: how often console_tty_ready() was called for each partition
 */
struct console_world {
	u64 now;
	char typed[4096];
	u32 typed_len;
	u32 typed_at;
	char shown[16384];
	u32 shown_len;
	bool rx_on;
	u32 polls;
	u32 state[CONFIG_MAX_VMS];
	u32 ready[CONFIG_MAX_VMS];
};

extern struct console_world console_world;

/** console_world_uart() - give the console the UART of this world; @irq as in struct uart */
void console_world_uart(u32 irq);

/** console_world_type() - the user types @keys, which wait in the UART */
void console_world_type(const char *keys);

/** console_world_shown() - Return: what went to the terminal since the last call */
const char *console_world_shown(void);

#endif
