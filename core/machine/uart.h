/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's UART: what its driver gives to the console.
 */
#ifndef CORE_UART_H
#define CORE_UART_H

#include <cleave/types.h>

/**
 * struct uart - the machine's UART; a driver fills it in
 * @opaque: handed to the functions
 * @irq: source of its receive interrupt (core/machine/irq.h); 0: it has none and is polled
 * @putc: send one character; waits, within bounds, until the UART takes it. CR and LF are two
 * characters
 * @getc: Return: a character that was received, -1 when none waits
 * @rx_enable: switch the receive interrupt on or off
 *
 * The functions are called on any hart, with the console's lock held.
 */
struct uart {
	void *opaque;
	u32 irq;
	void (*putc)(void *opaque, u8 c);
	int (*getc)(void *opaque);
	void (*rx_enable)(void *opaque, bool on);
};

/**
 * uart_register() - call up, defined by core/console/console.c: the console uses @uart from now on
 * @uart: copied
 *
 * A driver calls it when it has probed the UART: once, on the boot hart. It prints nothing.
 */
void uart_register(const struct uart *uart);

#endif
