/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A space under real concurrency: some threads are vCPUs that write and fault, and one more is the
 * manager that logs and copies.
 *
 * The threads keep to the protocol of real harts. A vCPU is IN while it may use the tables or its
 * TLB. Whoever flushes raises a generation, and waits until every vCPU that is IN has seen it. A
 * vCPU looks at the generation between two operations, never inside one, and then empties its TLB.
 * A vCPU that comes IN looks before it does anything. Until then a TLB keeps each W that it ever
 * saw.
 *
 * A write changes the content of a page, which is a number. After each answer the manager copies
 * what it was told is dirty, as a migration does. At the end, with all vCPUs OUT, it makes one more
 * pass, and then the copy must equal the memory. A write that goes unreported leaves a difference.
 *
 * Every walk is checked too: whatever is going on, a page maps what it always mapped (M3, M4).
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

#define VCPUS  3U
#define PAGES  (MIB(6) / PAGE_SIZE + 70U)
#define PASSES 24U
#define BASE   (MIB(64) - 0x5000U)

struct vcpu {
	pthread_t id;
	u32 in;	  /* atomic; written by its thread */
	u64 seen; /* generation that its TLB was last emptied for; atomic, its thread writes */
	u8 tlb[PAGES];
	struct space_counters cnt;
	u64 seed;
	u64 writes; /* atomic */
};

static struct mm_machine machine;
static struct space sp;
static struct vcpu vcpu[VCPUS];
static u64 generation;	   /* atomic */
static u32 stop;	   /* atomic */
static u32 pause_all;	   /* atomic */
static u64 content[PAGES]; /* atomic: what guest memory holds */
static u64 copy[PAGES];
static u64 hot;	  /* the pages that all fight for: 24 from here on, */
static u64 apart; /* this far apart */

/* What flush_remote() does in core, with threads in place of harts. */
static void on_flush(struct space *s, const struct flush_batch *b)
{
	u64 want = atomic_add_acq_rel(&generation, 1U) + 1U;

	(void)s;
	(void)b;
	smp_mb();
	for (u32 i = 0; i < VCPUS; i++) {
		while (atomic_read_acquire(&vcpu[i].in) != 0U &&
		       atomic_read_acquire(&vcpu[i].seen) < want)
			sched_yield();
	}
}

static void vcpu_serve(struct vcpu *v)
{
	u64 now = atomic_read_acquire(&generation);

	if (atomic_read(&v->seen) == now)
		return;
	memset(v->tlb, 0, sizeof(v->tlb));
	atomic_set_release(&v->seen, now);
}

static void vcpu_enter(struct vcpu *v)
{
	atomic_set(&v->in, 1U);
	/* Either the thread that flushes sees IN, or we see its generation. */
	smp_mb();
	vcpu_serve(v);
}

/* Walk as a hart does. Return: the leaf that was found. */
static u64 vcpu_walk(u64 gpa)
{
	u32 level;
	u64 pte = mm_pte(&sp.gs, gpa, &level);

	MUST(gstage_pte_is_leaf(pte));
	MUST(gstage_pte_hpa(pte).v + (gpa & (gstage_span(level) - 1U)) == MM_HPA_BASE + gpa);
	return pte;
}

static void vcpu_write(struct vcpu *v, u64 page)
{
	u64 gpa = BASE + (page << PAGE_SHIFT);

	for (u32 tries = 0; v->tlb[page] == 0U; tries++) {
		if ((vcpu_walk(gpa) & GSTAGE_PTE_W) != 0U) {
			v->tlb[page] = 1;
			break;
		}
		(void)space_fault(&sp, GPA(gpa), ACCESS_WRITE, &v->cnt);
		/* Go back to the guest, and serve requests on the way. */
		vcpu_serve(v);
		MUST(tries < 100000U);
	}
	(void)atomic_add(&content[page], 1U);
	(void)atomic_add(&v->writes, 1U);
}

static void *vcpu_thread(void *arg)
{
	struct vcpu *v = arg;

	while (atomic_read(&stop) == 0U) {
		if (atomic_read_acquire(&pause_all) != 0U) {
			sched_yield();
			continue;
		}
		vcpu_enter(v);
		for (u32 n = 0; n < 200U && atomic_read(&pause_all) == 0U; n++) {
			u64 r = mm_random(&v->seed);
			/* A few pages are written by all vCPUs again and again. */
			u64 page = (r & 3U) != 0U ? hot + (r >> 8) % 24U * apart : (r >> 8) % PAGES;

			(void)vcpu_walk(BASE + ((r >> 20) % PAGES << PAGE_SHIFT));
			vcpu_write(v, page);
			if ((r & 0x70U) == 0U)
				vcpu_serve(v);
			/* The hypervisor's own write on behalf of this vCPU. */
			if ((r & 0xf00U) == 0U) {
				struct space_span span =
					mm_span(&sp, BASE + (page << PAGE_SHIFT), 8);
				u64 zero = 0;

				MUST(space_write(&sp, GPA(BASE + (page << PAGE_SHIFT)), &zero, 8) ==
				     CLV_OK);
				(void)atomic_add(&content[page], 1U);
				space_span_mark(&span);
			}
		}
		vcpu_serve(v);
		atomic_set_release(&v->in, 0U);
		if ((mm_random(&v->seed) & 7U) == 0U)
			sched_yield();
	}
	return NULL;
}

static void pause_vcpus(void)
{
	atomic_set_release(&pause_all, 1U);
	for (u32 i = 0; i < VCPUS; i++) {
		while (atomic_read_acquire(&vcpu[i].in) != 0U)
			sched_yield();
	}
}

static void copy_page(u64 page)
{
	copy[page] = atomic_read_acquire(&content[page]);
}

/*
 * Make one pass over the region, in steps, and copy after each answer what it says. Return: pages.
 */
static u64 pass(bool by_clear)
{
	static u64 bitmap[PAGES / 64U + 1U];
	u64 pages = 0;
	u64 first = 0;

	while (first < PAGES) {
		u64 dirty = 0;
		s64 n;

		if (by_clear) {
			n = space_log_get(&sp, 0, first, PAGES - first, bitmap);
			MUST(n > 0);
			n = space_log_clear(&sp, 0, first, (u64)n, bitmap);
		} else {
			n = space_log_harvest(&sp, 0, first, PAGES - first, bitmap, &dirty);
		}
		MUST(n > 0);
		for (u64 i = 0; i < (u64)n; i++) {
			if ((bitmap[i / 64U] & BIT64(i % 64U)) != 0U) {
				copy_page(first + i);
				pages++;
			}
		}
		first += (u64)n;
	}
	return pages;
}

/* Wait until the vCPUs have written @n more times. */
static void wait_writes(u64 n)
{
	u64 target = 0;
	u64 now;

	for (u32 i = 0; i < VCPUS; i++)
		target += atomic_read(&vcpu[i].writes);
	target += n;
	do {
		sched_yield();
		now = 0;
		for (u32 i = 0; i < VCPUS; i++)
			now += atomic_read(&vcpu[i].writes);
	} while (now < target);
}

static void run(u32 mode, bool eager, u32 pool_tables, u32 rounds)
{
	struct space_config cfg;
	u64 leaves[3];
	u64 now[3];
	u64 used;
	u64 writes = 0;
	u64 told = 0;
	u64 faults = 0;
	u64 coarse = 0;

	mm_machine_init(&machine, MIB(512), MIB(4));
	cfg = mm_config(&machine, 3);
	cfg.pool_tables = pool_tables;
	cfg.step_pages = 512;
	memset(&sp, 0, sizeof(sp));
	memset(vcpu, 0, sizeof(vcpu));
	memset(content, 0, sizeof(content));
	MUST(space_init(&sp, &machine.frames, &cfg, PAGES << PAGE_SHIFT) == CLV_OK);
	MUST(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE + BASE), PAGES << PAGE_SHIFT) == 0);
	mm_leaves(&sp, 0, leaves);
	used = sp.pool.total - sp.pool.free;
	/* With a small pool they lie in one leaf that cannot be split, in each of its words. */
	hot = pool_tables != 0U ? 5U + 512U : 0U;
	apart = pool_tables != 0U ? 21U : 1U;
	stop = 0;
	pause_all = 0;
	generation = 0;
	mm_flush_hook = on_flush;
	for (u32 i = 0; i < VCPUS; i++) {
		vcpu[i].seed = 1000U * mode + i + 1U;
		MUST(pthread_create(&vcpu[i].id, NULL, vcpu_thread, &vcpu[i]) == 0);
	}
	for (u32 round = 0; round < rounds; round++) {
		(void)mm_log_start(&sp, 0, mode, eager);
		/*
		 * The first pass of a migration copies everything. An initially-set log reports
		 * everything itself.
		 */
		for (u64 page = 0; mode != CLEAVE_LOG_INITIALLY_SET && page < PAGES; page++)
			copy_page(page);
		for (u32 i = 0; i < PASSES; i++) {
			told += pass(i % 3U == 2U);
			/*
			 * Sometimes make the next pass at once, while the vCPUs are still in the
			 * middle of it.
			 */
			if (i % 4U != 3U)
				wait_writes(i % 2U == 0U ? 300U : 20U);
		}
		pause_vcpus();
		told += pass(false);
		for (u64 page = 0; page < PAGES; page++)
			MUST(copy[page] == content[page]);
		atomic_set_release(&pause_all, 0U);
		/*
		 * Stop the log while they run, every other time without putting huge leaves back.
		 */
		(void)mm_log_stop(&sp, 0, round % 2U == 1U || round + 1U == rounds);
	}
	atomic_set(&stop, 1U);
	for (u32 i = 0; i < VCPUS; i++) {
		MUST(pthread_join(vcpu[i].id, NULL) == 0);
		writes += vcpu[i].writes;
		faults += vcpu[i].cnt.write_faults;
		coarse += vcpu[i].cnt.coarse_grants;
	}
	/* There was real concurrency. */
	MUST(writes > 1000U && told > 100U && faults > 100U &&
	     (coarse > 0U) == (pool_tables != 0U));
	mm_leaves(&sp, 0, now);
	MUST(memcmp(leaves, now, sizeof(now)) == 0);
	MUST(sp.pool.total - sp.pool.free == used);
	MUST(sp.stats.rules_broken == 0U);
	mm_destroy(&sp);
	mm_machine_end(&machine);
}

static void test_fault_driven(void **state)
{
	(void)state;
	run(CLEAVE_LOG_FAULT, false, 0, 60);
}

static void test_eager(void **state)
{
	(void)state;
	run(CLEAVE_LOG_EAGER, true, 0, 60);
}

static void test_initially_set(void **state)
{
	(void)state;
	run(CLEAVE_LOG_INITIALLY_SET, true, 0, 40);
	run(CLEAVE_LOG_INITIALLY_SET, false, 0, 40);
}

/*
 * M5. The region's ends and the way to them take three tables. One more is left, or none, for three
 * leaves of 2 MiB.
 */
static void test_small_pool(void **state)
{
	(void)state;
	run(CLEAVE_LOG_FAULT, false, 3, 100);
	run(CLEAVE_LOG_FAULT, false, 4, 60);
	run(CLEAVE_LOG_INITIALLY_SET, true, 4, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_driven),
		cmocka_unit_test(test_eager),
		cmocka_unit_test(test_initially_set),
		cmocka_unit_test(test_small_pool),
	};

	return cmocka_run_group_tests_name("space_threads", tests, NULL, NULL);
}
