/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: a VM's number, cut to the bits that the harts have.
 *
 * Where two VMs have to share one (few bits or none: VMIDLEN may be 0, privileged specification, "hgatp"), the scheduler flushes
 * everything whenever a hart goes from one VM to another; this file must never decide to leave that out.
 */
#include "core/vmid.h"

#include <cleave/atomic.h>
#include "arch/riscv/features.h"
#include "core/vm.h"

void vmid_assign(struct vm *vm)
{
	u32 vmids = 1U << features.vmid_bits;

	vm->vmid = (u16)(vm->id & (vmids - 1U));
	vm->vmid_shared = vm_count() > vmids;
	/* Never 0: a vCPU's tlb_seen of 0 says that it has not entered yet. Kept over a destroy and create. */
	if (atomic_read(&vm->tlb_gen) == 0U)
		atomic_set(&vm->tlb_gen, 1U);
}
