/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for the memory layer on the host: host-physical memory, a flush_remote() that tests can
 * hook into, and helpers that the tests share.
 *
 * The hook lets a test play harts that are worse than those of emulators: an emulator that empties
 * its TLB at every flush hides a wrong or missing range.
 */
#ifndef TESTS_UNIT_MM_HARNESS_H
#define TESTS_UNIT_MM_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include "mm/space.h"
#include "tests/model/walker.h"

/* An assertion for places without cmocka: fuzzers and threads. */
#define MUST(cond)                                                                               \
	do {                                                                                     \
		if (!(cond)) {                                                                   \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #cond); \
			abort();                                                                 \
		}                                                                                \
	} while (0)

/* Where the host-physical memory of tests begins. An HPA that is used as a pointer shows up. */
#define MM_HPA_BASE GIB(4)

/**
 * struct mm_machine - memory of the host that plays the memory of a machine
 * @frames: its frames that tests may take
 * @memory: host address of its first byte
 * @size: bytes
 * @hpa_to_va: for struct space_config
 */
struct mm_machine {
	struct frames frames;
	u8 *memory;
	u64 size;
	uintptr_t hpa_to_va;
};

/**
 * mm_machine_init() - make a machine
 * @guest: bytes from MM_HPA_BASE on that are not in @frames
 * @tables: bytes after them that are
 */
void mm_machine_init(struct mm_machine *m, u64 guest, u64 tables);

/** mm_machine_end() - check that all frames are back, and free the memory */
void mm_machine_end(struct mm_machine *m);

/** mm_config() - Return: a configuration for a space on @m, without limits and with large steps */
struct space_config mm_config(const struct mm_machine *m, u8 levels);

/* What is to happen at a flush; NULL: nothing. The batch is not empty. */
extern void (*mm_flush_hook)(struct space *sp, const struct flush_batch *b);

/* Number of flushes since mm_machine_init() */
extern u64 mm_flushes;

/** mm_batch_covers() - Return: true when flushing @b removes a translation of the page at @gpa */
bool mm_batch_covers(const struct flush_batch *b, u64 gpa);

/** mm_summary_test() - Return: true when the summary bit of @span is set */
static inline bool mm_summary_test(const struct dirty *d, u64 span)
{
	return (atomic_read_acquire(&d->summary[span / 64U]) & BIT64(span % 64U)) != 0U;
}

/** mm_random() - Return: the next number of a xorshift sequence; @state is not 0 */
u64 mm_random(u64 *state);

/** mm_walker() - Return: the tests' own walk of the tables of @gs */
struct walker mm_walker(const struct gstage *gs);

/** mm_pte() - Return: the entry that translates @gpa; @level: out: its level, or NULL */
u64 mm_pte(const struct gstage *gs, u64 gpa, u32 *level);

/**
 * mm_add_memory() - call space_begin_memory(), and do all steps
 *
 * Return: as of space_begin_memory().
 */
int mm_add_memory(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * mm_add_device() - call space_begin_device(), and do all steps
 *
 * Return: as of space_begin_device().
 */
int mm_add_device(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * mm_split_range() - split what is larger than @level in a range, and keep its permissions
 *
 * Return: 0, CLV_ERR_INVAL, CLV_ERR_RANGE, CLV_ERR_NOMEM (the pool is empty; what was split stays).
 */
int mm_split_range(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u32 level);

/**
 * mm_protect() - change permissions of what is mapped in a range; a huge leaf that lies in it only
 * in part is split
 * @clear: permissions to take away, of GSTAGE_PTE_W and _X
 * @set: permissions to give, of GSTAGE_PTE_W and _X
 * @batch: the range is added to it if @clear is not 0
 *
 * Return: 0, CLV_ERR_NOMEM (the pool is empty; no permission has changed).
 */
int mm_protect(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u64 clear, u64 set,
	       struct flush_batch *batch);

/** mm_destroy() - do all steps of space_destroy_step() */
void mm_destroy(struct space *sp);

/**
 * mm_begin() - make a machine of 4 GiB, and on it a space without limits
 * @base: GPA of @size bytes of memory, which begin 1 GiB into the machine's
 */
void mm_begin(struct mm_machine *m, struct space *sp, gpa_t base, u64 size);

/**
 * mm_tables_begin() - make a machine with tables of @levels levels, and @tables in their pool
 *
 * What stood in the frames before is worse than zero.
 */
void mm_tables_begin(struct mm_machine *m, struct gstage *gs, struct table_pool *pool, u32 levels,
		     u64 tables);

/** mm_tables_end() - give back what mm_tables_begin() took, and see that nothing is left */
void mm_tables_end(struct mm_machine *m, struct gstage *gs, struct table_pool *pool);

/** mm_end() - check that @sp has broken no rule, destroy it, and end the machine that it was on */
void mm_end(struct mm_machine *m, struct space *sp);

/** mm_release_pool() - do all steps of table_pool_release_step(), and make the pool anew */
void mm_release_pool(struct table_pool *p, struct frames *frames);

/** mm_log_start() - do all steps of a start. Return: their number */
u64 mm_log_start(struct space *sp, u32 region, u32 mode, bool eager);

/** mm_log_stop() - do all steps of a stop. Return: their number */
u64 mm_log_stop(struct space *sp, u32 region, bool collapse);

/**
 * mm_log_harvest() - harvest the first @pages pages of region 0 in as many calls as it takes
 * @bitmap: out: their bits
 * @calls: out: number of calls; or NULL
 *
 * Return: number of pages reported.
 */
u64 mm_log_harvest(struct space *sp, u64 pages, u64 *bitmap, u64 *calls);

/** mm_span() - Return: the span that space_span_find() finds; its @at is NULL when it finds none */
struct space_span mm_span(struct space *sp, u64 gpa, u64 len);

/** mm_leaves() - do all steps of space_leaves(); @leaves: out */
void mm_leaves(struct space *sp, u32 region, u64 leaves[3]);

#endif
