/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the console's files share: the terminal and its lock.
 */
#ifndef CORE_CONSOLE_INTERNAL_H
#define CORE_CONSOLE_INTERNAL_H

#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/console/console.h"
#include "core/machine/uart.h"
#include "core/console/console_lines.h"

#define CONSOLE_SELF "cleave" /* the name under which the hypervisor speaks */

/**
 * struct console - the terminal
 * @lock: guards all of this, and each partition's input buffer
 * @holder: the hart that holds @lock, 0: none; atomic, as every hart looks at it without @lock
 * @sent: characters sent to the UART so far; wraps
 * @uart: the machine's UART, or the firmware's console until a driver has found one
 * @screen: the lines of the speakers, and the one that the terminal shows
 * @tty: the partitions that have joined, by number; NULL: none of this number has
 * @ttys: one more than the highest number of a partition that has joined
 * @focus: the partition that gets the input, or NULL; atomic, as partitions look at it without
 * @lock
 */
struct console {
	struct spinlock lock;
	uintptr_t holder;
	u32 sent;
	struct uart uart;
	struct console_screen screen;
	struct console_tty *tty[CONFIG_MAX_VMS];
	u32 ttys;
	struct console_tty *focus;
};

extern struct console console;

/**
 * console_spin() - take @lock, the console's or a partition's
 *
 * Unlike spin_lock(), it serves no requests of other harts while it waits: a hart that waits here
 * may stand in a page-table walk (M4), or may already be serving another hart's request. It need
 * not serve any, as the holder waits for no hart. It does not wait in turn either: where harts are
 * threads of an emulator, the thread whose turn it is may not be running, and every line would wait
 * for it.
 */
void console_spin(struct spinlock *lock);

/**
 * console_enter() - take the console's lock, unless this hart holds it already
 *
 * So printk() works in code that holds the lock. Return: true when this call took the lock; for
 * console_leave().
 */
bool console_enter(void);

/**
 * console_leave() - release the console's lock if @entered, which is what console_enter() returned
 */
void console_leave(bool entered);

/** console_emit() - send one character to the UART; the console's lock is held */
void console_emit(u8 c);

/**
 * console_tty_show_focus() - show the output that the partition in focus gathered before it got the
 * focus
 *
 * Whoever may have moved the focus calls this. Context: the console's lock is not held.
 */
void console_tty_show_focus(void);

/**
 * console_input_resume() - @t can take input again, or its partition has just got the focus
 *
 * If the partition in focus is @t, the UART is listened to again. Context: the console's lock is
 * held.
 */
void console_input_resume(const struct console_tty *t);

#endif
