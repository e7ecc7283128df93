/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers: found by device-tree `compatible`, registered in a linker section.
 *
 * Two drivers that claim one compatible are refused at boot, by name.
 */
#ifndef CORE_DRIVER_H
#define CORE_DRIVER_H

#include <cleave/types.h>

enum driver_class {
	DRIVER_UART, /* the node that /chosen/stdout-path names, else the first */
	DRIVER_INTC,
};

/**
 * struct driver - @compatible: NULL-terminated list; @probe: node @offset of the host's tree @fdt matches
 * probe returns 0 or a negative error, having said what was wrong
 */
struct driver {
	const char *name;
	enum driver_class class;
	const char *const *compatible;
	int (*probe)(const void *fdt, int node);
};

#define DRIVER_REGISTER(d) \
	static const struct driver *const driver_entry_##d __attribute__((used, section(".cleave.drivers"))) = &(d)

/** driver_probe_all() - interrupt controllers first, then the console's UART. Return: drivers bound */
u32 driver_probe_all(const void *fdt);

/** driver_reg() - first `reg` entry of a node, by its parent's cells. Return: 0, CLV_ERR_NOTFOUND */
int driver_reg(const void *fdt, int node, u64 *base, u64 *size);

/**
 * struct intc - the host's external interrupt controller: one; claimed by the boot hart only
 */
struct intc {
	const char *name;
	void *opaque;
	int (*enable)(void *opaque, u32 source);      /* route @source to the calling hart */
	u32 (*claim)(void *opaque);		      /* 0: none */
	void (*complete)(void *opaque, u32 source);
};

typedef void (*irq_handler_fn)(void *opaque, u32 source);

/** irq_set_controller() - a driver offers its controller; irq_request() - handler for a source; irq_handle() - external
 * interrupt on this hart: claim, handle, complete until none is left (at most a bounded number, M6) */
void irq_set_controller(const struct intc *c);
int irq_request(u32 source, irq_handler_fn fn, void *opaque);
void irq_handle(void);

#endif
