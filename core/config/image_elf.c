/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF file as a kernel: what of it goes where in the guest's memory.
 *
 * Everything comes from a file, so no sum may wrap, and nothing may be read after the file's end.
 * Whether the memory is there is asked by who places it (image.c).
 *
 * Source: Tool Interface Standard, "Executable and Linking Format"; RISC-V ELF psABI.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "core/config/image_internal.h"

#define ELF_MAGIC	UINT32_C(0x464c457f) /* "\x7f" "ELF", read little-endian */
#define ELF_CLASS	4U
#define ELF_CLASS_32	1U
#define ELF_CLASS_64	2U
#define ELF_DATA	5U
#define ELF_DATA_LITTLE 1U
#define ELF_DATA_BIG	2U
#define ELF_TYPE	16U
#define ELF_TYPE_REL	1U
#define ELF_TYPE_EXEC	2U
#define ELF_TYPE_DYN	3U
#define ELF_MACHINE	18U
#define ELF_RISCV	243U
#define ELF_ENTRY	24U
#define ELF_PHOFF	32U
#define ELF_PHENTSIZE	54U
#define ELF_PHNUM	56U
#define ELF_HEADER_LEN	64U

/* A program header */
#define PH_TYPE	  0U
#define PH_LOAD	  1U
#define PH_INTERP 3U
#define PH_OFFSET 8U
#define PH_VADDR  16U
#define PH_PADDR  24U
#define PH_FILESZ 32U
#define PH_MEMSZ  40U
#define PH_LEN	  56U

bool image_elf_is(const struct archive_file *f)
{
	return f->size >= 4U && image_get32(f->data) == ELF_MAGIC;
}

static int image_elf_wrong(const struct archive_file *f, const char *what,
			   char error[ARCHIVE_ERROR_LEN])
{
	(void)str_print(error, ARCHIVE_ERROR_LEN, "file \"%.32s\" is %s; wanted: " IMAGE_WANTED,
			f->name, what);
	return CLV_ERR_FORMAT;
}

static const char *image_elf_machine(u32 machine)
{
	static const struct {
		u32 machine;
		const char *what;
	} known[] = {
		{ 3, "an ELF file for x86" },	 { 62, "an ELF file for x86-64" },
		{ 40, "an ELF file for ARM" },	 { 183, "an ELF file for AArch64" },
		{ 8, "an ELF file for MIPS" },	 { 21, "an ELF file for PowerPC" },
		{ 22, "an ELF file for S/390" }, { 258, "an ELF file for LoongArch" },
		{ 247, "an ELF file for eBPF" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].machine == machine)
			return known[i].what;
	}
	return "an ELF file for another machine than RISC-V";
}

/* Return: what is wrong with the header; NULL: nothing */
static const char *image_elf_header(const struct archive_file *f)
{
	const u8 *h = f->data;
	u64 table;
	u64 len;

	if (f->size < ELF_HEADER_LEN)
		return "an ELF file that is cut off";
	if (h[ELF_DATA] == ELF_DATA_BIG)
		return "a big-endian ELF file";
	if (h[ELF_CLASS] == ELF_CLASS_64 && h[ELF_DATA] == ELF_DATA_LITTLE &&
	    image_get16(h + ELF_MACHINE) != ELF_RISCV)
		return image_elf_machine(image_get16(h + ELF_MACHINE));
	if (h[ELF_CLASS] == ELF_CLASS_32)
		return "a 32-bit ELF file";
	if (h[ELF_CLASS] != ELF_CLASS_64 || h[ELF_DATA] != ELF_DATA_LITTLE)
		return "an ELF file with a damaged header";
	if (image_get16(h + ELF_TYPE) == ELF_TYPE_REL)
		return "an ELF object file, which is not linked";
	if (image_get16(h + ELF_TYPE) != ELF_TYPE_EXEC && image_get16(h + ELF_TYPE) != ELF_TYPE_DYN)
		return "an ELF file that is no program";
	table = image_get64(h + ELF_PHOFF);
	len = (u64)image_get16(h + ELF_PHNUM) * PH_LEN;
	if (image_get16(h + ELF_PHENTSIZE) != PH_LEN || len == 0U)
		return "an ELF file without program headers";
	if (table > f->size || len > f->size - table)
		return "an ELF file that is cut off";
	return NULL;
}

/* Add the segment of a program header. Return: what is wrong with it; NULL: nothing */
static const char *image_elf_segment(const struct archive_file *f, const u8 *ph,
				     struct image_layout *out)
{
	struct image_segment *s = &out->segment[out->nr_segments];
	u64 offset = image_get64(ph + PH_OFFSET);
	u64 filesz = image_get64(ph + PH_FILESZ);
	u64 memsz = image_get64(ph + PH_MEMSZ);
	u64 paddr = image_get64(ph + PH_PADDR);

	if (offset > f->size || filesz > f->size - offset)
		return "an ELF file that is cut off";
	if (filesz > memsz || memsz > UINT64_MAX - paddr)
		return "an ELF file with a damaged program header";
	if (memsz == 0U)
		return NULL;
	if (out->nr_segments == IMAGE_SEGMENTS)
		return "an ELF file with more segments to load than the 8 that are allowed";
	for (u32 i = 0; i < out->nr_segments; i++) {
		if (config_overlap(paddr, memsz, out->segment[i].gpa, out->segment[i].mem))
			return "an ELF file whose segments overlap";
	}
	*s = (struct image_segment){ .gpa = paddr, .mem = memsz, .offset = offset, .size = filesz };
	out->nr_segments++;
	return NULL;
}

/*
 * The entry is a virtual address. Where a segment is loaded elsewhere than it is linked to, that
 * goes for the entry too.
 */
static u64 image_elf_entry(const struct archive_file *f)
{
	u64 entry = image_get64(f->data + ELF_ENTRY);
	u64 table = image_get64(f->data + ELF_PHOFF);

	for (u32 i = 0; i < image_get16(f->data + ELF_PHNUM); i++) {
		const u8 *ph = f->data + table + (u64)i * PH_LEN;
		u64 vaddr = image_get64(ph + PH_VADDR);

		if (image_get32(ph + PH_TYPE) == PH_LOAD && entry >= vaddr &&
		    entry - vaddr < image_get64(ph + PH_MEMSZ))
			return entry - vaddr + image_get64(ph + PH_PADDR);
	}
	return entry;
}

static const char *image_elf_segments(const struct archive_file *f, struct image_layout *out)
{
	const char *wrong = image_elf_header(f);
	u64 bytes = 0;
	u64 table;

	for (u32 i = 0; wrong == NULL && i < image_get16(f->data + ELF_PHNUM); i++) {
		const u8 *ph;

		table = image_get64(f->data + ELF_PHOFF);
		ph = f->data + table + (u64)i * PH_LEN;
		if (image_get32(ph + PH_TYPE) == PH_INTERP) {
			wrong = "an ELF program for an operating system, as it wants an "
				"interpreter";
		} else if (image_get32(ph + PH_TYPE) == PH_LOAD) {
			wrong = image_elf_segment(f, ph, out);
			bytes |= image_get64(ph + PH_FILESZ);
		}
	}
	/* A file of debug symbols has the segments, and none of their bytes. */
	if (wrong == NULL && bytes == 0U)
		wrong = "an ELF file with nothing to load";
	return wrong;
}

int image_elf_read(const struct archive_file *f, const struct config_address *at, bool *fixed,
		   struct image_layout *out, char error[ARCHIVE_ERROR_LEN])
{
	const char *wrong = image_elf_segments(f, out);
	u64 low = UINT64_MAX;
	u64 high = 0;
	u64 shift;

	if (wrong != NULL)
		return image_elf_wrong(f, wrong, error);
	for (u32 i = 0; i < out->nr_segments; i++) {
		low = MIN(low, out->segment[i].gpa);
		high = MAX(high, out->segment[i].gpa + out->segment[i].mem);
	}
	*fixed = image_get16(f->data + ELF_TYPE) == ELF_TYPE_EXEC;
	shift = *fixed || !at->given ? 0U : at->gpa - low;
	if (shift != 0U && at->gpa > UINT64_MAX - (high - low))
		return image_elf_wrong(f, "an ELF file that would end after 2^64", error);
	for (u32 i = 0; i < out->nr_segments; i++)
		out->segment[i].gpa += shift;
	out->form = IMAGE_ELF;
	out->kernel = low + shift;
	out->kernel_end = high + shift;
	out->entry = image_elf_entry(f) + shift;
	return 0;
}
