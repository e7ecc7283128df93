/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is given as a kernel and is none: every compressed and wrapped form has a name, whatever
 * follows its first bytes, and nothing is read after the end of a file. ELF files go where their
 * headers say, and hostile headers go nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cleave/errno.h>
#include "core/config/image.h"

#define BASE UINT64_C(0x80000000)

static const struct config_partition partition = { .nr_memory = 1,
						   .memory = { { BASE, MIB(64) } } };

static struct image_layout out;
static char error[ARCHIVE_ERROR_LEN];

/* Place a copy of exactly these bytes, so that the sanitiser sees a read after them. */
static int place(const struct config_partition *p, const void *data, u64 size)
{
	struct archive_file f = { "file", malloc(size), size };
	int err;

	assert_non_null(f.data);
	memcpy((u8 *)(uintptr_t)f.data, data, size);
	error[0] = '\0';
	err = image_place(p, &f, NULL, &out, error);
	free((u8 *)(uintptr_t)f.data);
	return err;
}

static void put(u8 *p, u64 v, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		p[i] = (u8)(v >> (8U * i));
}

/* --- forms ------------------------------------------------------------------------------------ */

struct form {
	u32 at;
	u32 len;
	const char *bytes;
	const char *says; /* after: file "file" is */
};

static const struct form forms[] = {
	{ 0, 3, "\x1f\x8b\x08", "compressed with gzip: unpack it with: gzip -dc file >Image; " },
	{ 0, 4, "\x28\xb5\x2f\xfd",
	  "compressed with zstd: unpack it with: zstd -dc file >Image; " },
	{ 0, 6, "\xfd\x37zXZ\0", "compressed with xz: unpack it with: xz -dc file >Image; " },
	{ 0, 10, "BZh91AY&SY", "compressed with bzip2: unpack it with: bzip2 -dc file >Image; " },
	{ 0, 13, "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff",
	  "compressed with lzma: unpack it with: xz --format=lzma -dc file >Image; " },
	{ 0, 13, "\x5d\0\0\0\4\x12\x34\x56\1\0\0\0\0", "compressed with lzma: " },
	{ 0, 4, "\x02\x21\x4c\x18", "compressed with lz4: unpack it with: lz4 -dc file >Image; " },
	{ 0, 4, "\x04\x22\x4d\x18", "compressed with lz4: " },
	{ 0, 9, "\x89LZO\0\r\n\x1a\n", "compressed with lzo: " },
	{ 0, 4, "\x27\x05\x19\x56",
	  "a legacy uImage of U-Boot: unpack it with: dumpimage -p 0 -o "
	  "Image file, and look at what comes out; " },
	{ 0, 4, "\xd0\x0d\xfe\xed", "a device tree, or a FIT image of U-Boot: unpack it with: " },
	{ 0, 8, "ANDROID!", "an Android boot image: unpack it with: unpack_bootimg --boot_img " },
	{ 0, 6, "070701", "a cpio archive, as an initrd is; wanted: " },
	{ 0, 8, "!<arch>\n", "a Debian package or a library: " },
	{ 56, 4, "ARM\x64", "a Linux Image for arm64; wanted: " },
	{ 514, 4, "HdrS", "a Linux kernel for x86; wanted: " },
	{ 257, 5, "ustar", "a tar archive: unpack it with: tar xf file; " },
};

static void test_forms(void **state)
{
	static u8 file[8192];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];
		char start[ARCHIVE_ERROR_LEN];

		memset(file, 0x13, sizeof(file));
		memcpy(file + f->at, f->bytes, f->len);
		assert_int_equal(place(&partition, file, sizeof(file)), CLV_ERR_FORMAT);
		(void)snprintf(start, sizeof(start), "file \"file\" is %s", f->says);
		if (strncmp(error, start, strlen(start)) != 0)
			print_error("%s\n", error);
		assert_memory_equal(error, start, strlen(start));
		assert_non_null(strstr(error, "; wanted: a RISC-V Linux Image, an ELF file or a "
					      "flat program"));
		/* Cut off in the middle of what it is known by, it is a flat program. */
		assert_int_equal(place(&partition, file, f->at + f->len), CLV_ERR_FORMAT);
		assert_int_equal(place(&partition, file, f->at + f->len > 2U ? f->at + 1U : 1U), 0);
	}
}

/* --- EFI -------------------------------------------------------------------------------------- */

#define PE_AT	 0x80U
#define SECTIONS (PE_AT + 24U + 112U)

static u8 efi[4096];

/* A PE file for @machine with @nr sections, which are named ".a", ".b" and so on and are empty */
static void make_efi(u32 machine, u32 nr)
{
	memset(efi, 0x13, sizeof(efi));
	memcpy(efi, "MZ", 2);
	put(efi + 0x3c, PE_AT, 4);
	memcpy(efi + PE_AT, "PE\0", 4);
	put(efi + PE_AT + 4, machine, 2);
	put(efi + PE_AT + 6, nr, 2);
	put(efi + PE_AT + 20, 112, 2);
	for (u32 i = 0; i < nr; i++) {
		memset(efi + SECTIONS + 40U * i, 0, 40);
		efi[SECTIONS + 40U * i] = '.';
		efi[SECTIONS + 40U * i + 1U] = (u8)('a' + i);
	}
}

/* As a distribution's vmlinuz.efi: the payload's offset and size, and how it is compressed */
static void make_zboot(const char *type, const char *payload, u32 len)
{
	make_efi(0x5064, 2);
	memcpy(efi + 4, "zimg", 4);
	put(efi + 8, 0x800, 4);
	put(efi + 12, 0x245, 4);
	put(efi + 16, 0, 8);
	memcpy(efi + 24, type, strlen(type) + 1U);
	memcpy(efi + 0x800, payload, len);
}

static void efi_refused(u64 size, const char *says)
{
	assert_int_equal(place(&partition, efi, size), CLV_ERR_FORMAT);
	if (strstr(error, says) == NULL)
		print_error("%s\n", error);
	assert_non_null(strstr(error, says));
}

/* The types are those of Linux's Makefile.zboot, which are not all names of tools. */
static void test_zboot(void **state)
{
	static const struct {
		const char *type;
		const char *payload;
		u32 len;
		const char *tool;
	} kinds[] = {
		{ "gzip", "\x1f\x8b\x08", 3, "gzip -dc >Image; " },
		{ "lz4", "\x02\x21\x4c\x18", 4, "lz4 -dc >Image; " },
		{ "lzma", "\x5d\0\0\0\4\xff\xff\xff\xff\xff\xff\xff\xff", 13,
		  "xz --format=lzma -dc >Image; " },
		{ "lzo", "\x89LZO\0\r\n\x1a\n", 9, "lzop -dc >Image; " },
		{ "xzkern", "\xfd\x37zXZ\0", 6, "xz -dc >Image; " },
		{ "zstd22", "\x28\xb5\x2f\xfd", 4, "zstd -dc >Image; " },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		char start[ARCHIVE_ERROR_LEN];

		make_zboot(kinds[i].type, kinds[i].payload, kinds[i].len);
		(void)snprintf(start, sizeof(start),
			       "file \"file\" is an EFI zboot image, with %s inside: unpack it "
			       "with: head -c 2629 file | tail -c +2049 | %s",
			       kinds[i].type, kinds[i].tool);
		efi_refused(sizeof(efi), start);
	}
	/* Of an unknown kind it says how to get at it. Control characters are not shown. */
	make_zboot("\x1b[2J", "\x13\x13", 2);
	efi_refused(sizeof(efi), "with ?[2J inside: unpack it with: head -c 2629 file | tail -c +"
				 "2049 >Image; ");
	make_zboot("gzip", "\x1f\x8b\x08", 3);
	efi_refused(0x800 + 0x245 - 1, "is a damaged EFI zboot image; ");
	put(efi + 8, 0xffffffff, 4);
	put(efi + 12, 0xffffffff, 4);
	efi_refused(sizeof(efi), "is a damaged EFI zboot image; ");
	make_zboot("gzip", "\x1f\x8b\x08", 3);
	put(efi + 12, 0, 4);
	efi_refused(sizeof(efi), "is a damaged EFI zboot image; ");
	put(efi + PE_AT + 4, 0xaa64, 2);
	efi_refused(sizeof(efi), "is an EFI program for another machine than RISC-V; wanted: ");
	assert_int_equal(place(&partition, efi, 12), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "a damaged EFI zboot image"));
}

static void test_efi(void **state)
{
	(void)state;
	make_efi(0x5064, 3);
	efi_refused(sizeof(efi), "is an EFI program without the header of a RISC-V Linux Image; ");
	efi_refused(SECTIONS, "is an EFI program without the header of a RISC-V Linux Image; ");
	efi_refused(PE_AT + 24U, "is an EFI program without the header ");
	/* A unified kernel image has its kernel in a section; the file is padded after it. */
	memcpy(efi + SECTIONS + 80, ".linux\0", 8);
	put(efi + SECTIONS + 88, 0x301, 4);
	put(efi + SECTIONS + 96, 0x400, 4);
	put(efi + SECTIONS + 100, 0x600, 4);
	efi_refused(sizeof(efi), "is a unified kernel image (UKI): unpack it with: head -c 2305 "
				 "file | tail -c +1537 >Image; wanted: ");
	efi_refused(SECTIONS + 119U, "is an EFI program without the header ");
	put(efi + PE_AT + 6, 0xffff, 2);
	memcpy(efi + SECTIONS + 80, ".linuxes", 8);
	efi_refused(sizeof(efi), "is an EFI program without the header ");
	put(efi + PE_AT + 4, 0x8664, 2);
	efi_refused(sizeof(efi), "is an EFI program for another machine than RISC-V; ");
	/* The first instruction of a flat program may be the one that is called MZ. */
	put(efi + 0x3c, 0xfffffffe, 4);
	assert_int_equal(place(&partition, efi, sizeof(efi)), 0);
	assert_int_equal(place(&partition, efi, 0x3e), 0);
	assert_int_equal(out.form, IMAGE_FLAT);
	put(efi + 0x3c, sizeof(efi) - 8U, 4);
	memcpy(efi + sizeof(efi) - 8U, "PE\0", 4);
	assert_int_equal(place(&partition, efi, sizeof(efi)), 0);
}

/* --- what cannot be the first instruction ----------------------------------------------------- */

static void test_blank(void **state)
{
	static u8 file[8192];
	struct config_partition p = partition;

	(void)state;
	memset(file, 0, sizeof(file));
	memcpy(file + 1080, "\x53\xef", 2); /* as a file system's */
	assert_int_equal(place(&p, file, sizeof(file)), CLV_ERR_FORMAT);
	assert_string_equal(error, "file \"file\" is no program: it begins with zeros; wanted: a "
				   "RISC-V Linux Image, an ELF file or a flat program");
	/* It may start elsewhere. */
	p.entry = (struct config_address){ true, BASE + MIB(2) + 64U };
	assert_int_equal(place(&p, file, sizeof(file)), 0);
	assert_int_equal(out.entry, BASE + MIB(2) + 64U);
	memset(file, 0xff, sizeof(file)); /* as an erased flash's */
	assert_int_equal(place(&partition, file, sizeof(file)), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is no program: it begins with ones; "));
	/* Any other halfword may be an instruction, or the half of one. */
	put(file, 0x0001, 2);
	assert_int_equal(place(&partition, file, sizeof(file)), 0);
	put(file, 0xff00, 2);
	assert_int_equal(place(&partition, file, sizeof(file)), 0);
}

static void test_volume(void **state)
{
	static u8 file[4096];
	const struct archive_file f = { "CODE.fd", file, sizeof(file) };
	struct config_partition p = partition;

	(void)state;
	memset(file, 0x13, sizeof(file));
	memcpy(file + 40, "_FVH", 4);
	assert_int_equal(image_place(&p, &f, NULL, &out, error), 0);
	assert_int_equal(image_misplaced(&f, &out, error), 1);
	assert_string_equal(error, "\"CODE.fd\" is a firmware volume of EDK2, and goes to "
				   "0x80200000: QEMU's virt has it at 0x20000000");
	p.nr_memory = 2;
	p.memory[1] = (struct config_memory){ 0x20000000, MIB(32) };
	p.load_address = (struct config_address){ true, 0x20000000 };
	assert_int_equal(image_place(&p, &f, NULL, &out, error), 0);
	assert_int_equal(image_misplaced(&f, &out, error), 0);
}

static void test_text(void **state)
{
	static const char script[] = "#!/bin/sh\nexit 1\n";
	static const char page[] = "<!DOCTYPE html>\n<html><title>404</title>";
	static const char hex[] = ":020000048020DA\n:10000000";
	static const char denied[] = "<?xml version=\"1.0\"?><Error>AccessDenied</Error>";

	(void)state;
	assert_int_equal(place(&partition, script, sizeof(script) - 1U), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is a script; "));
	assert_int_equal(place(&partition, page, sizeof(page) - 1U), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is a web page; "));
	assert_int_equal(place(&partition, denied, sizeof(denied) - 1U), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is an XML file, as servers answer errors with; "));
	assert_int_equal(place(&partition, hex, sizeof(hex) - 1U), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is an Intel HEX file: "));
	/* With its NUL it is no text, and may be a program. */
	assert_int_equal(place(&partition, script, sizeof(script)), 0);
}

/* --- ELF files -------------------------------------------------------------------------------- */

#define PH(i) (64U + 56U * (i))

static u8 elf[1024];

static void segment(u32 i, u64 vaddr, u64 paddr, u64 offset, u64 filesz, u64 memsz)
{
	u8 *ph = elf + PH(i);

	put(ph, 1, 4);
	put(ph + 8, offset, 8);
	put(ph + 16, vaddr, 8);
	put(ph + 24, paddr, 8);
	put(ph + 32, filesz, 8);
	put(ph + 40, memsz, 8);
}

/* Text at 0x80000000, and at 0x80100000 data of which the file gives a part; linked as they go */
static void make_elf(u32 type, u64 base)
{
	memset(elf, 0, sizeof(elf));
	memcpy(elf, "\177ELF\2\1\1", 7);
	put(elf + 16, type, 2);
	put(elf + 18, 243, 2);
	put(elf + 24, base + 0x10, 8);
	put(elf + 32, 64, 8);
	put(elf + 54, 56, 2);
	put(elf + 56, 2, 2);
	segment(0, base, base, 512, 256, 256);
	segment(1, base + MIB(1), base + MIB(1), 768, 128, MIB(1));
}

static void test_elf(void **state)
{
	struct config_partition p = partition;

	(void)state;
	make_elf(2, BASE);
	assert_int_equal(place(&p, elf, sizeof(elf)), 0);
	assert_int_equal(out.form, IMAGE_ELF);
	assert_int_equal(out.nr_segments, 2);
	assert_int_equal(out.entry, BASE + 0x10);
	assert_int_equal(out.kernel, BASE);
	assert_int_equal(out.kernel_end, BASE + MIB(2));
	assert_int_equal(out.segment[1].gpa, BASE + MIB(1));
	assert_int_equal(out.segment[1].offset, 768);
	assert_int_equal(out.segment[1].size, 128);
	assert_true(out.fdt >= out.kernel_end);

	/* What is linked to virtual addresses starts where it is loaded. */
	segment(0, UINT64_C(0xffffffff80000000), BASE, 512, 256, 256);
	put(elf + 24, UINT64_C(0xffffffff80000020), 8);
	assert_int_equal(place(&p, elf, sizeof(elf)), 0);
	assert_int_equal(out.entry, BASE + 0x20);

	/* Linked to its addresses, it goes to no others. */
	make_elf(2, BASE);
	p.load_address = (struct config_address){ true, BASE + MIB(4) };
	assert_int_equal(place(&p, elf, sizeof(elf)), CLV_ERR_RANGE);
	assert_string_equal(error, "ELF file \"file\" is linked to 0x80000000: load-address "
				   "0x80400000 does not go with it");
	make_elf(3, 0);
	assert_int_equal(place(&p, elf, sizeof(elf)), 0);
	assert_int_equal(out.kernel, BASE + MIB(4));
	assert_int_equal(out.entry, BASE + MIB(4) + 0x10);
	assert_int_equal(place(&partition, elf, sizeof(elf)), 0);
	assert_int_equal(out.kernel, BASE + MIB(2));
	make_elf(3, BASE);
	assert_int_equal(place(&partition, elf, sizeof(elf)), 0);
	assert_int_equal(out.kernel, BASE);
}

static void refused(const char *says)
{
	int err = place(&partition, elf, sizeof(elf));

	assert_true(err == CLV_ERR_FORMAT || err == CLV_ERR_RANGE);
	if (strstr(error, says) == NULL)
		print_error("%s\n", error);
	assert_non_null(strstr(error, says));
}

static void test_elf_refused(void **state)
{
	(void)state;
	make_elf(2, BASE);
	put(elf + 18, 62, 2);
	refused("file \"file\" is an ELF file for x86-64; wanted: ");
	put(elf + 18, 4711, 2);
	refused("is an ELF file for another machine than RISC-V; ");
	make_elf(2, BASE);
	elf[4] = 1;
	refused("is a 32-bit ELF file; ");
	elf[5] = 2;
	refused("is a big-endian ELF file; ");
	make_elf(1, BASE);
	refused("is an ELF object file, which is not linked; ");
	make_elf(4, BASE);
	refused("is an ELF file that is no program; ");
	make_elf(2, BASE);
	put(elf + 56, 0, 2);
	refused("is an ELF file without program headers; ");
	/* As `objcopy --only-keep-debug` leaves it: the segments, and none of their bytes */
	make_elf(2, BASE);
	segment(0, BASE, BASE, 512, 0, 256);
	segment(1, BASE + MIB(1), BASE + MIB(1), 768, 0, MIB(1));
	refused("is an ELF file with nothing to load; ");
	make_elf(2, BASE);
	put(elf + PH(0), 3, 4);
	refused("is an ELF program for an operating system, as it wants an interpreter; ");
	make_elf(2, UINT64_C(0xffffffff80000000));
	refused("which is not in one range of memory; of a Linux kernel give the file \"Image\"");
	make_elf(2, BASE + MIB(64) - 16U);
	refused("goes to 0x83fffff0 to 0x840000ef, which is not in one range of memory");
	make_elf(2, BASE);
	segment(1, BASE, BASE + 255U, 0, 1, 1);
	refused("is an ELF file whose segments overlap; ");
	make_elf(2, BASE);
	put(elf + 24, 0x10, 8);
	refused("would start at 0x10; allowed: even addresses in memory");
}

/* Every number of the headers, with every value that might wrap: refused, or inside the memory */
static void test_elf_hostile(void **state)
{
	static const u64 values[] = { 0,	   1,
				      2,	   255,
				      sizeof(elf), BASE,
				      BIT64(31),   BIT64(32) - 1U,
				      BIT64(63),   UINT64_MAX - 1U,
				      UINT64_MAX,  UINT64_MAX - BASE };

	(void)state;
	for (u32 at = 4; at < PH(2); at += 2U) {
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			for (u32 bytes = 2; bytes <= 8U; bytes *= 2U) {
				make_elf(i % 2U == 0U ? 2 : 3, BASE);
				put(elf + at, values[i], bytes);
				if (place(&partition, elf, sizeof(elf)) != 0)
					continue;
				assert_true(out.kernel >= BASE && out.kernel_end <= BASE + MIB(64));
				for (u32 s = 0; s < out.nr_segments; s++)
					assert_true(out.segment[s].offset + out.segment[s].size <=
							    sizeof(elf) &&
						    out.segment[s].size <= out.segment[s].mem);
			}
		}
	}
	for (u32 n = 4; n < PH(2); n++) {
		make_elf(2, BASE);
		assert_int_not_equal(place(&partition, elf, n), 0);
	}
}

/* --- where it was linked ---------------------------------------------------------------------- */

static void make_relocated(u8 *file, u64 base, bool uboot)
{
	memset(file, 0x13, 2048);
	for (u32 i = 0; i < 20U; i++) {
		put(file + 1000 + 24U * i, base + 800U + 8U * i, 8);
		put(file + 1008 + 24U * i, 3, 8);
		put(file + 1016 + 24U * i, base + 16U * i, 8);
	}
	if (uboot)
		memcpy(file + 500, "U-Boot 2025.01", 14);
}

static int misplaced(const u8 *data, u64 at)
{
	const struct archive_file f = { "u-boot.bin", data, 2048 };
	struct config_partition p = { .nr_memory = 1, .memory = { { at - MIB(2), MIB(64) } } };

	assert_int_equal(image_place(&p, &f, NULL, &out, error), 0);
	return image_misplaced(&f, &out, error);
}

static void test_linked(void **state)
{
	static u8 file[2048];

	(void)state;
	make_relocated(file, 0x80200000, true);
	assert_int_equal(misplaced(file, 0x80200000), 0);
	assert_int_equal(misplaced(file, 0x90200000), CLV_ERR_RANGE);
	assert_string_equal(error, "\"u-boot.bin\" is linked to run at 0x80200000, and goes to "
				   "0x90200000: U-Boot runs nowhere else; allowed: memory and "
				   "load-address that put it there");
	make_relocated(file, 0x80200000, false);
	assert_int_equal(misplaced(file, 0x90200000), 1);
	/* Position-independent code is linked to 0, and runs anywhere. */
	make_relocated(file, 0, false);
	assert_int_equal(misplaced(file, 0x90200000), 0);
	memset(file, 0x13, sizeof(file));
	assert_int_equal(misplaced(file, 0x90200000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_zboot),
		cmocka_unit_test(test_efi),	    cmocka_unit_test(test_blank),
		cmocka_unit_test(test_volume),	    cmocka_unit_test(test_text),
		cmocka_unit_test(test_elf),	    cmocka_unit_test(test_elf_refused),
		cmocka_unit_test(test_elf_hostile), cmocka_unit_test(test_linked),
	};

	return cmocka_run_group_tests_name("image kind", tests, NULL, NULL);
}
