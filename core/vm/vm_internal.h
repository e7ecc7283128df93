/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of core/vm/ and of core/vm/create/ share, and nobody else may know.
 *
 * Locking: everything is under vm->lock unless a comment says otherwise.
 */
#ifndef CORE_VM_INTERNAL_H
#define CORE_VM_INTERNAL_H

#include "core/vm/vm.h"

struct archive;

/* --- vm_life.c: state ------------------------------------------------------------------------- */

/** vm_set_state() - set the state, switch the interrupts of the VM's devices, post the event */
void vm_set_state(struct vm *vm, enum cleave_vm_state state);

/* --- vm_note.c -------------------------------------------------------------------------------- */

/** vm_is_given_up() - Return: true when @vm was given up to another slot */
static inline bool vm_is_given_up(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return vm->note == CLEAVE_NOTE_GIVEN;
}

/**
 * vm_note_bars_run() - does the note keep @vm from being resumed, started or reset?
 * Return: true when the VM was given up to another slot, or is still being filled.
 */
static inline bool vm_note_bars_run(const struct vm *vm)
{
	return vm_is_given_up(vm) || vm->note == CLEAVE_NOTE_FILLING;
}

/** vm_note_clear() - strike out the note; what was being filled came to nothing */
void vm_note_clear(struct vm *vm);

/* --- vm_clock.c ------------------------------------------------------------------------------- */

/**
 * vm_clock_stop() - stop the time of a VM that does not run, and bring its registers into memory
 * Return: true when the time stands; false when a vCPU is still on its hart: nothing has changed,
 * try again.
 */
bool vm_clock_stop(struct vm *vm);

/** vm_clock_go() - let the time go on from where it stands; before the state becomes RUNNING */
void vm_clock_go(struct vm *vm);

/** vm_clock_reset() - begin a new life: guest time is host time and goes on; all vCPUs are reset */
void vm_clock_reset(struct vm *vm);

/* --- vm_op.c ---------------------------------------------------------------------------------- */

/** vm_op_begin_unattended() - begin an operation that the scheduler does; the VM does not run */
void vm_op_begin_unattended(struct vm *vm, enum vm_op op);

/**
 * vm_op_begin_boot() - begin the start of a VM that the boot starts; as vm_op_begin_unattended()
 *
 * No VM waits for another, but for a manager: it works on the others, so all that the boot starts
 * are ready to run before it runs, or five seconds have gone by.
 */
void vm_op_begin_boot(struct vm *vm);

/** vm_op_unattended() - Return: true when such an operation is under way; without the lock */
static inline bool vm_op_unattended(const struct vm *vm)
{
	return atomic_read_acquire(&vm->run.restarting) != 0U;
}

/** vm_op_starts() - Return: true when the scheduler is about to start the VM; without the lock */
static inline bool vm_op_starts(const struct vm *vm)
{
	return vm_op_unattended(vm) && atomic_read(&vm->work.op) != (u32)VM_OP_TIDY;
}

/* --- vm_restart.c ----------------------------------------------------------------------------- */

/**
 * vm_restart_ask() - may @vm restart by itself once more? Called before its state changes
 *
 * When it may, this counts as a restart. vm->restart.quiet says whether it goes on without a line
 * and without an event.
 */
bool vm_restart_ask(struct vm *vm);

/** vm_restart_refuse() - say that @vm stays stopped, since vm_restart_ask() has refused */
void vm_restart_refuse(const struct vm *vm);

/**
 * vm_restart_loud() - end the silence: a quiet restart does not end as a restart should
 *
 * Posts the event for the state in which the VM is.
 */
void vm_restart_loud(struct vm *vm);

/* --- create/vm_create.c ----------------------------------------------------------------------- */

/** vm_create_identity_anew() - another guest begins in @vm's slot than was made here before */
void vm_create_identity_anew(struct vm *vm);

/* --- create/vm_memory.c ----------------------------------------------------------------------- */

/**
 * vm_memory_set_aside() - take the memory of a "direct-map" partition out of the free memory
 * @id: the partition's number
 *
 * At boot, without the lock. Memory at GPA = HPA is the partition's for as long as the machine
 * runs, whether the partition is there or not: no other memory can serve instead, and a device that
 * was told of it may write to it at any time. Memory that is not free is reported.
 */
void vm_memory_set_aside(u32 id, const struct config_partition *cfg);

/* Each of these does a bounded step (M6, T2). */

/**
 * vm_memory_take() - take frames for the memory and the tables of a VM
 * @tried: 0 at first, then the caller keeps it
 *
 * The memory holds whatever the frames held (vm->raw) until it was zeroed.
 * Return: 1 when there is more to do, 0 when all is taken, or an error that was reported; what was
 * taken stays until vm_memory_give() gives it back.
 */
int vm_memory_take(struct vm *vm, u64 *tried);

/**
 * vm_memory_map() - map what was taken, and the registers of the VM's devices
 * @index, @pos: 0 and 0 at first, then the caller keeps them
 *
 * The last steps make vCPUs and devices ready.
 * Return: 1 when there is more to do, 0 when all is mapped, or an error that was reported: the
 * caller gives the memory back.
 */
int vm_memory_map(struct vm *vm, u32 *index, u64 *pos);

/**
 * struct vm_piece - a piece of memory that is zeroed in one step: at most CACHE_STEP instructions
 * @gpa, @len: bytes; all in one range
 */
struct vm_piece {
	u64 gpa;
	u64 len;
};

/**
 * vm_memory_next() - find the next piece to be zeroed
 * @index, @pos: 0 and 0 at first, then the caller keeps them
 *
 * Return: false when there is none left.
 */
bool vm_memory_next(struct vm *vm, u32 *index, u64 *pos, struct vm_piece *out);

/**
 * vm_memory_zero() - zero a piece; needs no lock, but vm->work.zeroing keeps the memory
 *
 * The only function that zeroes a VM's memory: before its first use, at a reset, and before it is
 * given back. It goes through the door that logs (M8): a log that runs over a reset tells its
 * manager that everything has changed.
 */
int vm_memory_zero(struct vm *vm, const struct vm_piece *piece);

/**
 * vm_memory_give() - give zeroed memory and tables back, also what was taken of them only in part
 *
 * All vCPUs are off their harts, and the state is EMPTY.
 * Return: true when there is more to do.
 */
bool vm_memory_give(struct vm *vm);

/** vm_memory_held() - Return: true when the VM has memory or tables, also only a part of them */
static inline bool vm_memory_held(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return vm->spaced || vm->ranges != 0U;
}

/* --- vm_images.c ------------------------------------------------------------------------------ */

/** vm_images_drop() - start @vm from what the configuration names again, which gives memory back */
void vm_images_drop(struct vm *vm);

/* --- vm_load.c -------------------------------------------------------------------------------- */

/** vm_load_init() - set the archive that all images come from; at boot, once, without the lock */
void vm_load_init(const struct archive *archive);

/**
 * vm_load_prepare() - find a VM's images and make its device tree; at boot, once, without the lock
 * Return: 0 (also for a VM without a kernel, which needs none), or an error that was reported.
 */
int vm_load_prepare(struct vm *vm);

/**
 * vm_load_step() - load the next piece of kernel, initrd or device tree: a bounded step (M6, T2)
 * @index, @pos: 0 and 0 at first, then the caller keeps them
 * Return: 1 when there is more to do, 0 when all is loaded, or an error.
 */
int vm_load_step(struct vm *vm, u32 *index, u64 *pos);

#endif
