/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often a VM may restart by itself, and how much others hear of it.
 *
 * A guest decides how often it asks. So what it costs others is bounded here: beyond its
 * "restart-limit" the VM stays stopped, and below it only a few restarts in a while are told of,
 * one by one. The others are counted.
 */
#include <cleave/printk.h>
#include "arch/riscv/timer.h"
#include "core/vm/event.h"
#include "core/vm/vm_internal.h"

#define VM_RESTART_TOLD	      5U  /* restarts that are told of one by one ... */
#define VM_RESTART_TELL_AFTER 10U /* ... within so many seconds */

/* Has a time of @seconds that began at @since gone by? */
static bool vm_restart_over(u64 now, u64 since, u64 seconds)
{
	return now - since > seconds * timer_frequency();
}

/* Tell of the restarts that were only counted. */
static void vm_restart_tell_untold(struct vm *vm)
{
	u64 untold = vm->restart.untold;

	if (untold == 0U)
		return;
	vm->restart.untold = 0;
	printk("partition \"%s\": restarted %lu times more since the last line", vm->cfg->name,
	       untold);
	event_post(CLEAVE_EVENT_RESTARTS, vm->id, untold);
}

/* Is one more restart at @now to be told of? */
static bool vm_restart_may_tell(struct vm_restart *r, u64 now)
{
	if (r->told == 0U || vm_restart_over(now, r->told_since, VM_RESTART_TELL_AFTER)) {
		r->told_since = now;
		r->told = 0;
	}
	if (r->told == VM_RESTART_TOLD)
		return false;
	r->told++;
	return true;
}

bool vm_restart_ask(struct vm *vm)
{
	struct vm_restart *r = &vm->restart;
	u64 now = timer_now();

	spin_assert_held(&vm->lock);
	if (r->count == 0U || vm_restart_over(now, r->since, vm->cfg->restart_seconds)) {
		r->since = now;
		r->count = 0;
	}
	if (r->count >= vm->cfg->restart_count) {
		vm_restart_tell_untold(vm);
		return false;
	}
	r->count++;
	r->quiet = !vm_restart_may_tell(r, now);
	if (r->quiet)
		r->untold++;
	else
		vm_restart_tell_untold(vm);
	return true;
}

void vm_restart_refuse(const struct vm *vm)
{
	printk("partition \"%s\": restarted %u times within %u seconds: it stays stopped "
	       "(restart-limit)",
	       vm->cfg->name, vm->restart.count, vm->cfg->restart_seconds);
}

void vm_restart_loud(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	if (!vm->restart.quiet)
		return;
	vm->restart.quiet = false;
	vm_restart_tell_untold(vm);
	event_post(CLEAVE_EVENT_STATE, vm->id, vm_state(vm));
}
