/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI IPI for guests (SBI 2.0, chapter 7).
 */
#include "core/guest/args/sbi_args.h"
#include "core/guest/sbi.h"
#include "core/vm/vm.h"

static enum guest_leave sbi_ipi_call(struct vcpu *v, u64 fid)
{
	u64 harts;
	s64 err;

	if (fid != SBI_IPI_SEND_IPI) {
		sbi_return(v, SBI_ERR_NOT_SUPPORTED, 0);
		return GUEST_RESUME;
	}
	err = sbi_args_hart_mask(sbi_arg(v, 0), sbi_arg(v, 1), v->run->nr_vcpus, &harts);
	sbi_return(v, err, 0);
	if (err != SBI_SUCCESS)
		return GUEST_RESUME;
	for (u32 i = 0; i < v->run->nr_vcpus; i++) {
		if ((harts & BIT64(i)) != 0U)
			vcpu_irq_soft(v->run->vcpu[i]);
	}
	return GUEST_RESUME;
}

static const struct sbi_ext sbi_ipi = {
	.name = "IPI",
	.eid_start = SBI_EID_IPI,
	.eid_end = SBI_EID_IPI,
	.call = sbi_ipi_call,
};
SBI_EXT_REGISTER(sbi_ipi);
