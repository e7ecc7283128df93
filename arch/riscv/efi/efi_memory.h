/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's memory map: what of it is free once boot services have ended. Builds for the host
 * too.
 */
#ifndef ARCH_RISCV_EFI_MEMORY_H
#define ARCH_RISCV_EFI_MEMORY_H

#include <cleave/types.h>

/** struct efi_range - memory; size 0: none */
struct efi_range {
	u64 base;
	u64 size;
};

/**
 * struct efi_map - what GetMemoryMap() has written
 * @data: descriptors, 8-byte aligned, in any order
 * @size: their bytes
 * @descriptor_size: from one to the next, bytes; a multiple of 8, at least that of struct
 * efi_memory_descriptor
 */
struct efi_map {
	const void *data;
	u64 size;
	u64 descriptor_size;
};

/**
 * efi_memory_next() - find the lowest range that is free once boot services have ended
 * @from: not below this address
 * @out: it; aligned to 4 KiB, and no range that is free follows it without a gap
 *
 * Free is what a descriptor calls so and no other calls otherwise: a type that nobody knows yet, or
 * memory that the firmware uses at run time, is never free.
 *
 * Return: false when there is none.
 */
bool efi_memory_next(const struct efi_map *map, u64 from, struct efi_range *out);

#endif
