/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated devices that every VM has (a UART and a PLIC), and how they are wired: to the console, to the vCPUs, and
 * to each other.
 */
#ifndef CORE_VM_DEVICES_H
#define CORE_VM_DEVICES_H

struct vm;

/**
 * vm_devices_init() - put @vm's devices on its bus, in their state after power-on, and join the console
 *
 * @vm has its configuration; its vCPUs may be there or not. Once in the life of a VM slot, before any vCPU runs.
 */
void vm_devices_init(struct vm *vm);

/**
 * vm_devices_reset() - power-on state of the devices of @vm, for the vCPUs that it has now (nr_vcpus)
 *
 * The VM does not run. Call it when vCPUs have been made, and with nr_vcpus = 0 before they are freed: from then on no
 * interrupt of a device touches a vCPU. The console's open line of the VM is shown and ended.
 */
void vm_devices_reset(struct vm *vm);

#endif
