/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 8250 family: registers. What the device tree says of them is read in
 * drivers/uart_8250_fdt.c.
 *
 * Who may call what is said at struct uart. The speed and the frame stay as the firmware has set
 * them.
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
 */
struct uart_8250 {
	void *regs;
	u8 shift;
	u8 width;
	enum uart_8250_variant variant;
	u32 depth;
};

/** uart_8250_size() - Return: bytes of registers that the driver uses; @u: all but @regs is set */
u64 uart_8250_size(const struct uart_8250 *u);

/**
 * uart_8250_init() - take over a UART that the firmware has used
 * @u: @regs, @shift, @width and @variant are set
 */
void uart_8250_init(struct uart_8250 *u);

/* The members of struct uart (core/machine/uart.h); @opaque is the struct uart_8250. */
u32 uart_8250_room(void *opaque);
void uart_8250_send(void *opaque, const u8 *c, u32 n);
int uart_8250_getc(void *opaque);
void uart_8250_enable(void *opaque, bool rx, bool tx);

#endif
