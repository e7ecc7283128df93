/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has the calling hart an interrupt file? The tree may name one that is not there, and Smstateen
 * may keep it from the hypervisor: both trap.
 */
#include "arch/riscv/aia.h"
#include "arch/riscv/fixup.h"

bool imsic_here(void)
{
	u64 v = 0;

	return csr_probe_read(CSR_STOPEI, v) == CLV_OK &&
	       (v = 0x70U, csr_probe_write(CSR_SISELECT, v) == CLV_OK) &&
	       csr_probe_read(CSR_SIREG, v) == CLV_OK;
}
