/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's physical address space: regions, G-stage tables, table pool, dirty logs. The one header
 * of mm/ that core uses to work on a VM's memory.
 *
 * It must never name a hart, a CSR or a VM: it builds for the host too, and its only calls upwards
 * are flush_remote() (mm/flush.h) and spin_relax().
 *
 * Locking: every space has one lock, taken inside these functions by everything that changes
 * structure (regions, log state, unmap, harvest, collapse). space_fault(), space_read(),
 * space_write(), space_zero() and the functions of struct space_span take no lock: they run in the
 * context of a running vCPU of the space (mode IN) or under the lock, and rule M4 keeps the tables
 * in place.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include <abi/cleave.h>
#include <cleave/access.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "mm/frames.h"
#include "mm/gstage.h"
#include "mm/region.h"
#include "mm/table_pool.h"

/**
 * struct space_counters - what the fault path counts; one per vCPU, written by its hart alone, read
 * by anybody (atomic)
 */
struct space_counters {
	u64 write_faults;  /* write faults granted in logged regions */
	u64 fault_splits;  /* huge leaves split by a fault */
	u64 coarse_grants; /* whole huge leaves marked dirty because the pool was empty (M5) */
	u64 spurious_faults;
};

/* What the operations under the space's lock count; read by anybody with atomic_read(). */
struct space_stats {
	u64 eager_splits;   /* huge leaves split by log start and clear */
	u64 collapses;	    /* tables of 512 entries turned back into one leaf */
	u64 flushes;	    /* flush batches paid */
	u64 pages_reported; /* dirty pages reported and cleared */
	u64 rules_broken;   /* checks of M1 to M9 that failed; debug builds only */
};

struct space_config {
	u8 levels;	  /* G-stage levels: 3 (Sv39x4), 4 (Sv48x4), 5 (Sv57x4) */
	u8 largest_level; /* largest leaf: 0 = 4 KiB, 1 = 2 MiB, 2 = 1 GiB */
	u32 pool_tables;  /* tables in the pool; 0: sized for the worst case (M5) */
	u64 window_size; /* bytes of other VMs' memory that may be mapped in at once, for sizing the pool */
	uintptr_t hpa_to_va; /* what is added to an HPA to reach it by a load or store */
	u32 step_pages;	     /* most pages that one call works on (M6) */
	void *owner;	     /* for core's flush_remote(), which finds the VM by it */
};

/* Register ranges that the devices of one space may have; their slots stand behind all others. */
#define SPACE_DEVICES (2U * CONFIG_MAX_DEVICES)
#define SPACE_REGIONS (CONFIG_MAX_REGIONS + SPACE_DEVICES)
_Static_assert(SPACE_REGIONS < TABLE_POOL_CHUNKS, "the pool can grow for each region");

struct space {
	struct spinlock lock;
	struct gstage gs;
	struct table_pool pool;
	struct region region[SPACE_REGIONS];
	u32 nr_regions; /* regions in use; set before guests run, then changed under the lock only for windows */
	struct space_config cfg;
	struct frames *frames;
	struct gstage_mapping being_mapped; /* memory that is being mapped; under the lock */
	struct space_stats stats;
};

/**
 * space_init() - make an empty address space and its table pool
 * @sp: space, zeroed
 * @frames: where tables and bitmaps come from
 * @cfg: how it is to be
 * @memory: bytes of memory that regions will be added for, for sizing the pool
 *
 * Return: 0, CLV_ERR_INVAL, CLV_ERR_NOMEM (nothing is kept then).
 */
int space_init(struct space *sp, struct frames *frames, const struct space_config *cfg, u64 memory);

/**
 * space_destroy() - give tables, pool and bitmaps back
 *
 * The memory that regions map is not freed: it belongs to the VM. No vCPU of the space may run any
 * more.
 */
void space_destroy(struct space *sp);

/**
 * space_add_memory() - map host memory as guest memory, on the largest leaves that fit
 * @base: GPA, 4 KiB aligned
 * @hpa: HPA of the first byte, 4 KiB aligned; give both the same alignment to get huge leaves
 * @size: bytes, a multiple of 4 KiB, not 0
 *
 * Return: the region's index, CLV_ERR_INVAL, CLV_ERR_EXISTS (overlap), CLV_ERR_RANGE (wider than
 * the mode), CLV_ERR_NOMEM (no region slot), CLV_ERR_STATE (space_begin_memory()).
 */
int space_add_memory(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * space_begin_memory() - begin what space_add_memory() does, in steps (M6); one region at a time
 *
 * Tables and bitmap are taken, so that no step can fail (M5). Until the last step the region is
 * nobody's memory. No vCPU of the space runs.
 *
 * Return: as space_add_memory(); CLV_ERR_STATE: the one before has not been mapped whole.
 */
int space_begin_memory(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * space_memory_step() - map a step's worth of leaves of the region that was begun
 * Return: true when more is to do; false: it is there, or none was begun.
 */
bool space_memory_step(struct space *sp);

/**
 * space_add_device() - map the registers of a device of the machine: loads and stores, no fetches
 * @base: GPA, 4 KiB aligned, free of regions
 * @hpa: HPA of the first register's page, 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB, not 0
 *
 * It is no memory: it has no log, is in no count, and no call that works on memory accepts it. It
 * stays until the space is destroyed. The pool grows by the tables that it takes, so that those of
 * the memory are all there still (M5). Before any vCPU of the space runs.
 *
 * Return: 0; CLV_ERR_INVAL, CLV_ERR_EXISTS, CLV_ERR_RANGE, CLV_ERR_NOMEM (tables, SPACE_DEVICES).
 */
int space_add_device(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * space_add_window() - map a piece of another space's memory
 * @sp: who gets to see it
 * @base: GPA in @sp, 4 KiB aligned, free of regions
 * @from: space whose memory it is
 * @from_base: GPA in @from, 4 KiB aligned; [from_base, from_base + size) lies in one memory region
 * @size: bytes, a multiple of 4 KiB, not 0
 * @writable: stores allowed. They are not logged in @from: core allows this only while @from is not
 * running and not logged
 *
 * A window of more than step_pages leaves is refused (M6).
 *
 * Return: region index, CLV_ERR_INVAL (alignment, size 0, too many leaves), CLV_ERR_EXISTS
 * (overlap), CLV_ERR_RANGE (not in one memory region of @from; wider than the mode), CLV_ERR_NOMEM
 * (pool or region slots).
 */
int space_add_window(struct space *sp, gpa_t base, struct space *from, gpa_t from_base, u64 size,
		     bool writable);

/**
 * space_remove_window() - unmap a window that space_add_window() made, with one flush at the end
 * Return: 0, CLV_ERR_NOTFOUND (no window begins at @base).
 */
int space_remove_window(struct space *sp, gpa_t base);

/**
 * space_fault() - answer a guest-page fault (the architecture's three cases)
 * @sp: the vCPU's space
 * @gpa: faulting address
 * @access: what was tried; an implicit store of the VS-stage walk is ACCESS_WRITE
 * @cnt: the vCPU's counters
 *
 * Lock-free: marks the page in the log, then grants W by compare-and-exchange, then marks again if
 * a harvest took the mark in between (M1). Splits by the private-build-and-exchange of M3. Never
 * fails for want of tables (M5).
 *
 * Return: FAULT_GRANTED, FAULT_SPURIOUS, FAULT_FORBIDDEN, or FAULT_NOTHING when no region covers
 * @gpa.
 */
enum fault_answer space_fault(struct space *sp, gpa_t gpa, enum access access,
			      struct space_counters *cnt);

/**
 * struct space_span - bytes of guest memory in one memory region, looked up once
 * @at: host address of the first byte. The guest may change the bytes at any moment: read each once
 * @region: the region; @first, @pages: the pages of it that the bytes are in
 *
 * It holds as long as the context it was made in: that of a running vCPU of the space, or the lock.
 */
struct space_span {
	void *at;
	struct region *region;
	u64 first;
	u64 pages;
};

/**
 * space_span_find() - look up guest memory that is contiguous in host memory
 * @gpa: first byte
 * @len: bytes; not 0
 * @span: out; set only when the answer is 0
 *
 * Return: 0; CLV_ERR_RANGE when not all of it lies in one memory region (a window is none), @len is
 * 0, or the range wraps.
 */
int space_span_find(struct space *sp, gpa_t gpa, u64 len, struct space_span *span);

/**
 * space_span_mark() - mark the pages of @span in their log, if there is one (M8)
 *
 * Whoever writes to a span calls this before the first byte is written, and again after the last
 * one: a harvest in between may have taken the marks.
 */
void space_span_mark(const struct space_span *span);

/**
 * space_read() - copy from guest memory; space_write() - copy to it, through the one door that logs
 * (M8)
 * @gpa: guest address of the first byte
 * @len: bytes; 0 succeeds for any address
 *
 * Return: 0, CLV_ERR_RANGE when any byte is not memory of this space (nothing is copied then).
 */
int space_read(struct space *sp, gpa_t gpa, void *dst, u64 len);
int space_write(struct space *sp, gpa_t gpa, const void *src, u64 len);

/** space_zero() - as space_write(), of @len zero bytes */
int space_zero(struct space *sp, gpa_t gpa, u64 len);

/*
 * Dirty log. @region is an index that space_add_memory() returned; pages are counted from the
 * region's base. Every call does a bounded step (M6). Those with a cursor are called again with it
 * until it comes back as 0 ("done").
 */

/**
 * space_log_start() - start a log on a region, in steps
 * @mode: CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER or CLEAVE_LOG_INITIALLY_SET
 * @eager: for INITIALLY_SET: split a chunk's huge leaves when it is cleared (else in the fault)
 * @cursor: in: 0 at first, then what came back; out: 0 when done
 *
 * Return: 0; CLV_ERR_NOTFOUND (region), CLV_ERR_INVAL (mode), CLV_ERR_STATE (a log runs already, or
 * the cursor is not that of the start under way).
 */
int space_log_start(struct space *sp, u32 region, u32 mode, bool eager, u64 *cursor);

/**
 * space_log_get() - look at bits without clearing them
 * @first, @count: pages for which dirty_range_ok() says yes. The caller has asked: it has to know
 * before it looks for a bitmap of that length
 * @bitmap: where to; dirty_range_words() words
 *
 * Return: pages looked at (a bounded step: call again from there), CLV_ERR_NOTFOUND (region), or
 * CLV_ERR_STATE (no log).
 */
s64 space_log_get(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap);

/**
 * space_log_harvest() - fetch and clear bits, protect the pages again, flush once (M2)
 *
 * Arguments and return as of space_log_get(); words of @bitmap beyond the pages returned are not
 * written and their bits are not cleared. @dirty: out, number of bits set in what was returned.
 */
s64 space_log_harvest(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap, u64 *dirty);

/**
 * space_log_clear() - clear those bits that @bitmap has set, and protect their pages again, with
 * one flush
 *
 * Arguments and return as of space_log_get(); in an initially-set log this is what starts the
 * tracking of a page.
 */
s64 space_log_clear(struct space *sp, u32 region, u64 first, u64 count, const u64 *bitmap);

/**
 * space_log_stop() - stop a log, in steps; @collapse: put huge leaves back, else leave them as they
 * are
 * @cursor: as of space_log_start()
 * Return: 0, CLV_ERR_NOTFOUND, CLV_ERR_STATE.
 */
int space_log_stop(struct space *sp, u32 region, bool collapse, u64 *cursor);

/** space_memory_region() - Return: region @region if it is memory, else NULL. Under the lock */
static inline struct region *space_memory_region(struct space *sp, u32 region)
{
	if (region >= sp->nr_regions || atomic_read(&sp->region[region].kind) != (u32)REGION_MEMORY)
		return NULL;
	return &sp->region[region];
}

/** space_count() - add to one of @sp's stats. Under the lock; readers read atomically */
static inline void space_count(u64 *counter, u64 n)
{
	atomic_set(counter, atomic_read(counter) + n);
}

/** struct space_log_status - what a log is doing */
struct space_log_status {
	u32 mode; /* CLEAVE_LOG_* or CLEAVE_LOG_OFF */
	bool eager;
	bool starting; /* a start or stop is under way */
	bool stopping;
	u64 dirty; /* bits set now */
};

/** space_log_status() - Return: 0 or CLV_ERR_NOTFOUND */
int space_log_status(struct space *sp, u32 region, struct space_log_status *out);

/**
 * space_leaves() - count the leaves of a region by level
 * @leaves: out, [0] 4 KiB, [1] 2 MiB, [2] 1 GiB
 * @cursor: bounded steps, as of space_log_start(); counts are added to @leaves
 */
int space_leaves(struct space *sp, u32 region, u64 leaves[3], u64 *cursor);

/**
 * space_leaf_level() - how large the leaf is that maps an address
 * @gpa: of memory; need not be aligned
 *
 * It says how it was when it was looked at: a running vCPU's fault may split the leaf at once.
 *
 * Return: 0 = 4 KiB, 1 = 2 MiB, 2 = 1 GiB; CLV_ERR_RANGE when no memory region of this space covers
 * @gpa (a window is none).
 */
int space_leaf_level(struct space *sp, gpa_t gpa);

#endif
