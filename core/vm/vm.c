/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which VMs there are, where their vCPUs are, and what a VM costs. It must never change any state.
 */
#include "core/vm/vm.h"

#include <cleave/atomic.h>

#define VM_ROOT_SIZE KIB(16) /* bytes of a G-stage root: four pages */

static struct vm *vm_list[CONFIG_MAX_VMS]; /* filled at boot, then read-only */
static u32 vm_nr;

struct vm *vm_get(u32 id)
{
	return id < vm_nr ? vm_list[id] : NULL;
}

u32 vm_count(void)
{
	return vm_nr;
}

void vm_add(struct vm *vm)
{
	vm_list[vm_nr] = vm;
	vm_nr++;
}

bool vm_is_callers(const struct vm *vm)
{
	const struct vcpu *self = vcpu_current();

	return self != NULL && self->vm == vm;
}

void vm_kick_all(struct vm *vm)
{
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_kick(vm->run.vcpu[i]);
}

bool vm_all_out(const struct vm *vm)
{
	/*
	 * The state was set before the modes are read here. Pairs with the barrier between mode =
	 * IN and the look at the state in sched.c: a vCPU that is seen OUT here sees that it may
	 * not enter.
	 */
	smp_mb();
	for (u32 i = 0; i < vm->run.nr_vcpus; i++) {
		/* Acquire pairs with the release in sched.c: all that the vCPU did is visible. */
		if (atomic_read_acquire(&vm->run.vcpu[i]->mode) == (u32)VCPU_IN)
			return false;
	}
	return true;
}

u64 vm_overhead(const struct vm *vm)
{
	u64 bytes = vm->overhead;

	if (vm_state(vm) == (u32)CLEAVE_VM_EMPTY)
		return bytes;
	bytes += ALIGN_UP(vm->images_size, PAGE_SIZE) + VM_ROOT_SIZE +
		 vm->space.pool.total * PAGE_SIZE;
	for (u32 i = 0; i < vm->space.nr_regions; i++)
		bytes += vm->space.region[i].log.memory_size;
	return bytes;
}
