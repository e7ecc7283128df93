/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which VMID a VM's translations are tagged with, also where the hart keeps few bits of a VMID or none.
 */
#ifndef CORE_VMID_H
#define CORE_VMID_H

struct vm;

/**
 * vmid_assign() - set vm->run.vmid, vm->run.vmid_shared and the first vm->run.tlb_gen of a VM that is being created
 *
 * vm->id is set. Goes by the id, so that a VM that is destroyed and created again gets the same VMID: what is left of the old
 * one in a TLB is flushed because each vCPU starts with tlb_seen = 0 (vcpu_reset()).
 */
void vmid_assign(struct vm *vm);

#endif
