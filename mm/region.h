/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions: a range of guest-physical addresses that host memory or a device stands behind, and its
 * dirty log.
 *
 * Who may run at once: region_find() takes no lock. Slots change under the space's lock: memory and
 * devices before any guest runs, windows at any time. A slot is filled before its kind is published, and
 * withdrawn before anything of it is taken away; the flush that ends a removal (M4) waits until
 * every vCPU that may still look at the old slot has left.
 */
#ifndef MM_REGION_H
#define MM_REGION_H

#include <cleave/atomic.h>
#include <cleave/types.h>
#include "mm/dirty.h"

enum region_kind {
	REGION_FREE = 0,   /* the slot is not used */
	REGION_MEMORY = 1, /* the VM's own memory */
	REGION_WINDOW = 2, /* another VM's memory */
	REGION_DEVICE = 3, /* registers of a device of the machine */
	REGION_BEING_MAPPED =
		4, /* memory that is being mapped: nobody's yet, but its place is taken */
};

enum region_log_phase {
	REGION_LOG_OFF = 0,
	REGION_LOG_STARTING = 1, /* a start in steps is under way */
	REGION_LOG_ON = 2,
	REGION_LOG_STOPPING = 3, /* a stop in steps is under way */
};

/**
 * struct region_log - the dirty log of a memory region
 * @active: 1: faults split and mark, the hypervisor's writes mark; atomic, written under the
 * space's lock
 * @phase: enum region_log_phase; under the lock
 * @mode: CLEAVE_LOG_*; under the lock
 * @eager: huge leaves are split before they are written to; under the lock
 * @collapse: the stop under way puts huge leaves back; under the lock
 * @cursor: what the next call of the start or stop under way must bring; under the lock
 * @dirty: the bitmap; all zero while the log is off
 * @memory: frames that the bitmap is in
 * @memory_size: their bytes
 */
struct region_log {
	u32 active;
	u32 phase;
	u32 mode;
	bool eager;
	bool collapse;
	u64 cursor;
	struct dirty dirty;
	hpa_t memory;
	u64 memory_size;
};

/**
 * struct region - @kind: enum region_kind, atomic; @prot: GSTAGE_PTE_R, _W, _X that accesses may
 * have; @base, @size: bytes;
 * @hpa: of the first byte; @tables: tables set aside for it (windows)
 */
struct region {
	u32 kind;
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
 * region_find() - the region that covers an address; lock-free
 * @region: slots
 * @nr: number of them in use
 * Return: NULL when none does.
 */
static inline struct region *region_find(struct region *region, u32 nr, gpa_t gpa)
{
	for (u32 i = 0; i < nr; i++) {
		/*
		 * Acquire pairs with the release that published the slot: all else in it may be
		 * read after this.
		 */
		if (atomic_read_acquire(&region[i].kind) != (u32)REGION_FREE &&
		    region_contains(&region[i], gpa))
			return &region[i];
	}
	return NULL;
}

/**
 * region_fill() - describe a region in a free slot, with no log; the slot stays free until its kind
 * is published
 */
void region_fill(struct region *r, gpa_t base, u64 size, hpa_t hpa, u64 prot);

/**
 * region_overlaps() - Return: true when a used slot shares a byte with [@base, @base + @size),
 * which does not wrap
 */
bool region_overlaps(const struct region *region, u32 nr, gpa_t base, u64 size);

/** region_page() - Return: number of @gpa's page, counted from the region's base */
static inline u64 region_page(const struct region *r, gpa_t gpa)
{
	return (gpa.v - r->base.v) >> PAGE_SHIFT;
}

#endif
