/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest's kernel, initrd and device tree go in its memory. Builds for the host too.
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/config.h"

#define IMAGE_FDT_SIZE KIB(64)

/**
 * struct image_layout - all of it in the first memory range, nothing overlapping
 * @kernel: GPA of the first byte, and entry point
 * @kernel_end: GPA behind what it uses when it runs (image_size of its header, or the file)
 * @initrd: GPA, page-aligned; 0: none
 * @fdt: GPA, page-aligned, IMAGE_FDT_SIZE bytes
 */
struct image_layout {
	u64 kernel;
	u64 kernel_end;
	u64 initrd;
	u64 initrd_end;
	u64 fdt;
};

/**
 * image_place() - decide the layout: the kernel low, device tree and initrd at the top
 * @part: its first memory range is used; as config_parse() accepted it
 * @kernel: a file with the RISC-V Linux image header goes to its text_offset from the base of the range, rounded up to
 *          2 MiB; a flat file to 2 MiB from there, as U-Boot and other S-mode programs are linked
 * @initrd: or NULL; one of 0 bytes is none
 * @out: out, the layout
 * @error: out: one line, without the partition's name, when it does not fit or is no kernel
 *
 * Return: 0, CLV_ERR_RANGE (does not fit), CLV_ERR_FORMAT (the header says nonsense: big-endian, wrong version, unaligned;
 * an ELF file, a compressed one, an empty one).
 */
int image_place(const struct config_partition *part, const struct archive_file *kernel,
		const struct archive_file *initrd, struct image_layout *out,
		char error[ARCHIVE_ERROR_LEN]);

#endif
