/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest's kernel, initrd and device tree go in its memory. Builds for the host too.
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/config.h"

#define IMAGE_FDT_SIZE KIB(64) /* bytes that are kept for the device tree */

/**
 * struct image_layout - where things go; all are in the first memory range, and none overlap
 * @kernel: GPA of the first byte, which is the entry point
 * @kernel_end: GPA after what the kernel uses when it runs (its header's image_size, or the file)
 * @initrd: GPA, a multiple of 4 KiB; 0: there is none
 * @initrd_end: GPA after its last byte
 * @fdt: GPA, a multiple of 4 KiB; there are IMAGE_FDT_SIZE bytes
 */
struct image_layout {
	u64 kernel;
	u64 kernel_end;
	u64 initrd;
	u64 initrd_end;
	u64 fdt;
};

/**
 * image_place() - decide where the kernel, the device tree and the initrd go
 * @part: as config_parse() accepted it; its first memory range is used
 * @kernel: a file with the RISC-V Linux image header goes to its text_offset from the base of the
 * range, rounded up to 2 MiB; a flat file to 2 MiB from there, as U-Boot and other S-mode programs
 * are linked
 * @initrd: or NULL; a file of 0 bytes counts as none
 * @out: out: the layout
 * @error: out, unless 0 is returned: one line, without the partition's name
 *
 * Return: 0; CLV_ERR_RANGE (they do not fit), CLV_ERR_FORMAT (@kernel is an ELF file, compressed or
 * empty, or its header is big-endian, of an unknown version or unaligned).
 */
int image_place(const struct config_partition *part, const struct archive_file *kernel,
		const struct archive_file *initrd, struct image_layout *out,
		char error[ARCHIVE_ERROR_LEN]);

#endif
