/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated ns16550a. Builds for the host too.
 *
 * Output goes up through vuart_output(), the interrupt line through vuart_irq(); input is fetched by vuart_fetch() when
 * there is room for it, so that what the guest has not read waits in the console and not here. It must never lose a
 * character that the guest transmits, whatever the guest writes to its registers.
 *
 * Concurrency: any vCPU of the VM and the hart that serves the console may call at once; one lock guards the registers.
 */
#ifndef CORE_VUART_H
#define CORE_VUART_H

#include <abi/state.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VUART_FIFO_SIZE 16U /* as the 16550's receiver */

/**
 * struct vuart - registers and receiver FIFO; all guarded by @lock
 * @overrun: LSR.OE: a character came in loopback while the FIFO was full
 * @msr_delta: MSR's low four bits: which modem inputs have changed since MSR was read
 * @thre_pending: the transmitter has become empty and the guest has not acknowledged it
 * @irq: level of the interrupt line
 * @rx_head: index of the oldest character
 * @rx_count: characters that wait
 */
struct vuart {
	struct spinlock lock;
	u8 ier, lcr, mcr, scr, fcr, dll, dlm;
	u8 msr_delta;
	bool overrun;
	bool thre_pending;
	bool irq;
	u8 rx[VUART_FIFO_SIZE];
	u32 rx_head;
	u32 rx_count;
};

/** vuart_reset() - state after power-on; what waits in the FIFO is dropped, the line goes low */
void vuart_reset(struct vuart *u);

/** vuart_read(), vuart_write() - an access of the guest, as struct mmio_device wants it; takes u->lock */
u64 vuart_read(void *opaque, u32 vcpu, u64 offset, u8 size);
void vuart_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);

/** vuart_refill() - there is input to fetch: fill the FIFO and raise the line; any hart, takes u->lock */
void vuart_refill(struct vuart *u);

/**
 * vuart_take() - take input past the registers (SBI DBCN read), oldest first, the FIFO before what can be fetched
 * @buf: where to
 * @len: most characters to take
 *
 * Return: characters taken. Takes u->lock.
 */
u64 vuart_take(struct vuart *u, u8 *buf, u64 len);

/** vuart_save() - the registers and the FIFO as a state record; takes u->lock */
void vuart_save(struct vuart *u, struct cleave_state_uart *r);

/**
 * vuart_load() - take over what vuart_save() wrote, here or elsewhere; the line follows. Fetches nothing: vuart_refill() does. Takes u->lock
 * Return: 0, CLV_ERR_INVAL: no UART has been in that state; nothing has changed.
 */
int vuart_load(struct vuart *u, const struct cleave_state_uart *r);

/*
 * Calls up, defined by core/vm/vm_devices.c. vuart_irq() and vuart_fetch() are called with u->lock held: the order of two
 * changes of the line must not be turned round. vuart_output() is called without it.
 */
void vuart_output(struct vuart *u, u8 c);
void vuart_irq(struct vuart *u, bool level);
/** vuart_fetch() - Return: the next character of the console's input for this UART, -1 when none waits */
int vuart_fetch(struct vuart *u);

#endif
