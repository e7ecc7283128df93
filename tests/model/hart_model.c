/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts on the host. See hart_model.h. CSRs are named by number here: what a number means is the
 * specification's, and not the code's.
 */
#include "tests/model/hart_model.h"
#include <string.h>
#include <cleave/atomic.h>
#include "tests/model/fiber.h"
#include "tests/unit/mm/mm_harness.h"

enum {
	SIP = 0x144,
	STIMECMP = 0x14d,
	VSATP = 0x280,
	HIP = 0x644,
	HVIP = 0x645,
	HGATP = 0x680,
	TIME = 0xc01,
};

struct hart_model_machine hart_model_machine;

u64 csr_host(u32 csr, u64 clear, u64 set);
void execute_host(const char *insn, u64 a, u64 b);

static struct hart_model *hart_model_this(void)
{
	return &hart_model_machine.hart[hart_model_machine.now];
}

static u64 hart_model_random(u64 below)
{
	return mm_random(&hart_model_machine.random) % below;
}

/* --- translation --- */

static u32 hart_model_vmid(u64 vmid)
{
	u64 mask = (UINT64_C(1) << hart_model_machine.vmid_bits) - 1U;

	MUST((vmid & mask) < HART_MODEL_VMIDS);
	return (u32)(vmid & mask);
}

static u32 hart_model_vmid_now(const struct hart_model *h)
{
	return hart_model_vmid(h->csr[HGATP] >> 44 & 0x3fff);
}

/* The G-stage of @gpa, by hgatp */
static enum hart_tlb_answer hart_model_g(struct hart_model *h, u64 gpa, struct hart_tlb_leaf *leaf)
{
	u64 hgatp = h->csr[HGATP];
	struct walker w = { .root = (hgatp & UINT64_C(0xfffffffffff)) << 12,
			    .levels = (unsigned)(hgatp >> 60) - 8U + 3U,
			    .host = hart_model_machine.host,
			    .memory = hart_model_machine.memory,
			    .size = hart_model_machine.size };
	u64 page = gpa & ~UINT64_C(4095);

	if (hgatp >> 60 == 0U) {
		*leaf = (struct hart_tlb_leaf){ page, page + 4096U, page, true, true };
		hart_tlb_keep(&h->g[hart_model_vmid_now(h)], leaf);
		return HART_TLB_FOUND;
	}
	return hart_tlb_translate(&h->g[hart_model_vmid_now(h)], &w, gpa,
				  &hart_model_machine.random, leaf);
}

static bool hart_model_read(u64 pa, u64 *word)
{
	if (pa - hart_model_machine.memory > hart_model_machine.size - 8U)
		return false;
	*word = *(u64 *)(pa + hart_model_machine.host);
	return true;
}

/*
 * The VS-stage of page @va, held or walked. Return: false when the walk has faulted; @gpa: out: the
 * page, or where it faulted.
 */
static bool hart_model_vs(struct hart_model *h, u32 va, u64 *gpa)
{
	u32 vmid = hart_model_vmid_now(h);
	struct hart_tlb_leaf leaf;
	u64 at = ((h->csr[VSATP] & UINT64_C(0xfffffffffff)) << 12) + va * 8U;
	u64 word = 0;

	if (h->vs_held[vmid][va] && hart_model_random(4) != 0U) {
		*gpa = h->vs_gpa[vmid][va];
		return true;
	}
	*gpa = at;
	if (hart_model_g(h, at, &leaf) != HART_TLB_FOUND)
		return false;
	if (!hart_model_read(leaf.pa + (at - leaf.lo), &word)) {
		/* While hgatp is Bare, the address may be that of anything. */
		if (h->csr[HGATP] >> 60 != 0U)
			return false;
		word = hart_model_random(0x200);
	}
	*gpa = hart_model_machine.gpa + (word & 0x1ff) * 4096U;
	if (hart_model_random(4) != 0U) {
		h->vs_held[vmid][va] = true;
		h->vs_gpa[vmid][va] = *gpa;
	}
	return true;
}

/*
 * Are both stages those of one guest? A walk by one guest's page tables and another's G-stage, or
 * none, reads what neither of them may read, and keeps it under a VMID that is not its own.
 */
static bool hart_model_pair(const struct hart_model *h)
{
	if (h->csr[HGATP] == 0U && h->csr[VSATP] == HART_MODEL_LEFT)
		return true;
	return hart_model_machine.pair(h->csr[HGATP], h->csr[VSATP]);
}

/* A hart walks ahead of any access, whoever executes on it. */
static void hart_model_ahead(struct hart_model *h)
{
	struct hart_tlb_leaf leaf;
	u64 gpa = hart_model_machine.gpa + hart_model_random(32) * 4096U;

	if (hart_model_random(2) == 0U)
		return;
	if (h->csr[VSATP] >> 60 != 0U) {
		MUST(hart_model_pair(h));
		if (!hart_model_vs(h, (u32)hart_model_random(HART_MODEL_VAS), &gpa))
			return;
	}
	(void)hart_model_g(h, gpa, &leaf);
}

static bool hart_model_allows(const struct hart_tlb_leaf *leaf, enum access access)
{
	return access == ACCESS_READ || (access == ACCESS_WRITE && leaf->write) ||
	       (access == ACCESS_EXEC && leaf->fetch);
}

bool hart_model_access(u32 va, enum access access, u64 *gpa, u64 *pa)
{
	struct hart_model *h = hart_model_this();
	struct hart_tlb_leaf leaf;

	MUST(h->csr[HGATP] >> 60 != 0U && h->csr[VSATP] >> 60 != 0U);
	MUST(hart_model_vs(h, va, gpa));
	MUST(hart_model_g(h, *gpa, &leaf) == HART_TLB_FOUND);
	*pa = leaf.pa + (*gpa - leaf.lo);
	return hart_model_allows(&leaf, access);
}

bool hart_model_access_gpa(u64 gpa, enum access access, u64 *pa)
{
	struct hart_tlb_leaf leaf;

	if (hart_model_g(hart_model_this(), gpa, &leaf) != HART_TLB_FOUND)
		return false;
	*pa = leaf.pa + (gpa - leaf.lo);
	return hart_model_allows(&leaf, access);
}

u64 hart_model_fetch(u64 pa)
{
	struct hart_model *h = hart_model_this();
	u64 word = 0;
	u32 at;

	for (u32 i = 0; i < h->codes; i++) {
		if (h->code_pa[i] == pa)
			return h->code[i];
	}
	MUST(hart_model_read(pa, &word));
	at = h->codes < HART_MODEL_CODE ? h->codes++ : (u32)hart_model_random(HART_MODEL_CODE);
	h->code_pa[at] = pa;
	h->code[at] = word;
	return word;
}

/* --- CSRs and instructions --- */

bool hart_model_timer(void)
{
	return hart_model_this()->csr[STIMECMP] <= hart_model_machine.time;
}

bool hart_model_soft(void)
{
	return (hart_model_this()->csr[SIP] & 2U) != 0U;
}

void hart_model_interrupt(u32 index)
{
	hart_model_machine.hart[index].csr[SIP] |= 2U;
}

u64 csr_host(u32 csr, u64 clear, u64 set)
{
	struct hart_model *h = hart_model_this();
	u64 old;

	atomic_point();
	old = h->csr[csr];
	if (csr == TIME)
		return hart_model_machine.time++;
	if (csr == HIP)
		return h->csr[HVIP];
	if (csr == SIP)
		old |= hart_model_timer() ? 0x20U : 0U;
	if (clear == 0U && set == 0U)
		return old;
	/* An interrupt that is sent just now must not get lost. */
	if (csr == SIP && (clear & 2U) != 0U && hart_model_random(2) == 0U) {
		fiber_wait();
		old = h->csr[csr];
	}
	hart_model_ahead(h);
	h->csr[csr] = (h->csr[csr] & ~clear) | set;
	hart_model_ahead(h);
	return old;
}

void hart_model_sfence(u32 va)
{
	struct hart_model *h = hart_model_this();

	h->vs_held[hart_model_vmid_now(h)][va] = false;
}

static void hart_model_vvma(struct hart_model *h, u64 va, bool all)
{
	u32 vmid = hart_model_vmid_now(h);

	for (u32 i = 0; i < HART_MODEL_VAS; i++)
		h->vs_held[vmid][i] = h->vs_held[vmid][i] && !all && va >> 12 != i;
}

/* Guests use ASID 0 alone here. */
static bool hart_model_fence(struct hart_model *h, const char *insn, u64 a, u64 b)
{
	if (strcmp(insn, "hfence.gvma zero, zero") == 0) {
		for (u32 i = 0; i < HART_MODEL_VMIDS; i++)
			hart_tlb_fence_all(&h->g[i]);
	} else if (strcmp(insn, "hfence.gvma zero, %0") == 0) {
		hart_tlb_fence_all(&h->g[hart_model_vmid(a)]);
	} else if (strcmp(insn, "hfence.gvma %0, %1") == 0) {
		/* The register holds the address shifted right by two. */
		a = a << 2 & ~UINT64_C(4095);
		h->fenced_gpa = a;
		h->fenced_vmid = b;
		hart_tlb_fence_range(&h->g[hart_model_vmid(b)], a, a + 4096U);
	} else if (strcmp(insn, "hfence.vvma zero, zero") == 0) {
		hart_model_vvma(h, 0, true);
	} else if (strcmp(insn, "hfence.vvma zero, %0") == 0) {
		hart_model_vvma(h, UINT64_MAX, a == 0U);
	} else if (strcmp(insn, "hfence.vvma %0, zero") == 0) {
		hart_model_vvma(h, a, false);
	} else if (strcmp(insn, "hfence.vvma %0, %1") == 0) {
		hart_model_vvma(h, b == 0U ? a : UINT64_MAX, false);
	} else {
		return false;
	}
	return true;
}

bool hart_model_holds(u32 hart, u16 vmid, u32 va, u64 gpa)
{
	const struct hart_model *h = &hart_model_machine.hart[hart];

	return h->vs_held[hart_model_vmid(vmid)][va] && h->vs_gpa[hart_model_vmid(vmid)][va] == gpa;
}

bool hart_model_may_write(u32 hart, u16 vmid, u64 gpa)
{
	const struct hart_tlb *t = &hart_model_machine.hart[hart].g[hart_model_vmid(vmid)];

	for (unsigned i = 0; i < t->leaves; i++) {
		if (gpa >= t->leaf[i].lo && gpa < t->leaf[i].hi && t->leaf[i].write)
			return true;
	}
	return false;
}

bool hart_model_fenced(u64 gpa, u16 vmid)
{
	const struct hart_model *h = hart_model_this();

	return h->fenced_gpa == (gpa & ~UINT64_C(4095)) && h->fenced_vmid == vmid;
}

/* It need not wake for nothing, so it does not. */
static void hart_model_sleep(void)
{
	do {
		fiber_wait();
	} while (!hart_model_soft() && !hart_model_timer());
}

void execute_host(const char *insn, u64 a, u64 b)
{
	struct hart_model *h = hart_model_this();

	atomic_point();
	hart_model_ahead(h);
	if (strcmp(insn, "fence.i") == 0)
		h->codes = 0;
	else if (strcmp(insn, "wfi") == 0)
		hart_model_sleep();
	else if (!hart_model_fence(h, insn, a, b))
		MUST(strncmp(insn, "sc.d ", 5) == 0 || strncmp(insn, ".insn ", 6) == 0);
	hart_model_ahead(h);
}
