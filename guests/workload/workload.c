/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A workload to log: two harts that write to their memory for ever, each in its own half, and
 * check what they wrote.
 *
 * Three patterns take turns: runs of pages; single pages here and there; and stores through the
 * program's own 4 KiB mappings, whose accessed and dirty bits it clears again and again. So page
 * tables are written too: by this program where the hart faults for want of a bit, and by the hart
 * where it sets the bits itself. A page that does not hold what was written to it ends the program
 * with a failure: the workload must not notice that its partition is logged or moved.
 *
 * It says that it is alive every ten seconds, or every N seconds with the boot argument `beat=N`.
 * Typing q ends it. It never waits for anything but its own harts and time.
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
#define ALIAS_BASE	(UINT64_C(64) << GIB_SHIFT) /* worker n's mappings begin n GiB after this */
#define ALIAS_MAX_PAGES 4096U			    /* of a worker: eight last-level tables */
#define ALIAS_TABLES	(ALIAS_MAX_PAGES / TABLE_ENTRIES)

/**
 * struct workload_worker - a hart's part of the memory
 * @page: its first page, of @pages
 * @generation: for each page: how often it was written; 0: never
 * @alias: the last-level tables of its own mappings, which map the first @alias_pages of its pages
 *	in order
 * @random: state of its random numbers
 * @next: the page at which the next run begins
 * @stores, @checks, @faults: what it did; atomic, since worker 0 reads them for the heartbeat
 */
struct workload_worker {
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

static struct workload_worker workload_workers[WORKERS_MAX];
static u64 workload_root[TABLE_ENTRIES] __attribute__((aligned(4096)));
static u64 workload_middle[WORKERS_MAX][TABLE_ENTRIES] __attribute__((aligned(4096)));
static u64 workload_last[WORKERS_MAX][ALIAS_TABLES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static u32 workload_nr_workers;

static const char workload_sign[] = "cleave-workload-running";

static u64 workload_random(struct workload_worker *w)
{
	/* xorshift64: any state but 0 */
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

static u64 workload_content(const struct workload_worker *w, u64 page, u32 generation, u32 word)
{
	return ((u64)w->number << 56) ^ page * 0x9e3779b97f4a7c15U ^
	       (u64)generation * 0xc2b2ae3d27d4eb4fU ^ (u64)word * 0x165667b19e3779f9U;
}

/*
 * Return: the place of written word @n of a page. One word is written in each of eight parts, at a
 * place that depends on the page.
 */
static u32 workload_word_at(u64 page, u32 n)
{
	return n * (u32)(PAGE_WORDS / WORDS_WRITTEN) + (u32)(page % (PAGE_WORDS / WORDS_WRITTEN));
}

/* Write to a page. @mapped: its address in the identity mapping, or in the worker's own mapping. */
static void workload_write_page(struct workload_worker *w, u64 page, u8 *mapped)
{
	volatile u64 *word = (volatile u64 *)mapped;
	u32 generation = w->generation[page] + 1U, n;

	for (n = 0; n < WORDS_WRITTEN; n++)
		word[workload_word_at(page, n)] = workload_content(w, page, generation, n);
	w->generation[page] = generation;
	__atomic_fetch_add(&w->stores, WORDS_WRITTEN, __ATOMIC_RELAXED);
}

static void workload_check_page(struct workload_worker *w, u64 page)
{
	const volatile u64 *word = (const volatile u64 *)(w->page + page * PAGE_SIZE);
	u32 n;

	if (w->generation[page] == 0)
		return;
	for (n = 0; n < WORDS_WRITTEN; n++) {
		u64 want = workload_content(w, page, w->generation[page], n),
		    got = word[workload_word_at(page, n)];

		if (got != want) {
			say("FAIL hart %u: page at %p, word %u: got 0x%lx, want 0x%lx", w->number,
			    (const void *)(w->page + page * PAGE_SIZE), workload_word_at(page, n),
			    got, want);
			sbi_shutdown(true);
		}
	}
	__atomic_fetch_add(&w->checks, 1U, __ATOMIC_RELAXED);
}

static u8 *workload_identity(const struct workload_worker *w, u64 page)
{
	return w->page + page * PAGE_SIZE;
}

static u64 workload_alias_address(const struct workload_worker *w, u64 page)
{
	return ALIAS_BASE + ((u64)w->number << GIB_SHIFT) + page * PAGE_SIZE;
}

static void workload_flush_page(u64 va)
{
	__asm__ volatile("sfence.vma %0, x0" ::"r"(va) : "memory");
}

/*
 * The hook for traps. Where a hart faults instead of setting A and D itself (Svade), it sets them.
 */
static bool workload_fill_bits(struct trap *t)
{
	u64 worker = (t->stval - ALIAS_BASE) >> GIB_SHIFT;
	u64 page = ((t->stval - ALIAS_BASE) & ((UINT64_C(1) << GIB_SHIFT) - 1U)) / PAGE_SIZE;
	u64 bits = PTE_A;

	if ((t->scause != TRAP_LOAD_PAGE && t->scause != TRAP_STORE_PAGE) ||
	    t->stval < ALIAS_BASE || worker >= workload_nr_workers ||
	    page >= workload_workers[worker].alias_pages)
		return false;
	if (t->scause == TRAP_STORE_PAGE)
		bits |= PTE_D;
	__atomic_fetch_or(
		&workload_workers[worker].alias[page / TABLE_ENTRIES][page % TABLE_ENTRIES], bits,
		__ATOMIC_SEQ_CST);
	workload_flush_page(t->stval);
	__atomic_fetch_add(&workload_workers[worker].faults, 1U, __ATOMIC_RELAXED);
	return true;
}

static void workload_map_worker(struct workload_worker *w)
{
	u64 page;
	u32 i;

	w->alias_pages = w->pages < ALIAS_MAX_PAGES ? w->pages : ALIAS_MAX_PAGES;
	for (i = 0; i < ALIAS_TABLES; i++) {
		w->alias[i] = workload_last[w->number][i];
		workload_middle[w->number][i] = ((u64)w->alias[i] >> 2) | PTE_V;
	}
	for (page = 0; page < w->alias_pages; page++)
		w->alias[page / TABLE_ENTRIES][page % TABLE_ENTRIES] =
			((u64)workload_identity(w, page) >> 2) | PTE_V | PTE_RW;
	workload_root[(ALIAS_BASE >> GIB_SHIFT) + w->number] =
		((u64)workload_middle[w->number] >> 2) | PTE_V;
}

static void workload_map_identity(void)
{
	u64 i;

	for (i = 0; i < IDENTITY_GIBS; i++)
		workload_root[i] = ((i << GIB_SHIFT) >> 2) | PTE_V | PTE_RWX | PTE_A | PTE_D;
}

static void workload_paging_on(void)
{
	csr_write(satp, SATP_SV39 | (u64)workload_root >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* --- the patterns ----------------------------------------------------------------------------- */

static void workload_pattern_run(struct workload_worker *w)
{
	u32 i;

	for (i = 0; i < RUN_PAGES; i++) {
		workload_write_page(w, w->next, workload_identity(w, w->next));
		w->next = (w->next + 1U) % w->pages;
	}
}

static void workload_pattern_scatter(struct workload_worker *w)
{
	u32 i;

	for (i = 0; i < SCATTER_PAGES; i++) {
		u64 page = workload_random(w) % w->pages;

		workload_write_page(w, page, workload_identity(w, page));
	}
}

/*
 * Store through mappings without A and D: the hart or workload_fill_bits() writes the entries
 * first, then this does.
 */
static void workload_pattern_tables(struct workload_worker *w)
{
	u32 i;

	for (i = 0; i < ALIAS_PAGES; i++) {
		u64 page = workload_random(w) % w->alias_pages;

		workload_write_page(w, page, (u8 *)workload_alias_address(w, page));
		if ((workload_random(w) & 1U) != 0) {
			__atomic_fetch_and(&w->alias[page / TABLE_ENTRIES][page % TABLE_ENTRIES],
					   ~(PTE_A | PTE_D), __ATOMIC_SEQ_CST);
			workload_flush_page(workload_alias_address(w, page));
		}
	}
}

static void workload_check_some(struct workload_worker *w)
{
	u32 i;

	for (i = 0; i < CHECK_PAGES; i++)
		workload_check_page(w, workload_random(w) % w->pages);
}

static u64 workload_beat = 10; /* seconds */

static void workload_heartbeat(u64 *next)
{
	u64 stores = 0, checks = 0, faults = 0;
	u32 i;

	if (rdtime() < *next)
		return;
	*next = rdtime() + workload_beat * ticks_per_second();
	for (i = 0; i < workload_nr_workers; i++) {
		stores += __atomic_load_n(&workload_workers[i].stores, __ATOMIC_RELAXED);
		checks += __atomic_load_n(&workload_workers[i].checks, __ATOMIC_RELAXED);
		faults += __atomic_load_n(&workload_workers[i].faults, __ATOMIC_RELAXED);
	}
	say("alive: %lu words stored, %lu pages checked, %lu A/D faults", stores, checks, faults);
}

static void workload_work(void *arg)
{
	struct workload_worker *w = arg;
	u64 next = rdtime() + workload_beat * ticks_per_second();

	workload_paging_on();
	for (;;) {
		workload_pattern_run(w);
		workload_pattern_scatter(w);
		workload_pattern_tables(w);
		workload_check_some(w);
		if (w->number == 0) {
			workload_heartbeat(&next);
			if (sbi_getchar() == 'q') {
				say("q was typed: shutting down");
				sbi_shutdown(false);
			}
		}
		wait_us(PAUSE_US);
	}
}

/*
 * Divide the memory among the workers. Each gets its generations, then its pages. The first page
 * of all carries the sign.
 * Return: false when there is too little memory.
 */
static bool workload_divide(u64 base, u64 size)
{
	u64 each = ALIGN_DOWN((size - PAGE_SIZE) / workload_nr_workers, PAGE_SIZE);
	u32 i;

	memset((void *)base, 0, PAGE_SIZE);
	memcpy((void *)base, workload_sign, sizeof(workload_sign));
	base += PAGE_SIZE;
	for (i = 0; i < workload_nr_workers; i++, base += each) {
		struct workload_worker *w = &workload_workers[i];
		u64 pages = each / (PAGE_SIZE + sizeof(u32));
		u64 counters = ALIGN_UP(pages * sizeof(u32), PAGE_SIZE);

		if (each < 16U * PAGE_SIZE)
			return false;
		w->number = i;
		w->generation = (u32 *)base;
		w->page = (u8 *)base + counters;
		w->pages = (each - counters) / PAGE_SIZE;
		w->random = 0x853c49e6748fea9bU + i;
		memset(w->generation, 0, counters);
		workload_map_worker(w);
	}
	return true;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	u64 base, size;
	u32 cpus = fdt_cpus(fdt), i, n = 0;
	long err;

	workload_beat = bootarg_number(fdt, "beat", workload_beat);
	if (workload_beat == 0)
		workload_beat = 1;
	workload_nr_workers = cpus < WORKERS_MAX ? cpus : WORKERS_MAX;
	if (workload_nr_workers == 0 || !free_memory(fdt, &base, &size) || size <= PAGE_SIZE ||
	    !workload_divide(base, size)) {
		say("FAIL this partition's memory is too small for the workload");
		sbi_shutdown(true);
	}
	workload_map_identity();
	on_trap(workload_fill_bits);
	say("workload on %u harts, %lu MiB; q ends it", workload_nr_workers, size >> 20);
	for (i = 0; i < cpus && n + 1U < workload_nr_workers; i++) {
		if (i == hartid)
			continue;
		n++;
		err = start_hart(i, workload_work, &workload_workers[n]);
		if (err != 0)
			say("FAIL hart %u does not start: error %ld", i, err);
	}
	workload_work(&workload_workers[0]);
}
