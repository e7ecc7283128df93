/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The G-stage tables of one space, with three, four or five levels: walk, map, unmap, protect,
 * split, collapse.
 *
 * It must never know of regions, logs or harts, and never flush. What loses permission is added to
 * a flush batch, and the caller flushes before it frees tables (M4) and before it answers (M2).
 *
 * What may run at once:
 *
 * - The harts' own walks, at any time.
 * - Without a lock, vCPUs that handle faults. They use gstage_walk() and gstage_split(), and
 *   compare-and-exchange to add W to an entry.
 * - Everything else, by one holder of the space's lock.
 *
 * So while the lock's holder works, an entry may change in three ways only: a leaf gains W; a leaf
 * gains D; a leaf without W becomes a table that maps the same memory alike. While a vCPU works, an
 * entry may change in any way, but the tables that the vCPU saw stay in place until it leaves its
 * walk (M4).
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
 * @root: the root table, GSTAGE_ROOT_ENTRIES entries
 * @root_hpa: its HPA, for hgatp
 * @levels: 3, 4 or 5
 * @limit: bytes of guest-physical address space that the tree translates
 * @va: what is added to an HPA to get the address of a load or store
 */
struct gstage {
	u64 *root;
	hpa_t root_hpa;
	u32 levels;
	u64 limit;
	uintptr_t va;
};

/**
 * struct gstage_iter - a walk over a range in order, which descends from the root once
 * @gs: the tables
 * @gpa: the address that the present entry was looked up for. It may lie inside the entry's first
 *       block; every later entry is looked up by its first byte
 * @end: end of the range, exclusive
 * @slot: the present entry: a leaf, or an invalid entry where nothing is mapped
 * @pte: what was read from it
 * @level: its level
 * @table: the tables on the path, from the root (levels - 1) down to @level
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
	GSTAGE_SPLIT_LOST,     /* the entry has changed in the meantime: look again */
	GSTAGE_SPLIT_NO_TABLE, /* the pool is empty */
};

#define GSTAGE_COLLECT_MAX 32U

/** struct gstage_collect - tables that a collapse has unlinked, and that wait for a flush (M4) */
struct gstage_collect {
	u32 nr;
	u64 *table[GSTAGE_COLLECT_MAX];
};

/**
 * gstage_init() - make an empty tree
 * @root: HPA of GSTAGE_ROOT_SIZE bytes, aligned to their size, which are zeroed
 * @levels: 3, 4 or 5
 * @hpa_to_va: what is added to an HPA to get the address of a load or store
 *
 * Return: 0, CLV_ERR_INVAL.
 */
int gstage_init(struct gstage *gs, hpa_t root, u32 levels, uintptr_t hpa_to_va);

/**
 * gstage_limit() - Return: bytes of guest-physical address space that the tree translates
 *
 * An access to a higher address always faults.
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
 * gstage_table() - Return: the table that pointer @pte points to
 *
 * A pointer has no bits above its PPN, so nothing needs to be masked.
 */
static inline u64 *gstage_table(const struct gstage *gs, u64 pte)
{
	return (u64 *)(((pte >> GSTAGE_PTE_PPN_SHIFT) << PAGE_SHIFT) + gs->va);
}

/**
 * gstage_walk() - find the entry that translates an address; takes no lock
 * @gpa: below gstage_limit()
 * @level: out: level of the entry
 * @pte: out: its content
 *
 * It reads each entry once. A table was filled before the entry that points to it was written, and
 * reading the table depends on the pointer that was read. RVWMO keeps that order (syntactic address
 * dependency), so the way down needs no barrier.
 *
 * Return: the entry, which is a leaf or invalid.
 */
static inline u64 *gstage_walk(const struct gstage *gs, gpa_t gpa, u32 *level, u64 *pte)
{
	u32 l = gs->levels - 1U;
	/* The GPA is below the limit, so its index in the root needs no mask. */
	u64 *slot = &gs->root[gpa.v >> gstage_shift(l)];
	u64 entry = atomic_read_consume(slot);

	while (gstage_pte_is_table(entry) && l > 0U) {
		l--;
		slot = &gstage_table(gs, entry)[(gpa.v >> gstage_shift(l)) & (GSTAGE_ENTRIES - 1U)];
		entry = atomic_read_consume(slot);
	}
	*level = l;
	*pte = entry;
	return slot;
}

/**
 * gstage_iter_start() - begin a walk at the first entry of a range
 * @gpa, @size: the range, which lies below gstage_limit(); @size is in bytes
 */
void gstage_iter_start(struct gstage_iter *it, const struct gstage *gs, gpa_t gpa, u64 size);

/**
 * gstage_iter_seek() - go to the entry that translates @gpa
 *
 * It starts at the lowest table that both entries have in common.
 */
void gstage_iter_seek(struct gstage_iter *it, u64 gpa);

/** gstage_iter_refresh() - read the present entry again, and go down if it has become a table */
void gstage_iter_refresh(struct gstage_iter *it);

/**
 * gstage_iter_skip() - go on by @count entries of the present level
 *
 * They must not reach beyond the present table, unless that is beyond the end of the range.
 */
void gstage_iter_skip(struct gstage_iter *it, u64 count);

/** gstage_iter_done() - Return: true at the end of the range */
static inline bool gstage_iter_done(const struct gstage_iter *it)
{
	return it->gpa >= it->end;
}

/**
 * gstage_iter_rest() - Return: entries from the present one up to the end of its table or of the
 * range, whichever comes first
 */
u64 gstage_iter_rest(const struct gstage_iter *it);

/**
 * gstage_iter_leaves() - Return: number of leaves, of gstage_iter_rest() and of @most at most, that
 * begin with the present entry, which is one; in a table of 4 KiB leaves all are
 */
u64 gstage_iter_leaves(const struct gstage_iter *it, u64 most);

/**
 * gstage_worst_tables() - count the tables that a range takes when all of it is mapped at 4 KiB
 * @levels: 3, 4 or 5
 * @base, @size: the range, in bytes
 *
 * Return: their number, without the root.
 */
u64 gstage_worst_tables(u32 levels, gpa_t base, u64 size);

/** gstage_map_tables() - Return: the most tables that gstage_map() of the same arguments takes */
u64 gstage_map_tables(const struct gstage *gs, gpa_t gpa, hpa_t hpa, u64 size, u32 largest);

/** gstage_map_leaves() - Return: number of leaves that gstage_map() of the same arguments makes */
u64 gstage_map_leaves(const struct gstage *gs, gpa_t gpa, hpa_t hpa, u64 size, u32 largest);

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
 * @gpa, @hpa, @size, @prot: as of gstage_map()
 * @done: bytes that are mapped; when it is @size, nothing is under way
 * @top: largest level of a leaf
 * @chain: tables that were reserved for it
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
 * gstage_map_begin() - prepare a mapping in steps; nothing is mapped yet
 * @m: out: for gstage_map_step()
 *
 * The other arguments are those of gstage_map(), and nothing is mapped in the range. Before the
 * first step the caller sees to it that the pool has gstage_map_tables() tables (M5). Until the
 * last step, nothing else may be mapped into the range, and nobody else takes a table. A mapping
 * that is given up ends when the tables and their pool are given back.
 *
 * Return: 0, CLV_ERR_INVAL or CLV_ERR_RANGE, as of gstage_map().
 */
int gstage_map_begin(struct gstage_mapping *m, const struct gstage *gs, gpa_t gpa, hpa_t hpa,
		     u64 size, u64 prot, u32 largest);

/**
 * gstage_map_step() - map at most @leaves more leaves; cannot fail (M5)
 *
 * Return: true when there is more to do; false when all is mapped, and reserved tables that were
 * left over are back in the pool.
 */
bool gstage_map_step(struct gstage_mapping *m, struct gstage *gs, struct table_pool *pool,
		     u64 leaves);

/**
 * gstage_unmap() - unmap a range; what is not mapped in it stays so
 * @batch: the range is added to it, or everything when tables were unlinked
 *
 * A huge leaf that lies in the range only in part is split. Tables that have become empty are
 * unlinked but not freed (M4): the caller flushes, and then calls gstage_unmap_finish().
 *
 * Return: 0; CLV_ERR_INVAL (alignment, size 0), CLV_ERR_RANGE (beyond gstage_limit()),
 * CLV_ERR_NOMEM (no table for a split). After an error nothing has changed (M5).
 */
int gstage_unmap(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size,
		 struct flush_batch *batch);

/**
 * gstage_unmap_finish() - free the tables that gstage_unmap() of the same range has unlinked
 *
 * The caller has flushed in between (M4).
 *
 * Return: number of tables freed.
 */
u64 gstage_unmap_finish(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size);

/**
 * gstage_protect_run() - take W from @count neighbouring entries, each atomically
 *
 * Entries that are invalid or point to tables have no W and stay as they are. All writes before the
 * call are ordered before those to the entries.
 */
void gstage_protect_run(u64 *slot, u64 count);

/**
 * gstage_split() - replace a leaf by a table of 512 leaves that map the same memory alike (M3)
 * @slot: the entry
 * @level: its level, at least 1
 * @pte: the leaf that was read from it
 * @drop: permissions that the children do not get, where splitting and protecting are one; 0 for a
 *        pure split. Whoever drops any flushes the range of the leaf
 *
 * It takes no lock.
 */
enum gstage_split_result gstage_split(const struct gstage *gs, struct table_pool *pool, u64 *slot,
				      u32 level, u64 pte, u64 drop);

/**
 * gstage_collapse() - put one leaf back in the place of a table of 512 leaves that map one aligned
 * block alike
 * @gpa: aligned to the span of the level
 * @level: level of the new leaf, at least 1
 * @prot: permissions of the new leaf. The 512 leaves may lack some of them (a log has taken W), and
 *        D (a log of D bits has cleared it), but must not have others
 * @collect: the table that was unlinked is added to it; it needs room for one
 *
 * The caller flushes, and then calls gstage_collect_free() (M4). The leaf maps what the 512 leaves
 * mapped, so a TLB that holds some of both is right, and the entry is valid at every moment.
 *
 * Return: true when the entry has become that leaf.
 */
bool gstage_collapse(struct gstage *gs, gpa_t gpa, u32 level, u64 prot,
		     struct gstage_collect *collect);

/** gstage_collect_free() - give collected tables to the pool; the caller has flushed before (M4) */
void gstage_collect_free(struct gstage_collect *collect, struct table_pool *pool);

#endif
