/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI RFENCE for guests (SBI 2.0, chapter 8). What a guest calls SFENCE.VMA is HFENCE.VVMA to the
 * hart.
 *
 * Functions 3 to 6 (3 HFENCE.GVMA by VMID, 4 HFENCE.GVMA, 5 HFENCE.VVMA by ASID, 6 HFENCE.VVMA) are
 * fences for guests of the guest. They are not supported, as no guest has the H extension.
 */
#include "core/guest/args/sbi_args.h"
#include "core/guest/sbi.h"
#include "core/run/sched.h"
#include "core/run/shootdown.h"
#include "core/vm/vm.h"

/* Fill @r from the arguments. Return: SBI_SUCCESS or the SBI error. */
static s64 sbi_rfence_request(const struct vcpu *v, u64 fid, struct flush_request *r)
{
	s64 err;

	*r = (struct flush_request){ .kind = FLUSH_REQ_INSTRUCTION };
	if (fid == SBI_RFENCE_FENCE_I)
		return SBI_SUCCESS;
	r->start = sbi_arg(v, 2);
	r->size = sbi_arg(v, 3);
	err = sbi_args_range(&r->start, &r->size);
	if (err != SBI_SUCCESS)
		return err;
	r->kind = FLUSH_REQ_RANGE;
	if (fid == SBI_RFENCE_SFENCE_VMA_ASID) {
		/* Bits beyond an ASID are ignored, as SFENCE.VMA ignores those of rs2. */
		r->kind = FLUSH_REQ_RANGE_ASID;
		r->asid = (u16)sbi_arg(v, 4);
	}
	return SBI_SUCCESS;
}

static enum guest_leave sbi_rfence_call(struct vcpu *v, u64 fid)
{
	struct flush_request r;
	u64 harts;
	s64 err;

	if (fid > SBI_RFENCE_SFENCE_VMA_ASID) {
		sbi_return(v, SBI_ERR_NOT_SUPPORTED, 0);
		return GUEST_RESUME;
	}
	err = sbi_args_hart_mask(sbi_arg(v, 0), sbi_arg(v, 1), v->run->nr_vcpus, &harts);
	if (err == SBI_SUCCESS)
		err = sbi_rfence_request(v, fid, &r);
	/* Other harts may take as long as a step to answer. */
	if (err == SBI_SUCCESS && harts != BIT64(v->id) && sched_defer(v))
		return sbi_again(v);
	if (err == SBI_SUCCESS)
		shootdown_guest(v, harts, &r);
	sbi_return(v, err, 0);
	return GUEST_RESUME;
}

static const struct sbi_ext sbi_rfence = {
	.name = "RFENCE",
	.eid_start = SBI_EID_RFENCE,
	.eid_end = SBI_EID_RFENCE,
	.call = sbi_rfence_call,
};
SBI_EXT_REGISTER(sbi_rfence);
