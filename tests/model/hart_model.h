/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts for code of core/ and arch/ that was built for the host: CSRs, and what a hart may hold of
 * both stages of translation and of fetched instructions. It does what the instructions say that
 * the code executes (arch/riscv/execute.h, csr.h), and forgets no more than the specification asks
 * for. Between any two of them it may walk tables ahead, by what hgatp and vsatp hold then
 * (privileged specification, "vsatp": the register counts as active in HS-mode too), and keeps what
 * it finds. Whoever used the hart before has left something in vsatp.
 *
 * - The G-stage: tests/model/hart_tlb.h, for each VMID. While hgatp is Bare, addresses translate to
 *   themselves, under the VMID that stands there.
 * - The VS-stage: from pages of guest-virtual addresses to pages of guest-physical ones, for each
 *   VMID. HFENCE.GVMA reaches none of them. A guest's table has one level of 8 words: each is the
 *   number of a guest-physical page.
 * - Instructions: words by their physical address, until FENCE.I.
 */
#ifndef TESTS_MODEL_HART_MODEL_H
#define TESTS_MODEL_HART_MODEL_H

#include <cleave/access.h>
#include <cleave/types.h>
#include "tests/model/hart_tlb.h"

#define HART_MODEL_HARTS 3U
#define HART_MODEL_VMIDS 16U
#define HART_MODEL_VAS	 8U			       /* pages that a guest's table translates */
#define HART_MODEL_CODE	 32U			       /* words that a hart keeps */
#define HART_MODEL_LEFT	 (UINT64_C(8) << 60 | 0x12345) /* in vsatp, when the world begins */

struct hart_model {
	u64 csr[4096];
	struct hart_tlb g[HART_MODEL_VMIDS];
	bool vs_held[HART_MODEL_VMIDS][HART_MODEL_VAS];
	u64 vs_gpa[HART_MODEL_VMIDS][HART_MODEL_VAS];
	u32 codes;
	u64 code_pa[HART_MODEL_CODE];
	u64 code[HART_MODEL_CODE];
	u64 fenced_gpa;
	u64 fenced_vmid;
};

/**
 * struct hart_model_machine - what the harts share
 * @now: the hart that executes
 * @vmid_bits: VMIDLEN
 * @time: of all of them
 * @memory, @size, @host: where physical memory begins, its size, what is added to read there
 * @gpa: where guests' memory begins; harts walk ahead near it
 * @pair: may a hart hold these two at the same time: are they those of one guest?
 * @random: state of mm_random()
 */
struct hart_model_machine {
	struct hart_model hart[HART_MODEL_HARTS];
	u32 now;
	u32 vmid_bits;
	u64 time;
	u64 memory;
	u64 size;
	uintptr_t host;
	u64 gpa;
	bool (*pair)(u64 hgatp, u64 vsatp);
	u64 random;
};

extern struct hart_model_machine hart_model_machine;

/**
 * hart_model_access() - have the guest that is loaded access page @va; its memory is always mapped
 * @gpa: out: guest-physical address of the page
 * @pa: out: physical address, when it goes through
 *
 * Return: false for a guest-page fault: the access is not allowed.
 */
bool hart_model_access(u32 va, enum access access, u64 *gpa, u64 *pa);

/** hart_model_access_gpa() - as if the VS-stage were Bare; @gpa need not be mapped */
bool hart_model_access_gpa(u64 gpa, enum access access, u64 *pa);

/** hart_model_fenced() - was the last HFENCE.GVMA of this hart one of @gpa under @vmid? */
bool hart_model_fenced(u64 gpa, u16 vmid);

/** hart_model_holds() - does @hart hold page @va as @gpa, under @vmid? */
bool hart_model_holds(u32 hart, u16 vmid, u32 va, u64 gpa);

/** hart_model_may_write() - does @hart hold the page at @gpa with W, under @vmid? */
bool hart_model_may_write(u32 hart, u16 vmid, u64 gpa);

/** hart_model_fetch() - Return: the word at @pa, as the hart has fetched it once or does now */
u64 hart_model_fetch(u64 pa);

/** hart_model_soft() - does the software interrupt of the hart wait? */
bool hart_model_soft(void);

/** hart_model_timer() - does its timer interrupt wait? */
bool hart_model_timer(void);

/** hart_model_interrupt() - raise the software interrupt of hart @index */
void hart_model_interrupt(u32 index);

/** hart_model_sfence() - the guest executes SFENCE.VMA of page @va */
void hart_model_sfence(u32 va);

#endif
