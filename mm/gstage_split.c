/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables: what Cleave is named for. Splitting a leaf into 512, and putting them together
 * again.
 *
 * It must never make an entry invalid on the way, nor free a table that was linked.
 */
#include "mm/gstage.h"
#include <cleave/errno.h>
#include "mm/gstage_internal.h"

/*
 * Fill a private table with 512 leaves that follow each other. Two instructions an entry; an eager
 * start of a log on a GiB runs this 512 times, so the loop is laid out eight entries a turn.
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
	/* One step down in HPA is one step in the PPN field: the field holds HPA >> 2. */
	u64 step = gstage_span(level - 1U) >> (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT);
	u64 link = gstage_pte_make(HPA((uintptr_t)table - gs->va), GSTAGE_PTE_TABLE);

	/*
	 * Permissions, memory type and software bits are all in @pte, and stay in each child (M3).
	 */
	gstage_split_fill(table, pte & ~drop, step);
	/* M3: whoever sees the link, software or the hart's walker, sees all 512 children. */
	smp_wmb();
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
	/* Nobody has ever seen the loser's table, so M4 has nothing to wait for. */
	if (result == GSTAGE_SPLIT_LOST)
		table_pool_give(pool, table);
	return result;
}

int gstage_split_range(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u32 level)
{
	struct gstage_iter it;

	if (size == 0U || !IS_ALIGNED(gpa.v | size, PAGE_SIZE))
		return CLV_ERR_INVAL;
	if (gpa.v >= gstage_limit(gs) || size > gstage_limit(gs) - gpa.v)
		return CLV_ERR_RANGE;
	gstage_iter_start(&it, gs, gpa, size);
	while (!gstage_iter_done(&it)) {
		if (!gstage_pte_is_leaf(it.pte) || it.level <= level) {
			(void)gstage_iter_next(&it);
			continue;
		}
		if (gstage_split(gs, pool, it.slot, it.level, it.pte, 0) == GSTAGE_SPLIT_NO_TABLE)
			return CLV_ERR_NOMEM;
		gstage_iter_refresh(&it);
	}
	return CLV_OK;
}

/*
 * One entry of gstage_split_alike(), a macro so that the loop has no call and no inner branch but the one
 * that is not taken.
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
 * True when the 512 entries of @table are leaves that follow @pte, but for permissions among
 * @loose. Three instructions an entry, as long as one's permissions are those of the one before: a
 * collapse of a GiB runs this 512 times.
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

/*
 * The entry at @level on the way to @gpa; NULL when the way ends in a leaf or in nothing above it.
 */
u64 *gstage_entry(const struct gstage *gs, u64 gpa, u32 level)
{
	u64 *table = gs->root;

	for (u32 l = gs->levels - 1U; l > level; l--) {
		u64 pte = atomic_read(&table[gstage_index(gs, l, gpa)]);

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
	table = gstage_table(gs, atomic_read(slot));
	leaf = gstage_pte_make(gstage_pte_hpa(atomic_read(&table[0])), GSTAGE_PTE_LEAF | prot);
	step = gstage_span(level - 1U) >> (PAGE_SHIFT - GSTAGE_PTE_PPN_SHIFT);
	/*
	 * Like is what maps the block in order and lacks nothing but permissions that the leaf will
	 * have. A fault that gives W to a child meanwhile makes no difference: the leaf has it too.
	 */
	if (!IS_ALIGNED(gstage_pte_hpa(leaf).v, gstage_span(level)) ||
	    !gstage_split_alike(table, leaf, step, prot))
		return false;
	/*
	 * A walker that stands in the table goes on with what it finds there, which is the same
	 * (M4: nobody frees it yet).
	 */
	(void)atomic_xchg(slot, leaf);
	collect->table[collect->nr] = table;
	collect->nr++;
	return true;
}

void gstage_collect_free(struct gstage_collect *collect, struct table_pool *pool)
{
	for (u32 i = 0; i < collect->nr; i++)
		table_pool_give(pool, collect->table[i]);
	collect->nr = 0;
}
