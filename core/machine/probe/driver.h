/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers are found by the `compatible` of a device-tree node; each registers in a linker section.
 * Builds for the host too.
 *
 * Two drivers that claim one compatible are refused at boot, by name. The boot hart calls
 * everything here, at boot.
 */
#ifndef CORE_DRIVER_H
#define CORE_DRIVER_H

#include <cleave/types.h>
#include "core/machine/irq.h"

enum driver_class {
	DRIVER_INTC, /* every node that matches is probed, and every good one is used */
	DRIVER_UART, /* the node that /chosen/stdout-path names, or the first that matches */
};

/**
 * struct driver - what a driver registers
 * @name: for reports
 * @compatible: the strings that it claims; NULL ends the list
 * @probe: take node @node of the host's tree @fdt, which matches. Return: 0, or a negative error
 * that it has said in a line; what it has taken before, for other nodes, then works as before
 */
struct driver {
	const char *name;
	enum driver_class class;
	const char *const *compatible;
	int (*probe)(const void *fdt, int node);
};

#define DRIVER_REGISTER(d)                                 \
	static const struct driver *const driver_entry_##d \
		__attribute__((used, section("cleave_drivers"))) = &(d)

/**
 * driver_probe_all() - do driver_probe_list() with the drivers that are linked in
 *
 * Return: how many nodes have a driver now.
 */
u32 driver_probe_all(const void *fdt);

/**
 * driver_probe_list() - find the interrupt controllers, then the console's UART
 * @list: the drivers; @nr: how many
 * @fdt: the host's tree, checked
 *
 * Drivers that claim a compatible of another are said by name, and neither is used.
 *
 * Return: how many nodes have a driver now.
 */
u32 driver_probe_list(const struct driver *const *list, size_t nr, const void *fdt);

/** driver_bound() - Return: true when a driver has taken @node of the tree that was probed */
bool driver_bound(int node);

/**
 * driver_reg() - read the first entry of a node's `reg`, in the machine's own addresses
 * @base: out: HPA
 * @size: out: bytes
 *
 * The address is translated by the `ranges` of the buses above the node.
 *
 * Return: 0; CLV_ERR_NOTFOUND (there is no entry, or a bus does not lead to it), CLV_ERR_FORMAT
 * (cells that make no sense).
 */
int driver_reg(const void *fdt, int node, u64 *base, u64 *size);

/**
 * driver_reg_at() - do the same for entry number @index, whose last byte is translated too
 *
 * Return: as driver_reg(); CLV_ERR_FORMAT also when the entry is not in one piece there.
 */
int driver_reg_at(const void *fdt, int node, u32 index, u64 *base, u64 *size);

/**
 * driver_irq_parent() - find the controller that a node's `interrupts` go to
 *
 * Return: the phandle in its own `interrupt-parent`, or in that of the nearest node above; 0: none.
 */
u32 driver_irq_parent(const void *fdt, int node);

/**
 * driver_irq() - Return: the source (core/machine/irq.h) of a node's first interrupt; 0: it has
 * none that goes to a controller in use
 */
u32 driver_irq(const void *fdt, int node);

/**
 * driver_stdout() - Return: the node that /chosen/stdout-path names, as a path or an alias;
 * negative: none
 */
int driver_stdout(const void *fdt);

#endif
