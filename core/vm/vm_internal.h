/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the VM's life cycle share: vm.c (states), vm_op.c (operations in steps), vm_create.c (boot), vm_memory.c,
 * vm_load.c (images), vm_window.c (windows). Nobody else includes this.
 */
#ifndef CORE_VM_INTERNAL_H
#define CORE_VM_INTERNAL_H

#include "core/vm/vm.h"

/** vm_set_state() - set the state and post the event; under vm->lock */
void vm_set_state(struct vm *vm, enum cleave_vm_state state);

/** vm_state() - Return: enum cleave_vm_state */
static inline u32 vm_state(const struct vm *vm)
{
	return atomic_read_acquire(&vm->run.state);
}

/** vm_given() - Return: @vm was given up to another slot. Under vm->lock */
static inline bool vm_given(const struct vm *vm)
{
	return vm->note == CLEAVE_NOTE_GIVEN;
}

/** vm_nobodys() - Return: its note keeps @vm from being resumed, started or reset: given up, or not whole yet. Under vm->lock */
static inline bool vm_nobodys(const struct vm *vm)
{
	return vm_given(vm) || vm->note == CLEAVE_NOTE_FILLING;
}

/** vm_note_clear() - nothing is written down about @vm any more. Under vm->lock */
static inline void vm_note_clear(struct vm *vm)
{
	vm->note = CLEAVE_NOTE_NONE;
	vm->note_id = 0;
	vm->note_run = false;
}

/** vm_kick_all() - make every vCPU of @vm look at the state */
void vm_kick_all(struct vm *vm);

/** vm_quiet() - Return: true when no vCPU of @vm is on a hart. Only sensible while the state is not RUNNING */
bool vm_quiet(const struct vm *vm);

/* --- vm_clock.c; all under vm->lock --- */

/**
 * vm_clock_stop() - let the time of a VM that does not run stand still, and its vCPUs' registers be in memory
 * Return: false when a vCPU is still on its hart: nothing has changed, try again. It stands already: true.
 */
bool vm_clock_stop(struct vm *vm);

/** vm_clock_go() - let the time go on from where it stands; before the state becomes RUNNING */
void vm_clock_go(struct vm *vm);

/** vm_clock_reset() - a new life: guest time is host time, and goes on. All vCPUs are reset */
void vm_clock_reset(struct vm *vm);

/* --- vm_op.c --- */

/** vm_op_begin_self() - start an operation that the scheduler does (vm_work()); under vm->lock, the VM does not run */
void vm_op_begin_self(struct vm *vm, enum vm_op op);

/** vm_op_owed() - Return: true when @vm has such an operation under way; any hart, no lock needed */
static inline bool vm_op_owed(const struct vm *vm)
{
	return atomic_read_acquire(&vm->work.self) != 0U;
}

/* --- vm_memory.c --- */

/**
 * vm_memory_set_aside() - take the memory of a "direct-map" partition out of what is free, at boot
 *
 * Memory at GPA = HPA is the partition's for as long as the machine runs, whether the partition is there or not: no other
 * place can serve instead, and a device that was told of it may write to it at any time. What is not free is said in a line.
 */
void vm_memory_set_aside(u32 id, const struct config_partition *cfg);

/**
 * vm_memory_take() - take frames for the memory and the tables of @vm; the memory holds whatever the frames held
 * Return: 0, or an error that was said in a line; nothing is kept then. Under vm->lock, or at boot.
 */
int vm_memory_take(struct vm *vm);

/**
 * vm_memory_map() - a bounded step (M6) of mapping what was taken; the last one makes vCPUs and devices ready
 * @index: range to go on with; 0 at first, kept by the caller
 * Return: 1 when more is to do, 0 when everything is there, or an error that was said in a line: then give it back.
 */
int vm_memory_map(struct vm *vm, u32 *index);

/** vm_memory_give() - give memory and tables back; no vCPU holds the space any more, and the memory is zeroed */
void vm_memory_give(struct vm *vm);

/* --- vm_load.c --- */

/** vm_load_init() - the archive that images come from; at boot, once */
void vm_load_init(const struct archive *archive);

/**
 * vm_load_step() - load the next piece of kernel, initrd or device tree
 * @index, @pos: 0 and 0 at first; kept by the caller
 * @limit: most bytes to copy
 * Return: 1 when more is to do, 0 when all is loaded, or an error that was said in a line. Under vm->lock.
 */
int vm_load_step(struct vm *vm, u32 *index, u64 *pos, u64 limit);

/** vm_load_entry() - where the first vCPU starts and what it gets. Return: 0 or an error of image_place() */
int vm_load_entry(const struct vm *vm, u64 *entry, u64 *fdt);

/* --- vm_window.c --- */

/**
 * vm_windows_drop_held() - unmap every window that @vm has into others; under vm->lock
 * vm_windows_drop_into() - unmap the windows that others have into @vm, the writable ones, and if @readable all
 * others too; under vm->lock
 */
void vm_windows_drop_held(struct vm *vm);
void vm_windows_drop_into(struct vm *vm, bool readable);

#endif
