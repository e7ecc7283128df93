/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration of the dirty log: passes over a live partition in every mode, what they found
 * and what they cost, and a proof that no page changed unreported.
 */
#ifndef GUESTS_MANAGER_DEMO_H
#define GUESTS_MANAGER_DEMO_H

#include "guests/lib/guest.h"

#define DEMO_REGIONS 32U
#define DEMO_CHUNK   65536U /* pages that a call is asked for; it may do fewer */

/**
 * struct demo_region - a memory region of the partition that is looked at
 * @view: where the manager sees it
 * @hash: one hash for each of its pages
 */
struct demo_region {
	u64 gpa;
	u64 pages;
	const u8 *view;
	u64 *hash;
};

/**
 * struct demo_target - the partition that is looked at
 * @nr: regions that are mapped
 * @timebase: ticks in a second
 */
struct demo_target {
	struct cleave_vm_info info;
	u32 nr;
	struct demo_region region[DEMO_REGIONS];
	u64 timebase;
};

/**
 * struct demo_verdict - what comparing the pages came to
 * @checked: comparisons
 * @unreported: pages that changed unreported
 * @first: GPAs of the first of these
 */
struct demo_verdict {
	u64 checked;
	u64 unreported;
	u64 first[16];
};

/* demo_run.c: the command, from the choice of a partition to the verdict */

/** demo_init() - remember the device tree, which says what memory is free */
void demo_init(const void *fdt);

/**
 * demo_failed() - if a hypercall failed, tell the shell what failed and why
 * Return: true when it failed.
 */
bool demo_failed(const struct demo_target *t, const char *what, struct sbiret r);

/**
 * demo_wait() - let @us microseconds pass
 * Return: false after ^C, which the shell has been told.
 */
bool demo_wait(u64 us);

/* verify.c: the contents of pages */

/**
 * verify_hash_chunk() - hash those pages of a chunk whose bit is set in @bits: from now on they
 * count as clean
 */
void verify_hash_chunk(struct demo_region *r, u64 first, u64 count, const u64 *bits);

/**
 * verify_chunk() - check that those pages of a chunk whose bit is not set in @bits are as they were
 * hashed
 * Return: false when a call failed.
 */
bool verify_chunk(struct demo_target *t, u32 region, u64 first, u64 count, const u64 *bits,
		  struct demo_verdict *v);

/** verify_hash_all() - hash every page */
void verify_hash_all(struct demo_target *t);

/**
 * verify_paused() - with the partition paused, check every page that is clean
 * Return: false when a call failed.
 */
bool verify_paused(struct demo_target *t, struct demo_verdict *v);

/* demo.c: the passes of one mode */

/** demo_chunk() - Return: pages of the chunk that begins with page @first of the region */
u64 demo_chunk(const struct demo_region *r, u64 first);

/**
 * demo_mode() - log in one mode, from the start to the stop with collapse
 * Return: false when a call failed.
 */
bool demo_mode(struct demo_target *t, u32 mode, struct demo_verdict *v);

/**
 * demo_table_begin() - print the table's heading, and begin to count
 * Return: false when a call failed.
 */
bool demo_table_begin(const struct demo_target *t);

#endif
