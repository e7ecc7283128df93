/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest's kernel, initrd and device tree go in its memory.
 *
 *   base                                   middle                                        end
 *   |      | kernel, with what it uses | gap | tree |   | initrd |     free, a quarter or more   |
 *
 * The kernel goes where its header says, and as low as it can. Tree and initrd stand low too, as in
 * QEMU: loaders (U-Boot, EDK2) move themselves to the end of memory, and unpack a kernel at its
 * beginning, before they have looked at what lies there. The gap is for what a flat program uses
 * after its file, which nothing says. Where memory is too small for that, they go as high as they
 * can. All of them are in the first memory range, which U-Boot and Linux take for granted; a kernel
 * with an address of its own may be elsewhere.
 *
 * It must never compute a sum that can wrap: sizes and offsets come from a file.
 */
#include "core/config/image.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "core/config/image_internal.h"
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

/* Of the first range, the part that stays free after a flat program, and that at the end */
#define GAP_PART 8U
#define GAP_MAX	 MIB(64)
#define TOP_PART 4U
#define TOP_MIN	 MIB(32) /* U-Boot takes 25 MiB, with its stack and its heap */
#define TOP_MAX	 MIB(64)
/* Where EDK2 for QEMU's virt board is linked to (OvmfPkg/RiscVVirt): the first bank of flash */
#define EDK2_VIRT UINT64_C(0x20000000)
/* The initrd stands after the middle, but not higher than this, as in QEMU. */
#define MIDDLE_MAX MIB(512)

/*
 * struct image_need - what a kernel needs
 * @offset: bytes from the 2 MiB boundary at or above the base to its first byte
 * @size: bytes that it uses when it runs, with its file
 */
struct image_need {
	u64 offset;
	u64 size;
};

static int image_read_linux(const struct archive_file *f, struct image_need *out,
			    char error[ARCHIVE_ERROR_LEN])
{
	u64 flags = image_get64(f->data + LINUX_FLAGS);
	u32 version = image_get32(f->data + LINUX_VERSION);

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

static int image_read_kernel(const struct config_partition *part, const struct archive_file *f,
			     enum image_form *form, struct image_need *out,
			     char error[ARCHIVE_ERROR_LEN])
{
	if (f->size == 0U) {
		(void)str_print(error, ARCHIVE_ERROR_LEN, "file \"%.48s\" is empty", f->name);
		return CLV_ERR_FORMAT;
	}
	if (f->size >= LINUX_HEADER_LEN &&
	    image_get32(f->data + LINUX_MAGIC2) == LINUX_MAGIC2_VALUE) {
		*form = IMAGE_LINUX;
		return image_read_linux(f, out, error);
	}
	if (image_kind_refuse(f, !part->entry.given, error))
		return CLV_ERR_FORMAT;
	*form = IMAGE_FLAT;
	out->offset = KERNEL_ALIGN;
	out->size = f->size;
	return 0;
}

/* Return: true when [@at, @at + @size) lies in one range of the partition's memory */
static bool image_in_memory(const struct config_partition *part, u64 at, u64 size)
{
	for (u32 i = 0; i < part->nr_memory; i++) {
		const struct config_memory *m = &part->memory[i];

		if (at >= m->gpa && at - m->gpa < m->size && size <= m->size - (at - m->gpa))
			return true;
	}
	return false;
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

/* --- the kernel ------------------------------------------------------------------------------- */

/* Return: where a program goes that does not say: 2 MiB after the base, rounded up to 2 MiB */
static u64 image_default(const struct config_memory *m)
{
	return ALIGN_UP(m->gpa, KERNEL_ALIGN) + KERNEL_ALIGN;
}

static int image_place_elf(const struct config_partition *part, const struct archive_file *kernel,
			   struct image_layout *out, char error[ARCHIVE_ERROR_LEN])
{
	const struct config_address at = { true, image_default(&part->memory[0]) };
	bool fixed = false;
	int err = image_elf_read(kernel, &part->load_address, &fixed, out, error);

	/* A program that can go anywhere may have been linked to nowhere. */
	if (err == 0 && !fixed && !part->load_address.given &&
	    !image_in_memory(part, out->kernel, 1)) {
		memset(out, 0, sizeof(*out));
		err = image_elf_read(kernel, &at, &fixed, out, error);
	}
	if (err != 0)
		return err;
	if (fixed && part->load_address.given && part->load_address.gpa != out->kernel) {
		(void)str_print(
			error, ARCHIVE_ERROR_LEN,
			"ELF file \"%.48s\" is linked to 0x%lx: load-address 0x%lx does not "
			"go with it",
			kernel->name, out->kernel, part->load_address.gpa);
		return CLV_ERR_RANGE;
	}
	for (u32 i = 0; i < out->nr_segments; i++) {
		const struct image_segment *s = &out->segment[i];

		if (image_in_memory(part, s->gpa, s->mem))
			continue;
		(void)str_print(error, ARCHIVE_ERROR_LEN,
				"ELF file \"%.32s\" goes to 0x%lx to 0x%lx, which is not in one "
				"range of memory%s",
				kernel->name, s->gpa, s->gpa + s->mem - 1U,
				s->gpa >> 63 != 0U ? "; of a Linux kernel give the file \"Image\""
						   : "");
		return CLV_ERR_RANGE;
	}
	return 0;
}

/* Place a kernel that is one piece, at load-address or where its header says. */
static int image_place_whole(const struct config_partition *part, const struct archive_file *kernel,
			     const struct archive_file *initrd, const struct image_need *need,
			     struct image_layout *out, char error[ARCHIVE_ERROR_LEN])
{
	const struct config_memory *m = &part->memory[0];
	u64 skip = (KERNEL_ALIGN - (m->gpa & (KERNEL_ALIGN - 1U))) & (KERNEL_ALIGN - 1U);
	char size[TEXT_SIZE_LEN];

	if (!part->load_address.given) {
		if (skip > m->size || need->offset > m->size - skip ||
		    need->size > m->size - skip - need->offset)
			return image_no_room(m, need, kernel, initrd, error);
		out->kernel = m->gpa + skip + need->offset;
	} else if (out->form == IMAGE_LINUX && !IS_ALIGNED(part->load_address.gpa, KERNEL_ALIGN)) {
		(void)str_print(error, ARCHIVE_ERROR_LEN,
				"\"%.48s\" is a Linux Image, and cannot run at load-address 0x%lx; "
				"allowed: multiples of 2 MiB (0x200000)",
				kernel->name, part->load_address.gpa);
		return CLV_ERR_RANGE;
	} else if (!image_in_memory(part, part->load_address.gpa, need->size)) {
		(void)str_print(
			error, ARCHIVE_ERROR_LEN,
			"\"%.48s\" needs %s from load-address 0x%lx, which is not all in one "
			"range of memory",
			kernel->name, text_size(need->size, size), part->load_address.gpa);
		return CLV_ERR_RANGE;
	} else {
		out->kernel = part->load_address.gpa;
	}
	out->kernel_end = out->kernel + need->size;
	out->entry = out->kernel;
	out->nr_segments = 1;
	out->segment[0] = (struct image_segment){
		.gpa = out->kernel, .mem = need->size, .offset = 0, .size = kernel->size
	};
	return 0;
}

static int image_place_kernel(const struct config_partition *part,
			      const struct archive_file *kernel, const struct archive_file *initrd,
			      struct image_need *need, struct image_layout *out,
			      char error[ARCHIVE_ERROR_LEN])
{
	int err;

	if (image_elf_is(kernel)) {
		err = image_place_elf(part, kernel, out, error);
	} else {
		err = image_read_kernel(part, kernel, &out->form, need, error);
		if (err == 0)
			err = image_place_whole(part, kernel, initrd, need, out, error);
	}
	if (err != 0)
		return err;
	if (part->entry.given)
		out->entry = part->entry.gpa;
	if (!IS_ALIGNED(out->entry, 2U) || !image_in_memory(part, out->entry, 2)) {
		(void)str_print(error, ARCHIVE_ERROR_LEN,
				"\"%.48s\" would start at 0x%lx%s; allowed: even addresses in "
				"memory",
				kernel->name, out->entry, part->entry.given ? " (entry)" : "");
		return CLV_ERR_RANGE;
	}
	return 0;
}

/* --- tree and initrd -------------------------------------------------------------------------- */

/* Return: true when [@at, @at + @size) lies in @m and holds nothing of the kernel */
static bool image_is_free(const struct config_memory *m, const struct image_layout *l, u64 at,
			  u64 size)
{
	if (at < m->gpa || at - m->gpa > m->size || size > m->size - (at - m->gpa))
		return false;
	for (u32 i = 0; i < l->nr_segments; i++) {
		if (config_overlap(at, size, l->segment[i].gpa, l->segment[i].mem))
			return false;
	}
	return true;
}

/*
 * Take these places if they are free. @tree is where the tree goes unless the configuration says;
 * @initrd, of @size bytes in whole pages, means nothing where there is none.
 */
static bool image_take(const struct config_partition *part, struct image_layout *out, u64 tree,
		       u64 initrd, u64 size)
{
	const struct config_memory *m = &part->memory[0];

	if (part->fdt_address.given)
		tree = part->fdt_address.gpa;
	else if (!image_is_free(m, out, tree, IMAGE_FDT_SIZE))
		return false;
	if (size != 0U && (!image_is_free(m, out, initrd, size) ||
			   config_overlap(initrd, size, tree, IMAGE_FDT_SIZE)))
		return false;
	out->fdt = tree;
	out->initrd = size != 0U ? initrd : 0U;
	return true;
}

/* Low, after the kernel, and so that a part of the memory stays free at its end */
static bool image_take_low(const struct config_partition *part, struct image_layout *out, u64 size)
{
	const struct config_memory *m = &part->memory[0];
	u64 gap = out->form == IMAGE_LINUX ? 0U : MIN(m->size / GAP_PART, GAP_MAX);
	u64 top = MAX(m->size / TOP_PART, MIN(m->size / 2U, TOP_MIN));
	u64 limit = m->gpa + m->size - MIN(top, TOP_MAX);
	u64 middle = m->gpa + ALIGN_UP(MIN(m->size / 2U, MIDDLE_MAX), PAGE_SIZE);
	u64 tree = m->gpa;
	u64 end;

	limit = ALIGN_DOWN(limit, PAGE_SIZE);
	for (u32 i = 0; i < out->nr_segments; i++) {
		const struct image_segment *s = &out->segment[i];

		if (config_overlap(m->gpa, m->size, s->gpa, s->mem))
			tree = MAX(tree, s->gpa + s->mem);
	}
	tree = ALIGN_UP(tree, KERNEL_ALIGN) + gap;
	end = !part->fdt_address.given ? tree + IMAGE_FDT_SIZE : tree;
	if (end > limit || size > limit - end)
		return false;
	return image_take(part, out, ALIGN_DOWN(tree, PAGE_SIZE),
			  MAX(end, MIN(middle, limit - size)), size);
}

/*
 * Tree and initrd go to the end of the memory, or below a kernel that was put there. Below others
 * they do not go: U-Boot's stack begins there.
 */
static bool image_take_any(const struct config_partition *part, struct image_layout *out, u64 size)
{
	const struct config_memory *m = &part->memory[0];
	u64 end = m->gpa + m->size;
	u64 below = !part->fdt_address.given ? IMAGE_FDT_SIZE : 0U;

	if (m->size < below || size > m->size - below)
		return false;
	return image_take(part, out, end - below, end - below - size, size) ||
	       ((out->form == IMAGE_ELF || part->load_address.given) &&
		image_take(part, out, m->gpa, m->gpa + below, size));
}

static int image_check_fdt(const struct config_partition *part, const struct archive_file *kernel,
			   const struct image_layout *l, char error[ARCHIVE_ERROR_LEN])
{
	bool in_memory = image_in_memory(part, part->fdt_address.gpa, IMAGE_FDT_SIZE);

	if (!part->fdt_address.given)
		return 0;
	for (u32 i = 0; i < l->nr_segments; i++) {
		if (in_memory && !config_overlap(part->fdt_address.gpa, IMAGE_FDT_SIZE,
						 l->segment[i].gpa, l->segment[i].mem))
			continue;
		(void)str_print(
			error, ARCHIVE_ERROR_LEN,
			"fdt-address 0x%lx, with the 64 KiB that the device tree takes, %s; "
			"\"%.48s\" is at 0x%lx to 0x%lx",
			part->fdt_address.gpa,
			in_memory ? "overlaps the kernel" : "is not in one range of memory",
			kernel->name, l->segment[i].gpa,
			l->segment[i].gpa + l->segment[i].mem - 1U);
		return CLV_ERR_RANGE;
	}
	return 0;
}

int image_place(const struct config_partition *part, const struct archive_file *kernel,
		const struct archive_file *initrd, struct image_layout *out,
		char error[ARCHIVE_ERROR_LEN])
{
	struct image_need need = { 0, 0 };
	u64 size = 0;
	int err;

	memset(out, 0, sizeof(*out));
	err = image_place_kernel(part, kernel, initrd, &need, out, error);
	if (err == 0)
		err = image_check_fdt(part, kernel, out, error);
	if (err != 0)
		return err;
	if (initrd != NULL)
		size = initrd->size > UINT64_MAX - PAGE_SIZE ? UINT64_MAX
							     : ALIGN_UP(initrd->size, PAGE_SIZE);
	if (!image_take_low(part, out, size) && !image_take_any(part, out, size)) {
		need.offset = out->kernel - MIN(out->kernel, part->memory[0].gpa);
		need.size = out->kernel_end - out->kernel;
		return image_no_room(&part->memory[0], &need, kernel, initrd, error);
	}
	if (size != 0U)
		out->initrd_end = out->initrd + initrd->size;
	return 0;
}

int image_misplaced(const struct archive_file *kernel, const struct image_layout *layout,
		    char line[ARCHIVE_ERROR_LEN])
{
	u64 linked;
	bool only;

	if (layout->form == IMAGE_FLAT && image_kind_is_volume(kernel) &&
	    layout->kernel != EDK2_VIRT) {
		(void)str_print(line, ARCHIVE_ERROR_LEN,
				"\"%.32s\" is a firmware volume of EDK2, and goes to 0x%lx: QEMU's "
				"virt has it at 0x%lx",
				kernel->name, layout->kernel, EDK2_VIRT);
		return 1;
	}
	if (layout->form != IMAGE_FLAT ||
	    !image_kind_linked(kernel, layout->kernel, &linked, &only))
		return 0;
	(void)str_print(line, ARCHIVE_ERROR_LEN,
			"\"%.32s\" is linked to run at 0x%lx, and goes to 0x%lx%s", kernel->name,
			linked, layout->kernel,
			only ? ": U-Boot runs nowhere else; allowed: memory and load-address that "
			       "put it there"
			     : ": unless it moves itself, it needs memory and load-address that "
			       "put it there");
	return only ? CLV_ERR_RANGE : 1;
}
