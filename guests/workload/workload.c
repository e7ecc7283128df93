/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A workload to log: two harts that dirty their memory for ever, each in its own half, and check what they wrote.
 *
 * Three patterns take turns: runs of pages, single pages here and there, and stores through 4 KiB mappings of its own whose
 * accessed and dirty bits are taken away again and again, so that page tables are dirtied too (by this program where the
 * hart faults for want of a bit, by the hart where it sets them itself). A page that does not hold what was written to it ends the
 * program with a failure: whatever logs or moves this partition must not be seen by it.
 *
 * It says that it is alive every ten seconds, or every N of `beat=N` in its boot arguments. Typing q ends it. It must never wait
 * for anything but its own harts and time.
 */
#include "guests/lib/guest.h"

#define WORKERS_MAX   2U
#define PAGE_WORDS    (PAGE_SIZE / sizeof(u64))
#define WORDS_WRITTEN 8U /* of a page, spread over it */
#define PAUSE_US      2000U

#define RUN_PAGES     64U
#define SCATTER_PAGES 32U
#define ALIAS_PAGES   32U
#define CHECK_PAGES   64U

/* Sv39 (privileged specification, "Sv39: Page-Based 39-bit Virtual-Memory System") */
#define SATP_SV39	(UINT64_C(8) << 60)
#define PTE_V		(UINT64_C(1) << 0)
#define PTE_RWX		(UINT64_C(7) << 1)
#define PTE_RW		(UINT64_C(3) << 1)
#define PTE_A		(UINT64_C(1) << 6)
#define PTE_D		(UINT64_C(1) << 7)
#define TABLE_ENTRIES	512U
#define GIB_SHIFT	30U
#define MEGAPAGE_SHIFT	21U
#define IDENTITY_GIBS	32U
#define ALIAS_BASE	(UINT64_C(64) << GIB_SHIFT) /* worker n's mappings begin n GiB behind this */
#define ALIAS_MAX_PAGES 4096U			    /* of a worker: eight last-level tables */
#define ALIAS_TABLES	(ALIAS_MAX_PAGES / TABLE_ENTRIES)

/**
 * struct worker - a hart's part of the memory
 * @page: its first page; @pages: how many; @generation: one a page: how often it was written, 0: never
 * @alias: last-level entries of its own mappings, the first @alias_pages of its pages in order
 * @stores, @checks, @faults: what it did; atomic, read by worker 0 for the heartbeat
 */
struct worker {
	u32 number;
	u8 *page;
	u64 pages;
	u32 *generation;
	u64 *alias[ALIAS_TABLES];
	u64 alias_pages;
	u64 random;
	u64 next;
	u64 stores;
	u64 checks;
	u64 faults;
};

static struct worker workers[WORKERS_MAX];
static u64 root[TABLE_ENTRIES] __attribute__((aligned(4096)));
static u64 middle[WORKERS_MAX][TABLE_ENTRIES] __attribute__((aligned(4096)));
static u64 last[WORKERS_MAX][ALIAS_TABLES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static u32 nr_workers;

static const char sign[] = "cleave-workload-running";

static u64 random_next(struct worker *w)
{
	/* xorshift64: any state but 0 */
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

static u64 content(const struct worker *w, u64 page, u32 generation, u32 word)
{
	return ((u64)w->number << 56) ^ page * 0x9e3779b97f4a7c15U ^
	       (u64)generation * 0xc2b2ae3d27d4eb4fU ^ (u64)word * 0x165667b19e3779f9U;
}

/* Words of a page that are written: one in each of eight parts, at a place that depends on the page. */
static u32 word_at(u64 page, u32 n)
{
	return n * (u32)(PAGE_WORDS / WORDS_WRITTEN) + (u32)(page % (PAGE_WORDS / WORDS_WRITTEN));
}

/* @mapped: where the page is reached: in the identity mapping, or in the worker's own */
static void write_page(struct worker *w, u64 page, u8 *mapped)
{
	volatile u64 *word = (volatile u64 *)(void *)mapped;
	u32 generation = w->generation[page] + 1U, n;

	for (n = 0; n < WORDS_WRITTEN; n++)
		word[word_at(page, n)] = content(w, page, generation, n);
	w->generation[page] = generation;
	__atomic_fetch_add(&w->stores, WORDS_WRITTEN, __ATOMIC_RELAXED);
}

static void check_page(struct worker *w, u64 page)
{
	const volatile u64 *word = (const volatile u64 *)(const void *)(w->page + page * PAGE_SIZE);
	u32 n;

	if (w->generation[page] == 0)
		return;
	for (n = 0; n < WORDS_WRITTEN; n++) {
		u64 want = content(w, page, w->generation[page], n), got = word[word_at(page, n)];

		if (got != want) {
			say("FAIL hart %u: page at %p, word %u: got 0x%lx, want 0x%lx", w->number,
			    (const void *)(w->page + page * PAGE_SIZE), word_at(page, n), got,
			    want);
			sbi_shutdown(true);
		}
	}
	__atomic_fetch_add(&w->checks, 1U, __ATOMIC_RELAXED);
}

static u8 *identity(const struct worker *w, u64 page)
{
	return w->page + page * PAGE_SIZE;
}

static u64 alias_address(const struct worker *w, u64 page)
{
	return ALIAS_BASE + ((u64)w->number << GIB_SHIFT) + page * PAGE_SIZE;
}

static void flush_page(u64 va)
{
	__asm__ volatile("sfence.vma %0, x0" ::"r"(va) : "memory");
}

/* Where a hart faults instead of setting A and D itself (Svade), this sets them. */
static bool fill_bits(struct trap *t)
{
	u64 worker = (t->stval - ALIAS_BASE) >> GIB_SHIFT;
	u64 page = ((t->stval - ALIAS_BASE) & ((UINT64_C(1) << GIB_SHIFT) - 1U)) / PAGE_SIZE;
	u64 bits = PTE_A;

	if ((t->scause != TRAP_LOAD_PAGE && t->scause != TRAP_STORE_PAGE) ||
	    t->stval < ALIAS_BASE || worker >= nr_workers || page >= workers[worker].alias_pages)
		return false;
	if (t->scause == TRAP_STORE_PAGE)
		bits |= PTE_D;
	__atomic_fetch_or(&workers[worker].alias[page / TABLE_ENTRIES][page % TABLE_ENTRIES], bits,
			  __ATOMIC_SEQ_CST);
	flush_page(t->stval);
	__atomic_fetch_add(&workers[worker].faults, 1U, __ATOMIC_RELAXED);
	return true;
}

static void map_worker(struct worker *w)
{
	u64 page;
	u32 i;

	w->alias_pages = w->pages < ALIAS_MAX_PAGES ? w->pages : ALIAS_MAX_PAGES;
	for (i = 0; i < ALIAS_TABLES; i++) {
		w->alias[i] = last[w->number][i];
		middle[w->number][i] = ((u64)w->alias[i] >> 2) | PTE_V;
	}
	for (page = 0; page < w->alias_pages; page++)
		w->alias[page / TABLE_ENTRIES][page % TABLE_ENTRIES] =
			((u64)identity(w, page) >> 2) | PTE_V | PTE_RW;
	root[(ALIAS_BASE >> GIB_SHIFT) + w->number] = ((u64)middle[w->number] >> 2) | PTE_V;
}

static void map_identity(void)
{
	u64 i;

	for (i = 0; i < IDENTITY_GIBS; i++)
		root[i] = ((i << GIB_SHIFT) >> 2) | PTE_V | PTE_RWX | PTE_A | PTE_D;
}

static void paging_on(void)
{
	csr_write(satp, SATP_SV39 | (u64)root >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* --- the patterns ------------------------------------------------------------------------------------------------- */

static void pattern_run(struct worker *w)
{
	u32 i;

	for (i = 0; i < RUN_PAGES; i++) {
		write_page(w, w->next, identity(w, w->next));
		w->next = (w->next + 1U) % w->pages;
	}
}

static void pattern_scatter(struct worker *w)
{
	u32 i;

	for (i = 0; i < SCATTER_PAGES; i++) {
		u64 page = random_next(w) % w->pages;

		write_page(w, page, identity(w, page));
	}
}

/* Stores through mappings without A and D: the entries are written first by the hart or by fill_bits(), then here. */
static void pattern_tables(struct worker *w)
{
	u32 i;

	for (i = 0; i < ALIAS_PAGES; i++) {
		u64 page = random_next(w) % w->alias_pages;

		write_page(w, page, (u8 *)alias_address(w, page));
		if ((random_next(w) & 1U) != 0) {
			__atomic_fetch_and(&w->alias[page / TABLE_ENTRIES][page % TABLE_ENTRIES],
					   ~(PTE_A | PTE_D), __ATOMIC_SEQ_CST);
			flush_page(alias_address(w, page));
		}
	}
}

static void check_some(struct worker *w)
{
	u32 i;

	for (i = 0; i < CHECK_PAGES; i++)
		check_page(w, random_next(w) % w->pages);
}

static u64 beat = 10; /* seconds */

static void heartbeat(u64 *next)
{
	u64 stores = 0, checks = 0, faults = 0;
	u32 i;

	if (rdtime() < *next)
		return;
	*next = rdtime() + beat * ticks_per_second();
	for (i = 0; i < nr_workers; i++) {
		stores += __atomic_load_n(&workers[i].stores, __ATOMIC_RELAXED);
		checks += __atomic_load_n(&workers[i].checks, __ATOMIC_RELAXED);
		faults += __atomic_load_n(&workers[i].faults, __ATOMIC_RELAXED);
	}
	say("alive: %lu words stored, %lu pages checked, %lu A/D faults", stores, checks, faults);
}

static void work(void *arg)
{
	struct worker *w = arg;
	u64 next = rdtime() + beat * ticks_per_second();

	paging_on();
	for (;;) {
		pattern_run(w);
		pattern_scatter(w);
		pattern_tables(w);
		check_some(w);
		if (w->number == 0) {
			heartbeat(&next);
			if (sbi_getchar() == 'q') {
				say("q was typed: shutting down");
				sbi_shutdown(false);
			}
		}
		wait_us(PAUSE_US);
	}
}

/* Memory of all workers, one behind the other: generations, then pages. The first page of all carries the sign. */
static bool divide(u64 base, u64 size)
{
	u64 each = (size - PAGE_SIZE) / nr_workers & ~(PAGE_SIZE - 1U);
	u32 i;

	memset((void *)base, 0, PAGE_SIZE);
	memcpy((void *)base, sign, sizeof(sign));
	base += PAGE_SIZE;
	for (i = 0; i < nr_workers; i++, base += each) {
		struct worker *w = &workers[i];
		u64 pages = each / (PAGE_SIZE + sizeof(u32));
		u64 counters = (pages * sizeof(u32) + PAGE_SIZE - 1U) & ~(PAGE_SIZE - 1U);

		if (each < 16U * PAGE_SIZE)
			return false;
		w->number = i;
		w->generation = (u32 *)base;
		w->page = (u8 *)base + counters;
		w->pages = (each - counters) / PAGE_SIZE;
		w->random = 0x853c49e6748fea9bU + i;
		memset(w->generation, 0, counters);
		map_worker(w);
	}
	return true;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	u64 base, size;
	u32 cpus = fdt_cpus(fdt), i, n = 0;
	long err;

	beat = bootarg_number(fdt, "beat", beat);
	if (beat == 0)
		beat = 1;
	nr_workers = cpus < WORKERS_MAX ? cpus : WORKERS_MAX;
	if (nr_workers == 0 || !free_memory(fdt, &base, &size) || size <= PAGE_SIZE ||
	    !divide(base, size)) {
		say("FAIL this partition's memory is too small for the workload");
		sbi_shutdown(true);
	}
	map_identity();
	on_trap(fill_bits);
	say("workload on %u harts, %lu MiB; q ends it", nr_workers, size >> 20);
	for (i = 0; i < cpus && n + 1U < nr_workers; i++) {
		if (i == hartid)
			continue;
		n++;
		err = start_hart(i, work, &workers[n]);
		if (err != 0)
			say("FAIL hart %u does not start: error %ld", i, err);
	}
	work(&workers[0]);
}
