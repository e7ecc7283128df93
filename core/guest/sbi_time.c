/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI TIME for guests (SBI 2.0, chapter 6). All times are guest times, as the guest's time CSR
 * shows them.
 */
#include "core/guest/sbi.h"
#include "core/run/sched.h"

static enum guest_leave sbi_time_call(struct vcpu *v, u64 fid)
{
	if (fid != SBI_TIME_SET_TIMER) {
		sbi_return(v, SBI_ERR_NOT_SUPPORTED, 0);
		return GUEST_RESUME;
	}
	sched_set_guest_timer(v, sbi_arg(v, 0));
	sbi_return(v, SBI_SUCCESS, 0);
	return GUEST_RESUME;
}

static const struct sbi_ext sbi_time = {
	.name = "TIME",
	.eid_start = SBI_EID_TIME,
	.eid_end = SBI_EID_TIME,
	.call = sbi_time_call,
};
SBI_EXT_REGISTER(sbi_time);
