/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to device registers, for drivers. On the host registers are plain memory.
 *
 * A hart's register accesses are never reordered with one another. Memory accesses that come before
 * a register write stay before it, and those that come after a register read stay after it
 * (unprivileged specification, section "FENCE": i and o order device input and output).
 */
#ifndef ARCH_RISCV_IO_H
#define ARCH_RISCV_IO_H

#include <cleave/types.h>

#ifdef CLEAVE_HOST
#define IO_BEFORE_WRITE() __asm__ volatile("" ::: "memory")
#define IO_AFTER_READ()	  __asm__ volatile("" ::: "memory")
#else
#define IO_BEFORE_WRITE() __asm__ volatile("fence iorw, o" ::: "memory")
#define IO_AFTER_READ()	  __asm__ volatile("fence i, iorw" ::: "memory")
#endif

/** io_read8(), io_read32() - read the register that lies @offset bytes after @base */
static inline u8 io_read8(const void *base, u64 offset)
{
	u8 value = *(const volatile u8 *)((uintptr_t)base + offset);

	IO_AFTER_READ();
	return value;
}

static inline u32 io_read32(const void *base, u64 offset)
{
	u32 value = *(const volatile u32 *)((uintptr_t)base + offset);

	IO_AFTER_READ();
	return value;
}

/** io_write8(), io_write32() - write the register that lies @offset bytes after @base */
static inline void io_write8(void *base, u64 offset, u8 value)
{
	IO_BEFORE_WRITE();
	*(volatile u8 *)((uintptr_t)base + offset) = value;
}

static inline void io_write32(void *base, u64 offset, u32 value)
{
	IO_BEFORE_WRITE();
	*(volatile u32 *)((uintptr_t)base + offset) = value;
}

#endif
