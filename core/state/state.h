/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's state as records (include/abi/state.h; docs/migration.md, "State records"): listing, reading, setting, and whether all that
 * a VM needs was set. Builds for the host too.
 *
 * Records are set only on a VM that was created empty and has not run since: its vCPUs have never been on a hart, so no TLB and no
 * register file holds anything of theirs. What a record says is not trusted: whatever is set, the worst that comes of it is a guest
 * that cannot go on.
 *
 * Locking: everything under vm->lock unless said otherwise. Reading and setting want vm_time_stands() as well.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <abi/cleave.h>
#include <abi/state.h>
#include <cleave/types.h>

struct vm;

/** state_missing() - Return: kind << 32 | instance of the first record that @vm needs and was not given, 0: none */
u64 state_missing(const struct vm *vm);

/** state_exists() - Return: true when @vm has a record of that kind and instance. Without the lock */
bool state_exists(const struct vm *vm, u64 kind, u64 instance);

/**
 * state_list() - heads of all records, in ascending order of kind and instance
 * @heads: room for @max
 * Return: how many there are, at most STATE_RECORDS_MAX.
 */
u32 state_list(struct vm *vm, struct cleave_state_head *heads, u32 max);

#define STATE_RECORDS_MAX (6U + 8U * CONFIG_MAX_VCPUS)

/**
 * state_get() - read a record that exists
 * @record: CLEAVE_STATE_MAX bytes, 8-byte aligned
 * Return: its bytes, head included.
 */
u32 state_get(struct vm *vm, u32 kind, u32 instance, void *record);

/**
 * state_set() - set what a record says; vm->records.accepted
 * @record: 8-byte aligned, nobody changes it meanwhile
 * @size: its bytes, at least those of a head
 *
 * Return: 0; CLV_ERR_INVAL (a length, an instance or a value that no such record of this VM can have; nothing has changed then),
 * CLV_ERR_UNSUPPORTED (a mandatory record of unknown kind or version; or this machine lacks what the guest was given).
 * One of unknown kind or version that is not mandatory is skipped, and that is a success.
 */
int state_set(struct vm *vm, const void *record, u64 size);

/* --- the kinds: state_vm.c, state_vcpu.c, state_devices.c; nobody but state.c calls them --------------------------- */

/**
 * struct state_kind - how a kind of record is read and set
 * @kind: CLEAVE_STATE_*
 * @vcpu: each vCPU has one; else the VM has one
 * @need: bits of CLEAVE_STATE_CONFIG_* that CONFIG must have for this record to be there; 0: always
 * @size: bytes of data, or of their fixed part when @more is there
 * @more: Return: bytes behind the fixed part now
 * @get: write the data of instance @i. Return: their bytes, which may be others than @more said a moment ago
 * @set: check and apply @length bytes of data; without @more, @length is @size. Return: as state_set()
 */
struct state_kind {
	u32 kind;
	bool vcpu;
	u32 need;
	u32 size;
	u32 (*more)(struct vm *vm);
	u32 (*get)(struct vm *vm, u32 i, void *data);
	int (*set)(struct vm *vm, u32 i, const void *data, u32 length);
};

extern const struct state_kind state_kind_config, state_kind_clock;
extern const struct state_kind state_kind_regs, state_kind_csrs, state_kind_timer, state_kind_run;
extern const struct state_kind state_kind_fp, state_kind_vector, state_kind_vector_low,
	state_kind_vector_high;
extern const struct state_kind state_kind_uart, state_kind_plic, state_kind_output,
	state_kind_input;

/** state_flags() - Return: CLEAVE_STATE_CONFIG_* of VMs of this machine */
u32 state_flags(void);

#endif
