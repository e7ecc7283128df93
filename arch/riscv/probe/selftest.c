/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest without a guest: HLV and HSV translate through VS-stage and G-stage tables made here, so that a hart can be tried
 * without entering VS-mode. Privileged specification, chapter "H", "Hypervisor Virtual-Machine Load and Store
 * Instructions"; on A/D updates by a VS-stage walk: "Two-Stage Address Translation".
 *
 * The guest-physical page numbers below are indices into `page`. It must leave no trace: CSRs are put back, TLBs fenced.
 */
#include "arch/riscv/probe/selftest.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/fixup.h"
#include "arch/riscv/layout.h"
#include "arch/riscv/pte.h"
#include "arch/riscv/start.h"

/* The guest's memory: a page each */
enum {
	PAGE_ROOT, /* VS-stage Sv39 root */
	PAGE_MID,  /* its second level */
	PAGE_LEAF, /* its last level: the page that must not change */
	PAGE_DATA, /* what the leaves point to */
	PAGE_COUNT,
};

/* GPA of a 64 KiB NAPOT range whose page 0 is PAGE_DATA; page number of G-stage level 0 */
#define NAPOT_GPN      16U
#define NAPOT_ENCODING UINT64_C(0x8) /* low PPN bits of a 64 KiB leaf */

/* Guest-virtual pages */
#define VPN_PLAIN 1U
#define VPN_NAPOT 16U

#define DATA_WORD UINT64_C(0x636c656176650a)

/* Leaves as a guest would make them; VS-mode accesses need U clear */
#define LEAF_RW (PTE_V | PTE_R | PTE_W)

static struct {
	u64 groot[PTE_GSTAGE_ROOT_ENTRIES]; /* 16 KiB, and aligned to that */
	u64 gtable[4][PTE_TABLE_ENTRIES];   /* levels 0 to 3 */
	u64 page[PAGE_COUNT][PTE_TABLE_ENTRIES];
} t __attribute__((section(".noinit"), aligned(16384)));

static u64 hpa_of(const void *p)
{
	return (uintptr_t)p - LAYOUT_IMAGE + start_info.image;
}

/* G-stage: page n of the guest is page[n]; all may be written but the VS-stage tables */
static void make_gstage(u32 levels)
{
	u64 *table = t.groot;

	memset(&t, 0, sizeof(t));
	for (u32 level = levels - 1U; level > 0U; level--) {
		table[0] = pte_make(hpa_of(t.gtable[level - 1U]), PTE_V);
		table = t.gtable[level - 1U];
	}
	for (u32 n = 0; n < PAGE_COUNT; n++) {
		u64 flags = PTE_V | PTE_R | PTE_U | PTE_A | PTE_D;

		table[n] = pte_make(hpa_of(t.page[n]), n == PAGE_DATA ? flags | PTE_W : flags);
	}
	table[NAPOT_GPN] = table[PAGE_DATA];
}

/* VS-stage: one plain leaf that needs A or D to be set, and one NAPOT leaf that needs nothing */
static void make_vsstage(u64 plain_flags)
{
	t.page[PAGE_ROOT][0] = pte_make((u64)PAGE_MID << PAGE_SHIFT, PTE_V);
	t.page[PAGE_MID][0] = pte_make((u64)PAGE_LEAF << PAGE_SHIFT, PTE_V);
	t.page[PAGE_LEAF][VPN_PLAIN] =
		pte_make((u64)PAGE_DATA << PAGE_SHIFT, LEAF_RW | plain_flags);
	t.page[PAGE_LEAF][VPN_NAPOT] = pte_make((u64)(NAPOT_GPN | NAPOT_ENCODING) << PAGE_SHIFT,
						LEAF_RW | PTE_A | PTE_D | PTE_N);
	t.page[PAGE_DATA][0] = DATA_WORD;
}

static void fence_all(void)
{
	__asm__ volatile("fence rw, rw\n"
			 "hfence.gvma zero, zero\n"
			 "hfence.vvma zero, zero" ::
				 : "memory");
}

/* Load from guest-virtual page @vpn. Return: CLV_OK with the word in @out, or CLV_ERR_FAULT */
static int guest_load(u64 vpn, u64 *out)
{
	u64 v = vpn << PAGE_SHIFT;
	int err;

	fence_all();
	err = fixup_try("hlv.d %1, (%1)", v);
	*out = v;
	return err;
}

static int guest_store(u64 vpn)
{
	u64 v = vpn << PAGE_SHIFT;

	fence_all();
	return fixup_try("hsv.d zero, (%1)", v);
}

/* One access that calls for @missing (A, D) to be set in the leaf */
static enum selftest_ad try_ad(bool store, u64 missing)
{
	u64 *leaf = &t.page[PAGE_LEAF][VPN_PLAIN];
	u64 before, word, cause;
	int err;

	make_vsstage((PTE_A | PTE_D) & ~missing);
	before = *leaf;
	err = store ? guest_store(VPN_PLAIN) : guest_load(VPN_PLAIN, &word);
	cause = csr_read(CSR_SCAUSE);
	fence_all();
	if (*(volatile u64 *)leaf != before)
		return SELFTEST_AD_UNSOUND;
	/* An access that went through without A or D being set wrote nothing that a log could miss. */
	if (err == CLV_OK || cause == CAUSE_LOAD_PAGE || cause == CAUSE_STORE_PAGE)
		return SELFTEST_AD_PAGE_FAULT;
	return SELFTEST_AD_GUEST_FAULT;
}

static enum selftest_ad run_ad(void)
{
	enum selftest_ad worst;
	u64 word;

	/* The tables must translate as they are, or faults below would prove nothing. */
	make_vsstage(PTE_A | PTE_D);
	if (guest_load(VPN_PLAIN, &word) != CLV_OK || word != DATA_WORD ||
	    guest_store(VPN_PLAIN) != CLV_OK)
		return SELFTEST_AD_NOT_RUN;
	worst = try_ad(false, PTE_A | PTE_D);
	worst = MAX(worst, try_ad(true, PTE_A | PTE_D));
	return MAX(worst, try_ad(true, PTE_D));
}

static bool run_napot(void)
{
	u64 word;

	make_vsstage(PTE_A | PTE_D);
	return guest_load(VPN_NAPOT, &word) == CLV_OK && word == DATA_WORD;
}

void selftest_run(u32 levels, bool henvcfg, bool adue, struct selftest_result *out)
{
	u64 hstatus = csr_swap(CSR_HSTATUS, HSTATUS_SPVP);
	u64 hgatp = csr_swap(CSR_HGATP, ((u64)(SATP_MODE_SV39 + levels - 3U) << SATP_MODE_SHIFT) |
						(hpa_of(t.groot) >> PAGE_SHIFT));
	u64 vsatp = csr_swap(CSR_VSATP, ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | PAGE_ROOT);
	u64 vsstatus = csr_swap(CSR_VSSTATUS, 0);
	u64 envcfg = henvcfg ? csr_swap(CSR_HENVCFG, 0) : 0U;

	make_gstage(levels);
	*out = (struct selftest_result){ .plain = run_ad(), .svnapot = run_napot() };
	if (adue) {
		csr_write(CSR_HENVCFG, ENVCFG_ADUE);
		out->adue = run_ad();
	}
	if (henvcfg)
		csr_write(CSR_HENVCFG, envcfg);
	csr_write(CSR_VSSTATUS, vsstatus);
	csr_write(CSR_VSATP, vsatp);
	csr_write(CSR_HGATP, hgatp);
	csr_write(CSR_HSTATUS, hstatus);
	fence_all();
}
