/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a manager and harts do in a space's life. Each act runs in the fiber of its actor.
 */
#include <string.h>
#include <cleave/errno.h>
#include "tests/model/life_internal.h"

#define LIFE_TRIES 64U /* faults in a row after which a guest is not getting on */

static u64 life_act_random(struct life_actor *a, u64 below)
{
	return mm_random(&a->random) % below;
}

/*
 * The page that an act is about: the ends of regions and of their 2 MiB blocks come often, as do a
 * few others, so that acts meet.
 */
static u64 life_act_page(const struct history_act *act)
{
	const struct life_region *r = &life.region[act->a % LIFE_REGIONS];
	u64 block = (0x200000 - (r->base & 0x1fffff)) >> 12; /* to the first block of 2 MiB */
	u64 near = act->b % 4U;
	u64 page;

	switch ((act->a >> 4) % 6U) {
	case 0:
		page = near;
		break;
	case 1:
		page = r->pages - 1U - near;
		break;
	case 2:
		page = block + 512U * ((act->b >> 4) % 4U) + near - 2U;
		break;
	case 3:
		page = block + 512U * 512U - 2U + near;
		break;
	case 4:
		page = r->pages / 3U + near;
		break;
	default:
		page = ((u64)act->b * 0x9e37U) % r->pages;
		break;
	}
	return r->first + page % r->pages;
}

/* Memory translates at every moment, and to the right place. Return: false: nothing is there */
static bool life_act_translate(struct life_hart *h, struct life_actor *a, u64 gpa,
			       struct hart_tlb_leaf *leaf)
{
	enum hart_tlb_answer found =
		hart_tlb_translate(&h->tlb, &life.walker, gpa, &a->random, leaf);

	MUST(found != HART_TLB_BAD);
	if (found == HART_TLB_FOUND)
		life_check_found(gpa, leaf);
	else
		MUST(!life_is_memory(gpa));
	return found == HART_TLB_FOUND;
}

/*
 * Translate @gpa for @access, as a hart does that faults until it goes through. Return: false when
 * the access is refused.
 */
static bool life_act_access(struct life_hart *h, struct life_actor *a, u64 gpa, enum access access,
			    struct hart_tlb_leaf *leaf)
{
	for (u32 tries = 0; tries < LIFE_TRIES; tries++) {
		enum fault_answer answer;

		if (life_act_translate(h, a, gpa, leaf) &&
		    (access == ACCESS_READ || (access == ACCESS_WRITE && leaf->write) ||
		     (access == ACCESS_EXEC && leaf->fetch)))
			return true;
		answer = space_fault(&life.sp, GPA(gpa), access, &h->cnt);
		if (!fault_retry(answer))
			return false;
		/* As arch/riscv/exit.c does it */
		if (answer == FAULT_GRANTED)
			hart_tlb_fence_range(&h->tlb, gpa & ~UINT64_C(4095),
					     (gpa & ~UINT64_C(4095)) + 4096);
		else
			hart_tlb_fence_all(&h->tlb);
	}
	MUST(!"the guest gets on");
	return false;
}

static void life_act_write(struct life_hart *h, struct life_actor *a, u64 page)
{
	struct hart_tlb_leaf leaf;

	MUST(life_act_access(h, a, life_gpa(page), ACCESS_WRITE, &leaf));
	*life_content(page) = ++life.serial;
	life.touched[page] = 1;
	life.seen->writes++;
	life.seen->late += h->asked ? 1U : 0U;
	life_check_page(page);
}

static void life_act_window(struct life_hart *h, struct life_actor *a)
{
	const struct life_window *w = &life.window[a->act.a % LIFE_WINDOWS];
	enum access access = (a->act.a & 0x10U) != 0U ? ACCESS_WRITE : ACCESS_READ;
	u64 gpa = w->base + ((a->act.b % (LIFE_WINDOW_SIZE >> 12)) << 12);
	struct hart_tlb_leaf leaf;

	if ((a->act.a & 0x20U) != 0U)
		gpa = w->base + ((a->act.b % 4U) << 12);
	if (life_act_access(h, a, gpa, access, &leaf) && access == ACCESS_WRITE)
		MUST(w->writable || gpa - w->base >= w->size);
}

/* A hart walks ahead of its accesses. While it is OUT it may do so through tables that are gone. */
static void life_act_prefetch(struct life_hart *h, struct life_actor *a)
{
	u64 gpa = life_gpa(life_act_page(&a->act));
	struct hart_tlb_leaf leaf;

	if ((a->act.a & 0x8000U) != 0U)
		gpa = life.window[a->act.b % LIFE_WINDOWS].base;
	for (u32 i = 0; i < 8U; i++, gpa += 4096U) {
		if (!walker_reaches(&life.walker, gpa))
			break;
		if (h->owes)
			continue; /* it fences all of it before it matters */
		(void)life_act_translate(h, a, gpa, &leaf);
	}
}

/* M8: the hypervisor writes for a vCPU that is IN, to the first word of some pages at least. */
static void life_act_hypervisor(struct life_actor *a)
{
	static u8 zero[3U * 4096U];
	static u32 words[HISTORY_ACTORS][3U * 1024U];
	u64 first = life_act_page(&a->act);
	const struct life_region *r = life_page_region(first);
	u64 count = MIN(1U + a->act.b % 3U, r->first + r->pages - first);
	u32 *word = words[a->act.actor];
	u64 gpa = life_gpa(first);

	memcpy(word, zero, sizeof(zero));
	for (u64 i = 0; i < count; i++) {
		word[i * 1024U] = ++life.serial;
		/* From the first byte that may change on, the page is one that was written. */
		if (life.touched[first + i] == 0U)
			life.copied[first + i] = *life_content(first + i);
		life.touched[first + i] = 1;
	}
	if ((a->act.b & 0x10U) != 0U) {
		struct space_span span = mm_span(&life.sp, gpa, 4U);

		space_span_mark(&span);
		*(u32 *)span.at = word[0];
		space_span_mark(&span);
	} else {
		MUST(space_write(&life.sp, GPA(gpa), word, (count - 1U) * 4096U + 4U) == CLV_OK);
	}
}

void life_copy(u64 page)
{
	if (life.touched[page] != 0U)
		life.copied[page] = *life_content(page);
}

/* --- the log --- */

/* A call of a start has come back. */
static void life_act_started(struct life_region *r)
{
	if (r->cursor != 0U)
		return;
	r->starting = false;
	r->on = true;
	r->epoch++;
	/* The log begins here, and so does the copy. */
	for (u64 page = r->first; page < r->first + r->pages; page++)
		life_copy(page);
}

static void life_act_start(struct life_region *r, const struct history_act *act)
{
	bool eager = (act->b & 4U) != 0U;
	u32 steps = 1U + ((act->b >> 4) % 8U);

	if (r->on || r->stopping)
		return;
	if (!r->starting) {
		r->mode = CLEAVE_LOG_FAULT + act->b % 3U;
		r->cursor = 0;
		r->starting = true;
		r->epoch++;
	}
	for (u32 i = 0; i < steps && r->starting; i++) {
		MUST(space_log_start(&life.sp, r->id, r->mode, eager, &r->cursor) == CLV_OK);
		life_act_started(r);
	}
}

static void life_act_take_over(struct life_region *r, const struct history_act *act)
{
	r->mode = CLEAVE_LOG_FAULT + act->b % 3U;
	r->on = false;
	r->stopping = false;
	r->starting = true;
	r->epoch++;
	MUST(space_log_take_over(&life.sp, r->id, r->mode, (act->b & 4U) != 0U, &r->cursor) ==
	     CLV_OK);
	life_act_started(r);
}

static void life_act_stop(struct life_region *r, const struct history_act *act)
{
	u32 steps = 1U + ((act->b >> 4) % 8U);

	if (!r->on && !r->starting && !r->stopping)
		return;
	if (!r->stopping) {
		r->on = false;
		r->starting = false;
		r->stopping = true;
		r->collapse = (act->b & 3U) != 0U;
		r->cursor = 0;
		r->epoch++;
	}
	for (u32 i = 0; i < steps && r->stopping; i++) {
		MUST(space_log_stop(&life.sp, r->id, r->collapse, &r->cursor) == CLV_OK);
		r->stopping = r->cursor != 0U;
	}
	if (r->stopping)
		return;
	r->epoch++;
	if (r->collapse)
		life_check_leaves(r);
}

static void life_act_chunk(struct life_actor *a, const struct life_region *r, u64 *first,
			   u64 *count)
{
	*first = 0;
	*count = r->pages;
	if ((a->act.b & 3U) == 0U)
		return;
	*first = life_act_random(a, r->pages) & ~UINT64_C(63);
	*count = 64U * (1U + life_act_random(a, 20));
	*count = MIN(*count, r->pages - *first);
}

/* The caller has its answer: @n pages from @first on, of which those in its bitmap are copied. */
static void life_act_answered(struct life_region *r, const u64 *bitmap, u64 first, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		if ((bitmap[i / 64U] >> (i % 64U) & 1U) == 0U)
			continue;
		life_copy(r->first + first + i);
		life.seen->reported++;
	}
}

/* Is @n what a call on the log may answer, when it began in @epoch of the region? */
static bool life_act_answer_ok(const struct life_region *r, s64 n, u32 epoch, bool on, u64 count)
{
	if (n > 0)
		return (u64)n <= count && (on || epoch != r->epoch);
	return n == CLV_ERR_STATE && (!on || epoch != r->epoch);
}

static void life_act_harvest(struct life_actor *a, struct life_region *r)
{
	u32 epoch = r->epoch;
	bool on = r->on;
	u64 dirty = 0;
	u64 first;
	u64 count;
	s64 n;

	life_act_chunk(a, r, &first, &count);
	r->answering++;
	n = space_log_harvest(&life.sp, r->id, first, count, a->bitmap, &dirty);
	MUST(life_act_answer_ok(r, n, epoch, on, count));
	if (n > 0)
		life_act_answered(r, a->bitmap, first, (u64)n);
	r->answering--;
}

static void life_act_clear(struct life_actor *a, struct life_region *r)
{
	u32 epoch = r->epoch;
	bool on = r->on;
	u64 first;
	u64 count;
	s64 n;

	life_act_chunk(a, r, &first, &count);
	r->answering++;
	n = space_log_get(&life.sp, r->id, first, count, a->bitmap);
	MUST(life_act_answer_ok(r, n, epoch, on, count));
	if (n > 0) {
		/* Some of those that are set, and now and then some that are not */
		for (u64 w = 0; w < ((u64)n + 63U) / 64U; w++)
			a->bitmap[w] &= mm_random(&a->random) | mm_random(&a->random);
		if (n >= 64)
			a->bitmap[0] |= mm_random(&a->random) & mm_random(&a->random);
		count = (u64)n;
		n = space_log_clear(&life.sp, r->id, first, count, a->bitmap);
		MUST(life_act_answer_ok(r, n, epoch, on, count));
		if (n > 0)
			life_act_answered(r, a->bitmap, first, (u64)n);
	}
	r->answering--;
}

/* A look alone: nobody else has acted meanwhile, or the answer says nothing certain. */
static void life_act_look(struct life_actor *a, struct life_region *r)
{
	u64 turns = life.turns;
	s64 n = space_log_get(&life.sp, r->id, 0, r->pages, a->bitmap);

	MUST(n > 0 ? r->on : n == CLV_ERR_STATE && !r->on);
	for (u64 i = 0; n > 0 && i < (u64)n && turns == life.turns && r->answering == 0U; i++)
		MUST((a->bitmap[i / 64U] >> (i % 64U) & 1U) != 0U ||
		     life.touched[r->first + i] == 0U ||
		     *life_content(r->first + i) == life.copied[r->first + i]);
}

/* --- windows --- */

static void life_act_window_toggle(struct life_actor *a, struct life_window *w)
{
	u64 from = (u64)(a->act.b & 7U) << 12;
	u64 size = (u64)(1U + (a->act.b >> 4) % 64U) << 12;
	int err;

	if (w->there) {
		MUST(space_remove_window(&life.sp, GPA(w->base)) == CLV_OK);
		w->there = false;
		w->allowed = false;
		return;
	}
	if ((a->act.b & 0x400U) != 0U && w == &life.window[1]) {
		from = 0;
		size = LIFE_WINDOW_SIZE;
	}
	w->hpa = MM_HPA_BASE + MIB(48) + from;
	w->size = size;
	w->writable = (a->act.b & 8U) != 0U;
	w->allowed = true;
	err = space_add_window(&life.sp, GPA(w->base), &life.other, GPA(from), size, w->writable);
	w->there = err >= 0;
	w->allowed = w->there;
	/* One step maps so many leaves, and a small pool may be empty. */
	MUST(w->there || (err == CLV_ERR_INVAL && size >> 12 > life.history->step) ||
	     (err == CLV_ERR_NOMEM && life.history->spare != 0U));
}

/* --- all of them --- */

static void life_act_log(struct life_actor *a)
{
	struct life_region *r = &life.region[a->act.a % LIFE_REGIONS];

	switch (a->act.kind) {
	case 'S':
		life_act_start(r, &a->act);
		break;
	case 'T':
		life_act_stop(r, &a->act);
		break;
	case 'O':
		life_act_take_over(r, &a->act);
		break;
	case 'H':
		life_act_harvest(a, r);
		break;
	case 'C':
		life_act_clear(a, r);
		break;
	case 'L':
		life_act_look(a, r);
		break;
	default:
		life_act_window_toggle(a, &life.window[a->act.a % LIFE_WINDOWS]);
		break;
	}
}

void life_act(void *actor)
{
	struct life_actor *a = actor;
	struct life_hart *h = a->act.actor == 0U ? NULL : &life.hart[a->act.actor - 1U];
	struct hart_tlb_leaf leaf;
	u64 page = life_act_page(&a->act);

	a->random = a->act.seed;
	if (a->act.kind == 'P' && h != NULL) {
		life_act_prefetch(h, a);
	} else if (strchr("STOHCLN", a->act.kind) != NULL) {
		if (h == NULL || (h->in && strchr("HC", a->act.kind) != NULL))
			life_act_log(a);
	} else if (h != NULL && h->in) {
		switch (a->act.kind) {
		case 'W':
			life_act_write(h, a, page);
			break;
		case 'R':
			MUST(life_act_access(h, a, life_gpa(page), ACCESS_READ, &leaf));
			break;
		case 'X':
			MUST(life_act_access(h, a, life_gpa(page), ACCESS_EXEC, &leaf));
			break;
		case 'V':
			life_act_hypervisor(a);
			break;
		default:
			life_act_window(h, a);
			break;
		}
	}
}
