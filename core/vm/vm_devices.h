/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated devices that every VM has, a UART and a PLIC, and how they are wired: to the
 * console, to the vCPUs, and to each other.
 */
#ifndef CORE_VM_DEVICES_H
#define CORE_VM_DEVICES_H

struct vm;

/**
 * vm_devices_init() - put a VM's devices on its bus, reset them, and join the console
 *
 * The VM has its configuration; its vCPUs may be there or not. Once in the life of a VM slot,
 * before any vCPU runs.
 */
void vm_devices_init(struct vm *vm);

/**
 * vm_devices_reset() - bring the devices of a VM to their state after power-on
 *
 * The VM does not run. The PLIC gets a context for each vCPU that the VM has now (nr_vcpus). The
 * open line of the VM is shown on the console, and ended.
 */
void vm_devices_reset(struct vm *vm);

#endif
