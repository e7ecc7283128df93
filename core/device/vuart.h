/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated ns16550a. Builds for the host too.
 *
 * Output goes up by vuart_output(), and the interrupt line by vuart_irq(). Input is fetched by
 * vuart_fetch() when there is room for it, so that what the guest has not read waits in the console
 * and not here. No character is lost that the guest transmits while LSR.THRE is set, a FIFO of 16
 * each time, whatever the guest writes to the registers.
 *
 * Concurrency: one lock guards the registers. Any vCPU of the VM may call, and the hart that serves
 * the console.
 */
#ifndef CORE_VUART_H
#define CORE_VUART_H

#include <abi/state.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VUART_FIFO_SIZE 16U /* as the 16550's receiver */

/**
 * struct vuart - registers and receiver FIFO; @lock guards all of it
 * @ier, @lcr, @mcr, @scr, @fcr, @dll, @dlm: the registers of these names
 * @msr_delta: the low four bits of MSR: which modem inputs have changed since MSR was read
 * @overrun: LSR.OE: a character came in loopback while the FIFO was full
 * @thre_pending: the transmitter has become empty, and the guest has not acknowledged that
 * @irq: level of the interrupt line
 * @rx: characters that the guest has not read
 * @rx_head: index of the oldest character
 * @rx_count: how many characters there are
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

/**
 * vuart_reset() - put the UART into its state after power-on: the FIFO is empty, the line is low.
 * Takes u->lock
 */
void vuart_reset(struct vuart *u);

/**
 * vuart_read(), vuart_write() - an access of the guest, as struct mmio_device wants it; takes
 * u->lock
 */
u64 vuart_read(void *opaque, u32 vcpu, u64 offset, u8 size);
void vuart_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);

/**
 * vuart_sent() - the console takes output again: the transmitter becomes empty; any hart may call
 * it. Takes u->lock
 */
void vuart_sent(struct vuart *u);

/**
 * vuart_refill() - there is input to fetch: fill the FIFO and raise the line; any hart may call it.
 * Takes u->lock
 */
void vuart_refill(struct vuart *u);

/**
 * vuart_take() - take input without the registers, for SBI DBCN
 * @buf: gets it, oldest first: what is in the FIFO, then what can be fetched
 * @len: how many characters it takes at most
 *
 * Return: how many characters it took. Takes u->lock.
 */
u64 vuart_take(struct vuart *u, u8 *buf, u64 len);

/** vuart_save() - write the registers and the FIFO as a state record; takes u->lock */
void vuart_save(struct vuart *u, struct cleave_state_uart *r);

/**
 * vuart_load() - take over the registers and the FIFO that vuart_save() wrote, here or elsewhere
 *
 * The interrupt line follows. No input is fetched; vuart_refill() does that. Takes u->lock.
 *
 * Return: 0; CLV_ERR_INVAL when no UART can have been in that state, and then nothing has changed
 */
int vuart_load(struct vuart *u, const struct cleave_state_uart *r);

/* --- calls up, defined by core/vm/vm_devices.c ------------------------------------------------ */

/**
 * vuart_output() - the guest has transmitted @c
 *
 * Context: u->lock is held. Return: true when the transmitter is empty again at once; if not,
 * vuart_sent() comes when it is
 */
bool vuart_output(struct vuart *u, u8 c);

/** vuart_output_full() - Return: true while the transmitter is not empty. Takes no lock */
bool vuart_output_full(struct vuart *u);

/**
 * vuart_irq() - the interrupt line has changed to @level
 *
 * Context: u->lock is held, so that two changes of the line arrive in their order.
 */
void vuart_irq(struct vuart *u, bool level);

/**
 * vuart_fetch() - take the next character of the console's input for this UART
 *
 * Context: u->lock is held. Return: the character, -1 when none waits
 */
int vuart_fetch(struct vuart *u);

#endif
