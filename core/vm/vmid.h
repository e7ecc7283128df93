/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which VMID a VM's translations are tagged with, also where harts keep few bits of it, or none.
 */
#ifndef CORE_VMID_H
#define CORE_VMID_H

struct vm;

/**
 * vmid_assign() - set VMID and first flush generation of a VM that is being created
 * @vm: its id is set; gets run.vmid, run.vmid_shared and run.tlb_gen
 *
 * The VMID follows from the id: a VM that is destroyed and created again gets the same one. What a
 * TLB still holds of the old VM is flushed: each vCPU begins with tlb_seen = 0 (vcpu_reset()).
 */
void vmid_assign(struct vm *vm);

#endif
