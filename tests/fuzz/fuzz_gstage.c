/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the G-stage tables: any sequence of operations, with a pool that may be too small,
 * leaves what a flat model says; an operation that fails changes nothing (M5), and no table is
 * lost.
 *
 * Input: byte 0 levels, byte 1 tables in the pool, then six bytes an operation: what, first page
 * (2), pages (2), how.
 */
#include <string.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Across a GiB boundary: the tables of the last 4 MiB and of the first 12. */
#define FUZZ_PAGES	4096U
#define FUZZ_BASE	(GIB(3) - MIB(4))
#define FUZZ_MAX_TABLES 24U

static struct mm_machine m;
static struct gstage gs;
static struct table_pool pool;
static u64 frame[FUZZ_PAGES];
static u8 prot[FUZZ_PAGES]; /* 0: not mapped */

static u64 gpa_of(u64 page)
{
	return FUZZ_BASE + (page << PAGE_SHIFT);
}

static void check(void)
{
	for (u64 page = 0; page < FUZZ_PAGES; page++) {
		u32 level;
		u64 pte = mm_pte(&gs, gpa_of(page), &level);

		if (prot[page] == 0U) {
			MUST((pte & GSTAGE_PTE_V) == 0U);
			continue;
		}
		MUST(gstage_pte_is_leaf(pte) && (pte & GSTAGE_PTE_RWX) == prot[page]);
		MUST(gstage_pte_hpa(pte).v + (gpa_of(page) & (gstage_span(level) - 1U)) ==
		     frame[page] << PAGE_SHIFT);
	}
}

static void do_map(u64 first, u64 count, u8 how)
{
	/* Aligned alike to 2 MiB, to a GiB, or to nothing. */
	u64 hpa = GIB(16) + gpa_of(first) + (how & 3U) * MIB(2) + (how & 4U) * 0x2000U;
	u64 want = GSTAGE_PTE_R | (how >> 2 & (GSTAGE_PTE_W | GSTAGE_PTE_X));
	bool taken = false;
	int err;

	for (u64 p = first; p < first + count; p++)
		taken |= prot[p] != 0U;
	err = gstage_map(&gs, &pool, GPA(gpa_of(first)), HPA(hpa), count << PAGE_SHIFT, want,
			 how >> 6);
	MUST(err == CLV_OK || err == CLV_ERR_NOMEM || err == CLV_ERR_EXISTS);
	MUST((err == CLV_ERR_EXISTS) == taken);
	for (u64 p = first; p < first + count && err == CLV_OK; p++) {
		prot[p] = (u8)want;
		frame[p] = (hpa >> PAGE_SHIFT) + (p - first);
	}
}

static void do_unmap(u64 first, u64 count)
{
	struct flush_batch batch;
	int err;

	flush_batch_init(&batch);
	err = gstage_unmap(&gs, &pool, GPA(gpa_of(first)), count << PAGE_SHIFT, &batch);
	MUST(err == CLV_OK || err == CLV_ERR_NOMEM);
	MUST(flush_batch_empty(&batch) == (err != CLV_OK));
	if (err != CLV_OK)
		return;
	memset(&prot[first], 0, count);
	check();
	(void)gstage_unmap_finish(&gs, &pool, GPA(gpa_of(first)), count << PAGE_SHIFT);
}

static void do_protect(u64 first, u64 count, u8 how)
{
	u64 clear = how & (GSTAGE_PTE_W | GSTAGE_PTE_X);
	u64 set = (how >> 4) & (GSTAGE_PTE_W | GSTAGE_PTE_X);
	struct flush_batch batch;
	int err;

	flush_batch_init(&batch);
	err = mm_protect(&gs, &pool, GPA(gpa_of(first)), count << PAGE_SHIFT, clear, set, &batch);
	MUST(err == CLV_OK || err == CLV_ERR_NOMEM);
	for (u64 p = first; p < first + count && err == CLV_OK; p++) {
		if (prot[p] != 0U)
			prot[p] = (u8)((prot[p] & ~clear) | set);
	}
}

static void do_collapse(u64 first, u8 how)
{
	struct gstage_collect collect = { .nr = 0 };
	u64 block = ALIGN_DOWN(first, (u64)GSTAGE_ENTRIES);
	u64 want = GSTAGE_PTE_R | (how & (GSTAGE_PTE_W | GSTAGE_PTE_X));

	if (gstage_collapse(&gs, GPA(gpa_of(block)), 1, want, &collect)) {
		for (u64 p = block; p < block + GSTAGE_ENTRIES; p++) {
			MUST(prot[p] != 0U && (prot[p] & ~want) == 0U);
			prot[p] = (u8)want;
		}
	}
	gstage_collect_free(&collect, &pool);
}

static void one(const uint8_t *op)
{
	u64 first = ((u64)op[1] | (u64)op[2] << 8) % FUZZ_PAGES;
	u64 count = ((u64)op[3] | (u64)op[4] << 8) % (FUZZ_PAGES - first) + 1U;

	switch (op[0] % 5U) {
	case 0:
		do_map(first, count, op[5]);
		break;
	case 1:
		do_unmap(first, count);
		break;
	case 2:
		do_protect(first, count, op[5]);
		break;
	case 3:
		(void)mm_split_range(&gs, &pool, GPA(gpa_of(first)), count << PAGE_SHIFT,
				     op[5] & 1U);
		break;
	default:
		do_collapse(first, op[5]);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flush_batch batch;
	hpa_t root;

	if (size < 2U)
		return 0;
	if (m.memory == NULL)
		mm_machine_init(&m, 0, MIB(1));
	MUST(frames_alloc(&m.frames, GSTAGE_ROOT_SIZE, GSTAGE_ROOT_SIZE, 0, &root) == CLV_OK);
	MUST(gstage_init(&gs, root, GSTAGE_MIN_LEVELS + data[0] % 3U, m.hpa_to_va) == CLV_OK);
	table_pool_init(&pool, m.hpa_to_va);
	MUST(table_pool_grow(&pool, &m.frames, data[1] % FUZZ_MAX_TABLES) == CLV_OK);
	memset(prot, 0, sizeof(prot));
	for (size_t at = 2; at + 6U <= size && at < 400U; at += 6U) {
		one(&data[at]);
		check();
	}
	/*
	 * All of the window at once splits nothing, so it needs no table; and then every table is
	 * back.
	 */
	flush_batch_init(&batch);
	MUST(gstage_unmap(&gs, &pool, GPA(FUZZ_BASE), (u64)FUZZ_PAGES << PAGE_SHIFT, &batch) ==
	     CLV_OK);
	(void)gstage_unmap_finish(&gs, &pool, GPA(FUZZ_BASE), (u64)FUZZ_PAGES << PAGE_SHIFT);
	MUST(pool.free == pool.total);
	mm_release_pool(&pool, &m.frames);
	frames_free(&m.frames, root, GSTAGE_ROOT_SIZE);
	MUST(m.frames.free == m.frames.total);
	return 0;
}
