/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of a VM: who may change them when, and what others are told of it.
 *
 *            CREATE            START             PAUSE
 *   EMPTY ----------> PAUSED          STOPPED ----------> RUNNING <=========> PAUSED
 *     ^                  \---- START ---^  ^                 |      RESUME
 *     |     DESTROY from any state         |---- shutdown ---+--- fault ---> FAULTED
 *
 * Locks: docs/concurrency.md. Nobody holds the locks of two VMs, so two managers that work on each
 * other cannot deadlock. While a hart holds a lock it must never wait for a vCPU to leave its hart,
 * as that vCPU may be waiting for the lock; waiting for its acknowledgements is allowed, which it
 * gives while it waits (spin_relax()).
 */
#include "core/vm/vm.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include "arch/riscv/firmware.h"
#include "arch/riscv/timer.h"
#include "core/vm/event.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_pass.h"

/* Faults that on-fault = "restart" answers with a restart: this many, then no more until a minute has passed. */
#define VM_RESTART_LIMIT   5U
#define VM_RESTART_SECONDS 60U

static u32 vm_ended; /* 1: the machine is being shut down; atomic */

void vm_set_state(struct vm *vm, enum cleave_vm_state state)
{
	if (vm_state(vm) == (u32)state)
		return;
	/* Release: who sees RUNNING sees memory, registers and devices as they were prepared. */
	atomic_set_release(&vm->run.state, (u32)state);
	if (state == CLEAVE_VM_RUNNING)
		vm_pass_start(vm);
	else if (state != CLEAVE_VM_PAUSED)
		vm_pass_stop(vm);
	event_post(CLEAVE_EVENT_STATE, vm->id, (u64)state);
}

void vm_kick_all(struct vm *vm)
{
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_kick(vm->run.vcpu[i]);
}

bool vm_quiet(const struct vm *vm)
{
	/*
	 * The state that was set before the modes that are read: pairs with the barrier between mode = IN and the look
	 * at the state in sched.c. A vCPU that is seen OUT here sees that it may not enter.
	 */
	smp_mb();
	for (u32 i = 0; i < vm->run.nr_vcpus; i++) {
		/* Acquire pairs with the release in sched.c: all that the vCPU did is visible. */
		if (atomic_read_acquire(&vm->run.vcpu[i]->mode) == (u32)VCPU_IN)
			return false;
	}
	return true;
}

u64 vm_overhead(const struct vm *vm)
{
	u64 bytes = vm->overhead;

	if (vm_state(vm) == (u32)CLEAVE_VM_EMPTY)
		return bytes;
	bytes += KIB(16) + vm->space.pool.total * PAGE_SIZE; /* the root has four pages */
	for (u32 i = 0; i < vm->space.nr_regions; i++)
		bytes += vm->space.region[i].log.memory_size;
	return bytes;
}

/* --- pause and resume ------------------------------------------------------------------------------------------- */

/* Return: true when the pause is over: no vCPU runs and the VM's time stands, or somebody has resumed or ended it. */
static bool vm_pause_settled(struct vm *vm)
{
	bool settled = true;

	if (!vm_quiet(vm))
		return false;
	spin_lock(&vm->lock);
	if (vm_state(vm) == (u32)CLEAVE_VM_PAUSED)
		settled = vm_clock_stop(vm);
	spin_unlock(&vm->lock);
	return settled;
}

int vm_pause(struct vm *vm)
{
	struct vcpu *self = vcpu_current();
	u32 state;

	if (self != NULL && self->vm == vm)
		return CLV_ERR_INVAL;
	spin_lock(&vm->lock);
	state = vm_state(vm);
	if (state == (u32)CLEAVE_VM_RUNNING)
		vm_set_state(vm, CLEAVE_VM_PAUSED);
	spin_unlock(&vm->lock);
	if (state != (u32)CLEAVE_VM_RUNNING && state != (u32)CLEAVE_VM_PAUSED)
		return CLV_ERR_STATE;

	vm_kick_all(vm);
	while (!vm_pause_settled(vm)) {
		/*
		 * Two managers may pause each other: each then waits for a vCPU that waits here. So whose own VM does
		 * not run any more does not wait.
		 */
		if (self != NULL && !vm_runnable(self->run)) {
			/* And if they were the last two, nobody is left who could resume one. */
			vm_check_ended();
			return CLV_ERR_BUSY;
		}
		spin_relax();
	}
	return CLV_OK;
}

int vm_resume(struct vm *vm)
{
	int err = CLV_ERR_STATE;

	spin_lock(&vm->lock);
	if (vm_state(vm) == (u32)CLEAVE_VM_PAUSED && vm->work.op == (u32)VM_OP_NONE &&
	    !vm_nobodys(vm) && !vm_windows_writable(vm) && vm_records_allow_run(vm)) {
		vm_records_settle(vm);
		vm_clock_go(vm);
		vm_set_state(vm, CLEAVE_VM_RUNNING);
		err = CLV_OK;
	}
	spin_unlock(&vm->lock);
	if (err == CLV_OK)
		vm_kick_all(vm);
	return err;
}

/* --- who owns it ------------------------------------------------------------------------------------------------ */

/*
 * May @vm be given up? Whatever could still let it run must be over: no vCPU on a hart that might reboot it, no operation
 * that ends with a start. What begins afterwards looks at the note first.
 */
static bool vm_may_give(const struct vm *vm, u64 id)
{
	u32 state = vm_state(vm);

	if (vm_given(vm))
		return vm->note_id == id;
	if (vm->work.op != (u32)VM_OP_NONE || vm->note == CLEAVE_NOTE_FILLING)
		return false;
	return state == (u32)CLEAVE_VM_STOPPED ||
	       (state == (u32)CLEAVE_VM_PAUSED && vm_time_stands(vm));
}

/*
 * May @vm be noted as filled? Before it is created, so that nobody runs it first: one migration's alone. Or what was taken and is
 * no guest after all.
 */
static bool vm_may_fill(const struct vm *vm, u64 id)
{
	bool ours = vm->note_id == id &&
		    (vm->note == CLEAVE_NOTE_FILLING || vm->note == CLEAVE_NOTE_TAKEN);

	if (vm_state(vm) == (u32)CLEAVE_VM_EMPTY)
		return ours || vm->note == CLEAVE_NOTE_NONE;
	return ours && vm_state(vm) == (u32)CLEAVE_VM_PAUSED && vm_time_stands(vm) &&
	       vm->work.op == (u32)VM_OP_NONE;
}

static bool vm_may_note(const struct vm *vm, u32 note, u64 id)
{
	switch (note) {
	case CLEAVE_NOTE_GIVEN:
		return vm_may_give(vm, id);
	case CLEAVE_NOTE_TAKEN:
		return vm_state(vm) != (u32)CLEAVE_VM_EMPTY && (!vm_given(vm) || vm->note_id == id);
	case CLEAVE_NOTE_FILLING:
		return vm_may_fill(vm, id);
	default:
		return true;
	}
}

int vm_note(struct vm *vm, u32 note, u64 id, bool run)
{
	const struct vcpu *self = vcpu_current();
	int err = CLV_ERR_STATE;

	if (note > CLEAVE_NOTE_FILLING || (note != CLEAVE_NOTE_NONE && id == 0U) ||
	    (self != NULL && self->vm == vm))
		return CLV_ERR_INVAL;
	spin_lock(&vm->lock);
	if (vm_may_note(vm, note, id)) {
		vm->note = note;
		vm->note_id = note == CLEAVE_NOTE_NONE ? 0U : id;
		vm->note_run = note != CLEAVE_NOTE_NONE && run;
		err = CLV_OK;
	}
	spin_unlock(&vm->lock);
	return err;
}

/* --- how much it runs ------------------------------------------------------------------------------------------- */

int vm_brake(struct vm *vm, u64 percent)
{
	const struct vcpu *self = vcpu_current();
	int err = CLV_ERR_STATE;

	if (percent > VM_BRAKE_MAX || (self != NULL && self->vm == vm))
		return CLV_ERR_INVAL;
	spin_lock(&vm->lock);
	if (vm_state(vm) != (u32)CLEAVE_VM_EMPTY) {
		atomic_set(&vm->run.brake, (u32)percent);
		err = CLV_OK;
	}
	spin_unlock(&vm->lock);
	/* Not a kick: those that run are to be chosen anew. */
	for (u32 i = 0; err == CLV_OK && i < vm->run.nr_vcpus; i++)
		vcpu_wake_hart(vm->run.vcpu[i]->hart);
	return err;
}

/* --- the end of a VM -------------------------------------------------------------------------------------------- */

/*
 * A VM that runs, or will run without anybody's doing. A paused one waits for a manager, which has to run itself. Under vm->lock:
 * between the state and what is owed, one that is about to be started anew seems to have ended.
 */
static bool vm_has_future(const struct vm *vm)
{
	return vm_state(vm) == (u32)CLEAVE_VM_RUNNING || vm_op_owed(vm);
}

void vm_check_ended(void)
{
	bool failed = false;

	for (u32 id = 0; id < vm_count(); id++) {
		struct vm *vm = vm_get(id);
		bool future;

		if (vm == NULL)
			continue;
		spin_lock(&vm->lock);
		future = vm_has_future(vm);
		failed |= vm_state(vm) == (u32)CLEAVE_VM_FAULTED;
		spin_unlock(&vm->lock);
		if (future)
			return;
	}
	/* The last two may end at the same time on two harts: one of them does it. */
	if (atomic_xchg(&vm_ended, 1U) != 0U)
		return;
	printk("no partition runs, and none is left to start one: shutting the machine down");
	firmware_shutdown(failed);
}

/* Return: true when one more automatic restart is allowed; under vm->lock. */
static bool vm_may_restart(struct vm *vm)
{
	u64 now = timer_now();

	if (vm->restarts == 0U ||
	    now - vm->restart_since > VM_RESTART_SECONDS * timer_frequency()) {
		vm->restart_since = now;
		vm->restarts = 0;
	}
	if (vm->restarts >= VM_RESTART_LIMIT) {
		printk("partition \"%s\": restarted %u times within %u seconds: it stays stopped",
		       vm->cfg->name, vm->restarts, VM_RESTART_SECONDS);
		return false;
	}
	vm->restarts++;
	return true;
}

/* What the partition's on-fault asks for; under vm->lock. */
static void vm_answer_fault(struct vm *vm)
{
	switch (vm->cfg->on_fault) {
	case CONFIG_ON_FAULT_RESET_MACHINE:
		printk("partition \"%s\": on-fault = \"reset\": resetting the machine",
		       vm->cfg->name);
		firmware_reboot(true); /* does not return */
		break;
	case CONFIG_ON_FAULT_RESTART:
		if (vm_may_restart(vm)) {
			printk("partition \"%s\": restarting it (%u of %u within %u seconds)",
			       vm->cfg->name, vm->restarts, VM_RESTART_LIMIT, VM_RESTART_SECONDS);
			vm_op_begin_self(vm, VM_OP_RESET);
		}
		break;
	case CONFIG_ON_FAULT_STOP:
	default:
		break;
	}
}

/* Under vm->lock: the VM ends, unless somebody else has ended it meanwhile. */
static bool vm_end(struct vm *vm, enum cleave_vm_state state, const char *why)
{
	u32 now = vm_state(vm);

	if (now != (u32)CLEAVE_VM_RUNNING && now != (u32)CLEAVE_VM_PAUSED)
		return false;
	console_tty_flush(&vm->tty);
	printk("partition \"%s\": %s", vm->cfg->name, why);
	vm_set_state(vm, state);
	/* Others keep their windows into it: to look at what is left is what they are for. */
	vm_windows_drop_held(vm);
	return true;
}

void vm_stop_self(struct vm *vm, u32 state, const char *why)
{
	spin_lock(&vm->lock);
	if (vm_end(vm, (enum cleave_vm_state)state, why) && state == (u32)CLEAVE_VM_FAULTED)
		vm_answer_fault(vm);
	spin_unlock(&vm->lock);
	vm_kick_all(vm);
	vm_check_ended();
}

void vm_all_stopped(struct vm *vm)
{
	vm_stop_self(vm, CLEAVE_VM_STOPPED,
		     "all its vCPUs have stopped themselves (SBI HSM hart_stop)");
}

void vm_restart_self(struct vm *vm, const char *why)
{
	spin_lock(&vm->lock);
	if (vm_end(vm, CLEAVE_VM_STOPPED, why)) {
		if (vm->cfg->kernel != NULL)
			vm_op_begin_self(vm, VM_OP_RESET);
		else
			printk("partition \"%s\": has no kernel to load again: it stays stopped",
			       vm->cfg->name);
	}
	spin_unlock(&vm->lock);
	vm_kick_all(vm);
	vm_check_ended();
}
