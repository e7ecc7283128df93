/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: a VM's number, cut to the bits that the harts have.
 *
 * Few bits, or none, make VMs share a VMID (VMIDLEN may be 0: privileged specification, "hgatp").
 * The scheduler then flushes everything whenever a hart goes from one VM to another. This file must
 * never decide to leave that out.
 *
 * VMID 0 goes to no VM as long as there is another. While no guest is loaded, hgatp is 0, which is
 * mode Bare with VMID 0, and a VMID whose mode changes has to be flushed ("hgatp"; guest_load()
 * does so for VMID 0).
 */
#include "core/vm/vmid.h"

#include <cleave/atomic.h>
#include "arch/riscv/probe/features.h"
#include "core/run/tlb.h"
#include "core/vm/vm.h"

void vmid_assign(struct vm *vm)
{
	u32 vmids = (1U << features.vmid_bits) - 1U;

	vm->run.vmid = (u16)(vmids == 0U ? 0U : 1U + vm->id % vmids);
	vm->run.vmid_shared = vm_count() > MAX(vmids, 1U);
	tlb_new_life(&vm->run);
	/*
	 * Never 0: a vCPU's tlb_seen of 0 says that it has not entered yet. The count goes on over
	 * a destruction and a creation.
	 */
	if (atomic_read(&vm->run.tlb_gen) == 0U)
		atomic_set(&vm->run.tlb_gen, 1U);
}
