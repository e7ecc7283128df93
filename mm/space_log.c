/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dirty logs: start, stop and status. mm/space_harvest.c reads and clears them.
 *
 * When the last call of a start has returned, it must never leave a page writable and unmarked
 * (M1). When a stop puts huge leaves back, it must never free a table that a walker may stand in
 * (M4).
 *
 * Start. First `active` is set, so that from then on every fault marks. Then leaves are protected,
 * step by step, and each step flushes what it has protected before it returns. What was written
 * before its page was protected is not in the log: the log begins when the last call returns, and
 * it cannot be read before. A fault that did not see `active` yet looks again after it has granted
 * (mm/space_fault.c). The start of an initially-set log does not protect anything: it sets all
 * bits.
 *
 * Stop. First `active` is cleared. Then a flush waits once for every running vCPU. From then on
 * nobody marks and nobody splits, so the bitmap can be wiped and tables can be collapsed. Faults
 * still add W to single entries that the log has protected. Such an entry is in a table that the
 * collapse reads later, or in one that it has unlinked and not yet freed: the vCPU's walk ends
 * before the flush does.
 */
#include <cleave/errno.h>
#include "mm/rules.h"
#include "mm/space.h"

/* In the cursor of a stop: it has wiped all spans of the bitmap, and collapses now. */
#define LOG_CURSOR_COLLAPSE BIT64(63)

/* M6 counts work units. One is about the cost of protecting a 4 KiB page. */
#define LOG_UNITS_TABLE ((s64)GSTAGE_ENTRIES)
#define LOG_UNITS_SPAN	16
#define LOG_UNITS_LEAF	4   /* of a huge leaf that a collapse looks at */
#define LOG_CLEAN_SPANS 64U /* passing over a word of the summary takes about one unit */

static u64 space_log_spans(const struct dirty *d)
{
	return (d->pages + DIRTY_SPAN_PAGES - 1U) / DIRTY_SPAN_PAGES;
}

static void space_log_flush_batch(struct space *sp, const struct flush_batch *batch)
{
	flush_remote(sp, batch);
	space_count(&sp->stats.flushes, 1);
}

static void space_log_flush(struct space *sp, gpa_t base, u64 size)
{
	struct flush_batch batch;

	flush_batch_init(&batch);
	flush_batch_add(&batch, base, size);
	space_log_flush_batch(sp, &batch);
}

/* Before tables that were unlinked are freed */
static void space_log_flush_tables(struct space *sp)
{
	struct flush_batch batch;

	flush_batch_init(&batch);
	flush_batch_add_tables(&batch);
	space_log_flush_batch(sp, &batch);
}

/*
 * Protect the present leaf and those that follow it in its table, and go on to the next.
 * Return: number of leaves protected.
 */
static u64 space_log_protect_here(struct gstage_iter *it, s64 budget)
{
	u64 n = gstage_iter_leaves(it, (u64)MAX(budget, 1));

	/*
	 * A fault may turn a huge leaf without W into a table at this moment. Then the pointer has
	 * no W to lose, and in the table only those pages have W that the fault has marked (M1).
	 */
	gstage_protect_run(it->slot, n);
	gstage_iter_skip(it, n);
	return n;
}

/* Split or protect the present leaf for an eager start. Return: work units. */
static s64 space_log_split_here(struct space *sp, struct gstage_iter *it, s64 budget)
{
	enum gstage_split_result split;
	/*
	 * The split to 4 KiB protects as well, so that the children are written only once. Leaves
	 * of higher levels keep W until their turn comes.
	 */
	u64 drop = it->level == 1U ? GSTAGE_PTE_W : 0U;

	if (it->level == 0U)
		return (s64)space_log_protect_here(it, budget);
	split = gstage_split(&sp->gs, &sp->pool, it->slot, it->level, it->pte, drop);
	/* M5: the pool is empty, so the log is coarser here. */
	if (split == GSTAGE_SPLIT_NO_TABLE)
		return (s64)space_log_protect_here(it, 1);
	if (split == GSTAGE_SPLIT_DONE)
		space_count(&sp->stats.eager_splits, 1);
	if (split == GSTAGE_SPLIT_DONE && drop != 0U)
		gstage_iter_skip(it, 1);
	else
		gstage_iter_refresh(it);
	return LOG_UNITS_TABLE;
}

/*
 * Do a step of a fault-driven or eager start. Return: the new cursor, 0 at the end of the region.
 */
static u64 space_log_start_protect(struct space *sp, struct region *r)
{
	u64 from = r->log.cursor;
	struct gstage_iter it;
	s64 budget = sp->cfg.step_pages;

	gstage_iter_start(&it, &sp->gs, GPA(r->base.v + from), r->size - from);
	/* However small a step is, it does a page: a cursor of 0 would say that all is done. */
	while (!gstage_iter_done(&it) && (budget > 0 || it.gpa == r->base.v + from)) {
		if (r->log.mode == CLEAVE_LOG_EAGER)
			budget -= space_log_split_here(sp, &it, budget);
		else
			budget -= (s64)space_log_protect_here(&it, budget);
	}
	/*
	 * M2, M7: one flush for the step. It may end inside a leaf that was split and is not wholly
	 * protected: it.gpa is the first page that is left.
	 */
	space_log_flush(sp, GPA(r->base.v + from), it.gpa - (r->base.v + from));
	return gstage_iter_done(&it) ? 0U : it.gpa - r->base.v;
}

/*
 * Do a step of an initially-set start. Setting a word costs about an eighth of protecting a page.
 * Bits that a log has left which was taken over are wiped first, so that they are counted once.
 * Return: the new cursor, a word; 0 when all bits are set.
 */
static u64 space_log_start_set(struct space *sp, struct region *r)
{
	struct dirty *d = &r->log.dirty;
	u64 words = dirty_words(d);
	u64 word = r->log.cursor;
	u64 spans = space_log_spans(d);
	s64 budget = sp->cfg.step_pages;

	while (word < words && budget > 0) {
		u64 span = word / DIRTY_SPAN_WORDS;
		u64 clean = dirty_clean_spans(d, span, MIN(spans, span + (u64)budget));
		u64 end = MIN((span + MAX(clean, 1U)) * DIRTY_SPAN_WORDS, words);

		if (clean == 0U) {
			dirty_wipe_span(d, span);
			budget -= LOG_UNITS_SPAN;
		}
		dirty_set_words(d, word, end);
		budget -= (s64)MAX(clean, 1U);
		word = end;
	}
	return word == words ? 0U : word;
}

static bool space_log_mode_ok(u32 mode)
{
	return mode >= CLEAVE_LOG_FAULT && mode <= CLEAVE_LOG_DIRTY_BITS;
}

/* Do all pages count as dirty at first? */
static bool space_log_begins_set(u32 mode)
{
	return mode >= CLEAVE_LOG_INITIALLY_SET;
}

/*
 * Faults no longer mark or split. Nothing has lost permission. The flush is there because it waits:
 * each vCPU that saw `active` has marked and split by then.
 */
static void space_log_deactivate(struct space *sp, struct region *r)
{
	atomic_set_release(&r->log.active, 0U);
	space_log_flush(sp, r->base, PAGE_SIZE);
}

/* Begin a start. A log that is on, or under way, gives way to it. */
static void space_log_start_begin(struct space *sp, struct region *r, u32 mode, bool eager)
{
	struct region_log *log = &r->log;

	if (space_log_begins_set(mode) && atomic_read(&log->active) != 0U)
		space_log_deactivate(sp, r);
	log->phase = REGION_LOG_STARTING;
	log->mode = mode;
	log->eager = mode == CLEAVE_LOG_EAGER || (space_log_begins_set(mode) && eager);
	log->cursor = 0;
	/*
	 * Before the first leaf is protected. Pairs with the acquire in space_fault_restore(),
	 * which says why.
	 */
	if (!space_log_begins_set(mode))
		atomic_set_release(&log->active, 1U);
}

/* Do a step of the start under way. Return: the new cursor. */
static u64 space_log_start_step(struct space *sp, struct region *r)
{
	struct region_log *log = &r->log;

	log->cursor = space_log_begins_set(log->mode) ? space_log_start_set(sp, r)
						      : space_log_start_protect(sp, r);
	if (log->cursor == 0U) {
		log->phase = REGION_LOG_ON;
		atomic_set_release(&log->active, 1U);
	}
	return log->cursor;
}

/* Does a call with this mode and cursor go on with the start under way? */
static bool space_log_start_goes_on(const struct region_log *log, u32 mode, u64 cursor)
{
	return log->phase == REGION_LOG_STARTING && cursor == log->cursor && mode == log->mode;
}

/* One call of a start; @over: at cursor 0 it may take over what is on or under way. */
static int space_log_start_call(struct space *sp, u32 region, u32 mode, bool eager, bool over,
				u64 *cursor)
{
	bool begins = *cursor == 0U;
	struct region *r;
	int err = CLV_OK;

	spin_lock(&sp->lock);
	r = space_memory_region(sp, region);
	if (r == NULL)
		err = CLV_ERR_NOTFOUND;
	else if (!space_log_mode_ok(mode))
		err = CLV_ERR_INVAL;
	else if (begins ? !over && r->log.phase != REGION_LOG_OFF
			: !space_log_start_goes_on(&r->log, mode, *cursor))
		err = CLV_ERR_STATE;
	if (err == CLV_OK) {
		if (begins)
			space_log_start_begin(sp, r, mode, eager);
		*cursor = space_log_start_step(sp, r);
	}
	spin_unlock(&sp->lock);
	return err;
}

int space_log_start(struct space *sp, u32 region, u32 mode, bool eager, u64 *cursor)
{
	return space_log_start_call(sp, region, mode, eager, false, cursor);
}

int space_log_take_over(struct space *sp, u32 region, u32 mode, bool eager, u64 *cursor)
{
	*cursor = 0;
	return space_log_start_call(sp, region, mode, eager, true, cursor);
}

/* Begin a stop, or check that the call goes on with the one under way. */
static int space_log_stop_enter(struct space *sp, struct region *r, bool collapse, u64 cursor)
{
	struct region_log *log = &r->log;

	if (cursor != 0U)
		return log->phase == REGION_LOG_STOPPING && cursor == log->cursor ? CLV_OK
										  : CLV_ERR_STATE;
	if (log->phase == REGION_LOG_OFF)
		return CLV_ERR_STATE;
	/* A stop may also end a start, or begin again when the caller of a stop has gone away. */
	log->phase = REGION_LOG_STOPPING;
	log->collapse = collapse;
	log->cursor = 0;
	space_log_deactivate(sp, r);
	return CLV_OK;
}

/* Wipe the bitmap from the cursor's span on, as far as the budget goes. */
static void space_log_stop_wipe(struct region *r, s64 *budget)
{
	struct dirty *d = &r->log.dirty;
	u64 spans = space_log_spans(d);
	u64 span = r->log.cursor;

	while (*budget > 0 && span < spans) {
		u64 clean = dirty_clean_spans(d, span,
					      MIN(spans, span + (u64)*budget * LOG_CLEAN_SPANS));

		if (clean != 0U) {
			span += clean;
			*budget -= (s64)(clean / LOG_CLEAN_SPANS) + 1;
			continue;
		}
		dirty_wipe_span(d, span);
		span++;
		*budget -= LOG_UNITS_SPAN;
	}
	r->log.cursor = span < spans ? span : LOG_CURSOR_COLLAPSE;
}

/* Collapse the block of @level that ends at @end, if one does, now that its last part is done. */
static void space_log_collapse_end(struct space *sp, const struct region *r, u64 end, u32 level,
				   struct gstage_collect *collect)
{
	u64 span = gstage_span(level);

	if (!IS_ALIGNED(end, span) || end - r->base.v < span)
		return;
	if (gstage_collapse(&sp->gs, GPA(end - span), level, r->prot, collect))
		space_count(&sp->stats.collapses, 1);
}

/*
 * Put huge leaves back from the cursor on. They become as large as gstage_map() made them, for both
 * take the largest leaf that fits. Tables are unlinked, then one flush is paid, then they are freed
 * (M4, M7).
 */
static void space_log_stop_collapse(struct space *sp, struct region *r, s64 *budget)
{
	u64 from = r->base.v + (r->log.cursor & ~LOG_CURSOR_COLLAPSE);
	struct gstage_collect collect = { .nr = 0 };
	struct gstage_iter it;
	/* A block of each level may end at one address. */
	u32 room = GSTAGE_COLLECT_MAX - sp->cfg.largest_level;

	gstage_iter_start(&it, &sp->gs, GPA(from), r->base.v + r->size - from);
	while (!gstage_iter_done(&it) && *budget > 0 && collect.nr < room) {
		u32 found = it.level;

		*budget -= found == 0U ? LOG_UNITS_TABLE : LOG_UNITS_LEAF;
		gstage_iter_skip(&it, found == 0U ? gstage_iter_rest(&it) : 1U);
		for (u32 level = found + 1U; level <= sp->cfg.largest_level; level++)
			space_log_collapse_end(sp, r, it.gpa, level, &collect);
	}
	r->log.cursor = gstage_iter_done(&it) ? 0U : LOG_CURSOR_COLLAPSE | (it.gpa - r->base.v);
	if (collect.nr != 0U) {
		space_log_flush_tables(sp);
		gstage_collect_free(&collect, &sp->pool);
	}
}

int space_log_stop(struct space *sp, u32 region, bool collapse, u64 *cursor)
{
	s64 budget = sp->cfg.step_pages;
	struct region *r;
	int err = CLV_ERR_NOTFOUND;

	spin_lock(&sp->lock);
	r = space_memory_region(sp, region);
	if (r != NULL)
		err = space_log_stop_enter(sp, r, collapse, *cursor);
	if (err == CLV_OK) {
		struct region_log *log = &r->log;

		if ((log->cursor & LOG_CURSOR_COLLAPSE) == 0U)
			space_log_stop_wipe(r, &budget);
		if (log->cursor == LOG_CURSOR_COLLAPSE && !log->collapse)
			log->cursor = 0;
		else if ((log->cursor & LOG_CURSOR_COLLAPSE) != 0U && budget > 0)
			space_log_stop_collapse(sp, r, &budget);
		if (log->cursor == 0U) {
			log->phase = REGION_LOG_OFF;
			log->mode = CLEAVE_LOG_OFF;
			log->eager = false;
		}
		*cursor = log->cursor;
	}
	spin_unlock(&sp->lock);
	return err;
}

__attribute__((cold)) int space_log_status(struct space *sp, u32 region,
					   struct space_log_status *out)
{
	const struct region *r;
	int err = CLV_ERR_NOTFOUND;

	spin_lock(&sp->lock);
	r = space_memory_region(sp, region);
	if (r != NULL) {
		const struct region_log *log = &r->log;

		*out = (struct space_log_status){
			.mode = log->mode,
			.eager = log->eager,
			.starting = log->phase == REGION_LOG_STARTING,
			.stopping = log->phase == REGION_LOG_STOPPING,
			.dirty = log->phase == REGION_LOG_ON ? dirty_count(&log->dirty) : 0U,
		};
		err = CLV_OK;
	}
	spin_unlock(&sp->lock);
	return err;
}
