/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's registers as state records: checks and copies. It must never touch a CSR of the hart it
 * runs on.
 *
 * If a guest may write a CSR itself, the hart deals with a wrong value no matter who wrote it, so
 * the hypervisor would need no check. A value that no hart can hold is refused all the same,
 * because it shows that the record is not what it claims to be. Of vsie and hvip a record may set
 * only the bits that Cleave gives to guests.
 */
#include "arch/riscv/model/guest_state.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/probe/features.h"

/* vsstatus (privileged specification, "vsstatus"): UBE, and UXL, where 2 means 64 bits */
#define VSSTATUS_UBE BIT64(6)
#define VSSTATUS_UXL (UINT64_C(3) << 32)
#define UXL_64	     (UINT64_C(2) << 32)
#define VSSTATUS_BITS                                                                        \
	(SSTATUS_SIE | SSTATUS_SPIE | VSSTATUS_UBE | SSTATUS_SPP | SSTATUS_VS | SSTATUS_FS | \
	 SSTATUS_SUM | SSTATUS_MXR | VSSTATUS_UXL)

#define VSIE_BITS	(SIP_SSIP | SIP_STIP | SIP_SEIP)
#define VSTVEC_RESERVED BIT64(1) /* MODE 2 and 3 */
#define SENVCFG_BITS	(ENVCFG_FIOM | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE)
#define SCOUNTEREN_BITS UINT64_C(0xffffffff)
#define SSTATEEN0_BITS	UINT64_C(7) /* C, FCSR, JVT: closed to the guest by hstateen0 */

#define FCSR_BITS  UINT64_C(0xff)
#define VCSR_BITS  UINT64_C(7)
#define VTYPE_BITS UINT64_C(0xff) /* vma, vta, vsew, vlmul */
#define VTYPE_VILL BIT64(63)
#define VLMAX_MAX  8U /* most one-byte elements: 8 registers, in units of vlenb */

u32 guest_state_vlenb(void)
{
	return features.vector ? features.vlenb : 0U;
}

bool guest_state_fp(void)
{
	return features.fp;
}

u32 guest_state_asid_bits(void)
{
	return features.asid_bits;
}

/* --- integer registers ------------------------------------------------------------------------ */

void guest_state_get_regs(const struct guest *g, struct cleave_state_regs *r)
{
	memcpy(r->x, &g->x[1], sizeof(r->x));
	r->pc = g->pc;
	r->mode = (g->sstatus & SSTATUS_SPP) != 0U ? CLEAVE_STATE_MODE_VS : CLEAVE_STATE_MODE_VU;
	r->reserved = 0;
}

int guest_state_set_regs(struct guest *g, const struct cleave_state_regs *r)
{
	if ((r->pc & 1U) != 0U || r->mode > CLEAVE_STATE_MODE_VS || r->reserved != 0U)
		return CLV_ERR_INVAL;
	memcpy(&g->x[1], r->x, sizeof(r->x));
	g->pc = r->pc;
	g->sstatus = (features.fp ? SSTATUS_FS_CLEAN : 0U) |
		     (features.vector ? SSTATUS_VS_CLEAN : 0U);
	g->hstatus &= ~HSTATUS_SPVP;
	if (r->mode == CLEAVE_STATE_MODE_VS) {
		g->sstatus |= SSTATUS_SPP;
		g->hstatus |= HSTATUS_SPVP;
	}
	return CLV_OK;
}

/* --- CSRs ------------------------------------------------------------------------------------- */

void guest_state_get_csrs(const struct guest *g, struct cleave_state_csrs *r)
{
	r->sstatus = g->csr.vsstatus & VSSTATUS_BITS;
	r->sie = g->csr.vsie & VSIE_BITS;
	r->stvec = g->csr.vstvec;
	r->sscratch = g->csr.vsscratch;
	r->sepc = g->csr.vsepc;
	r->scause = g->csr.vscause;
	r->stval = g->csr.vstval;
	r->satp = g->csr.vsatp;
	r->scounteren = g->csr.scounteren & SCOUNTEREN_BITS;
	r->senvcfg = g->csr.senvcfg & SENVCFG_BITS;
	r->sstateen0 = g->csr.sstateen0 & SSTATEEN0_BITS;
	/* hvip numbers its bits one place further left than vsip does. */
	r->sip = (g->csr.hvip & GUEST_IRQ_SOFT) >> 1;
}

/* On a hart that lacks the mode vsatp would stay 0, and the guest would lose its page tables. */
static int guest_state_check_satp(u64 satp)
{
	u64 mode = satp >> SATP_MODE_SHIFT;
	u64 asid = satp >> SATP_ASID_SHIFT & (BIT64(SATP_ASID_BITS) - 1U);

	if (mode == 0U)
		return CLV_OK;
	if (mode < SATP_MODE_SV39 || mode > SATP_MODE_SV57)
		return CLV_ERR_INVAL;
	if ((features.vs_modes & BIT64(mode - SATP_MODE_SV39 + 3U)) == 0U ||
	    asid >> features.asid_bits != 0U)
		return CLV_ERR_UNSUPPORTED;
	return CLV_OK;
}

int guest_state_set_csrs(struct guest *g, const struct cleave_state_csrs *r)
{
	int err = guest_state_check_satp(r->satp);

	if ((r->sstatus & ~VSSTATUS_BITS) != 0U || (r->sstatus & VSSTATUS_UXL) != UXL_64 ||
	    (r->sie & ~VSIE_BITS) != 0U || (r->stvec & VSTVEC_RESERVED) != 0U ||
	    (r->sepc & 1U) != 0U || (r->scounteren & ~SCOUNTEREN_BITS) != 0U ||
	    (r->senvcfg & ~SENVCFG_BITS) != 0U || (r->sstateen0 & ~SSTATEEN0_BITS) != 0U ||
	    (r->sip & ~SIP_SSIP) != 0U)
		return CLV_ERR_INVAL;
	if (err != CLV_OK)
		return err;
	/* All CSRs but the timer, which has a record of its own */
	g->csr = (struct guest_csrs){ .vsstatus = r->sstatus,
				      .vsie = r->sie,
				      .vstvec = r->stvec,
				      .vsscratch = r->sscratch,
				      .vsepc = r->sepc,
				      .vscause = r->scause,
				      .vstval = r->stval,
				      .vsatp = r->satp,
				      .hvip = r->sip << 1,
				      .vstimecmp = g->csr.vstimecmp,
				      .scounteren = r->scounteren,
				      .senvcfg = r->senvcfg,
				      .sstateen0 = r->sstateen0 };
	return CLV_OK;
}

/* --- F and D ---------------------------------------------------------------------------------- */

void guest_state_get_fp(const struct guest *g, struct cleave_state_fp *r)
{
	memcpy(r->f, g->fp.f, sizeof(r->f));
	r->fcsr = g->fp.fcsr & FCSR_BITS;
}

int guest_state_set_fp(struct guest *g, const struct cleave_state_fp *r)
{
	if ((r->fcsr & ~FCSR_BITS) != 0U)
		return CLV_ERR_INVAL;
	memcpy(g->fp.f, r->f, sizeof(r->f));
	g->fp.fcsr = r->fcsr;
	g->fp_valid = true;
	g->fp_hart = NULL;
	return CLV_OK;
}

/* --- V ---------------------------------------------------------------------------------------- */

void guest_state_get_vector(const struct guest *g, struct cleave_state_vector *r)
{
	r->vlenb = features.vlenb;
	r->reserved = 0;
	r->vstart = g->vec.vstart;
	r->vl = g->vec.vl;
	r->vtype = g->vec.vtype;
	r->vcsr = g->vec.vcsr;
}

int guest_state_set_vector(struct guest *g, const struct cleave_state_vector *r)
{
	u64 elements = (u64)VLMAX_MAX * features.vlenb;
	bool ill = r->vtype == VTYPE_VILL;

	if (r->vlenb != features.vlenb || r->reserved != 0U || r->vstart >= elements ||
	    r->vl > elements || (r->vcsr & ~VCSR_BITS) != 0U ||
	    (!ill && (r->vtype & ~VTYPE_BITS) != 0U) || (ill && r->vl != 0U))
		return CLV_ERR_INVAL;
	g->vec.vstart = r->vstart;
	g->vec.vl = r->vl;
	g->vec.vtype = r->vtype;
	g->vec.vcsr = r->vcsr;
	g->vec_valid = true;
	g->fp_hart = NULL;
	return CLV_OK;
}

void guest_state_get_half(const struct guest *g, u32 first, void *data)
{
	struct cleave_state_vector_half *half = data;

	half->vlenb = features.vlenb;
	half->reserved = 0;
	memcpy(half + 1, g->vec.regs + (size_t)first * features.vlenb,
	       (size_t)16U * features.vlenb);
}

int guest_state_set_half(struct guest *g, u32 first, const void *data)
{
	const struct cleave_state_vector_half *half = data;

	if (half->vlenb != features.vlenb || half->reserved != 0U)
		return CLV_ERR_INVAL;
	memcpy(g->vec.regs + (size_t)first * features.vlenb, half + 1,
	       (size_t)16U * features.vlenb);
	g->vec_valid = true;
	g->fp_hart = NULL;
	return CLV_OK;
}
