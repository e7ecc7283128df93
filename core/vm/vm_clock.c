/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's time goes on while the VM runs, and stands still while the VM is paused. So a guest that
 * was paused, or moved to another machine meanwhile, sees neither a jump nor a step back.
 *
 * All vCPUs of a VM have the same offset to the host's time. It changes only while none of them is
 * on a hart or loaded on one: a guest must never read two times that disagree.
 *
 * Everything here is under vm->lock. A vCPU's own hart reads the offset when it loads the vCPU. It
 * does so only after it has seen the VM in state RUNNING (acquire; vm_set_state() releases).
 */
#include "core/vm/vm_clock.h"

#include "arch/riscv/timer.h"
#include "core/run/tlb.h"
#include "core/vm/vm_internal.h"

static void vm_clock_set_offset(struct vm *vm, u64 offset)
{
	vm->time_offset = offset;
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_set_time_offset(vm->run.vcpu[i], offset);
}

bool vm_clock_stop(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	if (vm->time_stands)
		return true;
	if (!vm_all_out(vm))
		return false;
	/* No vCPU is loaded again before the VM runs, so vm_clock_go() will find none loaded. */
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_unload(vm->run.vcpu[i]);
	/* The last vCPU has left: no guest has read a later time than this. */
	vm->time_stopped = timer_now() + vm->time_offset;
	vm->time_stands = true;
	return true;
}

void vm_clock_go(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	/* The time of a VM that is resumed before all its vCPUs have left has never stood still. */
	if (!vm->time_stands)
		return;
	vm->time_stands = false;
	vm_clock_set_offset(vm, vm->time_stopped - timer_now());
}

void vm_clock_reset(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	vm->time_stands = false;
	vm_clock_set_offset(vm, 0);
	tlb_new_life(&vm->run);
}

u64 vm_guest_time(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return vm->time_stands ? vm->time_stopped : timer_now() + vm->time_offset;
}

void vm_set_guest_time(struct vm *vm, u64 ticks)
{
	spin_assert_held(&vm->lock);
	vm->time_stopped = ticks;
}
