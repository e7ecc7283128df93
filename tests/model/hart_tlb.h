/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one hart may hold of G-stage tables, and what a fence takes away from it: no more than the
 * specification says.
 *
 * - Leaves, at the size of the leaf or of any aligned piece of it. A fence of addresses takes just
 *   these addresses out of what is held, and leaves the rest.
 * - Pointers to tables, at each level. Only a fence of all addresses reaches them (privileged
 *   specification, chapter "H", "Hypervisor Memory-Management Fence Instructions": with rs1 != x0
 *   the fence orders accesses to leaf entries). A walk may begin at any of them.
 * - Invalid entries, which a hart may keep too ("Supervisor Memory-Management Fence Instruction").
 *   Above the last level, the fence of an address does not reach them either.
 *
 * An access uses any of what is held for its address, or a fresh walk. It is chosen at random, and
 * so is what of the walk is kept.
 */
#ifndef TESTS_MODEL_HART_TLB_H
#define TESTS_MODEL_HART_TLB_H

#include "tests/model/walker.h"

#define HART_TLB_LEAVES	  48
#define HART_TLB_POINTERS 16
#define HART_TLB_NOTHINGS 8

/** struct hart_tlb_leaf - @pa is that of @lo; the addresses are [@lo, @hi) */
struct hart_tlb_leaf {
	uint64_t lo;
	uint64_t hi;
	uint64_t pa;
	bool write;
	bool fetch;
};

/** struct hart_tlb_entry - an entry of @level above the last, for the block that begins at @gpa */
struct hart_tlb_entry {
	uint64_t gpa;
	unsigned level;
	uint64_t table;
};

/** struct hart_tlb - what is held; nothing when it is all zero */
struct hart_tlb {
	unsigned leaves;
	unsigned pointers;
	unsigned nothings;
	struct hart_tlb_leaf leaf[HART_TLB_LEAVES];
	struct hart_tlb_entry pointer[HART_TLB_POINTERS];
	struct hart_tlb_entry nothing[HART_TLB_NOTHINGS];
};

/** enum hart_tlb_answer - what came of a translation; a bad walk is a find */
enum hart_tlb_answer {
	HART_TLB_FOUND,
	HART_TLB_HELD_NOTHING, /* an invalid entry that was kept */
	HART_TLB_NOTHING,      /* an invalid entry in the tables */
	HART_TLB_BAD,
};

/**
 * hart_tlb_translate() - translate @gpa
 * @w: the tables
 * @random: state of mm_random()
 * @out: out: set when the answer is HART_TLB_FOUND; it may lack the permission that is needed
 */
enum hart_tlb_answer hart_tlb_translate(struct hart_tlb *t, const struct walker *w, uint64_t gpa,
					uint64_t *random, struct hart_tlb_leaf *out);

/** hart_tlb_keep() - hold @leaf */
void hart_tlb_keep(struct hart_tlb *t, const struct hart_tlb_leaf *leaf);

/** hart_tlb_fence_all() - HFENCE.GVMA with rs1 = x0 */
void hart_tlb_fence_all(struct hart_tlb *t);

/** hart_tlb_fence_range() - HFENCE.GVMA of each address of [@lo, @hi) */
void hart_tlb_fence_range(struct hart_tlb *t, uint64_t lo, uint64_t hi);

#endif
