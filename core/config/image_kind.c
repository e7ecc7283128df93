/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file is that is given as a kernel, but that no hart could jump to: told by the bytes with
 * which its format begins. A hart that jumped there would end somewhere else, silently.
 *
 * It must never refuse what may be a program: a flat one may begin with almost anything.
 *
 * Sources: RFC 1952 (gzip); RFC 8878 (zstd); the format documents of xz, bzip2, LZMA, LZ4 and LZO;
 * Linux, "EFI zboot" (drivers/firmware/efi/libstub/zboot-header.S) and its boot documents; U-Boot,
 * "legacy uImage"; the PE/COFF specification; Devicetree Specification 0.4, chapter 5.
 */
#include "core/config/image_kind.h"

#include <cleave/printk.h>
#include <cleave/string.h>
#include "lib/text.h"

/* LZMA alone has no magic number: these are its usual properties, and the header's length. */
#define LZMA_PROPERTIES 0x5dU
#define LZMA_HEADER_LEN 13U
#define LZMA_SIZE_LIMIT BIT64(40)
#define TEXT_LOOKED_AT	64U
#define ZBOOT_OFFSET	8U
#define ZBOOT_SIZE	12U
#define ZBOOT_TYPE	24U
#define ZBOOT_TYPE_LEN	8
#define PE_OFFSET	0x3cU

/* The PE header at that offset, with a table of sections after it */
#define PE_MACHINE	   4U
#define PE_RISCV64	   0x5064U
#define PE_SECTIONS	   6U
#define PE_OPTIONAL_LEN	   20U
#define PE_HEADER_LEN	   24U
#define PE_SECTION_LEN	   40U
#define PE_SECTION_VIRTUAL 8U
#define PE_SECTION_RAW	   16U
#define PE_SECTION_AT	   20U

/**
 * struct image_magic - a format whose files hold, at a certain byte, certain others
 * @at, @len, @magic: the byte, and what is there
 * @text: the file begins with text
 * @what: what such a file is
 * @tool, @rest: the words before and after its name in what makes a program of it; NULL: nothing
 * does
 */
struct image_magic {
	u16 at;
	u8 len;
	bool text;
	const char *magic;
	const char *what;
	const char *tool;
	const char *rest;
};

#define TO_IMAGE " >Image"
#define AND_MORE ", and look at what comes out"

static const struct image_magic image_kind_table[] = {
	{ 0, 2, false, "\x1f\x8b", "compressed with gzip", "gzip -dc ", TO_IMAGE },
	{ 0, 2, false, "\x1f\x9d", "compressed with compress", "gzip -dc ", TO_IMAGE },
	{ 0, 4, false, "\x28\xb5\x2f\xfd", "compressed with zstd", "zstd -dc ", TO_IMAGE },
	{ 0, 6, false, "\xfd\x37zXZ", "compressed with xz", "xz -dc ", TO_IMAGE },
	{ 4, 6, false, "1AY&SY", "compressed with bzip2", "bzip2 -dc ", TO_IMAGE },
	{ 0, 4, false, "\x04\x22\x4d\x18", "compressed with lz4", "lz4 -dc ", TO_IMAGE },
	{ 0, 4, false, "\x02\x21\x4c\x18", "compressed with lz4", "lz4 -dc ", TO_IMAGE },
	{ 0, 9, false, "\x89LZO\0\r\n\x1a\n", "compressed with lzo", "lzop -dc ", TO_IMAGE },
	{ 0, 4, false, "LZIP", "compressed with lzip", "lzip -dc ", TO_IMAGE },
	{ 0, 4, false, "PK\3\4", "a ZIP archive", "unzip ", "" },
	{ 0, 4, false, "\x27\x05\x19\x56", "a legacy uImage of U-Boot", "dumpimage -p 0 -o Image ",
	  AND_MORE },
	{ 0, 4, false, "\xd0\x0d\xfe\xed", "a device tree, or a FIT image of U-Boot",
	  "dumpimage -T flat_dt -p 0 -o Image ", AND_MORE },
	{ 0, 8, false, "ANDROID!", "an Android boot image", "unpack_bootimg --boot_img ",
	  AND_MORE },
	{ 0, 8, false, "VNDRBOOT", "an Android boot image without a kernel", NULL, NULL },
	{ 0, 8, false, "!<arch>\n", "a Debian package or a library", "ar x ", AND_MORE },
	{ 0, 4, false, "\xed\xab\xee\xdb", "an RPM package", "rpm2cpio ", " | cpio -id" },
	{ 0, 5, false, "07070", "a cpio archive, as an initrd is", NULL, NULL },
	{ 257, 5, false, "ustar", "a tar archive", "tar xf ", "" },
	{ 0, 4, false, "hsqs", "a SquashFS file system", NULL, NULL },
	{ 32769, 5, false, "CD001", "an ISO 9660 image", NULL, NULL },
	{ 0, 4, false, "QFI\xfb", "a qcow2 disk image", NULL, NULL },
	{ 512, 8, false, "EFI PART", "a disk image", NULL, NULL },
	{ 514, 4, false, "HdrS", "a Linux kernel for x86", NULL, NULL },
	{ 56, 4, false, "ARM\x64", "a Linux Image for arm64", NULL, NULL },
	{ 36, 4, false, "\x18\x28\x6f\x01", "a Linux kernel for ARM", NULL, NULL },
	{ 0, 2, true, "S0", "a file of S-records", "objcopy -I srec -O binary ", " Image" },
	{ 0, 2, true, ":0", "an Intel HEX file", "objcopy -I ihex -O binary ", " Image" },
	{ 0, 2, true, ":1", "an Intel HEX file", "objcopy -I ihex -O binary ", " Image" },
	{ 0, 2, true, "#!", "a script", NULL, NULL },
	{ 0, 5, true, "<!DOC", "a web page", NULL, NULL },
	{ 0, 5, true, "<html", "a web page", NULL, NULL },
	{ 0, 5, true, "<?xml", "an XML file, as servers answer errors with", NULL, NULL },
	{ 0, 12, true, "version http", "a pointer of Git LFS", NULL, NULL },
};

static bool image_kind_has(const struct archive_file *f, u64 at, const char *bytes, u64 len)
{
	return f->size >= len && at <= f->size - len && memcmp(f->data + at, bytes, len) == 0;
}

static bool image_kind_is_text(const struct archive_file *f)
{
	for (u64 i = 0; i < MIN(f->size, (u64)TEXT_LOOKED_AT); i++) {
		u8 c = f->data[i];

		if ((c < ' ' && c != '\n' && c != '\r' && c != '\t') || c > '~')
			return false;
	}
	return true;
}

/* Properties, the size of the dictionary (a power of two), and of the content, which may be -1 */
static bool image_kind_is_lzma(const struct archive_file *f)
{
	u32 dictionary;
	u64 content;

	if (f->size < LZMA_HEADER_LEN || f->data[0] != LZMA_PROPERTIES)
		return false;
	dictionary = image_get32(f->data + 1);
	content = image_get64(f->data + 5);
	return dictionary >= KIB(4) && (dictionary & (dictionary - 1U)) == 0U &&
	       (content == UINT64_MAX || content < LZMA_SIZE_LIMIT);
}

static void image_kind_say(const struct archive_file *f, const char *what, const char *tool,
			   const char *rest, char error[ARCHIVE_ERROR_LEN])
{
	(void)str_print(error, ARCHIVE_ERROR_LEN, "file \"%.32s\" is %s", f->name, what);
	if (tool != NULL)
		(void)text_append(error, ARCHIVE_ERROR_LEN, ": unpack it with: %s%.32s%s", tool,
				  f->name, rest);
	(void)text_append(error, ARCHIVE_ERROR_LEN, "; wanted: " IMAGE_WANTED);
}

/* Return: the format that a file's first bytes tell; NULL: none of those that are known */
static const struct image_magic *image_kind_find(const struct archive_file *f)
{
	static const struct image_magic lzma = {
		0, 0, false, NULL, "compressed with lzma", "xz --format=lzma -dc ", TO_IMAGE
	};

	for (size_t i = 0; i < ARRAY_SIZE(image_kind_table); i++) {
		const struct image_magic *m = &image_kind_table[i];

		if (image_kind_has(f, m->at, m->magic, m->len) &&
		    (!m->text || image_kind_is_text(f)))
			return m;
	}
	return image_kind_is_lzma(f) ? &lzma : NULL;
}

/* Say how to get what a file holds at @offset; @tool unpacks that, or is NULL. */
static void image_kind_say_part(const struct archive_file *f, const char *what, u64 offset,
				u64 size, const char *tool, char error[ARCHIVE_ERROR_LEN])
{
	char head[32];
	char rest[64];

	(void)str_print(head, sizeof(head), "head -c %lu ", offset + size);
	(void)str_print(rest, sizeof(rest), " | tail -c +%lu %s%s>Image", offset + 1U,
			tool != NULL ? "| " : "", tool != NULL ? tool : "");
	image_kind_say(f, what, head, rest, error);
}

/* A kernel that unpacks itself, but only as a program of EFI: the header says what is in it. */
static void image_kind_say_zboot(const struct archive_file *f, char error[ARCHIVE_ERROR_LEN])
{
	char raw[ZBOOT_TYPE_LEN + 1] = "";
	char type[sizeof(raw)];
	char what[48];
	struct archive_file part = { f->name, f->data, 0 };
	const struct image_magic *m;
	u64 offset = f->size;

	if (f->size >= ZBOOT_TYPE + ZBOOT_TYPE_LEN) {
		memcpy(raw, f->data + ZBOOT_TYPE, ZBOOT_TYPE_LEN);
		offset = image_get32(f->data + ZBOOT_OFFSET);
		part.size = image_get32(f->data + ZBOOT_SIZE);
	}
	if (part.size == 0U || offset + part.size > f->size) {
		image_kind_say(f, "a damaged EFI zboot image", NULL, NULL, error);
		return;
	}
	part.data += offset;
	m = image_kind_find(&part);
	text_clean(type, sizeof(type), raw);
	(void)str_print(what, sizeof(what), "an EFI zboot image, with %s inside", type);
	/* The name is not the tool's: Linux calls xz xzkern and zstd zstd22. */
	image_kind_say_part(f, what, offset, part.size, m != NULL ? m->tool : NULL, error);
}

/* Return: offset of the PE header; 0: it has none */
static u64 image_kind_find_pe(const struct archive_file *f)
{
	u64 pe = f->size >= PE_OFFSET + 4U ? image_get32(f->data + PE_OFFSET) : 0U;

	return image_kind_has(f, 0, "MZ", 2) && image_kind_has(f, pe, "PE\0\0", 4) &&
			       f->size - pe >= PE_HEADER_LEN
		       ? pe
		       : 0U;
}

/* A program of EFI. A unified kernel image (UKI) holds a kernel in a section of its own. */
static void image_kind_say_pe(const struct archive_file *f, u64 pe, char error[ARCHIVE_ERROR_LEN])
{
	u64 at = pe + PE_HEADER_LEN + image_get16(f->data + pe + PE_OPTIONAL_LEN);

	for (u32 n = image_get16(f->data + pe + PE_SECTIONS); n != 0U; n--) {
		if (image_kind_has(f, at, ".linux\0", 8) && f->size - at >= PE_SECTION_LEN) {
			image_kind_say_part(f, "a unified kernel image (UKI)",
					    image_get32(f->data + at + PE_SECTION_AT),
					    MIN(image_get32(f->data + at + PE_SECTION_VIRTUAL),
						image_get32(f->data + at + PE_SECTION_RAW)),
					    NULL, error);
			return;
		}
		at += PE_SECTION_LEN;
	}
	image_kind_say(f, "an EFI program without the header of a RISC-V Linux Image", NULL, NULL,
		       error);
}

bool image_kind_refuse(const struct archive_file *f, bool first, char error[ARCHIVE_ERROR_LEN])
{
	const struct image_magic *m = image_kind_find(f);
	u64 pe = image_kind_find_pe(f);
	u32 start = f->size >= 2U && first ? image_get16(f->data) : 1U;

	if (m != NULL)
		image_kind_say(f, m->what, m->tool, m->rest, error);
	else if (pe != 0U && image_get16(f->data + pe + PE_MACHINE) != PE_RISCV64)
		image_kind_say(f, "an EFI program for another machine than RISC-V", NULL, NULL,
			       error);
	else if (image_kind_has(f, 0, "MZ", 2) && image_kind_has(f, 4, "zimg", 4))
		image_kind_say_zboot(f, error);
	else if (pe != 0U)
		image_kind_say_pe(f, pe, error);
	/* No extension defines these: The RISC-V Instruction Set Manual, volume I, chapter 1.5. */
	else if (start == 0U || start == 0xffffU)
		image_kind_say(f,
			       start == 0U ? "no program: it begins with zeros"
					   : "no program: it begins with ones",
			       NULL, NULL, error);
	else
		return false;
	return true;
}

/* --- where it was linked ---------------------------------------------------------------------- */

/* An entry of .rela.dyn: the address that is to be relocated, R_RISCV_RELATIVE, and the target */
#define RELA_LEN      24U
#define RELA_INFO     8U
#define RELA_ADDEND   16U
#define RELA_RELATIVE 3U
#define RELA_RUN      16U /* so many in a row are a table */

/* Programs that carry such a table are small, and the boot is not to wait for others. */
#define RELA_LOOKED_AT MIB(4)

static bool image_kind_is_rela(const struct archive_file *f, u64 at)
{
	return at <= f->size - RELA_LEN && image_get64(f->data + at + RELA_INFO) == RELA_RELATIVE;
}

/* Return: offset of the first of RELA_RUN relocations in a row; f->size: there is none */
static u64 image_kind_find_relas(const struct archive_file *f)
{
	u64 end = MIN(f->size, RELA_LOOKED_AT);

	for (u64 at = 0; end >= RELA_LEN && at <= end - RELA_LEN; at += 8U) {
		u32 n = 0;

		while (n < RELA_RUN && image_kind_is_rela(f, at + (u64)n * RELA_LEN))
			n++;
		if (n == RELA_RUN)
			return at;
	}
	return f->size;
}

static bool image_kind_holds(const struct archive_file *f, const char *word, u64 len)
{
	for (u64 at = 0; at + len <= MIN(f->size, RELA_LOOKED_AT); at++) {
		if (f->data[at] == (u8)word[0] && memcmp(f->data + at, word, len) == 0)
			return true;
	}
	return false;
}

bool image_kind_linked(const struct archive_file *f, u64 at, u64 *linked, bool *only)
{
	u64 pos = image_kind_find_relas(f);
	u64 place;
	u64 low;

	if (pos == f->size)
		return false;
	/* What is relocated lies in the file, so it was linked less than its size below that. */
	place = image_get64(f->data + pos);
	low = place;
	for (; image_kind_is_rela(f, pos); pos += RELA_LEN) {
		u64 target = image_get64(f->data + pos + RELA_ADDEND);

		if (target < low && place - target < f->size)
			low = target;
	}
	/* Position-independent programs are linked to 0. */
	if (place < f->size || (place >= at && place - at < f->size))
		return false;
	*linked = ALIGN_DOWN(low, PAGE_SIZE);
	*only = image_kind_holds(f, "U-Boot 2", 8);
	return true;
}

bool image_kind_is_volume(const struct archive_file *f)
{
	return image_kind_has(f, 40, "_FVH", 4);
}
