/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of the arguments of SBI calls (sbi_args.h). Any 64-bit value may come in here.
 */
#include "core/guest/args/sbi_args.h"

#include "core/config/config_memory.h"

#define SBI_HARTS_MAX 64U

s64 sbi_args_hart_mask(u64 mask, u64 base, u32 harts, u64 *out)
{
	u64 all = harts >= SBI_HARTS_MAX ? UINT64_MAX : BIT64(harts) - 1U;

	if (base == SBI_HART_MASK_BASE_ALL) {
		*out = all;
		return SBI_SUCCESS;
	}
	/* The shift below is by less than 64, and must not push a bit out. */
	if (base >= harts || (mask & ~(all >> base)) != 0U)
		return SBI_ERR_INVALID_PARAM;
	*out = mask << base;
	return SBI_SUCCESS;
}

s64 sbi_args_range(u64 *start, u64 *size)
{
	if (*size == 0U || *size == UINT64_MAX) {
		*start = 0;
		*size = UINT64_MAX;
		return SBI_SUCCESS;
	}
	/* The last byte counts, not the one after it: a range may end with the address space. */
	return *size - 1U > UINT64_MAX - *start ? SBI_ERR_INVALID_ADDRESS : SBI_SUCCESS;
}

s64 sbi_args_buffer(const struct config_memory *memory, u32 nr, u64 lo, u64 hi, u64 len)
{
	if (len == 0U)
		return SBI_SUCCESS;
	if (hi != 0U || !config_memory_holds(memory, nr, lo, len))
		return SBI_ERR_INVALID_PARAM;
	return SBI_SUCCESS;
}

s64 sbi_args_entry(const struct config_memory *memory, u32 nr, u64 addr)
{
	return config_memory_holds_code(memory, nr, addr) ? SBI_SUCCESS : SBI_ERR_INVALID_ADDRESS;
}

s64 sbi_args_suspend(u64 type)
{
	u32 t = (u32)type;

	return t == SBI_SUSPEND_RETENTIVE || t == SBI_SUSPEND_NON_RETENTIVE ? SBI_SUCCESS
									    : SBI_ERR_INVALID_PARAM;
}

s64 sbi_args_sleep(u64 type)
{
	return (u32)type == SBI_SUSP_TO_RAM ? SBI_SUCCESS : SBI_ERR_INVALID_PARAM;
}

s64 sbi_args_reset(u64 type, u64 reason)
{
	u32 t = (u32)type;
	u32 r = (u32)reason;

	if (t > SBI_RESET_WARM_REBOOT || r > SBI_REASON_FAILURE)
		return SBI_ERR_INVALID_PARAM;
	return SBI_SUCCESS;
}
