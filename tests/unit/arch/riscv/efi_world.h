/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware with EFI, for tests and fuzzing of the stub. It keeps account of what the stub takes,
 * opens and says, and any of its calls can be made to fail.
 */
#ifndef TESTS_UNIT_EFI_WORLD_H
#define TESTS_UNIT_EFI_WORLD_H

#include <cleave/types.h>
#include "arch/riscv/efi/efi_internal.h"

#define EFI_WORLD_RANGES 64U
#define EFI_WORLD_PAGES	 16U

/**
 * struct efi_world - the firmware; efi_world_begin() sets it up, and the test changes it
 * @tree: in the configuration table; NULL: there is none
 * @nr_ranges, @range: the memory map
 * @descriptor_size: what it says of them
 * @no_boot_protocol: there is no RISCV_EFI_BOOT_PROTOCOL
 * @no_hartid: its GetBootHartId() fails
 * @no_console: there is no console
 * @changes: how often ExitBootServices() refuses the key, and the map gets another range
 * @grow: how many ranges the map gets each time
 * @map_lies: a map that is larger than its buffer is called a success
 * @options, @options_size: load options
 * @load_file2, @load_file2_size: the initrd of LoadFile2; NULL: nobody offers one
 * @load_file2_more: by how much that has grown when it is read
 * @file, @file_size: what is at \boot.cpio of the volume; NULL: nothing
 * @piece: the most that a Read() gives
 * @claimable: AllocatePages() by address works
 * @fail_at: number of the call that fails, counted from 1; 0: none
 *
 * Of the last start:
 * @calls: how many calls that can fail there were
 * @said: the last line; @lines: how many
 * @open: files and volumes that are open
 * @nr_taken: blocks of memory that are taken
 * @claimed: what was allocated by address
 * @exits: calls of ExitBootServices()
 * @after_exit: calls after the first of ExitBootServices() that are not allowed there
 * @jumped: whether the image was entered, and with what
 */
struct efi_world {
	const void *tree;
	u32 nr_ranges;
	struct efi_memory_descriptor range[EFI_WORLD_RANGES];
	u64 descriptor_size;
	bool no_boot_protocol;
	bool no_hartid;
	bool no_console;
	u32 changes;
	u32 grow;
	bool map_lies;
	const void *options;
	u32 options_size;
	const void *load_file2;
	u64 load_file2_size;
	u64 load_file2_more;
	const void *file;
	u64 file_size;
	u64 piece;
	bool claimable;
	u32 fail_at;

	u32 calls;
	char said[512];
	u32 lines;
	u32 open;
	u32 nr_taken;
	struct efi_range claimed;
	u32 exits;
	u32 after_exit;
	bool jumped;
	u64 hartid;
	const void *made;
	const u8 *image;
};

extern struct efi_world efi_world;

/* What efi_world_start() hands over as the image, and the hart id of the boot protocol */
#define EFI_WORLD_IMAGE 12288U
#define EFI_WORLD_HART	5U

/** efi_world_begin() - a firmware with all that a start needs, and 1 GiB of memory at 2 GiB */
void efi_world_begin(void);

/** efi_world_range() - add a range to the map, in 4 KiB pages */
void efi_world_range(u32 type, u64 base, u64 pages, u64 attributes);

/** efi_world_options() - set the load options from ASCII, with a NUL at their end */
void efi_world_options(const char *text);

/** efi_world_start() - start the image. Return: the status; EFI_SUCCESS when it was entered */
efi_status efi_world_start(void);

/** efi_world_end() - free all that is still taken */
void efi_world_end(void);

#endif
