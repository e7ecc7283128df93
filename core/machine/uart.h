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
 * @irq: source of its interrupt (core/machine/irq.h); 0: it has none and is polled
 * @fifo: the most characters that are sent at once
 * @room: Return: how many characters can be sent now without waiting; 0: none
 * @send: send these characters, no more than @room has promised. CR and LF are two characters
 * @getc: Return: a character that was received, -1 when none waits
 * @enable: interrupt when something was received (@rx), when the transmitter has room (@tx), or not
 *
 * None of them waits. One hart at a time calls @room and @send; one at a time @getc, with the
 * console's lock held; and one at a time @enable. These three may be called at the same time.
 */
struct uart {
	void *opaque;
	u32 irq;
	u32 fifo;
	u32 (*room)(void *opaque);
	void (*send)(void *opaque, const u8 *c, u32 n);
	int (*getc)(void *opaque);
	void (*enable)(void *opaque, bool rx, bool tx);
};

/**
 * uart_register() - call up, defined by core/console/console.c: the console uses @uart from now on
 * @uart: copied
 *
 * A driver calls it when it has probed the UART: once, on the boot hart. It prints nothing.
 */
void uart_register(const struct uart *uart);

#endif
