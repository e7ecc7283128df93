/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One UART for all: lines of each partition prefixed `name| `, the hypervisor's own `cleave| `; input to the one in focus.
 *
 * Nothing is ever lost, and a line is never broken by another's: core/console/console_lines.h says how. Until a driver has found
 * the machine's UART, the firmware's console (SBI) serves instead. What the user may type is in core/console/console_keys.h.
 *
 * Locking: one lock for the UART and all lines and input buffers, and one for each partition's output. They are the
 * innermost locks of all: every function but console_input() and console_start() may be
 * called on any hart with any other lock held, and printk() inside a page-table walk too (who waits for these locks serves
 * no requests meanwhile; their holders wait for nobody but the UART).
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/console/console_keys.h"
#include "core/console/console_lines.h"

#define CONSOLE_STAGE \
	64U /* bytes of output that a partition gathers before it takes the console's lock */

/**
 * struct console_tty - a partition's side of the console
 * @lock: guards @staged and @stage; taken before the console's, which guards the rest
 * @stage: output that has not gone to @line yet: the partition is not in focus, and has not ended its line. Without it
 * partitions that print would contend for the console's lock at every character
 * @staged: bytes of it
 * @line: its open line
 * @number: the partition's number, by which the user chooses it
 * @first_focus: it may have the focus when the machine starts
 * @deaf: it does not read its input: what is typed while @rx is full is dropped
 * @told: the user knows that input is dropped
 * @held: it takes no input, as if @rx were full: what waits for it was read as a state record, or is to be set by one
 * @rx: input that the partition has not fetched yet
 * @rx_head: index of the oldest character
 * @rx_count: characters that wait
 */
struct console_tty {
	struct spinlock lock;
	u32 staged;
	u8 stage[CONSOLE_STAGE];
	struct console_line line;
	u32 number;
	bool first_focus;
	bool deaf;
	bool told;
	bool held;
	u8 rx[CONFIG_CONSOLE_RX];
	u32 rx_head;
	u32 rx_count;
};

/**
 * struct console_uart - the machine's UART; a driver fills it in (core/machine/probe/driver.h)
 * @name: for the boot report
 * @irq: source of its receive interrupt at the host's controller (core/machine/irq.h); 0: there is none, it is polled
 * @putc: waits, within bounds, until the UART takes @c; CR and LF are two characters
 * @getc: Return: a character, or -1 when none waits
 * @rx_enable: switch the receive interrupt
 */
struct console_uart {
	const char *name;
	void *opaque;
	u32 irq;
	void (*putc)(void *opaque, u8 c);
	int (*getc)(void *opaque);
	void (*rx_enable)(void *opaque, bool on);
};

/** console_set_uart() - the machine's UART from now on; boot hart, once; prints nothing */
void console_set_uart(const struct console_uart *uart);

/**
 * console_start() - the partitions have joined: choose the focus, say so, switch input on; boot hart
 *
 * The focus goes to the partition that the boot argument cleave.focus (number or name) says, else to the first whose
 * @first_focus is set, else to the first.
 */
void console_start(void);

/**
 * console_tty_open() - a partition joins the console
 * @t: its side of the console; it stays joined for as long as the machine runs
 * @number: the partition's number, below CONFIG_MAX_VMS
 * @name: the prefix of its lines
 * @first_focus: it may have the focus when the machine starts
 *
 * A partition that is restarted joins again. It keeps the focus if it has it, and what it has not read.
 */
void console_tty_open(struct console_tty *t, u32 number, const char *name, bool first_focus);

/**
 * console_tty_putc(), console_tty_write() - output of a partition (UART emulation, SBI DBCN); takes t->lock
 * Return (of the latter): how many bytes it took, in order from the first; fewer than @len when these made so much output that it
 * would keep the hart too long, as each newline may have the line in focus drawn anew.
 */
void console_tty_putc(struct console_tty *t, u8 c);
u64 console_tty_write(struct console_tty *t, const u8 *s, u64 len);

/** console_tty_flush() - show the open line as it is and end it: the partition stopped */
void console_tty_flush(struct console_tty *t);

/*
 * State records (core/state/state_devices.c).
 *
 * console_tty_save_line() - console_lines_save() of the open line; console_tty_line_bytes() - how many bytes that would be now
 * console_tty_drop_line() - forget the open line; it belongs to somebody else now
 * console_tty_load_line() - console_lines_load(), @len at most CONSOLE_SAVE_MAX bytes: the terminal's lock is held that long
 * console_tty_save_input() - what waits for the partition, oldest first, at most CONFIG_CONSOLE_RX bytes; it stays, and no more is taken
 * until console_tty_hold() says so; console_tty_input_bytes() - how many bytes these are
 * console_tty_load_input() - replace it. Return: 0, CLV_ERR_INVAL: there is no room for so many
 * console_tty_hold() - take no input (@on), or take it again
 */
u32 console_tty_save_line(struct console_tty *t, u8 *buf);
u32 console_tty_line_bytes(struct console_tty *t);
void console_tty_drop_line(struct console_tty *t);
void console_tty_load_line(struct console_tty *t, const u8 *buf, u32 len);
u32 console_tty_save_input(struct console_tty *t, u8 *buf);
u32 console_tty_input_bytes(struct console_tty *t);
int console_tty_load_input(struct console_tty *t, const u8 *buf, u32 len);
void console_tty_hold(struct console_tty *t, bool on);

/** console_tty_fetch() - Return: the oldest character that waits for the partition, -1 when there is none */
int console_tty_fetch(struct console_tty *t);

/**
 * console_input() - fetch what the UART has received and act on it; from its interrupt, or polled
 *
 * Input for which the partition in focus has no room stays in the UART, whose interrupt is off until there is room. A
 * partition that has read nothing for two seconds then is taken for one that does not read: the user gets the keyboard
 * back. Context: no lock held (it takes those of emulated devices). Bounded: fetches a few hundred characters.
 */
void console_input(void);

/**
 * console_needs_poll() - Return: true while console_input() must be called from time to time (some 100 times a second):
 * there is no receive interrupt, or it is off until a partition makes room. Changes at run time; any hart.
 */
bool console_needs_poll(void);

/**
 * console_start_polling() - call up, defined by core/run/sched.c
 *
 * The receive interrupt was switched off, so console_needs_poll() has become true: call console_input() from the
 * hart's timer for as long as it stays true. Context: boot hart, no lock held.
 */
void console_start_polling(void);

/**
 * console_tty_state() - call up, defined by core/vm/vm_devices.c
 *
 * Return: the state of the partition, enum cleave_vm_state; it may change at any time. Called with the console's lock
 * held: it must take no lock.
 */
u32 console_tty_state(struct console_tty *t);

/**
 * console_tty_ready() - call up, defined by core/vm/vm_devices.c: console_tty_fetch() has something for the partition
 *
 * Context: no lock held.
 */
void console_tty_ready(struct console_tty *t);

#endif
