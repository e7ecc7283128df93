/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's external interrupts: one controller, served by the boot hart alone. Builds for the host too.
 *
 * Concurrency: irq_handle() runs on the boot hart, with interrupts off, and so do the handlers. What it looks at is filled
 * in at boot. irq_complete(), irq_enable() and irq_disable() may be called by any hart at any time: each is an access to a
 * register of the controller that is the source's own, or changes nothing in a shared one.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <cleave/types.h>

#define IRQ_HANDLERS 64U /* most sources that are in use */
#define IRQ_STEP     32U /* most interrupts that one irq_handle() serves (M6) */

/**
 * struct irq_controller - the host's external interrupt controller; a driver fills it in
 * @name: for reports
 * @phandle: how other nodes of the device tree name it
 * @enable: route @source to the boot hart; by any hart once it has been done. Return: 0, CLV_ERR_RANGE (it has no such source)
 * @disable: no more of @source; one that is claimed can still be completed; any hart
 * @claim: Return: the source that interrupts, 0: none
 * @complete: @source has been served; any hart
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

/**
 * irq_request_held() - the same for a source that somebody else serves: it is claimed, and stays so until irq_complete()
 *
 * Until then the controller forwards no further interrupt of it, though a level-triggered one is still asserted. It is off
 * until irq_enable().
 */
int irq_request_held(u32 source, irq_handler_fn fn, void *opaque);

/** irq_complete() - a held source was served; it interrupts again when it is still asserted, unless it is off. Any hart */
void irq_complete(u32 source);

/** irq_enable(), irq_disable() - switch a source that was requested on or off. Any hart */
void irq_enable(u32 source);
void irq_disable(u32 source);

/** irq_handle() - external interrupt on the boot hart: serve what waits. A source that nobody asked for is switched off */
void irq_handle(void);

#endif
