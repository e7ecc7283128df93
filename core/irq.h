/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's external interrupts: one controller, served by the boot hart alone. Builds for the host too.
 *
 * Concurrency: everything here is called on the boot hart, with interrupts off; nothing is shared, and there is no lock.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <cleave/types.h>

#define IRQ_HANDLERS 16U /* most sources that are in use */
#define IRQ_STEP     32U /* most interrupts that one irq_handle() serves (M6) */

/**
 * struct irq_controller - the host's external interrupt controller; a driver fills it in
 * @name: for reports
 * @phandle: how other nodes of the device tree name it
 * @enable: route @source to the boot hart. Return: 0, CLV_ERR_RANGE (it has no such source)
 * @disable: no more of @source
 * @claim: Return: the source that interrupts, 0: none
 * @complete: @source has been served
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

/** irq_set_controller() - a driver offers its controller. Return: 0, CLV_ERR_EXISTS (there is one; said in a line) */
int irq_set_controller(const struct irq_controller *c);

/** irq_controller() - Return: the controller, NULL when no driver has offered one */
const struct irq_controller *irq_controller(void);

/**
 * irq_request() - call @fn(@opaque, @source) at each interrupt of @source
 *
 * Return: 0; CLV_ERR_NOTFOUND (no controller, or it has no such source), CLV_ERR_EXISTS (the source has a handler),
 * CLV_ERR_NOMEM (too many). Each is said in a line.
 */
int irq_request(u32 source, irq_handler_fn fn, void *opaque);

/** irq_handle() - external interrupt on the boot hart: serve what waits. A source that nobody asked for is switched off */
void irq_handle(void);

#endif
