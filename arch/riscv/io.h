/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to device registers, for drivers. On the host registers are plain memory.
 *
 * A hart's register accesses are never reordered with one another. Memory accesses that come before
 * a register write stay before it, and those that come after a register read stay after it
 * (unprivileged specification, section "FENCE": i and o order device input and output). For the
 * other two directions, which a lock needs, there are io_begin() and io_done().
 */
#ifndef ARCH_RISCV_IO_H
#define ARCH_RISCV_IO_H

#include <cleave/types.h>

#ifdef CLEAVE_HOST
#define IO_BEFORE_WRITE() __asm__ volatile("" ::: "memory")
#define IO_AFTER_READ()	  __asm__ volatile("" ::: "memory")
#define IO_BEGIN()	  __asm__ volatile("" ::: "memory")
#define IO_DONE()	  __asm__ volatile("" ::: "memory")
#else
#define IO_BEFORE_WRITE() __asm__ volatile("fence iorw, o" ::: "memory")
#define IO_AFTER_READ()	  __asm__ volatile("fence i, iorw" ::: "memory")
#define IO_BEGIN()	  __asm__ volatile("fence r, i" ::: "memory")
#define IO_DONE()	  __asm__ volatile("fence o, w" ::: "memory")
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

/**
 * io_begin() - register reads that follow come after the memory reads so far
 * io_done() - register writes so far come before the memory writes that follow
 *
 * Taking and releasing a lock orders memory alone. With io_done() before the release and io_begin()
 * after the lock is taken, the hart that takes it next finds a device's registers as the last one
 * left them.
 */
static inline void io_begin(void)
{
	IO_BEGIN();
}

static inline void io_done(void)
{
	IO_DONE();
}

#endif
