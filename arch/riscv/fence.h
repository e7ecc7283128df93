/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instructions that fence TLBs and instruction fetches, on the hart that calls. Which harts
 * have to fence for which VM is core's business (core/run/shootdown.c).
 *
 * Privileged specification, chapter "H", "Hypervisor Memory-Management Fence Instructions".
 */
#ifndef ARCH_RISCV_FENCE_H
#define ARCH_RISCV_FENCE_H

#include <cleave/types.h>

/**
 * fence_gvma_all() - flush G-stage translations of all VMIDs
 * fence_gvma_vmid() - flush those of one VMID
 * fence_gvma_page() - flush those of the page at @gpa of one VMID
 *
 * On a SoC with combined entries that HFENCE.GVMA does not reach (features.h: split_tlb) an
 * HFENCE.VVMA follows. It flushes the VMID in hgatp alone.
 */
void fence_gvma_all(void);
void fence_gvma_vmid(u16 vmid);
void fence_gvma_page(gpa_t gpa, u16 vmid);

/**
 * fence_vvma_all() - flush VS-stage translations of the VMID in hgatp
 * fence_vvma_asid() - flush those of one ASID
 * fence_vvma_page() - flush those of the page at @va, a guest-virtual address, in all ASIDs
 * fence_vvma_page_asid() - flush those of the page at @va in one ASID
 *
 * The guest must be loaded on this hart, or hgatp must hold its VMID otherwise.
 */
void fence_vvma_all(void);
void fence_vvma_asid(u16 asid);
void fence_vvma_page(u64 va);
void fence_vvma_page_asid(u64 va, u16 asid);

/** fence_instruction() - have later fetches of this hart see earlier stores (FENCE.I) */
void fence_instruction(void);

#endif
