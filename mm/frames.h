/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame allocator: host memory in blocks of 4 KiB, 2 MiB and 1 GiB.
 *
 * It must never touch the memory that it hands out (it may be a guest's). One instance serves the
 * machine; all calls take its lock.
 */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

#define FRAMES_MAX_RANGES 64U

struct frames_range {
	u64 base; /* HPA */
	u64 size; /* bytes */
};

/**
 * struct frames - free memory as a sorted list of disjoint ranges; the largest free blocks are kept
 * whole
 * @lock: guards all else
 */
struct frames {
	struct spinlock lock;
	u32 nr;
	struct frames_range range[FRAMES_MAX_RANGES];
	u64 free;  /* bytes */
	u64 total; /* bytes ever added */
};

/**
 * frames_add() - give memory to the allocator; rounded inwards to 4 KiB
 * Return: 0, CLV_ERR_NOMEM (too many separate ranges), CLV_ERR_EXISTS (overlaps memory that is
 * free).
 */
int frames_add(struct frames *f, hpa_t base, u64 size);

/**
 * frames_reserve() - take a given range out, whatever of it is free (firmware, image, initrd)
 * Return: 0, CLV_ERR_NOMEM (too many separate ranges).
 */
int frames_reserve(struct frames *f, hpa_t base, u64 size);

/**
 * frames_alloc() - take a contiguous block
 * @size: bytes, a multiple of 4 KiB
 * @align: power of two, at least 4 KiB: the block's HPA is congruent to @offset modulo this
 * @offset: bytes, multiple of 4 KiB, less than @align. Lets memory whose GPA is not aligned keep
 * huge leaves inside
 * @out: HPA of the block
 *
 * Small blocks are taken from where they break up no larger block that could stay whole.
 *
 * Return: 0, CLV_ERR_INVAL, CLV_ERR_NOMEM.
 */
int frames_alloc(struct frames *f, u64 size, u64 align, u64 offset, hpa_t *out);

/**
 * frames_alloc_at() - take exactly the block [@base, @base + @size): memory that a partition has at
 * its own host address, so that a device can be given guest-physical addresses
 * @base, @size: bytes, multiples of 4 KiB; @size not 0
 *
 * Return: 0; CLV_ERR_INVAL (alignment, size 0, wrapping), CLV_ERR_RANGE (not all of it is free),
 * CLV_ERR_NOMEM (too many separate ranges). After an error nothing has changed.
 */
int frames_alloc_at(struct frames *f, hpa_t base, u64 size);

/**
 * frames_free() - give a block, or part of one, back
 * Return: 0, CLV_ERR_INVAL, CLV_ERR_EXISTS (some was free already), CLV_ERR_NOMEM (too many
 * separate ranges). After an error nothing has changed.
 */
int frames_free(struct frames *f, hpa_t base, u64 size);

/**
 * frames_largest() - Return: bytes of the largest block that frames_alloc() could give with @align
 */
u64 frames_largest(struct frames *f, u64 align);

#endif
