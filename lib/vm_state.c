/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of a VM in words. */
#include "lib/vm_state.h"
#include <abi/cleave.h>

const char *vm_state_name(u32 state)
{
	static const char *const names[] = {
		[CLEAVE_VM_EMPTY] = "empty",	 [CLEAVE_VM_STOPPED] = "stopped",
		[CLEAVE_VM_RUNNING] = "running", [CLEAVE_VM_PAUSED] = "paused",
		[CLEAVE_VM_FAULTED] = "faulted",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}
