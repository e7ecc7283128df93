/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's CSRs: the values that they start with, putting them on a hart, and taking them off
 * again.
 *
 * While a vCPU is loaded (hart->guest), the hart's CSRs hold its state, sstatus and hstatus among
 * them, and the copies in struct guest are stale.
 *
 * This file must never touch a CSR that features.h does not vouch for, and never give a guest a CSR
 * bit through which it could see what another guest has left behind.
 *
 * Locking: none. Everything here works on the hart that calls.
 */
#include "arch/riscv/guest.h"

#include <cleave/atomic.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/execute.h"
#include "arch/riscv/fence.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"

/* Interrupts that VS-mode takes itself: VSSIP, VSTIP, VSEIP */
#define GUEST_IRQS (GUEST_IRQ_SOFT | GUEST_IRQ_TIMER | GUEST_IRQ_EXT)

/*
 * Exceptions that VS-mode takes itself: the ones that a guest causes and handles as on a hart of
 * its own.
 *
 * Access faults are not among them. They mean that the machine has refused an access to memory that
 * Cleave gave to the guest, which has to be reported (exit.c). Virtual-instruction exceptions are
 * not either, because VS-mode knows nothing of them.
 */
#define GUEST_EXCEPTIONS                                                                       \
	(BIT64(CAUSE_FETCH_MISALIGNED) | BIT64(CAUSE_ILLEGAL) | BIT64(CAUSE_BREAKPOINT) |      \
	 BIT64(CAUSE_LOAD_MISALIGNED) | BIT64(CAUSE_STORE_MISALIGNED) | BIT64(CAUSE_ECALL_U) | \
	 BIT64(CAUSE_FETCH_PAGE) | BIT64(CAUSE_LOAD_PAGE) | BIT64(CAUSE_STORE_PAGE))

/*
 * hcounteren: cycle, time and instret. Nobody owns the event counters yet. Without the others a
 * guest that reads one gets an illegal-instruction exception, as from a firmware that closes them.
 */
#define GUEST_COUNTERS 7U
#define GUEST_TIME     2U

/*
 * hstateen0: the guest has its own sstateen0 and senvcfg. Indirect CSRs, interrupt files and custom
 * state stay closed. A guest with an interrupt file has stopi, which follows from what is pending.
 */
#define STATEEN0_AIA	BIT64(59)
#define STATEEN0_ENVCFG BIT64(62)
#define STATEEN0_SE0	BIT64(63)

/* vsstatus.UXL and hstatus.VSXL: 2 in each of them means 64 bits. */
#define XL_64 (UINT64_C(2) << 32)

/* guest_fp.S */
void guest_fp_save(struct guest_fp *fp);
void guest_fp_restore(const struct guest_fp *fp);
void guest_vector_save(struct guest_vector *vec);
void guest_vector_restore(const struct guest_vector *vec);

static bool guest_loaded(const struct guest *g)
{
	return hart_this()->guest == g;
}

static bool guest_has_vector(const struct guest *g)
{
	return features.vector && g->vec.regs != NULL;
}

/*
 * cbo.inval of a guest flushes instead: if it dropped a line, the guest would see what the last
 * owner of the memory has left in DRAM. ADUE stays 0: dirty logging depends on the G-stage's write
 * protection, and hardware A/D updates may bypass it.
 */
static u64 guest_envcfg(void)
{
	u64 cfg = 0;

	if (features.sstc)
		cfg |= ENVCFG_STCE;
	if (features.svpbmt)
		cfg |= ENVCFG_PBMTE;
	if (features.zicbom)
		cfg |= ENVCFG_CBIE_FLUSH | ENVCFG_CBCFE;
	if (features.zicboz)
		cfg |= ENVCFG_CBZE;
	return cfg;
}

static void guest_init_vector(struct guest_vector *vec)
{
	u8 *regs = vec->regs;

	/* vill is set, as on a hart that starts. */
	*vec = (struct guest_vector){ .vtype = BIT64(63), .regs = regs };
	if (regs != NULL)
		memset(regs, 0, 32U * (size_t)features.vlenb);
}

__attribute__((cold)) void guest_init(struct guest *g, u64 pc, u64 a0, u64 a1)
{
	guest_put(g);

	memset(g->x, 0, sizeof(g->x));
	g->x[10] = a0;
	g->x[11] = a1;
	g->pc = pc;
	g->sstatus = SSTATUS_SPP;
	if (features.fp)
		g->sstatus |= SSTATUS_FS_INITIAL;
	if (guest_has_vector(g))
		g->sstatus |= SSTATUS_VS_INITIAL;
	g->hstatus = HSTATUS_SPV | HSTATUS_SPVP | XL_64 | (g->hstatus & HSTATUS_VTW);
	g->henvcfg = features.henvcfg ? guest_envcfg() : 0U;
	g->hideleg = GUEST_IRQS;
	g->hedeleg = GUEST_EXCEPTIONS;
	g->hcounteren = g->no_counters ? GUEST_TIME : GUEST_COUNTERS;
	g->hstateen0 = STATEEN0_SE0 | STATEEN0_ENVCFG | (guest_has_file(g) ? STATEEN0_AIA : 0U);
	g->csr = (struct guest_csrs){ .vsstatus = XL_64, .vstimecmp = UINT64_MAX };
	/*
	 * Firmware opens the counters to user mode before it starts a kernel, and Linux's vDSO
	 * needs it.
	 */
	g->csr.scounteren = GUEST_COUNTERS;

	g->fp = (struct guest_fp){ 0 };
	guest_init_vector(&g->vec);
	g->fp_valid = false;
	g->vec_valid = false;
	g->fp_hart = NULL;
	g->fault_gpa = UINT64_MAX;
}

void guest_set_gstage(struct guest *g, hpa_t root, u8 levels, u16 vmid)
{
	u64 mode = SATP_MODE_SV39 + (u64)levels - 3U;

	g->hgatp = (mode << SATP_MODE_SHIFT) | ((u64)vmid << HGATP_VMID_SHIFT) |
		   (root.v >> PAGE_SHIFT);
	if (guest_loaded(g))
		csr_write(CSR_HGATP, g->hgatp);
}

/*
 * F, D and V registers stay in the hart after guest_put(): the same vCPU may be the next one there.
 * Any other vCPU gets its own, even if it has never used them and they are zero, because it must
 * not see what the last one has left.
 */
static void guest_load_fp(struct guest *g, struct hart *h)
{
	if (h->fp_owner == g && g->fp_hart == h)
		return;
	if (features.fp) {
		csr_set(CSR_SSTATUS, SSTATUS_FS);
		guest_fp_restore(&g->fp);
	}
	if (guest_has_vector(g)) {
		csr_set(CSR_SSTATUS, SSTATUS_VS);
		guest_vector_restore(&g->vec);
	}
	h->fp_owner = g;
	g->fp_hart = h;
}

/*
 * A change makes the fields of both sstatus and vsstatus Dirty (privileged specification,
 * "vsstatus"). On QEMU a write to fcsr, vcsr or vstart makes only that of vsstatus Dirty, and the
 * guest's kernel may have changed it since. So these three are looked at each time.
 */
static void guest_put_fp_csrs(struct guest *g)
{
	u64 fcsr = features.fp ? csr_read(CSR_FCSR) : g->fp.fcsr;
	u64 vcsr = guest_has_vector(g) ? csr_read(CSR_VCSR) : g->vec.vcsr;
	u64 vstart = guest_has_vector(g) ? csr_read(CSR_VSTART) : g->vec.vstart;

	g->fp_valid |= fcsr != g->fp.fcsr;
	g->vec_valid |= vcsr != g->vec.vcsr || vstart != g->vec.vstart;
	g->fp.fcsr = fcsr;
	g->vec.vcsr = vcsr;
	g->vec.vstart = vstart;
}

/*
 * Save the F, D and V registers if the guest has changed them since it was loaded.
 * @sstatus: value of the CSR
 * Return: that value, with FS and VS no longer dirty.
 */
static u64 guest_put_fp(struct guest *g, u64 sstatus)
{
	guest_put_fp_csrs(g);
	if (features.fp && (sstatus & SSTATUS_FS) == SSTATUS_FS) {
		guest_fp_save(&g->fp);
		g->fp_valid = true;
		sstatus = (sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
	}
	if (guest_has_vector(g) && (sstatus & SSTATUS_VS) == SSTATUS_VS) {
		guest_vector_save(&g->vec);
		g->vec_valid = true;
		sstatus = (sstatus & ~SSTATUS_VS) | SSTATUS_VS_CLEAN;
	}
	return sstatus;
}

/*
 * hvictl of a guest whose external interrupt is hvip's. With an emulated interrupt file, IID and
 * IPRIO say that it is pending, and with which priority: stopi shows it by these where VGEIN is 0
 * (Advanced Interrupt Architecture, 6.3.3). The specification has stopi show it without them too,
 * last of all; QEMU does not. VTI stays 0, so nothing else follows from them.
 */
static u64 guest_hvictl(const struct guest *g, u64 hvip)
{
	return guest_has_file(g) && (hvip & GUEST_IRQ_EXT) != 0U ? HVICTL_IID_EXT | 1U : 0U;
}

/* Load the CSRs that say what the guest may do. All but htimedelta are the same for all guests. */
static void guest_load_controls(const struct guest *g)
{
	csr_write(CSR_HEDELEG, g->hedeleg);
	csr_write(CSR_HIDELEG, g->hideleg);
	csr_write(CSR_HCOUNTEREN, g->hcounteren);
	csr_write(CSR_HTIMEDELTA, g->time_offset);
	csr_write(CSR_HGEIE, 0);
	/*
	 * hstateen1 to 3, where the firmware has opened them, are zero since features.c has probed
	 * the hart, and stay so for all guests.
	 */
	if (features.smstateen)
		csr_write(CSR_HSTATEEN0, g->hstateen0);
	/* These affect VS-mode's interrupts. */
	if (features.aia) {
		csr_write(CSR_HVIEN, 0);
		csr_write(CSR_HVICTL, guest_hvictl(g, g->csr.hvip));
		csr_write(CSR_HVIPRIO1, 0);
		csr_write(CSR_HVIPRIO2, 0);
	}
}

/*
 * CSRs that few harts have and from which nothing but Smstateen could keep a guest. Guests are not
 * told of them, so what the records of Ssctr hold need not be kept: it is cleared. sctrstatus and
 * the records have no VS copy (specification of Smctr, "Entry Registers").
 */
static void guest_load_rare(const struct guest_csrs *csr)
{
	if (features.siselect)
		csr_write(CSR_VSISELECT, csr->vsiselect);
	if (features.jvt)
		csr_write(CSR_JVT, csr->jvt);
	if (features.scontext)
		csr_write(CSR_SCONTEXT, csr->scontext);
	if (features.ctr) {
		csr_write(CSR_VSCTRCTL, 0);
		csr_write(CSR_SCTRSTATUS, 0);
		/* sctrclr: SYSTEM, funct12 = 0x104 */
		execute(".insn i 0x73, 0, x0, x0, 0x104");
	}
}

static void guest_put_rare(struct guest_csrs *csr)
{
	if (features.siselect)
		csr->vsiselect = csr_read(CSR_VSISELECT);
	if (features.jvt)
		csr->jvt = csr_read(CSR_JVT);
	if (features.scontext)
		csr->scontext = csr_read(CSR_SCONTEXT);
}

/*
 * If the last guest has left a reservation, an SC of this guest could succeed by it, on a word that
 * was changed after this guest's own LR. So a context switch does an SC to a scratch word
 * (unprivileged specification, "Load-Reserved/Store-Conditional Instructions"). QEMU drops the
 * reservation at each change of mode, so no test there can show the difference; a hart need not
 * drop it.
 */
static void guest_drop_reservation(void)
{
	u64 scratch = 0;

	execute_one("sc.d zero, zero, (%0)", (uintptr_t)&scratch);
}

void guest_load(struct guest *g)
{
	struct hart *h = hart_this();
	u64 fields = SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE | SSTATUS_FS | SSTATUS_VS;

	if (h->guest == g)
		return;
	if (h->guest != NULL)
		guest_put(h->guest);
	guest_drop_reservation();

	/* vsatp is 0 while hgatp and henvcfg change: no walk may mix the tables of two guests. */
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_HGATP, g->hgatp);
	/*
	 * VMID 0 has had mode Bare until now. A change of a VMID's mode needs a fence (privileged
	 * specification, "hgatp").
	 */
	if ((g->hgatp & HGATP_VMID) == 0U)
		fence_gvma_all();
	if (features.henvcfg)
		csr_write(CSR_HENVCFG, g->henvcfg);
	guest_load_controls(g);

	csr_write(CSR_VSSTATUS, g->csr.vsstatus);
	csr_write(CSR_VSIE, g->csr.vsie);
	csr_write(CSR_VSTVEC, g->csr.vstvec);
	csr_write(CSR_VSSCRATCH, g->csr.vsscratch);
	csr_write(CSR_VSEPC, g->csr.vsepc);
	csr_write(CSR_VSCAUSE, g->csr.vscause);
	csr_write(CSR_VSTVAL, g->csr.vstval);
	csr_write(CSR_HVIP, g->csr.hvip);
	if (features.sstc)
		csr_write(CSR_VSTIMECMP, g->csr.vstimecmp);
	/* These have no VS copy: the CSR that governs HS-mode's U-mode governs VU-mode too. */
	csr_write(CSR_SCOUNTEREN, g->csr.scounteren);
	if (features.henvcfg)
		csr_write(CSR_SENVCFG, g->csr.senvcfg);
	if (features.smstateen)
		csr_write(CSR_SSTATEEN0, g->csr.sstateen0);
	if (features.rare)
		guest_load_rare(&g->csr);
	csr_write(CSR_VSATP, g->csr.vsatp);

	guest_load_fp(g, h);
	csr_write(CSR_SSTATUS, (csr_read(CSR_SSTATUS) & ~fields) | (g->sstatus & fields));
	csr_write(CSR_HSTATUS, g->hstatus);
	h->guest = g;
}

void guest_put(struct guest *g)
{
	struct hart *h = hart_this();

	if (h->guest != g || g == NULL)
		return;

	g->sstatus = guest_put_fp(g, csr_read(CSR_SSTATUS));
	g->hstatus = csr_read(CSR_HSTATUS);
	g->csr.vsstatus = csr_read(CSR_VSSTATUS);
	g->csr.vsie = csr_swap(CSR_VSIE, 0);
	g->csr.vstvec = csr_read(CSR_VSTVEC);
	g->csr.vsscratch = csr_read(CSR_VSSCRATCH);
	g->csr.vsepc = csr_read(CSR_VSEPC);
	g->csr.vscause = csr_read(CSR_VSCAUSE);
	g->csr.vstval = csr_read(CSR_VSTVAL);
	g->csr.hvip = csr_swap(CSR_HVIP, 0);
	if (features.sstc)
		g->csr.vstimecmp = csr_swap(CSR_VSTIMECMP, UINT64_MAX);
	g->csr.scounteren = csr_read(CSR_SCOUNTEREN);
	if (features.henvcfg)
		g->csr.senvcfg = csr_read(CSR_SENVCFG);
	if (features.smstateen)
		g->csr.sstateen0 = csr_read(CSR_SSTATEEN0);
	if (features.rare)
		guest_put_rare(&g->csr);
	g->csr.vsatp = csr_swap(CSR_VSATP, 0);
	/* After this the hart walks no table of this guest, not even speculatively (rule M4). */
	csr_write(CSR_HGATP, 0);
	h->guest = NULL;
}

void guest_irq_level(struct guest *g, u64 level)
{
	u64 old = csr_read(CSR_HVIP);
	u64 new = (old & GUEST_IRQ_SOFT) | (level & (GUEST_IRQ_TIMER | GUEST_IRQ_EXT));

	if (new == old)
		return;
	csr_write(CSR_HVIP, new);
	if (guest_has_file(g))
		csr_write(CSR_HVICTL, guest_hvictl(g, new));
}

void guest_irq_soft(struct guest *g)
{
	(void)g;
	csr_set(CSR_HVIP, GUEST_IRQ_SOFT);
}

/* Return: vsie, its bits numbered as in hie and hip: one place further left. */
static HINT_READ u64 guest_enabled(const struct guest *g)
{
	return (guest_loaded(g) ? csr_read(CSR_VSIE) : g->csr.vsie) << 1;
}

static HINT_READ u64 guest_timecmp(const struct guest *g)
{
	if (!features.sstc)
		return UINT64_MAX;
	return guest_loaded(g) ? csr_read(CSR_VSTIMECMP) : g->csr.vstimecmp;
}

HINT_READ bool guest_irq_pending(const struct guest *g, u64 extra)
{
	u64 pending = extra | (guest_loaded(g) ? csr_read(CSR_HIP) : g->csr.hvip);
	u64 enabled = guest_enabled(g);

	if ((pending & enabled & GUEST_IRQS) != 0U)
		return true;
	return (enabled & GUEST_IRQ_TIMER) != 0U && features.sstc &&
	       guest_timecmp(g) <= timer_now() + g->time_offset;
}

HINT_READ u64 guest_timer_deadline(const struct guest *g)
{
	u64 compare = guest_timecmp(g);
	u64 host = timer_now();
	u64 now = host + g->time_offset;

	if (compare == UINT64_MAX || (guest_enabled(g) & GUEST_IRQ_TIMER) == 0U)
		return UINT64_MAX;
	if (compare <= now)
		return host;
	return compare - now > UINT64_MAX - host ? UINT64_MAX : host + (compare - now);
}

void guest_timer_set(struct guest *g, u64 value)
{
	(void)g;
	csr_write(CSR_VSTIMECMP, value);
}

void guest_trap_wfi(struct guest *g, bool on)
{
	if (guest_loaded(g)) {
		if (on)
			csr_set(CSR_HSTATUS, HSTATUS_VTW);
		else
			csr_clear(CSR_HSTATUS, HSTATUS_VTW);
		return;
	}
	g->hstatus = on ? g->hstatus | HSTATUS_VTW : g->hstatus & ~HSTATUS_VTW;
}

void guest_set_time_offset(struct guest *g, u64 offset)
{
	g->time_offset = offset;
	if (guest_loaded(g))
		csr_write(CSR_HTIMEDELTA, offset);
}

u64 guest_vector(const struct guest *g)
{
	(void)g;
	/* Exceptions go to the base address in both modes of vstvec. */
	return csr_read(CSR_VSTVEC) & ~UINT64_C(3);
}

/* Do what a hart does at a trap into VS-mode (privileged specification, "Trap Entry"). */
void guest_inject(struct guest *g, u64 cause, u64 tval)
{
	u64 vsstatus = csr_read(CSR_VSSTATUS);
	u64 from_vs = csr_read(CSR_SSTATUS) & SSTATUS_SPP;

	csr_write(CSR_VSEPC, g->pc);
	csr_write(CSR_VSCAUSE, cause);
	csr_write(CSR_VSTVAL, tval);

	vsstatus &= ~(SSTATUS_SPP | SSTATUS_SPIE);
	vsstatus |= from_vs;
	if ((vsstatus & SSTATUS_SIE) != 0U)
		vsstatus |= SSTATUS_SPIE;
	csr_write(CSR_VSSTATUS, vsstatus & ~SSTATUS_SIE);

	g->pc = guest_vector(g);
	csr_set(CSR_SSTATUS, SSTATUS_SPP);
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
}
