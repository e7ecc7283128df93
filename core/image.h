/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest's kernel, initrd and device tree go in its memory. Builds for the host too.
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <cleave/types.h>
#include "core/archive.h"
#include "core/config.h"

#define IMAGE_FDT_SIZE KIB(64)

struct image_layout {
	u64 kernel; /* GPA of the first byte, and entry point */
	u64 kernel_end; /* GPA behind what it uses when it runs (image_size of its header, or the file) */
	u64 initrd; /* GPA; 0: none */
	u64 initrd_end;
	u64 fdt; /* GPA, 8-byte aligned, IMAGE_FDT_SIZE bytes */
};

/**
 * image_place() - decide the layout: the kernel at its header's text_offset from the base of the first memory range (a flat
 * file without the RISC-V Linux image header: 2 MiB from it, as U-Boot and other S-mode programs are linked), fdt and initrd behind
 * @error: out: one line, without the partition's name, when it does not fit ("kernel \"Image\" needs 24.1 MiB, memory has ...")
 *
 * Return: 0, CLV_ERR_RANGE (does not fit), CLV_ERR_FORMAT (header says nonsense: big-endian, wrong version).
 */
int image_place(const struct config_partition *part, const struct archive_file *kernel, const struct archive_file *initrd,
		struct image_layout *out, char error[ARCHIVE_ERROR_LEN]);

#endif
