/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on a VM that take long: reset, start, destroy, create, in bounded steps (M6).
 *
 * A step runs in the hypercall of a manager or, when nobody calls for it (a start at boot, a
 * restart, what an end leaves to be tidied up), in the scheduler of the hart that owns the VM's
 * first vCPU. Such an operation's memory is zeroed by all harts that own one of its vCPUs. It must
 * never wait for a vCPU to leave its hart: a step that finds one there asks it again, and leaves
 * the phase as it is.
 */
#include "core/vm/vm_op.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/start.h"
#include "arch/riscv/timer.h"
#include "core/vm/event.h"
#include "core/vm/vm_devices.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_life.h"
#include "core/vm/vm_window.h"

/* Blocks of memory that one step gives back: up to 1,000 instructions each (T2) */
#define VM_OP_GIVE 32U

#define VM_OP_PATIENCE 5U     /* seconds that a manager waits at boot for other partitions */
#define VM_OP_PAUSE_HZ 10000U /* how often it looks meanwhile */

enum vm_phase {
	PHASE_QUIESCE = 0, /* vCPUs leave their harts; windows go; vCPUs and devices are reset */
	PHASE_GIVE_BACK,   /* memory and tables are given back */
	PHASE_TAKE,	   /* memory and tables are taken */
	PHASE_MAP,	   /* memory is mapped; vCPUs and devices are reset */
	PHASE_ZERO,	   /* memory is zeroed */
	PHASE_LOAD,	   /* images and device tree are loaded */
	PHASE_RUN,	   /* the first vCPU starts */
	PHASE_READY,	   /* the VM becomes paused, with nothing in it */
};

static u32 vm_op_booted;  /* 1: a VM has run; atomic */
static u32 vm_op_booting; /* VMs that the boot starts and that are not ready to run yet; atomic */

/* Let harts do steps that nobody calls for. */
static void vm_op_share(struct vm *vm, enum vm_restarting who)
{
	atomic_set_release(&vm->run.restarting, (u32)who);
	for (u32 i = 0; i < (who == VM_RESTART_ALL ? vm->run.nr_vcpus : 1U); i++)
		vcpu_wake(vm->run.vcpu[i]);
}

static void vm_op_phase(struct vm *vm, enum vm_phase phase)
{
	vm->work.phase = (u32)phase;
	vm->work.index = 0;
	vm->work.pos = 0;
	if (phase == PHASE_ZERO && vm_op_unattended(vm))
		vm_op_share(vm, VM_RESTART_ALL);
}

/* The boot has begun the start of @vm: it is ready to run, or it will not be. */
static void vm_op_boot_over(struct vm *vm)
{
	if (!vm->work.booting)
		return;
	vm->work.booting = false;
	(void)atomic_add(&vm_op_booting, UINT32_MAX);
}

static void vm_op_end(struct vm *vm)
{
	vm_op_boot_over(vm);
	atomic_set(&vm->work.op, (u32)VM_OP_NONE);
	atomic_set_release(&vm->run.restarting, (u32)VM_RESTART_NONE);
}

static void vm_op_begin(struct vm *vm, enum vm_op op)
{
	spin_assert_held(&vm->lock);
	vm_op_end(vm);
	atomic_set(&vm->work.op, (u32)op);
	/* An empty slot may hold what a creation or a destruction has left there half-way. */
	vm_op_phase(vm, vm_state(vm) == (u32)CLEAVE_VM_EMPTY ? PHASE_GIVE_BACK : PHASE_QUIESCE);
}

void vm_op_begin_unattended(struct vm *vm, enum vm_op op)
{
	vm_op_begin(vm, op);
	vm_op_share(vm, VM_RESTART_FIRST);
}

void vm_op_begin_boot(struct vm *vm)
{
	vm_op_begin_unattended(vm, VM_OP_START);
	vm->work.booting = true;
	(void)atomic_add(&vm_op_booting, 1U);
}

/* --- phases ----------------------------------------------------------------------------------- */

/* A step of a phase returns 0 or an error, and sets the next phase when its own is done. */

/* Which windows have to go before the operation does more */
static enum vm_windows vm_op_windows(u32 op)
{
	switch (op) {
	case VM_OP_TIDY:
		return VM_WINDOWS_HELD;
	case VM_OP_DESTROY:
		return VM_WINDOWS_ALL;
	default:
		/* The memory that readers look at stays. */
		return VM_WINDOWS_UNSAFE;
	}
}

static int vm_op_quiesce(struct vm *vm)
{
	u32 op = vm->work.op;

	if (!vm_all_out(vm)) {
		vm_kick_all(vm);
		return CLV_OK;
	}
	/* Harts may still zero pieces for an operation that has given way to this one. */
	if (vm->work.zeroing != 0U || vm_windows_drop(vm, vm_op_windows(op)))
		return CLV_OK;
	if (op == (u32)VM_OP_TIDY) {
		vm_op_end(vm);
		return CLV_OK;
	}
	if (vm->work.index < vm->run.nr_vcpus) {
		vcpu_reset(vm->run.vcpu[vm->work.index]);
		vm->work.index++;
		return CLV_OK;
	}
	vm_clock_reset(vm);
	if (op == (u32)VM_OP_RESET)
		atomic_set(&vm->run.brake, 0U);
	vm_records_forget(vm);
	/* The slot that the VM was given up to has its open line, and what was typed for it. */
	if (vm_is_given_up(vm))
		vm_records_drop_console(vm);
	vm_devices_reset(vm);
	vm_op_phase(vm, op == (u32)VM_OP_START && !vm->raw ? PHASE_LOAD : PHASE_ZERO);
	return CLV_OK;
}

static int vm_op_take(struct vm *vm)
{
	int more = vm_memory_take(vm, &vm->work.pos);

	if (more == 0)
		vm_op_phase(vm, PHASE_MAP);
	return MIN(more, CLV_OK);
}

static int vm_op_map(struct vm *vm)
{
	int more = vm_memory_map(vm, &vm->work.index, &vm->work.pos);

	if (more == 0)
		vm_op_phase(vm, PHASE_ZERO);
	return MIN(more, CLV_OK);
}

/*
 * All memory is zero. Of a VM that is destroyed there is nothing left but its frames: it is empty
 * before the first of them goes, so that nobody looks for its space.
 */
static void vm_op_zeroed(struct vm *vm)
{
	vm->raw = false;
	switch (vm->work.op) {
	case VM_OP_CREATE:
		vm_op_phase(vm, PHASE_READY);
		break;
	case VM_OP_DESTROY:
		atomic_set_release(&vm->run.state, (u32)CLEAVE_VM_EMPTY);
		vm_op_phase(vm, PHASE_GIVE_BACK);
		break;
	default:
		vm_op_phase(vm, PHASE_LOAD);
		break;
	}
}

/* Take the next piece that is to be zeroed. Return: false when there is none. */
static bool vm_op_next_piece(struct vm *vm, struct vm_piece *piece)
{
	if (vm->work.phase != (u32)PHASE_ZERO)
		return false;
	if (vm_memory_next(vm, &vm->work.index, &vm->work.pos, piece))
		return true;
	if (vm_op_unattended(vm))
		atomic_set_release(&vm->run.restarting, (u32)VM_RESTART_FIRST);
	return false;
}

static int vm_op_zero(struct vm *vm)
{
	struct vm_piece piece;

	if (vm_op_next_piece(vm, &piece))
		return vm_memory_zero(vm, &piece);
	if (vm->work.zeroing == 0U)
		vm_op_zeroed(vm);
	return CLV_OK;
}

static int vm_op_load(struct vm *vm)
{
	int more = vm_load_step(vm, &vm->work.index, &vm->work.pos);

	if (more == 0)
		vm_op_phase(vm, PHASE_RUN);
	return MIN(more, CLV_OK);
}

/*
 * A manager that the boot starts waits for the others, but not for ever: a partition may have no
 * window in the plan of its hart, or the hart may have failed. Then that is said.
 *
 * Return: true while it waits.
 */
static bool vm_op_waits(struct vm *vm)
{
	static u32 said;
	u64 now = timer_now();

	if (vm->work.op != (u32)VM_OP_START || !vm_op_unattended(vm) || !vm->cfg->manager ||
	    atomic_read(&vm_op_booting) == 0U)
		return false;
	if (vm->work.pos == 0U)
		vm->work.pos = now;
	if (now - vm->work.pos < VM_OP_PATIENCE * timer_frequency()) {
		/* In between the hart is that of the others, which may weigh far less. */
		vm->run.vcpu[0]->held_until = now + timer_frequency() / VM_OP_PAUSE_HZ;
		return true;
	}
	if (atomic_xchg(&said, 1U) != 0U)
		return false;
	for (u32 id = 0; id < vm_count(); id++) {
		const struct vm *late = vm_get(id);

		/* Read without its lock: it may become ready at this moment. */
		if (late->work.booting)
			printk("partition \"%s\": hart %lu has not made it ready within %u "
			       "seconds: "
			       "managers start without it",
			       late->cfg->name, hart_get(late->run.vcpu[0]->hart)->hartid,
			       VM_OP_PATIENCE);
	}
	return false;
}

static int vm_op_run(struct vm *vm)
{
	const struct cleave_images *images = &vm->load->images;
	int err;

	vm_op_boot_over(vm);
	if (vm_op_waits(vm))
		return CLV_OK;
	err = vcpu_start(vm->run.vcpu[0], images->entry, images->fdt);
	if (err != CLV_OK)
		return err;
	/* In this order: to those who look without the lock (vm_op_starts()) it never stops. */
	vm_set_state(vm, CLEAVE_VM_RUNNING);
	vm_op_end(vm);
	vm->restart.quiet = false;
	vm->born = vm->born || vm->load == &vm->made;
	/* What was typed meanwhile; the barrier pairs with that of console_tty_ready(). */
	smp_mb();
	vuart_refill(&vm->uart);
	vm_kick_all(vm);
	return CLV_OK;
}

static int vm_op_give_back(struct vm *vm)
{
	u32 op = vm->work.op;

	if (vm_memory_give(vm))
		return CLV_OK;
	if (op == (u32)VM_OP_CREATE) {
		vm_op_phase(vm, PHASE_TAKE);
		return CLV_OK;
	}
	if (op == (u32)VM_OP_DESTROY) {
		vm_note_clear(vm);
		atomic_set(&vm->run.brake, 0U);
		event_post(CLEAVE_EVENT_STATE, vm->id, (u64)CLEAVE_VM_EMPTY);
		printk("partition \"%s\": destroyed, its memory is %s", vm->cfg->name,
		       vm->cfg->direct_map ? "kept for it" : "free");
	}
	vm_op_end(vm);
	return CLV_OK;
}

static int vm_op_ready(struct vm *vm)
{
	if (!vm_clock_stop(vm))
		return CLV_OK;
	vm_records_accept(vm);
	vm->guest = vm->own;
	vm->generation = (struct cleave_state_generation){ 0 };
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

/* Undo a creation, and strike out the note. What takes more than a step (M6) is done unattended. */
static void vm_op_undo_create(struct vm *vm)
{
	u32 n = 0;

	vm_op_end(vm);
	vm_note_clear(vm);
	while (vm_memory_give(vm)) {
		n++;
		if (n == VM_OP_GIVE) {
			vm_op_begin_unattended(vm, VM_OP_TIDY);
			return;
		}
	}
}

/*
 * The operation cannot go on. A creation is undone, and its note goes with it. Everything else
 * leaves a VM that has its memory and does not run, and that can be reset or destroyed.
 */
static void vm_op_fail(struct vm *vm)
{
	if (vm->work.op == (u32)VM_OP_CREATE) {
		vm_op_undo_create(vm);
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
	if (!vm_loads(vm) || state == (u32)CLEAVE_VM_EMPTY || vm_note_bars_run(vm) ||
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
		/* Another manager may have left one unfinished. */
		return state != (u32)CLEAVE_VM_EMPTY || vm->work.op == (u32)VM_OP_DESTROY
			       ? CLV_OK
			       : CLV_ERR_STATE;
	case VM_OP_RESET:
		return state != (u32)CLEAVE_VM_EMPTY && vm_loads(vm) && !vm_note_bars_run(vm)
			       ? CLV_OK
			       : CLV_ERR_STATE;
	case VM_OP_START:
		return vm_op_check_start(vm, state);
	default:
		return CLV_ERR_INVAL;
	}
}

/* Begin an operation for a manager. What is under way gives way to it. */
static int vm_op_begin_attended(struct vm *vm, enum vm_op op)
{
	int err = vm_op_check(vm, op);

	if (err != CLV_OK)
		return err;
	/* The guest that was made here may live on elsewhere. */
	if (op == VM_OP_START && vm_state(vm) == (u32)CLEAVE_VM_PAUSED && vm->born)
		vm_create_identity_anew(vm);
	vm_restart_loud(vm);
	if (op != VM_OP_CREATE && vm_state(vm) == (u32)CLEAVE_VM_RUNNING)
		console_tty_flush(&vm->tty);
	vm_op_begin(vm, op);
	if (vm_state(vm) != (u32)CLEAVE_VM_EMPTY)
		vm_set_state(vm, CLEAVE_VM_STOPPED);
	return CLV_OK;
}

/*
 * DESTROY of an empty slot takes away what was planned there: a half-finished CREATE, or a note.
 * Return: false when there was neither, or the slot is not empty.
 */
static bool vm_op_forget_plans(struct vm *vm)
{
	u32 op = vm->work.op;

	if (vm_state(vm) != (u32)CLEAVE_VM_EMPTY || op == (u32)VM_OP_DESTROY ||
	    (op != (u32)VM_OP_CREATE && vm->note == CLEAVE_NOTE_NONE))
		return false;
	vm_op_undo_create(vm);
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

/* --- what the scheduler does ------------------------------------------------------- */

/*
 * Zero one piece of @vm's memory without its lock, so that several harts do so at once. The count
 * of such pieces keeps the memory: whatever takes it away waits for them in PHASE_QUIESCE.
 *
 * Return: false when no piece is left to be taken.
 */
static bool vm_op_zero_piece(struct vm *vm)
{
	struct vm_piece piece;

	spin_assert_held(&vm->lock);
	if (!vm_op_next_piece(vm, &piece))
		return false;
	vm->work.zeroing++;
	spin_unlock(&vm->lock);
	(void)vm_memory_zero(vm, &piece); /* a piece is always memory of the VM */
	spin_lock(&vm->lock);
	vm->work.zeroing--;
	return true;
}

static void vm_op_step_unattended(struct vm *vm, const struct vcpu *v)
{
	/* Look again: the lock was taken after vm_op_unattended() was seen. */
	if (!vm_op_unattended(vm) || vm_op_zero_piece(vm) || v->id != 0U)
		return;
	if (vm_op_do(vm) != CLV_OK) {
		printk("partition \"%s\": cannot be started: it stays stopped", vm->cfg->name);
		vm_op_fail(vm);
	}
}

/* Say how long the boot took, when the first VM runs. Instructions are those of the boot hart. */
static void vm_op_say_boot(const struct vm *vm, u32 hart)
{
	if (atomic_read(&vm_op_booted) != 0U || !vm_runnable(&vm->run) ||
	    atomic_xchg(&vm_op_booted, 1U) != 0U)
		return;
	printk(PRINTK_INFO "boot took %lu ticks, %lu instructions", timer_now() - start_info.time,
	       hart != 0U || start_info.instret == 0U ? 0U : start_instret() - start_info.instret);
}

void vm_restart_step(const struct vcpu *v)
{
	struct vm *vm = v->vm;

	spin_lock(&vm->lock);
	vm_op_step_unattended(vm, v);
	spin_unlock(&vm->lock);
	vm_op_say_boot(vm, v->hart);
	if (!vm_op_unattended(vm))
		vm_check_ended();
}
