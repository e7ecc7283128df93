/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of the CSRs that a guest can write, when its hart goes over to another guest. Builds
 * for the host too.
 */
#ifndef ARCH_RISCV_GUEST_CSR_H
#define ARCH_RISCV_GUEST_CSR_H

#include <cleave/types.h>

/* siselect of the first and the last record of Ssctr, and after all that a specification names */
#define GUEST_CSR_CTR_FIRST  0x200U
#define GUEST_CSR_CTR_LAST   0x2ffU
#define GUEST_CSR_SELECT_END 0x300U

/**
 * guest_csr_may_write() - can VS-mode write a CSR of this number at all, if there is one?
 *
 * The number says so: bits 11:10 are 3 where it is read-only, and bits 9:8 are the lowest mode that
 * may use it (privileged specification, "CSR Address Mapping Conventions"). VS-mode may not use
 * what belongs to HS-mode or to M-mode.
 */
static inline bool guest_csr_may_write(u32 csr)
{
	return (csr >> 10 & 3U) != 3U && (csr >> 8 & 3U) <= 1U;
}

/**
 * guest_csr_is_kept() - does guest_load() see to it that no guest finds another's value in a CSR?
 *
 * Says no of the registers behind siselect: guest_csr_selected_is_kept().
 */
bool guest_csr_is_kept(u32 csr);

/** guest_csr_selected_is_kept() - the same of what siselect = @select shows through sireg */
bool guest_csr_selected_is_kept(u32 select);

#endif
