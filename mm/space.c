/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's physical address space: how it is made, its regions and its windows.
 *
 * What may run at once, in all of the memory layer:
 *
 * - Structural operations hold the space's lock: adding and removing regions and windows; starting,
 *   stopping, harvesting and clearing logs; collapsing. So there is one of them at a time.
 * - space_fault(), space_span_find(), space_read(), space_write() and space_load() hold no lock.
 *   They run in the context of a vCPU of the space that counts as running (IN), or while no vCPU of
 *   it can run. flush_remote() waits until each running vCPU has answered, and a vCPU never answers
 *   inside one of these functions. So once a flush has returned, they no longer use anything that
 *   they saw before it: tables may be freed (M4), region slots used again and bitmaps wiped.
 * - The pool needs no lock. The frame allocator has one of its own (docs/concurrency.md).
 */
#include "mm/space.h"

#include <cleave/errno.h>
#include "mm/flush.h"
#include "mm/rules.h"

#define SPACE_LARGEST_LEVEL 2U
#define SPACE_MIN_STEP	    64U
#define SPACE_MAX_STEP	    2048U
#define SPACE_STEP_WORDS    16384U /* of a bitmap that one call zeroes (M6) */
#define SPACE_UNITS_RUN	    8U	   /* finding a run of leaves to count, in leaves */
/*
 * Tables beyond the worst case (M5). A split takes its table before it knows whether it wins the
 * race. When all vCPUs and the lock's holder split the same leaf, all but one of them hold a table
 * that they are going to give back. Without these extra tables the last one would find the pool
 * empty.
 */
#define SPACE_SPLITTERS (CONFIG_MAX_VCPUS + 1U)

static bool space_config_ok(const struct space_config *cfg)
{
	return cfg->levels >= GSTAGE_MIN_LEVELS && cfg->levels <= GSTAGE_MAX_LEVELS &&
	       cfg->largest_level <= SPACE_LARGEST_LEVEL && cfg->step_pages >= SPACE_MIN_STEP &&
	       cfg->step_pages <= SPACE_MAX_STEP;
}

/*
 * Return: number of tables that all windows may take together: those for window_size bytes at
 * 4 KiB, and those for the two ends of each further window.
 */
static u64 space_window_tables(const struct space_config *cfg)
{
	u64 ends = 2U * (CONFIG_MAX_REGIONS - 1U) * (cfg->levels - 1U);

	return cfg->window_size == 0U
		       ? 0U
		       : gstage_worst_tables(cfg->levels, GPA(PAGE_SIZE), cfg->window_size) + ends;
}

int space_init(struct space *sp, struct frames *frames, const struct space_config *cfg, u64 memory)
{
	u64 tables = cfg->pool_tables;
	hpa_t root;

	if (!space_config_ok(cfg))
		return CLV_ERR_INVAL;
	sp->cfg = *cfg;
	sp->frames = frames;
	/*
	 * Most of them at once, in one block. space_size_pool() adds what each region needs beyond
	 * that because of its place.
	 */
	if (tables == 0U)
		tables =
			gstage_worst_tables(cfg->levels, GPA(0), memory) + space_window_tables(cfg);
	if (frames_alloc(frames, GSTAGE_ROOT_SIZE, GSTAGE_ROOT_SIZE, 0, &root) != CLV_OK)
		return CLV_ERR_NOMEM;
	(void)gstage_init(&sp->gs, root, cfg->levels, cfg->hpa_to_va);
	table_pool_init(&sp->pool, cfg->hpa_to_va);
	if (table_pool_grow(&sp->pool, frames, tables) != CLV_OK) {
		frames_free(frames, root, GSTAGE_ROOT_SIZE);
		return CLV_ERR_NOMEM;
	}
	return CLV_OK;
}

bool space_destroy_step(struct space *sp)
{
	if (sp->nr_regions != 0U) {
		const struct region_log *log;

		sp->nr_regions--;
		log = &sp->region[sp->nr_regions].log;
		if (log->memory_size != 0U)
			frames_free(sp->frames, log->memory, log->memory_size);
		return true;
	}
	if (table_pool_release_step(&sp->pool, sp->frames))
		return true;
	frames_free(sp->frames, sp->gs.root_hpa, GSTAGE_ROOT_SIZE);
	*sp = (struct space){ .nr_regions = 0 };
	return false;
}

/*
 * Return: the first free one of @count slots from @first on, NULL when all are used. Under the
 * lock.
 */
static struct region *space_slot(struct space *sp, u32 first, u32 count)
{
	spin_assert_held(&sp->lock);
	for (u32 i = first; i < first + count; i++) {
		if (atomic_read(&sp->region[i].kind) == REGION_FREE)
			return &sp->region[i];
	}
	return NULL;
}

/* Let everybody see a slot that has been filled. Under the lock. */
static void space_publish(struct space *sp, struct region *r, enum region_kind kind)
{
	u32 index = (u32)(r - sp->region);

	spin_assert_held(&sp->lock);
	atomic_set_release(&r->kind, kind);
	if (index >= sp->nr_regions)
		atomic_set_release(&sp->nr_regions, index + 1U);
}

static int space_check_range(const struct space *sp, gpa_t base, u64 size)
{
	if (size == 0U || !IS_ALIGNED(base.v | size, PAGE_SIZE))
		return CLV_ERR_INVAL;
	if (base.v >= gstage_limit(&sp->gs) || size > gstage_limit(&sp->gs) - base.v)
		return CLV_ERR_RANGE;
	if (region_overlaps(sp->region, sp->nr_regions, base, size))
		return CLV_ERR_EXISTS;
	return CLV_OK;
}

/*
 * M5: see to it that the pool has all tables that the memory regions and a new one, @new, take at
 * 4 KiB, and those for windows. A pool that the configuration limits has to suffice for the leaves
 * that are made.
 */
static int space_size_pool(struct space *sp, const struct region *new)
{
	u64 need = gstage_worst_tables(sp->cfg.levels, new->base, new->size) +
		   space_window_tables(&sp->cfg) + SPACE_SPLITTERS;

	if (sp->cfg.pool_tables != 0U)
		return gstage_map_tables(&sp->gs, new->base, new->hpa, new->size,
					 sp->cfg.largest_level) > atomic_read(&sp->pool.free)
			       ? CLV_ERR_NOMEM
			       : CLV_OK;
	for (u32 i = 0; i < sp->nr_regions; i++) {
		const struct region *r = &sp->region[i];

		if (atomic_read(&r->kind) == REGION_MEMORY)
			need += gstage_worst_tables(sp->cfg.levels, r->base, r->size);
	}
	return need > sp->pool.total ? table_pool_grow(&sp->pool, sp->frames, need - sp->pool.total)
				     : CLV_OK;
}

static int space_begin_mapping(struct space *sp, const struct region *r)
{
	return gstage_map_begin(&sp->being_mapped, &sp->gs, r->base, r->hpa, r->size, r->prot,
				sp->cfg.largest_level);
}

/*
 * Do everything that can fail (M5). The pool comes last: what it has got it keeps. Under the lock.
 */
static int space_prepare_memory(struct space *sp, struct region *r)
{
	u64 pages = r->size >> PAGE_SHIFT;
	u64 bytes = dirty_bytes(pages);
	struct region_log *log = &r->log;
	int err = space_begin_mapping(sp, r);

	spin_assert_held(&sp->lock);
	/* M5: the bitmap is there from now on, so no start of a log can lack memory for it. */
	if (err == CLV_OK)
		err = frames_alloc(sp->frames, bytes, PAGE_SIZE, 0, &log->memory);
	if (err != CLV_OK)
		return err;
	err = space_size_pool(sp, r);
	if (err != CLV_OK) {
		frames_free(sp->frames, log->memory, bytes);
		return err;
	}
	log->memory_size = bytes;
	dirty_init(&log->dirty, (void *)(log->memory.v + sp->cfg.hpa_to_va), pages);
	/* Until the region is mapped, this is how much of the bitmap is zero. */
	log->cursor = dirty_zero(&log->dirty, 0, SPACE_STEP_WORDS);
	return CLV_OK;
}

/* Return: the region that is being mapped, NULL when there is none. Under the lock. */
static struct region *space_being_mapped(struct space *sp)
{
	spin_assert_held(&sp->lock);
	for (u32 i = 0; i < sp->nr_regions; i++) {
		if (atomic_read(&sp->region[i].kind) == REGION_BEING_MAPPED)
			return &sp->region[i];
	}
	return NULL;
}

/* May the range be mapped now, in steps? Under the lock. */
static int space_check_begin(struct space *sp, gpa_t base, u64 size)
{
	int err = space_check_range(sp, base, size);

	spin_assert_held(&sp->lock);
	return err == CLV_OK && space_being_mapped(sp) != NULL ? CLV_ERR_STATE : err;
}

int space_begin_memory(struct space *sp, gpa_t base, hpa_t hpa, u64 size)
{
	struct region *r;
	int err;

	spin_lock(&sp->lock);
	err = space_check_begin(sp, base, size);
	r = space_slot(sp, 0, CONFIG_MAX_REGIONS);
	if (err == CLV_OK && r == NULL)
		err = CLV_ERR_NOMEM;
	if (err == CLV_OK) {
		region_fill(r, base, size, hpa, GSTAGE_PTE_RWX);
		err = space_prepare_memory(sp, r);
	}
	if (err == CLV_OK) {
		space_publish(sp, r, REGION_BEING_MAPPED);
		err = (int)(r - sp->region);
	}
	spin_unlock(&sp->lock);
	return err;
}

/* Return: what a region is once it is mapped. The slots of devices come after all others. */
static enum region_kind space_kind(const struct space *sp, const struct region *r)
{
	return r < &sp->region[CONFIG_MAX_REGIONS] ? REGION_MEMORY : REGION_DEVICE;
}

bool space_memory_step(struct space *sp)
{
	struct region *r;
	bool more = false;

	spin_lock(&sp->lock);
	r = space_being_mapped(sp);
	if (r != NULL && r->log.cursor != 0U) {
		r->log.cursor = dirty_zero(&r->log.dirty, r->log.cursor, SPACE_STEP_WORDS);
		more = true;
	} else if (r != NULL) {
		more = gstage_map_step(&sp->being_mapped, &sp->gs, &sp->pool, sp->cfg.step_pages);
		if (!more)
			space_publish(sp, r, space_kind(sp, r));
	}
	spin_unlock(&sp->lock);
	return more;
}

/*
 * The memory type in the leaves is 0, "PMA" (privileged specification, "Svpbmt"): as without a
 * hypervisor, the physical memory attributes of the device's own addresses count.
 */
static int space_prepare_device(struct space *sp, struct region *r)
{
	u64 tables = gstage_map_tables(&sp->gs, r->base, r->hpa, r->size, sp->cfg.largest_level);
	int err = space_begin_mapping(sp, r);

	spin_assert_held(&sp->lock);
	return err == CLV_OK ? table_pool_grow(&sp->pool, sp->frames, tables) : err;
}

int space_begin_device(struct space *sp, gpa_t base, hpa_t hpa, u64 size)
{
	struct region *r;
	int err;

	spin_lock(&sp->lock);
	err = space_check_begin(sp, base, size);
	r = space_slot(sp, CONFIG_MAX_REGIONS, SPACE_DEVICES);
	if (err == CLV_OK && r == NULL)
		err = CLV_ERR_NOMEM;
	if (err == CLV_OK) {
		region_fill(r, base, size, hpa, GSTAGE_PTE_R | GSTAGE_PTE_W);
		err = space_prepare_device(sp, r);
	}
	if (err == CLV_OK)
		space_publish(sp, r, REGION_BEING_MAPPED);
	spin_unlock(&sp->lock);
	return err;
}

/*
 * Find the HPA of a range that lies in one memory region of @from. Core sees to it that these
 * regions do not change in the meantime.
 */
static int space_locate(struct space *from, gpa_t base, u64 size, hpa_t *hpa)
{
	const struct region *r =
		region_find(from->region, atomic_read_acquire(&from->nr_regions), base);

	if (r == NULL || atomic_read(&r->kind) != REGION_MEMORY ||
	    size > r->size - (base.v - r->base.v))
		return CLV_ERR_RANGE;
	*hpa = HPA(r->hpa.v + (base.v - r->base.v));
	return CLV_OK;
}

/* Judge the arguments of space_add_window(), and find the HPA of what the window shows. */
static int space_check_window(const struct space *sp, gpa_t base, struct space *from,
			      gpa_t from_base, u64 size, hpa_t *hpa)
{
	int err;

	if (!IS_ALIGNED(base.v | from_base.v | size, PAGE_SIZE))
		return CLV_ERR_INVAL;
	err = space_locate(from, from_base, size, hpa);
	if (err != CLV_OK)
		return err;
	if (gstage_map_leaves(&sp->gs, base, *hpa, size, sp->cfg.largest_level) >
	    sp->cfg.step_pages)
		return CLV_ERR_INVAL;
	return space_check_range(sp, base, size);
}

/* Return: true when windows still leave the memory its own tables (M5). */
static bool space_window_fits(const struct space *sp, u64 tables)
{
	u64 used = tables;

	for (u32 i = 0; i < sp->nr_regions; i++) {
		if (atomic_read(&sp->region[i].kind) == REGION_WINDOW)
			used += sp->region[i].tables;
	}
	return sp->cfg.pool_tables != 0U || used <= space_window_tables(&sp->cfg);
}

int space_add_window(struct space *sp, gpa_t base, struct space *from, gpa_t from_base, u64 size,
		     bool writable)
{
	u64 prot = GSTAGE_PTE_R | (writable ? GSTAGE_PTE_W : 0U);
	struct region *r;
	hpa_t hpa = HPA(0);
	u64 tables = 0;
	int err;

	spin_lock(&sp->lock);
	err = space_check_window(sp, base, from, from_base, size, &hpa);
	r = space_slot(sp, 0, CONFIG_MAX_REGIONS);
	if (err == CLV_OK && r == NULL)
		err = CLV_ERR_NOMEM;
	if (err == CLV_OK) {
		tables = gstage_map_tables(&sp->gs, base, hpa, size, sp->cfg.largest_level);
		err = space_window_fits(sp, tables) ? gstage_map(&sp->gs, &sp->pool, base, hpa,
								 size, prot, sp->cfg.largest_level)
						    : CLV_ERR_NOMEM;
	}
	if (err == CLV_OK) {
		region_fill(r, base, size, hpa, prot);
		r->tables = tables;
		space_publish(sp, r, REGION_WINDOW);
		err = (int)(r - sp->region);
	}
	spin_unlock(&sp->lock);
	return err;
}

/* Return: the window that begins at @base, NULL when there is none. Under the lock. */
static struct region *space_find_window(struct space *sp, gpa_t base)
{
	spin_assert_held(&sp->lock);
	for (u32 i = 0; i < sp->nr_regions; i++) {
		struct region *r = &sp->region[i];

		if (atomic_read(&r->kind) == REGION_WINDOW && r->base.v == base.v)
			return r;
	}
	return NULL;
}

int space_remove_window(struct space *sp, gpa_t base)
{
	struct flush_batch batch;
	struct region *r;
	int err = CLV_ERR_NOTFOUND;

	spin_lock(&sp->lock);
	r = space_find_window(sp, base);
	if (r != NULL) {
		flush_batch_init(&batch);
		/*
		 * Withdraw it first: a vCPU that faults on what is being unmapped finds no region
		 * when it tries again.
		 */
		atomic_set_release(&r->kind, REGION_FREE);
		/*
		 * The leaves of a window never reach beyond it. So nothing is split, and this
		 * cannot fail.
		 */
		err = gstage_unmap(&sp->gs, &sp->pool, r->base, r->size, &batch);
		RULE_CHECK(&sp->stats.rules_broken, "M5", err == CLV_OK);
		flush_remote(sp, &batch);
		space_count(&sp->stats.flushes, 1);
		(void)gstage_unmap_finish(&sp->gs, &sp->pool, r->base, r->size);
	}
	spin_unlock(&sp->lock);
	return err;
}

int space_leaves(struct space *sp, u32 region, u64 leaves[3], u64 *cursor)
{
	const struct region *r;
	struct gstage_iter it;
	u64 left = sp->cfg.step_pages;
	u64 from = *cursor;
	int err = CLV_OK;

	spin_lock(&sp->lock);
	r = space_memory_region(sp, region);
	if (r == NULL) {
		err = CLV_ERR_NOTFOUND;
	} else if (!IS_ALIGNED(from, PAGE_SIZE) || from >= r->size) {
		err = CLV_ERR_INVAL;
	} else {
		gstage_iter_start(&it, &sp->gs, GPA(r->base.v + from), r->size - from);
		while (!gstage_iter_done(&it) && left > 0U) {
			u64 n = gstage_iter_leaves(&it, SPACE_MAX_STEP);
			/* Leaves of 4 KiB are not looked at one by one. */
			u64 work = SPACE_UNITS_RUN + (it.level == 0U ? 0U : n / 2U);

			leaves[it.level] += n;
			left -= MIN(left, work);
			gstage_iter_skip(&it, n);
		}
		*cursor = gstage_iter_done(&it) ? 0U : it.gpa - r->base.v;
	}
	spin_unlock(&sp->lock);
	return err;
}

int space_leaf_level(struct space *sp, gpa_t gpa)
{
	const struct region *r;
	u32 level = 0;
	u64 pte = 0;
	int err = CLV_ERR_RANGE;

	/* The lock keeps a collapse from freeing the table that this walk stands in (M4). */
	spin_lock(&sp->lock);
	r = region_find(sp->region, sp->nr_regions, gpa);
	if (r != NULL && atomic_read(&r->kind) == REGION_MEMORY) {
		(void)gstage_walk(&sp->gs, gpa, &level, &pte);
		if (gstage_pte_is_leaf(pte))
			err = (int)level;
	}
	spin_unlock(&sp->lock);
	return err;
}
