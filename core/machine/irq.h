/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's external interrupts: which controller has which, which hart takes them, who serves
 * them. Builds for the host too.
 *
 * A machine may have several controllers, one for each socket for example. A source is a number at
 * one of them. At each moment one hart takes a source: the controller interrupts that hart alone.
 *
 * Concurrency: the tables are filled at boot. irq_handle() and the handlers run on the hart that
 * takes the source, with interrupts off; several harts may be in there at once. irq_complete(),
 * irq_enable() and irq_disable() may be called by any hart, but for one source by one hart at a
 * time: a lock of the caller sees to that. irq_lock guards what sources share, the registers with
 * the enable bits (docs/concurrency.md).
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <cleave/types.h>

#define IRQ_CONTROLLERS 8U
#define IRQ_HANDLERS	64U /* most sources that are in use */
#define IRQ_STEP	32U /* most interrupts that one irq_handle() serves (M6) */

/* A source: its controller's number, in the order of irq_add_controller(), and its own there */
#define IRQ_SOURCE(controller, number) ((u32)(controller) << 16 | (u32)(number))
#define IRQ_CONTROLLER(source)	       ((source) >> 16)
#define IRQ_NUMBER(source)	       ((source) & 0xffffU)

/**
 * struct irq_controller - an external interrupt controller of the host; a driver fills it in
 * @name: for reports
 * @opaque: handed to the functions
 * @phandle: how other nodes of the device tree name it
 * @sources: the highest number of a source; they begin at 1
 * @harts: bit n: it can interrupt hart n
 * @route: let it interrupt hart @hart for a source (@on), or no more. No two calls at once
 * @enable: switch a source on or off, whichever hart takes it. One that is claimed can still be
 * completed while it is off
 * @claim: Return: the source that interrupts hart @hart, the calling one; 0: none does
 * @complete: the source has been served. @hart is the one that it is routed to now, whoever claimed
 * it
 */
struct irq_controller {
	const char *name;
	void *opaque;
	u32 phandle;
	u32 sources;
	u64 harts;
	void (*route)(void *opaque, u32 hart, u32 number, bool on);
	void (*enable)(void *opaque, u32 number, bool on);
	u32 (*claim)(void *opaque, u32 hart);
	void (*complete)(void *opaque, u32 hart, u32 number);
};

typedef void (*irq_handler_fn)(void *opaque, u32 source);

/**
 * irq_add_controller() - use the controller of the driver that calls, besides those that are used
 * @c: copied
 *
 * Return: 0, CLV_ERR_NOMEM (there are IRQ_CONTROLLERS already; said in a line).
 */
int irq_add_controller(const struct irq_controller *c);

/** irq_controller() - Return: controller number @n, NULL: there are not so many */
const struct irq_controller *irq_controller(u32 n);

/**
 * irq_find_source() - Return: source @number of the controller that has @phandle; 0: there is none
 */
u32 irq_find_source(u32 phandle, u32 number);

/** irq_set_harts() - @harts, bit n for hart n, have started: the others take no interrupt; boot */
void irq_set_harts(u64 harts);

/** irq_reaches() - Return: true when hart @hart has started and may take @source */
bool irq_reaches(u32 source, u32 hart);

/**
 * irq_request() - have @fn(@opaque, @source) called at each interrupt of @source
 *
 * The first hart that can take it does so for good.
 *
 * Return: 0; CLV_ERR_NOTFOUND (no controller has such a source, or it reaches no hart that runs),
 * CLV_ERR_EXISTS (the source has a handler), CLV_ERR_NOMEM (too many handlers). Each error is said
 * in a line.
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
 * @hart: takes the source from now on; where it cannot, whoever took it goes on doing so
 *
 * If the source is still asserted and is on, it interrupts again.
 */
void irq_complete(u32 source, u32 hart);

/**
 * irq_enable() - switch on a source that was requested, and that is not claimed
 * @hart: as irq_complete()
 */
void irq_enable(u32 source, u32 hart);

/** irq_disable() - switch off a source that was requested */
void irq_disable(u32 source);

/**
 * irq_handle() - serve the external interrupts that wait on this hart, at most IRQ_STEP of them
 * @hart: the calling hart
 *
 * A source without a handler is switched off.
 */
void irq_handle(u32 hart);

#endif
