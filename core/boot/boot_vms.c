/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partitions at boot: which are made, which are started, and what is reported of each.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "arch/riscv/hart.h"
#include "core/boot/boot_internal.h"
#include "core/config/config_memory.h"
#include "lib/text.h"
#include "core/vm/create/vm_create.h"
#include "core/vm/vm_life.h"
#include "core/vm/vm_pass.h"

static void boot_vms_harts(const struct vm *vm, char *buf, size_t size)
{
	buf[0] = '\0';
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		(void)text_append(buf, size, "%s%lu", i == 0U ? "" : " ",
				  hart_get(vm->run.vcpu[i]->hart)->hartid);
}

/* How many leaves of each size map the memory. */
static void boot_vms_leaves(struct vm *vm, u64 leaves[3])
{
	leaves[0] = leaves[1] = leaves[2] = 0;
	for (u32 i = 0; i < vm->space.nr_regions; i++) {
		u64 cursor = 0;

		do {
			if (space_leaves(&vm->space, i, leaves, &cursor) != CLV_OK)
				break;
		} while (cursor != 0U);
	}
}

static void boot_vms_report(struct vm *vm)
{
	char harts[64];
	char memory[TEXT_SIZE_LEN];
	char overhead[TEXT_SIZE_LEN];
	u64 leaves[3];

	boot_vms_harts(vm, harts, sizeof(harts));
	boot_vms_leaves(vm, leaves);
	printk(PRINTK_INFO
	       "partition %u \"%s\": %u vCPU%s on hart%s %s; %s at 0x%lx in leaves of 1 GiB: %lu, "
	       "2 MiB: %lu, 4 KiB: %lu; %u-level tables, VMID %u; overhead %s%s",
	       vm->id, vm->cfg->name, vm->run.nr_vcpus, vm->run.nr_vcpus == 1U ? "" : "s",
	       vm->run.nr_vcpus == 1U ? "" : "s", harts,
	       text_size(config_memory_bytes(vm->cfg->memory, vm->cfg->nr_memory), memory),
	       vm->cfg->memory[0].gpa, leaves[2], leaves[1], leaves[0], vm->space.cfg.levels,
	       vm->run.vmid, text_size(vm_overhead(vm), overhead),
	       vm->cfg->manager ? "; manager" : "");
	vm_pass_report(vm);
}

/*
 * Return: true when the partition is there: an empty slot, one for a manager to start, or one that
 * starts when boot is over
 */
static bool boot_vms_bring_up(struct vm *vm)
{
	if (vm_create_memory(vm) != CLV_OK)
		return false;
	if (vm->cfg->incoming) {
		printk(PRINTK_INFO "partition %u \"%s\": an empty slot for an incoming partition",
		       vm->id, vm->cfg->name);
		return true;
	}
	boot_vms_report(vm);
	if (!vm->cfg->manual_start)
		vm_create_start(vm);
	return true;
}

u32 boot_vms(const struct config *cfg, const struct archive *archive)
{
	u32 made = 0;

	vm_create_all(cfg, archive);
	for (u32 i = 0; i < vm_count(); i++) {
		if (boot_vms_bring_up(vm_get(i)))
			made++;
	}
	/* If no partition runs, there is no manager that could start or fill one of the others. */
	if (made != 0U)
		vm_check_ended();
	return made;
}
