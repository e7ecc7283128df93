/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that partitions drive themselves: their registers in the guest's address space, and their interrupts.
 *
 * The hypervisor never touches such a device. Which partition has which was checked with the configuration.
 *
 * Interrupts are level-triggered. The machine's PLIC is claimed when one comes, and completed only when the guest has completed
 * the source at its own, emulated one: in between nobody is interrupted again, and after that the machine's PLIC says whether
 * the device still wants something. So a guest that does not serve its device costs nobody anything.
 */
#ifndef CORE_VM_PASS_H
#define CORE_VM_PASS_H

#include "core/config/config.h"

struct vm;

/** vm_pass_init() - @cfg, kept for as long as the machine runs, says whose devices are whose. At boot, before any VM is made */
void vm_pass_init(const struct config *cfg);

/** vm_pass_config() - Return: what vm_pass_init() was given */
const struct config *vm_pass_config(void);

/**
 * vm_pass_take() - take the interrupts of @vm's devices from the machine; they are off until vm_pass_start()
 *
 * Once in the life of a VM slot, at boot. Return: 0, or an error of irq_request_held(), which was said in a line.
 */
int vm_pass_take(struct vm *vm);

/** vm_pass_map() - map the registers of @vm's devices into its space. Return: 0, or an error that was said in a line */
int vm_pass_map(struct vm *vm);

/**
 * vm_pass_start() - let the interrupts of @vm's devices come: it runs
 * vm_pass_stop() - take them back: nothing is raised, and nothing held. Under vm->lock both, or at boot
 *
 * A VM that is paused keeps what it has: an interrupt that comes waits for it.
 */
void vm_pass_start(struct vm *vm);
void vm_pass_stop(struct vm *vm);

/** vm_pass_report() - say at boot what @vm has, in a line for each device */
void vm_pass_report(const struct vm *vm);

/** vm_pass_print() - add ", NAME FIRST-LAST" of each range of registers that @vm has to @buf. Return: as of str_print() */
size_t vm_pass_print(const struct vm *vm, char *buf, size_t size);

#endif
