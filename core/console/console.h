/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: one UART, which all partitions and the hypervisor share.
 *
 * Each row of output begins with the name of its speaker: `name| ` for a partition, `cleave| ` for
 * the hypervisor. Each speaker has a ring of lines, which one drainer takes from all rings by turns
 * (console_screen.h says how they are shown). Nobody waits for the UART: a partition whose ring is
 * full is told so by its own emulated UART, and DBCN takes less. Input goes to one partition, the
 * one that has the focus (console_keys.h says what the user may type). Until a driver has found the
 * machine's UART, the firmware's console (SBI) serves instead.
 *
 * The console knows no VM. To it a partition is a struct console_tty; what it must ask a partition,
 * it asks by the calls up at the end of this file.
 *
 * Locking: the console's lock guards the focus and all input buffers; each speaker has one for its
 * lines; and one guards the UART's interrupt enables. They are the innermost locks of all
 * (docs/concurrency.md). None is held for longer than a line's length of work, and none while a
 * character is sent. So any function but console_serve() and console_start() may be called on any
 * hart with any other lock held, and printk() even inside a page-table walk: a hart that waits for
 * one of these locks serves no requests of other harts meanwhile.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/console/console_keys.h"
#include "core/console/console_lines.h"

/**
 * struct console_tty - a partition's side of the console
 * @out: what it says. The console's lock guards the rest, but for @full
 * @full: @out has so little room that the partition's UART must not take more; atomic. A partition
 * sets it, and the drainer clears it, both with the lock of @out
 * @number: the partition's number, by which the user chooses it
 * @first_focus: the partition may have the focus when the machine starts
 * @not_reading: the partition does not read its input: what the user types while @rx is full is
 * dropped
 * @drop_reported: the user has been told that input is dropped
 * @rx_frozen: the partition takes no input, as if @rx were full, because @rx was read as a state
 * record, or is to be set by one
 * @rx: input that the partition has not fetched yet
 * @rx_head: index of the oldest character
 * @rx_count: characters in @rx; atomic, as the partition asks without the lock
 */
struct console_tty {
	struct console_out out;
	u32 full;
	u32 number;
	bool first_focus;
	bool not_reading;
	bool drop_reported;
	bool rx_frozen;
	u8 rx[CONFIG_CONSOLE_RX];
	u32 rx_head;
	u32 rx_count;
};

/**
 * console_start() - all partitions have joined: choose the first focus, and switch the input on
 *
 * The focus goes to the partition that the boot argument cleave.focus names (by number or name).
 * Without one it goes to the first partition whose @first_focus is set, and if there is none, to
 * the first. A line says which it is.
 * Context: boot hart, no lock held.
 */
void console_start(void);

/**
 * console_tty_open() - a partition joins the console
 * @t: the partition's side; it stays joined for as long as the machine runs
 * @number: the partition's number, below CONFIG_MAX_VMS
 * @name: what its lines begin with
 * @first_focus: the partition may have the focus when the machine starts
 *
 * A partition that restarts joins again. It keeps the focus if it has it, and the input that it has
 * not read.
 */
void console_tty_open(struct console_tty *t, u32 number, const char *name, bool first_focus);

/**
 * console_tty_putc() - the partition's UART transmits a character
 *
 * One that is transmitted while console_tty_full() is lost when there is no room at all, as by a
 * UART whose register is written before it is empty.
 *
 * Return: false when console_tty_full() now. Takes the lock of t->out.
 */
bool console_tty_putc(struct console_tty *t, u8 c);

/** console_tty_full() - Return: true while the partition's UART must not take more. No lock */
static inline bool console_tty_full(const struct console_tty *t)
{
	return atomic_read(&t->full) != 0U;
}

/**
 * console_tty_write() - output of a partition through SBI DBCN
 *
 * It takes as much as there is room for, and no more than is done soon (M6).
 *
 * Return: how many bytes it has taken, from the first on. Takes the lock of t->out.
 */
u64 console_tty_write(struct console_tty *t, const u8 *s, u64 len);

/**
 * console_tty_say() - print one line of the hypervisor's that comes after all that @t has said
 * @t: NULL: it belongs to nobody
 * @fmt: as of printk()
 *
 * An open line of @t is not ended by it: console_tty_flush().
 */
void console_tty_say(struct console_tty *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * console_tty_flush() - end the open line as it is: the partition has stopped. Takes the lock of
 * t->out
 */
void console_tty_flush(struct console_tty *t);

/*
 * The open line and the input as state records (core/state/state_devices.c). Lines that have ended
 * are no part of it: they are shown here, in their time, whatever becomes of the partition.
 *
 * console_tty_save_line() - put the open line into @buf (console_lines_save()). Return: bytes, at
 * most CONSOLE_SAVE_MAX
 * console_tty_line_bytes() - Return: how many bytes console_tty_save_line() would write now
 * console_tty_drop_line() - forget the open line, which belongs to another slot now
 * console_tty_load_line() - replace the open line (console_lines_load()). @len is at most
 * CONSOLE_SAVE_MAX: a lock is held while so many bytes are worked through
 * console_tty_save_input() - copy the input that waits to @buf, oldest first, and freeze the input.
 * It stays in place.
 * Return: bytes, at most CONFIG_CONSOLE_RX
 * console_tty_input_bytes() - Return: how many bytes of input wait
 * console_tty_load_input() - replace the input that waits. Return: 0, CLV_ERR_INVAL: @len is more
 * than CONFIG_CONSOLE_RX
 * console_tty_freeze_input() - take no more input (@on), or take it again
 */
u32 console_tty_save_line(struct console_tty *t, u8 *buf);
u32 console_tty_line_bytes(struct console_tty *t);
void console_tty_drop_line(struct console_tty *t);
void console_tty_load_line(struct console_tty *t, const u8 *buf, u32 len);
u32 console_tty_save_input(struct console_tty *t, u8 *buf);
u32 console_tty_input_bytes(struct console_tty *t);
int console_tty_load_input(struct console_tty *t, const u8 *buf, u32 len);
void console_tty_freeze_input(struct console_tty *t, bool on);

/**
 * console_tty_fetch() - take the oldest character of a partition's input. Return: the character, -1
 * when none waits
 */
int console_tty_fetch(struct console_tty *t);

/**
 * console_serve() - take what the UART has received and act on it, and send what it takes at once;
 * from the UART's interrupt, or when it is polled
 *
 * Input stays in the UART while the partition in focus has no room for it, and the receive
 * interrupt is off until there is room. When a partition has read nothing for two seconds in this
 * state, the console takes it for one that does not read: it drops the input, so that the user can
 * type commands again.
 *
 * Context: no lock held, as this takes the locks of emulated devices. Bounded: it takes a FIFO or
 * two of characters, and sends one.
 *
 * Return: host time at which it is to be called again, if no interrupt comes before; TIMER_NEVER.
 */
u64 console_serve(void);

/* --- calls up --------------------------------------------------------------------------------- */

/**
 * console_serve_at() - defined by core/run/sched.c: call console_serve() from this hart's timer
 * @at: host time, instead of what was asked for before; TIMER_NEVER: not at all. Context: no lock
 * held
 */
void console_serve_at(u64 at);

/**
 * console_serve_later() - defined by core/run/sched.c: must this hart not serve the console now?
 *
 * Return: host time at which it may; 0: now.
 */
u64 console_serve_later(void);

/**
 * console_tty_current() - defined by core/vm/vm_devices.c: the partition for which this hart works
 *
 * Return: the partition of the vCPU whose exit is being served, or NULL. Takes no lock.
 */
struct console_tty *console_tty_current(void);

/**
 * console_tty_sent() - defined by core/vm/vm_devices.c: console_tty_full() is over. Context: no
 * lock held
 */
void console_tty_sent(struct console_tty *t);

/**
 * console_tty_state() - defined by core/vm/vm_devices.c: what the partition is doing
 *
 * Return: enum cleave_vm_state, which may change at any time. Context: the console's lock is held;
 * takes no lock.
 */
u32 console_tty_state(struct console_tty *t);

/**
 * console_tty_ready() - defined by core/vm/vm_devices.c: console_tty_fetch() has something for @t.
 * Context: no lock held
 */
void console_tty_ready(struct console_tty *t);

#endif
