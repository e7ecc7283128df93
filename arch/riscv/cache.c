/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zeroing and writing back, cache block by cache block.
 *
 * The sizes of blocks are powers of two. For Zicboz the probe has seen that a block is as large as
 * the device tree says (arch/riscv/probe/features.c).
 */
#include "arch/riscv/cache.h"

#include <cleave/string.h>
#include "arch/riscv/probe/features.h"

/* Sixteen turns a branch: two instructions for each block, and the branch is lost among them. */
#define CACHE_TURNS 16U
/* MISC-MEM, funct3 = 2: the immediate says which instruction (CMO specification). */
#define CACHE_CBO_FLUSH 2
#define CACHE_CBO_ZERO	4
/* Do %2 to the block at %0, and leave %0 after it; the block has %1 bytes. */
#define CACHE_BLOCK                      \
	"	.insn i 0x0f, 2, x0, %0, %2\n" \
	"	add	%0, %0, %1\n"
#define CACHE_BLOCKS ".rept 16\n" CACHE_BLOCK ".endr\n"

/* Each of these four returns the address after what it has done. */
static inline uintptr_t cache_zero_turns(uintptr_t at, u64 block)
{
	__asm__ volatile(CACHE_BLOCKS : "+r"(at) : "r"(block), "i"(CACHE_CBO_ZERO) : "memory");
	return at;
}

static inline uintptr_t cache_zero_block(uintptr_t at, u64 block)
{
	__asm__ volatile(CACHE_BLOCK : "+r"(at) : "r"(block), "i"(CACHE_CBO_ZERO) : "memory");
	return at;
}

static inline uintptr_t cache_flush_turns(uintptr_t at, u64 block)
{
	__asm__ volatile(CACHE_BLOCKS : "+r"(at) : "r"(block), "i"(CACHE_CBO_FLUSH) : "memory");
	return at;
}

static inline uintptr_t cache_flush_block(uintptr_t at, u64 block)
{
	__asm__ volatile(CACHE_BLOCK : "+r"(at) : "r"(block), "i"(CACHE_CBO_FLUSH) : "memory");
	return at;
}

/* @from and @to are multiples of the block's size. */
static void cache_zero_blocks(uintptr_t from, uintptr_t to, u64 block)
{
	while (to - from >= CACHE_TURNS * block)
		from = cache_zero_turns(from, block);
	while (from != to)
		from = cache_zero_block(from, block);
}

void cache_zero(void *p, u64 len)
{
	uintptr_t at = (uintptr_t)p;
	u64 block = features.cboz_block;
	uintptr_t first;
	uintptr_t last;

	if (!features.zicboz || len < 2U * block) {
		memset(p, 0, len);
		return;
	}
	first = ALIGN_UP(at, block);
	last = ALIGN_DOWN(at + len, block);
	memset(p, 0, first - at);
	cache_zero_blocks(first, last, block);
	/* An address in the direct map is a number that was computed. */
	memset((void *)last, 0, at + len - last);
}

void cache_write_back(const void *p, u64 len)
{
	u64 block = features.cbom_block;
	uintptr_t from;
	uintptr_t to;

	if (!features.zicbom || len == 0U)
		return;
	from = ALIGN_DOWN((uintptr_t)p, block);
	to = ALIGN_UP((uintptr_t)p + len, block);
	/* cbo.flush is ordered as a store to its block: it comes after earlier ones to it. */
	while (to - from >= CACHE_TURNS * block)
		from = cache_flush_turns(from, block);
	while (from != to)
		from = cache_flush_block(from, block);
	/* A hart or a device that is told of it after this sees what was written. */
	__asm__ volatile("fence rw, iorw" ::: "memory");
}

u64 cache_zero_step(bool write_back)
{
	/* Instructions for 4 KiB. memset() takes eleven for 64 bytes, a block operation two. */
	u64 cost = 11U * PAGE_SIZE / 64U;

	if (features.zicboz)
		cost = 2U * PAGE_SIZE / features.cboz_block + PAGE_SIZE / 1024U;
	if (write_back && features.zicbom)
		cost += 2U * PAGE_SIZE / features.cbom_block + PAGE_SIZE / 1024U;
	return MAX(CACHE_STEP / cost, UINT64_C(1)) * PAGE_SIZE;
}
