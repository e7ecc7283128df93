/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory as its device tree describes it: RAM, and what of it the firmware leaves
 * free. Builds for the host too.
 */
#ifndef CORE_MEMMAP_H
#define CORE_MEMMAP_H

#include <cleave/types.h>
#include "mm/frames.h"

#define MEMMAP_MAX FRAMES_MAX_ADDED

/** struct memmap - memory in @nr disjoint ranges, sorted by address, aligned to 4 KiB */
struct memmap {
	u32 nr;
	struct frames_range range[MEMMAP_MAX];
};

/**
 * memmap_read() - read a device tree's /memory nodes, and what is reserved
 * @fdt: checked device tree
 * @ram: out: all RAM
 * @free: out: the RAM that neither /reserved-memory nor the reservation block covers
 *
 * A node that makes no sense is named in a line and left out.
 *
 * Return: 0, CLV_ERR_NOTFOUND (there is no RAM at all; said in a line).
 */
int memmap_read(const void *fdt, struct memmap *ram, struct memmap *free);

/**
 * memmap_remove() - take a range out, rounded outwards to 4 KiB
 *
 * A range that is cut in two needs a place in the list more. Where there is none, the smaller of
 * the two pieces is given up.
 */
void memmap_remove(struct memmap *m, u64 base, u64 size);

/** memmap_contains() - Return: true when one range of @m holds all of a range; false for size 0 */
bool memmap_contains(const struct memmap *m, u64 base, u64 size);

#endif
