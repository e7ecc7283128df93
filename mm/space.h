/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's physical address space: its regions, G-stage tables, table pool and dirty logs. This is
 * the one header of mm/ through which core works on a VM's memory.
 *
 * It must never name a hart, a CSR or a VM. Its only calls upwards are flush_remote() (mm/flush.h)
 * and spin_relax().
 *
 * Locking: each space has one lock. Whatever changes structure (regions, log state, unmap, harvest,
 * collapse) takes it inside these functions. space_fault(), space_read(), space_write(),
 * space_load() and the functions of struct space_span take no lock: they run in the context of a
 * vCPU of the space that is IN, or under the lock, and rule M4 keeps the tables in place.
 * space_wipe() looks at no table.
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
 * struct space_counters - what the fault path counts, for each vCPU
 * @write_faults: write faults granted in logged regions
 * @fault_splits: huge leaves that a fault has split
 * @coarse_grants: huge leaves that a fault marked dirty whole because the pool was empty (M5)
 * @spurious_faults: faults on what the tables allowed already
 *
 * All are atomic: the vCPU's hart alone writes them, and anybody reads them.
 */
struct space_counters {
	u64 write_faults;
	u64 fault_splits;
	u64 coarse_grants;
	u64 spurious_faults;
};

/**
 * struct space_stats - what the operations under the space's lock count
 * @eager_splits: huge leaves that a log's start or a clear has split
 * @collapses: tables of 512 entries that a log's stop has turned back into one leaf
 * @flushes: flush batches that were paid (M7); the ABI calls them fences
 * @pages_reported: dirty pages that were reported and cleared
 * @rules_broken: checks of M1 to M9 that failed; debug build only
 *
 * All are atomic: anybody reads them.
 */
struct space_stats {
	u64 eager_splits;
	u64 collapses;
	u64 flushes;
	u64 pages_reported;
	u64 rules_broken;
};

/**
 * struct space_config - what a space is to be
 * @levels: levels of the G-stage: 3 (Sv39x4), 4 (Sv48x4), 5 (Sv57x4)
 * @largest_level: level of the largest leaf: 0 = 4 KiB, 1 = 2 MiB, 2 = 1 GiB
 * @pool_tables: tables in the pool; 0: as many as the worst case takes (M5)
 * @window_size: bytes of other VMs' memory that may be mapped in at once; for the pool's size
 * @hpa_to_va: what is added to an HPA to get the address of a load or store
 * @step_pages: most pages that one call works on (M6), 64 to 2048
 * @write_back: the guest or a device of it may see the memory without the caches: what
 *	space_wipe() and space_load() write is written back
 * @owner: for flush_remote() of core, which finds the VM by it
 */
struct space_config {
	u8 levels;
	u8 largest_level;
	bool write_back;
	u32 pool_tables;
	u64 window_size;
	uintptr_t hpa_to_va;
	u32 step_pages;
	void *owner;
};

/* Register ranges that the devices of one space may have. Their slots come after all others. */
#define SPACE_DEVICES (2U * CONFIG_MAX_DEVICES)
#define SPACE_REGIONS (CONFIG_MAX_REGIONS + SPACE_DEVICES)
_Static_assert(SPACE_REGIONS < TABLE_POOL_CHUNKS, "the pool can grow for each region");
_Static_assert(FRAMES_MAX_BLOCKS >=
		       CONFIG_MAX_VMS * (4U + 2U * CONFIG_MAX_REGIONS + TABLE_POOL_CHUNKS),
	       "mm/frames.h counts them all");

/**
 * struct space - a guest's physical address space
 * @lock: serializes everything that changes structure
 * @gs: the tables
 * @pool: where they come from
 * @region: slots
 * @nr_regions: slots up to the last that was ever used; atomic, written under the lock
 * @cfg: never changes after space_init()
 * @frames: where the pool and the bitmaps come from
 * @being_mapped: the mapping of the region of kind REGION_BEING_MAPPED; under the lock
 * @stats: written under the lock, but for rules_broken
 */
struct space {
	struct spinlock lock;
	struct gstage gs;
	struct table_pool pool;
	struct region region[SPACE_REGIONS];
	u32 nr_regions;
	struct space_config cfg;
	struct frames *frames;
	struct gstage_mapping being_mapped;
	struct space_stats stats;
};

/**
 * space_init() - make an empty address space and its table pool
 * @sp: space, zeroed
 * @frames: where tables and bitmaps come from
 * @cfg: what it is to be
 * @memory: bytes of all the memory that will be added; for the pool's size
 *
 * Return: 0, CLV_ERR_INVAL (@cfg), CLV_ERR_NOMEM. After an error nothing is kept.
 */
int space_init(struct space *sp, struct frames *frames, const struct space_config *cfg, u64 memory);

/**
 * space_destroy_step() - do a bounded step of giving the tables, the pool and the bitmaps back
 *
 * It does not free the memory that the regions map, which belongs to the VM. No vCPU of the space
 * may run any more.
 *
 * Return: true when there is more to do.
 */
bool space_destroy_step(struct space *sp);

/**
 * space_begin_memory() - begin to map host memory as guest memory, on the largest leaves that fit
 * @base: GPA, 4 KiB aligned
 * @hpa: HPA of the first byte, 4 KiB aligned. Huge leaves fit where it is aligned as @base is
 * @size: bytes, a multiple of 4 KiB, not 0
 *
 * space_memory_step() does the rest, in steps (M6); one region at a time. All tables and the bitmap
 * are taken here, so that no step can fail (M5). Until the last step nobody can reach the region.
 * No vCPU of the space runs.
 *
 * Return: the region's index; CLV_ERR_INVAL (alignment, size 0), CLV_ERR_EXISTS (overlap),
 * CLV_ERR_RANGE (beyond what the mode translates), CLV_ERR_NOMEM (frames, tables, region slots),
 * CLV_ERR_STATE (the region before has not been mapped whole).
 */
int space_begin_memory(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * space_memory_step() - zero a step's worth of the bitmap, or map a step's worth of leaves, of the
 * region or device that was begun
 *
 * Return: true when there is more to do; false when the region is there, or none was begun.
 */
bool space_memory_step(struct space *sp);

/**
 * space_begin_device() - begin to map the registers of a device of the machine for loads and stores
 * @base: GPA, 4 KiB aligned
 * @hpa: HPA of the first register's page, 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB, not 0
 *
 * space_memory_step() does the rest, as of memory. A device is not memory: it has no log and
 * appears in no count, and no call that works on memory accepts it. Instructions cannot be fetched
 * from it. It stays until the space is destroyed. The pool grows by the tables that it takes, so
 * that the memory still has all of its own (M5). No vCPU of the space has run yet.
 *
 * Return: 0; CLV_ERR_INVAL (alignment, size 0), CLV_ERR_EXISTS (overlap), CLV_ERR_RANGE (beyond
 * what the mode translates), CLV_ERR_NOMEM (frames, tables, SPACE_DEVICES), CLV_ERR_STATE (the
 * region before has not been mapped whole).
 */
int space_begin_device(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * space_add_window() - map a piece of another space's memory
 * @sp: the space that gets the window
 * @base: GPA in @sp, 4 KiB aligned
 * @from: the space whose memory it shows
 * @from_base: GPA in @from, 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB, not 0
 * @writable: allow stores. No log of @from sees them, so core allows them only while @from neither
 *            runs nor is logged
 *
 * Here, and nowhere else, is a GPA of one space turned into an HPA for another. A window of more
 * than step_pages leaves is refused, because it is mapped in one step (M6).
 *
 * Locking: core holds what keeps the memory regions of @from in place.
 *
 * Return: the region's index; CLV_ERR_INVAL (alignment, size 0, too many leaves), CLV_ERR_EXISTS
 * (overlap in @sp), CLV_ERR_RANGE (not in one memory region of @from; beyond what the mode of @sp
 * translates), CLV_ERR_NOMEM (tables, region slots).
 */
int space_add_window(struct space *sp, gpa_t base, struct space *from, gpa_t from_base, u64 size,
		     bool writable);

/**
 * space_remove_window() - unmap a window that space_add_window() has made
 *
 * It flushes once (M7). When it returns, no hart can reach the memory through the window any more.
 *
 * Return: 0, CLV_ERR_NOTFOUND (no window begins at @base).
 */
int space_remove_window(struct space *sp, gpa_t base);

/**
 * space_fault() - answer a guest-page fault
 * @sp: the vCPU's space
 * @gpa: faulting address
 * @access: what was tried; an implicit store of the VS-stage walk is ACCESS_WRITE
 * @cnt: the vCPU's counters
 *
 * It takes no lock. In a logged region it marks the page, then grants W by compare-and-exchange,
 * and then marks again if a harvest took the mark in between (M1). It splits a leaf as M3 says, and
 * never fails because tables are missing (M5).
 *
 * Return: FAULT_GRANTED, FAULT_SPURIOUS, FAULT_FORBIDDEN, or FAULT_NOTHING when no region covers
 * @gpa.
 */
enum fault_answer space_fault(struct space *sp, gpa_t gpa, enum access access,
			      struct space_counters *cnt);

/**
 * struct space_span - bytes of guest memory in one memory region, looked up once
 * @at: host address of the first byte. The guest may change the bytes at any moment: read each once
 * @region: the region
 * @first, @pages: the pages of the region that hold the bytes
 *
 * A span is good for as long as the context it was found in lasts: until the vCPU enters the guest
 * again, or the lock is released.
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
 * @span: out: set only when the answer is 0
 *
 * Return: 0; CLV_ERR_RANGE when not all of it lies in one memory region (a window is none), @len is
 * 0, or the range wraps.
 */
int space_span_find(struct space *sp, gpa_t gpa, u64 len, struct space_span *span);

/**
 * space_span_mark() - mark the pages of @span in their log, if there is one (M8)
 *
 * Whoever writes to a span calls this before the first byte is written and again after the last:
 * mm/space_access.c says why.
 */
void space_span_mark(const struct space_span *span);

/**
 * space_read() - copy from guest memory
 * @gpa: first byte
 * @dst: where to
 * @len: bytes; 0 succeeds for any address
 *
 * Return: 0; CLV_ERR_RANGE when any byte is not memory of this space. Nothing is copied then.
 */
int space_read(struct space *sp, gpa_t gpa, void *dst, u64 len);

/** space_write() - as space_read(), but copy to guest memory, through the door that logs (M8) */
int space_write(struct space *sp, gpa_t gpa, const void *src, u64 len);

/** space_load() - as space_write(), for what a guest must see however it maps it (write_back) */
int space_load(struct space *sp, gpa_t gpa, const void *src, u64 len);

/**
 * space_wipe() - zero memory of a space that no vCPU of it runs in; several harts may at once
 * @len: bytes, all in one memory region; not 0
 *
 * It marks pages and writes back as space_load() does, but it takes the lock, for the marks alone.
 * Until it returns, the space is not destroyed: whoever calls it sees to that.
 *
 * Return: 0; CLV_ERR_RANGE.
 */
int space_wipe(struct space *sp, gpa_t gpa, u64 len);

/*
 * The dirty log. @region is the index that space_begin_memory() returned. Pages are counted from
 * the region's base. Every call does one bounded step (M6). A call that has a cursor is made again
 * with the cursor that came back, until that is 0.
 */

/**
 * space_log_start() - start a log on a region, in steps
 * @mode: CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER or CLEAVE_LOG_INITIALLY_SET
 * @eager: for INITIALLY_SET: split a huge leaf when a part of it is cleared, and not in the fault
 *         that comes after
 * @cursor: in: 0 at first, then what came back; out: 0 when the log has started
 *
 * Return: 0; CLV_ERR_NOTFOUND (@region), CLV_ERR_INVAL (@mode), CLV_ERR_STATE (a log is on or a
 * stop is under way, or the cursor is not that of the start under way).
 */
int space_log_start(struct space *sp, u32 region, u32 mode, bool eager, u64 *cursor);

/**
 * space_log_take_over() - begin a start in place of the log that is on or under way, if there is
 * one
 * @cursor: out: as of space_log_start(), with which the start goes on
 *
 * The first step of the start ends the old log, in whatever phase it is. The cursors of its start
 * or stop are worth nothing from then on. A bit that it has set may stay set.
 *
 * Return: 0; CLV_ERR_NOTFOUND (@region), CLV_ERR_INVAL (@mode).
 */
int space_log_take_over(struct space *sp, u32 region, u32 mode, bool eager, u64 *cursor);

/**
 * space_log_get() - look at bits without clearing them
 * @first, @count: pages. The caller has asked dirty_range_ok() about them, because it needs the
 *                 answer before it looks for a bitmap of that length
 * @bitmap: where the bits are written to; dirty_range_words() words
 *
 * Return: number of pages looked at; the next call goes on after them. CLV_ERR_NOTFOUND (@region),
 * CLV_ERR_STATE (no log is on).
 */
s64 space_log_get(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap);

/**
 * space_log_harvest() - fetch and clear bits, protect their pages again, and flush once (M2)
 * @dirty: out: number of bits set in what was returned
 *
 * The other arguments and the answer are those of space_log_get(). Words of @bitmap beyond the
 * pages returned are not written, and their bits are not cleared.
 */
s64 space_log_harvest(struct space *sp, u32 region, u64 first, u64 count, u64 *bitmap, u64 *dirty);

/**
 * space_log_clear() - clear the bits that are set in @bitmap, protect their pages again, and flush
 * once (M2)
 *
 * The arguments and the answer are those of space_log_get(). In an initially-set log this starts
 * the tracking of a page.
 */
s64 space_log_clear(struct space *sp, u32 region, u64 first, u64 count, const u64 *bitmap);

/**
 * space_log_stop() - stop a log, in steps
 * @collapse: put huge leaves back where they were split
 * @cursor: as of space_log_start()
 *
 * Return: 0; CLV_ERR_NOTFOUND (@region), CLV_ERR_STATE (no log is on, or the cursor is not that of
 * the stop under way).
 */
int space_log_stop(struct space *sp, u32 region, bool collapse, u64 *cursor);

/** space_memory_region() - Return: region @region if it is memory, else NULL; under the lock */
static inline struct region *space_memory_region(struct space *sp, u32 region)
{
	spin_assert_held(&sp->lock);
	if (region >= sp->nr_regions || atomic_read(&sp->region[region].kind) != REGION_MEMORY)
		return NULL;
	return &sp->region[region];
}

/** space_count() - add @n to one of the counters of struct space_stats; under the lock */
static inline void space_count(u64 *counter, u64 n)
{
	atomic_set(counter, atomic_read(counter) + n);
}

/**
 * struct space_log_status - what a log is doing
 * @mode: CLEAVE_LOG_*
 * @eager: huge leaves are split before they are written to
 * @starting: a start is under way
 * @stopping: a stop is under way
 * @dirty: bits set now
 */
struct space_log_status {
	u32 mode;
	bool eager;
	bool starting;
	bool stopping;
	u64 dirty;
};

/** space_log_status() - tell what the log of a region is doing. Return: 0, CLV_ERR_NOTFOUND */
int space_log_status(struct space *sp, u32 region, struct space_log_status *out);

/**
 * space_leaves() - count the leaves of a region by level, in steps (M6)
 * @leaves: the counts are added to it: [0] 4 KiB, [1] 2 MiB, [2] 1 GiB
 * @cursor: as of space_log_start(); it is an offset in the region, in bytes
 *
 * Return: 0; CLV_ERR_NOTFOUND (@region), CLV_ERR_INVAL (the cursor is no place in the region).
 */
int space_leaves(struct space *sp, u32 region, u64 leaves[3], u64 *cursor);

/**
 * space_leaf_level() - tell how large the leaf is that maps an address
 * @gpa: any address in memory
 *
 * The answer may be old when it arrives: a running vCPU's fault may split the leaf at any moment.
 *
 * Return: 0 = 4 KiB, 1 = 2 MiB, 2 = 1 GiB; CLV_ERR_RANGE when no memory region of this space covers
 * @gpa (a window is none).
 */
int space_leaf_level(struct space *sp, gpa_t gpa);

#endif
