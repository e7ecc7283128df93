/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flush batches: which guest-physical ranges lost permission and must leave every TLB (rule M7).
 *
 * An operation that removes permission gathers ranges here and pays one flush_remote() at its end.
 * This file must never execute a flush itself; who runs where is core's knowledge.
 */
#ifndef MM_FLUSH_H
#define MM_FLUSH_H

#include <cleave/types.h>

#define FLUSH_BATCH_RANGES 8U

struct space;

struct flush_range {
	gpa_t base;
	u64 size; /* bytes */
};

/**
 * struct flush_batch - ranges of one space that wait for one flush; owned by the caller, on its
 * stack
 * @nr: ranges in use
 * @all: too many ranges came: the whole address space of the VMID must be flushed
 * @range: disjoint ranges, in the order they came; neighbours are merged
 */
struct flush_batch {
	u32 nr;
	bool all;
	struct flush_range range[FLUSH_BATCH_RANGES];
};

/** flush_batch_init() - make @b empty */
void flush_batch_init(struct flush_batch *b);

/**
 * flush_batch_add() - note that translations of a range must go
 * @b: batch
 * @base: first GPA, 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB; 0 adds nothing
 */
void flush_batch_add(struct flush_batch *b, gpa_t base, u64 size);

/** flush_batch_empty() - Return: true when nothing waits in @b */
static inline bool flush_batch_empty(const struct flush_batch *b)
{
	return b->nr == 0U && !b->all;
}

/**
 * flush_remote() - make every hart forget what @b names, and wait until they have
 * @sp: the space that the ranges belong to
 * @b: what must go; not empty
 *
 * Defined by core (by a software ledger in host tests). When it returns, no hart holds a
 * translation of @sp for these ranges that was made before the call, and every vCPU of @sp that was
 * running at the call has left the page-table walk it may have stood in (rule M4). A vCPU that does
 * not run is not interrupted: it flushes when it next enters (M7).
 *
 * Locking: called with the space's lock held; may be called on any hart, also by a vCPU of @sp's
 * own VM. The caller's own walk must be over. Serves other harts' requests while it waits.
 */
void flush_remote(struct space *sp, const struct flush_batch *b);

#endif
