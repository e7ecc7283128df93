/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: one UART, which all partitions and the hypervisor share.
 *
 * Each line of output begins with the name of its speaker: `name| ` for a partition, `cleave| ` for
 * the hypervisor. No output is lost, and no line is broken by another speaker's (console_lines.h
 * says how). Input goes to one partition, the one that has the focus (console_keys.h says what the
 * user may type). Until a driver has found the machine's UART, the firmware's console (SBI) serves
 * instead.
 *
 * The console knows no VM. To it a partition is a struct console_tty; what it must ask a partition,
 * it asks by the calls up at the end of this file.
 *
 * Locking: the console's lock guards the UART, all open lines and all input buffers. Each partition
 * has one more lock, for the output that it gathers. These are the innermost locks of all
 * (docs/concurrency.md). So any function but console_input() and console_start() may be called
 * on any hart with any other lock held, and printk() even inside a page-table walk: a hart that
 * waits for one of these locks serves no requests of other harts meanwhile, and the holder waits
 * for nothing but the UART.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/console/console_keys.h"
#include "core/console/console_lines.h"

/* Bytes of output that a partition gathers before it takes the console's lock */
#define CONSOLE_STAGE 64U

/**
 * struct console_tty - a partition's side of the console
 * @lock: guards @staged and @stage; the console's lock guards the rest
 * @staged: bytes in @stage
 * @stage: output that has not gone to @line yet, as the partition has not ended its line and is not
 * in focus. Without it, partitions that print would contend for the console's lock at every
 * character
 * @line: the line that the partition has not ended yet
 * @number: the partition's number, by which the user chooses it
 * @first_focus: the partition may have the focus when the machine starts
 * @not_reading: the partition does not read its input: what the user types while @rx is full is
 * dropped
 * @drop_reported: the user has been told that input is dropped
 * @rx_frozen: the partition takes no input, as if @rx were full, because @rx was read as a state
 * record, or is to be set by one
 * @rx: input that the partition has not fetched yet
 * @rx_head: index of the oldest character in @rx
 * @rx_count: characters in @rx
 */
struct console_tty {
	struct spinlock lock;
	u32 staged;
	u8 stage[CONSOLE_STAGE];
	struct console_line line;
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
 * console_tty_putc(), console_tty_write() - output of a partition, through its emulated UART or SBI
 * DBCN
 *
 * Each newline may have the terminal draw the line in focus anew. So that a hart is not held too
 * long, console_tty_write() takes no more once its output has grown to a certain length.
 *
 * Return: console_tty_write() how many bytes it has taken, from the first on. Takes t->lock.
 */
void console_tty_putc(struct console_tty *t, u8 c);
u64 console_tty_write(struct console_tty *t, const u8 *s, u64 len);

/**
 * console_tty_flush() - show the open line as it is, and end it: the partition has stopped. Takes
 * t->lock
 */
void console_tty_flush(struct console_tty *t);

/*
 * The open line and the input as state records (core/state/state_devices.c).
 *
 * console_tty_save_line() - put the open line into @buf (console_lines_save()). Return: bytes, at
 * most CONSOLE_SAVE_MAX
 * console_tty_line_bytes() - Return: how many bytes console_tty_save_line() would write now
 * console_tty_drop_line() - forget the open line, which belongs to another slot now
 * console_tty_load_line() - replace the open line (console_lines_load()). @len is at most
 * CONSOLE_SAVE_MAX: the console's lock is held while so many bytes are worked through
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
 * console_input() - take what the UART has received, and act on it; from the UART's interrupt, or
 * when it is polled
 *
 * Input stays in the UART while the partition in focus has no room for it, and the receive
 * interrupt is off until there is room. When a partition has read nothing for two seconds in this
 * state, the console takes it for one that does not read: it drops the input, so that the user can
 * type commands again.
 *
 * Context: no lock held, as this takes the locks of emulated devices. Bounded: it takes a few
 * hundred characters.
 */
void console_input(void);

/**
 * console_needs_poll() - must console_input() be called from time to time, about 100 times a
 * second?
 *
 * Return: true when the UART has no receive interrupt, or when it is off until a partition has made
 * room. Any hart may ask; the answer changes at run time.
 */
bool console_needs_poll(void);

/* --- calls up --------------------------------------------------------------------------------- */

/**
 * console_start_polling() - defined by core/run/sched.c: console_needs_poll() has become true
 *
 * Call console_input() from this hart's timer for as long as it stays true. Context: boot hart, no
 * lock held.
 */
void console_start_polling(void);

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
