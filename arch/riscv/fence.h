/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB and instruction fences on the hart that calls. Whose VMID and whose hart is core's knowledge (core/run/shootdown.c).
 *
 * Privileged specification, chapter "H", "Hypervisor Memory-Management Fence Instructions". A GPA operand is shifted right
 * by two there; these functions take it as it is. Where a SoC keeps combined entries that HFENCE.GVMA does not reach
 * (features.h: split_tlb), the G-stage fences add an HFENCE.VVMA.
 */
#ifndef ARCH_RISCV_FENCE_H
#define ARCH_RISCV_FENCE_H

#include <cleave/types.h>

void fence_gvma_all(void);
void fence_gvma_vmid(u16 vmid);
void fence_gvma_page(gpa_t gpa, u16 vmid);
/* These work on the VMID in hgatp, so the guest must be loaded, or the caller restores hgatp (fence_vvma_vmid). */
void fence_vvma_all(void);
void fence_vvma_asid(u16 asid);
void fence_vvma_page(u64 va);
void fence_vvma_page_asid(u64 va, u16 asid);
void fence_instruction(void);

#endif
