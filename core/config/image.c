/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest's kernel, initrd and device tree go in its memory.
 *
 *   base                                                          end of the first range
 *   |      | kernel, with what it uses when it runs |      free      | initrd | tree |
 *
 * The kernel goes where its header says, and as low as it can. The tree and the initrd go as high
 * as they can, because a flat program does not say how much memory it uses after its file. All of
 * them are in the first memory range, which U-Boot and Linux take for granted.
 *
 * It must never compute a sum that can wrap: sizes and offsets come from a file.
 */
#include "core/config/image.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "lib/text.h"

/*
 * The header of a RISC-V Linux image ("Boot image header in RISC-V Linux" in the kernel's
 * documentation, version 0.2): little-endian numbers at these offsets of the file.
 */
#define LINUX_TEXT_OFFSET     8U
#define LINUX_IMAGE_SIZE      16U
#define LINUX_FLAGS	      24U
#define LINUX_VERSION	      32U
#define LINUX_MAGIC2	      56U
#define LINUX_HEADER_LEN      64U
#define LINUX_MAGIC2_VALUE    UINT32_C(0x05435352) /* "RSC\x05" */
#define LINUX_FLAG_BIG_ENDIAN BIT64(0)
#define LINUX_VERSION_MAJOR   16U /* shift */

/*
 * A kernel's text_offset counts from a 2 MiB boundary of the guest's memory. A flat program is at
 * the first such boundary after the base.
 */
#define KERNEL_ALIGN MIB(2)

#define ELF_MAGIC  UINT32_C(0x464c457f) /* "\x7f" "ELF", read little-endian */
#define GZIP_MAGIC UINT32_C(0x8b1f)

/*
 * struct image_need - what a kernel needs
 * @offset: bytes from the 2 MiB boundary at or above the base to its first byte
 * @size: bytes that it uses when it runs, with its file
 */
struct image_need {
	u64 offset;
	u64 size;
};

static u32 image_get32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static u64 image_get64(const u8 *p)
{
	return (u64)image_get32(p) | (u64)image_get32(p + 4) << 32;
}

/*
 * Return: what a file is that is often taken for a kernel, but that no hart could jump to; or NULL
 */
static const char *image_not_a_kernel(const struct archive_file *f)
{
	if (f->size >= 4U && image_get32(f->data) == ELF_MAGIC)
		return "is an ELF file";
	if (f->size >= 4U && (image_get32(f->data) & 0xffffU) == GZIP_MAGIC)
		return "is compressed with gzip";
	return NULL;
}

static int image_read_kernel(const struct archive_file *f, struct image_need *out,
			     char error[ARCHIVE_ERROR_LEN])
{
	const char *wrong = image_not_a_kernel(f);
	u64 flags;
	u32 version;

	if (wrong != NULL) {
		(void)str_print(error, ARCHIVE_ERROR_LEN,
				"file \"%.48s\" %s; wanted: a RISC-V Linux Image or a flat binary",
				f->name, wrong);
		return CLV_ERR_FORMAT;
	}
	if (f->size == 0U) {
		(void)str_print(error, ARCHIVE_ERROR_LEN, "file \"%.48s\" is empty", f->name);
		return CLV_ERR_FORMAT;
	}
	if (f->size < LINUX_HEADER_LEN ||
	    image_get32(f->data + LINUX_MAGIC2) != LINUX_MAGIC2_VALUE) {
		out->offset = KERNEL_ALIGN;
		out->size = f->size;
		return 0;
	}

	flags = image_get64(f->data + LINUX_FLAGS);
	version = image_get32(f->data + LINUX_VERSION);
	if ((flags & LINUX_FLAG_BIG_ENDIAN) != 0U) {
		(void)str_print(
			error, ARCHIVE_ERROR_LEN,
			"the image header of \"%.48s\" says big-endian; wanted: little-endian",
			f->name);
		return CLV_ERR_FORMAT;
	}
	if ((version >> LINUX_VERSION_MAJOR) != 0U) {
		(void)str_print(error, ARCHIVE_ERROR_LEN,
				"the image header of \"%.48s\" has version %u.%u; known: 0.x",
				f->name, version >> LINUX_VERSION_MAJOR, version & 0xffffU);
		return CLV_ERR_FORMAT;
	}
	out->offset = image_get64(f->data + LINUX_TEXT_OFFSET);
	/* image_size is 0 in images that are older than that member. */
	out->size = MAX(image_get64(f->data + LINUX_IMAGE_SIZE), f->size);
	if (!IS_ALIGNED(out->offset, PAGE_SIZE)) {
		(void)str_print(
			error, ARCHIVE_ERROR_LEN,
			"the image header of \"%.48s\" has text_offset 0x%lx; allowed: multiples "
			"of 4 KiB",
			f->name, out->offset);
		return CLV_ERR_FORMAT;
	}
	return 0;
}

/* Take @size bytes, rounded up to whole pages, from the top of [@low, *@high). */
static bool image_take_top(u64 low, u64 *high, u64 size)
{
	if (size > UINT64_MAX - PAGE_SIZE || ALIGN_UP(size, PAGE_SIZE) > *high - low)
		return false;
	*high -= ALIGN_UP(size, PAGE_SIZE);
	return true;
}

static int image_no_room(const struct config_memory *m, const struct image_need *need,
			 const struct archive_file *kernel, const struct archive_file *initrd,
			 char error[ARCHIVE_ERROR_LEN])
{
	char has[TEXT_SIZE_LEN];
	char offset[TEXT_SIZE_LEN];
	char size[TEXT_SIZE_LEN];
	char with[TEXT_SIZE_LEN];

	(void)text_size(m->size, has);
	(void)text_size(need->offset, offset);
	(void)text_size(need->size, size);
	if (initrd == NULL)
		(void)str_print(
			error, ARCHIVE_ERROR_LEN,
			"\"%.32s\" needs %s, %s from the base, and 64 KiB for the device tree; "
			"the first memory range has %s",
			kernel->name, size, offset, has);
	else
		(void)str_print(
			error, ARCHIVE_ERROR_LEN,
			"\"%.16s\" needs %s, %s from the base, initrd \"%.16s\" %s, the device "
			"tree 64 KiB; the first memory range has %s",
			kernel->name, size, offset, initrd->name, text_size(initrd->size, with),
			has);
	return CLV_ERR_RANGE;
}

int image_place(const struct config_partition *part, const struct archive_file *kernel,
		const struct archive_file *initrd, struct image_layout *out,
		char error[ARCHIVE_ERROR_LEN])
{
	const struct config_memory *m = &part->memory[0];
	struct image_need need;
	u64 high = m->gpa + m->size;
	u64 skip;
	int err;

	memset(out, 0, sizeof(*out));
	err = image_read_kernel(kernel, &need, error);
	if (err != 0)
		return err;

	skip = (KERNEL_ALIGN - (m->gpa & (KERNEL_ALIGN - 1U))) & (KERNEL_ALIGN - 1U);
	if (skip > m->size || need.offset > m->size - skip ||
	    need.size > m->size - skip - need.offset)
		return image_no_room(m, &need, kernel, initrd, error);
	out->kernel = m->gpa + skip + need.offset;
	out->kernel_end = out->kernel + need.size;

	if (!image_take_top(out->kernel_end, &high, IMAGE_FDT_SIZE))
		return image_no_room(m, &need, kernel, initrd, error);
	out->fdt = high;
	if (initrd != NULL && initrd->size != 0U) {
		if (!image_take_top(out->kernel_end, &high, initrd->size))
			return image_no_room(m, &need, kernel, initrd, error);
		out->initrd = high;
		out->initrd_end = high + initrd->size;
	}
	return 0;
}
