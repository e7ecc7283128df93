/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arguments of SBI calls, checked (RISC-V SBI specification 2.0): what needs no hart and no VM, so that it builds for the
 * host too. It must never touch guest memory.
 *
 * Unless a comment says otherwise the functions return 0 (SBI_SUCCESS) or the SBI error code that the specification asks for.
 */
#ifndef CORE_SBI_ARGS_H
#define CORE_SBI_ARGS_H

#include <abi/sbi.h>
#include <cleave/types.h>
#include "core/config/config.h"

/**
 * sbi_args_hart_mask() - harts that a hart mask names
 * @mask, @base: hart_mask and hart_mask_base
 * @harts: hartids that the guest has: 0 to @harts - 1; 1 to 64
 * @out: bit = hartid
 *
 * Return: 0, or INVALID_PARAM when the base or any hart named is not one of the guest's; @out is not written then.
 */
s64 sbi_args_hart_mask(u64 mask, u64 base, u32 harts, u64 *out);

/**
 * sbi_args_range() - a range of virtual addresses to be fenced
 * @start: in: first address; out: as it is, 0 for all addresses
 * @size: in: bytes; out: bytes, UINT64_MAX for all addresses
 *
 * All addresses is what (0, 0) and a size of 2^64 - 1 mean. A size of 0 elsewhere is taken for all as well: fencing more than was
 * asked for is always right. Return: 0, or INVALID_ADDRESS when the range goes past the last address.
 */
s64 sbi_args_range(u64 *start, u64 *size);

/**
 * sbi_args_buffer() - a shared memory range: low and high word of its address, and its length
 * Return: 0, or INVALID_PARAM (what DBCN answers) when any byte is not memory.
 */
s64 sbi_args_buffer(const struct config_memory *memory, u32 nr, u64 lo, u64 hi, u64 len);

/** sbi_args_entry() - an address that a hart shall start at: memory, of even value. Return: 0 or INVALID_ADDRESS */
s64 sbi_args_entry(const struct config_memory *memory, u32 nr, u64 addr);

/**
 * sbi_args_suspend() - a suspend type; only its low 32 bits count
 * Return: 0 for the two default types; INVALID_PARAM for the reserved and platform-specific: this platform has none of its own.
 */
s64 sbi_args_suspend(u64 type);

/**
 * sbi_args_reset() - reset type and reason; only their low 32 bits count
 * Return: 0; INVALID_PARAM for a type or reason that is reserved or platform-specific. Reasons that the specification leaves to the
 * SBI implementation: there are none here, INVALID_PARAM as well.
 */
s64 sbi_args_reset(u64 type, u64 reason);

#endif
