/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the buses above a device say about its DMA: `dma-ranges` (Devicetree Specification 0.4,
 * chapter 2.3.9). An empty property, or none, means that addresses stay as they are.
 *
 * The tree is the firmware's. What a property holds may be wrong, and no sum of it may wrap.
 */
#include "core/config/config_dma.h"

#include <libfdt.h>

#include <cleave/errno.h>
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"

/*
 * struct config_dma_bus - the `dma-ranges` of a bus
 * @cell: its cells; NULL: it is empty, or there is none
 * @entries: how many entries it has
 * @child, @parent, @size: cells of the parts of an entry
 */
struct config_dma_bus {
	const fdt32_t *cell;
	u32 entries;
	u32 child;
	u32 parent;
	u32 size;
};

/* Return: 0 or CLV_ERR_FORMAT */
static int config_dma_read_bus(const void *tree, int bus, struct config_dma_bus *out)
{
	int up = fdt_index_parent(tree, bus);
	int child = fdt_address_cells(tree, bus);
	int size = fdt_size_cells(tree, bus);
	int parent = up < 0 ? -1 : fdt_address_cells(tree, up);
	int len = 0;
	u32 entry;

	*out = (struct config_dma_bus){ .cell = fdt_getprop(tree, bus, "dma-ranges", &len) };
	if (out->cell == NULL || len == 0) {
		out->cell = NULL;
		return CLV_OK;
	}
	if (child < 1 || child > 2 || size < 1 || size > 2 || parent < 1 || parent > 2)
		return CLV_ERR_FORMAT;
	out->child = (u32)child;
	out->parent = (u32)parent;
	out->size = (u32)size;
	entry = (out->child + out->parent + out->size) * (u32)sizeof(*out->cell);
	out->entries = (u32)len / entry;
	return (u32)len % entry == 0U ? CLV_OK : CLV_ERR_FORMAT;
}

static int config_dma_entry(const struct config_dma_bus *b, u32 index, struct config_dma *out)
{
	const fdt32_t *cell = b->cell + index * (b->child + b->parent + b->size);

	out->device = fdt_read_cells(cell, b->child);
	out->memory = fdt_read_cells(cell + b->child, b->parent);
	out->size = fdt_read_cells(cell + b->child + b->parent, b->size);
	return out->size == 0U || out->size - 1U > UINT64_MAX - out->device ||
			       out->size - 1U > UINT64_MAX - out->memory
		       ? CLV_ERR_FORMAT
		       : CLV_OK;
}

/* Translate @d's memory through a bus above. Return: 0, or CLV_ERR_FORMAT: no entry leads on */
static int config_dma_up(const struct config_dma_bus *b, struct config_dma *d)
{
	struct config_dma e;

	for (u32 i = 0; i < b->entries; i++) {
		if (config_dma_entry(b, i, &e) != CLV_OK)
			return CLV_ERR_FORMAT;
		if (d->memory >= e.device && d->memory - e.device < e.size &&
		    d->size <= e.size - (d->memory - e.device)) {
			d->memory = e.memory + (d->memory - e.device);
			return CLV_OK;
		}
	}
	return CLV_ERR_FORMAT;
}

int config_dma_ranges(const void *tree, int node, struct config_dma out[CONFIG_DMA_RANGES])
{
	u32 n = 0;

	for (int bus = fdt_index_parent(tree, node); bus > 0; bus = fdt_index_parent(tree, bus)) {
		struct config_dma_bus b;
		int err = config_dma_read_bus(tree, bus, &b);

		if (err == CLV_OK && n == 0U && b.entries > CONFIG_DMA_RANGES)
			err = CLV_ERR_NOMEM;
		/* The first bus that says something gives the ranges; those above move them. */
		for (u32 i = 0; err == CLV_OK && n == 0U && i < b.entries; i++)
			err = config_dma_entry(&b, i, &out[i]);
		for (u32 i = 0; err == CLV_OK && b.cell != NULL && i < n; i++)
			err = config_dma_up(&b, &out[i]);
		if (err != CLV_OK)
			return err;
		if (n == 0U)
			n = b.entries;
	}
	return (int)n;
}
