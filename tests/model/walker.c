/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart's G-stage walk, with the numbers of the specification.
 */
#include "tests/model/walker.h"

/* Bits of an entry: "Sv39 page table entry" */
enum {
	VALID = 0x01,
	READ = 0x02,
	WRITE = 0x04,
	FETCH = 0x08,
	USER = 0x10,
	GLOBAL = 0x20,
	ACCESSED = 0x40,
	WRITTEN = 0x80,
};

/* Bits 63 (N), 62 and 61 (PBMT) and 60 to 54 (reserved); Cleave uses none of them. */
static const uint64_t upper_bits = UINT64_C(0xffc0000000000000);

/* Bits 9 and 8, for software, which must not change what they were */
static const uint64_t software_bits = 0x300;

/* Physical page number: bits 53 to 10 */
static uint64_t page_number(uint64_t entry)
{
	return (entry & UINT64_C(0x003ffffffffffc00)) >> 10;
}

static enum walker_answer walker_leaf(uint64_t entry, uint64_t gpa, unsigned level,
				      struct walker_leaf *out)
{
	uint64_t size = UINT64_C(4096) << (9 * level);
	uint64_t base = page_number(entry) * 4096;

	/* G is reserved, and a leaf without U is nobody's. W without R is reserved. */
	if ((entry & GLOBAL) != 0 || (entry & USER) == 0 || (entry & READ) == 0 ||
	    (base & (size - 1)) != 0)
		return WALKER_BAD;
	out->pa = base + (gpa & (size - 1));
	out->size = size;
	out->read = (entry & ACCESSED) != 0;
	out->write = (entry & WRITE) != 0 && (entry & ACCESSED) != 0 && (entry & WRITTEN) != 0;
	out->fetch = (entry & FETCH) != 0 && (entry & ACCESSED) != 0;
	out->entry = entry;
	return WALKER_LEAF;
}

uint64_t walker_read(const struct walker *w, uint64_t table, uint64_t gpa, unsigned level)
{
	uint64_t entries = level == w->levels - 1 ? 2048 : 512;
	uint64_t index = (gpa >> (12 + 9 * level)) & (entries - 1);

	if (w->size != 0 && table - w->memory > w->size - 16384)
		return 0;
	return __atomic_load_n((uint64_t *)(table + w->host) + index, __ATOMIC_RELAXED);
}

enum walker_answer walker_judge(uint64_t entry, uint64_t gpa, unsigned level, uint64_t *table,
				struct walker_leaf *out)
{
	if ((entry & VALID) == 0)
		return WALKER_NOTHING;
	if ((entry & upper_bits) != 0 || (entry & software_bits) != 0)
		return WALKER_BAD;
	if ((entry & (READ | WRITE | FETCH)) != 0)
		return walker_leaf(entry, gpa, level, out);
	/* In a pointer D, A and U are reserved; G is in the G-stage. The last level has none. */
	if ((entry & (USER | GLOBAL | ACCESSED | WRITTEN)) != 0 || level == 0)
		return WALKER_BAD;
	*table = page_number(entry) * 4096;
	return WALKER_POINTER;
}

bool walker_reaches(const struct walker *w, uint64_t gpa)
{
	return (gpa >> (12 + 9 * w->levels + 2)) == 0;
}

enum walker_answer walker_walk(const struct walker *w, uint64_t gpa, struct walker_leaf *out)
{
	enum walker_answer answer = WALKER_BAD;
	uint64_t table = w->root;

	if ((w->root & 0x3fff) != 0 || !walker_reaches(w, gpa))
		return WALKER_BAD;
	for (unsigned level = w->levels; level-- > 0;) {
		answer = walker_judge(walker_read(w, table, gpa, level), gpa, level, &table, out);
		if (answer != WALKER_POINTER)
			break;
	}
	return answer;
}

bool walker_writes(const struct walker *w, uint64_t gpa)
{
	struct walker_leaf leaf;

	return walker_walk(w, gpa, &leaf) == WALKER_LEAF && leaf.write;
}
