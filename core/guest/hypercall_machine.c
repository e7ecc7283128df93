/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on what a VM was given, who owns it, and how much of the time it runs.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "arch/riscv/model/guest_state.h"
#include "arch/riscv/model/isa.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"
#include "core/guest/hypercall_args.h"
#include "core/vm/aia/vm_aia.h"
#include "core/vm/vm_life.h"

_Static_assert(sizeof(((struct cleave_machine *)0)->isa) >= ISA_GUEST_LEN,
	       "the record holds the whole ISA string of the guest's device tree");

/*
 * Return: levels of the VM's G-stage tables; of an empty slot the most that it can have. With
 * vm->lock held.
 */
static u32 hypercall_machine_levels(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	if (atomic_read(&vm->run.state) != (u32)CLEAVE_VM_EMPTY)
		return vm->space.cfg.levels;
	return config_most_levels(vm->cfg, features.gstage_modes);
}

static void hypercall_machine_fill(const struct vm *vm, void *record)
{
	struct cleave_machine *machine = record;
	const struct config_partition *cfg = vm->cfg;

	memset(machine, 0, sizeof(*machine));
	machine->vcpus = cfg->cpus;
	machine->gstage_levels = hypercall_machine_levels(vm);
	machine->timebase = timer_frequency();
	machine->regions = cfg->nr_memory;
	machine->devices = cfg->nr_devices;
	if (cfg->nr_devices != 0U)
		(void)str_print(machine->device, sizeof(machine->device), "%s", cfg->device[0]);
	(void)features_guest_isa(cfg->counters, vm_aia(vm), machine->isa, sizeof(machine->isa));
	machine->cbom_block = features.cbom_block;
	machine->cboz_block = features.cboz_block;
	machine->vlenb = guest_state_vlenb();
	machine->asid_bits = guest_state_asid_bits();
	machine->vs_levels = (u32)features.vs_modes;
	machine->state_level = CLEAVE_STATE_LEVEL;
	machine->sbi_version = SBI_SPEC_VERSION_2_0;
	machine->sbi = CLEAVE_SBI_ALL;
}

static int hypercall_machine_record(const struct vcpu *v, u64 *value)
{
	struct cleave_machine machine;

	return hypercall_record(v, &machine, sizeof(machine), hypercall_machine_fill, value);
}

static int hypercall_machine_note(const struct vcpu *v)
{
	u64 note = sbi_arg(v, 1);
	u64 run = sbi_arg(v, 3);
	struct vm *vm = NULL;
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_target(v, &vm);
	/* All 64 bits are compared: 2^32 is not a note. */
	if (err == CLV_OK && (note > CLEAVE_NOTE_FILLING || run > 1U))
		err = CLV_ERR_INVAL;
	return err == CLV_OK ? vm_note(vm, (u32)note, sbi_arg(v, 2), run == 1U) : err;
}

static int hypercall_machine_brake(const struct vcpu *v)
{
	struct vm *vm = NULL;
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_target(v, &vm);
	return err == CLV_OK ? vm_brake(vm, sbi_arg(v, 1)) : err;
}

static int hypercall_machine_outcome(const struct vcpu *v, u64 *value)
{
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		*value = vm_note_outcome(sbi_arg(v, 0));
	return err;
}

int hypercall_machine(struct vcpu *v, u64 fn, u64 *value)
{
	switch (fn) {
	case CLEAVE_FN_MACHINE:
		return hypercall_machine_record(v, value);
	case CLEAVE_FN_VM_NOTE:
		return hypercall_machine_note(v);
	case CLEAVE_FN_VM_BRAKE:
		return hypercall_machine_brake(v);
	case CLEAVE_FN_OUTCOME:
		return hypercall_machine_outcome(v, value);
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}
