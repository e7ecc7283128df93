/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flush batches: the guest-physical ranges that lost permission and must leave every TLB.
 *
 * Rule M7, flushes are paid once: an operation that takes permission away gathers ranges in a
 * batch, and calls flush_remote() once at its end. These files must never flush anything
 * themselves: which vCPU runs on which hart is known to core alone.
 */
#ifndef MM_FLUSH_H
#define MM_FLUSH_H

#include <cleave/types.h>

#define FLUSH_BATCH_RANGES 8U

struct gstage;
struct space;
struct table_pool;

struct flush_range {
	gpa_t base;
	u64 size; /* bytes; base + size does not wrap */
};

/**
 * struct flush_batch - ranges of one space that wait for one flush
 * @nr: ranges in use
 * @all: everything of the space must be flushed: more ranges were added than fit, or a table is
 * going to be freed (flush_batch_add_tables())
 * @range: disjoint ranges; those that touch have been merged
 *
 * It is the caller's, on its stack.
 */
struct flush_batch {
	u32 nr;
	bool all;
	struct flush_range range[FLUSH_BATCH_RANGES];
};

/** flush_batch_init() - make @b empty */
void flush_batch_init(struct flush_batch *b);

/**
 * flush_batch_add() - add a range whose translations must go
 * @b: batch
 * @base: first GPA, 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB; 0 adds nothing
 */
void flush_batch_add(struct flush_batch *b, gpa_t base, u64 size);

/**
 * flush_batch_add_tables() - add all that leads to tables which were unlinked
 *
 * A fence of an address orders leaf entries alone. One of all addresses, with rs1 = x0, is needed
 * for the pointers that a hart may have cached on the way (privileged specification, chapter "H",
 * "Hypervisor Memory-Management Fence Instructions"). Such a pointer also serves addresses outside
 * the range from which the table has gone.
 */
static inline void flush_batch_add_tables(struct flush_batch *b)
{
	b->all = true;
}

/** flush_batch_empty() - Return: true when nothing waits in @b */
static inline bool flush_batch_empty(const struct flush_batch *b)
{
	return b->nr == 0U && !b->all;
}

/**
 * flush_remote() - make every hart forget what @b names, and wait until each of them has
 * @sp: the space that the ranges belong to
 * @b: what must go; not empty
 *
 * Core defines it (core/run/shootdown.c), and in host tests a software ledger of TLBs does. When it
 * returns,
 *
 * - no hart holds a translation of @sp for these ranges that was made before the call;
 * - every vCPU of @sp that ran at the time of the call has left the page-table walk that it may
 *   have stood in (rule M4).
 *
 * A vCPU that does not run is not interrupted: it flushes before it next enters the guest (M7).
 *
 * Locking: the caller holds the lock of @sp and stands in no walk itself. It may run on any hart,
 * also as a vCPU of @sp. The function serves other harts' requests while it waits.
 */
void flush_remote(struct space *sp, const struct flush_batch *b);

/**
 * flush_unlinked() - debug build: a table was unlinked from the tables of the space of @gs
 * flush_freeing() - debug build: a table that was unlinked is about to go back to @pool, a space's
 *
 * Core looks into what harts may hold (core/run/tlb.c), and reports rule M4 broken where one may
 * still walk the table. Locking: the caller holds the lock of the space.
 */
#ifdef CONFIG_DEBUG
void flush_unlinked(const struct gstage *gs);
void flush_freeing(const struct table_pool *pool);
#else
static inline void flush_unlinked(const struct gstage *gs)
{
	(void)gs;
}

static inline void flush_freeing(const struct table_pool *pool)
{
	(void)pool;
}
#endif

#endif
