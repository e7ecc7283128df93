/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for the memory layer on the host.
 */
#include <string.h>
#include <sys/mman.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

void (*mm_flush_hook)(struct space *sp, const struct flush_batch *b);
u64 mm_flushes;

/* Weak: where a test plays harts, core/run/shootdown.c defines it. */
__attribute__((weak)) void flush_remote(struct space *sp, const struct flush_batch *b)
{
	MUST(!flush_batch_empty(b));
	/* The caller must hold the space's lock. */
	MUST(!spin_trylock(&sp->lock));
	(void)atomic_add(&mm_flushes, 1U); /* two spaces may flush at once */
	if (mm_flush_hook != NULL)
		mm_flush_hook(sp, b);
}

void mm_machine_init(struct mm_machine *m, u64 guest, u64 tables)
{
	*m = (struct mm_machine){ .size = guest + tables };
	m->memory = mmap(NULL, m->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	MUST(m->memory != MAP_FAILED);
	m->hpa_to_va = (uintptr_t)m->memory - MM_HPA_BASE;
	MUST(frames_add(&m->frames, HPA(MM_HPA_BASE + guest), tables) == CLV_OK);
	mm_flush_hook = NULL;
	mm_flushes = 0;
}

void mm_machine_end(struct mm_machine *m)
{
	MUST(m->frames.free == m->frames.total);
	MUST(m->frames.nr == 1);
	munmap(m->memory, m->size);
}

struct space_config mm_config(const struct mm_machine *m, u8 levels)
{
	return (struct space_config){
		.levels = levels,
		.largest_level = 2,
		.hpa_to_va = m->hpa_to_va,
		.step_pages = 2048,
	};
}

bool mm_batch_covers(const struct flush_batch *b, u64 gpa)
{
	if (b->all)
		return true;
	for (u32 i = 0; i < b->nr; i++) {
		if (gpa - b->range[i].base.v < b->range[i].size)
			return true;
	}
	return false;
}

u64 mm_random(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

struct walker mm_walker(const struct gstage *gs)
{
	return (struct walker){ .root = gs->root_hpa.v, .levels = gs->levels, .host = gs->va };
}

u64 mm_pte(const struct gstage *gs, u64 gpa, u32 *level)
{
	u32 l;
	u64 pte;

	(void)gstage_walk(gs, GPA(gpa), &l, &pte);
	if (level != NULL)
		*level = l;
	return pte;
}

int mm_add_memory(struct space *sp, gpa_t base, hpa_t hpa, u64 size)
{
	int region = space_begin_memory(sp, base, hpa, size);

	while (region >= 0 && space_memory_step(sp))
		;
	return region;
}

int mm_add_device(struct space *sp, gpa_t base, hpa_t hpa, u64 size)
{
	int err = space_begin_device(sp, base, hpa, size);

	while (err == CLV_OK && space_memory_step(sp))
		;
	return err;
}

int mm_split_range(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u32 level)
{
	struct gstage_iter it;

	if (size == 0U || !IS_ALIGNED(gpa.v | size, PAGE_SIZE))
		return CLV_ERR_INVAL;
	if (gpa.v >= gstage_limit(gs) || size > gstage_limit(gs) - gpa.v)
		return CLV_ERR_RANGE;
	gstage_iter_start(&it, gs, gpa, size);
	while (!gstage_iter_done(&it)) {
		if (!gstage_pte_is_leaf(it.pte) || it.level <= level) {
			gstage_iter_skip(&it, 1);
			continue;
		}
		if (gstage_split(gs, pool, it.slot, it.level, it.pte, 0) == GSTAGE_SPLIT_NO_TABLE)
			return CLV_ERR_NOMEM;
		gstage_iter_refresh(&it);
	}
	return CLV_OK;
}

/* Split leaves until @edge is a boundary between two. */
static int mm_split_at(struct gstage *gs, struct table_pool *pool, u64 edge)
{
	u32 level;
	u64 pte;

	while (edge < gstage_limit(gs)) {
		u64 *slot = gstage_walk(gs, GPA(edge), &level, &pte);

		if (!gstage_pte_is_leaf(pte) || IS_ALIGNED(edge, gstage_span(level)))
			return CLV_OK;
		if (gstage_split(gs, pool, slot, level, pte, 0) == GSTAGE_SPLIT_NO_TABLE)
			return CLV_ERR_NOMEM;
	}
	return CLV_OK;
}

int mm_protect(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u64 clear, u64 set,
	       struct flush_batch *batch)
{
	struct gstage_iter it;
	int err = mm_split_at(gs, pool, gpa.v);

	if (err == CLV_OK)
		err = mm_split_at(gs, pool, gpa.v + size);
	if (err != CLV_OK)
		return err;
	gstage_iter_start(&it, gs, gpa, size);
	while (!gstage_iter_done(&it)) {
		if (gstage_pte_is_leaf(it.pte))
			atomic_set(it.slot, (it.pte & ~clear) | set);
		gstage_iter_skip(&it, 1);
	}
	if (clear != 0U)
		flush_batch_add(batch, gpa, size);
	return CLV_OK;
}

void mm_destroy(struct space *sp)
{
	while (space_destroy_step(sp))
		;
}

void mm_end(struct mm_machine *m, struct space *sp)
{
	MUST(sp->stats.rules_broken == 0U);
	mm_destroy(sp);
	mm_machine_end(m);
}

void mm_release_pool(struct table_pool *p, struct frames *frames)
{
	while (table_pool_release_step(p, frames))
		;
	table_pool_init(p, p->va);
}

u64 mm_log_start(struct space *sp, u32 region, u32 mode, bool eager)
{
	u64 cursor = 0;
	u64 steps = 0;

	do {
		MUST(space_log_start(sp, region, mode, eager, &cursor) == CLV_OK);
		steps++;
	} while (cursor != 0U);
	return steps;
}

u64 mm_log_stop(struct space *sp, u32 region, bool collapse)
{
	u64 cursor = 0;
	u64 steps = 0;

	do {
		MUST(space_log_stop(sp, region, collapse, &cursor) == CLV_OK);
		steps++;
	} while (cursor != 0U);
	return steps;
}

u64 mm_log_harvest(struct space *sp, u64 pages, u64 *bitmap, u64 *calls)
{
	u64 total = 0;
	u64 first = 0;
	u64 steps = 0;

	while (first < pages) {
		u64 dirty;
		s64 n = space_log_harvest(sp, 0, first, pages - first, &bitmap[first / 64U],
					  &dirty);

		MUST(n > 0);
		first += (u64)n;
		total += dirty;
		steps++;
	}
	if (calls != NULL)
		*calls = steps;
	return total;
}

struct space_span mm_span(struct space *sp, u64 gpa, u64 len)
{
	struct space_span span = { .at = NULL };

	MUST((space_span_find(sp, GPA(gpa), len, &span) == CLV_OK) == (span.at != NULL));
	return span;
}

void mm_leaves(struct space *sp, u32 region, u64 leaves[3])
{
	u64 cursor = 0;

	leaves[0] = 0;
	leaves[1] = 0;
	leaves[2] = 0;
	do {
		MUST(space_leaves(sp, region, leaves, &cursor) == CLV_OK);
	} while (cursor != 0U);
}

void mm_begin(struct mm_machine *m, struct space *sp, gpa_t base, u64 size)
{
	struct space_config cfg;

	mm_machine_init(m, GIB(4), MIB(32));
	memset(sp, 0, sizeof(*sp));
	cfg = mm_config(m, 3);
	MUST(space_init(sp, &m->frames, &cfg, size) == 0);
	MUST(mm_add_memory(sp, base, HPA(MM_HPA_BASE + GIB(1)), size) == 0);
}

void mm_tables_begin(struct mm_machine *m, struct gstage *gs, struct table_pool *pool, u32 levels,
		     u64 tables)
{
	hpa_t root;

	mm_machine_init(m, 0, MIB(16));
	memset(m->memory, 0xff, m->size);
	MUST(frames_alloc(&m->frames, GSTAGE_ROOT_SIZE, GSTAGE_ROOT_SIZE, 0, &root) == 0);
	MUST(gstage_init(gs, root, levels, m->hpa_to_va) == 0);
	table_pool_init(pool, m->hpa_to_va);
	MUST(table_pool_grow(pool, &m->frames, tables) == 0);
}

void mm_tables_end(struct mm_machine *m, struct gstage *gs, struct table_pool *pool)
{
	mm_release_pool(pool, &m->frames);
	frames_free(&m->frames, gs->root_hpa, GSTAGE_ROOT_SIZE);
	mm_machine_end(m);
}
