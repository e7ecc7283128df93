/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that partitions drive themselves: their registers in the guest's address
 * space, and their interrupts.
 *
 * The hypervisor never touches such a device. Which partition has which was checked with the
 * configuration.
 *
 * Interrupts are level-triggered. When one comes, the machine's PLIC is claimed. It is completed
 * only when the guest has completed the source at its own, emulated PLIC. In between nobody is
 * interrupted again; after that the machine's PLIC tells whether the device still asserts its line.
 * So a guest that does not serve its device costs nobody anything.
 */
#ifndef CORE_VM_PASS_H
#define CORE_VM_PASS_H

#include "core/config/config.h"

struct vm;

/**
 * vm_pass_init() - set the configuration that says whose devices are whose
 * @cfg: kept for as long as the machine runs
 *
 * At boot, before any VM is made.
 */
void vm_pass_init(const struct config *cfg);

/** vm_pass_config() - Return: what vm_pass_init() was called with */
const struct config *vm_pass_config(void);

/**
 * vm_pass_take() - take the interrupts of a VM's devices from the machine
 *
 * They are off until vm_pass_start(). Once in the life of a VM slot, at boot.
 * Return: 0, or an error of irq_request_held(), which was reported.
 */
int vm_pass_take(struct vm *vm);

/**
 * vm_pass_noncoherent() - Return: true when a device of @vm does not snoop the harts' caches: its
 * node, or a bus above it, has "dma-noncoherent" in the machine's tree
 */
bool vm_pass_noncoherent(const struct vm *vm);

/**
 * vm_pass_map() - begin to map a part of the registers of a VM's devices; space_memory_step() does
 * it
 * @range: number of the register range, counted over all of the VM's devices
 * @at: 0 at first, then what was put there; 0 when all of the range has been begun
 *
 * Under vm->lock.
 * Return: 1; 0 when there is no such range; or an error that was reported.
 */
int vm_pass_map(struct vm *vm, u32 range, u64 *at);

/**
 * vm_pass_start() - let the interrupts of a VM's devices come: it runs now; under vm->lock
 *
 * A VM that is paused keeps what it has: an interrupt that comes waits for it.
 */
void vm_pass_start(struct vm *vm);

/**
 * vm_pass_stop() - switch the interrupts of a VM's devices off; under vm->lock
 *
 * After that no line of the guest's PLIC is up for them, and none is claimed at the machine's PLIC.
 */
void vm_pass_stop(struct vm *vm);

/** vm_pass_report() - report at boot what a VM has, in a line for each device */
void vm_pass_report(const struct vm *vm);

/**
 * vm_pass_print() - write ", NAME FIRST-LAST" for each range of registers that a VM has
 * @buf, @size: where to; what does not fit is cut
 * Return: as str_print().
 */
size_t vm_pass_print(const struct vm *vm, char *buf, size_t size);

#endif
