/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for the memory layer on the host: host-physical memory, and a software ledger of what
 * TLBs may hold.
 *
 * The ledger is the adversary that emulators are not: a simulated hart keeps any write permission
 * that a walk of the tables ever gave it, page by page, until a flush that covers the page reaches
 * it. An emulator that empties its TLB at every flush hides a wrong or missing range; the ledger
 * does not.
 */
#ifndef TESTS_UNIT_MM_HARNESS_H
#define TESTS_UNIT_MM_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include "mm/space.h"

/* Usable where there is no cmocka: in fuzzers and in threads. */
#define MUST(cond)                                                                               \
	do {                                                                                     \
		if (!(cond)) {                                                                   \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #cond); \
			abort();                                                                 \
		}                                                                                \
	} while (0)

/*
 * Where the host-physical memory of the tests begins; not 0, so that mistaking an HPA for a pointer
 * shows.
 */
#define MM_HPA_BASE GIB(4)

/**
 * struct mm_machine - memory of the host that stands for a machine's
 * @frames: all of it, free at first but for what @guest was given
 * @hpa_to_va: for space_config
 */
struct mm_machine {
	struct frames frames;
	u8 *memory;
	u64 size;
	uintptr_t hpa_to_va;
};

/**
 * mm_machine_init() - @guest bytes from MM_HPA_BASE on that are not handed out, and @tables bytes
 * of frames behind them
 */
void mm_machine_init(struct mm_machine *m, u64 guest, u64 tables);

/** mm_machine_check() - all frames are back. Ends the memory */
void mm_machine_end(struct mm_machine *m);

/** mm_config() - a configuration for @m: no limits, large steps */
struct space_config mm_config(const struct mm_machine *m, u8 levels);

/*
 * What a test wants to happen at a flush; NULL: it is only counted. Called with a batch that is not
 * empty.
 */
extern void (*mm_flush_hook)(struct space *sp, const struct flush_batch *b);
extern u64 mm_flushes;

/** mm_batch_covers() - Return: true when fencing @b removes a translation of the page at @gpa */
bool mm_batch_covers(const struct flush_batch *b, u64 gpa);

/** mm_random() - Return: next of a xorshift sequence; @state is not 0 */
u64 mm_random(u64 *state);

/** mm_pte() - Return: the entry that translates @gpa; @level may be NULL */
u64 mm_pte(const struct gstage *gs, u64 gpa, u32 *level);

/**
 * mm_add_memory() - space_begin_memory() and all its steps
 *
 * Return: as of space_begin_memory().
 */
int mm_add_memory(struct space *sp, gpa_t base, hpa_t hpa, u64 size);

/**
 * mm_split_range() - split what is larger than @level in a range, permissions as they are
 *
 * Return: 0; CLV_ERR_INVAL, CLV_ERR_RANGE; CLV_ERR_NOMEM: the pool ran out; what was split stays so.
 */
int mm_split_range(struct gstage *gs, struct table_pool *pool, gpa_t gpa, u64 size, u32 level);

/** mm_log_start(), mm_log_stop() - run all steps. Return: the number of steps */
u64 mm_log_start(struct space *sp, u32 region, u32 mode, bool eager);
u64 mm_log_stop(struct space *sp, u32 region, bool collapse);

/** mm_span() - Return: the span that space_span_find() finds; its @at is NULL when it finds none */
struct space_span mm_span(struct space *sp, u64 gpa, u64 len);

/** mm_leaves() - count leaves with space_leaves() */
void mm_leaves(struct space *sp, u32 region, u64 leaves[3]);

#endif
