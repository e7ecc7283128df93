/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's external interrupts: which handler serves which source, and on which hart. It must
 * never spin on a source that does not stop.
 *
 * A PLIC ignores a completion through a context for which the source is not enabled (RISC-V PLIC
 * specification 1.0.0, "Interrupt Completion"), but takes it through any other, whoever claimed. So
 * a source moves to another hart first, and is completed through that hart's context after that.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/spinlock.h>
#include "arch/riscv/io.h"
#include "core/machine/irq.h"

/**
 * struct irq_handler - a source in use
 * @held: irq_complete() completes it, not irq_handle()
 * @hart: takes it; guarded as irq_complete() says
 */
struct irq_handler {
	u32 source;
	bool held;
	u32 hart;
	irq_handler_fn fn;
	void *opaque;
};

static struct {
	struct irq_controller controller[IRQ_CONTROLLERS];
	u32 controllers;
	u32 nr;
	struct irq_handler handler[IRQ_HANDLERS];
	u64 harts; /* that have started */
} irq = { .harts = 1 };

/*
 * Guards the enable bits of all controllers, each register of which holds 32 sources. It is taken
 * inside any other lock but the console's.
 */
static struct spinlock irq_lock;

__attribute__((cold)) int irq_add_controller(const struct irq_controller *c)
{
	if (irq.controllers == IRQ_CONTROLLERS) {
		printk("interrupt controller %s is not used: %u others are", c->name,
		       IRQ_CONTROLLERS);
		return CLV_ERR_NOMEM;
	}
	irq.controller[irq.controllers] = *c;
	irq.controllers++;
	return 0;
}

const struct irq_controller *irq_controller(u32 n)
{
	return n < irq.controllers ? &irq.controller[n] : NULL;
}

u32 irq_find_source(u32 phandle, u32 number)
{
	for (u32 n = 0; phandle != 0U && n < irq.controllers; n++) {
		if (irq.controller[n].phandle == phandle)
			return number != 0U && number <= irq.controller[n].sources
				       ? IRQ_SOURCE(n, number)
				       : 0U;
	}
	return 0;
}

void irq_set_harts(u64 harts)
{
	irq.harts = harts;
}

bool irq_reaches(u32 source, u32 hart)
{
	return (irq.controller[IRQ_CONTROLLER(source)].harts & irq.harts & BIT64(hart)) != 0U;
}

static struct irq_handler *irq_find(u32 source)
{
	for (u32 i = 0; i < irq.nr; i++) {
		if (irq.handler[i].source == source)
			return &irq.handler[i];
	}
	return NULL;
}

static struct irq_controller *irq_controller_of(const struct irq_handler *h)
{
	return &irq.controller[IRQ_CONTROLLER(h->source)];
}

/* --- requests --------------------------------------------------------------------------------- */

/* Return: the first hart that can take @source; CONFIG_MAX_HARTS: none can */
static u32 irq_first_hart(u32 source)
{
	u32 hart = 0;

	while (hart < CONFIG_MAX_HARTS && !irq_reaches(source, hart))
		hart++;
	return hart;
}

static int irq_check(u32 source)
{
	const struct irq_controller *c = irq_controller(IRQ_CONTROLLER(source));
	u32 number = IRQ_NUMBER(source);

	if (c == NULL || number == 0U || number > c->sources) {
		printk("interrupt %u: no interrupt controller that a driver knows has it", number);
		return CLV_ERR_NOTFOUND;
	}
	if (irq_first_hart(source) == CONFIG_MAX_HARTS) {
		printk("interrupt %u: %s reaches no hart that runs", number, c->name);
		return CLV_ERR_NOTFOUND;
	}
	if (irq_find(source) != NULL) {
		printk("interrupt %u of %s is requested twice", number, c->name);
		return CLV_ERR_EXISTS;
	}
	if (irq.nr == IRQ_HANDLERS) {
		printk("interrupt %u: all %u handlers are in use", number, IRQ_HANDLERS);
		return CLV_ERR_NOMEM;
	}
	return 0;
}

static __attribute__((cold)) int irq_add(u32 source, bool held, irq_handler_fn fn, void *opaque)
{
	struct irq_handler *h = &irq.handler[irq.nr];
	int err = irq_check(source);
	const struct irq_controller *c;

	if (err != 0)
		return err;
	*h = (struct irq_handler){ .source = source,
				   .held = held,
				   .hart = irq_first_hart(source),
				   .fn = fn,
				   .opaque = opaque };
	irq.nr++;
	c = irq_controller_of(h);
	c->route(c->opaque, h->hart, IRQ_NUMBER(source), true);
	c->enable(c->opaque, IRQ_NUMBER(source), !held);
	return 0;
}

int irq_request(u32 source, irq_handler_fn fn, void *opaque)
{
	return irq_add(source, false, fn, opaque);
}

int irq_request_held(u32 source, irq_handler_fn fn, void *opaque)
{
	return irq_add(source, true, fn, opaque);
}

/* --- held sources ----------------------------------------------------------------------------- */

/* Have @hart take a source, if it can. Nobody can claim it meanwhile: it is claimed, or off. */
static __attribute__((cold)) void irq_move(struct irq_handler *h, u32 hart)
{
	const struct irq_controller *c = irq_controller_of(h);

	if (h->hart == hart || !irq_reaches(h->source, hart))
		return;
	spin_lock(&irq_lock);
	io_begin();
	c->route(c->opaque, h->hart, IRQ_NUMBER(h->source), false);
	c->route(c->opaque, hart, IRQ_NUMBER(h->source), true);
	h->hart = hart;
	io_done();
	spin_unlock(&irq_lock);
}

void irq_complete(u32 source, u32 hart)
{
	struct irq_handler *h = irq_find(source);
	const struct irq_controller *c = irq_controller_of(h);

	irq_move(h, hart);
	c->complete(c->opaque, h->hart, IRQ_NUMBER(source));
	io_done();
}

void irq_enable(u32 source, u32 hart)
{
	struct irq_handler *h = irq_find(source);
	const struct irq_controller *c = irq_controller_of(h);

	irq_move(h, hart);
	c->enable(c->opaque, IRQ_NUMBER(source), true);
	io_done();
}

void irq_disable(u32 source)
{
	const struct irq_controller *c = irq_controller(IRQ_CONTROLLER(source));

	c->enable(c->opaque, IRQ_NUMBER(source), false);
	io_done();
}

/* --- an interrupt ----------------------------------------------------------------------------- */

/* Call the handler of a source that is claimed on @hart. */
static void irq_serve(const struct irq_controller *c, u32 source, u32 hart)
{
	const struct irq_handler *h = irq_find(source);

	if (h != NULL) {
		h->fn(h->opaque, source);
		if (h->held)
			return;
	} else {
		printk("interrupt %u of %s: nobody has requested it; it is switched off",
		       IRQ_NUMBER(source), c->name);
		irq_disable(source);
	}
	c->complete(c->opaque, hart, IRQ_NUMBER(source));
}

void irq_handle(u32 hart)
{
	u32 left = IRQ_STEP;

	for (u32 n = 0; n < irq.controllers; n++) {
		const struct irq_controller *c = &irq.controller[n];
		u32 number = 1;

		if ((c->harts >> hart & 1U) == 0U)
			continue;
		while (left > 0U && number != 0U) {
			number = c->claim(c->opaque, hart);
			if (number != 0U)
				irq_serve(c, IRQ_SOURCE(n, number), hart);
			left--;
		}
	}
}
