/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration of the dirty log: passes over a live partition in every mode, what they found and cost, and a proof that
 * no page changed unreported.
 */
#ifndef GUESTS_MANAGER_DEMO_H
#define GUESTS_MANAGER_DEMO_H

#include "guests/lib/guest.h"

#define MAX_REGIONS 32U
#define PASSES	    5U
#define CHUNK_PAGES 65536U /* that a call is asked for; it may do less */

/** struct region - a memory region of the partition that is looked at; @view: where the manager sees it; @pages: its size;
 * @hash: one a page */
struct region {
	u64 gpa;
	u64 pages;
	const u8 *view;
	u64 *hash;
};

/**
 * struct target - the partition that is looked at
 * @nr: regions that are mapped
 * @timebase: ticks of time in a second
 */
struct target {
	struct cleave_vm_info info;
	u32 nr;
	struct region region[MAX_REGIONS];
	u64 timebase;
};

/** struct verdict - what the checks of page contents came to; @first: GPAs of the first pages that changed unreported */
struct verdict {
	u64 checked;
	u64 unreported;
	u64 first[16];
};

/* demo_run.c: the command, from the partition's choice to the verdict */

/** demo_init() - where the device tree is, which says what memory is free */
void demo_init(const void *fdt);

/** failed() - tell the shell that a call failed, with what and why. Return: true when it did */
bool failed(const struct target *t, const char *what, struct sbiret r);

/** demo_wait() - let @us microseconds pass. Return: false when a person wants it to end, which the shell has been told */
bool demo_wait(u64 us);

/* verify.c: page contents */

/** verify_hash_chunk() - hash those pages of a chunk that @bits has set: they are clean from now on, as far as was told */
void verify_hash_chunk(struct region *r, u64 first, u64 count, const u64 *bits);

/** verify_chunk() - check that the pages of a chunk that @bits does not have set are as they were hashed. Return: false
 * when a call failed */
bool verify_chunk(struct target *t, u32 region, u64 first, u64 count, const u64 *bits,
		  struct verdict *v);

/** verify_hash_all() - hash every page; verify_paused() - with the partition paused, check every page that is clean */
void verify_hash_all(struct target *t);
bool verify_paused(struct target *t, struct verdict *v);

/* demo.c: the passes of one mode */

/** demo_mode() - log in one mode, from start to stop with collapse. Return: false when a call failed */
bool demo_mode(struct target *t, u32 mode, struct verdict *v);

/** demo_table_begin() - print the table's heading; its counters begin here. Return: false when a call failed */
bool demo_table_begin(const struct target *t);

#endif
