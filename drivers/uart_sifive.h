/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive UARTs: registers. What the device tree says of them is read in drivers/uart_sifive_fdt.c.
 *
 * Who may call what is said at struct uart. The speed stays as the firmware has set it.
 */
#ifndef DRIVERS_UART_SIFIVE_H
#define DRIVERS_UART_SIFIVE_H

#include <cleave/types.h>

#define UART_SIFIVE_FIFO 8U    /* entries of the transmitter */
#define UART_SIFIVE_SIZE 0x14U /* bytes of registers that the driver uses */

/**
 * struct uart_sifive - one UART
 * @regs: its registers, mapped
 */
struct uart_sifive {
	void *regs;
};

/** uart_sifive_init() - take over a UART that the firmware has used; @regs is set */
void uart_sifive_init(struct uart_sifive *u);

/* The members of struct uart (core/machine/uart.h); @opaque is the struct uart_sifive. */
u32 uart_sifive_room(void *opaque);
void uart_sifive_send(void *opaque, const u8 *c, u32 n);
int uart_sifive_getc(void *opaque);
void uart_sifive_enable(void *opaque, bool rx, bool tx);

#endif
