/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI BASE for guests (SBI 2.0, chapter 4): which SBI this is, and what it has.
 */
#include "core/guest/sbi.h"

#include "arch/riscv/firmware.h"

/* The ids of the boot hart, by which a guest chooses its errata. They are rarely asked for. */
static struct firmware_info sbi_base_firmware(void)
{
	struct firmware_info firmware;

	firmware_info(&firmware);
	return firmware;
}

static enum guest_leave sbi_base_call(struct vcpu *v, u64 fid)
{
	switch (fid) {
	case SBI_BASE_GET_SPEC_VERSION:
		sbi_return(v, SBI_SUCCESS, SBI_SPEC_VERSION_2_0);
		break;
	case SBI_BASE_GET_IMPL_ID:
		sbi_return(v, SBI_SUCCESS, SBI_IMPL_ID_CLEAVE);
		break;
	case SBI_BASE_GET_IMPL_VERSION:
		sbi_return(v, SBI_SUCCESS, CLEAVE_ABI_MAJOR << 16 | CLEAVE_ABI_MINOR);
		break;
	case SBI_BASE_PROBE_EXTENSION:
		sbi_return(v, SBI_SUCCESS, sbi_ext_find(sbi_arg(v, 0)) != NULL ? 1U : 0U);
		break;
	case SBI_BASE_GET_MVENDORID:
		sbi_return(v, SBI_SUCCESS, sbi_base_firmware().mvendorid);
		break;
	case SBI_BASE_GET_MARCHID:
		sbi_return(v, SBI_SUCCESS, sbi_base_firmware().marchid);
		break;
	case SBI_BASE_GET_MIMPID:
		sbi_return(v, SBI_SUCCESS, sbi_base_firmware().mimpid);
		break;
	default:
		sbi_return(v, SBI_ERR_NOT_SUPPORTED, 0);
		break;
	}
	return GUEST_RESUME;
}

static const struct sbi_ext sbi_base = {
	.name = "BASE",
	.eid_start = SBI_EID_BASE,
	.eid_end = SBI_EID_BASE,
	.call = sbi_base_call,
};
SBI_EXT_REGISTER(sbi_base);
