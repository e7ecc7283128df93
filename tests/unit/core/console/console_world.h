/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What core/console needs to work on the host: a hart, a clock, a UART, and partitions that have
 * states. Tests of the console, and of what uses it, link it.
 */
#ifndef TESTS_UNIT_CONSOLE_WORLD_H
#define TESTS_UNIT_CONSOLE_WORLD_H

#include "core/console/console.h"

#define CONSOLE_WORLD_HZ   10000000U
#define CONSOLE_WORLD_FIFO 16U

/**
 * struct console_world - what the console sees, and what it did
 * @now: what the clock says, ticks
 * @typed, @typed_len, @typed_at: what waits in the UART; the first @typed_at bytes were taken
 * @shown, @shown_len: what went to the terminal, with a NUL
 * @rx_on, @tx_on: the UART's interrupts that are on
 * @deaf: the UART takes nothing
 * @looks: how often the UART was asked whether it takes something
 * @serve_at: what console_serve_at() was called with last
 * @later: what console_serve_later() returns
 * @current: the partition for which the hart works
 * @state: enum cleave_vm_state of each partition, by number
 * @ready, @sent: how often console_tty_ready() and console_tty_sent() were called, by partition
 */
struct console_world {
	u64 now;
	char typed[4096];
	u32 typed_len;
	u32 typed_at;
	char shown[65536];
	u32 shown_len;
	bool rx_on;
	bool tx_on;
	bool deaf;
	u32 looks;
	u64 serve_at;
	u64 later;
	struct console_tty *current;
	u32 state[CONFIG_MAX_VMS];
	u32 ready[CONFIG_MAX_VMS];
	u32 sent[CONFIG_MAX_VMS];
};

extern struct console_world console_world;

/** console_world_uart() - give the console the UART of this world; @irq as in struct uart */
void console_world_uart(u32 irq);

/** console_world_type() - the user types @keys, which wait in the UART */
void console_world_type(const char *keys);

/** console_world_drain() - serve the console until nothing waits to be sent */
void console_world_drain(void);

/** console_world_shown() - drain. Return: what went to the terminal since the last call */
const char *console_world_shown(void);

#endif
