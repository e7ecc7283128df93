/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated ns16550a. Builds for the host too.
 *
 * Output goes up through vuart_output(), the interrupt line through vuart_irq(); input comes in by vuart_input(). It must
 * never lose a character of the guest's, whatever the guest writes to its registers.
 */
#ifndef CORE_VUART_H
#define CORE_VUART_H

#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/mmio.h"

#define VUART_RX_SIZE 1024U

struct vuart {
	struct spinlock lock; /* guards all below */
	u8 ier, lcr, mcr, scr, fcr, dll, dlm;
	bool thre_pending; /* transmitter-empty interrupt not acknowledged yet */
	bool irq;	   /* level of the line */
	u8 rx[VUART_RX_SIZE];
	u32 rx_head; /* next to read */
	u32 rx_count;
};

/** vuart_reset() - state after power-on; input that waits is dropped */
void vuart_reset(struct vuart *u);

u64 vuart_read(void *opaque, u32 vcpu, u64 offset, u8 size);
void vuart_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);

/** vuart_input() - a character from the console. Return: false when there is no room (the caller keeps it) */
bool vuart_input(struct vuart *u, u8 c);

/* Calls up, defined by core/vm_devices.c: called with u->lock NOT held */
void vuart_output(struct vuart *u, u8 c);
void vuart_irq(struct vuart *u, bool level);

#endif
