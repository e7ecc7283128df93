/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a VM: pausing and resuming it, who owns it, how much of the time it runs, its end.
 *
 * Unless a comment says otherwise the caller holds no lock, and the functions take vm->lock.
 */
#ifndef CORE_VM_LIFE_H
#define CORE_VM_LIFE_H

#include <abi/cleave.h>
#include <cleave/types.h>

struct vm;

/**
 * vm_pause() - stop the vCPUs of a VM where they are, and wait until all have left their harts
 *
 * When it has returned 0, the VM's time stands and all registers are in struct vcpu, until the VM
 * is resumed or started. A VM that is paused already may be paused again: the call only waits. Not
 * inside a page-table walk (M4).
 *
 * Return: 0; CLV_ERR_STATE (the VM neither runs nor is paused); CLV_ERR_INVAL (it is the caller's
 * own); CLV_ERR_BUSY (the caller's own VM was stopped meanwhile, so the calling vCPU has to leave
 * its hart. @vm is paused; call again to wait).
 */
int vm_pause(struct vm *vm);

/**
 * vm_resume() - let a paused VM go on
 *
 * Return: 0; CLV_ERR_STATE (it is not paused, an operation is under way, its note or a missing
 * state record forbids it, or somebody has mapped its memory writable).
 */
int vm_resume(struct vm *vm);

/**
 * vm_note() - note down who owns a VM, in a place that outlives the manager which says so
 * @note: CLEAVE_NOTE_NONE; _GIVEN: given up to another slot, so it must not run; _TAKEN: came from
 *	another slot; _FILLING: is being filled, so it must not run yet
 * @id: of the migration; ignored with CLEAVE_NOTE_NONE
 * @run: the VM is to run when GIVEN is struck out; kept for whoever reads the note
 *
 * vm->lock guards both the note and the state. So a VM that was given up does not run, and a VM
 * that runs is not given up.
 *
 * Return: 0; CLV_ERR_INVAL (unknown @note, no @id, or the caller's own VM); CLV_ERR_STATE:
 * - GIVEN: the VM is neither stopped nor paused with all vCPUs off their harts, or an operation is
 *   under way, or it is being filled, or it was given up with another id
 * - TAKEN: it is empty, or was given up with another id
 * - FILLING: it is none of these: empty without a note; empty and filled or taken with this id;
 *   paused, filled or taken with this id, all vCPUs off their harts and no operation under way
 */
int vm_note(struct vm *vm, u32 note, u64 id, bool run);

/**
 * vm_note_outcome() - what became of a migration that came here?
 * @id: of the migration
 *
 * The notes say it: FILLING began it, TAKEN after that decided it; whatever else ended FILLING,
 * also a destruction, brought it to nothing.
 *
 * Return: CLEAVE_OUTCOME_*; UNKNOWN also of one that LEDGER_SIZE others came after.
 */
u32 vm_note_outcome(u64 id);

#define VM_BRAKE_MAX 99U /* percent: a VM that is to stand still is paused */

/**
 * vm_brake() - hold all vCPUs of a VM for a part of the time
 * @percent: of host time, 0 (no brake) to VM_BRAKE_MAX
 *
 * To the guest the machine seems slow: its time goes on, and what comes while it is held stays
 * pending. The brake stays on over a pause and a start. A reset or a destruction takes it off.
 *
 * Return: 0; CLV_ERR_INVAL (@percent, or the caller's own VM); CLV_ERR_STATE (the VM is empty).
 */
int vm_brake(struct vm *vm, u64 percent);

/**
 * vm_stop_self() - a vCPU ends its own VM: shutdown or fault
 * @vm: its VM; the vCPU leaves its hart after this call
 * @fault: what it held at the fault, but for @count; NULL: it is no fault
 * @why: what is reported, in one line
 *
 * Makes all other vCPUs leave. After a fault it does what the partition's on-fault says. Does
 * nothing when somebody else has ended the VM meanwhile.
 */
void vm_stop_self(struct vm *vm, const struct cleave_fault *fault, const char *why);

/**
 * vm_fault_keep() - keep what a vCPU held at a fault of @vm, and print it (level info)
 *
 * Locking: under vm->lock.
 */
void vm_fault_keep(struct vm *vm, const struct cleave_fault *fault);

/**
 * vm_restart_self() - a vCPU reboots its own VM (SBI SRST): load the images again and start
 * @vm: its VM; the vCPU leaves its hart after this call
 * @why: what is reported, in one line
 */
void vm_restart_self(struct vm *vm, const char *why);

/** vm_check_ended() - shut the machine down when no partition can ever run again */
void vm_check_ended(void);

#endif
