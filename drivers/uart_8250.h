/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 8250 family: registers. What the device tree says of them is drivers/uart_8250_fdt.c's.
 *
 * All functions are called with the console's lock held; the speed and the frame are the firmware's and are left alone.
 */
#ifndef DRIVERS_UART_8250_H
#define DRIVERS_UART_8250_H

#include <cleave/types.h>

/* What a member of the family does otherwise */
enum uart_8250_variant {
	UART_8250_PLAIN,
	UART_8250_DW, /* Synopsys DesignWare APB UART: a "busy" interrupt, and timeouts without data */
	UART_8250_XSCALE, /* Intel XScale and its descendants: IER has a bit that switches the unit on */
};

/**
 * struct uart_8250 - one UART
 * @regs: its registers, mapped
 * @shift: register n stands at n << @shift
 * @width: bytes of a register access: 1 or 4
 * @variant: as above
 * @depth: characters that the transmitter takes once it is empty
 * @room: of these, how many it still takes without being asked
 * @stuck: it did not become empty in time; do not wait so long again
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

/** uart_8250_init() - take over a UART that the firmware has used; @regs, @shift, @width and @variant are set */
void uart_8250_init(struct uart_8250 *u);

/** uart_8250_putc(), uart_8250_getc(), uart_8250_rx_enable() - as struct uart wants them; @opaque: the UART */
void uart_8250_putc(void *opaque, u8 c);
int uart_8250_getc(void *opaque);
void uart_8250_rx_enable(void *opaque, bool on);

#endif
