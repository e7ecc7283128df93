/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 8250 family: registers. What the device tree says of them is read in
 * drivers/uart_8250_fdt.c.
 *
 * All functions are called with the console's lock held. The speed and the frame stay as the
 * firmware has set them.
 */
#ifndef DRIVERS_UART_8250_H
#define DRIVERS_UART_8250_H

#include <cleave/types.h>

/*
 * Members of the family that differ:
 * DW: Synopsys DesignWare APB UART: it has a "busy" interrupt, and timeouts without data
 * XSCALE: Intel XScale and its descendants: a bit of IER switches the unit on
 */
enum uart_8250_variant {
	UART_8250_PLAIN,
	UART_8250_DW,
	UART_8250_XSCALE,
};

/**
 * struct uart_8250 - one UART
 * @regs: its registers, mapped
 * @shift: register n is at offset n << @shift
 * @width: bytes of a register access: 1 or 4
 * @variant: which member of the family it is
 * @depth: how many characters the transmitter takes when it is empty
 * @room: how many of these it still takes before LSR has to be read again
 * @stuck: it did not become empty in time; the next character does not wait so long again
 */
struct uart_8250 {
	void *regs;
	u8 shift;
	u8 width;
	enum uart_8250_variant variant;
	u32 depth;
	u32 room;
	bool stuck;
};

/**
 * uart_8250_init() - take over a UART that the firmware has used
 * @u: @regs, @shift, @width and @variant are set
 */
void uart_8250_init(struct uart_8250 *u);

/* The members of struct uart (core/machine/uart.h); @opaque is the struct uart_8250. */
void uart_8250_putc(void *opaque, u8 c);
int uart_8250_getc(void *opaque);
void uart_8250_rx_enable(void *opaque, bool on);

#endif
