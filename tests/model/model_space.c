/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random life of a space with a dirty log, against a flat model and a ledger of TLBs.
 *
 * Four simulated harts run a guest. Each keeps, page by page, every write permission that it ever
 * saw in the tables, until a flush that covers the page reaches it. A hart that is OUT flushes when
 * it comes in again (M7). Until a flush takes effect, harts go on writing through what they still
 * hold, and fault, as real harts do until they answer.
 *
 * At every moment while a log is on:
 *
 * - M1: each page is dirty in the bitmap, or no hart that could use it holds W for it.
 * - Each page that was written since it was last reported is dirty in the bitmap. So no write goes
 *   unreported.
 *
 * In a log of D bits, D in the page's leaf counts as the bit in the bitmap. Two of the harts set D
 * by themselves, and the others fault, as the specification lets them choose (Svade).
 *
 * After the operations:
 *
 * - M2: a harvest flushes once if it took a bit. M7: a fault never flushes. M6: no call does more
 *   than a step.
 * - A page that is reported was touched, unless coarse tracking or an initially-set log explains
 *   it. A log that took over another may report what that one had set.
 * - The flat mapping never changes. M5: no table is lost. After a stop with collapse the leaves are
 *   as they were.
 */
#include <string.h>
#include <cleave/errno.h>
#include "tests/model/model_space.h"
#include "tests/unit/mm/mm_harness.h"

#define HARTS	   4U
#define WINDOW_GPA GIB(8)

struct model {
	struct mm_machine machine;
	struct space sp;
	struct space other; /* whose memory windows show */
	struct model_space_run run;
	struct space_counters cnt;
	u64 seed;
	u64 base;
	u64 hpa;
	u64 pages;
	u32 region;
	u8 *tlb[HARTS];	   /* of each page, 1: the hart holds W for it */
	bool in[HARTS];	   /* the hart is IN */
	bool flush[HARTS]; /* the hart is OUT, and has to flush when it comes in */
	u8 *written;	   /* of each page, 1: it was written since it was last reported */
	u8 *before;	   /* @written before a call */
	u8 *touched;	   /* of each page, 1: its bit may be set */
	bool on;	   /* the log is on, so the rules hold */
	u64 cursor;
	bool starting;
	bool stopping;
	bool collapse;
	bool window;
	u64 leaves[3];
	u64 tables_used;
	u64 *bitmap;
	u64 reported;
	u64 taken_over;
};

static struct model *flushing; /* whose harts on_flush() is about; NULL: nobody's */

static u64 rnd(struct model *m, u64 below)
{
	return mm_random(&m->seed) % below;
}

static u64 gpa_of(const struct model *m, u64 page)
{
	return m->base + (page << PAGE_SHIFT);
}

static struct dirty *dirty_of(struct model *m)
{
	return &m->sp.region[m->region].log.dirty;
}

static u64 pick_page(struct model *m)
{
	/* Some places are hot, so that the same pages and their neighbours are written again. */
	if (rnd(m, 2) == 0U)
		return (m->pages / 3U + rnd(m, 300)) % m->pages;
	return rnd(m, m->pages);
}

/* --- checks --- */

static bool has_dirty_bits(const struct model *m)
{
	return m->run.mode == CLEAVE_LOG_DIRTY_BITS;
}

static bool begins_set(u32 mode)
{
	return mode == CLEAVE_LOG_INITIALLY_SET || mode == CLEAVE_LOG_DIRTY_BITS;
}

/* Bit 7 of an entry: privileged specification, "Sv39", "Addressing and Memory Protection" */
static bool has_d(uint64_t entry)
{
	return (entry & 0x80U) != 0U;
}

/* May a hart write to the page, by a walk that shares nothing with the code? */
static bool may_write(const struct model *m, u64 page)
{
	const struct walker w = mm_walker(&m->sp.gs);

	return walker_writes(&w, gpa_of(m, page));
}

static void check_page(struct model *m, u64 page)
{
	const struct walker w = mm_walker(&m->sp.gs);
	struct walker_leaf leaf;

	/* The page maps what it always mapped, and may be read and executed. */
	MUST(walker_walk(&w, gpa_of(m, page), &leaf) == WALKER_LEAF);
	MUST(leaf.pa == m->hpa + page * 4096U);
	MUST(leaf.read && leaf.fetch);
	if (!m->on)
		return;
	if (dirty_test(dirty_of(m), page) || (has_dirty_bits(m) && has_d(leaf.entry)))
		return;
	/* M1 */
	MUST(!leaf.write);
	for (u32 h = 0; h < HARTS; h++)
		MUST(m->tlb[h][page] == 0U || m->flush[h]);
	MUST(m->written[page] == 0U);
}

static void check_all(struct model *m)
{
	for (u64 page = 0; page < m->pages; page++)
		check_page(m, page);
	MUST(m->sp.stats.rules_broken == 0U);
}

static void check_some(struct model *m)
{
	if (rnd(m, m->run.gib ? 64U : 8U) == 0U)
		check_all(m);
	for (u32 i = 0; i < 32U; i++)
		check_page(m, pick_page(m));
}

/* --- harts --- */

/* The hart sets D where nothing else keeps it from a store. Return: whether it has. */
static bool hart_sets_d(const struct model *m, u32 hart, u64 page)
{
	const struct walker w = mm_walker(&m->sp.gs);
	struct walker_leaf leaf;
	u32 level;
	u64 pte;

	if (hart % 2U != 0U || walker_walk(&w, gpa_of(m, page), &leaf) != WALKER_LEAF ||
	    (leaf.entry & 0x04U) == 0U || has_d(leaf.entry))
		return false;
	*gstage_walk(&m->sp.gs, GPA(gpa_of(m, page)), &level, &pte) |= 0x80U;
	return true;
}

static void hart_write(struct model *m, u32 hart, u64 page)
{
	u8 *tlb = m->tlb[hart];
	u32 tries = 0;

	if (!m->in[hart])
		return;
	while (tlb[page] == 0U) {
		enum fault_answer result;

		MUST(tries++ < 4U);
		if (hart_sets_d(m, hart, page) || may_write(m, page)) {
			tlb[page] = 1;
			break;
		}
		result = space_fault(&m->sp, GPA(gpa_of(m, page) + rnd(m, PAGE_SIZE)), ACCESS_WRITE,
				     &m->cnt);
		MUST(result == FAULT_GRANTED);
		/* After a fault the hart flushes the page. */
		tlb[page] = 0;
	}
	m->written[page] = 1;
	m->touched[page] = 1;
}

/* The hart walks the tables ahead of its accesses, and keeps what it finds. */
static void hart_prefetch(struct model *m, u32 hart)
{
	u64 first = rnd(m, m->pages);
	u64 count = 1U + rnd(m, 64);

	count = MIN(count, m->pages - first);
	for (u64 page = first; page < first + count && m->in[hart]; page++) {
		if (may_write(m, page))
			m->tlb[hart][page] = 1;
	}
}

static void hart_flush(struct model *m, u32 hart)
{
	memset(m->tlb[hart], 0, m->pages);
}

static void hart_toggle(struct model *m, u32 hart)
{
	m->in[hart] = !m->in[hart];
	if (m->in[hart] && m->flush[hart]) {
		hart_flush(m, hart);
		m->flush[hart] = false;
	}
}

static void on_flush(struct space *sp, const struct flush_batch *b)
{
	struct model *m = flushing;

	/* Only flushes of this space concern these harts. */
	if (m == NULL || sp != &m->sp)
		return;
	for (u32 i = 0; i < 3U; i++)
		hart_write(m, (u32)rnd(m, HARTS), pick_page(m));
	hart_prefetch(m, (u32)rnd(m, HARTS));
	for (u32 h = 0; h < HARTS; h++) {
		if (!m->in[h]) {
			m->flush[h] = true;
			continue;
		}
		if (b->all)
			hart_flush(m, h);
		for (u32 i = 0; i < b->nr && !b->all; i++) {
			u64 from = MAX(b->range[i].base.v, m->base);
			u64 to = MIN(b->range[i].base.v + b->range[i].size, gpa_of(m, m->pages));

			if (from < to)
				memset(&m->tlb[h][(from - m->base) >> PAGE_SHIFT], 0,
				       (to - from) >> PAGE_SHIFT);
		}
	}
	/* They have answered, and run on before the hart that waits for them does. */
	hart_prefetch(m, (u32)rnd(m, HARTS));
	hart_write(m, (u32)rnd(m, HARTS), pick_page(m));
}

/* --- the log --- */

static void check_leaves(struct model *m)
{
	u64 leaves[3];

	mm_leaves(&m->sp, m->region, leaves);
	MUST(memcmp(leaves, m->leaves, sizeof(leaves)) == 0);
	MUST(m->sp.pool.total - m->sp.pool.free == m->tables_used);
}

static void log_start_stepped(struct model *m)
{
	if (m->cursor != 0U)
		return;
	m->starting = false;
	m->on = true;
	/* The log begins here. */
	memset(m->written, 0, m->pages);
	if (begins_set(m->run.mode))
		memset(m->touched, 1, m->pages);
	check_some(m);
}

static void log_start_step(struct model *m)
{
	if (!m->starting) {
		memset(m->touched, 0, m->pages);
		m->cursor = 0;
		m->starting = true;
	}
	MUST(space_log_start(&m->sp, m->region, m->run.mode, rnd(m, 2) == 0U, &m->cursor) ==
	     CLV_OK);
	log_start_stepped(m);
}

/* Whatever the log is doing, a start in any mode takes its place. */
static void log_take_over(struct model *m)
{
	u64 old = m->cursor;

	/* Its bits may stay, and those of an initially-set log need no write. */
	if (begins_set(m->run.mode))
		memset(m->touched, 1, m->pages);
	m->taken_over++;
	m->run.mode = CLEAVE_LOG_FAULT + (u32)rnd(m, 4);
	m->starting = true;
	m->on = false;
	MUST(space_log_take_over(&m->sp, m->region, m->run.mode, rnd(m, 2) == 0U, &m->cursor) ==
	     CLV_OK);
	/* The stop that was under way is over. */
	if (m->stopping && old != 0U)
		MUST(space_log_stop(&m->sp, m->region, true, &old) == CLV_ERR_STATE);
	m->stopping = false;
	log_start_stepped(m);
}

static void log_stop_step(struct model *m)
{
	if (!m->stopping) {
		m->cursor = 0;
		m->collapse = rnd(m, 2) == 0U;
		m->stopping = true;
		m->starting = false;
		m->on = false;
	}
	MUST(space_log_stop(&m->sp, m->region, m->collapse, &m->cursor) == CLV_OK);
	if (m->cursor != 0U)
		return;
	m->stopping = false;
	MUST(dirty_count(dirty_of(m)) == 0U);
	if (m->collapse && !m->window)
		check_leaves(m);
}

static void pick_chunk(struct model *m, u64 *first, u64 *count)
{
	*first = 0;
	*count = m->pages;
	if (rnd(m, 4) != 0U) {
		*first = ALIGN_DOWN(rnd(m, m->pages), (u64)DIRTY_WORD_PAGES);
		*count = DIRTY_WORD_PAGES * (1U + rnd(m, 20));
		*count = MIN(*count, m->pages - *first);
	}
}

/* The caller has its answer, so what it got is reported. */
static void take_answer(struct model *m, u64 first, u64 count, const u64 *bitmap, bool exact)
{
	for (u64 page = first; page < first + count; page++) {
		if ((bitmap[(page - first) / 64U] & BIT64((page - first) % 64U)) == 0U)
			continue;
		MUST(!exact || m->touched[page] != 0U);
		m->written[page] = 0;
		/* During the flush it may have been written, and its bit set, again. */
		m->touched[page] = dirty_test(dirty_of(m), page);
		m->reported++;
	}
}

static void log_take(struct model *m)
{
	/*
	 * A page that is reported was touched. This does not hold for coarse and initially-set
	 * logs, nor for a clear, which may name bits that are not set.
	 */
	bool exact = !begins_set(m->run.mode) && m->run.pool_tables == 0U;
	/* Bits that are in the bitmap alone need no flush in a log of D bits. */
	u64 most = has_dirty_bits(m) ? 1U : 0U;
	u64 flushes = mm_flushes;
	u64 dirty = 0;
	u64 first;
	u64 count;
	s64 n;

	pick_chunk(m, &first, &count);
	if (rnd(m, 2) == 0U) {
		u64 bits = 0;

		memset(m->bitmap, 0x5a, (count + 63U) / 64U * 8U);
		n = space_log_harvest(&m->sp, m->region, first, count, m->bitmap, &dirty);
		MUST(n > 0 && (u64)n <= count && (n % 64 == 0 || (u64)n == count));
		for (u64 w = 0; w < ((u64)n + 63U) / 64U; w++)
			bits += bits_count(m->bitmap[w]);
		MUST(bits == dirty);
		/* Words beyond the answer are not written. */
		for (u64 w = ((u64)n + 63U) / 64U; w < (count + 63U) / 64U; w++)
			MUST(m->bitmap[w] == UINT64_C(0x5a5a5a5a5a5a5a5a));
		MUST(mm_flushes - flushes <= 1U);
		MUST(has_dirty_bits(m) || mm_flushes - flushes == (dirty != 0U ? 1U : 0U));
	} else {
		/* What is written while a flush of this call is under way may be told later. */
		memcpy(m->before, m->written, m->pages);
		n = space_log_get(&m->sp, m->region, first, count, m->bitmap);
		MUST(n > 0 && (u64)n <= count && mm_flushes - flushes <= most);
		count = (u64)n;
		for (u64 page = first; page < first + count; page++)
			MUST(m->before[page] == 0U ||
			     (m->bitmap[(page - first) / 64U] & BIT64(page % 64U)) != 0U);
		/* Clear only some of the bits that are set, and a few that are not. */
		for (u64 w = 0; w < (count + 63U) / 64U; w++)
			m->bitmap[w] &= mm_random(&m->seed) | mm_random(&m->seed);
		if (count < 64U)
			m->bitmap[0] |= mm_random(&m->seed) & bits_mask(0, (u32)count);
		exact = false;
		n = space_log_clear(&m->sp, m->region, first, count, m->bitmap);
		MUST(n > 0 && (u64)n <= count && mm_flushes - flushes <= 1U + most);
	}
	take_answer(m, first, (u64)n, m->bitmap, exact);
	check_some(m);
}

static void log_op(struct model *m)
{
	if (m->run.over && rnd(m, 50) == 0U)
		log_take_over(m);
	else if (m->stopping)
		log_stop_step(m);
	else if (m->starting)
		/* Sometimes a start is given up. */
		rnd(m, m->run.gib ? 2000U : 40U) == 0U ? log_stop_step(m) : log_start_step(m);
	else if (!m->on)
		log_start_step(m);
	else if (rnd(m, 60) == 0U)
		log_stop_step(m);
	else
		log_take(m);
}

/* --- everything else --- */

static void hypervisor_write(struct model *m)
{
	static u8 buffer[3U * PAGE_SIZE];
	u64 first = pick_page(m);
	u64 offset = rnd(m, PAGE_SIZE);
	u64 len = 1U + rnd(m, 2U * PAGE_SIZE);
	u64 gpa = gpa_of(m, first) + offset;
	u64 last;
	u32 how = (u32)rnd(m, 3);

	len = MIN(len, gpa_of(m, m->pages) - gpa);
	last = (gpa + len - 1U - m->base) >> PAGE_SHIFT;
	if (how == 0U) {
		MUST(space_write(&m->sp, GPA(gpa), buffer, len) == CLV_OK);
	} else if (how == 1U) {
		MUST(space_wipe(&m->sp, GPA(gpa), len) == CLV_OK);
	} else {
		struct space_span span = mm_span(&m->sp, gpa, len);
		u8 *p = span.at;

		space_span_mark(&span);
		MUST(p == m->machine.memory + (m->hpa - MM_HPA_BASE) + (gpa - m->base));
		p[0] = 1;
		p[len - 1U] = 2;
		space_span_mark(&span);
	}
	/* M8: the hypervisor's writes count as writes. */
	memset(&m->written[first], 1, last - first + 1U);
	memset(&m->touched[first], 1, last - first + 1U);
}

static void guest_read(struct model *m)
{
	u64 flushes = mm_flushes;
	u64 gpa = gpa_of(m, rnd(m, m->pages));

	/* The table allows it: only a hart with a stale entry faults. */
	MUST(space_fault(&m->sp, GPA(gpa), rnd(m, 2) == 0U ? ACCESS_READ : ACCESS_EXEC, &m->cnt) ==
	     FAULT_SPURIOUS);
	MUST(space_fault(&m->sp, GPA(GIB(100) + gpa), ACCESS_WRITE, &m->cnt) == FAULT_NOTHING);
	MUST(mm_flushes == flushes);
}

static void window_toggle(struct model *m)
{
	u64 flushes = mm_flushes;

	if (m->window) {
		MUST(space_remove_window(&m->sp, GPA(WINDOW_GPA)) == CLV_OK);
		MUST(mm_flushes == flushes + 1U);
		MUST(space_fault(&m->sp, GPA(WINDOW_GPA), ACCESS_READ, &m->cnt) == FAULT_NOTHING);
		m->window = false;
	} else if (m->run.pool_tables == 0U) {
		gpa_t from = GPA(rnd(m, 8) << PAGE_SHIFT);
		int window =
			space_add_window(&m->sp, GPA(WINDOW_GPA), &m->other, from, MIB(3), false);

		/* M6: mapped with 4 KiB leaves, 3 MiB are more than a step; a MiB never is. */
		if (from.v != 0U && m->sp.cfg.step_pages < MIB(3) >> PAGE_SHIFT) {
			MUST(window == CLV_ERR_INVAL);
			window = space_add_window(&m->sp, GPA(WINDOW_GPA), &m->other, from, MIB(1),
						  false);
		}
		MUST(window > 0);
		MUST(space_fault(&m->sp, GPA(WINDOW_GPA), ACCESS_WRITE, &m->cnt) ==
		     FAULT_FORBIDDEN);
		m->window = true;
	}
}

static void bad_calls(struct model *m)
{
	u64 flushes = mm_flushes;
	u64 word = 0;
	u64 dirty;
	u64 cursor = 12345;

	MUST(space_log_harvest(&m->sp, 99, 0, 64, &word, &dirty) == CLV_ERR_NOTFOUND);
	MUST(!dirty_range_ok(m->pages, 1, 64));
	MUST(!dirty_range_ok(m->pages, 0, 0));
	MUST(!dirty_range_ok(m->pages, 0, 3));
	MUST(!dirty_range_ok(m->pages, ALIGN_UP(m->pages, UINT64_C(64)), 64));
	MUST(!dirty_range_ok(m->pages, 0, ~UINT64_C(63)));
	MUST(space_log_start(&m->sp, m->region, 77, false, &cursor) == CLV_ERR_INVAL);
	if (!m->starting || m->cursor != cursor)
		MUST(space_log_start(&m->sp, m->region, m->run.mode, false, &cursor) ==
		     CLV_ERR_STATE);
	if (!m->stopping || m->cursor != cursor)
		MUST(space_log_stop(&m->sp, m->region, true, &cursor) == CLV_ERR_STATE);
	if (!m->on)
		MUST(space_log_get(&m->sp, m->region, 0, 64, &word) == CLV_ERR_STATE);
	MUST(mm_flushes == flushes);
}

static void one_op(struct model *m)
{
	u64 op = rnd(m, 1000);
	u64 page = pick_page(m);
	u32 hart = (u32)rnd(m, HARTS);
	u64 flushes = mm_flushes;

	if (op < 760U) {
		hart_write(m, hart, page);
		check_page(m, page);
		MUST(mm_flushes == flushes); /* M7 */
	} else if (op < 830U) {
		hart_prefetch(m, hart);
	} else if (op < 860U) {
		hypervisor_write(m);
	} else if (op < 900U) {
		hart_toggle(m, hart);
	} else if (op < 920U) {
		guest_read(m);
	} else if (op < 925U) {
		window_toggle(m);
	} else if (op < 940U) {
		bad_calls(m);
	} else {
		log_op(m);
	}
}

static void begin(struct model *m, const struct model_space_run *run)
{
	struct space_config cfg;

	*m = (struct model){ .run = *run, .seed = run->seed };
	mm_machine_init(&m->machine, GIB(3), MIB(8));
	cfg = mm_config(&m->machine, run->levels);
	cfg.pool_tables = run->pool_tables;
	cfg.window_size = MIB(4);
	/* Small steps let the guest's writes come between the steps of an operation. */
	cfg.step_pages = run->gib ? 2048U : 300U;
	/*
	 * Neither end of the region is aligned. Its middle has leaves of 2 MiB, and one of a GiB if
	 * the run asks for it.
	 */
	m->base = GIB(2) - MIB(5) - 0x3000U;
	m->pages = (run->gib ? MIB(5) + GIB(1) + MIB(3) : MIB(12)) / PAGE_SIZE + 7U;
	m->hpa = MM_HPA_BASE + GIB(1) - MIB(5) - 0x3000U;
	MUST(space_init(&m->sp, &m->machine.frames, &cfg, m->pages << PAGE_SHIFT) == CLV_OK);
	cfg.pool_tables = 0;
	MUST(space_init(&m->other, &m->machine.frames, &cfg, MIB(4)) == CLV_OK);
	MUST(mm_add_memory(&m->other, GPA(0), HPA(MM_HPA_BASE), MIB(4)) == 0);
	/* There is another region before it, so that the log's region is not number 0. */
	MUST(mm_add_memory(&m->sp, GPA(MIB(1)), HPA(MM_HPA_BASE), PAGE_SIZE) == 0);
	m->region = 1;
	MUST(mm_add_memory(&m->sp, GPA(m->base), HPA(m->hpa), m->pages << PAGE_SHIFT) == 1);
	mm_leaves(&m->sp, m->region, m->leaves);
	MUST(m->leaves[1] >= 3U && m->leaves[2] == (run->gib ? 1U : 0U));
	m->tables_used = m->sp.pool.total - m->sp.pool.free;
	for (u32 h = 0; h < HARTS; h++) {
		m->tlb[h] = calloc(m->pages, 1);
		m->in[h] = true;
	}
	m->written = calloc(m->pages, 1);
	m->touched = calloc(m->pages, 1);
	m->before = calloc(m->pages, 1);
	m->bitmap = calloc(m->pages / 64U + 1U, 8);
	flushing = m;
	mm_flush_hook = on_flush;
}

static void end(struct model *m)
{
	/* Finish what is under way. Then start and stop once more, with collapse. */
	while (m->stopping || m->starting)
		log_op(m);
	if (!m->on)
		(void)mm_log_start(&m->sp, m->region, m->run.mode, true);
	m->on = false;
	(void)mm_log_stop(&m->sp, m->region, true);
	if (m->window)
		window_toggle(m);
	check_leaves(m);
	check_all(m);
	mm_flush_hook = NULL;
	flushing = NULL;
	for (u32 h = 0; h < HARTS; h++)
		free(m->tlb[h]);
	free(m->written);
	free(m->touched);
	free(m->before);
	free(m->bitmap);
	mm_destroy(&m->sp);
	mm_destroy(&m->other);
	mm_machine_end(&m->machine);
}

void model_space_run(const struct model_space_run *run)
{
	static struct model m;

	begin(&m, run);
	for (u64 n = 0; n < run->ops; n++)
		one_op(&m);
	/* The run did what it is for. With a GiB most operations are steps of starts and stops. */
	MUST(m.reported > run->ops / (run->gib ? 5000U : 100U));
	MUST(m.cnt.write_faults > run->ops / (run->gib ? 5000U : 100U));
	MUST(m.run.pool_tables == 0U
		     ? m.cnt.coarse_grants == 0U
		     : m.cnt.coarse_grants > 0U || run->mode == CLEAVE_LOG_DIRTY_BITS);
	MUST(!run->over || m.taken_over > run->ops / 2000U);
	MUST(m.run.pool_tables != 0U || run->mode == CLEAVE_LOG_EAGER ||
	     run->mode == CLEAVE_LOG_DIRTY_BITS || m.cnt.fault_splits > 0U);
	MUST(m.run.pool_tables != 0U || run->mode == CLEAVE_LOG_FAULT ||
	     m.sp.stats.eager_splits > 0U);
	end(&m);
}
