/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory as its device tree describes it: RAM less what the firmware keeps. Builds for the host too.
 */
#ifndef CORE_MEMMAP_H
#define CORE_MEMMAP_H

#include <cleave/types.h>
#include "mm/frames.h"

#define MEMMAP_MAX 64U

/** struct memmap - @range: disjoint ranges of memory, sorted, 4 KiB aligned */
struct memmap {
	u32 nr;
	struct frames_range range[MEMMAP_MAX];
};

/**
 * memmap_read() - the RAM of /memory nodes less /reserved-memory and the reservation block
 * @fdt: checked device tree
 * @ram: out: RAM as it is; @free: out: what of it may be used
 *
 * A node that makes no sense is named in a line and left out. Return: 0, CLV_ERR_NOTFOUND (no RAM at all, said in a line).
 */
int memmap_read(const void *fdt, struct memmap *ram, struct memmap *free);

/**
 * memmap_remove() - take a range out, rounded outwards to 4 KiB
 *
 * When that would need more ranges than there is room for, the smaller of the two pieces that it leaves is given up.
 */
void memmap_remove(struct memmap *m, u64 base, u64 size);

/** memmap_contains() - Return: true when all of a range lies in one range of @m; false for size 0 */
bool memmap_contains(const struct memmap *m, u64 base, u64 size);

#endif
