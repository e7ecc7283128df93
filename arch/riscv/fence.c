/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB and instruction fences on this hart.
 *
 * HFENCE.GVMA takes its address shifted right by two; HFENCE.VVMA takes it as it is (privileged
 * specification, chapter "H", "Hypervisor Memory-Management Fence Instructions").
 */
#include "arch/riscv/fence.h"

#include "arch/riscv/execute.h"
#include "arch/riscv/probe/features.h"

/*
 * On some SoCs the harts keep VA-to-HPA entries that HFENCE.GVMA does not find (errata of split
 * TLBs), and need an HFENCE.VVMA as well. That one flushes the VMID in hgatp, so here it reaches
 * the loaded guest only. A guest that is not loaded owes the fence until it is entered next
 * (core/run/shootdown.c); by then it is loaded.
 */
static inline void fence_split(void)
{
	if (features.split_tlb)
		fence_vvma_all();
}

void fence_gvma_all(void)
{
	execute("hfence.gvma zero, zero");
	fence_split();
}

void fence_gvma_vmid(u16 vmid)
{
	execute_one("hfence.gvma zero, %0", vmid);
	fence_split();
}

void fence_gvma_page(gpa_t gpa, u16 vmid)
{
	execute_two("hfence.gvma %0, %1", gpa.v >> 2, vmid);
	fence_split();
}

void fence_vvma_all(void)
{
	execute("hfence.vvma zero, zero");
}

void fence_vvma_asid(u16 asid)
{
	execute_one("hfence.vvma zero, %0", asid);
}

void fence_vvma_page(u64 va)
{
	execute_one("hfence.vvma %0, zero", va);
}

void fence_vvma_page_asid(u64 va, u16 asid)
{
	execute_two("hfence.vvma %0, %1", va, asid);
}

void fence_instruction(void)
{
	execute("fence.i");
}
