/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records of vCPUs. arch/riscv/model/guest_state.c reads and sets the registers.
 *
 * Every member of struct vcpu, and where it goes:
 *	guest		goes as arch/riscv/model/guest_state.h says
 *	vm, run, id, hart, fair, guarded, held_until, woken, was_woken, later, sched_next
 *			stay with the slot
 *	hsm		goes as RUN. CLAIMED is never seen here: the hart that claims a vCPU runs
 *			another vCPU of the same VM
 *	mode		is OUT while the VM's time stands
 *	irq_level	follows from the PLIC's outputs and from the timer
 *	irq_soft	goes as RUN, apart from VSSIP in CSRS: a vCPU that is started anew loses
 *			only VSSIP
 *	irq_shown	is 0: a guest that was never loaded was shown nothing
 *	waiting, suspend_jump, start_pc, start_opaque
 *			go as RUN; the last two where the state says that they will be used
 *	blocked		is not carried: the pc stands on the ecall, which is done again
 *	deadline, timer	go as TIMER; with Sstc it is vstimecmp. The host's deadline follows from the
 *			guest's and from CLOCK
 *	tlb_seen	is 0 since the slot was created: the vCPU flushes everything before it
 *			enters
 *	flush_lock, flush, flush_posted, flush_done
 *			are not carried. They are remote fences that were not done yet when the VM
 *			was paused; where it goes on, the vCPU flushes more than that before it
 *			enters
 *	counters, stat	count what happened in this slot
 */
#include <cleave/errno.h>
#include "arch/riscv/model/guest_state.h"
#include "core/config/config_memory.h"
#include "core/state/state_internal.h"
#include "core/vm/vm.h"

/* --- registers ------------------------------------------------------------------------------- */

static u32 state_vcpu_get_regs(struct vm *vm, u32 i, void *data)
{
	guest_state_get_regs(&vm->run.vcpu[i]->guest, data);
	return sizeof(struct cleave_state_regs);
}

static int state_vcpu_set_regs(struct vm *vm, u32 i, const void *data, u32 length)
{
	(void)length;
	return guest_state_set_regs(&vm->run.vcpu[i]->guest, data);
}

const struct state_kind state_kind_regs = { .kind = CLEAVE_STATE_REGS,
					    .vcpu = true,
					    .size = sizeof(struct cleave_state_regs),
					    .get = state_vcpu_get_regs,
					    .set = state_vcpu_set_regs };

static u32 state_vcpu_get_csrs(struct vm *vm, u32 i, void *data)
{
	guest_state_get_csrs(&vm->run.vcpu[i]->guest, data);
	return sizeof(struct cleave_state_csrs);
}

static int state_vcpu_set_csrs(struct vm *vm, u32 i, const void *data, u32 length)
{
	(void)length;
	return guest_state_set_csrs(&vm->run.vcpu[i]->guest, data);
}

const struct state_kind state_kind_csrs = { .kind = CLEAVE_STATE_CSRS,
					    .vcpu = true,
					    .size = sizeof(struct cleave_state_csrs),
					    .get = state_vcpu_get_csrs,
					    .set = state_vcpu_set_csrs };

static u32 state_vcpu_get_fp(struct vm *vm, u32 i, void *data)
{
	guest_state_get_fp(&vm->run.vcpu[i]->guest, data);
	return sizeof(struct cleave_state_fp);
}

static int state_vcpu_set_fp(struct vm *vm, u32 i, const void *data, u32 length)
{
	(void)length;
	return guest_state_set_fp(&vm->run.vcpu[i]->guest, data);
}

const struct state_kind state_kind_fp = { .kind = CLEAVE_STATE_FP,
					  .vcpu = true,
					  .need = CLEAVE_STATE_CONFIG_FP,
					  .size = sizeof(struct cleave_state_fp),
					  .get = state_vcpu_get_fp,
					  .set = state_vcpu_set_fp };

static u32 state_vcpu_get_vector(struct vm *vm, u32 i, void *data)
{
	guest_state_get_vector(&vm->run.vcpu[i]->guest, data);
	return sizeof(struct cleave_state_vector);
}

static int state_vcpu_set_vector(struct vm *vm, u32 i, const void *data, u32 length)
{
	(void)length;
	return guest_state_set_vector(&vm->run.vcpu[i]->guest, data);
}

const struct state_kind state_kind_vector = { .kind = CLEAVE_STATE_VECTOR,
					      .vcpu = true,
					      .need = CLEAVE_STATE_CONFIG_VECTOR,
					      .size = sizeof(struct cleave_state_vector),
					      .get = state_vcpu_get_vector,
					      .set = state_vcpu_set_vector };

static u32 state_vcpu_more_half(struct vm *vm)
{
	(void)vm;
	return 16U * guest_state_vlenb();
}

static u32 state_vcpu_get_half(struct vm *vm, u32 i, u32 first, void *data)
{
	guest_state_get_half(&vm->run.vcpu[i]->guest, first, data);
	return (u32)sizeof(struct cleave_state_vector_half) + state_vcpu_more_half(vm);
}

static int state_vcpu_set_half(struct vm *vm, u32 i, u32 first, const void *data, u32 length)
{
	if (length != sizeof(struct cleave_state_vector_half) + state_vcpu_more_half(vm))
		return CLV_ERR_INVAL;
	return guest_state_set_half(&vm->run.vcpu[i]->guest, first, data);
}

static u32 state_vcpu_get_low(struct vm *vm, u32 i, void *data)
{
	return state_vcpu_get_half(vm, i, 0, data);
}

static int state_vcpu_set_low(struct vm *vm, u32 i, const void *data, u32 length)
{
	return state_vcpu_set_half(vm, i, 0, data, length);
}

static u32 state_vcpu_get_high(struct vm *vm, u32 i, void *data)
{
	return state_vcpu_get_half(vm, i, 16, data);
}

static int state_vcpu_set_high(struct vm *vm, u32 i, const void *data, u32 length)
{
	return state_vcpu_set_half(vm, i, 16, data, length);
}

const struct state_kind state_kind_vector_low = { .kind = CLEAVE_STATE_VECTOR_LOW,
						  .vcpu = true,
						  .need = CLEAVE_STATE_CONFIG_VECTOR,
						  .size = sizeof(struct cleave_state_vector_half),
						  .more = state_vcpu_more_half,
						  .get = state_vcpu_get_low,
						  .set = state_vcpu_set_low };
const struct state_kind state_kind_vector_high = { .kind = CLEAVE_STATE_VECTOR_HIGH,
						   .vcpu = true,
						   .need = CLEAVE_STATE_CONFIG_VECTOR,
						   .size = sizeof(struct cleave_state_vector_half),
						   .more = state_vcpu_more_half,
						   .get = state_vcpu_get_high,
						   .set = state_vcpu_set_high };

/* --- timer ----------------------------------------------------------------------------------- */

static u32 state_vcpu_get_timer(struct vm *vm, u32 i, void *data)
{
	struct cleave_state_timer *t = data;

	t->compare = vcpu_timer(vm->run.vcpu[i]);
	return sizeof(*t);
}

static int state_vcpu_set_timer(struct vm *vm, u32 i, const void *data, u32 length)
{
	const struct cleave_state_timer *t = data;

	(void)length;
	vcpu_put_timer(vm->run.vcpu[i], t->compare);
	return CLV_OK;
}

const struct state_kind state_kind_timer = { .kind = CLEAVE_STATE_TIMER,
					     .vcpu = true,
					     .size = sizeof(struct cleave_state_timer),
					     .get = state_vcpu_get_timer,
					     .set = state_vcpu_set_timer };

/* --- whether it runs ------------------------------------------------------------------------- */

#define RUN_FLAGS (CLEAVE_STATE_RUN_WAITING | CLEAVE_STATE_RUN_JUMP | CLEAVE_STATE_RUN_SOFT)

static u32 state_vcpu_get_run(struct vm *vm, u32 i, void *data)
{
	const struct vcpu *v = vm->run.vcpu[i];
	struct cleave_state_run *r = data;
	u32 hsm = atomic_read_acquire(&v->hsm);

	*r = (struct cleave_state_run){ .hsm = hsm };
	if (atomic_read(&v->waiting))
		r->flags |= CLEAVE_STATE_RUN_WAITING;
	if (v->suspend_jump)
		r->flags |= CLEAVE_STATE_RUN_JUMP;
	if (atomic_read(&v->irq_soft) != 0U)
		r->flags |= CLEAVE_STATE_RUN_SOFT;
	if (hsm == (u32)VCPU_START_PENDING || v->suspend_jump) {
		r->start = v->start_pc;
		r->opaque = v->start_opaque;
	}
	return sizeof(*r);
}

static bool state_vcpu_run_is_legal(const struct vm *vm, const struct cleave_state_run *r)
{
	bool jump = (r->flags & CLEAVE_STATE_RUN_JUMP) != 0U;
	bool waiting = (r->flags & CLEAVE_STATE_RUN_WAITING) != 0U;

	if (r->hsm > (u32)VCPU_SUSPENDED || (r->flags & ~RUN_FLAGS) != 0U)
		return false;
	if (jump && r->hsm != (u32)VCPU_SUSPENDED)
		return false;
	if (waiting && r->hsm != (u32)VCPU_STARTED && r->hsm != (u32)VCPU_SUSPENDED)
		return false;
	if (jump || r->hsm == (u32)VCPU_START_PENDING)
		return config_memory_holds_code(vm->cfg->memory, vm->cfg->nr_memory, r->start);
	return r->start == 0U && r->opaque == 0U;
}

static int state_vcpu_set_run(struct vm *vm, u32 i, const void *data, u32 length)
{
	const struct cleave_state_run *r = data;
	struct vcpu *v = vm->run.vcpu[i];

	(void)length;
	if (!state_vcpu_run_is_legal(vm, r))
		return CLV_ERR_INVAL;
	v->start_pc = r->start;
	v->start_opaque = r->opaque;
	v->suspend_jump = (r->flags & CLEAVE_STATE_RUN_JUMP) != 0U;
	atomic_set(&v->waiting, (r->flags & CLEAVE_STATE_RUN_WAITING) != 0U);
	atomic_set(&v->irq_soft, (r->flags & CLEAVE_STATE_RUN_SOFT) != 0U ? 1U : 0U);
	/* Release, as in vcpu_start(). The vCPU's hart looks at it once the VM runs, no sooner. */
	atomic_set_release(&v->hsm, r->hsm);
	return CLV_OK;
}

const struct state_kind state_kind_run = { .kind = CLEAVE_STATE_RUN,
					   .vcpu = true,
					   .size = sizeof(struct cleave_state_run),
					   .get = state_vcpu_get_run,
					   .set = state_vcpu_set_run };
