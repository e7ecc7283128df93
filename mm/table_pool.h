/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A space's pool of page tables: 4 KiB frames that are set aside when memory is added, so that no
 * split runs out (M5).
 *
 * The free tables form a stack that needs no lock, because vCPUs split in their faults side by
 * side: its head is one word of a page frame number and a tag that changes with every exchange (so
 * that a head that was taken and came back in between is not mistaken for an unchanged one). A free
 * table's first word links to the next. A table must never come back here while a walker may stand
 * in it (M4): the link would be read as an entry.
 */
#ifndef MM_TABLE_POOL_H
#define MM_TABLE_POOL_H

#include <cleave/types.h>
#include "mm/frames.h"

#define TABLE_POOL_CHUNKS 72U

/**
 * struct table_pool - tables of one space
 * @head: bits 0..43 frame number of the top table (0: empty), 44..63 tag; atomic
 * @free: tables on the stack; atomic, may be behind for a moment
 * @total: tables that the pool ever got
 * @va: what is added to an HPA to reach it
 * @chunk: blocks of frames that the tables are in
 */
struct table_pool {
	u64 head;
	u64 free;
	u64 total;
	uintptr_t va;
	u32 nr_chunks;
	struct frames_range chunk[TABLE_POOL_CHUNKS];
};

/**
 * struct table_chain - tables taken in advance by one operation, private to it (M5)
 * @first: linked through their first words, NULL at the end
 */
struct table_chain {
	u64 *first;
};

/**
 * table_pool_init() - make @p an empty pool; @hpa_to_va: what is added to an HPA to reach it by a
 * load or store
 */
void table_pool_init(struct table_pool *p, uintptr_t hpa_to_va);

/**
 * table_pool_grow() - add @tables tables, in one block
 * Return: 0, CLV_ERR_NOMEM (no block that large, or too many growths). Locking: the space's lock,
 * or nobody runs yet.
 */
int table_pool_grow(struct table_pool *p, struct frames *frames, u64 tables);

/**
 * table_pool_release() - give all frames back. No table of the pool is in use any more, and nobody
 * uses the pool
 */
void table_pool_release(struct table_pool *p, struct frames *frames);

/**
 * table_pool_take() - take one table
 * Return: 512 words of any content, or NULL when the pool is empty. Locking: none needed.
 */
u64 *table_pool_take(struct table_pool *p);

/** table_pool_give() - give a table back that no walker can stand in (M4). Locking: none needed */
void table_pool_give(struct table_pool *p, u64 *table);

/**
 * table_pool_reserve() - take @tables tables at once, or none
 * Return: 0, CLV_ERR_NOMEM.
 */
int table_pool_reserve(struct table_pool *p, u64 tables, struct table_chain *chain);

/** table_chain_push() - put a table that nobody else sees into @chain */
void table_chain_push(struct table_chain *chain, u64 *table);

/** table_chain_next() - take one table out of @chain. Return: NULL when it is empty */
u64 *table_chain_next(struct table_chain *chain);

/** table_pool_unreserve() - give back what is left of @chain */
void table_pool_unreserve(struct table_pool *p, struct table_chain *chain);

/** table_pool_hpa() - Return: HPA of a table of @p */
static inline hpa_t table_pool_hpa(const struct table_pool *p, const u64 *table)
{
	return HPA((uintptr_t)table - p->va);
}

#endif
