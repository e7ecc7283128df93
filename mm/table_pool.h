/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of page tables of a space: 4 KiB frames that are set aside when memory is added, so that
 * no split ever runs out of them (M5).
 *
 * A new table is taken from the blocks in the order of their addresses. So a pool of any size is
 * made at once, and nothing is written into a table before it is used (M6). What was given back
 * goes onto a stack, and is taken first.
 *
 * Several vCPUs may split leaves in their faults at once, so neither needs a lock. The first word
 * of a table on the stack links to the next one. The stack's head is one word
 * that holds a page frame number and a tag. Each exchange changes the tag, so that a head which was
 * taken and came back in between does not pass for an unchanged one.
 *
 * A table must never come back here while a walker may stand in it (M4): the walker would read the
 * link as an entry.
 */
#ifndef MM_TABLE_POOL_H
#define MM_TABLE_POOL_H

#include <cleave/types.h>
#include "mm/frames.h"

/* How often a pool can grow: when it is made, and for each region of memory or of a device */
#define TABLE_POOL_CHUNKS (1U + CONFIG_MAX_REGIONS + 2U * CONFIG_MAX_DEVICES)

/**
 * struct table_pool - tables of one space
 * @head: bits 0 to 43: frame number of the table on top, 0 when the stack is empty; bits 44 to 63:
 *        the tag; atomic
 * @fresh: tables of the blocks that were taken for the first time; atomic
 * @free: tables that can be taken; atomic, updated a moment after they were taken or given
 * @total: tables that the pool was ever given
 * @va: what is added to an HPA to get the address of a load or store
 * @nr_chunks: entries of @chunk in use
 * @chunk: blocks of frames that the tables are in
 */
struct table_pool {
	u64 head;
	u64 fresh;
	u64 free;
	u64 total;
	uintptr_t va;
	u32 nr_chunks;
	struct frames_range chunk[TABLE_POOL_CHUNKS];
};

/**
 * struct table_chain - tables that one operation has taken in advance (M5); nobody else sees them
 * @first: the first table; each one's first word points to the next, NULL at the end
 */
struct table_chain {
	u64 *first;
};

/**
 * table_pool_init() - make an empty pool
 * @hpa_to_va: what is added to an HPA to get the address of a load or store
 */
void table_pool_init(struct table_pool *p, uintptr_t hpa_to_va);

/**
 * table_pool_grow() - add tables, in one block of frames
 * @tables: how many; 0 adds none
 *
 * Nobody else uses the pool now.
 *
 * Return: 0, CLV_ERR_NOMEM (no free block is large enough, or the pool has grown too often).
 */
int table_pool_grow(struct table_pool *p, struct frames *frames, u64 tables);

/**
 * table_pool_release_step() - give one block back to @frames
 *
 * No table of the pool is in use any more, and nobody uses the pool.
 *
 * Return: false when there is none left.
 */
bool table_pool_release_step(struct table_pool *p, struct frames *frames);

/**
 * table_pool_take() - take one table; needs no lock
 *
 * Return: 512 words with any content, or NULL when the pool is empty.
 */
u64 *table_pool_take(struct table_pool *p);

/** table_pool_give() - give back a table in which no walker can stand (M4); needs no lock */
void table_pool_give(struct table_pool *p, u64 *table);

/**
 * table_pool_reserve() - take @tables tables, or none of them; needs no lock
 * @chain: out: the tables
 *
 * Return: 0, CLV_ERR_NOMEM.
 */
int table_pool_reserve(struct table_pool *p, u64 tables, struct table_chain *chain);

/** table_chain_push() - put a table that nobody else sees into @chain */
void table_chain_push(struct table_chain *chain, u64 *table);

/** table_chain_next() - take a table out of @chain. Return: the table, NULL when there is none */
u64 *table_chain_next(struct table_chain *chain);

/** table_pool_unreserve() - give the tables that are left in @chain back to the pool */
void table_pool_unreserve(struct table_pool *p, struct table_chain *chain);

#endif
