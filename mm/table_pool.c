/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking and giving page tables without a lock.
 *
 * It must never look into a table that is in use. The one exception does no harm: whoever loses the
 * race for a table may have read its first word.
 */
#include "mm/table_pool.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>

#define POOL_FRAME_BITS 44U
#define POOL_FRAME_MASK (BIT64(POOL_FRAME_BITS) - 1U)
#define POOL_TAG_ONE	BIT64(POOL_FRAME_BITS)

static u64 *table_pool_table(const struct table_pool *p, u64 frame)
{
	return (u64 *)((frame << PAGE_SHIFT) + p->va);
}

static u64 table_pool_frame(const struct table_pool *p, const u64 *table)
{
	return ((uintptr_t)table - p->va) >> PAGE_SHIFT;
}

/* Return: the head that comes after @head when @frame is on top: with the next tag. */
static u64 table_pool_head(u64 head, u64 frame)
{
	return ((head & ~POOL_FRAME_MASK) + POOL_TAG_ONE) | frame;
}

void table_pool_init(struct table_pool *p, uintptr_t hpa_to_va)
{
	*p = (struct table_pool){ .va = hpa_to_va };
}

__attribute__((cold)) int table_pool_grow(struct table_pool *p, struct frames *frames, u64 tables)
{
	hpa_t base;
	int err;

	if (tables == 0U)
		return CLV_OK;
	if (p->nr_chunks == TABLE_POOL_CHUNKS || tables > POOL_FRAME_MASK)
		return CLV_ERR_NOMEM;
	err = frames_alloc(frames, tables << PAGE_SHIFT, PAGE_SIZE, 0, &base);
	if (err != CLV_OK)
		return CLV_ERR_NOMEM;
	p->chunk[p->nr_chunks].base = base.v;
	p->chunk[p->nr_chunks].size = tables << PAGE_SHIFT;
	p->nr_chunks++;
	p->total += tables;
	(void)atomic_add(&p->free, tables);
	return CLV_OK;
}

bool table_pool_release_step(struct table_pool *p, struct frames *frames)
{
	if (p->nr_chunks == 0U)
		return false;
	p->nr_chunks--;
	frames_free(frames, HPA(p->chunk[p->nr_chunks].base), p->chunk[p->nr_chunks].size);
	return true;
}

/* Take the table on top of the stack. Return: NULL when there is none. */
static u64 *table_pool_pop(struct table_pool *p)
{
	u64 head = atomic_read_acquire(&p->head);
	u64 *table;
	u64 next;

	/*
	 * Another vCPU may take the same table between the two reads, and fill it. Then @next is
	 * not a link. But then the tag has changed too, so the exchange fails and @next is dropped.
	 */
	do {
		if ((head & POOL_FRAME_MASK) == 0U)
			return NULL;
		table = table_pool_table(p, head & POOL_FRAME_MASK);
		next = atomic_read(&table[0]) & POOL_FRAME_MASK;
	} while (!atomic_cas(&p->head, &head, table_pool_head(head, next)));
	return table;
}

/* Take a table that nobody has had before. Return: NULL when there is none. */
static u64 *table_pool_new(struct table_pool *p)
{
	u64 n = atomic_read(&p->fresh);
	u32 i = 0;

	do {
		if (n == p->total)
			return NULL;
	} while (!atomic_cas(&p->fresh, &n, n + 1U));
	for (; n >= p->chunk[i].size >> PAGE_SHIFT; i++)
		n -= p->chunk[i].size >> PAGE_SHIFT;
	return table_pool_table(p, (p->chunk[i].base >> PAGE_SHIFT) + n);
}

u64 *table_pool_take(struct table_pool *p)
{
	u64 *table = table_pool_pop(p);

	if (table == NULL)
		table = table_pool_new(p);
	/* Once no new ones are left there never are: an empty stack means that all are out (M5). */
	if (table == NULL)
		table = table_pool_pop(p);
	if (table != NULL)
		(void)atomic_add(&p->free, (u64)-1);
	return table;
}

void table_pool_give(struct table_pool *p, u64 *table)
{
	u64 frame = table_pool_frame(p, table);
	u64 head = atomic_read(&p->head);

	/*
	 * The release of the exchange pairs with the acquire in table_pool_take(): whoever reads
	 * the head reads the link as well.
	 */
	do {
		atomic_set(&table[0], head & POOL_FRAME_MASK);
	} while (!atomic_cas(&p->head, &head, table_pool_head(head, frame)));
	(void)atomic_add(&p->free, 1U);
}

__attribute__((cold)) int table_pool_reserve(struct table_pool *p, u64 tables,
					     struct table_chain *chain)
{
	chain->first = NULL;
	for (u64 i = 0; i < tables; i++) {
		u64 *table = table_pool_take(p);

		if (table == NULL) {
			table_pool_unreserve(p, chain);
			return CLV_ERR_NOMEM;
		}
		table_chain_push(chain, table);
	}
	return CLV_OK;
}

void table_chain_push(struct table_chain *chain, u64 *table)
{
	table[0] = (uintptr_t)chain->first;
	chain->first = table;
}

u64 *table_chain_next(struct table_chain *chain)
{
	u64 *table = chain->first;

	if (table != NULL)
		chain->first = (u64 *)(uintptr_t)table[0];
	return table;
}

__attribute__((cold)) void table_pool_unreserve(struct table_pool *p, struct table_chain *chain)
{
	u64 *table;

	while ((table = table_chain_next(chain)) != NULL)
		table_pool_give(p, table);
}
