/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's APLIC and the interrupt files of its vCPUs, where its configuration says
 * interrupts = "aia": how they are wired to each other, to the vCPUs and to the other devices.
 *
 * Without CONFIG_AIA none of it is there.
 */
#ifndef CORE_VM_AIA_H
#define CORE_VM_AIA_H

#include "core/vm/vm.h"

#ifdef CONFIG_AIA
/** vm_aia() - Return: true when the VM has an APLIC and interrupt files, and no PLIC */
static inline bool vm_aia(const struct vm *vm)
{
	return vm->cfg->interrupts == CONFIG_INTERRUPTS_AIA;
}

/** vm_aia_init() - put the APLIC and the files on the VM's bus; called as vm_devices_init() */
void vm_aia_init(struct vm *vm);

/** vm_aia_reset() - bring them to their state after power-on; called as vm_devices_reset() */
void vm_aia_reset(struct vm *vm);

/** vm_aia_line() - set the line of @source of the APLIC; any hart, takes aplic->lock */
void vm_aia_line(struct vm *vm, u32 source, bool level);
#else
static inline bool vm_aia(const struct vm *vm)
{
	(void)vm;
	return false;
}

static inline void vm_aia_init(struct vm *vm)
{
	(void)vm;
}

static inline void vm_aia_reset(struct vm *vm)
{
	(void)vm;
}

static inline void vm_aia_line(struct vm *vm, u32 source, bool level)
{
	(void)vm;
	(void)source;
	(void)level;
}
#endif

#endif
