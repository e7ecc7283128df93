/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's external interrupts: which handler serves which source. It must never spin on a source
 * that does not stop.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "core/machine/irq.h"

struct irq_handler {
	u32 source;
	bool held; /* irq_complete() completes it, not irq_handle() */
	irq_handler_fn fn;
	void *opaque;
};

static struct {
	struct irq_controller controller;
	bool present;
	u32 nr;
	struct irq_handler handler[IRQ_HANDLERS];
} irq;

int irq_set_controller(const struct irq_controller *c)
{
	if (irq.present) {
		printk("interrupt controller %s is not used: %s is", c->name, irq.controller.name);
		return CLV_ERR_EXISTS;
	}
	irq.controller = *c;
	irq.present = true;
	return 0;
}

const struct irq_controller *irq_controller(void)
{
	return irq.present ? &irq.controller : NULL;
}

static const struct irq_handler *irq_find(u32 source)
{
	for (u32 i = 0; i < irq.nr; i++) {
		if (irq.handler[i].source == source)
			return &irq.handler[i];
	}
	return NULL;
}

static int irq_add(const struct irq_handler *h)
{
	u32 source = h->source;

	if (!irq.present) {
		printk("interrupt %u: there is no interrupt controller that a driver knows",
		       source);
		return CLV_ERR_NOTFOUND;
	}
	if (irq_find(source) != NULL) {
		printk("interrupt %u is requested twice", source);
		return CLV_ERR_EXISTS;
	}
	if (irq.nr == IRQ_HANDLERS) {
		printk("interrupt %u: all %u handlers are in use", source, IRQ_HANDLERS);
		return CLV_ERR_NOMEM;
	}
	irq.handler[irq.nr] = *h;
	irq.nr++;
	if (irq.controller.enable(irq.controller.opaque, source) == 0)
		return 0;
	irq.nr--;
	printk("interrupt %u: %s has no such source", source, irq.controller.name);
	return CLV_ERR_NOTFOUND;
}

int irq_request(u32 source, irq_handler_fn fn, void *opaque)
{
	const struct irq_handler h = { .source = source, .fn = fn, .opaque = opaque };

	return irq_add(&h);
}

int irq_request_held(u32 source, irq_handler_fn fn, void *opaque)
{
	const struct irq_handler h = { .source = source, .held = true, .fn = fn, .opaque = opaque };
	int err = irq_add(&h);

	if (err == 0)
		irq_disable(source);
	return err;
}

void irq_complete(u32 source)
{
	irq.controller.complete(irq.controller.opaque, source);
}

void irq_enable(u32 source)
{
	(void)irq.controller.enable(irq.controller.opaque, source);
}

void irq_disable(u32 source)
{
	irq.controller.disable(irq.controller.opaque, source);
}

/*
 * Call the handler of a source that is claimed. Return: true when the source is to be completed now
 */
static bool irq_serve(u32 source)
{
	const struct irq_handler *h = irq_find(source);

	if (h != NULL) {
		h->fn(h->opaque, source);
		return !h->held;
	}
	printk("interrupt %u: nobody has requested it; it is switched off", source);
	irq_disable(source);
	return true;
}

void irq_handle(void)
{
	if (!irq.present)
		return;
	for (u32 n = 0; n < IRQ_STEP; n++) {
		u32 source = irq.controller.claim(irq.controller.opaque);

		if (source == 0U)
			return;
		if (irq_serve(source))
			irq_complete(source);
	}
}
