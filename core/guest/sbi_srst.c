/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI SRST for guests (SBI 2.0, chapter 10). The system that is reset is the partition. A cold and
 * a warm reboot are the same here: the memory is zeroed, and the images are loaded again.
 */
#include "core/guest/args/sbi_args.h"
#include "core/guest/sbi.h"
#include "core/run/sched.h"
#include "core/vm/vm.h"
#include "core/vm/vm_life.h"

static enum guest_leave sbi_srst_call(struct vcpu *v, u64 fid)
{
	u32 type = (u32)sbi_arg(v, 0);
	bool failure = (u32)sbi_arg(v, 1) == SBI_REASON_FAILURE;
	s64 err = SBI_ERR_NOT_SUPPORTED;

	if (fid == SBI_SRST_SYSTEM_RESET)
		err = sbi_args_reset(sbi_arg(v, 0), sbi_arg(v, 1));
	if (err != SBI_SUCCESS) {
		sbi_return(v, err, 0);
		return GUEST_RESUME;
	}
	if (sched_defer(v))
		return sbi_again(v);
	if (type == SBI_RESET_SHUTDOWN)
		vm_stop_self(v->vm, NULL,
			     failure ? "shut down by its guest: system failure"
				     : "shut down by its guest");
	else
		vm_restart_self(v->vm, failure ? "rebooted by its guest: system failure"
					       : "rebooted by its guest");
	return GUEST_LEAVE;
}

static const struct sbi_ext sbi_srst = {
	.name = "SRST",
	.eid_start = SBI_EID_SRST,
	.eid_end = SBI_EID_SRST,
	.call = sbi_srst_call,
};
SBI_EXT_REGISTER(sbi_srst);
