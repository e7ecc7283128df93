/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A manager that waits for events, as a watchdog does. It tells what becomes of partition 1. When
 * that has used up its restarts and stays faulted, the manager resets it, once; the second time it
 * gives the partition up and destroys it.
 */
#include "guests/lib/guest.h"

#define TARGET 1U

static const char *const watch_states[] = { "empty", "stopped", "running", "paused", "faulted" };

/* Faulted and busy: it restarts by itself. Otherwise it stays so until a manager does something. */
static bool watch_stays_faulted(void)
{
	struct cleave_vm_info vm;

	return cleave_vm_info(TARGET, &vm).error == 0 && vm.state == CLEAVE_VM_FAULTED &&
	       (vm.flags & CLEAVE_VM_FLAG_BUSY) == 0;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	struct cleave_event event = { .seq = 0 };
	bool again = true;

	(void)hartid;
	(void)fdt;
	for (;;) {
		struct sbiret r = cleave_vm_wait(event.seq, &event);

		if (r.error != 0) {
			say("VM_WAIT: error %ld", r.error);
			sbi_shutdown(true);
		}
		/* Types that a program does not know are to be skipped. */
		if (event.type != CLEAVE_EVENT_STATE || event.vm != TARGET)
			continue;
		say("event %lu: partition %u is %s", event.seq, event.vm,
		    event.arg < ARRAY_SIZE(watch_states) ? watch_states[event.arg] : "?");
		if (event.arg != CLEAVE_VM_FAULTED || !watch_stays_faulted())
			continue;
		if (!again)
			break;
		again = false;
		say("it has used up its restarts: reset it once");
		(void)cleave_vm_steps(CLEAVE_FN_VM_RESET, TARGET);
	}
	say("it fails again: give it up");
	sbi_shutdown(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, TARGET).error != 0);
}
