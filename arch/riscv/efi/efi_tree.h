/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that Cleave is entered with: the firmware's, with what EFI says beside it.
 * Builds for the host too.
 */
#ifndef ARCH_RISCV_EFI_TREE_H
#define ARCH_RISCV_EFI_TREE_H

#include <cleave/types.h>
#include "arch/riscv/efi/efi_memory.h"

/**
 * efi_tree_check() - may the tree at @tree be read?
 * @tree: fdt_read_unsafe() has found nothing
 *
 * Return: 0, or the error of libfdt; LAYOUT_FDT_MAX counts as a lack of space.
 */
int efi_tree_check(const void *tree);

/** efi_tree_hartid() - Return: whether /chosen/boot-hartid says which hart this is; @out: its id */
bool efi_tree_hartid(const void *tree, u64 *out);

/** efi_tree_initrd() - Return: the initrd that /chosen names already; size 0: none */
struct efi_range efi_tree_initrd(const void *tree);

/**
 * efi_tree_size() - Return: bytes that a buffer for efi_tree_make() must have
 * @tree: has passed efi_tree_check()
 * @args: boot arguments
 * @map_size: bytes of the largest map, whose descriptors have at least @descriptor_size bytes
 */
u64 efi_tree_size(const void *tree, const char *args, u64 map_size, u64 descriptor_size);

/**
 * efi_tree_make() - make the device tree that Cleave is entered with
 * @tree: the firmware's; has passed efi_tree_check()
 * @initrd: the boot archive; size 0: what @tree says of one stays
 * @args: boot arguments; "": those of @tree stay
 * @map: the firmware's last memory map
 * @buf, @size: receives the tree
 *
 * What the map calls free is memory of the new tree, and everything else is reserved. What @tree
 * reserves stays so.
 *
 * Return: 0, or the error of libfdt; FDT_ERR_NOTFOUND: the map has no free memory.
 */
int efi_tree_make(const void *tree, struct efi_range initrd, const char *args,
		  const struct efi_map *map, void *buf, u64 size);

#endif
