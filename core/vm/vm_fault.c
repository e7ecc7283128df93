/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept and said of the vCPU by which a VM has faulted. */
#include <cleave/printk.h>
#include "core/vm/vm_internal.h"
#include "core/vm/vm_life.h"

#define VM_FAULT_ROW 4U /* registers in a line */

/* Print some values of @name[0], @name[1], ... in lines of VM_FAULT_ROW. */
static void vm_fault_print(const struct vm *vm, const char *const *name, const u64 *value, u32 n)
{
	char line[128];
	size_t at = 0;

	for (u32 i = 0; i < n; i++) {
		at += str_print(line + at, sizeof(line) - at, " %s 0x%lx", name[i], value[i]);
		if (i % VM_FAULT_ROW != VM_FAULT_ROW - 1U && i != n - 1U)
			continue;
		printk(PRINTK_INFO "partition \"%s\": %s", vm->cfg->name, line + 1);
		at = 0;
	}
}

void vm_fault_keep(struct vm *vm, const struct cleave_fault *fault)
{
	static const char *const reg[] = { "zero", "ra", "sp",	"gp",  "tp", "t0", "t1", "t2",
					   "s0",   "s1", "a0",	"a1",  "a2", "a3", "a4", "a5",
					   "a6",   "a7", "s2",	"s3",  "s4", "s5", "s6", "s7",
					   "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
	static const char *const from[CLEAVE_FAULT_FRAMES] = { "called from", "from", "from",
							       "from",	      "from", "from",
							       "from",	      "from" };
	u64 count = vm->fault.count;

	spin_assert_held(&vm->lock);
	vm->fault = *fault;
	vm->fault.count = count + 1U;
	if (vm->restart.quiet)
		return;
	vm_fault_print(vm, reg, fault->x, ARRAY_SIZE(reg));
	vm_fault_print(vm, from, fault->frame, fault->frames);
}
