/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart's G-stage walk, for tests: it reads tables as the specification says, and shares no
 * constant with the code that writes them.
 *
 * Privileged specification, "Virtual Address Translation Process" (Sv39, Sv48, Sv57) and "Guest
 * Physical Address Translation": the root has four times as many entries, and every access counts
 * as a user's. What is reserved must be zero. A hart with Svade faults where A, or D at a store, is
 * not set.
 */
#ifndef TESTS_MODEL_WALKER_H
#define TESTS_MODEL_WALKER_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct walker - tables to walk
 * @root: physical address of the root
 * @levels: 3 (Sv39x4), 4 or 5
 * @host: what is added to a physical address to read there
 * @memory, @size: the memory that can be read; size 0: all. Entries elsewhere are invalid
 */
struct walker {
	uint64_t root;
	unsigned levels;
	uintptr_t host;
	uint64_t memory;
	uint64_t size;
};

/**
 * struct walker_leaf - what a walk has found
 * @pa: physical address that the guest's address translates to
 * @size: bytes that the leaf maps
 * @read, @write, @fetch: what a hart may do there
 * @entry: the entry itself
 */
struct walker_leaf {
	uint64_t pa;
	uint64_t size;
	bool read;
	bool write;
	bool fetch;
	uint64_t entry;
};

enum walker_answer {
	WALKER_NOTHING, /* an invalid entry */
	WALKER_LEAF,
	WALKER_POINTER,
	WALKER_BAD, /* an entry that no hart may be shown: something reserved, or misaligned */
};

/** walker_reaches() - Return: true when the mode translates @gpa at all */
bool walker_reaches(const struct walker *w, uint64_t gpa);

/** walker_read() - Return: the entry for @gpa in the table at physical address @table, of @level */
uint64_t walker_read(const struct walker *w, uint64_t table, uint64_t gpa, unsigned level);

/**
 * walker_judge() - what @entry, of @level, means to a hart that translates @gpa
 * @table: out: physical address, set when the answer is WALKER_POINTER
 * @out: out: set when the answer is WALKER_LEAF
 */
enum walker_answer walker_judge(uint64_t entry, uint64_t gpa, unsigned level, uint64_t *table,
				struct walker_leaf *out);

/**
 * walker_walk() - translate @gpa; @out is set when the answer is WALKER_LEAF
 *
 * Return: any answer but WALKER_POINTER.
 */
enum walker_answer walker_walk(const struct walker *w, uint64_t gpa, struct walker_leaf *out);

/** walker_writes() - Return: true when a store of a guest to @gpa goes through */
bool walker_writes(const struct walker *w, uint64_t gpa);

#endif
