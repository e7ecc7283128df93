/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations on G-stage tables, compared with a flat model.
 *
 * The model covers 1 GiB and 16 MiB of addresses, which begin 8 MiB below a GiB boundary. It knows
 * the HPA and the permissions of each page, and nothing of levels. After each operation the pages
 * at its edges and some others are compared. From time to time all pages are, and every table: no
 * entry may have a reserved bit, no linked table may be empty, and the pool must lack exactly the
 * tables that are linked.
 */
#include <string.h>
#include <cleave/errno.h>
#include "tests/model/model_gstage.h"
#include "tests/unit/mm/mm_harness.h"

#define MODEL_PAGES    ((GIB(1) + MIB(16)) >> PAGE_SHIFT)
#define PROT_NONE_HERE 0U

struct model {
	struct mm_machine machine;
	struct gstage gs;
	struct table_pool pool;
	u64 base; /* GPA of the first page */
	u64 seed;
	u64 *frame; /* of each page: HPA >> PAGE_SHIFT */
	u8 *prot; /* of each page: permissions out of GSTAGE_PTE_RWX; PROT_NONE_HERE: not mapped */
};

static u64 rnd(struct model *m, u64 below)
{
	return mm_random(&m->seed) % below;
}

static u64 gpa_of(const struct model *m, u64 page)
{
	return m->base + (page << PAGE_SHIFT);
}

/* What a hart would find, by a walk that shares nothing with the code. */
static void check_walk(const struct model *m, u64 page)
{
	const struct walker w = mm_walker(&m->gs);
	struct walker_leaf leaf;
	enum walker_answer answer = walker_walk(&w, gpa_of(m, page) + 0x678U, &leaf);

	if (m->prot[page] == PROT_NONE_HERE) {
		MUST(answer == WALKER_NOTHING);
		return;
	}
	MUST(answer == WALKER_LEAF);
	MUST(leaf.pa == m->frame[page] * 4096U + 0x678U);
	MUST(leaf.read == ((m->prot[page] & 2U) != 0U));
	MUST(leaf.write == ((m->prot[page] & 4U) != 0U));
	MUST(leaf.fetch == ((m->prot[page] & 8U) != 0U));
}

static void check_page(const struct model *m, u64 page)
{
	u32 level;
	u64 pte;

	if (page >= MODEL_PAGES)
		return;
	check_walk(m, page);
	pte = mm_pte(&m->gs, gpa_of(m, page), &level);
	if (m->prot[page] == PROT_NONE_HERE) {
		MUST((pte & GSTAGE_PTE_V) == 0U);
		return;
	}
	MUST(gstage_pte_is_leaf(pte));
	MUST((pte & GSTAGE_PTE_RWX) == m->prot[page]);
	/* U, A and D are set. G, memory type, NAPOT, reserved and software bits are clear. */
	MUST((pte & ~(GSTAGE_PTE_PPN_MASK | GSTAGE_PTE_RWX)) == GSTAGE_PTE_LEAF);
	MUST(IS_ALIGNED(gstage_pte_hpa(pte).v, gstage_span(level)));
	MUST((gstage_pte_hpa(pte).v + (gpa_of(m, page) & (gstage_span(level) - 1U))) >>
		     PAGE_SHIFT ==
	     m->frame[page]);
}

/*
 * Check that each pointer in @table, which is at @level, is well-formed, and that no table is
 * empty.
 * Return: number of tables below it.
 */
static u64 check_tables(const struct model *m, const u64 *table, u32 level)
{
	u64 entries = level == m->gs.levels - 1U ? GSTAGE_ROOT_ENTRIES : GSTAGE_ENTRIES;
	u64 tables = 0;
	u64 used = 0;

	for (u64 i = 0; i < entries; i++) {
		if ((table[i] & GSTAGE_PTE_V) == 0U) {
			/* gstage_unmap_finish() has left nothing of an unlinked table. */
			MUST(table[i] == 0U);
			continue;
		}
		used++;
		if (!gstage_pte_is_table(table[i]))
			continue;
		MUST(level > 0U);
		MUST((table[i] & ~GSTAGE_PTE_PPN_MASK) == GSTAGE_PTE_TABLE);
		tables += 1U + check_tables(m, gstage_table(&m->gs, table[i]), level - 1U);
	}
	MUST(used > 0U || level == m->gs.levels - 1U);
	return tables;
}

static void check_all(const struct model *m)
{
	for (u64 page = 0; page < MODEL_PAGES; page++)
		check_page(m, page);
	MUST(check_tables(m, m->gs.root, m->gs.levels - 1U) == m->pool.total - m->pool.free);
}

/* Choose a range: mostly a small one, sometimes a large one, often an aligned one. */
static void pick_range(struct model *m, u64 *first, u64 *count)
{
	u64 most = MODEL_PAGES;
	u64 shape = rnd(m, 1000);

	if (shape < 600U)
		most = 24;
	else if (shape < 950U)
		most = 1500;
	else if (shape < 998U)
		most = 8192;
	*first = rnd(m, MODEL_PAGES);
	if (rnd(m, 3) == 0U)
		*first = ALIGN_DOWN(*first, (u64)DIRTY_SPAN_PAGES);
	/* Mistakes are likely at the GiB boundary. */
	if (rnd(m, 8) == 0U)
		*first = (MIB(8) >> PAGE_SHIFT) - 512U + rnd(m, 1024);
	*count = 1U + rnd(m, most);
	if (rnd(m, 4) == 0U)
		*count = ALIGN_UP(*count, (u64)DIRTY_SPAN_PAGES);
	if (shape == 999U) {
		*first = MIB(8) >> PAGE_SHIFT;
		*count = GIB(1) >> PAGE_SHIFT;
	}
	*count = MIN(*count, MODEL_PAGES - *first);
}

static void check_edges(struct model *m, u64 first, u64 count)
{
	check_page(m, first - 1U);
	check_page(m, first);
	check_page(m, first + count / 2U);
	check_page(m, first + count - 1U);
	check_page(m, first + count);
	for (u32 i = 0; i < 3U; i++)
		check_page(m, rnd(m, MODEL_PAGES));
}

static void do_map(struct model *m)
{
	u64 first;
	u64 count;
	u64 hpa;
	u64 prot = GSTAGE_PTE_R | (mm_random(&m->seed) & (GSTAGE_PTE_W | GSTAGE_PTE_X));
	bool taken = false;
	int err;

	pick_range(m, &first, &count);
	/* GPA and HPA are aligned alike in two of three cases, so that huge leaves fit. */
	hpa = rnd(m, BIT64(24)) << 30;
	hpa += rnd(m, 3) != 0U ? gpa_of(m, first) % GIB(1) : rnd(m, 1U << 18) << PAGE_SHIFT;
	for (u64 p = first; p < first + count && !taken; p++)
		taken = m->prot[p] != PROT_NONE_HERE;
	err = gstage_map(&m->gs, &m->pool, GPA(gpa_of(m, first)), HPA(hpa), count << PAGE_SHIFT,
			 prot, (u32)rnd(m, 3));
	MUST(err == (taken ? CLV_ERR_EXISTS : CLV_OK));
	for (u64 p = first; p < first + count && !taken; p++) {
		m->prot[p] = (u8)prot;
		m->frame[p] = (hpa >> PAGE_SHIFT) + (p - first);
	}
	check_edges(m, first, count);
}

static void do_unmap(struct model *m)
{
	struct flush_batch batch;
	u64 first;
	u64 count;

	pick_range(m, &first, &count);
	flush_batch_init(&batch);
	MUST(gstage_unmap(&m->gs, &m->pool, GPA(gpa_of(m, first)), count << PAGE_SHIFT, &batch) ==
	     CLV_OK);
	memset(&m->prot[first], PROT_NONE_HERE, count);
	/* To a walk, an unlinked table is not there even before it is freed. */
	check_edges(m, first, count);
	MUST(mm_batch_covers(&batch, gpa_of(m, first)) &&
	     mm_batch_covers(&batch, gpa_of(m, first + count - 1U)));
	(void)gstage_unmap_finish(&m->gs, &m->pool, GPA(gpa_of(m, first)), count << PAGE_SHIFT);
	check_edges(m, first, count);
}

static void do_protect(struct model *m)
{
	struct flush_batch batch;
	u64 first;
	u64 count;
	u64 clear = mm_random(&m->seed) & (GSTAGE_PTE_W | GSTAGE_PTE_X);
	u64 set = mm_random(&m->seed) & (GSTAGE_PTE_W | GSTAGE_PTE_X) & ~clear;

	pick_range(m, &first, &count);
	flush_batch_init(&batch);
	MUST(mm_protect(&m->gs, &m->pool, GPA(gpa_of(m, first)), count << PAGE_SHIFT, clear, set,
			&batch) == CLV_OK);
	/* M7: only taking permission away needs a flush. */
	MUST(flush_batch_empty(&batch) == (clear == 0U));
	for (u64 p = first; p < first + count; p++) {
		if (m->prot[p] != PROT_NONE_HERE)
			m->prot[p] = (u8)((m->prot[p] & ~clear) | set);
	}
	check_edges(m, first, count);
}

static void do_split(struct model *m)
{
	u32 level = (u32)rnd(m, 2);
	u64 first;
	u64 count;

	pick_range(m, &first, &count);
	MUST(mm_split_range(&m->gs, &m->pool, GPA(gpa_of(m, first)), count << PAGE_SHIFT, level) ==
	     CLV_OK);
	for (u32 i = 0; i < 4U; i++) {
		u64 page = first + rnd(m, count);
		u32 found;

		if (gstage_pte_is_leaf(mm_pte(&m->gs, gpa_of(m, page), &found)))
			MUST(found <= level);
	}
	check_edges(m, first, count);
}

/* Return: true when the pages of a block could be one leaf with the permissions @prot. */
static bool block_alike(const struct model *m, u64 first, u64 pages, u64 prot)
{
	if (m->prot[first] == PROT_NONE_HERE || m->frame[first] % pages != 0U)
		return false;
	for (u64 i = 0; i < pages; i++) {
		if (m->prot[first + i] == PROT_NONE_HERE || (m->prot[first + i] & ~prot) != 0U ||
		    m->frame[first + i] != m->frame[first] + i)
			return false;
	}
	return true;
}

static void do_collapse(struct model *m)
{
	struct gstage_collect collect = { .nr = 0 };
	u32 level = rnd(m, 50) == 0U ? 2U : 1U;
	u64 pages = gstage_span(level) >> PAGE_SHIFT;
	/* The model's addresses begin 8 MiB below a GiB boundary. */
	u64 first = level == 2U ? MIB(8) >> PAGE_SHIFT : ALIGN_DOWN(rnd(m, MODEL_PAGES), pages);
	u64 prot = GSTAGE_PTE_R | (mm_random(&m->seed) & (GSTAGE_PTE_W | GSTAGE_PTE_X));
	u32 found;
	bool leaf = gstage_pte_is_leaf(mm_pte(&m->gs, gpa_of(m, first), &found)) && found >= level;
	bool done = gstage_collapse(&m->gs, GPA(gpa_of(m, first)), level, prot, &collect);

	MUST(collect.nr == (done ? 1U : 0U));
	gstage_collect_free(&collect, &m->pool);
	if (done) {
		MUST(!leaf && block_alike(m, first, pages, prot));
		memset(&m->prot[first], (int)prot, pages);
	} else if (level == 1U) {
		/* A collapse is refused only for a reason. */
		MUST(leaf || !block_alike(m, first, pages, prot));
	}
	check_edges(m, first, pages);
}

static void do_bad(struct model *m)
{
	u64 free = m->pool.free;
	u64 limit = gstage_limit(&m->gs);
	struct flush_batch batch;

	flush_batch_init(&batch);
	MUST(gstage_map(&m->gs, &m->pool, GPA(limit - PAGE_SIZE), HPA(0), 2U * PAGE_SIZE,
			GSTAGE_PTE_R, 2) == CLV_ERR_RANGE);
	MUST(gstage_map(&m->gs, &m->pool, GPA(m->base + 8U), HPA(0), PAGE_SIZE, GSTAGE_PTE_R, 2) ==
	     CLV_ERR_INVAL);
	MUST(gstage_map(&m->gs, &m->pool, GPA(m->base), HPA(0), PAGE_SIZE, GSTAGE_PTE_W, 2) ==
	     CLV_ERR_INVAL);
	MUST(gstage_map(&m->gs, &m->pool, GPA(m->base), HPA(BIT64(56)), PAGE_SIZE, GSTAGE_PTE_R,
			2) == CLV_ERR_RANGE);
	MUST(gstage_unmap(&m->gs, &m->pool, GPA(limit), PAGE_SIZE, &batch) == CLV_ERR_RANGE);
	MUST(gstage_unmap(&m->gs, &m->pool, GPA(m->base), 0, &batch) == CLV_ERR_INVAL);
	MUST(mm_split_range(&m->gs, &m->pool, GPA(0), ~PAGE_MASK, 0) == CLV_ERR_RANGE);
	MUST(flush_batch_empty(&batch) && m->pool.free == free);
}

void model_gstage_run(u32 levels, u64 ops, u64 seed)
{
	static struct model m;
	u64 base;
	hpa_t root;

	memset(&m, 0, sizeof(m));
	m.seed = seed;
	mm_machine_init(&m.machine, 0, MIB(8));
	MUST(frames_alloc(&m.machine.frames, GSTAGE_ROOT_SIZE, GSTAGE_ROOT_SIZE, 0, &root) ==
	     CLV_OK);
	MUST(gstage_init(&m.gs, root, levels, m.machine.hpa_to_va) == CLV_OK);
	/*
	 * The addresses lie across a GiB boundary. In one run of two they lie in the last 2 GiB of
	 * the address space.
	 */
	base = seed % 2U == 0U ? gstage_limit(&m.gs) - GIB(1) : GIB(1) << 9U;
	m.base = base - MIB(8);
	if (seed % 2U == 0U)
		m.base -= GIB(1);
	table_pool_init(&m.pool, m.machine.hpa_to_va);
	/*
	 * The worst case, twice: gstage_map() reserves tables even where there are tables already.
	 */
	MUST(table_pool_grow(&m.pool, &m.machine.frames,
			     2U * gstage_worst_tables(levels, GPA(m.base),
						      MODEL_PAGES << PAGE_SHIFT)) == CLV_OK);
	m.frame = calloc(MODEL_PAGES, sizeof(*m.frame));
	m.prot = calloc(MODEL_PAGES, 1);

	for (u64 n = 0; n < ops; n++) {
		u64 op = rnd(&m, 100);

		if (op < 38U)
			do_map(&m);
		else if (op < 55U)
			do_unmap(&m);
		else if (op < 75U)
			do_protect(&m);
		else if (op < 85U)
			do_split(&m);
		else if (op < 99U)
			do_collapse(&m);
		else
			do_bad(&m);
		if (n % (ops / 8U + 1U) == 0U)
			check_all(&m);
	}
	check_all(&m);
	/* When everything is unmapped, no table may be left. */
	{
		struct flush_batch batch;

		flush_batch_init(&batch);
		MUST(gstage_unmap(&m.gs, &m.pool, GPA(m.base), MODEL_PAGES << PAGE_SHIFT, &batch) ==
		     CLV_OK);
		(void)gstage_unmap_finish(&m.gs, &m.pool, GPA(m.base), MODEL_PAGES << PAGE_SHIFT);
		memset(m.prot, PROT_NONE_HERE, MODEL_PAGES);
		check_all(&m);
		MUST(m.pool.free == m.pool.total);
	}
	free(m.frame);
	free(m.prot);
	mm_release_pool(&m.pool, &m.machine.frames);
	frames_free(&m.machine.frames, root, GSTAGE_ROOT_SIZE);
	mm_machine_end(&m.machine);
}
