/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own address space (see layout.h): W^X, unmapped pages around every stack, nothing at address 0.
 *
 * Concurrency: everything that adds a mapping runs on the boot hart before another hart starts, or maps what only the hart
 * that is about to start will touch; a hart fences when it starts. Nothing is ever unmapped after boot.
 */
#ifndef ARCH_RISCV_PAGING_H
#define ARCH_RISCV_PAGING_H

#include <cleave/types.h>

/**
 * paging_window() - while the boot tables are on: 2 MiB at and behind the 2 MiB boundary below @base, read-only
 * @base: any HPA below 2^56. What is mapped need not exist: read it with fixup.h
 * Return: virtual address of @base. The next call replaces the window.
 */
const void *paging_window(hpa_t base);

/**
 * paging_init() - choose the mode of the final address space
 * @top: HPA behind the machine's last byte of RAM
 *
 * Sv39 unless it cannot reach @top; then Sv48 or Sv57 if the hart takes it (found by write and read back).
 * Return: HPA behind the last byte that can be mapped; lower than @top when the hart has no wider mode.
 */
u64 paging_init(u64 top);

/** paging_mode_name() - Return: "sv39", "sv48" or "sv57" */
const char *paging_mode_name(void);

/** paging_offset() - Return: what is added to the HPA of RAM for its address in the direct map */
uintptr_t paging_offset(void);

/**
 * paging_map_ram() - put RAM into the direct map: readable, writable, not executable, on the largest pages that fit
 * @base: HPA; @size: bytes; both 4 KiB aligned; not the image, not mapped yet
 * Return: 0, CLV_ERR_INVAL, CLV_ERR_NOMEM (no table left: part of it is not mapped).
 */
int paging_map_ram(hpa_t base, u64 size);

/**
 * paging_map_mmio() - map a device's registers, as the platform's memory attributes have them
 * @base: HPA, any alignment; @size: bytes
 * Return: address of the register at @base, NULL when it is RAM of the image or no table or address is left.
 */
void *paging_map_mmio(hpa_t base, u64 size);

/**
 * paging_map_stack() - map the two stacks of hart @index between unmapped pages
 * @frames: HPA of CONFIG_HART_STACK_SIZE + LAYOUT_TRAP_STACK_SIZE contiguous bytes
 * @stack: out: address of the lowest byte of the C stack; @trap_stack: of the trap stack
 * Return: 0 or CLV_ERR_NOMEM.
 */
int paging_map_stack(u32 index, hpa_t frames, uintptr_t *stack, uintptr_t *trap_stack);

/** paging_hpa() - HPA that the hypervisor's address @va is mapped to. Return: 0 or CLV_ERR_FAULT */
int paging_hpa(const void *va, hpa_t *out);

/** paging_satp() - Return: the satp value of the final address space, for harts that start */
u64 paging_satp(void);

/**
 * paging_take_frames() - call up, defined by core/boot/boot.c: contiguous frames, reached through the direct map
 * @size: bytes, a multiple of 4 KiB
 * Return: 0 or CLV_ERR_NOMEM (also while there is no frame allocator yet).
 */
int paging_take_frames(u64 size, hpa_t *out);

#endif
