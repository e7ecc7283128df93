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
 * other cannot deadlock. While a hart holds a lock it must never wait for a vCPU to leave its hart:
 * that vCPU may be waiting for the lock. It may wait for the vCPU's acknowledgements, which the
 * vCPU's hart gives while it waits (spin_relax()).
 */
#include "core/vm/vm_life.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "arch/riscv/firmware.h"
#include "core/run/request.h"
#include "core/vm/event.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_pass.h"
#include "core/vm/vm_window.h"

static u32 vm_life_ended; /* 1: the machine is being shut down; atomic */

void vm_set_state(struct vm *vm, enum cleave_vm_state state)
{
	spin_assert_held(&vm->lock);
	if (vm_state(vm) == (u32)state)
		return;
	/* Release: a hart that sees RUNNING sees memory, registers and devices as they are now. */
	atomic_set_release(&vm->run.state, (u32)state);
	if (state == CLEAVE_VM_RUNNING)
		vm_pass_start(vm);
	else if (state != CLEAVE_VM_PAUSED)
		vm_pass_stop(vm);
	if (!vm->restart.quiet)
		event_post(CLEAVE_EVENT_STATE, vm->id, (u64)state);
}

/* --- pause and resume ------------------------------------------------------------------------- */

/*
 * Return: true when there is nothing left to wait for: no vCPU runs and the VM's time stands, or
 * somebody has resumed or ended the VM.
 */
static bool vm_life_pause_settled(struct vm *vm)
{
	bool settled = true;

	if (!vm_all_out(vm))
		return false;
	spin_lock(&vm->lock);
	if (vm_state(vm) == (u32)CLEAVE_VM_PAUSED)
		settled = vm_clock_stop(vm);
	spin_unlock(&vm->lock);
	return settled;
}

int vm_pause(struct vm *vm)
{
	const struct vcpu *self = vcpu_current();
	u32 state;

	if (vm_is_callers(vm))
		return CLV_ERR_INVAL;
	spin_lock(&vm->lock);
	state = vm_state(vm);
	if (state == (u32)CLEAVE_VM_RUNNING)
		vm_set_state(vm, CLEAVE_VM_PAUSED);
	spin_unlock(&vm->lock);
	if (state != (u32)CLEAVE_VM_RUNNING && state != (u32)CLEAVE_VM_PAUSED)
		return CLV_ERR_STATE;

	vm_kick_all(vm);
	while (!vm_life_pause_settled(vm)) {
		/*
		 * Two managers may pause each other. Each then waits for a vCPU that waits here,
		 * unless a caller stops waiting when its own VM does not run any more.
		 */
		if (self != NULL && !vm_runnable(self->run)) {
			/* If these were the last two, nobody is left who could resume one. */
			vm_check_ended();
			return CLV_ERR_BUSY;
		}
		request_wait();
	}
	return CLV_OK;
}

/*
 * Wake a VM that is suspended (SUSP): the one vCPU that has not stopped sleeps.
 *
 * A branch makes the store to `waiting` depend on the load of `hsm`, so it comes after that (RVWMO,
 * PPO rule 11), and so after what sbi_hsm_sleep() has stored there before its release. A vCPU that
 * has woken by itself meanwhile, and waits anew, is woken once too often, as WFI and hart_suspend
 * may be.
 */
static int vm_life_wake(struct vm *vm)
{
	struct vcpu *sleeper = NULL;

	for (u32 i = 0; i < vm->run.nr_vcpus; i++) {
		struct vcpu *v = vm->run.vcpu[i];
		u32 hsm = atomic_read(&v->hsm);

		if (hsm == (u32)VCPU_STOPPED)
			continue;
		if (hsm != (u32)VCPU_SUSPENDED || sleeper != NULL)
			return CLV_ERR_STATE;
		sleeper = v;
	}
	if (sleeper == NULL)
		return CLV_ERR_STATE;
	atomic_set(&sleeper->waiting, false);
	return CLV_OK;
}

int vm_resume(struct vm *vm)
{
	int err = CLV_ERR_STATE;
	u32 state;

	spin_lock(&vm->lock);
	state = vm_state(vm);
	if (state == (u32)CLEAVE_VM_RUNNING)
		err = vm_life_wake(vm);
	else if (state == (u32)CLEAVE_VM_PAUSED && vm->work.op == (u32)VM_OP_NONE &&
		 !vm_note_bars_run(vm) && !vm_windows_writable(vm) && vm_records_allow_run(vm)) {
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

/* --- how much it runs ------------------------------------------------------------------------- */

int vm_brake(struct vm *vm, u64 percent)
{
	int err = CLV_ERR_STATE;

	if (percent > VM_BRAKE_MAX || vm_is_callers(vm))
		return CLV_ERR_INVAL;
	spin_lock(&vm->lock);
	if (vm_state(vm) != (u32)CLEAVE_VM_EMPTY) {
		atomic_set(&vm->run.brake, (u32)percent);
		err = CLV_OK;
	}
	spin_unlock(&vm->lock);
	/* A kick would not do: harts that run the VM's vCPUs have to choose anew. */
	for (u32 i = 0; err == CLV_OK && i < vm->run.nr_vcpus; i++)
		vcpu_wake(vm->run.vcpu[i]);
	return err;
}

/* --- the end ---------------------------------------------------------------------------------- */

/*
 * Does @vm run, or will it without anybody's doing? A paused VM has no future of its own: it waits
 * for a manager, which has to run itself. The lock is needed because a VM that is about to restart
 * seems to have ended between the change of its state and that of what it owes.
 */
static bool vm_life_has_future(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return vm_state(vm) == (u32)CLEAVE_VM_RUNNING || vm_op_unattended(vm);
}

void vm_check_ended(void)
{
	bool failed = false;

	for (u32 id = 0; id < vm_count(); id++) {
		struct vm *vm = vm_get(id);
		bool future;

		spin_lock(&vm->lock);
		future = vm_life_has_future(vm);
		failed |= vm_state(vm) == (u32)CLEAVE_VM_FAULTED;
		spin_unlock(&vm->lock);
		if (future)
			return;
	}
	/* The last two may end at the same time on two harts: one of them shuts down. */
	if (atomic_xchg(&vm_life_ended, 1U) != 0U)
		return;
	firmware_flush_console(); /* so that this line comes last */
	printk("no partition runs, and none is left to start one: shutting the machine down");
	firmware_shutdown(failed);
}

/* Can @vm end? If not, somebody else has ended it meanwhile. */
static bool vm_life_may_end(const struct vm *vm)
{
	u32 state = vm_state(vm);

	return state == (u32)CLEAVE_VM_RUNNING || state == (u32)CLEAVE_VM_PAUSED;
}

/*
 * End the VM. A restart that is not told of says nothing (vm_restart_ask()). The VM's windows are
 * dropped in steps, by a restart or else by themselves. Others keep their windows into it, so that
 * they can look at what is left.
 */
static void vm_life_end(struct vm *vm, const struct cleave_fault *fault, const char *why)
{
	spin_assert_held(&vm->lock);
	console_tty_flush(&vm->tty);
	if (!vm->restart.quiet)
		console_tty_say(&vm->tty, "partition \"%s\": %s", vm->cfg->name, why);
	if (fault != NULL)
		vm_fault_keep(vm, fault);
	vm_set_state(vm, fault != NULL ? CLEAVE_VM_FAULTED : CLEAVE_VM_STOPPED);
	if (vm_windows_held(vm))
		vm_op_begin_unattended(vm, VM_OP_TIDY);
}

/* End a VM whose guest, or whose on-fault, asks for a restart. */
static void vm_life_end_and_restart(struct vm *vm, const struct cleave_fault *fault,
				    const char *why)
{
	bool allowed = vm_restart_ask(vm);

	vm_life_end(vm, fault, why);
	if (!allowed) {
		vm_restart_refuse(vm);
		return;
	}
	if (fault != NULL && !vm->restart.quiet)
		printk("partition \"%s\": restarting it (%u of %u within %u seconds)",
		       vm->cfg->name, vm->restart.count, vm->cfg->restart_count,
		       vm->cfg->restart_seconds);
	vm_op_begin_unattended(vm, VM_OP_RESET);
}

void vm_stop_self(struct vm *vm, const struct cleave_fault *fault, const char *why)
{
	spin_lock(&vm->lock);
	if (vm_life_may_end(vm)) {
		if (fault != NULL && (vm->load->images.flags & CLEAVE_IMAGES_RESTART) != 0U)
			vm_life_end_and_restart(vm, fault, why);
		else
			vm_life_end(vm, fault, why);
		if (fault != NULL && vm->cfg->on_fault == CONFIG_ON_FAULT_RESET_MACHINE) {
			printk("partition \"%s\": on-fault = \"reset\": resetting the machine",
			       vm->cfg->name);
			firmware_reboot(true); /* does not return */
		}
	}
	spin_unlock(&vm->lock);
	vm_kick_all(vm);
	vm_check_ended();
}

void vm_all_stopped(struct vm *vm)
{
	vm_stop_self(vm, NULL, "all its vCPUs have stopped themselves (SBI HSM hart_stop)");
}

void vm_restart_self(struct vm *vm, const char *why)
{
	spin_lock(&vm->lock);
	if (vm_life_may_end(vm)) {
		if (vm_loads(vm)) {
			vm_life_end_and_restart(vm, NULL, why);
		} else {
			vm_life_end(vm, NULL, why);
			printk("partition \"%s\": there is no \"kernel\" to load again: "
			       "it stays stopped",
			       vm->cfg->name);
		}
	}
	spin_unlock(&vm->lock);
	vm_kick_all(vm);
	vm_check_ended();
}
