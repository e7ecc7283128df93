/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables: map and unmap.
 *
 * It must never fail after the first change (M5): it checks arguments and takes tables before that.
 */
#include "mm/gstage.h"
#include <cleave/errno.h>
#include "mm/bits.h"
#include "mm/gstage_internal.h"

static int gstage_map_check_range(const struct gstage *gs, gpa_t gpa, u64 size)
{
	if (size == 0U || !IS_ALIGNED(gpa.v | size, PAGE_SIZE))
		return CLV_ERR_INVAL;
	if (gpa.v >= gstage_limit(gs) || size > gstage_limit(gs) - gpa.v)
		return CLV_ERR_RANGE;
	return CLV_OK;
}

static int gstage_map_check_prot(u64 prot)
{
	/* W without R is a reserved encoding, and every leaf that Cleave makes is readable. */
	return (prot & ~GSTAGE_PTE_RWX) == 0U && (prot & GSTAGE_PTE_R) != 0U ? CLV_OK
									     : CLV_ERR_INVAL;
}

/* Return: number of entries, of @most at most, from @slot on that are not valid */
static u64 gstage_map_invalid(const u64 *slot, u64 most)
{
	u64 n = 0;

	while (n < most && (atomic_read(&slot[n]) & GSTAGE_PTE_V) == 0U)
		n++;
	return n;
}

/* Return: true when nothing in the range is mapped. */
static bool gstage_map_range_free(const struct gstage *gs, gpa_t gpa, u64 size)
{
	struct gstage_iter it;

	gstage_iter_start(&it, gs, gpa, size);
	while (!gstage_iter_done(&it)) {
		u64 n = gstage_map_invalid(it.slot, gstage_iter_rest(&it));

		if (n == 0U)
			return false;
		gstage_iter_skip(&it, n);
	}
	return true;
}

/*
 * Return: the table at @level on the way to @gpa. Tables that are missing are taken from what the
 * mapping has reserved, or else from @pool. There are enough of them (M5).
 */
static u64 *gstage_map_make_path(struct gstage *gs, struct table_pool *pool,
				 struct table_chain *chain, u64 gpa, u32 level)
{
	u64 *table = gs->root;

	for (u32 l = gs->levels - 1U; l > level; l--) {
		u64 *slot = &table[gstage_index(gs, l, gpa)];
		u64 pte = atomic_read_consume(slot);

		if (gstage_pte_is_table(pte)) {
			table = gstage_table(gs, pte);
			continue;
		}
		table = table_chain_next(chain);
		if (table == NULL)
			table = table_pool_take(pool);
		bits_zero(table, GSTAGE_ENTRIES);
		/* Release: a walker that sees the link does not see the table's old content. */
		atomic_set_release(slot, gstage_pte_make(HPA((uintptr_t)table - gs->va),
							 GSTAGE_PTE_TABLE));
	}
	return table;
}

/*
 * Return: the level of the next leaf, when @left bytes of @hpa are left to be mapped at @gpa: the
 * largest that fits.
 */
static u32 gstage_map_fit(u64 gpa, u64 hpa, u64 left, u32 largest)
{
	u32 level = largest;

	while (level > 0U &&
	       (!IS_ALIGNED(gpa | hpa, gstage_span(level)) || left < gstage_span(level)))
		level--;
	return level;
}

/*
 * Return: number of leaves of @level that follow one another from @gpa on, until a larger one, up
 * to @largest, fits or @left bytes are mapped
 */
static u64 gstage_map_run(u64 gpa, u64 hpa, u64 left, u32 level, u32 largest)
{
	u64 all = left >> gstage_shift(level);

	for (u32 l = level + 1U; l <= largest && IS_ALIGNED(gpa ^ hpa, gstage_span(l)); l++) {
		u64 edge = ALIGN_UP(gpa, gstage_span(l)) - gpa;

		if (edge < left && left - edge >= gstage_span(l))
			return MIN(all, edge >> gstage_shift(level));
	}
	return all;
}

u64 gstage_map_leaves(const struct gstage *gs, gpa_t gpa, hpa_t hpa, u64 size, u32 largest)
{
	u32 top = MIN(largest, gs->levels - 1U);
	u64 leaves = 0;

	for (u64 done = 0; done < size;) {
		u64 at = gpa.v + done;
		u32 level = gstage_map_fit(at, hpa.v + done, size - done, top);
		u64 n = gstage_map_run(at, hpa.v + done, size - done, level, top);

		leaves += n;
		done += n << gstage_shift(level);
	}
	return leaves;
}

int gstage_map_begin(struct gstage_mapping *m, const struct gstage *gs, gpa_t gpa, hpa_t hpa,
		     u64 size, u64 prot, u32 largest)
{
	int err = gstage_map_check_range(gs, gpa, size);

	*m = (struct gstage_mapping){
		.gpa = gpa.v, .hpa = hpa.v, .prot = prot, .top = MIN(largest, gs->levels - 1U)
	};
	if (err != CLV_OK)
		return err;
	if (!IS_ALIGNED(hpa.v, PAGE_SIZE) || gstage_map_check_prot(prot) != CLV_OK)
		return CLV_ERR_INVAL;
	if ((hpa.v >> GSTAGE_HPA_BITS) != 0U || size > BIT64(GSTAGE_HPA_BITS) - hpa.v)
		return CLV_ERR_RANGE;
	m->size = size;
	return CLV_OK;
}

bool gstage_map_step(struct gstage_mapping *m, struct gstage *gs, struct table_pool *pool,
		     u64 leaves)
{
	u64 left = leaves;

	while (m->done < m->size && left > 0U) {
		u64 at = m->gpa + m->done;
		u32 level = gstage_map_fit(at, m->hpa + m->done, m->size - m->done, m->top);
		u64 *table = gstage_map_make_path(gs, pool, &m->chain, at, level);
		u64 index = gstage_index(gs, level, at);
		u64 entries = level == gs->levels - 1U ? GSTAGE_ROOT_ENTRIES : GSTAGE_ENTRIES;
		/*
		 * Make leaves of this size up to the end of the table. A larger one can begin only
		 * after it.
		 */
		u64 n = MIN(MIN(entries - index, left), (m->size - m->done) >> gstage_shift(level));
		u64 pte = gstage_pte_make(HPA(m->hpa + m->done), GSTAGE_PTE_LEAF | m->prot);

		for (u64 i = index; i < index + n; i++) {
			atomic_set(&table[i], pte);
			pte += gstage_span(level) >> (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT);
		}
		m->done += n << gstage_shift(level);
		left -= n;
	}
	if (m->done < m->size)
		return true;
	table_pool_unreserve(pool, &m->chain);
	return false;
}

int gstage_map(struct gstage *gs, struct table_pool *pool, gpa_t gpa, hpa_t hpa, u64 size, u64 prot,
	       u32 largest)
{
	struct gstage_mapping m;
	int err = gstage_map_begin(&m, gs, gpa, hpa, size, prot, largest);

	/* What is mapped there is said first: more tables would not help. */
	if (err == CLV_OK && !gstage_map_range_free(gs, gpa, size))
		err = CLV_ERR_EXISTS;
	/* M5: faults may take tables at this moment, so all are taken before the first change. */
	if (err == CLV_OK)
		err = table_pool_reserve(pool, gstage_map_tables(gs, gpa, hpa, size, m.top),
					 &m.chain);
	if (err == CLV_OK)
		(void)gstage_map_step(&m, gs, pool, UINT64_MAX);
	return err;
}

/*
 * Return: number of tables that it takes to make @edge a boundary between leaves, without those
 * that it takes anyway to make @other one. Where there is no other edge, @other is @edge.
 */
static u64 gstage_map_edge_tables(const struct gstage *gs, u64 edge, u64 other)
{
	u64 tables = 0;
	u64 pte;
	u32 level;

	if (edge >= gstage_limit(gs))
		return 0;
	(void)gstage_walk(gs, GPA(edge), &level, &pte);
	if (!gstage_pte_is_leaf(pte))
		return 0;
	/* One split at each level, down to the largest leaf that can begin at the edge. */
	for (; level > 0U && !IS_ALIGNED(edge, gstage_span(level)); level--) {
		bool same = other != edge && (edge ^ other) >> gstage_shift(level) == 0U;

		if (!same || IS_ALIGNED(other, gstage_span(level)))
			tables++;
	}
	return tables;
}

/*
 * Split leaves until @edge is a boundary between two. @chain has as many tables as
 * gstage_map_edge_tables() said. A vCPU that splits the same leaf in its fault may be faster. Then
 * its table is linked, and ours goes back to the chain.
 */
static void gstage_map_cut(struct gstage *gs, struct table_chain *chain, u64 edge)
{
	u64 pte;
	u32 level;

	while (edge < gstage_limit(gs)) {
		u64 *slot = gstage_walk(gs, GPA(edge), &level, &pte);
		u64 *table;

		if (!gstage_pte_is_leaf(pte) || IS_ALIGNED(edge, gstage_span(level)))
			return;
		table = table_chain_next(chain);
		if (gstage_split_with(gs, table, slot, level, pte, 0) == GSTAGE_SPLIT_LOST)
			table_chain_push(chain, table);
	}
}

/* Make both ends of a range boundaries between leaves, or change nothing (M5). */
static int gstage_map_cut_range(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size)
{
	struct table_chain chain;
	int err = table_pool_reserve(pool,
				     gstage_map_edge_tables(gs, gpa.v, gpa.v) +
					     gstage_map_edge_tables(gs, gpa.v + size, gpa.v),
				     &chain);

	if (err != CLV_OK)
		return err;
	gstage_map_cut(gs, &chain, gpa.v);
	gstage_map_cut(gs, &chain, gpa.v + size);
	table_pool_unreserve(pool, &chain);
	return CLV_OK;
}

static bool gstage_map_table_empty(const u64 *table)
{
	return gstage_map_invalid(table, GSTAGE_ENTRIES) == GSTAGE_ENTRIES;
}

/*
 * Unmap the present entry and those after it in its table, up to a pointer. A fault may split a
 * leaf without W at this moment. The pointer that has taken its place then must not get lost.
 *
 * Return: number of entries; 0 when the present one has become a pointer.
 */
static u64 gstage_map_clear_run(const struct gstage_iter *it)
{
	u64 rest = gstage_iter_rest(it);
	u64 n = 0;

	for (; n < rest; n++) {
		u64 pte = atomic_read(&it->slot[n]);

		if (it->level > 0U && gstage_pte_is_table(pte))
			break;
		if (gstage_pte_is_leaf(pte) && !atomic_cas(&it->slot[n], &pte, 0U))
			break;
	}
	return n;
}

/*
 * The @cleared entries from the present one on have been unmapped, and the walk leaves the tables
 * that end with them; at the end of the range it leaves all of them. Unlink those that it leaves
 * and in which nothing is valid, from the lowest one up. The pointer stays in the parent, without
 * V. To a hart that is an invalid entry, and after the flush it tells gstage_unmap_finish() which
 * table to free. So while a walker may stand in the table (M4), nothing has to be written into it
 * or remembered elsewhere.
 */
static void gstage_map_leave(const struct gstage_iter *it, u64 cleared, struct flush_batch *batch)
{
	u32 top = it->gs->levels - 1U;
	u64 to = ALIGN_DOWN(it->gpa, gstage_span(it->level)) + (cleared << gstage_shift(it->level));
	bool empty = cleared == GSTAGE_ENTRIES;

	for (u32 level = it->level; level < top; level++) {
		u64 *slot = &it->table[level + 1U][gstage_index(it->gs, level + 1U, it->gpa)];

		if (to < it->end && !IS_ALIGNED(to, gstage_span(level + 1U)))
			return;
		if (empty || gstage_map_table_empty(it->table[level])) {
			atomic_set(slot, atomic_read(slot) & ~GSTAGE_PTE_V);
			flush_batch_add_tables(batch);
			flush_unlinked(it->gs);
		}
		empty = false;
	}
}

int gstage_unmap(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size,
		 struct flush_batch *batch)
{
	struct gstage_iter it;
	int err = gstage_map_check_range(gs, gpa, size);

	if (err == CLV_OK)
		err = gstage_map_cut_range(gs, pool, gpa, size);
	if (err != CLV_OK)
		return err;
	gstage_iter_start(&it, gs, gpa, size);
	while (!gstage_iter_done(&it)) {
		u64 n = gstage_map_clear_run(&it);

		if (n == 0U) {
			gstage_iter_refresh(&it);
			continue;
		}
		gstage_map_leave(&it, n, batch);
		gstage_iter_skip(&it, n);
	}
	flush_batch_add(batch, gpa, size);
	return CLV_OK;
}

/* Does @pte, of a level above 0, lead to a table, with V or without? */
static bool gstage_map_leads_on(u64 pte)
{
	return pte != 0U && (pte & GSTAGE_PTE_RWX) == 0U;
}

/* Free the table that the entry @slot leads to, if that has lost its V. Return: tables freed. */
static u64 gstage_map_free_dead(const struct gstage *gs, struct table_pool *pool, u64 *slot)
{
	u64 pte = atomic_read(slot);

	if ((pte & GSTAGE_PTE_V) != 0U || !gstage_map_leads_on(pte))
		return 0;
	atomic_set(slot, 0U);
	flush_freeing(pool);
	table_pool_give(pool, gstage_table(gs, pte));
	return 1;
}

/* Return: number of entries, of @most at most, from @slot on that are zero; at least 1 */
static u64 gstage_map_zeros(const u64 *slot, u64 most)
{
	u64 n = 1;

	while (n < most && atomic_read(&slot[n]) == 0U)
		n++;
	return n;
}

u64 gstage_unmap_finish(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size)
{
	struct gstage_iter it = {
		.gs = gs, .gpa = gpa.v, .end = gpa.v + size, .level = gs->levels - 1U
	};
	u64 freed = 0;

	it.table[it.level] = gs->root;
	while (!gstage_iter_done(&it)) {
		u64 *slot = &it.table[it.level][gstage_index(gs, it.level, it.gpa)];
		u64 pte = atomic_read_consume(slot);
		u64 n = 1;

		/* Tables of level 0 lead nowhere. */
		if (it.level > 1U && gstage_map_leads_on(pte)) {
			it.level--;
			it.table[it.level] = gstage_table(gs, pte);
			continue;
		}
		if (pte == 0U)
			n = gstage_map_zeros(slot, gstage_iter_rest(&it));
		else if (it.level == 1U)
			freed += gstage_map_free_dead(gs, pool, slot);
		it.gpa = ALIGN_DOWN(it.gpa, gstage_span(it.level)) + (n << gstage_shift(it.level));
		/* Free a table after those that it led to, when the walk leaves it. */
		while (it.level < gs->levels - 1U &&
		       (gstage_iter_done(&it) || IS_ALIGNED(it.gpa, gstage_span(it.level + 1U)))) {
			it.level++;
			slot = &it.table[it.level][gstage_index(gs, it.level, it.gpa - 1U)];
			freed += gstage_map_free_dead(gs, pool, slot);
		}
	}
	return freed;
}
