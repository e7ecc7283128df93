/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on a VM that take long: reset, start, destroy, create, in bounded steps (M6).
 *
 * A step runs in the hypercall of a manager or, when the VM restarts by itself, in the scheduler of
 * the hart that owns the VM's first vCPU. It must never wait for a vCPU to leave its hart: a step
 * that finds one there asks it again, and leaves the phase as it is.
 */
#include "core/vm/vm_op.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "core/vm/vm_devices.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_life.h"
#include "core/vm/vm_window.h"

/*
 * Bytes that one step copies, so that it takes at most 50,000 instructions (T2): up to 7 for 8
 * bytes, and a log's marks come on top. vm_memory_zero() knows how much it zeroes in a step.
 */
#define VM_STEP_COPY KIB(32)

enum vm_phase {
	PHASE_QUIESCE = 0, /* vCPUs leave their harts; windows go; vCPUs and devices are reset */
	PHASE_TAKE,	   /* memory and tables are taken */
	PHASE_MAP,	   /* memory is mapped; vCPUs and devices are reset */
	PHASE_ZERO,	   /* memory is zeroed */
	PHASE_LOAD,	   /* images and device tree are loaded */
	PHASE_RUN,	   /* the first vCPU starts */
	PHASE_GIVE_BACK,   /* memory and tables are given back */
	PHASE_READY,	   /* the VM becomes paused, with nothing in it */
};

static void vm_op_phase(struct vm *vm, enum vm_phase phase)
{
	vm->work.phase = (u32)phase;
	vm->work.index = 0;
	vm->work.pos = 0;
}

static void vm_op_end(struct vm *vm)
{
	vm->work.op = VM_OP_NONE;
	atomic_set_release(&vm->run.restarting, 0U);
}

static void vm_op_begin(struct vm *vm, enum vm_op op)
{
	spin_assert_held(&vm->lock);
	vm_op_end(vm);
	vm->work.op = (u32)op;
	vm_op_phase(vm, op == VM_OP_CREATE ? PHASE_TAKE : PHASE_QUIESCE);
}

void vm_op_begin_unattended(struct vm *vm, enum vm_op op)
{
	vm_op_begin(vm, op);
	atomic_set_release(&vm->run.restarting, 1U);
	vcpu_wake(vm->run.vcpu[0]);
}

/* --- phases ----------------------------------------------------------------------------------- */

/* A step of a phase returns 0 or an error, and sets the next phase when its own is done. */

static int vm_op_quiesce(struct vm *vm)
{
	if (!vm_all_out(vm)) {
		vm_kick_all(vm);
		return CLV_OK;
	}
	vm_windows_drop_held(vm);
	/* A reset keeps the memory that readers look at; a destruction takes it away. */
	vm_windows_drop_into(vm, vm->work.op == (u32)VM_OP_DESTROY);
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_reset(vm->run.vcpu[i]);
	vm_clock_reset(vm);
	if (vm->work.op == (u32)VM_OP_RESET)
		atomic_set(&vm->run.brake, 0U);
	vm_records_forget(vm);
	/* The slot that the VM was given up to has its open line, and what was typed for it. */
	if (vm_is_given_up(vm))
		vm_records_drop_console(vm);
	vm_devices_reset(vm);
	vm_op_phase(vm, vm->work.op == (u32)VM_OP_START && !vm->raw ? PHASE_LOAD : PHASE_ZERO);
	return CLV_OK;
}

static int vm_op_take(struct vm *vm)
{
	int err = vm_memory_take(vm);

	if (err == CLV_OK)
		vm_op_phase(vm, PHASE_MAP);
	return err;
}

static int vm_op_map(struct vm *vm)
{
	int more = vm_memory_map(vm, &vm->work.index);

	if (more == 0)
		vm_op_phase(vm, PHASE_ZERO);
	return more < 0 ? more : CLV_OK;
}

static enum vm_phase vm_op_after_zero(u32 op)
{
	switch (op) {
	case VM_OP_CREATE:
		return PHASE_READY;
	case VM_OP_DESTROY:
		return PHASE_GIVE_BACK;
	default:
		return PHASE_LOAD;
	}
}

static int vm_op_zero(struct vm *vm)
{
	int more = vm_memory_zero(vm, &vm->work.index, &vm->work.pos);

	if (more == 0)
		vm_op_phase(vm, vm_op_after_zero(vm->work.op));
	return more < 0 ? more : CLV_OK;
}

static int vm_op_load(struct vm *vm)
{
	int more = vm_load_step(vm, &vm->work.index, &vm->work.pos, VM_STEP_COPY);

	if (more == 0)
		vm_op_phase(vm, PHASE_RUN);
	return more < 0 ? more : CLV_OK;
}

static int vm_op_run(struct vm *vm)
{
	u64 entry;
	u64 fdt;
	int err = vm_load_entry(vm, &entry, &fdt);

	if (err == CLV_OK)
		err = vcpu_start(vm->run.vcpu[0], entry, fdt);
	if (err != CLV_OK)
		return err;
	vm_op_end(vm);
	vm_set_state(vm, CLEAVE_VM_RUNNING);
	vm->restart.quiet = false;
	vm_kick_all(vm);
	return CLV_OK;
}

static int vm_op_give_back(struct vm *vm)
{
	vm_memory_give(vm);
	vm_note_clear(vm);
	atomic_set(&vm->run.brake, 0U);
	vm_op_end(vm);
	vm_set_state(vm, CLEAVE_VM_EMPTY);
	printk("partition \"%s\": destroyed, its memory is %s", vm->cfg->name,
	       vm->cfg->direct_map ? "kept for it" : "free");
	return CLV_OK;
}

static int vm_op_ready(struct vm *vm)
{
	if (!vm_clock_stop(vm))
		return CLV_OK;
	vm_records_accept(vm);
	vm_op_end(vm);
	vm_set_state(vm, CLEAVE_VM_PAUSED);
	return CLV_OK;
}

/* Do one step of the operation under way. */
static int vm_op_do(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	switch (vm->work.phase) {
	case PHASE_QUIESCE:
		return vm_op_quiesce(vm);
	case PHASE_TAKE:
		return vm_op_take(vm);
	case PHASE_MAP:
		return vm_op_map(vm);
	case PHASE_ZERO:
		return vm_op_zero(vm);
	case PHASE_LOAD:
		return vm_op_load(vm);
	case PHASE_RUN:
		return vm_op_run(vm);
	case PHASE_GIVE_BACK:
		return vm_op_give_back(vm);
	case PHASE_READY:
	default:
		return vm_op_ready(vm);
	}
}

static void vm_op_undo_create(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	if (vm->work.phase != (u32)PHASE_TAKE)
		vm_memory_give(vm);
	vm_op_end(vm);
}

/*
 * The operation cannot go on. A creation is undone, and its note goes with it. Everything else
 * leaves a VM that has its memory and does not run, and that can be reset or destroyed.
 */
static void vm_op_fail(struct vm *vm)
{
	if (vm->work.op == (u32)VM_OP_CREATE) {
		vm_op_undo_create(vm);
		vm_note_clear(vm);
		return;
	}
	vm_op_end(vm);
	vm_set_state(vm, CLEAVE_VM_STOPPED);
	vm_restart_loud(vm);
}

/* --- which operation may begin when ----------------------------------------------------------- */

static bool vm_op_ever_started(const struct vm *vm)
{
	for (u32 i = 0; i < vm->run.nr_vcpus; i++) {
		if (atomic_read(&vm->run.vcpu[i]->hsm) != (u32)VCPU_STOPPED)
			return true;
	}
	return false;
}

static int vm_op_check_start(struct vm *vm, u32 state)
{
	if (state == (u32)CLEAVE_VM_RUNNING)
		return CLV_ERR_EXISTS;
	if (vm->cfg->kernel == NULL || state == (u32)CLEAVE_VM_EMPTY || vm_note_bars_run(vm) ||
	    vm_windows_writable(vm))
		return CLV_ERR_STATE;
	/* A VM that was paused in the middle of its life is resumed or reset, not started. */
	return state == (u32)CLEAVE_VM_PAUSED && vm_op_ever_started(vm) ? CLV_ERR_STATE : CLV_OK;
}

static int vm_op_check(struct vm *vm, enum vm_op op)
{
	u32 state = vm_state(vm);

	switch (op) {
	case VM_OP_CREATE:
		if (vm->run.nr_vcpus != vm->cfg->cpus)
			return CLV_ERR_NOMEM; /* the boot has said why */
		return state == (u32)CLEAVE_VM_EMPTY ? CLV_OK : CLV_ERR_EXISTS;
	case VM_OP_DESTROY:
		return state != (u32)CLEAVE_VM_EMPTY ? CLV_OK : CLV_ERR_STATE;
	case VM_OP_RESET:
		return state != (u32)CLEAVE_VM_EMPTY && vm->cfg->kernel != NULL &&
				       !vm_note_bars_run(vm)
			       ? CLV_OK
			       : CLV_ERR_STATE;
	case VM_OP_START:
		return vm_op_check_start(vm, state);
	case VM_OP_NONE:
	default:
		return CLV_ERR_INVAL;
	}
}

/* Begin an operation for a manager. A half-finished CREATE is undone first. */
static int vm_op_begin_attended(struct vm *vm, enum vm_op op)
{
	int err;

	if (vm->work.op == (u32)VM_OP_CREATE)
		vm_op_undo_create(vm);
	err = vm_op_check(vm, op);
	if (err != CLV_OK)
		return err;
	vm_restart_loud(vm);
	if (op != VM_OP_CREATE && vm_state(vm) == (u32)CLEAVE_VM_RUNNING)
		console_tty_flush(&vm->tty);
	vm_op_begin(vm, op);
	if (op != VM_OP_CREATE)
		vm_set_state(vm, CLEAVE_VM_STOPPED);
	return CLV_OK;
}

/*
 * DESTROY of an empty slot takes away what was planned there: a half-finished CREATE, or a note.
 * Return: false when there was neither, or the slot is not empty.
 */
static bool vm_op_forget_plans(struct vm *vm)
{
	bool creating = vm->work.op == (u32)VM_OP_CREATE;

	if (vm_state(vm) != (u32)CLEAVE_VM_EMPTY || (!creating && vm->note == CLEAVE_NOTE_NONE))
		return false;
	if (creating)
		vm_op_undo_create(vm);
	vm_note_clear(vm);
	return true;
}

static int vm_op_step_locked(struct vm *vm, enum vm_op op, u64 *cursor)
{
	int err = CLV_OK;

	spin_assert_held(&vm->lock);
	if (*cursor == 0U && op == VM_OP_DESTROY && vm_op_forget_plans(vm))
		return CLV_OK;
	if (*cursor == 0U)
		err = vm_op_begin_attended(vm, op);
	else if (vm->work.op != (u32)op || *cursor != vm->work.cursor)
		err = CLV_ERR_STATE;
	if (err != CLV_OK)
		return err;
	err = vm_op_do(vm);
	if (err != CLV_OK) {
		vm_op_fail(vm);
		return err;
	}
	vm->work.cursor++;
	*cursor = vm->work.op == (u32)VM_OP_NONE ? 0U : vm->work.cursor;
	return CLV_OK;
}

int vm_op_step(struct vm *vm, enum vm_op op, u64 *cursor)
{
	int err;

	/* A VM that ended itself would wait for its own vCPU to leave. It has SBI SRST for that. */
	if (vm_is_callers(vm))
		return CLV_ERR_INVAL;
	spin_lock(&vm->lock);
	err = vm_op_step_locked(vm, op, cursor);
	spin_unlock(&vm->lock);
	return err;
}

/* --- restarts, which the scheduler does ------------------------------------------------------- */

static void vm_op_step_unattended(struct vm *vm)
{
	/* Look again: the lock was taken after vm_op_unattended() was seen. */
	if (!vm_op_unattended(vm))
		return;
	if (vm_op_do(vm) != CLV_OK) {
		printk("partition \"%s\": cannot be started again: it stays stopped",
		       vm->cfg->name);
		vm_op_fail(vm);
	}
}

void vm_restart_step(struct vm *vm)
{
	spin_lock(&vm->lock);
	vm_op_step_unattended(vm);
	spin_unlock(&vm->lock);
	if (!vm_op_unattended(vm))
		vm_check_ended();
}
