/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables of one space, with three, four or five levels: walk, map, unmap, protect, split,
 * collapse.
 *
 * It must never know of regions, logs or harts, and never flush: what loses permission is put into
 * a flush batch, and the caller flushes before it frees tables (M4) and before it answers (M2).
 *
 * Who may run at once: hart walks at any time; gstage_walk(), gstage_split() and
 * compare-and-exchange of W by vCPUs that handle faults, with no lock; everything else by one
 * holder of the space's lock. So an entry may change under the lock holder in two ways only: a leaf
 * gains W, or a leaf without W becomes a table that maps the same alike. Under a vCPU an entry may
 * change in any way, but the tables that it saw stay in place until it leaves its walk (M4).
 */
#ifndef MM_GSTAGE_H
#define MM_GSTAGE_H

#include <cleave/atomic.h>
#include <cleave/types.h>
#include "arch/riscv/gstage_pte.h"
#include "mm/flush.h"
#include "mm/table_pool.h"

/**
 * struct gstage - a tree of tables
 * @root: GSTAGE_ROOT_ENTRIES entries
 * @root_hpa: for hgatp
 * @levels: 3, 4 or 5
 * @limit: bytes of guest-physical address space that they translate
 * @va: what is added to an HPA to reach it
 */
struct gstage {
	u64 *root;
	hpa_t root_hpa;
	u32 levels;
	u64 limit;
	uintptr_t va;
};

/**
 * struct gstage_iter - a walk over a range in order; descends from the root once
 * @gs: tables
 * @gpa: address of the present entry: where it was looked for, at first inside it, then its first
 * byte
 * @end: end of the range, exclusive
 * @slot: the present entry: a leaf, or an invalid entry where nothing is mapped
 * @pte: what was read from it
 * @level: its level
 * @table: tables on the path, from the root (levels - 1) down to @level
 */
struct gstage_iter {
	const struct gstage *gs;
	u64 gpa;
	u64 end;
	u64 *slot;
	u64 pte;
	u32 level;
	u64 *table[GSTAGE_MAX_LEVELS];
};

enum gstage_split_result {
	GSTAGE_SPLIT_DONE,
	GSTAGE_SPLIT_LOST,     /* the entry has changed meanwhile: look again */
	GSTAGE_SPLIT_NO_TABLE, /* the pool is empty */
};

#define GSTAGE_COLLECT_MAX 32U

/** struct gstage_collect - tables that were unlinked by collapse and wait for a flush (M4) */
struct gstage_collect {
	u32 nr;
	u64 *table[GSTAGE_COLLECT_MAX];
};

/**
 * gstage_init() - make an empty tree
 * @root: GSTAGE_ROOT_SIZE bytes, aligned to it; is zeroed
 * @levels: 3, 4 or 5
 * Return: 0, CLV_ERR_INVAL.
 */
int gstage_init(struct gstage *gs, hpa_t root, u32 levels, uintptr_t hpa_to_va);

/**
 * gstage_limit() - Return: bytes of guest-physical address space that the tree translates; a wider
 * address always faults
 */
static inline u64 gstage_limit(const struct gstage *gs)
{
	return gs->limit;
}

/** gstage_index() - Return: index of @gpa's entry in a table at @level */
static inline u64 gstage_index(const struct gstage *gs, u32 level, u64 gpa)
{
	u64 entries = level == gs->levels - 1U ? GSTAGE_ROOT_ENTRIES : GSTAGE_ENTRIES;

	return (gpa >> gstage_shift(level)) & (entries - 1U);
}

/**
 * gstage_table() - Return: the table that pointer @pte points to; such an entry has nothing above
 * its PPN
 */
static inline u64 *gstage_table(const struct gstage *gs, u64 pte)
{
	return (u64 *)(((pte >> GSTAGE_PTE_PPN_SHIFT) << PAGE_SHIFT) + gs->va);
}

/**
 * gstage_walk() - find the entry that translates an address; lock-free
 * @gpa: below gstage_limit()
 * @level: out, level of the entry
 * @pte: out, its content
 *
 * Every entry is read once. A table that is found through one was filled before it was linked; the
 * reads of its entries depend on the pointer that was read, which RVWMO orders (syntactic address
 * dependency), so no barrier stands on the way down.
 *
 * Return: the entry: a leaf, or an invalid one.
 */
static inline u64 *gstage_walk(const struct gstage *gs, gpa_t gpa, u32 *level, u64 *pte)
{
	u32 l = gs->levels - 1U;
	/* gpa is below the limit: in the root the index needs no mask. */
	u64 *slot = &gs->root[gpa.v >> gstage_shift(l)];
	u64 entry = atomic_read(slot);

	while (gstage_pte_is_table(entry) && l > 0U) {
		l--;
		slot = &gstage_table(gs, entry)[(gpa.v >> gstage_shift(l)) & (GSTAGE_ENTRIES - 1U)];
		entry = atomic_read(slot);
	}
	*level = l;
	*pte = entry;
	return slot;
}

/**
 * gstage_iter_start() - begin a walk of [@gpa, @gpa + @size), which lies below gstage_limit(), at
 * its first entry
 */
void gstage_iter_start(struct gstage_iter *it, const struct gstage *gs, gpa_t gpa, u64 size);

/**
 * gstage_iter_seek() - go to the entry of @gpa; descends from where the path to it leaves the
 * present one
 */
void gstage_iter_seek(struct gstage_iter *it, u64 gpa);

/** gstage_iter_refresh() - read the present entry again, and go down if it has become a table */
void gstage_iter_refresh(struct gstage_iter *it);

/** gstage_iter_next() - go on to the next entry. Return: false at the end of the range */
bool gstage_iter_next(struct gstage_iter *it);

/**
 * gstage_iter_skip() - go on by @count entries of the present level, which end in its table or at
 * the end of the range
 */
void gstage_iter_skip(struct gstage_iter *it, u64 count);

/** gstage_iter_done() - Return: true at the end of the range */
static inline bool gstage_iter_done(const struct gstage_iter *it)
{
	return it->gpa >= it->end;
}

/**
 * gstage_iter_rest() - Return: entries from the present one to the end of its table or of the range
 */
u64 gstage_iter_rest(const struct gstage_iter *it);

/**
 * gstage_worst_tables() - tables, besides the root, that a range takes when it is mapped at 4 KiB
 * @levels: 3, 4 or 5
 */
u64 gstage_worst_tables(u32 levels, gpa_t base, u64 size);

/** gstage_map_tables() - most tables that gstage_map() of the same arguments takes */
u64 gstage_map_tables(const struct gstage *gs, gpa_t gpa, hpa_t hpa, u64 size, u32 largest);

/**
 * gstage_map_leaves() - count the leaves that gstage_map() of the same arguments makes
 * @most: where to stop counting, which bounds the work
 *
 * Return: their number, or @most + 1 when there are more than @most.
 */
u64 gstage_map_leaves(const struct gstage *gs, gpa_t gpa, hpa_t hpa, u64 size, u32 largest,
		      u64 most);

/**
 * gstage_map() - map a range where nothing is mapped, on the largest leaves that fit
 * @prot: GSTAGE_PTE_R and any of _W, _X
 * @largest: largest level of a leaf
 *
 * Return: 0; CLV_ERR_INVAL (alignment, size 0, @prot), CLV_ERR_RANGE (beyond gstage_limit() or the
 * HPA's width), CLV_ERR_EXISTS (some of it is mapped), CLV_ERR_NOMEM (pool). After an error nothing
 * has changed (M5).
 */
int gstage_map(struct gstage *gs, struct table_pool *pool, gpa_t gpa, hpa_t hpa, u64 size, u64 prot,
	       u32 largest);

/**
 * struct gstage_mapping - a range that is being mapped in steps (M6)
 * @chain: the tables that it takes, and maybe some more: they were taken at the beginning, so that no
 * step can fail (M5)
 * @done: bytes that are mapped; @done == @size: nothing is under way
 */
struct gstage_mapping {
	u64 gpa;
	u64 hpa;
	u64 size;
	u64 done;
	u64 prot;
	u32 top;
	struct table_chain chain;
};

/**
 * gstage_map_begin() - prepare what gstage_map() does, for gstage_map_step(); nothing is mapped yet
 *
 * Nothing else may be mapped into the range meanwhile. A mapping that is given up ends with the
 * tables and their pool.
 * Return: as gstage_map()
 */
int gstage_map_begin(struct gstage_mapping *m, const struct gstage *gs, struct table_pool *pool,
		     gpa_t gpa, hpa_t hpa, u64 size, u64 prot, u32 largest);

/**
 * gstage_map_step() - map at most @leaves leaves more; cannot fail
 * Return: true when more is to do; else all is mapped, and tables that are left are in the pool.
 */
bool gstage_map_step(struct gstage_mapping *m, struct gstage *gs, struct table_pool *pool,
		     u64 leaves);

/**
 * gstage_unmap() - unmap a range, also a part of a huge leaf (which is split); what is not mapped
 * stays so
 * @batch: gets the range
 *
 * Tables that have become empty are unlinked and stay allocated: the caller flushes, then calls
 * gstage_unmap_finish().
 * Return: 0; CLV_ERR_INVAL, CLV_ERR_RANGE; CLV_ERR_NOMEM (no table for a split; nothing has
 * changed).
 */
int gstage_unmap(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size,
		 struct flush_batch *batch);

/**
 * gstage_unmap_finish() - after the flush: free the tables that gstage_unmap() of the same range
 * unlinked. Return: how many
 */
u64 gstage_unmap_finish(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size);

/**
 * gstage_protect() - change permissions of what is mapped in a range, also of a part of a huge leaf
 * (which is split)
 * @clear: of GSTAGE_PTE_RWX, taken away; the range goes into @batch if any
 * @set: of GSTAGE_PTE_RWX, given
 *
 * Return: as of gstage_unmap().
 */
int gstage_protect(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u64 clear,
		   u64 set, struct flush_batch *batch);

/**
 * gstage_protect_run() - take W from @count neighbouring entries, atomically each
 *
 * Entries that are invalid or point to tables have no W and stay as they are. Ordered after all
 * earlier writes.
 */
void gstage_protect_run(u64 *slot, u64 count);

/**
 * gstage_split() - replace a leaf by a table of 512 leaves one level down, which map the same alike
 * (M3); lock-free
 * @slot: the entry
 * @level: its level, at least 1
 * @pte: the leaf that was read from it
 * @drop: permissions that the children do not get: protecting and splitting at once; 0 for a pure
 *        split. The caller flushes the leaf's range when it drops any
 */
enum gstage_split_result gstage_split(const struct gstage *gs, struct table_pool *pool, u64 *slot,
				      u32 level, u64 pte, u64 drop);

/**
 * gstage_split_range() - split what is larger than @level in a range, permissions as they are
 * Return: 0; CLV_ERR_INVAL, CLV_ERR_RANGE; CLV_ERR_NOMEM: the pool ran out; leaves split so far
 * stay split, and each maps as before.
 */
int gstage_split_range(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u32 level);

/**
 * gstage_collapse() - put one leaf at @level back where a table of 512 like leaves stands
 * @gpa: aligned to the level's span
 * @level: of the new leaf, at least 1
 * @prot: permissions of the new leaf. Children may lack some of them (W that a log has taken), not
 * have others
 * @collect: gets the table that was unlinked; has room for one
 *
 * The caller flushes, then calls gstage_collect_free(). A leaf maps what the children mapped, so a
 * TLB that holds some of either is right, and there is no moment at which the entry is invalid.
 *
 * Return: true when the entry is that leaf now.
 */
bool gstage_collapse(struct gstage *gs, gpa_t gpa, u32 level, u64 prot,
		     struct gstage_collect *collect);

/** gstage_collect_free() - after the flush: give collected tables to the pool */
void gstage_collect_free(struct gstage_collect *collect, struct table_pool *pool);

#endif
