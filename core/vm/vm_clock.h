/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's time: what its time CSR shows.
 */
#ifndef CORE_VM_CLOCK_H
#define CORE_VM_CLOCK_H

#include <cleave/types.h>

struct vm;

/**
 * vm_guest_time() - what the time CSR of a VM shows; under vm->lock
 * Return: ticks. While the VM's time stands, the time that it goes on from.
 */
u64 vm_guest_time(const struct vm *vm);

/**
 * vm_set_guest_time() - set the time that a VM goes on from when it is resumed
 * @ticks: guest time, any value
 *
 * Under vm->lock, while the VM's time stands (vm_time_stands()). Timers (vcpu_timer()) are in guest
 * time and keep their distance to what the guest's clock shows, so it does not matter which of the
 * two is set first.
 */
void vm_set_guest_time(struct vm *vm, u64 ticks);

#endif
