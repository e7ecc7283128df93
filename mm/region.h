/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions: ranges of guest-physical addresses that are mapped to host memory or to the registers of
 * a device, each with its dirty log.
 *
 * What may run at once: region_find() takes no lock. Slots change under the space's lock only:
 * those of memory and devices before any guest runs, those of windows at any time. A slot is filled
 * before its kind is published. It is withdrawn before anything of it is taken away, and the flush
 * that ends the removal (M4) waits until every vCPU that may still look at the old slot has left.
 */
#ifndef MM_REGION_H
#define MM_REGION_H

#include <cleave/atomic.h>
#include <cleave/types.h>
#include "mm/dirty.h"

enum region_kind {
	REGION_FREE = 0,	 /* the slot is not used */
	REGION_MEMORY = 1,	 /* the VM's own memory */
	REGION_WINDOW = 2,	 /* another VM's memory */
	REGION_DEVICE = 3,	 /* registers of a device of the machine */
	REGION_BEING_MAPPED = 4, /* memory that nobody can reach yet; its place is taken */
};

enum region_log_phase {
	REGION_LOG_OFF = 0,
	REGION_LOG_STARTING = 1, /* a start in steps is under way */
	REGION_LOG_ON = 2,
	REGION_LOG_STOPPING = 3, /* a stop in steps is under way */
};

/**
 * struct region_log - the dirty log of a memory region
 * @active: 1: faults split and mark, and the hypervisor's own writes mark; atomic, written under
 *          the space's lock
 * @phase: whether it is on; under the lock
 * @mode: CLEAVE_LOG_*; under the lock
 * @eager: huge leaves are split before they are written to; under the lock
 * @collapse: the stop under way puts huge leaves back; under the lock
 * @cursor: the cursor that the next call of the start or stop under way must have; under the lock
 * @dirty: the bitmap; all zero while the log is off
 * @memory: frames that hold the bitmap
 * @memory_size: bytes of these frames
 */
struct region_log {
	u32 active;
	enum region_log_phase phase;
	u32 mode;
	bool eager;
	bool collapse;
	u64 cursor;
	struct dirty dirty;
	hpa_t memory;
	u64 memory_size;
};

/**
 * struct region - a slot
 * @kind: what it is; atomic
 * @prot: permissions that its leaves may have: GSTAGE_PTE_R and any of _W, _X
 * @base: GPA of the first byte
 * @size: bytes
 * @hpa: HPA of the first byte
 * @tables: of a window: page tables that it may take
 * @log: of memory: its dirty log
 */
struct region {
	enum region_kind kind;
	u64 prot;
	gpa_t base;
	u64 size;
	hpa_t hpa;
	u64 tables;
	struct region_log log;
};

/** region_contains() - Return: true when @gpa lies in @r, whatever its kind */
static inline bool region_contains(const struct region *r, gpa_t gpa)
{
	return gpa.v - r->base.v < r->size;
}

/**
 * region_find() - find the region that covers an address; takes no lock
 * @region: slots
 * @nr: number of slots in use
 *
 * Return: the region, NULL when there is none.
 */
static inline struct region *region_find(struct region *region, u32 nr, gpa_t gpa)
{
	for (u32 i = 0; i < nr; i++) {
		/*
		 * Acquire pairs with the release that published the slot: after this, all the
		 * rest of it may be read.
		 */
		if (atomic_read_acquire(&region[i].kind) != REGION_FREE &&
		    region_contains(&region[i], gpa))
			return &region[i];
	}
	return NULL;
}

/**
 * region_fill() - describe a region without a log in a free slot
 *
 * The slot stays free until its kind is published.
 */
void region_fill(struct region *r, gpa_t base, u64 size, hpa_t hpa, u64 prot);

/**
 * region_overlaps() - Return: true when a region shares a byte with [@base, @base + @size)
 * @region: slots
 * @nr: number of slots in use
 *
 * The range does not wrap.
 */
bool region_overlaps(const struct region *region, u32 nr, gpa_t base, u64 size);

/** region_page() - Return: number of @gpa's page, counted from the region's base */
static inline u64 region_page(const struct region *r, gpa_t gpa)
{
	return (gpa.v - r->base.v) >> PAGE_SHIFT;
}

#endif
