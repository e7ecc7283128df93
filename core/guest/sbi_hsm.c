/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI HSM for guests (SBI 2.0, chapter 9): starting, stopping and suspending vCPUs.
 *
 * The states are those of struct vcpu (core/run/vcpu.h); the scheduler knows what they mean for
 * running it.
 */
#include <cleave/atomic.h>
#include <cleave/errno.h>
#include "core/guest/args/sbi_args.h"
#include "core/guest/sbi.h"
#include "core/guest/sbi_hsm.h"
#include "core/vm/vm.h"

static s64 sbi_hsm_start(const struct vcpu *v, u64 hartid, u64 addr, u64 opaque)
{
	const struct vm *vm = v->vm;
	s64 err;

	if (hartid >= vm->run.nr_vcpus)
		return SBI_ERR_INVALID_PARAM;
	err = sbi_args_entry(vm->cfg->memory, vm->cfg->nr_memory, addr);
	if (err != SBI_SUCCESS)
		return err;
	if (vcpu_start(vm->run.vcpu[hartid], addr, opaque) != CLV_OK)
		return SBI_ERR_ALREADY_AVAILABLE;
	return SBI_SUCCESS;
}

static void sbi_hsm_status(struct vcpu *v, u64 hartid)
{
	u32 state;

	if (hartid >= v->run->nr_vcpus) {
		sbi_return(v, SBI_ERR_INVALID_PARAM, 0);
		return;
	}
	state = atomic_read_acquire(&v->run->vcpu[hartid]->hsm);
	sbi_return(v, SBI_SUCCESS, state == (u32)VCPU_CLAIMED ? (u32)VCPU_START_PENDING : state);
}

enum guest_leave sbi_hsm_sleep(struct vcpu *v)
{
	atomic_set(&v->waiting, true);
	atomic_set_release(&v->hsm, (u32)VCPU_SUSPENDED);
	return GUEST_LEAVE;
}

enum guest_leave sbi_hsm_sleep_deep(struct vcpu *v, u64 addr, u64 opaque)
{
	v->start_pc = addr;
	v->start_opaque = opaque;
	v->suspend_jump = true;
	return sbi_hsm_sleep(v);
}

static enum guest_leave sbi_hsm_suspend(struct vcpu *v, u64 type, u64 addr, u64 opaque)
{
	bool jump = (u32)type == SBI_SUSPEND_NON_RETENTIVE;
	s64 err = sbi_args_suspend(type);

	if (err == SBI_SUCCESS && jump)
		err = sbi_args_entry(v->vm->cfg->memory, v->vm->cfg->nr_memory, addr);
	sbi_return(v, err, 0);
	if (err != SBI_SUCCESS)
		return GUEST_RESUME;
	return jump ? sbi_hsm_sleep_deep(v, addr, opaque) : sbi_hsm_sleep(v);
}

static enum guest_leave sbi_hsm_call(struct vcpu *v, u64 fid)
{
	switch (fid) {
	case SBI_HSM_HART_START:
		sbi_return(v, sbi_hsm_start(v, sbi_arg(v, 0), sbi_arg(v, 1), sbi_arg(v, 2)), 0);
		return GUEST_RESUME;
	case SBI_HSM_HART_STOP:
		/* The scheduler makes it STOPPED when its registers have left the hart. */
		atomic_set_release(&v->hsm, (u32)VCPU_STOP_PENDING);
		return GUEST_LEAVE;
	case SBI_HSM_HART_GET_STATUS:
		sbi_hsm_status(v, sbi_arg(v, 0));
		return GUEST_RESUME;
	case SBI_HSM_HART_SUSPEND:
		return sbi_hsm_suspend(v, sbi_arg(v, 0), sbi_arg(v, 1), sbi_arg(v, 2));
	default:
		sbi_return(v, SBI_ERR_NOT_SUPPORTED, 0);
		return GUEST_RESUME;
	}
}

static const struct sbi_ext sbi_hsm = {
	.name = "HSM",
	.eid_start = SBI_EID_HSM,
	.eid_end = SBI_EID_HSM,
	.call = sbi_hsm_call,
};
SBI_EXT_REGISTER(sbi_hsm);
