/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables: finding entries.
 *
 * It must never change an entry.
 */
#include "mm/gstage.h"

#include <cleave/errno.h>
#include "mm/bits.h"

__attribute__((cold)) int gstage_init(struct gstage *gs, hpa_t root, u32 levels,
				      uintptr_t hpa_to_va)
{
	if (levels < GSTAGE_MIN_LEVELS || levels > GSTAGE_MAX_LEVELS ||
	    !IS_ALIGNED(root.v, GSTAGE_ROOT_SIZE))
		return CLV_ERR_INVAL;
	gs->root = (u64 *)(root.v + hpa_to_va);
	gs->root_hpa = root;
	gs->levels = levels;
	gs->limit = (u64)GSTAGE_ROOT_ENTRIES << gstage_shift(levels - 1U);
	gs->va = hpa_to_va;
	bits_zero(gs->root, GSTAGE_ROOT_ENTRIES);
	return CLV_OK;
}

/* Go down from the table at @level to the entry that translates @gpa. */
static void gstage_iter_descend(struct gstage_iter *it, u32 level, u64 gpa)
{
	for (;;) {
		u64 *slot = &it->table[level][gstage_index(it->gs, level, gpa)];
		u64 pte = atomic_read_consume(slot);

		if (level == 0U || !gstage_pte_is_table(pte)) {
			it->slot = slot;
			it->pte = pte;
			it->level = level;
			it->gpa = gpa;
			return;
		}
		level--;
		it->table[level] = gstage_table(it->gs, pte);
	}
}

void gstage_iter_start(struct gstage_iter *it, const struct gstage *gs, gpa_t gpa, u64 size)
{
	it->gs = gs;
	it->end = gpa.v + size;
	it->table[gs->levels - 1U] = gs->root;
	gstage_iter_descend(it, gs->levels - 1U, gpa.v);
}

void gstage_iter_seek(struct gstage_iter *it, u64 gpa)
{
	u64 differs = it->gpa ^ gpa;
	u32 level = it->level;

	/* A table covers as much as one entry of the level above it. */
	while (level < it->gs->levels - 1U && (differs >> gstage_shift(level + 1U)) != 0U)
		level++;
	gstage_iter_descend(it, level, gpa);
}

void gstage_iter_refresh(struct gstage_iter *it)
{
	gstage_iter_descend(it, it->level, it->gpa);
}

void gstage_iter_skip(struct gstage_iter *it, u64 count)
{
	u64 gpa = ALIGN_DOWN(it->gpa, gstage_span(it->level)) + (count << gstage_shift(it->level));

	if (gpa >= it->end)
		it->gpa = it->end;
	else
		gstage_iter_seek(it, gpa);
}

u64 gstage_iter_rest(const struct gstage_iter *it)
{
	u32 shift = gstage_shift(it->level);
	u64 entries = it->level == it->gs->levels - 1U ? GSTAGE_ROOT_ENTRIES : GSTAGE_ENTRIES;
	u64 in_table = entries - gstage_index(it->gs, it->level, it->gpa);
	u64 in_range = ((it->end - 1U) >> shift) - (it->gpa >> shift) + 1U;

	return MIN(in_table, in_range);
}

u64 gstage_iter_leaves(const struct gstage_iter *it, u64 most)
{
	u64 rest = MIN(gstage_iter_rest(it), most);
	u64 n = 1;

	/* A region has no holes, and level 0 has no pointers. */
	if (it->level == 0U)
		return rest;
	while (n < rest && gstage_pte_is_leaf(atomic_read(&it->slot[n])))
		n++;
	return n;
}

/* Return: number of blocks of @level's span that [@base, @base + @size) shares a byte with. */
static u64 gstage_blocks(u64 base, u64 size, u32 level)
{
	return ((base + size - 1U) >> gstage_shift(level)) - (base >> gstage_shift(level)) + 1U;
}

__attribute__((cold)) u64 gstage_worst_tables(u32 levels, gpa_t base, u64 size)
{
	u64 tables = 0;

	/*
	 * There is one table for each entry of the level above. The root does not come from the
	 * pool.
	 */
	for (u32 level = 0; size != 0U && level + 1U < levels; level++)
		tables += gstage_blocks(base.v, size, level + 1U);
	return tables;
}

__attribute__((cold)) u64 gstage_map_tables(const struct gstage *gs, gpa_t gpa, hpa_t hpa, u64 size,
					    u32 largest)
{
	u64 last = gpa.v + size - 1U;
	u64 tables = 0;

	if (size == 0U)
		return 0;
	for (u32 level = 0; level + 1U < gs->levels; level++) {
		u64 span = gstage_span(level + 1U);
		u64 first_block = gpa.v >> gstage_shift(level + 1U);
		u64 last_block = last >> gstage_shift(level + 1U);
		bool head = !IS_ALIGNED(gpa.v, span);
		bool tail = !IS_ALIGNED(last + 1U, span);

		if (level + 1U > largest || !IS_ALIGNED(gpa.v ^ hpa.v, span))
			tables += last_block - first_block + 1U;
		else if (first_block == last_block)
			tables += head || tail ? 1U : 0U;
		else
			tables += (head ? 1U : 0U) + (tail ? 1U : 0U);
	}
	return tables;
}
