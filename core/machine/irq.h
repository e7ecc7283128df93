/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's external interrupts: one controller, served by the boot hart alone. Builds for the
 * host too.
 *
 * Concurrency: irq_handle() and the handlers run on the boot hart, with interrupts off. The tables
 * that they read are filled at boot. irq_complete(), irq_enable() and irq_disable() may be called
 * by any hart at any time: each writes to a register of the controller that belongs to the source
 * alone, or writes what a shared register holds already.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <cleave/types.h>

#define IRQ_HANDLERS 64U /* most sources that are in use */
#define IRQ_STEP     32U /* most interrupts that one irq_handle() serves (M6) */

/**
 * struct irq_controller - the host's external interrupt controller; a driver fills it in
 * @name: for reports
 * @opaque: handed to the functions
 * @phandle: how other nodes of the device tree name it
 * @enable: route @source to the boot hart. The first call for a source is the boot hart's, at boot;
 * later ones may come from any hart. Return: 0, CLV_ERR_RANGE (there is no such source)
 * @disable: let @source interrupt no more; one that is claimed can still be completed. Any hart
 * @claim: Return: the source that interrupts; 0: none does
 * @complete: @source has been served. Any hart
 */
struct irq_controller {
	const char *name;
	void *opaque;
	u32 phandle;
	int (*enable)(void *opaque, u32 source);
	void (*disable)(void *opaque, u32 source);
	u32 (*claim)(void *opaque);
	void (*complete)(void *opaque, u32 source);
};

typedef void (*irq_handler_fn)(void *opaque, u32 source);

/**
 * irq_set_controller() - use the controller of the driver that calls
 * @c: copied
 *
 * Return: 0, CLV_ERR_EXISTS (another one is in use; said in a line).
 */
int irq_set_controller(const struct irq_controller *c);

/** irq_controller() - Return: the controller in use, NULL when no driver has offered one */
const struct irq_controller *irq_controller(void);

/**
 * irq_request() - have @fn(@opaque, @source) called at each interrupt of @source
 *
 * Return: 0; CLV_ERR_NOTFOUND (no controller, or it has no such source), CLV_ERR_EXISTS (the source
 * has a handler), CLV_ERR_NOMEM (too many handlers). Each error is said in a line.
 */
int irq_request(u32 source, irq_handler_fn fn, void *opaque);

/**
 * irq_request_held() - do the same for a source whose interrupts take long to serve
 *
 * Such an interrupt is claimed before @fn is called, and stays claimed until irq_complete(). Until
 * then the controller forwards no other interrupt of the source, even if a level-triggered one is
 * still asserted. The source is off until irq_enable().
 *
 * Return: as irq_request().
 */
int irq_request_held(u32 source, irq_handler_fn fn, void *opaque);

/**
 * irq_complete() - an interrupt of a held source has been served
 *
 * If the source is still asserted and is on, it interrupts again. Any hart.
 */
void irq_complete(u32 source);

/** irq_enable() - switch on a source that was requested. Any hart */
void irq_enable(u32 source);

/** irq_disable() - switch off a source that was requested. Any hart */
void irq_disable(u32 source);

/**
 * irq_handle() - serve the external interrupts that wait, at most IRQ_STEP of them
 *
 * The boot hart calls it when it gets an external interrupt. A source without a handler is switched
 * off.
 */
void irq_handle(void);

#endif
