/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive UARTs: registers (SiFive FU740-C000 manual, chapter "Universal Asynchronous
 * Receiver/Transmitter").
 *
 * It must never wait for ever: a UART that does not answer costs characters, not the machine.
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
#define IE_RXWM	     0x2U

#define UART_PATIENCE 1000000U /* reads of TXDATA: about a second */

void uart_sifive_init(struct uart_sifive *u)
{
	u->stuck = false;
	io_write32(u->regs, UART_IE, 0);
	io_write32(u->regs, UART_TXCTRL,
		   (io_read32(u->regs, UART_TXCTRL) & CTRL_KEEP) | CTRL_ENABLE);
	io_write32(u->regs, UART_RXCTRL, CTRL_ENABLE);
}

void uart_sifive_putc(void *opaque, u8 c)
{
	struct uart_sifive *u = opaque;
	u32 patience = u->stuck ? 1U : UART_PATIENCE;
	bool full;

	do {
		full = (io_read32(u->regs, UART_TXDATA) & TXDATA_FULL) != 0U;
		patience--;
	} while (full && patience > 0U);
	u->stuck = full;
	if (!full)
		io_write32(u->regs, UART_TXDATA, c);
}

int uart_sifive_getc(void *opaque)
{
	struct uart_sifive *u = opaque;
	u32 data = io_read32(u->regs, UART_RXDATA);

	return (data & RXDATA_EMPTY) != 0U ? -1 : (int)(data & 0xffU);
}

void uart_sifive_rx_enable(void *opaque, bool on)
{
	struct uart_sifive *u = opaque;

	io_write32(u->regs, UART_IE, on ? IE_RXWM : 0U);
}
