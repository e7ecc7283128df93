/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame allocator: host memory in blocks of 4 KiB, 2 MiB and 1 GiB.
 *
 * It must never touch the memory that it hands out: that may be a guest's. One instance serves the
 * machine, and each call takes its lock.
 */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

/* The most ranges that are added: as many as core/machine/memmap.h can hold */
#define FRAMES_MAX_ADDED 64U

/*
 * The most blocks that are out at once. A partition has blocks for its structure, its vCPUs, its
 * device tree, the images that came with its guest and the root of its tables; for each memory
 * region the memory, a bitmap and tables; tables for each register range of a device, two a device;
 * and the tables that its pool began with. Of the tables that map the machine's memory, each end of
 * a range takes two.
 */
#define FRAMES_MAX_BLOCKS                                                            \
	(CONFIG_MAX_VMS * (6U + 3U * CONFIG_MAX_REGIONS + 2U * CONFIG_MAX_DEVICES) + \
	 4U * FRAMES_MAX_ADDED)

/*
 * Two free ranges of the same added range have a block between them that is out. So there are never
 * more free ranges than ranges that were added and blocks that are out, together: giving a block
 * back always finds room in the list, whatever was taken and given back before.
 */
#define FRAMES_MAX_RANGES (FRAMES_MAX_ADDED + FRAMES_MAX_BLOCKS)

struct frames_range {
	u64 base; /* HPA */
	u64 size; /* bytes */
};

/**
 * struct frames - free memory as a sorted list of disjoint ranges
 * @lock: guards all the rest
 * @nr: ranges in use
 * @range: the free ranges; no two touch
 * @added: ranges that were added
 * @blocks: blocks that are out
 * @free: bytes that are free
 * @total: bytes that were ever added
 */
struct frames {
	struct spinlock lock;
	u32 nr;
	struct frames_range range[FRAMES_MAX_RANGES];
	u32 added;
	u32 blocks;
	u64 free;
	u64 total;
};

/**
 * frames_add() - give memory to the allocator
 * @base, @size: the range, in bytes; it is rounded inwards to 4 KiB
 *
 * Return: 0, CLV_ERR_NOMEM (FRAMES_MAX_ADDED were added), CLV_ERR_EXISTS (some of it is free).
 */
int frames_add(struct frames *f, hpa_t base, u64 size);

/**
 * frames_alloc() - take a contiguous block
 * @size: bytes, a multiple of 4 KiB
 * @align: bytes, a power of two and at least 4 KiB
 * @offset: bytes, a multiple of 4 KiB, less than @align: the block's HPA is congruent to it modulo
 *          @align. So memory whose GPA is not aligned can still be mapped with huge leaves
 * @out: HPA of the block
 *
 * The block is taken from a place where it breaks up as few 1 GiB and 2 MiB blocks as possible.
 *
 * Return: 0, CLV_ERR_INVAL, CLV_ERR_NOMEM (no such place, or FRAMES_MAX_BLOCKS are out).
 */
int frames_alloc(struct frames *f, u64 size, u64 align, u64 offset, hpa_t *out);

/**
 * frames_alloc_at() - take exactly the block [@base, @base + @size)
 * @base, @size: bytes, multiples of 4 KiB; @size is not 0
 *
 * A partition whose guest-physical addresses are host-physical ones gets its memory this way, so
 * that a device can be given its addresses.
 *
 * Return: 0; CLV_ERR_INVAL (alignment, size 0, wrapping), CLV_ERR_RANGE (not all of it is free),
 * CLV_ERR_NOMEM (FRAMES_MAX_BLOCKS are out). After an error nothing has changed.
 */
int frames_alloc_at(struct frames *f, hpa_t base, u64 size);

/**
 * frames_free() - give back a block that frames_alloc() or frames_alloc_at() has given; cannot fail
 * @base, @size: bytes; those of the block, all of it
 *
 * What cannot be such a block (alignment, size 0, wrapping, some of it is free already) is said,
 * and changes nothing.
 */
void frames_free(struct frames *f, hpa_t base, u64 size);

/** frames_largest() - Return: bytes of the largest block that frames_alloc() can give for @align */
u64 frames_largest(struct frames *f, u64 align);

#endif
