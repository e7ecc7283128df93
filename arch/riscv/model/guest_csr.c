/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CSRs that guest_load() and guest_put() switch or clear. It must name none that they do not.
 */
#include "arch/riscv/model/guest_csr.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/probe/features.h"

bool guest_csr_is_kept(u32 csr)
{
	switch (csr) {
	case CSR_FFLAGS:
	case CSR_FRM:
	case CSR_FCSR:
	case CSR_VSTART:
	case CSR_VXSAT:
	case CSR_VXRM:
	case CSR_VCSR:
	case CSR_SSTATUS:
	case CSR_SIE:
	case CSR_STVEC:
	case CSR_SCOUNTEREN:
	case CSR_SSCRATCH:
	case CSR_SEPC:
	case CSR_SCAUSE:
	case CSR_STVAL:
	case CSR_SIP:
	case CSR_SATP:
		return true; /* where there is no F or V, sstatus closes what belongs to it */
	case CSR_SENVCFG:
		return features.henvcfg;
	case CSR_SSTATEEN0:
		return features.smstateen;
	case CSR_STIMECMP:
		return features.sstc;
	case CSR_SISELECT:
		return features.siselect;
	case CSR_JVT:
		return features.jvt;
	case CSR_SCONTEXT:
		return features.scontext;
	case CSR_SCTRCTL:
	case CSR_SCTRSTATUS:
		return features.ctr;
	default:
		return false;
	}
}

bool guest_csr_selected_is_kept(u32 select)
{
	return select >= GUEST_CSR_CTR_FIRST && select <= GUEST_CSR_CTR_LAST && features.ctr;
}
