/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probing, hart by hart, with a fix-up for every instruction that a machine may lack.
 *
 * A bit of a WARL register exists if it reads back as it was written (it is "sticky"). The device
 * tree is asked for what no instruction shows: the extensions for the guests' ISA string, and the
 * sizes of cache blocks. It is also asked before the one instruction of Svinval is tried.
 */
#include "arch/riscv/probe/features.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/fixup.h"
#include "arch/riscv/guest.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/model/isa.h"
#include "arch/riscv/probe/csr_scan.h"
#include "arch/riscv/model/hart_out.h"
#include "arch/riscv/probe/features_probe.h"
#include "arch/riscv/model/hart_tree.h"
#include "arch/riscv/probe/selftest.h"

struct features features;

/* The worst result of any hart, for the boot report */
static struct selftest_result features_worst;

/*
 * Andes, as JEDEC id in mvendorid. Its harts keep combined translations apart from G-stage ones
 * (features.h: split_tlb).
 */
#define VENDOR_ANDES UINT64_C(0x31e)

/* Write @bits into a CSR and put its value back. Return: bits that stuck; 0 without such a CSR. */
#define features_sticky(csr, bits)                                \
	({                                                        \
		u64 sticky_old_ = (bits);                         \
		u64 sticky_new_ = 0;                              \
		if (csr_probe_swap(csr, sticky_old_) == CLV_OK) { \
			(void)csr_probe_swap(csr, sticky_old_);   \
			sticky_new_ = sticky_old_ & (bits);       \
		}                                                 \
		sticky_new_;                                      \
	})

/*
 * hgatp.MODE is 8 for Sv39x4, 9 for Sv48x4 and 10 for Sv57x4 (privileged specification, chapter
 * "H", table of the MODE field).
 */
static void features_probe_gstage(struct features *f)
{
	u64 old = csr_read(CSR_HGATP);
	u64 vmid_mask = ((BIT64(HGATP_VMID_BITS) - 1U) << HGATP_VMID_SHIFT);
	u64 vmid;

	for (u32 levels = 3; levels <= 5U; levels++) {
		u64 want = (u64)(SATP_MODE_SV39 + levels - 3U) << SATP_MODE_SHIFT;

		csr_write(CSR_HGATP, want);
		if (csr_read(CSR_HGATP) == want)
			f->gstage_modes = (u8)(f->gstage_modes | (1U << levels));
	}
	/* VMIDLEN is the number of bits that stick, counted from the lowest. */
	csr_write(CSR_HGATP, ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | vmid_mask);
	vmid = (csr_read(CSR_HGATP) & vmid_mask) >> HGATP_VMID_SHIFT;
	for (; (vmid & 1U) != 0U; vmid >>= 1)
		f->vmid_bits++;
	csr_write(CSR_HGATP, old);
	__asm__ volatile("hfence.gvma zero, zero" ::: "memory");
}

/* vsatp has the modes of satp. hgatp is 0 during this, and no guest is loaded. */
static void features_probe_vs_stage(struct features *f)
{
	u64 asid_mask = BIT64(SATP_ASID_BITS) - 1U;
	u64 asid;

	for (u32 levels = 3; levels <= 5U; levels++) {
		u64 want = (u64)(SATP_MODE_SV39 + levels - 3U) << SATP_MODE_SHIFT;

		csr_write(CSR_VSATP, 0);
		csr_write(CSR_VSATP, want);
		if (csr_read(CSR_VSATP) == want)
			f->vs_modes = (u8)(f->vs_modes | (1U << levels));
	}
	csr_write(CSR_VSATP,
		  ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | (asid_mask << SATP_ASID_SHIFT));
	asid = csr_swap(CSR_VSATP, 0) >> SATP_ASID_SHIFT & asid_mask;
	for (; (asid & 1U) != 0U; asid >>= 1)
		f->asid_bits++;
	__asm__ volatile("hfence.vvma zero, zero" ::: "memory");
}

static void features_probe_envcfg(struct features *f)
{
	u64 v = 0;

	/*
	 * henvcfg becomes zero first. Where senvcfg traps, no guest's value is ever written to
	 * henvcfg, so what the firmware has left there would hold for all guests. One such bit is
	 * ADUE, of which guests are not told.
	 */
	(void)csr_probe_write(CSR_HENVCFG, v);
	f->henvcfg = csr_probe_read(CSR_HENVCFG, v) == CLV_OK &&
		     csr_probe_read(CSR_SENVCFG, v) == CLV_OK;
	if (!f->henvcfg)
		return;
	f->adue = features_sticky(CSR_HENVCFG, ENVCFG_ADUE) != 0U;
	f->svpbmt = features_sticky(CSR_HENVCFG, ENVCFG_PBMTE) != 0U;
	/* While menvcfg.STCE is 0, henvcfg.STCE is read-only zero and stimecmp traps. */
	f->sstc = features_sticky(CSR_HENVCFG, ENVCFG_STCE) != 0U &&
		  csr_probe_read(CSR_STIMECMP, v) == CLV_OK;
	f->zicbom = features_sticky(CSR_HENVCFG, ENVCFG_CBCFE) != 0U &&
		    features_sticky(CSR_HENVCFG, ENVCFG_CBIE_FLUSH) != 0U;
	f->zicboz = features_sticky(CSR_HENVCFG, ENVCFG_CBZE) != 0U;
}

/*
 * Does cbo.zero clear just as much as the device tree says? If it cleared less, memory that was
 * zeroed with it would keep what the last owner wrote.
 */
static bool features_zeroes_blocks_of(u8 *memory, u32 size, u32 block)
{
	u64 v = (uintptr_t)memory;

	if (block == 0U || block > size || (block & (block - 1U)) != 0U)
		return false;
	memset(memory, 0xff, size);
	/* MISC-MEM, funct3 = 2, imm = 4 */
	if (fixup_try(".insn i 0x0f, 2, x0, %1, 4", v) != CLV_OK)
		return false;
	for (u32 i = 0; i < size; i++) {
		if (memory[i] != (i < block ? 0U : 0xffU))
			return false;
	}
	return true;
}

/* Try cache-block instructions on the hypervisor's own memory; encodings: CMO specification. */
static void features_probe_cache_blocks(struct features *f)
{
	static u8 block[512] __attribute__((aligned(512)));
	u64 v = (uintptr_t)block;

	f->cbom_block = hart_tree.cbom_block;
	f->cboz_block = hart_tree.cboz_block;
	/* cbo.clean and cbo.flush: MISC-MEM, funct3 = 2, imm = 1 and 2 */
	if (f->cbom_block == 0U || (f->cbom_block & (f->cbom_block - 1U)) != 0U ||
	    fixup_try(".insn i 0x0f, 2, x0, %1, 1", v) != CLV_OK ||
	    fixup_try(".insn i 0x0f, 2, x0, %1, 2", v) != CLV_OK)
		f->zicbom = false;
	f->zicboz = f->zicboz && features_zeroes_blocks_of(block, sizeof(block), f->cboz_block);
	if (!f->zicbom)
		f->cbom_block = 0;
	if (!f->zicboz)
		f->cboz_block = 0;
}

static void features_probe_fp_vector(struct features *f)
{
	u64 old = csr_read(CSR_SSTATUS);
	u64 v = 0;

	csr_set(CSR_SSTATUS, SSTATUS_FS_INITIAL);
	if ((csr_read(CSR_SSTATUS) & SSTATUS_FS) != 0U) {
		/* fmv.x.d is an instruction of D. */
		f->fp = csr_probe_read(CSR_FCSR, v) == CLV_OK &&
			fixup_try(".insn r 0x53, 0, 0x71, %1, x0, x0", v) == CLV_OK;
	}
	csr_set(CSR_SSTATUS, SSTATUS_VS_INITIAL);
	if ((csr_read(CSR_SSTATUS) & SSTATUS_VS) != 0U && csr_probe_read(CSR_VLENB, v) == CLV_OK &&
	    v <= GUEST_VLENB_MAX) {
		f->vector = true;
		f->vlenb = (u16)v;
	}
	csr_write(CSR_SSTATUS, old);
}

/*
 * What few harts have. With Smstateen hstateen0 closes it to guests (guest.c). sctrctl becomes zero
 * for good: what the firmware has left there would put the hypervisor's own jumps among the records
 * that guests may read.
 */
static void features_probe_rare(struct features *f)
{
	bool open = !f->smstateen;
	u64 v = 0;

	f->siselect = open && csr_probe_read(CSR_VSISELECT, v) == CLV_OK;
	f->jvt = open && csr_probe_read(CSR_JVT, v) == CLV_OK;
	f->scontext = open && csr_probe_read(CSR_SCONTEXT, v) == CLV_OK;
	v = 0;
	f->ctr = csr_probe_write(CSR_SCTRCTL, v) == CLV_OK && open &&
		 csr_probe_write(CSR_VSCTRCTL, v) == CLV_OK;
	f->rare = f->siselect || f->jvt || f->scontext || f->ctr;
}

static void features_probe_others(struct features *f)
{
	u64 v = 0;

	/*
	 * sfence.w.inval: SYSTEM, funct7 = 0x0c. It is tried only if the device tree names Svinval.
	 * Otherwise the firmware would see an illegal instruction, and OpenSBI 1.6 prints a message
	 * about it, without a line end, in the middle of whatever is on the console.
	 */
	f->svinval = isa_has(&hart_tree.isa, "svinval") &&
		     fixup_try(".insn r 0x73, 0, 0x0c, x0, x0, x0", v) == CLV_OK;
	f->smstateen = csr_probe_read(CSR_HSTATEEN0, v) == CLV_OK;
	/*
	 * Each of hstateen1 to 3 traps unless the firmware has opened it by mstateenN.SE. One that
	 * is open is set to deny guests all of its state for good, since Cleave switches none of
	 * it.
	 */
	v = 0;
	(void)csr_probe_write(CSR_HSTATEEN1, v);
	(void)csr_probe_write(CSR_HSTATEEN2, v);
	(void)csr_probe_write(CSR_HSTATEEN3, v);
	/* The AIA has two groups of CSRs, which mstateen0 opens one by one. */
	f->aia = csr_probe_read(CSR_SISELECT, v) == CLV_OK &&
		 csr_probe_read(CSR_HVICTL, v) == CLV_OK &&
		 csr_probe_read(CSR_HVIPRIO1, v) == CLV_OK;
	features_probe_rare(f);
	/*
	 * These affect VS-mode's interrupts. They become zero for good: if only some harts have
	 * them, the machine counts as one without an AIA, and Cleave never writes them again.
	 */
	v = 0;
	(void)csr_probe_write(CSR_HVIEN, v);
	(void)csr_probe_write(CSR_HVICTL, v);
	(void)csr_probe_write(CSR_HVIPRIO1, v);
	(void)csr_probe_write(CSR_HVIPRIO2, v);
	v = ~UINT64_C(0);
	if (csr_probe_swap(CSR_HGEIE, v) == CLV_OK) {
		/* Bits 1 to GEILEN of hgeie can be written. */
		(void)csr_probe_swap(CSR_HGEIE, v);
		for (v >>= 1; (v & 1U) != 0U; v >>= 1)
			f->geilen++;
	}
}

static u32 features_lowest_levels(const struct features *f)
{
	for (u32 levels = 3; levels <= 5U; levels++) {
		if ((f->gstage_modes & (1U << levels)) != 0U)
			return levels;
	}
	return 0;
}

/*
 * A hart may set D in the G-stage as it is, or when the firmware lets it (Svadu). Some emulators
 * then also write A and D of a guest's tables through write protection, which no log could see:
 * they are told to leave both to software.
 */
static void features_probe_dirty_bits(struct features *f, u32 levels)
{
	enum selftest_d d = selftest_dirty_bits(levels, f->henvcfg, f->zicboz);

	if (d != SELFTEST_D_SET && firmware_update_ad(true) == CLV_OK) {
		d = selftest_dirty_bits(levels, f->henvcfg, f->zicboz);
		if (d != SELFTEST_D_SET && firmware_update_ad(false) == CLV_OK)
			d = selftest_dirty_bits(levels, f->henvcfg, f->zicboz);
		/* menvcfg.ADUE lets henvcfg.ADUE be set. */
		f->adue = f->henvcfg && features_sticky(CSR_HENVCFG, ENVCFG_ADUE) != 0U;
	}
	f->d_sound = d != SELFTEST_D_UNSOUND;
	f->d_by_hart = d == SELFTEST_D_SET;
}

static void features_probe_translation(struct features *f, struct selftest_result *result)
{
	u32 levels = features_lowest_levels(f);

	*result = (struct selftest_result){ .plain = SELFTEST_AD_NOT_RUN };
	if (levels != 0U) {
		features_probe_dirty_bits(f, levels);
		selftest_run(levels, f->henvcfg, f->adue, result);
	}
	f->svnapot = result->svnapot;
	f->htval = result->htval;
	f->svade = result->plain == SELFTEST_AD_PAGE_FAULT;
	f->ad_sound = result->plain == SELFTEST_AD_PAGE_FAULT ||
		      result->plain == SELFTEST_AD_GUEST_FAULT;
}

/*
 * Some things must be on all harts or on none: henvcfg with senvcfg, Smstateen, and what no
 * Smstateen closes: siselect, jvt, scontext and the CSRs of Ssctr. Guests write senvcfg, sstateen0
 * and these by themselves. If only some harts had them, Cleave would switch them on no hart, and a
 * guest would find there what another partition's guest has left. Nothing but Smstateen can keep a
 * guest from them.
 */
static bool features_is_like_boot_hart(const struct features *f)
{
	if (!f->htval) {
		hart_out(hart_this()->hartid,
			 "htval does not hold the address of a guest-page fault (Shtvala)");
		return false;
	}
	if (f->henvcfg == features.henvcfg && f->smstateen == features.smstateen &&
	    f->siselect == features.siselect && f->jvt == features.jvt &&
	    f->scontext == features.scontext && f->ctr == features.ctr)
		return true;
	hart_out(
		hart_this()->hartid,
		"CSRs differ from the boot hart's (henvcfg %s, Smstateen "
		"%s, open siselect %s, jvt %s, scontext %s, sctrctl %s): guests would find in them "
		"what other guests left",
		features_yes_no(f->henvcfg), features_yes_no(f->smstateen),
		features_yes_no(f->siselect), features_yes_no(f->jvt), features_yes_no(f->scontext),
		features_yes_no(f->ctr));
	return false;
}

/* Narrow `features` to what @f has as well; features_is_like_boot_hart() has passed @f. */
static void features_merge(const struct features *f)
{
	features.sstc = features.sstc && f->sstc;
	features.svinval = features.svinval && f->svinval;
	features.svpbmt = features.svpbmt && f->svpbmt;
	features.svnapot = features.svnapot && f->svnapot;
	features.adue = features.adue && f->adue;
	features.aia = features.aia && f->aia;
	features.fp = features.fp && f->fp;
	features.vector = features.vector && f->vector && features.vlenb == f->vlenb;
	features.zicbom = features.zicbom && f->zicbom;
	features.zicboz = features.zicboz && f->zicboz;
	if (!features.zicbom)
		features.cbom_block = 0;
	if (!features.zicboz)
		features.cboz_block = 0;
	features.split_tlb = features.split_tlb || f->split_tlb;
	features.svade = features.svade && f->svade;
	features.ad_sound = features.ad_sound && f->ad_sound;
	features.d_sound = features.d_sound && f->d_sound;
	features.d_by_hart = features.d_by_hart && f->d_by_hart;
	features.gstage_modes = features.gstage_modes & f->gstage_modes;
	features.vmid_bits = MIN(features.vmid_bits, f->vmid_bits);
	features.vs_modes = features.vs_modes & f->vs_modes;
	features.asid_bits = MIN(features.asid_bits, f->asid_bits);
	features.geilen = MIN(features.geilen, f->geilen);
}

/*
 * What one hart has, for machines whose harts differ: `features` and the boot report hold what all
 * have
 */
static void features_report_hart(const struct features *f, const struct selftest_result *r)
{
	printk(PRINTK_DEBUG "hart %lu: G-stage modes 0x%x, VMIDLEN %u, GEILEN %u, VLEN %u, blocks "
			    "%u and %u, A/D %u and %u",
	       hart_this()->hartid, f->gstage_modes, f->vmid_bits, f->geilen, f->vlenb * 8U,
	       f->cbom_block, f->cboz_block, (u32)r->plain, (u32)r->adue);
	printk(PRINTK_DEBUG "hart %lu: has%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", hart_this()->hartid,
	       f->henvcfg ? " henvcfg" : "", f->sstc ? " sstc" : "", f->svinval ? " svinval" : "",
	       f->svpbmt ? " svpbmt" : "", f->svnapot ? " svnapot" : "", f->adue ? " adue" : "",
	       f->smstateen ? " smstateen" : "", f->aia ? " aia" : "",
	       f->siselect ? " siselect" : "", f->jvt ? " jvt" : "", f->scontext ? " scontext" : "",
	       f->ctr ? " ctr" : "", f->fp ? " fd" : "", f->vector ? " v" : "",
	       f->zicbom ? " zicbom" : "", f->zicboz ? " zicboz" : "");
}

bool features_probe_this(void)
{
	struct features f = { .h = true };
	struct selftest_result result;
	struct firmware_info firmware;

	features_probe_gstage(&f);
	features_probe_vs_stage(&f);
	features_probe_envcfg(&f);
	features_probe_cache_blocks(&f);
	features_probe_fp_vector(&f);
	features_probe_others(&f);
	features_probe_translation(&f, &result);
	firmware_info(&firmware);
	f.split_tlb = firmware.mvendorid == VENDOR_ANDES;
	features_report_hart(&f, &result);
	if (hart_this()->index == 0U) {
		features = f;
		features_worst = result;
		csr_scan();
		return true;
	}
	if (!features_is_like_boot_hart(&f))
		return false;
	features_merge(&f);
	features_worst.plain = MAX(result.plain, features_worst.plain);
	features_worst.adue = MAX(result.adue, features_worst.adue);
	csr_scan();
	return true;
}

const struct selftest_result *features_selftest(void)
{
	return &features_worst;
}

size_t features_guest_isa(bool counters, bool aia, char *buf, size_t size)
{
	u32 have = (features.fp ? 1U << ISA_NEEDS_FP : 0U) |
		   (features.vector ? 1U << ISA_NEEDS_VECTOR : 0U) |
		   (features.sstc ? 1U << ISA_NEEDS_SSTC : 0U) |
		   (features.svinval ? 1U << ISA_NEEDS_SVINVAL : 0U) |
		   (features.svnapot ? 1U << ISA_NEEDS_SVNAPOT : 0U) |
		   (features.svpbmt ? 1U << ISA_NEEDS_SVPBMT : 0U) |
		   (features.svade ? 1U << ISA_NEEDS_SVADE : 0U) |
		   (features.zicbom ? 1U << ISA_NEEDS_ZICBOM : 0U) |
		   (features.zicboz ? 1U << ISA_NEEDS_ZICBOZ : 0U) |
		   (counters ? 1U << ISA_NEEDS_COUNTERS : 0U) |
		   (aia && features.aia ? 1U << ISA_NEEDS_AIA : 0U);
	struct isa isa = hart_tree.isa;

	/*
	 * A device tree may have no ISA strings. Then guests get what every hart with H has: H
	 * needs Sv39 and the base (privileged specification).
	 */
	isa_add_string(&isa, "rv64imac_zicsr_zifencei", 23U);
	return isa_guest_string(&isa, have, buf, size);
}
