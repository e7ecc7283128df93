/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two spaces under two to eight threads that do random things, built with ThreadSanitizer. A thread
 * may have to wait a moment before any access to a shared word (cleave/atomic.h).
 *
 * Threads are vCPUs and managers. A vCPU keeps to the protocol of harts: it is IN while it may use
 * tables or its TLB, it acknowledges flushes between two operations and while it waits for a lock,
 * and never in a walk. Its TLB keeps each W that it ever saw until then. The guest's vCPUs write
 * into two neighbouring regions that are logged. The holder's vCPU looks through windows into them
 * that come and go. One manager logs, copies what it is told, and compares the copy with the memory
 * at moments when no vCPU is IN. Another one makes and removes windows, and looks at everything.
 *
 * Checked are: every walk (M3, M4), each copy (M1, M2, M8), the answers, the rules that the code
 * checks itself, and at the end that all tables and frames are back. ThreadSanitizer reports every
 * access that nothing orders. It does not reorder: tests/models/litmus is for that.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

#define THREADS	 8U
#define REGIONS	 2U
#define PAGES	 (MIB(4) / PAGE_SIZE + 70U) /* of a region */
#define BASE	 (MIB(64) - 0x5000U)
#define LEAF_END (5U + MIB(2) / PAGE_SIZE) /* the page after region 0's first huge leaf */
#define OWN_BASE MIB(32)		   /* the holder's memory */
#define OWN_SIZE MIB(2)
#define WINDOWS	 4U
#define WINDOW	 GIB(2) /* window w begins w * WINDOW_GAP after this */
#define GAP	 MIB(4)

struct side {
	struct space sp;
	u64 generation; /* atomic */
};

struct vcpu {
	pthread_t id;
	struct side *side; /* NULL: no vCPU runs on this thread */
	u32 in;		   /* atomic; written by its thread */
	u64 seen; /* generation that its TLB was emptied for; atomic, written by its thread */
	u64 seed;
	u8 tlb[REGIONS * PAGES];
	struct space_counters cnt;
};

static struct mm_machine machine;
static struct side guest;
static struct side holder;
static struct vcpu vcpu[THREADS];
static u32 threads;
static u32 stop;			   /* atomic */
static u32 pause_all;			   /* atomic: the guest's vCPUs */
static u64 content[REGIONS * PAGES];	   /* atomic: what guest memory holds */
static u64 copy[REGIONS * PAGES];	   /* the log's manager's */
static u32 yields;			   /* an access yields once in this many + 1 */
static _Thread_local struct vcpu *current; /* the vCPU that runs on this thread */
static _Thread_local u64 yield_seed;

static u64 region_base(u32 region)
{
	return BASE + region * (PAGES << PAGE_SHIFT);
}

/*
 * Stand still for up to a microsecond or so, so that others overtake, and now and then give the
 * processor up. On a busy host that takes long, so it is rare.
 */
static void yield(void)
{
	u64 r;

	if (yield_seed == 0U)
		return;
	r = mm_random(&yield_seed);
	if (r % (yields + 1U) != 0U)
		return;
	/* Sometimes for long: a harvest or a collapse then goes by as a whole. */
	for (volatile u64 n = (r >> 16) % 256U << ((r >> 42) % 64U == 0U ? 7 : 0); n != 0U; n--)
		;
	if ((r >> 32) % 1024U == 0U)
		(void)sched_yield();
}

static void vcpu_serve(struct vcpu *v)
{
	u64 now = atomic_read_acquire(&v->side->generation);

	if (atomic_read(&v->seen) == now)
		return;
	memset(v->tlb, 0, sizeof(v->tlb));
	atomic_set_release(&v->seen, now);
}

/* As in core: whoever waits serves the flushes of others. */
void spin_relax(void)
{
	if (current != NULL && atomic_read(&current->in) != 0U)
		vcpu_serve(current);
	(void)sched_yield();
}

/* What flush_remote() does in core, with threads in place of harts. */
static void on_flush(struct space *sp, const struct flush_batch *b)
{
	struct side *side = container_of(sp, struct side, sp);
	u64 want = atomic_add_acq_rel(&side->generation, 1U) + 1U;

	(void)b;
	smp_mb();
	for (u32 i = 0; i < threads; i++) {
		if (vcpu[i].side != side)
			continue;
		while (atomic_read_acquire(&vcpu[i].in) != 0U &&
		       atomic_read_acquire(&vcpu[i].seen) < want)
			spin_relax();
	}
}

/* Walk the guest's memory as a hart does. Return: the leaf that was found. */
static u64 guest_walk(u64 gpa)
{
	u32 level;
	u64 pte = mm_pte(&guest.sp.gs, gpa, &level);

	MUST(gstage_pte_is_leaf(pte));
	MUST(gstage_pte_hpa(pte).v + (gpa & (gstage_span(level) - 1U)) == MM_HPA_BASE + gpa);
	return pte;
}

/* Some harts set D by themselves (Svadu). Return: true when the store may go on. */
static bool guest_sets_d(const struct vcpu *v, u64 gpa)
{
	u32 level;
	u64 pte;
	u64 *slot = gstage_walk(&guest.sp.gs, GPA(gpa), &level, &pte);

	return (v - vcpu) % 2 == 0 && gstage_pte_is_leaf(pte) && (pte & GSTAGE_PTE_W) != 0U &&
	       atomic_cas(slot, &pte, pte | GSTAGE_PTE_D);
}

static void guest_write(struct vcpu *v, u64 page)
{
	const u64 both = GSTAGE_PTE_W | GSTAGE_PTE_D;
	u64 gpa = BASE + (page << PAGE_SHIFT);

	for (u32 tries = 0; v->tlb[page] == 0U; tries++) {
		if ((guest_walk(gpa) & both) == both || guest_sets_d(v, gpa)) {
			v->tlb[page] = 1;
			break;
		}
		MUST(space_fault(&guest.sp, GPA(gpa), ACCESS_WRITE, &v->cnt) <= FAULT_SPURIOUS);
		vcpu_serve(v);
		MUST(tries < 100000U);
	}
	(void)atomic_add(&content[page], 1U);
}

/* The hypervisor's own write, as a hypercall of this vCPU asks for it (M8). */
static void guest_store(struct vcpu *v, u64 page)
{
	u64 gpa = BASE + (page << PAGE_SHIFT);
	struct space_span span = mm_span(&guest.sp, gpa, 8);
	u8 byte = (u8)v->seed;

	MUST(span.at != NULL);
	/* A byte of each vCPU's own. */
	MUST(space_write(&guest.sp, GPA(gpa + (u64)(v - vcpu)), &byte, 1) == CLV_OK);
	(void)atomic_add(&content[page], 1U);
	space_span_mark(&span);
	MUST(space_read(&guest.sp, GPA(gpa + (u64)(v - vcpu)), &byte, 1) == CLV_OK);
	MUST(byte == (u8)v->seed);
}

static void guest_act(struct vcpu *v)
{
	u64 r = mm_random(&v->seed);
	/* Most of them fight for a few pages, on both sides of a huge leaf's end or a region's. */
	u64 hot = ((r & 4U) != 0U ? LEAF_END : PAGES) - 8U + (r >> 8) % 16U;
	u64 page = (r & 3U) != 0U ? hot : (r >> 8) % (REGIONS * PAGES);

	switch ((r >> 3) % 16U) {
	case 0:
		MUST(space_fault(&guest.sp, GPA(BASE - PAGE_SIZE), ACCESS_WRITE, &v->cnt) ==
		     FAULT_NOTHING);
		break;
	case 1:
		MUST(space_fault(&guest.sp, GPA(BASE + (page << PAGE_SHIFT)), ACCESS_READ,
				 &v->cnt) == FAULT_SPURIOUS);
		break;
	case 2:
		/* With the lock, and so with others that wait for this vCPU's answers. */
		MUST(space_leaf_level(&guest.sp, GPA(BASE + (page << PAGE_SHIFT))) <= 1);
		break;
	case 3:
	case 4:
		guest_store(v, page);
		break;
	case 5:
	case 6:
		/* Whoever waited goes on while this walks: to unlink and free the next table. */
		vcpu_serve(v);
		for (u32 i = 0; i < 8U; i++)
			(void)guest_walk(BASE + (LEAF_END << PAGE_SHIFT));
		break;
	default:
		guest_write(v, page);
	}
	/* A table that is free has something else in its first entry. */
	if ((r & 0x3000U) != 0U)
		page = LEAF_END;
	else
		page = (r >> 20) % (REGIONS * PAGES);
	(void)guest_walk(BASE + (page << PAGE_SHIFT));
}

/* A look through a window, or where one was or may be. */
static void holder_act(struct vcpu *v)
{
	u64 r = mm_random(&v->seed);
	u64 w = r % WINDOWS;
	u64 offset = (r >> 8) % (GAP / PAGE_SIZE) << PAGE_SHIFT;
	gpa_t gpa = GPA(WINDOW + w * GAP + offset);
	enum fault_answer answer;
	u32 level;
	u64 pte = mm_pte(&holder.sp.gs, gpa.v, &level);

	/* Window w begins as many pages after the guest's first one. */
	MUST(!gstage_pte_is_leaf(pte) ||
	     (gstage_pte_hpa(pte).v + (gpa.v & (gstage_span(level) - 1U)) ==
		      MM_HPA_BASE + BASE + (w << PAGE_SHIFT) + offset &&
	      (pte & GSTAGE_PTE_W) == 0U));
	answer = space_fault(&holder.sp, gpa, (r & 0x80U) != 0U ? ACCESS_WRITE : ACCESS_READ,
			     &v->cnt);
	MUST(answer == FAULT_NOTHING || answer == FAULT_FORBIDDEN || answer == FAULT_SPURIOUS);
	MUST(space_fault(&holder.sp, GPA(OWN_BASE), ACCESS_WRITE, &v->cnt) == FAULT_SPURIOUS);
	if ((r & 0x700U) == 0U)
		vcpu_serve(v);
}

static void *vcpu_thread(void *arg)
{
	struct vcpu *v = arg;

	current = v;
	yield_seed = v->seed + 77U;
	while (atomic_read(&stop) == 0U) {
		if (v->side == &guest && atomic_read_acquire(&pause_all) != 0U) {
			(void)sched_yield();
			continue;
		}
		atomic_set(&v->in, 1U);
		/* Either the thread that flushes sees IN, or we see its generation. */
		smp_mb();
		vcpu_serve(v);
		for (u32 n = 0; n < 64U && atomic_read(&pause_all) == 0U; n++) {
			if (v->side == &guest)
				guest_act(v);
			else
				holder_act(v);
		}
		vcpu_serve(v);
		atomic_set_release(&v->in, 0U);
	}
	return NULL;
}

/* --- managers --- */

/* A window, frames and looks, at random; a manager's turn */
static void look_act(u64 *seed, bool *window)
{
	struct space_log_status status;
	u64 leaves[3] = { 0 };
	u64 r = mm_random(seed);
	u64 w = (r >> 8) % WINDOWS;
	u64 size = ((r >> 16) % 128U + 1U) << PAGE_SHIFT;
	hpa_t frame;
	u64 cursor = 0;

	switch (r % 4U) {
	case 0:
	case 1:
		if (window[w])
			MUST(space_remove_window(&holder.sp, GPA(WINDOW + w * GAP)) == CLV_OK);
		else
			MUST(space_add_window(&holder.sp, GPA(WINDOW + w * GAP), &guest.sp,
					      GPA(BASE + (w << PAGE_SHIFT)), size, false) >= 0);
		window[w] = !window[w];
		break;
	case 2:
		do {
			MUST(space_leaves(&guest.sp, (u32)(r >> 8) % REGIONS, leaves, &cursor) ==
			     CLV_OK);
		} while (cursor != 0U);
		MUST(leaves[0] + 512U * leaves[1] == PAGES);
		break;
	default:
		MUST(space_log_status(&guest.sp, (u32)(r >> 8) % REGIONS, &status) == CLV_OK);
		if (frames_alloc(&machine.frames, size, PAGE_SIZE, 0, &frame) == CLV_OK)
			frames_free(&machine.frames, frame, size);
	}
}

static void look_end(bool *window)
{
	for (u64 w = 0; w < WINDOWS; w++) {
		if (window[w])
			MUST(space_remove_window(&holder.sp, GPA(WINDOW + w * GAP)) == CLV_OK);
		window[w] = false;
	}
}

static void *look_thread(void *arg)
{
	struct vcpu *v = arg;
	bool window[WINDOWS] = { false };

	yield_seed = v->seed + 77U;
	while (atomic_read(&stop) == 0U) {
		look_act(&v->seed, window);
		(void)sched_yield();
	}
	look_end(window);
	return NULL;
}

static void copy_page(u32 region, u64 page)
{
	copy[region * PAGES + page] = atomic_read_acquire(&content[region * PAGES + page]);
}

static void copy_told(u32 region, u64 first, u64 n, const u64 *bitmap)
{
	for (u64 i = 0; i < n; i++) {
		if ((bitmap[i / 64U] & BIT64(i % 64U)) != 0U)
			copy_page(region, first + i);
	}
}

/* Harvest, or get and clear, the pages from @first on. Return: number of pages. */
static u64 take(u32 region, u64 first, u64 count, bool by_clear)
{
	u64 bitmap[PAGES / 64U + 1U];
	u64 dirty;
	s64 n;

	if (by_clear) {
		n = space_log_get(&guest.sp, region, first, count, bitmap);
		MUST(n > 0);
		/* A part of a word at the end goes with the region's end alone. */
		n = space_log_clear(&guest.sp, region, first, (u64)n, bitmap);
	} else {
		n = space_log_harvest(&guest.sp, region, first, count, bitmap, &dirty);
	}
	MUST(n > 0 && (u64)n <= count);
	copy_told(region, first, (u64)n, bitmap);
	return (u64)n;
}

static void pass(u32 region, bool by_clear)
{
	for (u64 first = 0; first < PAGES;)
		first += take(region, first, PAGES - first, by_clear);
}

static void pause_guest(void)
{
	atomic_set_release(&pause_all, 1U);
	for (u32 i = 0; i < threads; i++) {
		while (vcpu[i].side == &guest && atomic_read_acquire(&vcpu[i].in) != 0U)
			(void)sched_yield();
	}
}

/* With all vCPUs OUT, one more pass must make the copy equal. */
static void compare(u32 region)
{
	pause_guest();
	pass(region, false);
	for (u64 page = region * PAGES; page < (region + 1U) * PAGES; page++)
		MUST(copy[page] == atomic_read(&content[page]));
	atomic_set_release(&pause_all, 0U);
}

static void log_begin(u64 r, u32 region, bool over)
{
	static const u32 modes[] = { CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER, CLEAVE_LOG_INITIALLY_SET,
				     CLEAVE_LOG_DIRTY_BITS };
	u32 mode = modes[(r >> 8) % ARRAY_SIZE(modes)];
	bool eager = (r & 0x80U) != 0U;
	u64 cursor = 0;

	MUST((over ? space_log_take_over(&guest.sp, region, mode, eager, &cursor)
		   : space_log_start(&guest.sp, region, mode, eager, &cursor)) == CLV_OK);
	while (cursor != 0U)
		MUST(space_log_start(&guest.sp, region, mode, eager, &cursor) == CLV_OK);
	/* An initially-set log reports everything itself. */
	for (u64 page = 0; mode < CLEAVE_LOG_INITIALLY_SET && page < PAGES; page++)
		copy_page(region, page);
}

/* What the manager of the logs does next. @on: which regions are logged */
static void log_act(u64 *seed, bool *on)
{
	u64 r = mm_random(seed);
	u32 region = (u32)r % REGIONS;
	u64 first = (r >> 16) % (PAGES / 64U) * 64U;

	r >>= 4;
	if (yields == 0U && on[0] && (r & 0x7000U) != 0U) {
		/* Where every access waits, a table comes and goes most of the time (M4). */
		(void)mm_log_stop(&guest.sp, 0, true);
		log_begin(1U << 8, 0, false);
	} else if (!on[region]) {
		log_begin(r, region, false);
		on[region] = true;
	} else if (r % 16U < 6U) {
		pass(region, (r & 0x40U) != 0U);
	} else if (r % 16U < 10U) {
		(void)take(region, first, 64U, (r & 0x40U) != 0U);
	} else if (r % 16U == 10U) {
		log_begin(r, region, true);
	} else if (r % 16U < 14U) {
		(void)mm_log_stop(&guest.sp, region, (r & 0x40U) != 0U);
		on[region] = false;
	} else {
		compare(region);
	}
}

static void side_init(struct side *side, u64 base, u64 size, u32 pool_tables)
{
	struct space_config cfg = mm_config(&machine, 3);

	memset(side, 0, sizeof(*side));
	cfg.pool_tables = pool_tables;
	cfg.step_pages = 256;
	cfg.window_size = WINDOWS * GAP;
	MUST(space_init(&side->sp, &machine.frames, &cfg, size) == CLV_OK);
	MUST(mm_add_memory(&side->sp, GPA(base), HPA(MM_HPA_BASE + base), size) == 0);
}

static void begin(u32 pool_tables, u64 seed)
{
	mm_machine_init(&machine, MIB(128), MIB(8));
	side_init(&guest, BASE, PAGES << PAGE_SHIFT, pool_tables);
	MUST(mm_add_memory(&guest.sp, GPA(region_base(1)), HPA(MM_HPA_BASE + region_base(1)),
			   PAGES << PAGE_SHIFT) == 1);
	side_init(&holder, OWN_BASE, OWN_SIZE, 0);
	memset(vcpu, 0, sizeof(vcpu));
	memset(content, 0, sizeof(content));
	stop = 0;
	pause_all = 0;
	mm_flush_hook = on_flush;
	atomic_hook = yield;
	yield_seed = seed;
}

/*
 * Run @n threads: this one logs; the second is a vCPU of the guest; of the others the third looks,
 * the fourth is the holder's, and all others are the guest's.
 */
static void storm(u32 n, u32 yield_one_in, u32 acts, u32 pool_tables)
{
	static const char *scale;
	bool on[REGIONS] = { false };
	bool window[WINDOWS] = { false };
	u64 seed = n * 1000U + yield_one_in;
	u64 coarse = 0;
	u64 used;

	scale = getenv("THREADS_SCALE");
	acts *= scale != NULL ? (u32)atoi(scale) : 1U;
	begin(pool_tables, seed);
	used = guest.sp.pool.total - guest.sp.pool.free;
	threads = n;
	yields = yield_one_in - 1U;
	for (u32 i = 1; i < n; i++) {
		vcpu[i].seed = seed + i;
		vcpu[i].side = i == 2U ? NULL : i == 3U ? &holder : &guest;
	}
	for (u32 i = 1; i < n; i++)
		MUST(pthread_create(&vcpu[i].id, NULL, i == 2U ? look_thread : vcpu_thread,
				    &vcpu[i]) == 0);
	for (u32 i = 0; i < acts; i++) {
		log_act(&seed, on);
		if (n == 2U)
			look_act(&seed, window);
	}
	for (u32 region = 0; region < REGIONS; region++) {
		if (on[region])
			compare(region);
		if (on[region])
			(void)mm_log_stop(&guest.sp, region, true);
	}
	atomic_set(&stop, 1U);
	for (u32 i = 1; i < n; i++) {
		MUST(pthread_join(vcpu[i].id, NULL) == 0);
		coarse += vcpu[i].cnt.coarse_grants;
	}
	look_end(window);
	atomic_hook = NULL;
	/* Logs that were stopped without putting huge leaves back may still have tables. */
	for (u32 region = 0; region < REGIONS; region++) {
		(void)mm_log_start(&guest.sp, region, CLEAVE_LOG_FAULT, false);
		(void)mm_log_stop(&guest.sp, region, true);
	}
	MUST(guest.sp.pool.total - guest.sp.pool.free == used);
	MUST(vcpu[1].cnt.write_faults > 0U && vcpu[1].cnt.spurious_faults > 0U);
	MUST((coarse > 0U) == (pool_tables != 0U));
	MUST(guest.sp.stats.rules_broken == 0U && holder.sp.stats.rules_broken == 0U);
	mm_destroy(&guest.sp);
	mm_destroy(&holder.sp);
	mm_machine_end(&machine);
}

static void test_two(void **state)
{
	(void)state;
	storm(2, 1, 400, 0);
	storm(2, 16, 120, 0);
}

static void test_three_and_four(void **state)
{
	(void)state;
	storm(3, 4, 120, 0);
	storm(4, 4, 120, 0);
}

static void test_five_to_seven(void **state)
{
	(void)state;
	storm(5, 8, 80, 0);
	storm(6, 4, 80, 0);
	storm(7, 16, 80, 0);
}

static void test_eight(void **state)
{
	(void)state;
	storm(8, 1, 200, 0);
	storm(8, 8, 80, 0);
}

/* M5: a pool that does not suffice makes logs coarse. */
static void test_small_pool(void **state)
{
	(void)state;
	storm(6, 8, 120, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two),	      cmocka_unit_test(test_three_and_four),
		cmocka_unit_test(test_five_to_seven), cmocka_unit_test(test_eight),
		cmocka_unit_test(test_small_pool),
	};

	return cmocka_run_group_tests_name("storm", tests, NULL, NULL);
}
