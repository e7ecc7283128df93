/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the console's files share: the terminal, and who sends to it.
 */
#ifndef CORE_CONSOLE_INTERNAL_H
#define CORE_CONSOLE_INTERNAL_H

#include <cleave/format.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/console/console.h"
#include "core/console/console_screen.h"
#include "core/machine/uart.h"

#define CONSOLE_SELF "cleave" /* the name under which the hypervisor speaks */

/**
 * struct console - the terminal
 * @lock: guards @focus, the keyboard (console_input.c) and each partition's input buffer
 * @irq_lock: guards @rx_on, @tx_on, @muted and the UART's interrupt enables, which follow them
 * @rx_on, @tx_on: the UART interrupts when it has received something, when it can send
 * @muted: it interrupts at neither, until console_serve() is called
 * @uart: the machine's UART, or the firmware's console until a driver has found one
 * @served: interrupts or polls send what waits; until then, and in the end, whoever prints sends it
 * himself. Atomic
 * @ending: the machine ends, and partitions say nothing more; atomic
 * @busy: somebody sees to what waits in the rings; atomic
 * @sending: a hart is the drainer at this moment, and all that follows is its own; atomic. Nobody
 * waits for it to become 0
 * @screen: what the terminal shows
 * @said: how much each speaker has said in this round; by number, @ttys is the hypervisor
 * @since_open: how much has been said since the open line in front was shown
 * @burst_at: when the last burst of FIFOs began; ticks. @burst: how many it has had
 * @full_since: since when the UART has taken nothing; 0: it takes what it gets
 * @stuck: the UART has taken nothing for a second: what waits is lost, until it takes something
 * @self: the hypervisor as a speaker. Its open line is the command that the user types
 * @lost: lines of the hypervisor that did not fit into its ring, and that it has not told of yet;
 * atomic
 * @tty: the partitions that have joined, by number; NULL: none of this number has
 * @ttys: one more than the highest number of a partition that has joined
 * @focus: the partition that gets the input, or NULL
 * @front: the speaker whose open line is shown, or NULL; atomic
 */
struct console {
	struct spinlock lock;
	struct spinlock irq_lock;
	bool rx_on;
	bool tx_on;
	bool muted;
	struct uart uart;
	u32 served;
	u32 ending;
	u32 busy;
	u32 sending;
	struct console_screen screen;
	u32 said[CONFIG_MAX_VMS + 1U];
	u32 since_open;
	u64 burst_at;
	u32 burst;
	u64 full_since;
	bool stuck;
	struct console_out self;
	u32 lost;
	struct console_tty *tty[CONFIG_MAX_VMS];
	u32 ttys;
	struct console_tty *focus;
	struct console_out *front;
};

extern struct console console;

/**
 * console_spin() - take one of the console's locks, in turn
 *
 * Unlike spin_lock(), it serves no requests of other harts while it waits: a hart that waits here
 * may stand in a page-table walk (M4), or may already be serving another hart's request. It need
 * not serve any, as the holder waits for nothing, and holds the lock for a line's length at most.
 */
void console_spin(struct spinlock *lock);

/** console_rx_irq() - have the UART interrupt when it has received something, or not */
void console_rx_irq(bool on);

/**
 * console_kick() - something waits to be sent
 *
 * Call it after it has been made visible, and with no lock of a speaker held. It costs a store into
 * a register of the UART at most, unless the caller is the one who sends (@served).
 */
void console_kick(void);

/** console_say() - print one line of the hypervisor's, as console_tty_say() */
void console_say(struct console_tty *t, const char *fmt, va_list ap);

/** console_front() - show the open line of @o from now on; NULL: nobody's */
void console_front(struct console_out *o);

/** console_start_input() - choose the first focus, and take input from now on */
void console_start_input(void);

/** console_input() - act on what the UART has received. Return: when to look again, TIMER_NEVER */
u64 console_input(u64 now);

/**
 * console_input_resume() - @t can take input again, or its partition has just got the focus
 *
 * If the partition in focus is @t, the UART is listened to again. Context: the console's lock is
 * held.
 */
void console_input_resume(const struct console_tty *t);

/**
 * console_tty_shown() - a line of @t has left its ring: if @t was full and is not any more, tell
 * its UART. Context: no lock held
 */
void console_tty_shown(struct console_tty *t);

#endif
