/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of a space's life share: life.c sets it up and keeps the order, life_act.c has the
 * acts, life_check.c says what must hold.
 */
#ifndef TESTS_MODEL_LIFE_INTERNAL_H
#define TESTS_MODEL_LIFE_INTERNAL_H

#include "tests/model/fiber.h"
#include "tests/model/hart_tlb.h"
#include "tests/model/life.h"
#include "tests/unit/mm/mm_harness.h"

#define LIFE_REGIONS	 4U
#define LIFE_WINDOWS	 3U
#define LIFE_WINDOW_SIZE MIB(2) /* none is larger */

/**
 * struct life_region - memory that has a log; the first three are neighbours
 * @id: what the code calls it
 * @first: its first page, of those of all regions
 * @on: a manager has been told that the log is on
 * @starting, @stopping, @collapse, @cursor, @mode: of the call that is made in steps
 * @epoch: changes with each of these
 * @answering: harvests and clears that have not answered
 * @leaves: as the mapping made them
 */
struct life_region {
	u32 id;
	u64 base;
	u64 hpa;
	u64 pages;
	u64 first;
	bool on;
	bool starting;
	bool stopping;
	bool collapse;
	u64 cursor;
	u32 mode;
	u32 epoch;
	u32 answering;
	u64 leaves[3];
};

/** struct life_window - @allowed: from the first moment of the call that makes it to the end of the
 * one that takes it away */
struct life_window {
	u64 base;
	u64 size;
	u64 hpa;
	bool there;
	bool allowed;
	bool writable;
};

/**
 * struct life_hart - @in: IN; @asked: it has to fence @batch, and somebody waits for it; @owes: it
 * has to fence everything before it is IN again
 */
struct life_hart {
	struct hart_tlb tlb;
	struct space_counters cnt;
	bool in;
	bool asked;
	bool owes;
	struct flush_batch batch;
};

struct life_actor {
	struct fiber fiber;
	struct history_act act;
	u64 random;
	u64 *bitmap;
};

/**
 * struct life - all of it
 * @pages: of all regions
 * @touched: of each page, 1: it was written
 * @copied: of each page: the first word of it when it was last copied, after an answer
 * @serial: what was written last; each write has another number
 * @turns: how often a fiber was told to go
 */
struct life {
	struct mm_machine machine;
	struct space sp;
	struct space other;
	struct walker walker;
	const struct history *history;
	struct life_region region[LIFE_REGIONS];
	struct life_window window[LIFE_WINDOWS];
	struct life_hart hart[HISTORY_HARTS];
	struct life_actor actor[HISTORY_ACTORS];
	u64 pages;
	u8 *touched;
	u32 *copied;
	u32 serial;
	u64 turns;
	u64 tables_used;
	u64 random;
	struct life_seen *seen;
};

extern struct life life;

/** life_content() - Return: where the first word of @page is */
u32 *life_content(u64 page);

/** life_gpa() - Return: address of @page */
u64 life_gpa(u64 page);

/** life_page_region() - Return: the region of @page */
struct life_region *life_page_region(u64 page);

/** life_is_memory() - Return: true when @gpa is in one of the regions */
bool life_is_memory(u64 gpa);

/** life_expect() - Return: what @gpa must translate to, 0: it must not */
u64 life_expect(u64 gpa);

/** life_hart_this() - Return: the hart that the running fiber is, NULL: it is the manager */
struct life_hart *life_hart_this(void);

/** life_acknowledge() - do the fence that @h was asked for, if it was */
void life_acknowledge(struct life_hart *h);

/* life_check.c */

/** life_check_found() - a hart that is IN has found @leaf for @gpa: is it right? */
void life_check_found(u64 gpa, const struct hart_tlb_leaf *leaf);

/** life_check_page() - is @page clean and protected everywhere, or marked? */
void life_check_page(u64 page);

/** life_check_hart() - may the hart hold what it holds? */
void life_check_hart(const struct life_hart *h);

/** life_check_some() - after act number @n: look at the harts and some pages, at times at all */
void life_check_some(const struct history_act *act, u64 n);

/** life_check_copy() - the copy of a region must be the memory */
void life_check_copy(const struct life_region *r);

/** life_check_leaves() - a region's leaves must be as they were at first */
void life_check_leaves(struct life_region *r);

/* life_act.c */

/** life_act() - do the act of an actor; the fiber's call */
void life_act(void *actor);

/** life_copy() - copy @page, as a migration does after an answer */
void life_copy(u64 page);

#endif
