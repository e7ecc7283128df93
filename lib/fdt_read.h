/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading nodes of a device tree: cells, numbers, `reg` and `status`.
 *
 * libfdt has checked the tree as a whole, but a property may still hold anything. These functions
 * never read outside the property that they are asked for. They take no lock and keep nothing.
 * Reference: Devicetree Specification 0.4, chapters 2.2.4 (property values) and 2.3.
 */
#ifndef LIB_FDT_READ_H
#define LIB_FDT_READ_H

#include <cleave/types.h>

/**
 * fdt_read_unsafe() - find out whether libfdt can read a tree safely
 * @fdt: a whole header, at a multiple of 8 bytes
 *
 * fdt_check_full() takes for granted what is looked at here, so this comes first.
 *
 * Return: NULL; or what is wrong, after "the device tree".
 */
const char *fdt_read_unsafe(const void *fdt);

/**
 * fdt_read_error() - say in words what libfdt found wrong with a tree
 * @err: its error, negative
 *
 * Return: what is wrong, a sentence of its own.
 */
const char *fdt_read_error(int err);

/**
 * fdt_read_cells() - read some cells as one number
 * @p: the first cell; it need not be aligned
 * @cells: how many there are
 *
 * Return: the number; of more than two cells, the low 64 bits.
 */
u64 fdt_read_cells(const void *p, u32 cells);

/**
 * fdt_read_cell() - read the first cell of a property
 * @none: what to return without one
 *
 * Return: the cell; @none when @node has no property @name or it is shorter than a cell.
 */
u32 fdt_read_cell(const void *fdt, int node, const char *name, u32 none);

/**
 * fdt_read_number() - read a property that is one number of one or two cells
 *
 * Return: true when @node has such a property, and *@out is its value.
 */
bool fdt_read_number(const void *fdt, int node, const char *name, u64 *out);

/**
 * fdt_read_chosen() - find a property of /chosen
 * @len: gets its bytes; less than 0: there is none
 *
 * Return: its value; NULL when there is none.
 */
const void *fdt_read_chosen(const void *fdt, const char *name, int *len);

/**
 * fdt_read_enabled() - may a node be used, as its `status` says?
 *
 * Return: true when it has no `status` or one that says "okay" or "ok".
 */
bool fdt_read_enabled(const void *fdt, int node);

/**
 * struct fdt_reg - a node's `reg`
 * @cell: cells of the first entry
 * @address_cells, @size_cells: cells of each entry's address and of its size
 * @entries: how many whole entries there are, at least one
 * @rest: bytes after the last whole entry; 0 unless the tree is wrong
 */
struct fdt_reg {
	const void *cell;
	u32 address_cells;
	u32 size_cells;
	u32 entries;
	u32 rest;
};

/**
 * fdt_read_reg() - find a node's `reg`
 * @bus: the node's parent, which says how many cells an address and a size have
 * @reg: out
 *
 * Return: 0; CLV_ERR_NOTFOUND: there is no `reg`; CLV_ERR_FORMAT: the parent's cells make no sense,
 * or the first entry is not whole.
 */
int fdt_read_reg(const void *fdt, int bus, int node, struct fdt_reg *reg);

/**
 * fdt_reg_entry() - read one entry of a `reg`, in the numbering of the node's own bus
 * @index: below @reg->entries
 * @base, @size: out
 */
void fdt_reg_entry(const struct fdt_reg *reg, u32 index, u64 *base, u64 *size);

/**
 * fdt_read_unit() - read the first address of a node's `reg`, whatever follows it
 * @bus: the node's parent
 * @out: out
 *
 * It is for what is numbered rather than mapped, such as the harts in /cpus.
 *
 * Return: true when there is one, of one or two cells.
 */
bool fdt_read_unit(const void *fdt, int bus, int node, u64 *out);

/**
 * fdt_read_coherence() - find what is said of whether a device's DMA snoops the harts' caches
 * @node: the device; out: it or the bus above it that says so
 *
 * Return: "dma-noncoherent" or "dma-coherent", the nearest of them; NULL: nothing is said, and
 * @node is what it was.
 */
const char *fdt_read_coherence(const void *fdt, int *node);

/**
 * fdt_read_noncoherent() - does a device that does DMA see memory without the harts' caches?
 *
 * The nearest `dma-noncoherent` or `dma-coherent` counts, of the node or of a bus above it. Without
 * one a device is coherent (Devicetree Specification, section "dma-coherent").
 */
bool fdt_read_noncoherent(const void *fdt, int node);

#endif
