/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory as its device tree describes it (Devicetree Specification 0.4, sections 3.4,
 * 3.5 and 5.3).
 *
 * It must never call memory free that any entry reserves. Where a list is full, memory is given up
 * instead.
 */
#include "core/machine/memmap.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include <libfdt.h>
#include "lib/fdt_read.h"

static void memmap_delete(struct memmap *m, u32 n)
{
	m->nr--;
	memmove(&m->range[n], &m->range[n + 1U], (m->nr - n) * sizeof(m->range[0]));
}

static bool memmap_insert(struct memmap *m, u32 n, u64 base, u64 size)
{
	if (m->nr == MEMMAP_MAX)
		return false;
	memmove(&m->range[n + 1U], &m->range[n], (m->nr - n) * sizeof(m->range[0]));
	m->range[n] = (struct frames_range){ .base = base, .size = size };
	m->nr++;
	return true;
}

/*
 * Cut [@base, @end) out of range @n, which it overlaps. Return: true when range @n is still there
 */
static bool memmap_cut(struct memmap *m, u32 n, u64 base, u64 end)
{
	struct frames_range *r = &m->range[n];
	u64 r_end = r->base + r->size;
	u64 before = base > r->base ? base - r->base : 0U;
	u64 after = end < r_end ? r_end - end : 0U;

	if (before == 0U && after == 0U) {
		memmap_delete(m, n);
		return false;
	}
	if (before != 0U && after != 0U && !memmap_insert(m, n + 1U, end, after)) {
		if (before < after)
			before = 0;
		else
			after = 0;
	}
	if (before != 0U)
		r->size = before;
	else
		*r = (struct frames_range){ .base = end, .size = after };
	return true;
}

void memmap_remove(struct memmap *m, u64 base, u64 size)
{
	u64 end = base + size < base ? UINT64_MAX & ~PAGE_MASK : base + size;

	if (size == 0U)
		return;
	base = ALIGN_DOWN(base, PAGE_SIZE);
	if (end <= (UINT64_MAX & ~PAGE_MASK))
		end = ALIGN_UP(end, PAGE_SIZE);
	for (u32 n = 0; n < m->nr;) {
		const struct frames_range *r = &m->range[n];

		if (r->base >= end || r->base + r->size <= base || memmap_cut(m, n, base, end))
			n++;
	}
}

/*
 * Add RAM, rounded inwards to 4 KiB. What overlaps RAM that is there counts once. Return: false
 * when the list is full
 */
static bool memmap_add(struct memmap *m, u64 base, u64 size)
{
	u64 end;
	u32 n = 0;

	if (base + size < base)
		size = (UINT64_MAX & ~PAGE_MASK) - base;
	end = ALIGN_DOWN(base + size, PAGE_SIZE);
	base = ALIGN_UP(base, PAGE_SIZE);
	if (end <= base)
		return true;
	/* Swallow every range that touches the new one, then put the union where it belongs. */
	while (n < m->nr) {
		const struct frames_range *r = &m->range[n];

		if (r->base <= end && r->base + r->size >= base) {
			base = MIN(base, r->base);
			end = MAX(end, r->base + r->size);
			memmap_delete(m, n);
		} else {
			n++;
		}
	}
	for (n = 0; n < m->nr && m->range[n].base < base; n++)
		;
	return memmap_insert(m, n, base, end - base);
}

typedef void (*memmap_range_fn)(void *ctx, const char *name, u64 base, u64 size);

/* Call @fn with each (address, size) pair of a node's reg. */
static void memmap_each_reg(const void *fdt, int parent, int node, memmap_range_fn fn, void *ctx)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	struct fdt_reg reg;
	int err = fdt_read_reg(fdt, parent, node, &reg);
	u64 base, size;

	if (err == CLV_ERR_NOTFOUND)
		return;
	if (err != CLV_OK || reg.address_cells > 2U || reg.size_cells < 1U || reg.size_cells > 2U ||
	    reg.rest != 0U) {
		printk("device tree: %s: reg does not fit its parent's address and size cells: "
		       "left out",
		       name);
		return;
	}
	for (u32 i = 0; i < reg.entries; i++) {
		fdt_reg_entry(&reg, i, &base, &size);
		fn(ctx, name, base, size);
	}
}

static void memmap_add_ram(void *ctx, const char *name, u64 base, u64 size)
{
	if (!memmap_add(ctx, base, size))
		printk("device tree: %s: more than %u ranges of memory: 0x%lx left out", name,
		       MEMMAP_MAX, base);
}

static void memmap_remove_reserved(void *ctx, const char *name, u64 base, u64 size)
{
	(void)name;
	memmap_remove(ctx, base, size);
}

static void memmap_read_ram(const void *fdt, struct memmap *ram)
{
	int node;

	fdt_for_each_subnode (node, fdt, 0) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		if (type != NULL && strcmp(type, "memory") == 0 && fdt_read_enabled(fdt, node))
			memmap_each_reg(fdt, 0, node, memmap_add_ram, ram);
	}
}

static void memmap_remove_all_reserved(const void *fdt, struct memmap *free)
{
	int parent = fdt_path_offset(fdt, "/reserved-memory");
	int node;
	u64 base, size;

	for (int i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		if (fdt_get_mem_rsv(fdt, i, &base, &size) == 0)
			memmap_remove(free, base, size);
	}
	if (parent < 0)
		return;
	/* A node without a reg asks the operating system to choose a place. Nobody uses one yet. */
	fdt_for_each_subnode (node, fdt, parent) {
		if (fdt_read_enabled(fdt, node))
			memmap_each_reg(fdt, parent, node, memmap_remove_reserved, free);
	}
}

int memmap_read(const void *fdt, struct memmap *ram, struct memmap *free)
{
	ram->nr = 0;
	memmap_read_ram(fdt, ram);
	*free = *ram;
	memmap_remove_all_reserved(fdt, free);
	if (ram->nr != 0U)
		return CLV_OK;
	printk("device tree: no node with device_type = \"memory\" and a reg");
	return CLV_ERR_NOTFOUND;
}

bool memmap_contains(const struct memmap *m, u64 base, u64 size)
{
	for (u32 n = 0; n < m->nr; n++) {
		const struct frames_range *r = &m->range[n];

		if (size != 0U && base >= r->base && base - r->base < r->size &&
		    size <= r->size - (base - r->base))
			return true;
	}
	return false;
}
