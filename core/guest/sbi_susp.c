/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI SUSP for guests (SBI 2.0, chapter 13): the suspend to RAM of a partition. The last vCPU that
 * has not stopped sleeps as in a non-retentive suspend of HSM, and its interrupts wake it.
 *
 * It must never suspend a partition of which another vCPU can still write to memory.
 */
#include <cleave/atomic.h>
#include "core/guest/args/sbi_args.h"
#include "core/guest/sbi.h"
#include "core/guest/sbi_hsm.h"
#include "core/vm/vm.h"

/*
 * Have all other vCPUs of @v's VM stopped? None of them can start one meanwhile, and @v does not:
 * a STOPPED that is seen here stays.
 */
static bool sbi_susp_alone(const struct vcpu *v)
{
	for (u32 i = 0; i < v->run->nr_vcpus; i++) {
		const struct vcpu *other = v->run->vcpu[i];

		if (other != v && atomic_read_acquire(&other->hsm) != (u32)VCPU_STOPPED)
			return false;
	}
	return true;
}

static s64 sbi_susp_check(const struct vcpu *v, u64 type, u64 addr)
{
	s64 err = sbi_args_sleep(type);

	if (err == SBI_SUCCESS)
		err = sbi_args_entry(v->vm->cfg->memory, v->vm->cfg->nr_memory, addr);
	if (err == SBI_SUCCESS && !sbi_susp_alone(v))
		err = SBI_ERR_DENIED;
	return err;
}

static enum guest_leave sbi_susp_call(struct vcpu *v, u64 fid)
{
	s64 err = SBI_ERR_NOT_SUPPORTED;

	if (fid == SBI_SUSP_SYSTEM_SUSPEND)
		err = sbi_susp_check(v, sbi_arg(v, 0), sbi_arg(v, 1));
	if (err == SBI_SUCCESS)
		return sbi_hsm_sleep_deep(v, sbi_arg(v, 1), sbi_arg(v, 2));
	sbi_return(v, err, 0);
	return GUEST_RESUME;
}

static const struct sbi_ext sbi_susp = {
	.name = "SUSP",
	.eid_start = SBI_EID_SUSP,
	.eid_end = SBI_EID_SUSP,
	.call = sbi_susp_call,
};
SBI_EXT_REGISTER(sbi_susp);
