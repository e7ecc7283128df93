/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a guest's device tree is written: what the files guest_fdt*.c share.
 *
 * The tree is written from front to back. A tree of the partition's own is merged in on the way:
 * what it says of a node goes before what is generated, and nodes that only it has are copied when
 * their parent is closed.
 */
#ifndef CORE_GUEST_FDT_INTERNAL_H
#define CORE_GUEST_FDT_INTERNAL_H

#include "core/config/guest_fdt.h"

#define GUEST_FDT_CPUS 64U /* as many as Kconfig allows */

/**
 * struct guest_fdt - the tree that is being written
 * @fdt: it
 * @err: 0, or the first error of libfdt; then nothing more is written
 * @own: the tree that is merged in; NULL: none. The names of its nodes are spoilt on the way
 * @whole: @own is the partition's own tree, and not only an addition to the generated one
 * @at: the node of @own that is open, or, with @below, the nearest that was
 * @below: how many of the open nodes @own does not have
 * @phandles: is added to each phandle that is generated
 * @plic, @imsic, @cpu: phandles of the nodes that have been written; @plic is that of the APLIC in
 * its place
 */
struct guest_fdt {
	void *fdt;
	int err;
	void *own;
	bool whole;
	int at;
	u32 below;
	u32 phandles;
	u32 plic;
	u32 imsic;
	u32 cpu[GUEST_FDT_CPUS];
};

_Static_assert(CONFIG_MAX_VCPUS <= GUEST_FDT_CPUS, "struct guest_fdt has a phandle for each cpu");

/** guest_fdt_open_root() - open the first node */
void guest_fdt_open_root(struct guest_fdt *t);

/** guest_fdt_open_node() - open a node below the open one, with the properties that @own has */
void guest_fdt_open_node(struct guest_fdt *t, const char *name);

/** guest_fdt_open_node_at() - open the node NAME@ADDRESS; @len: how much of @name counts */
void guest_fdt_open_node_at(struct guest_fdt *t, const char *name, size_t len, u64 address);

/** guest_fdt_close_node() - close the open node; what @own has below it, too, is copied first */
void guest_fdt_close_node(struct guest_fdt *t);

/**
 * guest_fdt_prop_room() - make a property of the open node with room for @len bytes
 *
 * Return: the room; NULL after an error, or if @own has this property.
 */
void *guest_fdt_prop_room(struct guest_fdt *t, const char *name, u32 len);

/* Make a property: without a value, of bytes, of a string, of one cell, of two cells */
void guest_fdt_prop_empty(struct guest_fdt *t, const char *name);
void guest_fdt_prop_bytes(struct guest_fdt *t, const char *name, const void *bytes, size_t len);
void guest_fdt_prop_string(struct guest_fdt *t, const char *name, const char *s);
void guest_fdt_prop_cell(struct guest_fdt *t, const char *name, u32 v);
void guest_fdt_prop_u64(struct guest_fdt *t, const char *name, u64 v);

/** guest_fdt_prop_reg() - make `reg` of one base and one size */
void guest_fdt_prop_reg(struct guest_fdt *t, u64 base, u64 size);

/** guest_fdt_prop_cells() - make `#address-cells` and `#size-cells` */
void guest_fdt_prop_cells(struct guest_fdt *t, u32 address, u32 size);

/** guest_fdt_prop_phandle() - make `phandle`. Return: what the node's phandle is */
u32 guest_fdt_prop_phandle(struct guest_fdt *t, u32 phandle);

/** guest_fdt_fills() - Return: true when memory, cpus or chosen (@what) are to be generated */
bool guest_fdt_fills(const struct guest_fdt *t, const char *what);

/**
 * guest_fdt_device() - write the node of a device of the machine
 * @t: a bus with two address and two size cells is open, and the PLIC has been written
 * @tree: the machine's tree, from which it is copied
 */
void guest_fdt_device(struct guest_fdt *t, const void *tree, const struct config_device *d);

#ifdef CONFIG_AIA
/**
 * guest_fdt_aia() - write the nodes of an APLIC and of interrupt files, if the partition has them
 * @t: a bus with two address and two size cells is open, and the cpus have been written
 * @aplic, @imsic: phandles to give them
 *
 * Return: true when it has; they have taken the place of the PLIC.
 */
bool guest_fdt_aia(struct guest_fdt *t, const struct config_partition *part, u32 aplic, u32 imsic);
#else
static inline bool guest_fdt_aia(struct guest_fdt *t, const struct config_partition *part,
				 u32 aplic, u32 imsic)
{
	(void)t;
	(void)part;
	(void)aplic;
	(void)imsic;
	return false;
}
#endif

#endif
