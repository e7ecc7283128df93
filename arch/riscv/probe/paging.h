/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own address space (see layout.h): no page is both writable and executable, each
 * stack lies between unmapped pages, and nothing is mapped at address 0.
 *
 * Concurrency: only the boot hart adds mappings. It does so before another hart starts, or maps
 * what only the hart that is about to start will touch; a hart fences when it starts. Nothing is
 * ever unmapped after boot.
 */
#ifndef ARCH_RISCV_PAGING_H
#define ARCH_RISCV_PAGING_H

#include <cleave/types.h>
#include "arch/riscv/layout.h"
#include "arch/riscv/pte.h"

/**
 * paging_direct_size() - Return: bytes of the direct map in a mode of @levels levels: how far RAM
 * is reached
 *
 * It reaches from the lowest address of the upper half to the stacks, or to the last entry of the
 * root.
 */
static inline u64 paging_direct_size(u32 levels)
{
	u64 half = BIT64(PTE_LEVEL_SHIFT(levels) - 1U);

	return levels == 3U ? half - (0U - LAYOUT_STACKS) : half - PTE_LEVEL_SIZE(levels - 1U);
}

/**
 * paging_window() - map some memory for reading while the boot tables are on
 * @base: any HPA below 2^56; what lies there need not exist, so read it with fixup.h
 *
 * The window begins at the 2 MiB boundary at or below @base and has 4 MiB. The next call moves it.
 *
 * Return: virtual address of @base; NULL when there is no memory for a table.
 */
const void *paging_window(hpa_t base);

/**
 * paging_init() - choose the mode of the final address space
 * @top: HPA after the machine's last byte of RAM
 *
 * The mode is Sv39, unless Sv39 cannot reach @top. Then it is Sv48 or Sv57 if the hart takes that
 * mode, which is found by write and read back.
 *
 * Return: HPA after the last byte that can be mapped; it is below @top if the hart has no wider
 * mode.
 */
u64 paging_init(u64 top);

/** paging_mode_name() - Return: "sv39", "sv48" or "sv57" */
const char *paging_mode_name(void);

/** paging_offset() - Return: what to add to an HPA of RAM for its address in the direct map */
uintptr_t paging_offset(void);

/**
 * paging_map_ram() - put RAM into the direct map, on the largest pages that fit
 * @base: HPA, 4 KiB aligned; not in the image, and not mapped yet
 * @size: bytes, a multiple of 4 KiB
 *
 * The RAM can be read and written, but not executed.
 *
 * Return: 0; CLV_ERR_INVAL: not aligned, or out of the mode's reach; CLV_ERR_NOMEM: no table is
 * left, and a part of the RAM is not mapped.
 */
int paging_map_ram(hpa_t base, u64 size);

/**
 * paging_map_mmio() - map a device's registers, with the memory attributes that the platform gives
 * them
 * @base: HPA, any alignment
 * @size: bytes
 *
 * Return: address of the register at @base; NULL when it lies in the image, or when no table or no
 * address is left.
 */
void *paging_map_mmio(hpa_t base, u64 size);

/**
 * paging_map_stack() - map the two stacks of a hart between unmapped pages
 * @index: the hart's index
 * @frames: HPA of CONFIG_HART_STACK_SIZE + LAYOUT_TRAP_STACK_SIZE contiguous bytes
 * @stack: out: address of the lowest byte of the stack for C code
 * @trap_stack: out: address of the lowest byte of the trap stack
 *
 * Return: 0 or CLV_ERR_NOMEM.
 */
int paging_map_stack(u32 index, hpa_t frames, uintptr_t *stack, uintptr_t *trap_stack);

/**
 * paging_hpa() - find the HPA that an address of the hypervisor's is mapped to
 * @va: the address
 * @out: out: the HPA
 *
 * Return: 0; CLV_ERR_FAULT: @va is not mapped.
 */
int paging_hpa(const void *va, hpa_t *out);

/** paging_satp() - Return: satp of the final address space, for harts that start */
u64 paging_satp(void);

/**
 * paging_take_frames() - call up, defined by core/boot/boot_memory.c: take contiguous frames
 * @size: bytes, a multiple of 4 KiB
 * @out: out: HPA of the first frame; the direct map reaches all of them
 *
 * Return: 0; CLV_ERR_NOMEM: none are free, or there is no frame allocator yet.
 */
int paging_take_frames(u64 size, hpa_t *out);

#endif
