/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's state as records (include/abi/state.h; docs/migration.md, "State records"): listing,
 * reading and setting them, and whether all that a VM needs were set. Builds for the host too.
 *
 * Records are set only on a VM that was created empty and has not run since: its vCPUs have never
 * been on a hart, so no TLB and no register file holds anything of theirs. What a record says is
 * not trusted. Whatever is set, the worst that comes of it is a guest that cannot go on.
 *
 * core/state/state.c also defines the vm_records_*() functions of core/vm/vm_records.h.
 *
 * Locking: everything under vm->lock unless a comment says otherwise. Records are read and set only
 * while the VM's time stands (vm_time_stands()).
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <abi/state.h>
#include <cleave/types.h>

struct vm;

#define STATE_RECORDS_MAX (8U + 8U * CONFIG_MAX_VCPUS) /* most records that a VM has */

/**
 * state_exists() - does a VM have a record of that kind and instance? Without the lock
 * @kind, @instance: any numbers
 */
bool state_exists(const struct vm *vm, u64 kind, u64 instance);

/**
 * state_list() - list the heads of all records, in ascending order of kind and instance
 * @heads: room for @max of them
 * Return: how many records there are, at most STATE_RECORDS_MAX.
 */
u32 state_list(struct vm *vm, struct cleave_state_head *heads, u32 max);

/**
 * state_get() - read a record, which exists
 * @record: where to: CLEAVE_STATE_MAX bytes, 8-byte aligned
 * Return: bytes of the record, head included.
 */
u32 state_get(struct vm *vm, u32 kind, u32 instance, void *record);

/**
 * state_set() - check a record and set what it says; the VM accepts records (vm->records.accepted)
 * @record: 8-byte aligned; nobody changes it meanwhile
 * @size: its bytes, at least those of a head
 *
 * A record of unknown kind or version that is not mandatory is skipped, which is a success.
 *
 * Return: 0; CLV_ERR_INVAL (a length, an instance or a value that no such record of this VM can
 * have; nothing has changed); CLV_ERR_UNSUPPORTED (a mandatory record of unknown kind or version,
 * or this machine lacks what the guest was promised).
 */
int state_set(struct vm *vm, const void *record, u64 size);

/**
 * state_missing() - find the first record that a VM needs and that was not set
 * Return: kind << 32 | instance; 0 when none is missing, or the VM accepts no records.
 */
u64 state_missing(const struct vm *vm);

#endif
