/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of the arguments of SBI calls (RISC-V SBI specification 2.0), as far as they need no
 * hart and no VM, so that they build for the host too. It must never touch guest memory.
 *
 * Each function returns SBI_SUCCESS or the SBI error code that the specification asks for.
 */
#ifndef CORE_SBI_ARGS_H
#define CORE_SBI_ARGS_H

#include <abi/sbi.h>
#include <cleave/types.h>
#include "core/config/config.h"

/**
 * sbi_args_hart_mask() - which harts a hart mask names
 * @mask: the argument hart_mask
 * @base: the argument hart_mask_base
 * @harts: number of hartids that the guest has, 1 to 64: it has 0 to @harts - 1
 * @out: bit = hartid; set only when the answer is SBI_SUCCESS
 *
 * Return: SBI_SUCCESS; SBI_ERR_INVALID_PARAM when the base, or any hart named, is not one of the
 * guest's.
 */
s64 sbi_args_hart_mask(u64 mask, u64 base, u32 harts, u64 *out);

/**
 * sbi_args_range() - a range of virtual addresses that is to be fenced
 * @start: in: first address; out: unchanged, or 0 for all addresses
 * @size: in: bytes; out: bytes, or UINT64_MAX for all addresses
 *
 * (0, 0) and a size of 2^64 - 1 mean all addresses. A size of 0 at another address is taken for all
 * addresses too: to fence more than was asked for is always right.
 *
 * Return: SBI_SUCCESS; SBI_ERR_INVALID_ADDRESS when the range goes past the last address.
 */
s64 sbi_args_range(u64 *start, u64 *size);

/**
 * sbi_args_buffer() - a shared memory range
 * @memory: the partition's memory
 * @nr: ranges in @memory
 * @lo: low word of the address
 * @hi: high word of the address
 * @len: bytes; of 0 bytes any address will do
 *
 * Return: SBI_SUCCESS; SBI_ERR_INVALID_PARAM, as DBCN answers, when any byte is not memory.
 */
s64 sbi_args_buffer(const struct config_memory *memory, u32 nr, u64 lo, u64 hi, u64 len);

/**
 * sbi_args_entry() - the address at which a hart is to start
 * @memory: the partition's memory
 * @nr: ranges in @memory
 * @addr: guest-physical address
 *
 * Return: SBI_SUCCESS; SBI_ERR_INVALID_ADDRESS when @addr is odd or not in the memory.
 */
s64 sbi_args_entry(const struct config_memory *memory, u32 nr, u64 addr);

/**
 * sbi_args_suspend() - a suspend type, of which only the low 32 bits count
 *
 * Return: SBI_SUCCESS for the two default types; SBI_ERR_INVALID_PARAM for reserved types and for
 * platform-specific ones, as this platform has none.
 */
s64 sbi_args_suspend(u64 type);

/**
 * sbi_args_sleep() - a system's sleep type, of which only the low 32 bits count
 *
 * Return: SBI_SUCCESS for suspend to RAM; SBI_ERR_INVALID_PARAM for reserved types and for
 * platform-specific ones, as this platform has none.
 */
s64 sbi_args_sleep(u64 type);

/**
 * sbi_args_reset() - a reset type and reason, of which only the low 32 bits count
 *
 * Return: SBI_SUCCESS; SBI_ERR_INVALID_PARAM for a type or reason that is reserved, or specific to
 * a platform or an SBI implementation, as there are none of those here.
 */
s64 sbi_args_reset(u64 type, u64 reason);

#endif
