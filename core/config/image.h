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
#define IMAGE_SEGMENTS 8U      /* pieces of a kernel that go to places of their own */

/* What a kernel is */
enum image_form {
	IMAGE_FLAT,
	IMAGE_LINUX, /* it has the RISC-V Linux image header */
	IMAGE_ELF,
};

/**
 * struct image_segment - a piece of a kernel
 * @gpa: where it goes
 * @mem: bytes that it takes there; those that the file does not give are zero
 * @offset: byte of the file with which it begins
 * @size: bytes that the file gives
 */
struct image_segment {
	u64 gpa;
	u64 mem;
	u64 offset;
	u64 size;
};

/**
 * struct image_layout - where things go; none of them overlap
 * @form: what the kernel is
 * @nr_segments, @segment: its pieces
 * @kernel: GPA of its lowest byte
 * @kernel_end: GPA after what it uses when it runs (its header's image_size, or the file)
 * @entry: GPA at which vCPU 0 starts
 * @initrd: GPA, a multiple of 4 KiB; 0: there is none
 * @initrd_end: GPA after its last byte
 * @fdt: GPA, a multiple of 8; there are IMAGE_FDT_SIZE bytes
 */
struct image_layout {
	enum image_form form;
	u32 nr_segments;
	struct image_segment segment[IMAGE_SEGMENTS];
	u64 kernel;
	u64 kernel_end;
	u64 entry;
	u64 initrd;
	u64 initrd_end;
	u64 fdt;
};

/**
 * image_place() - decide where the kernel, the device tree and the initrd go
 * @part: as config_parse() accepted it: its memory, and the addresses that it asks for
 * @kernel: without "load-address", a file with the RISC-V Linux image header goes to its
 * text_offset from the base of the first range, rounded up to 2 MiB; a flat file to 2 MiB from
 * there, as U-Boot and other S-mode programs are linked; an ELF file where its headers say
 * @initrd: or NULL; a file of 0 bytes counts as none
 * @out: out: the layout
 * @error: out, unless 0 is returned: one line, without the partition's name
 *
 * Return: 0; CLV_ERR_RANGE (they do not fit), CLV_ERR_FORMAT (@kernel is no program for a RISC-V
 * hart, or its header makes no sense).
 */
int image_place(const struct config_partition *part, const struct archive_file *kernel,
		const struct archive_file *initrd, struct image_layout *out,
		char error[ARCHIVE_ERROR_LEN]);

/**
 * image_misplaced() - find out whether a kernel cannot run where it goes
 * @kernel, @layout: as for, and of, image_place()
 * @line: out, if it cannot: one line
 *
 * It reads the whole file: not for the steps in which a partition is loaded.
 *
 * Return: 0: nothing speaks against it; 1: it was linked to run elsewhere, unless it moves itself;
 * CLV_ERR_RANGE: it is known to run nowhere else.
 */
int image_misplaced(const struct archive_file *kernel, const struct image_layout *layout,
		    char line[ARCHIVE_ERROR_LEN]);

#endif
