/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive UARTs: registers (SiFive FU740-C000 manual, chapter "Universal Asynchronous
 * Receiver/Transmitter").
 *
 * It must never wait for the UART.
 */
#include "arch/riscv/io.h"
#include "drivers/uart_sifive.h"

#define UART_TXDATA 0x00U
#define UART_RXDATA 0x04U
#define UART_TXCTRL 0x08U
#define UART_RXCTRL 0x0cU
#define UART_IE	    0x10U

#define TXDATA_FULL  UINT32_C(0x80000000)
#define RXDATA_EMPTY UINT32_C(0x80000000)
#define CTRL_ENABLE  0x1U /* with a watermark of 0: an interrupt from the first character on */
#define CTRL_KEEP    0xffffU
#define TX_WATERMARK 0x10000U /* interrupt when fewer than one entry is left */
#define IE_TXWM	     0x1U
#define IE_RXWM	     0x2U

void uart_sifive_init(struct uart_sifive *u)
{
	io_write32(u->regs, UART_IE, 0);
	io_write32(u->regs, UART_TXCTRL,
		   (io_read32(u->regs, UART_TXCTRL) & CTRL_KEEP) | CTRL_ENABLE | TX_WATERMARK);
	io_write32(u->regs, UART_RXCTRL, CTRL_ENABLE);
}

/* The register says only whether one more fits. */
u32 uart_sifive_room(void *opaque)
{
	const struct uart_sifive *u = opaque;

	return (io_read32(u->regs, UART_TXDATA) & TXDATA_FULL) != 0U ? 0U : 1U;
}

void uart_sifive_send(void *opaque, const u8 *c, u32 n)
{
	struct uart_sifive *u = opaque;

	for (u32 i = 0; i < n; i++)
		io_write32(u->regs, UART_TXDATA, c[i]);
}

int uart_sifive_getc(void *opaque)
{
	struct uart_sifive *u = opaque;
	u32 data = io_read32(u->regs, UART_RXDATA);

	return (data & RXDATA_EMPTY) != 0U ? -1 : (int)(data & 0xffU);
}

void uart_sifive_enable(void *opaque, bool rx, bool tx)
{
	struct uart_sifive *u = opaque;

	io_write32(u->regs, UART_IE, (rx ? IE_RXWM : 0U) | (tx ? IE_TXWM : 0U));
}
