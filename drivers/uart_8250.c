/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 8250 family: registers.
 *
 * National Semiconductor PC16550D data sheet, section 8; Synopsys DW_apb_uart databook (USR, IIR
 * value 7); Intel PXA255 developer's manual, section 10.4.3 (IER.UUE).
 *
 * It must never wait for the UART.
 */
#include "arch/riscv/io.h"
#include "drivers/uart_8250.h"

#define UART_RBR 0U
#define UART_THR 0U
#define UART_IER 1U
#define UART_IIR 2U
#define UART_FCR 2U
#define UART_LCR 3U
#define UART_MCR 4U
#define UART_LSR 5U
#define UART_USR 31U /* DW */

#define IER_RDI	  0x01U
#define IER_THRI  0x02U
#define IER_RTOIE 0x10U /* XScale: receiver timeout has an enable bit of its own */
#define IER_UUE	  0x40U /* XScale: unit enable */

#define IIR_ID	    0x0fU
#define IIR_BUSY    0x07U /* DW */
#define IIR_TIMEOUT 0x0cU
#define IIR_FIFO    0xc0U

#define FCR_ENABLE 0x01U /* trigger level: one character */
#define LCR_DLAB   0x80U

#define MCR_DTR	 0x01U
#define MCR_RTS	 0x02U
#define MCR_OUT2 0x08U /* on PC-like boards the gate of the interrupt line */

#define LSR_DR	 0x01U
#define LSR_THRE 0x20U

#define UART_FIFO_DEPTH 16U

u64 uart_8250_size(const struct uart_8250 *u)
{
	u32 last = u->variant == UART_8250_DW ? UART_USR : UART_LSR;

	return ((u64)last << u->shift) + u->width;
}

static u32 uart_8250_read(const struct uart_8250 *u, u32 reg)
{
	u64 offset = (u64)reg << u->shift;

	return u->width == 4U ? io_read32(u->regs, offset) : io_read8(u->regs, offset);
}

static void uart_8250_write(const struct uart_8250 *u, u32 reg, u32 value)
{
	u64 offset = (u64)reg << u->shift;

	if (u->width == 4U)
		io_write32(u->regs, offset, value);
	else
		io_write8(u->regs, offset, (u8)value);
}

void uart_8250_init(struct uart_8250 *u)
{
	u32 lcr = uart_8250_read(u, UART_LCR);

	if ((lcr & LCR_DLAB) != 0U)
		uart_8250_write(u, UART_LCR, lcr & ~LCR_DLAB);
	uart_8250_write(u, UART_IER, u->variant == UART_8250_XSCALE ? IER_UUE : 0U);
	uart_8250_write(u, UART_FCR, FCR_ENABLE);
	uart_8250_write(u, UART_MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
	u->depth = (uart_8250_read(u, UART_IIR) & IIR_FIFO) == IIR_FIFO ? UART_FIFO_DEPTH : 1U;
}

u32 uart_8250_room(void *opaque)
{
	struct uart_8250 *u = opaque;

	return (uart_8250_read(u, UART_LSR) & LSR_THRE) != 0U ? u->depth : 0U;
}

void uart_8250_send(void *opaque, const u8 *c, u32 n)
{
	for (u32 i = 0; i < n; i++)
		uart_8250_write(opaque, UART_THR, c[i]);
}

/*
 * DW: acknowledge an interrupt without a received character, which would otherwise never end. It
 * may acknowledge an empty transmitter too; whoever has taken what was received then looks at LSR.
 */
static void uart_8250_dw_acknowledge(struct uart_8250 *u)
{
	u32 id = uart_8250_read(u, UART_IIR) & IIR_ID;

	if (id == IIR_BUSY)
		(void)uart_8250_read(u, UART_USR);
	else if (id == IIR_TIMEOUT)
		(void)uart_8250_read(u, UART_RBR);
}

int uart_8250_getc(void *opaque)
{
	struct uart_8250 *u = opaque;

	if ((uart_8250_read(u, UART_LSR) & LSR_DR) != 0U)
		return (int)(uart_8250_read(u, UART_RBR) & 0xffU);
	if (u->variant == UART_8250_DW)
		uart_8250_dw_acknowledge(u);
	return -1;
}

void uart_8250_enable(void *opaque, bool rx, bool tx)
{
	struct uart_8250 *u = opaque;
	u32 ier = (rx ? IER_RDI : 0U) | (tx ? IER_THRI : 0U);

	if (u->variant == UART_8250_XSCALE)
		ier |= IER_UUE | (rx ? IER_RTOIE : 0U);
	/*
	 * While nobody takes what is received, RTS asks the sender to stop, if that wire is there.
	 */
	uart_8250_write(u, UART_MCR, MCR_DTR | MCR_OUT2 | (rx ? MCR_RTS : 0U));
	uart_8250_write(u, UART_IER, ier);
}
