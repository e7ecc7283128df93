/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest without a guest: HLV and HSV translate through VS-stage and G-stage tables that are made
 * here, so a hart can be tried without entering VS-mode (privileged specification, chapter "H",
 * "Hypervisor Virtual-Machine Load and Store Instructions"; on A/D updates by a VS-stage walk:
 * "Two-Stage Address Translation").
 *
 * Whether stores set D in the G-stage is tried in VS-mode too, by the code of vs_try.S.
 *
 * The guest-physical page numbers below are indices into `page`. The test must leave no trace: it
 * puts CSRs back and fences the TLB.
 */
#include "arch/riscv/probe/selftest.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/fixup.h"
#include "arch/riscv/layout.h"
#include "arch/riscv/pte.h"
#include "arch/riscv/start.h"

/* The pages of the guest's memory */
enum {
	PAGE_ROOT, /* VS-stage Sv39 root */
	PAGE_MID,  /* its second level */
	PAGE_LEAF, /* its last level: the page that must not change */
	PAGE_DATA, /* what the leaves point to */
	PAGE_NEXT, /* what a store that crosses a page reaches */
	PAGE_COUNT,
};

/* Guest-physical page number of a 64 KiB NAPOT range, whose first page is PAGE_DATA's memory */
#define NAPOT_GPN      16U
#define NAPOT_ENCODING UINT64_C(0x8) /* low PPN bits of a 64 KiB leaf */

/* Guest-physical page number of the code of vs_try.S */
#define CODE_GPN 32U

/* The stores of vs_try.S, in its order */
enum {
	TRY_STORE,
	TRY_AMO,
	TRY_SC,
	TRY_CBO_ZERO,
	TRY_CROSSING,
	TRY_COUNT,
};

#define VS_TRY_SIZE 16U /* bytes of the code of each */

extern u64 vs_try(u64 pc, u64 a0);
extern const u8 vs_try_code[];

/* Guest-physical page number where nothing is mapped */
#define NOTHING_GPN UINT64_C(0x155)

/* Guest-virtual page numbers */
#define VPN_PLAIN 1U
#define VPN_NAPOT 16U

#define DATA_WORD UINT64_C(0x636c656176650a)

/* Leaves as a guest would make them. U is clear, because VS-mode may not access user pages. */
#define LEAF_RW (PTE_V | PTE_R | PTE_W)

static struct {
	u64 groot[PTE_GSTAGE_ROOT_ENTRIES]; /* 16 KiB, and aligned to that */
	u64 gtable[4][PTE_TABLE_ENTRIES];   /* levels 0 to 3 */
	u64 page[PAGE_COUNT][PTE_TABLE_ENTRIES];
} selftest_mem __attribute__((section(".noinit"), aligned(16384)));

static u64 selftest_hpa_of(const void *p)
{
	return (uintptr_t)p - LAYOUT_IMAGE + start_info.image;
}

/* Make the G-stage: guest page n is page[n]. Only PAGE_DATA may be written. */
static void selftest_make_gstage(u32 levels)
{
	u64 *table = selftest_mem.groot;

	memset(&selftest_mem, 0, sizeof(selftest_mem));
	for (u32 level = levels - 1U; level > 0U; level--) {
		table[0] = pte_make(selftest_hpa_of(selftest_mem.gtable[level - 1U]), PTE_V);
		table = selftest_mem.gtable[level - 1U];
	}
	for (u32 n = 0; n < PAGE_COUNT; n++) {
		u64 flags = PTE_V | PTE_R | PTE_U | PTE_A | PTE_D;

		table[n] = pte_make(selftest_hpa_of(selftest_mem.page[n]),
				    n == PAGE_DATA ? flags | PTE_W : flags);
	}
	table[NAPOT_GPN] = table[PAGE_DATA];
}

/*
 * Make the VS-stage: a plain leaf, in which A or D may have to be set, and a NAPOT leaf that needs
 * nothing.
 * @plain_flags: A and D of the plain leaf
 */
static void selftest_make_vsstage(u64 plain_flags)
{
	selftest_mem.page[PAGE_ROOT][0] = pte_make((u64)PAGE_MID << PAGE_SHIFT, PTE_V);
	selftest_mem.page[PAGE_MID][0] = pte_make((u64)PAGE_LEAF << PAGE_SHIFT, PTE_V);
	selftest_mem.page[PAGE_LEAF][VPN_PLAIN] =
		pte_make((u64)PAGE_DATA << PAGE_SHIFT, LEAF_RW | plain_flags);
	selftest_mem.page[PAGE_LEAF][VPN_NAPOT] = pte_make(
		(u64)(NAPOT_GPN | NAPOT_ENCODING) << PAGE_SHIFT, LEAF_RW | PTE_A | PTE_D | PTE_N);
	selftest_mem.page[PAGE_DATA][0] = DATA_WORD;
}

static void selftest_fence_all(void)
{
	__asm__ volatile("fence rw, rw\n"
			 "hfence.gvma zero, zero\n"
			 "hfence.vvma zero, zero" ::
				 : "memory");
}

/* Load from guest-virtual page @vpn. Return: 0, with the word in @out, or CLV_ERR_FAULT. */
static int selftest_load(u64 vpn, u64 *out)
{
	u64 v = vpn << PAGE_SHIFT;
	int err;

	selftest_fence_all();
	err = fixup_try("hlv.d %1, (%1)", v);
	*out = v;
	return err;
}

static int selftest_store(u64 vpn)
{
	u64 v = vpn << PAGE_SHIFT;

	selftest_fence_all();
	return fixup_try("hsv.d zero, (%1)", v);
}

/*
 * Make one access for which the hart has to set the bits @missing (A, D) in the leaf.
 * Return: what the hart did.
 */
static enum selftest_ad selftest_try_ad(bool store, u64 missing)
{
	u64 *leaf = &selftest_mem.page[PAGE_LEAF][VPN_PLAIN];
	u64 before, word, cause;
	int err;

	selftest_make_vsstage((PTE_A | PTE_D) & ~missing);
	before = *leaf;
	err = store ? selftest_store(VPN_PLAIN) : selftest_load(VPN_PLAIN, &word);
	cause = csr_read(CSR_SCAUSE);
	selftest_fence_all();
	if (*(volatile u64 *)leaf != before)
		return SELFTEST_AD_UNSOUND;
	/* An access that succeeded without setting A or D wrote nothing that a log could miss. */
	if (err == CLV_OK || cause == CAUSE_LOAD_PAGE || cause == CAUSE_STORE_PAGE)
		return SELFTEST_AD_PAGE_FAULT;
	return SELFTEST_AD_GUEST_FAULT;
}

static enum selftest_ad selftest_run_ad(void)
{
	enum selftest_ad worst;
	u64 word;

	/* First the tables must translate as they are, or the faults below would prove nothing. */
	selftest_make_vsstage(PTE_A | PTE_D);
	if (selftest_load(VPN_PLAIN, &word) != CLV_OK || word != DATA_WORD ||
	    selftest_store(VPN_PLAIN) != CLV_OK)
		return SELFTEST_AD_NOT_RUN;
	worst = selftest_try_ad(false, PTE_A | PTE_D);
	worst = MAX(worst, selftest_try_ad(true, PTE_A | PTE_D));
	return MAX(worst, selftest_try_ad(true, PTE_D));
}

static bool selftest_run_napot(void)
{
	u64 word;

	selftest_make_vsstage(PTE_A | PTE_D);
	return selftest_load(VPN_NAPOT, &word) == CLV_OK && word == DATA_WORD;
}

/*
 * Zero is allowed in htval by the privileged specification, and forbidden by Shtvala. Try both an
 * access of the guest's own and one of the walk.
 */
static bool selftest_run_htval(void)
{
	u64 word;
	bool own;

	selftest_make_vsstage(PTE_A | PTE_D);
	selftest_mem.page[PAGE_LEAF][VPN_PLAIN] =
		pte_make(NOTHING_GPN << PAGE_SHIFT, LEAF_RW | PTE_A | PTE_D);
	own = selftest_load(VPN_PLAIN, &word) != CLV_OK &&
	      csr_read(CSR_HTVAL) == NOTHING_GPN << (PAGE_SHIFT - 2U);
	selftest_mem.page[PAGE_MID][0] = pte_make(NOTHING_GPN << PAGE_SHIFT, PTE_V);
	return own && selftest_load(VPN_PLAIN, &word) != CLV_OK &&
	       csr_read(CSR_HTVAL) == ((NOTHING_GPN << PAGE_SHIFT) + VPN_PLAIN * sizeof(u64)) >> 2;
}

/* --- D in the G-stage ------------------------------------------------------------------------- */

/* Take D from the leaves of the pages that are written, or look whether one lacks it. */
static void selftest_clear_d(void)
{
	u64 *table = selftest_mem.gtable[0];

	table[PAGE_DATA] &= ~PTE_D;
	table[PAGE_NEXT] = (table[PAGE_NEXT] | PTE_W) & ~PTE_D;
	selftest_fence_all();
}

static bool selftest_has_d(u32 page)
{
	selftest_fence_all();
	return (*(volatile u64 *)&selftest_mem.gtable[0][page] & PTE_D) != 0U;
}

/*
 * Judge a store through a leaf or two. @made: it did not trap. Where it trapped nothing was
 * written, whatever the cause: a hart need not make misaligned stores.
 */
static enum selftest_d selftest_judge_d(bool made, u64 cause, bool crossing)
{
	if (!made)
		return cause == CAUSE_STORE_GUEST_PAGE ? SELFTEST_D_FAULT : SELFTEST_D_SET;
	return selftest_has_d(PAGE_DATA) && (!crossing || selftest_has_d(PAGE_NEXT))
		       ? SELFTEST_D_SET
		       : SELFTEST_D_UNSOUND;
}

/* Make one store in VS-mode, without a VS-stage. */
static enum selftest_d selftest_store_in_vs(u32 what)
{
	u64 pc = ((u64)CODE_GPN << PAGE_SHIFT) | ((uintptr_t)vs_try_code & PAGE_MASK);
	bool crossing = what == TRY_CROSSING;
	u64 data = (u64)(crossing ? PAGE_NEXT : PAGE_DATA) << PAGE_SHIFT;
	u64 sstatus = csr_read(CSR_SSTATUS);
	u64 hstatus, cause;

	selftest_clear_d();
	csr_write(CSR_SSTATUS, sstatus | SSTATUS_SPP);
	hstatus = csr_swap(CSR_HSTATUS, HSTATUS_SPV | HSTATUS_SPVP);
	cause = vs_try(pc + (u64)what * VS_TRY_SIZE, data);
	csr_write(CSR_HSTATUS, hstatus);
	csr_write(CSR_SSTATUS, sstatus);
	/* The plain store says that the code was reached. */
	if (what == TRY_STORE && cause != CAUSE_ECALL_VS && cause != CAUSE_STORE_GUEST_PAGE)
		return SELFTEST_D_UNSOUND;
	return selftest_judge_d(cause == CAUSE_ECALL_VS, cause, crossing);
}

/* With no VS-stage, nothing delegated and no interrupt enabled: vs_try() knows no other traps. */
static enum selftest_d selftest_stores_in_vs(bool zicboz)
{
	u64 vsatp = csr_swap(CSR_VSATP, 0);
	u64 hedeleg = csr_swap(CSR_HEDELEG, 0);
	u64 sie = csr_swap(CSR_SIE, 0);
	enum selftest_d worst = SELFTEST_D_SET;

	selftest_mem.gtable[0][CODE_GPN] = pte_make(selftest_hpa_of(vs_try_code) & ~PAGE_MASK,
						    PTE_V | PTE_R | PTE_X | PTE_U | PTE_A | PTE_D);
	for (u32 what = 0; what < TRY_COUNT; what++) {
		if (what != TRY_CBO_ZERO || zicboz)
			worst = MAX(worst, selftest_store_in_vs(what));
	}
	csr_write(CSR_SIE, sie);
	csr_write(CSR_HEDELEG, hedeleg);
	csr_write(CSR_VSATP, vsatp);
	return worst;
}

/* What selftest_enter() changes */
struct selftest_csrs {
	u64 hstatus, hgatp, vsatp, vsstatus, henvcfg;
};

static void selftest_enter(u32 levels, bool henvcfg, struct selftest_csrs *s)
{
	s->hstatus = csr_swap(CSR_HSTATUS, HSTATUS_SPVP);
	s->hgatp = csr_swap(CSR_HGATP, ((u64)(SATP_MODE_SV39 + levels - 3U) << SATP_MODE_SHIFT) |
					       (selftest_hpa_of(selftest_mem.groot) >> PAGE_SHIFT));
	s->vsatp = csr_swap(CSR_VSATP, ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | PAGE_ROOT);
	s->vsstatus = csr_swap(CSR_VSSTATUS, 0);
	s->henvcfg = henvcfg ? csr_swap(CSR_HENVCFG, 0) : 0U;
	selftest_make_gstage(levels);
}

static void selftest_leave(bool henvcfg, const struct selftest_csrs *s)
{
	if (henvcfg)
		csr_write(CSR_HENVCFG, s->henvcfg);
	csr_write(CSR_VSSTATUS, s->vsstatus);
	csr_write(CSR_VSATP, s->vsatp);
	csr_write(CSR_HGATP, s->hgatp);
	csr_write(CSR_HSTATUS, s->hstatus);
	selftest_fence_all();
}

enum selftest_d selftest_dirty_bits(u32 levels, bool henvcfg, bool zicboz)
{
	struct selftest_csrs saved;
	enum selftest_d worst = SELFTEST_D_UNSOUND;
	enum selftest_ad walk;

	selftest_enter(levels, henvcfg, &saved);
	walk = selftest_run_ad();
	if (walk == SELFTEST_AD_PAGE_FAULT || walk == SELFTEST_AD_GUEST_FAULT) {
		bool made;

		selftest_make_vsstage(PTE_A | PTE_D);
		selftest_clear_d();
		made = selftest_store(VPN_PLAIN) == CLV_OK;
		worst = selftest_judge_d(made, csr_read(CSR_SCAUSE), false);
		if (zicboz)
			csr_write(CSR_HENVCFG, ENVCFG_CBZE);
		worst = MAX(worst, selftest_stores_in_vs(zicboz));
	}
	selftest_leave(henvcfg, &saved);
	return worst;
}

void selftest_run(u32 levels, bool henvcfg, bool adue, struct selftest_result *out)
{
	struct selftest_csrs saved;

	selftest_enter(levels, henvcfg, &saved);
	*out = (struct selftest_result){ .htval = selftest_run_htval() };
	out->plain = selftest_run_ad();
	out->svnapot = selftest_run_napot();
	if (adue) {
		csr_write(CSR_HENVCFG, ENVCFG_ADUE);
		out->adue = selftest_run_ad();
	}
	selftest_leave(henvcfg, &saved);
}
