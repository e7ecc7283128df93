/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: a VM's number, cut to the bits that the harts have.
 *
 * Where two VMs have to share one (few bits or none: VMIDLEN may be 0, privileged specification, "hgatp"), the scheduler flushes
 * everything whenever a hart goes from one VM to another; this file must never decide to leave that out.
 *
 * VMID 0 goes to no VM if there is another: hgatp is 0, mode Bare and VMID 0, while no guest is loaded, and a VMID whose mode
 * changes has to be flushed ("hgatp"; guest_load() does it for VMID 0).
 */
#include "core/vm/vmid.h"

#include <cleave/atomic.h>
#include "arch/riscv/probe/features.h"
#include "core/vm/vm.h"

void vmid_assign(struct vm *vm)
{
	u32 vmids = (1U << features.vmid_bits) - 1U;

	vm->run.vmid = vmids == 0U ? 0U : (u16)(1U + vm->id % vmids);
	vm->run.vmid_shared = vm_count() > MAX(vmids, 1U);
	/* Never 0: a vCPU's tlb_seen of 0 says that it has not entered yet. Kept over a destroy and create. */
	if (atomic_read(&vm->run.tlb_gen) == 0U)
		atomic_set(&vm->run.tlb_gen, 1U);
}
