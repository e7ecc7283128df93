/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive UARTs: registers. What the device tree says of them is read in drivers/uart_sifive_fdt.c.
 *
 * All functions are called with the console's lock held. The speed stays as the firmware has set
 * it.
 */
#ifndef DRIVERS_UART_SIFIVE_H
#define DRIVERS_UART_SIFIVE_H

#include <cleave/types.h>

/**
 * struct uart_sifive - one UART
 * @regs: its registers, mapped
 * @stuck: it had no room in time; the next character does not wait so long again
 */
struct uart_sifive {
	void *regs;
	bool stuck;
};

/** uart_sifive_init() - take over a UART that the firmware has used; @regs is set */
void uart_sifive_init(struct uart_sifive *u);

/* The members of struct uart (core/machine/uart.h); @opaque is the struct uart_sifive. */
void uart_sifive_putc(void *opaque, u8 c);
int uart_sifive_getc(void *opaque);
void uart_sifive_rx_enable(void *opaque, bool on);

#endif
