/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events, and the vCPUs that sleep until one comes. A vCPU that waits costs its hart nothing. It
 * must never miss the event that it waits for.
 */
#include "core/vm/event.h"

#include <cleave/atomic.h>
#include <cleave/spinlock.h>
#include "arch/riscv/timer.h"
#include "core/vm/vm.h"
#include "lib/event_ring.h"

static struct spinlock event_lock; /* guards event_ring, and vcpu->blocked going to 1 */
static struct event_ring event_ring;

/* Only managers wait, so few vCPUs are looked at. */
static void event_wake(const struct vm *vm)
{
	for (u32 i = 0; i < vm->run.nr_vcpus; i++) {
		if (atomic_xchg(&vm->run.vcpu[i]->blocked, 0U) != 0U)
			vcpu_kick(vm->run.vcpu[i]);
	}
}

void event_post(u32 type, u32 vm, u64 arg)
{
	struct cleave_event ev = { .type = type, .vm = vm, .arg = arg, .time = timer_now() };

	spin_lock(&event_lock);
	event_ring_put(&event_ring, &ev);
	spin_unlock(&event_lock);

	/* A vCPU that looked before the event was added has set `blocked` under the lock by now. */
	for (u32 id = 0; id < vm_count(); id++) {
		const struct vm *waiter = vm_get(id);

		if (waiter->cfg->manager)
			event_wake(waiter);
	}
}

bool event_next(struct vcpu *v, u64 seq, struct cleave_event *out)
{
	bool found;

	spin_lock(&event_lock);
	found = event_ring_get(&event_ring, seq, out);
	if (!found)
		atomic_set_release(&v->blocked, 1U);
	spin_unlock(&event_lock);
	return found;
}
