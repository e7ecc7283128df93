/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data caches: zeroing memory by whole blocks, and writing it back so that it is seen without them.
 *
 * The functions work on the hypervisor's addresses. mm/ calls them; on the host a test defines
 * them. Flushes of TLBs are in mm/flush.h and fence.h.
 *
 * Cache-block instructions: unprivileged specification, chapter "CMO" (Zicbom, Zicboz).
 */
#ifndef ARCH_RISCV_CACHE_H
#define ARCH_RISCV_CACHE_H

#include <cleave/types.h>

/**
 * cache_zero() - write zeros, by cbo.zero where every hart has it (Zicboz), else by stores
 * @p, @len: any; nothing before or after is written
 */
void cache_zero(void *p, u64 len);

/**
 * cache_write_back() - write a range back to memory and drop it from the caches (cbo.flush)
 * @p, @len: the blocks that hold any byte of it are written back whole
 *
 * When it returns, accesses that go past the caches (a guest's Svpbmt mapping, a device that does
 * not snoop) see what was stored before. It does nothing where a hart lacks Zicbom: there, no
 * instruction could.
 */
void cache_write_back(const void *p, u64 len);

/**
 * cache_zero_step() - how much one bounded step (M6) may zero
 * @write_back: it is written back too
 *
 * Return: bytes, a multiple of 4 KiB and not 0, for at most CACHE_STEP instructions.
 */
u64 cache_zero_step(bool write_back);

#define CACHE_STEP 40000U /* instructions */

#endif
