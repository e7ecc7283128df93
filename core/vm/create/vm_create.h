/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making VMs at boot. Only core/boot/ calls this, on the boot hart, before any guest runs; no lock is needed.
 */
#ifndef CORE_VM_CREATE_H
#define CORE_VM_CREATE_H

#include "core/vm/vm.h"

/**
 * vm_create_all() - make the structures of all VMs of a configuration, and set the memory of "direct-map" aside
 * @cfg, @archive: kept for as long as the machine runs: a restart loads again
 *
 * All VMs come before the memory of any: VMIDs depend on how many there are, and events look at all of them. What cannot
 * be made is said in a line; vm_count() is the number of VMs from then on.
 */
void vm_create_all(const struct config *cfg, const struct archive *archive);

/**
 * vm_create_memory() - take the interrupts of @vm's devices, its memory and its tables, and map the memory
 *
 * The VM is STOPPED then; an empty slot for an incoming partition gets no memory and stays EMPTY.
 *
 * Return: 0, or an error that was said in a line; the VM is EMPTY and keeps no memory then.
 */
int vm_create_memory(struct vm *vm);

/**
 * vm_create_start() - load the images of a STOPPED VM and start its first vCPU
 *
 * Return: 0 (it is RUNNING), or an error that was said in a line; its memory was zeroed and given back then, and it is EMPTY.
 */
int vm_create_start(struct vm *vm);

#endif
