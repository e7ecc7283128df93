/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making VMs at boot. Only core/boot/ calls this, on the boot hart, before any guest runs.
 */
#ifndef CORE_VM_CREATE_H
#define CORE_VM_CREATE_H

#include "core/config/archive.h"
#include "core/config/config.h"
#include "core/vm/vm.h"

/**
 * vm_create_all() - make the structures of all VMs of a configuration
 * @cfg, @archive: kept for as long as the machine runs, because a restart loads again
 *
 * Sets the memory of "direct-map" partitions aside first. All structures are made before the memory
 * of any VM: VMIDs depend on how many VMs there are, and events look at all VMs. When one cannot
 * be made, that is reported and no more are made. vm_count() is right from then on.
 */
void vm_create_all(const struct config *cfg, const struct archive *archive);

/**
 * vm_create_memory() - give a VM its memory
 *
 * Takes the interrupts of its devices, frames and tables, and maps the memory. The VM is STOPPED
 * after that. An empty slot for an incoming partition gets no memory and stays EMPTY.
 *
 * Return: 0, or an error that was reported; the VM is EMPTY then, and keeps no memory.
 */
int vm_create_memory(struct vm *vm);

/**
 * vm_create_start() - let a STOPPED VM start, as soon as the scheduler runs
 *
 * Its own harts then zero its memory, load its images and start its first vCPU, in the steps of a
 * VM_START that nobody calls for. Only a manager waits for the others. A VM that a manager starts
 * keeps its memory as it is until then: VM_START zeroes it.
 */
void vm_create_start(struct vm *vm);

#endif
