/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One UART for all: lines of each partition prefixed `name| `, the hypervisor's own `cleave| `; input to the one in focus.
 *
 * Nothing is ever lost, and a line is never broken by another's: a line that is still open on the screen (a prompt of the partition in focus) is
 * taken back and shown again behind a line that somebody else finished meanwhile. Lines of others wait in their own buffer until they are whole.
 *
 * Locking: one lock for the UART and all buffers; every function may be called on any hart with any other lock held.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <cleave/types.h>

#define CONSOLE_ESCAPE 0x1dU /* Ctrl-] */

struct vm;

/** struct console_tty - a partition's side of the console; all guarded by the console's lock */
struct console_tty {
	char name[32];
	u32 len; /* bytes of the open line */
	char line[CONFIG_CONSOLE_LINE];
	bool used;
};

/** struct console_uart - operations of the machine's UART; a driver fills it in (core/driver.h) */
struct console_uart {
	void *opaque;
	void (*putc)(void *opaque, u8 c); /* waits until the UART takes it */
	int (*getc)(void *opaque);	  /* a character, or -1 when none waits */
	/* switch the receive interrupt on; Return: interrupt source of the host's controller, 0: there is none, poll */
	u32 (*rx_irq)(void *opaque);
};

/** console_set_uart() - the machine's UART from now on (until then: SBI DBCN or legacy putchar); prints nothing */
void console_set_uart(const struct console_uart *uart);

/** console_tty_open() - join as partition @vm, whose id is the number in `Ctrl-] <number>`; a restart joins again */
void console_tty_open(struct console_tty *t, struct vm *vm);

/** console_tty_putc(), console_tty_write() - output of a partition (UART emulation, SBI DBCN) */
void console_tty_putc(struct console_tty *t, u8 c);
void console_tty_write(struct console_tty *t, const u8 *s, u64 len);

/** console_tty_flush() - show the open line as it is and end it: the partition stopped */
void console_tty_flush(struct console_tty *t);

/** console_input() - fetch what the UART has received and give it to the partition in focus; UART interrupt or poll */
void console_input(void);

/** console_needs_poll() - Return: true when no receive interrupt works: the boot hart calls console_input() from its tick */
bool console_needs_poll(void);

/** console_read() - SBI DBCN read: take up to @len characters that wait for partition @vm. Return: characters taken */
u64 console_read(struct vm *vm, u8 *buf, u64 len);

/** console_focus() - give the input to partition @vm; says so in a line */
void console_focus(struct vm *vm);

#endif
