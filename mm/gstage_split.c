/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables: what Cleave is named for. This splits a leaf into 512 leaves, and puts such
 * leaves together again.
 *
 * It must never make an entry invalid on the way (M3), and never free a table that was linked
 * before the caller has flushed (M4).
 */
#include "mm/gstage.h"
#include <cleave/errno.h>
#include "mm/gstage_internal.h"

/*
 * Fill a private table with 512 leaves that follow one another. An eager start of a log on a GiB
 * does this 512 times, so the loop writes eight entries a turn, with two instructions for each.
 */
static void gstage_split_fill(u64 *table, u64 pte, u64 step)
{
	for (u64 *end = table + GSTAGE_ENTRIES; table != end; table += 8) {
		table[0] = pte;
		table[1] = pte + step;
		pte += 2U * step;
		table[2] = pte;
		table[3] = pte + step;
		pte += 2U * step;
		table[4] = pte;
		table[5] = pte + step;
		pte += 2U * step;
		table[6] = pte;
		table[7] = pte + step;
		pte += 2U * step;
	}
}

enum gstage_split_result gstage_split_with(const struct gstage *gs, u64 *table, u64 *slot,
					   u32 level, u64 pte, u64 drop)
{
	u64 found = pte;
	/* What the PTE grows by from one child to the next: the PPN field holds HPA >> 2. */
	u64 step = gstage_span(level - 1U) >> (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT);
	u64 link = gstage_pte_make(HPA((uintptr_t)table - gs->va), GSTAGE_PTE_TABLE);

	/*
	 * M3: permissions, memory type and software bits are all in @pte, and each child has them.
	 */
	gstage_split_fill(table, pte & ~drop, step);
	/*
	 * M3: the exchange is a release. So whoever sees the link, be it software or a hart's walk,
	 * sees all 512 children.
	 */
	return atomic_cas(slot, &found, link) ? GSTAGE_SPLIT_DONE : GSTAGE_SPLIT_LOST;
}

enum gstage_split_result gstage_split(const struct gstage *gs, struct table_pool *pool, u64 *slot,
				      u32 level, u64 pte, u64 drop)
{
	u64 *table = table_pool_take(pool);
	enum gstage_split_result result;

	if (table == NULL)
		return GSTAGE_SPLIT_NO_TABLE;
	result = gstage_split_with(gs, table, slot, level, pte, drop);
	/* Nobody has ever seen the table of a lost race, so M4 asks for no waiting. */
	if (result == GSTAGE_SPLIT_LOST)
		table_pool_give(pool, table);
	return result;
}

/*
 * One entry of gstage_split_alike(). It is a macro so that the loop has no call, and no branch that
 * is taken.
 */
#define GSTAGE_SPLIT_ALIKE(index)                           \
	do {                                                \
		u64 found = atomic_read(&table[index]);     \
		if (found != pte) {                         \
			if (((found ^ pte) & ~loose) != 0U) \
				return false;               \
			pte = found;                        \
		}                                           \
		pte += step;                                \
	} while (false)

/*
 * Return: true when the 512 entries of @table are the leaves @pte, @pte + @step, and so on, where
 * permissions of @loose may differ. A collapse of a GiB runs this 512 times. An entry takes three
 * instructions as long as its permissions are those of the one before.
 */
static bool gstage_split_alike(const u64 *table, u64 pte, u64 step, u64 loose)
{
	for (const u64 *end = table + GSTAGE_ENTRIES; table != end; table += 8) {
		GSTAGE_SPLIT_ALIKE(0);
		GSTAGE_SPLIT_ALIKE(1);
		GSTAGE_SPLIT_ALIKE(2);
		GSTAGE_SPLIT_ALIKE(3);
		GSTAGE_SPLIT_ALIKE(4);
		GSTAGE_SPLIT_ALIKE(5);
		GSTAGE_SPLIT_ALIKE(6);
		GSTAGE_SPLIT_ALIKE(7);
	}
	return true;
}

u64 *gstage_entry(const struct gstage *gs, u64 gpa, u32 level)
{
	u64 *table = gs->root;

	for (u32 l = gs->levels - 1U; l > level; l--) {
		u64 pte = atomic_read_consume(&table[gstage_index(gs, l, gpa)]);

		if (!gstage_pte_is_table(pte))
			return NULL;
		table = gstage_table(gs, pte);
	}
	return &table[gstage_index(gs, level, gpa)];
}

bool gstage_collapse(struct gstage *gs, gpa_t gpa, u32 level, u64 prot,
		     struct gstage_collect *collect)
{
	u64 *slot = gstage_entry(gs, gpa.v, level);
	u64 step;
	u64 leaf;
	u64 *table;

	if (slot == NULL || level == 0U || !gstage_pte_is_table(atomic_read(slot)) ||
	    collect->nr == GSTAGE_COLLECT_MAX)
		return false;
	table = gstage_table(gs, atomic_read_consume(slot));
	leaf = gstage_pte_make(gstage_pte_hpa(atomic_read(&table[0])), GSTAGE_PTE_LEAF | prot);
	step = gstage_span(level - 1U) >> (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT);
	/*
	 * The 512 leaves are alike when they map the block in order and lack nothing but
	 * permissions that the leaf will have, or D. At this moment a fault may give W to one of
	 * them, or a hart D. That makes no difference: the leaf has both.
	 */
	if (!IS_ALIGNED(gstage_pte_hpa(leaf).v, gstage_span(level)) ||
	    !gstage_split_alike(table, leaf, step, prot | GSTAGE_PTE_D))
		return false;
	/*
	 * A walker that stands in the table goes on with what it finds there, which maps the same.
	 * Nobody frees the table yet (M4).
	 */
	(void)atomic_xchg(slot, leaf);
	flush_unlinked(gs);
	collect->table[collect->nr] = table;
	collect->nr++;
	return true;
}

void gstage_collect_free(struct gstage_collect *collect, struct table_pool *pool)
{
	for (u32 i = 0; i < collect->nr; i++) {
		flush_freeing(pool);
		table_pool_give(pool, collect->table[i]);
	}
	collect->nr = 0;
}
