/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of state records: state_vm.c, state_vcpu.c and state_devices.c define them, and only
 * state.c calls them.
 */
#ifndef CORE_STATE_INTERNAL_H
#define CORE_STATE_INTERNAL_H

#include <abi/state.h>
#include <cleave/types.h>

struct vm;

/**
 * struct state_kind - how a kind of record is read and set; called as state_get() and state_set()
 * @kind: CLEAVE_STATE_*
 * @optional: a receiver need not understand it, and a VM that was filled need not have it
 * @vcpu: each vCPU has one; false: the VM has one
 * @need: bits of CLEAVE_STATE_CONFIG_* without which there is no such record; 0: there always is
 * @size: bytes of data, or of their fixed part when @more is there
 * @more: how many bytes follow the fixed part now
 * @at: without @get, or @set: where in struct vm its data are, as the record has them
 * @get: write the data of instance @i. Return: their bytes; what follows the fixed part may have
 *	changed since @more was asked
 * @set: check and apply @length bytes of data; without @more, @length is @size. Return: as
 *          state_set()
 */
struct state_kind {
	u32 kind;
	bool optional;
	bool vcpu;
	u32 need;
	u32 size;
	u32 (*more)(struct vm *vm);
	u32 at;
	u32 (*get)(struct vm *vm, u32 i, void *data);
	int (*set)(struct vm *vm, u32 i, const void *data, u32 length);
};

extern const struct state_kind state_kind_config, state_kind_clock, state_kind_identity,
	state_kind_generation;
extern const struct state_kind state_kind_regs, state_kind_csrs, state_kind_timer, state_kind_run;
extern const struct state_kind state_kind_fp, state_kind_vector, state_kind_vector_low,
	state_kind_vector_high;
extern const struct state_kind state_kind_uart, state_kind_plic, state_kind_output,
	state_kind_input;

/** state_flags() - Return: CLEAVE_STATE_CONFIG_* of the VMs of this machine */
u32 state_flags(void);

#endif
