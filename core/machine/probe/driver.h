/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers: found by device-tree `compatible`, registered in a linker section. Builds for the host too.
 *
 * Two drivers that claim one compatible are refused at boot, by name. Everything here is called once, by the boot hart.
 */
#ifndef CORE_DRIVER_H
#define CORE_DRIVER_H

#include <cleave/types.h>
#include "core/machine/irq.h"

enum driver_class {
	DRIVER_INTC, /* all nodes that match; the first that probes well is used */
	DRIVER_UART, /* the node that /chosen/stdout-path names, else the first that matches */
};

/**
 * struct driver - @compatible: NULL-terminated list; @probe: node @node of the host's tree @fdt matches
 *
 * probe returns 0 or a negative error, having said what was wrong.
 */
struct driver {
	const char *name;
	enum driver_class class;
	const char *const *compatible;
	int (*probe)(const void *fdt, int node);
};

#define DRIVER_REGISTER(d)                                 \
	static const struct driver *const driver_entry_##d \
		__attribute__((used, section(".cleave.drivers"))) = &(d)

/** driver_probe_all() - driver_probe_list() of the drivers that are linked in. Return: drivers bound */
u32 driver_probe_all(const void *fdt);

/**
 * driver_probe_list() - find the devices of the @nr drivers at @list in @fdt: interrupt controllers, then the console's UART
 *
 * Drivers that claim a compatible of another are said by name, and neither is used. Return: drivers bound.
 */
u32 driver_probe_list(const struct driver *const *list, size_t nr, const void *fdt);

/**
 * driver_reg() - first `reg` entry of a node, by its parent's cells, through the `ranges` of the buses above
 * @base: out: HPA, bytes; @size: out: bytes
 *
 * Return: 0, CLV_ERR_NOTFOUND (none), CLV_ERR_FORMAT (cells that make no sense).
 */
int driver_reg(const void *fdt, int node, u64 *base, u64 *size);

/** driver_reg_at() - the same of entry number @index; its last byte must be where its first leads to */
int driver_reg_at(const void *fdt, int node, u32 index, u64 *base, u64 *size);

/** driver_irq_parent() - Return: phandle of a node's interrupt parent: its own property's or the nearest above; 0: none */
u32 driver_irq_parent(const void *fdt, int node);

/** driver_stdout() - Return: the node that /chosen/stdout-path names, a path or an alias; negative: none */
int driver_stdout(const void *fdt);

/** driver_bound() - Return: true when a driver has taken @node of the tree that was probed */
bool driver_bound(int node);

/** driver_irq() - Return: the first interrupt of a node at the controller in use (irq_controller()); 0: none */
u32 driver_irq(const void *fdt, int node);

#endif
