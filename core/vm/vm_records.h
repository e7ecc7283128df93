/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which state records have been set on a VM, and what the life cycle does about them.
 *
 * A VM that was created empty is filled record by record (docs/migration.md, "State records").
 * core/state/ knows the records and stands above core/vm/: the functions here are declared by the
 * lower part and defined by the upper, in core/state/state.c.
 *
 * Locking: everything under vm->lock.
 */
#ifndef CORE_VM_RECORDS_H
#define CORE_VM_RECORDS_H

#include <cleave/types.h>

struct vm;

/**
 * struct vm_records - which state records have been set on a VM; guarded by vm->lock
 * @accepted: records can be set: the VM was created empty and has not run since
 * @flags: CLEAVE_STATE_CONFIG_* of the CONFIG record: they say which other records are needed
 * @vm: bit n: the VM's own record of kind number n in the table of core/state/state.c was set
 * @vcpu: the same for each vCPU
 */
struct vm_records {
	bool accepted;
	u32 flags;
	u32 vm;
	u32 vcpu[CONFIG_MAX_VCPUS];
};

/** vm_records_accept() - @vm has just been created empty: from now on records can be set */
void vm_records_accept(struct vm *vm);

/**
 * vm_records_forget() - @vm begins a new life, or ends: records can no longer be set
 *
 * What was set of its console goes, and the console takes input again.
 */
void vm_records_forget(struct vm *vm);

/**
 * vm_records_drop_console() - forget the open line and the input of @vm, which does not run
 *
 * For a VM that was given up to another slot: the line and the input went there with it.
 */
void vm_records_drop_console(struct vm *vm);

/**
 * vm_records_settle() - @vm is resumed and goes on from what was set: records can no longer be set
 *
 * The console takes input again, and the UART takes what waits there.
 */
void vm_records_settle(struct vm *vm);

/**
 * vm_records_allow_run() - may @vm be resumed?
 * Return: true when no record was set, or all that the VM needs; false when some are missing.
 */
bool vm_records_allow_run(const struct vm *vm);

#endif
