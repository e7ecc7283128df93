/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A space's life: setting it up, and keeping the order of a history. See life.h.
 */
#include "tests/model/life.h"
#include <string.h>
#include <cleave/errno.h>
#include "tests/model/life_internal.h"

struct life life;
bool life_deaf;

u32 *life_content(u64 page)
{
	const struct life_region *r = life_page_region(page);

	return (u32 *)(life.machine.memory + (r->hpa - MM_HPA_BASE) + ((page - r->first) << 12));
}

struct life_region *life_page_region(u64 page)
{
	u32 i = LIFE_REGIONS - 1U;

	while (page < life.region[i].first)
		i--;
	return &life.region[i];
}

u64 life_gpa(u64 page)
{
	const struct life_region *r = life_page_region(page);

	return r->base + ((page - r->first) << 12);
}

bool life_is_memory(u64 gpa)
{
	for (u32 i = 0; i < LIFE_REGIONS; i++) {
		if (gpa - life.region[i].base < life.region[i].pages << 12)
			return true;
	}
	return false;
}

u64 life_expect(u64 gpa)
{
	for (u32 i = 0; i < LIFE_REGIONS; i++) {
		if (gpa - life.region[i].base < life.region[i].pages << 12)
			return life.region[i].hpa + (gpa - life.region[i].base);
	}
	for (u32 i = 0; i < LIFE_WINDOWS; i++) {
		if (life.window[i].allowed && gpa - life.window[i].base < life.window[i].size)
			return life.window[i].hpa + (gpa - life.window[i].base);
	}
	return 0;
}

struct life_hart *life_hart_this(void)
{
	for (u32 i = 1; i < HISTORY_ACTORS; i++) {
		if (fiber_this() == &life.actor[i].fiber)
			return &life.hart[i - 1U];
	}
	return NULL;
}

static void life_fence(struct life_hart *h, const struct flush_batch *b)
{
	if (life_deaf)
		return;
	if (b->all)
		hart_tlb_fence_all(&h->tlb);
	for (u32 i = 0; i < b->nr && !b->all; i++)
		hart_tlb_fence_range(&h->tlb, b->range[i].base.v,
				     b->range[i].base.v + b->range[i].size);
}

void life_acknowledge(struct life_hart *h)
{
	if (!h->asked)
		return;
	life_fence(h, &h->batch);
	h->asked = false;
}

static bool life_any_asked(void)
{
	bool any = false;

	for (u32 i = 0; i < HISTORY_HARTS; i++)
		any |= life.hart[i].asked;
	return any;
}

/* The code's flush_remote(): ask whoever is IN, and wait until each has answered or is OUT. */
static void life_flush(struct space *sp, const struct flush_batch *b)
{
	if (sp != &life.sp)
		return;
	life.seen->flushes++;
	for (u32 i = 0; i < HISTORY_HARTS; i++) {
		struct life_hart *h = &life.hart[i];

		if (!h->in) {
			h->owes = true;
		} else if (h == life_hart_this()) {
			life_fence(h, b);
		} else {
			h->batch = *b;
			h->asked = true;
		}
	}
	while (life_any_asked())
		fiber_wait();
}

void life_relax(void)
{
	struct life_hart *h = life_hart_this();

	MUST(fiber_this() != NULL);
	if (h != NULL && h->in)
		life_acknowledge(h);
	fiber_wait();
}

/* --- order --- */

static void life_go(struct life_actor *a, u32 accesses)
{
	life.turns++;
	fiber_go(&a->fiber, accesses);
}

/*
 * Let an actor come to the end of its act. If it waits, the others go on to where they can answer,
 * and answer.
 */
static void life_complete(struct life_actor *a)
{
	for (u32 rounds = 0; a->fiber.busy; rounds++) {
		MUST(rounds < 1000U);
		life_go(a, 0);
		if (!a->fiber.busy)
			return;
		for (u32 i = 0; i < HISTORY_ACTORS; i++) {
			struct life_actor *other = &life.actor[i];

			if (other == a)
				continue;
			if (other->fiber.busy)
				life_go(other, 0);
			if (i != 0U && !other->fiber.busy)
				life_acknowledge(&life.hart[i - 1U]);
		}
	}
}

/* A hart enters the guest, or leaves it. */
static void life_move(struct life_hart *h)
{
	h->in = !h->in;
	if (!h->in) {
		h->owes |= h->asked;
		h->asked = false;
	} else if (h->owes) {
		hart_tlb_fence_all(&h->tlb);
		h->owes = false;
	}
}

static void life_step(const struct history_act *act)
{
	struct life_actor *a = &life.actor[act->actor];

	if (act->kind == 'G') {
		if (a->fiber.busy)
			life_go(a, act->run);
		return;
	}
	if (a->fiber.busy)
		life_complete(a);
	if (act->kind == 'M' || act->kind == 'A') {
		/* It is out for a shorter time than it is in. */
		if (act->actor != 0U && act->kind == 'M' &&
		    (!life.hart[act->actor - 1U].in || (act->a & 3U) == 0U))
			life_move(&life.hart[act->actor - 1U]);
		else if (act->actor != 0U)
			life_acknowledge(&life.hart[act->actor - 1U]);
		return;
	}
	a->act = *act;
	fiber_start(&a->fiber, life_act, a);
	life_go(a, act->run);
}

/* --- begin and end --- */

static void life_place(u32 i, u64 base, u64 hpa, u64 pages)
{
	struct life_region *r = &life.region[i];

	*r = (struct life_region){ .base = base, .hpa = hpa, .pages = pages, .first = life.pages };
	life.pages += pages;
}

/*
 * Three regions are neighbours, and no end of any is aligned. Leaves of 2 MiB fit into the first
 * and the third, and a GiB into the third if it is large; into the second no huge leaf fits. The
 * fourth ends where the mode ends. Two windows begin or end where a region does, in its tables.
 */
static void life_place_all(const struct history *h)
{
	u64 limit = UINT64_C(1) << (14U + 9U * h->levels);
	u64 pages[3] = { 7U * 256U + 3U, 3U * 256U + 1U,
			 (h->gib != 0U ? 262144U : 0U) + 256U + 3U + 4U * 256U + 9U };
	u64 base = GIB(2) - ((pages[0] + pages[1] + 256U + 3U) << 12);

	life_place(0, base, MM_HPA_BASE + base % GIB(1), pages[0]);
	base += pages[0] << 12;
	life_place(1, base, MM_HPA_BASE + MIB(16) + base % MIB(2) + 0x1000U, pages[1]);
	base += pages[1] << 12;
	life_place(2, base, MM_HPA_BASE + GIB(1) + base % GIB(1), pages[2]);
	life_place(3, limit - MIB(2) - 0x2000U, MM_HPA_BASE + MIB(32) + MIB(2) - 0x2000U,
		   512U + 2U);
	life.window[0].base = life.region[0].base - LIFE_WINDOW_SIZE;
	life.window[1].base = GIB(64);
	life.window[2].base = life.region[2].base + (pages[2] << 12);
}

/* Return: false when the pool is too small. */
static bool life_map(const struct history *h, u32 tables)
{
	struct space_config cfg = mm_config(&life.machine, (u8)h->levels);

	cfg.largest_level = (u8)h->largest;
	cfg.step_pages = h->step;
	cfg.window_size = MIB(8);
	cfg.pool_tables = tables;
	MUST(space_init(&life.sp, &life.machine.frames, &cfg, life.pages << 12) == CLV_OK);
	for (u32 i = 0; i < LIFE_REGIONS; i++) {
		struct life_region *r = &life.region[i];
		int id = mm_add_memory(&life.sp, GPA(r->base), HPA(r->hpa), r->pages << 12);

		if (id < 0) {
			MUST(tables != 0U && id == CLV_ERR_NOMEM);
			mm_destroy(&life.sp);
			return false;
		}
		r->id = (u32)id;
		mm_leaves(&life.sp, r->id, r->leaves);
	}
	life.tables_used = life.sp.pool.total - life.sp.pool.free;
	return true;
}

static void life_begin(const struct history *h, struct life_seen *seen)
{
	struct space_config cfg;
	u32 tables = 0;

	life = (struct life){ .history = h, .seen = seen };
	mm_machine_init(&life.machine, GIB(4), MIB(12));
	life_place_all(h);
	MUST(life_map(h, 0));
	if (h->spare != 0U) {
		tables = (u32)life.tables_used;
		do {
			mm_destroy(&life.sp);
			tables++;
		} while (!life_map(h, tables + h->spare));
	}
	life.walker = mm_walker(&life.sp.gs);
	cfg = mm_config(&life.machine, 3);
	MUST(space_init(&life.other, &life.machine.frames, &cfg, MIB(4)) == CLV_OK);
	MUST(mm_add_memory(&life.other, GPA(0), HPA(MM_HPA_BASE + MIB(48)), MIB(4)) == 0);
	life.touched = calloc(life.pages, sizeof(life.touched[0]));
	life.copied = calloc(life.pages, sizeof(life.copied[0]));
	for (u32 i = 0; i < HISTORY_ACTORS; i++) {
		fiber_init(&life.actor[i].fiber);
		life.actor[i].bitmap = calloc(life.pages / 64U + 1U, 8);
	}
	for (u32 i = 0; i < HISTORY_HARTS; i++)
		life.hart[i].in = true;
	mm_flush_hook = life_flush;
}

/* The last round: nobody runs any more, so what is harvested now makes the copy whole. */
static void life_last_round(struct life_region *r)
{
	u64 *bitmap = life.actor[0].bitmap;
	u64 first = 0;

	while (r->on && first < r->pages) {
		u64 dirty;
		s64 n = space_log_harvest(&life.sp, r->id, first, r->pages - first, bitmap, &dirty);

		MUST(n > 0);
		for (u64 i = 0; i < (u64)n; i++) {
			if ((bitmap[i / 64U] >> (i % 64U) & 1U) != 0U)
				life_copy(r->first + first + i);
		}
		first += (u64)n;
	}
	if (r->on)
		life_check_copy(r);
	if (!r->on && !r->starting && !r->stopping)
		(void)mm_log_start(&life.sp, r->id, CLEAVE_LOG_EAGER, true);
	r->on = false;
	(void)mm_log_stop(&life.sp, r->id, true);
	life_check_leaves(r);
}

static void life_end(void)
{
	for (u32 i = 0; i < HISTORY_ACTORS; i++)
		life_complete(&life.actor[i]);
	for (u32 i = 0; i < HISTORY_HARTS; i++) {
		if (life.hart[i].in)
			life_move(&life.hart[i]);
		life.seen->faults += life.hart[i].cnt.write_faults;
		life.seen->coarse += life.hart[i].cnt.coarse_grants;
		life.seen->splits += life.hart[i].cnt.fault_splits;
	}
	for (u32 i = 0; i < LIFE_REGIONS; i++)
		life_last_round(&life.region[i]);
	for (u32 i = 0; i < LIFE_WINDOWS; i++) {
		if (life.window[i].there)
			MUST(space_remove_window(&life.sp, GPA(life.window[i].base)) == CLV_OK);
	}
	MUST(life.sp.pool.total - life.sp.pool.free == life.tables_used);
	MUST(life.sp.stats.rules_broken == 0U);
	life.seen->splits += life.sp.stats.eager_splits;
	life.seen->collapses += life.sp.stats.collapses;
	mm_flush_hook = NULL;
	mm_destroy(&life.sp);
	mm_destroy(&life.other);
	for (u32 i = 0; i < HISTORY_ACTORS; i++) {
		fiber_end(&life.actor[i].fiber);
		free(life.actor[i].bitmap);
	}
	free(life.touched);
	free(life.copied);
	mm_machine_end(&life.machine);
}

void life_run(const struct history *h, struct life_seen *seen)
{
	life_begin(h, seen);
	for (u32 i = 0; i < h->nr; i++) {
		life_step(&h->act[i]);
		life_check_some(&h->act[i], i);
	}
	life_end();
}
