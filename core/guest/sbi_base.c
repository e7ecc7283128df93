/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI BASE for guests (SBI 2.0, chapter 4): which SBI this is, and what it has.
 */
#include "core/guest/sbi.h"

#include "arch/riscv/firmware.h"
#include "core/guest/sbi_base.h"

enum {
	BASE_SPEC_VERSION = 0,
	BASE_IMPL_ID = 1,
	BASE_IMPL_VERSION = 2,
	BASE_PROBE = 3,
	BASE_MVENDORID = 4,
	BASE_MARCHID = 5,
	BASE_MIMPID = 6,
};

#define BASE_SBI_2_0 0x02000000U /* major number in bits 30:24, minor in 23:0 */

/* The ids of the boot hart: a guest's errata handling goes by them. Asked for rarely, so not kept. */
static struct firmware_info base_firmware(void)
{
	struct firmware_info firmware;

	firmware_info(&firmware);
	return firmware;
}

static enum guest_leave sbi_base_call(struct vcpu *v, u64 fid)
{
	switch (fid) {
	case BASE_SPEC_VERSION:
		sbi_return(v, CLEAVE_SUCCESS, BASE_SBI_2_0);
		break;
	case BASE_IMPL_ID:
		sbi_return(v, CLEAVE_SUCCESS, SBI_IMPL_ID_CLEAVE);
		break;
	case BASE_IMPL_VERSION:
		sbi_return(v, CLEAVE_SUCCESS, CLEAVE_ABI_MAJOR << 16 | CLEAVE_ABI_MINOR);
		break;
	case BASE_PROBE:
		sbi_return(v, CLEAVE_SUCCESS, sbi_ext_find(sbi_arg(v, 0)) != NULL ? 1U : 0U);
		break;
	case BASE_MVENDORID:
		sbi_return(v, CLEAVE_SUCCESS, base_firmware().mvendorid);
		break;
	case BASE_MARCHID:
		sbi_return(v, CLEAVE_SUCCESS, base_firmware().marchid);
		break;
	case BASE_MIMPID:
		sbi_return(v, CLEAVE_SUCCESS, base_firmware().mimpid);
		break;
	default:
		sbi_return(v, CLEAVE_ERR_NOT_SUPPORTED, 0);
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
