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

static void test_efi(void **state)
{
	u8 file[512];

	(void)state;
	/* As a distribution's vmlinuz.efi: the payload's offset, size and kind of compression */
	memset(file, 0, sizeof(file));
	memcpy(file, "MZ\0\0zimg", 8);
	put(file + 8, 0x1000, 4);
	put(file + 12, 0x2345, 4);
	memcpy(file + 24, "gzip", 5);
	assert_int_equal(place(&partition, file, sizeof(file)), CLV_ERR_FORMAT);
	assert_string_equal(
		error, "file \"file\" is an EFI zboot image, with gzip inside: unpack it with: "
		       "head -c 13125 file | tail -c +4097 | gzip -dc >Image; wanted: a RISC-V "
		       "Linux Image, an ELF file or a flat program");
	memcpy(file + 24, "xzkern\0", 7);
	assert_int_equal(place(&partition, file, sizeof(file)), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "with xzkern inside"));
	assert_non_null(strstr(error, "| xz -dc >Image"));
	memcpy(file + 24, "\x1b[2J\xff\xff\xff\xff", 8);
	assert_int_equal(place(&partition, file, sizeof(file)), CLV_ERR_FORMAT);
	assert_null(strchr(error, '\x1b'));
	assert_int_equal(place(&partition, file, 12), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "a damaged EFI zboot image"));

	memset(file, 0, sizeof(file));
	memcpy(file, "MZ", 2);
	put(file + 0x3c, 0x80, 4);
	memcpy(file + 0x80, "PE\0", 4);
	assert_int_equal(place(&partition, file, sizeof(file)), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is an EFI program without the header of a RISC-V Linux "));
	/* The first instruction of a flat program may be the one that is called MZ. */
	put(file + 0x3c, 0xfffffffe, 4);
	assert_int_equal(place(&partition, file, sizeof(file)), 0);
	assert_int_equal(place(&partition, file, 0x3e), 0);
	assert_int_equal(out.form, IMAGE_FLAT);
}

static void test_text(void **state)
{
	static const char script[] = "#!/bin/sh\nexit 1\n";
	static const char page[] = "<!DOCTYPE html>\n<html><title>404</title>";
	static const char hex[] = ":020000048020DA\n:10000000";

	(void)state;
	assert_int_equal(place(&partition, script, sizeof(script) - 1U), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is a script; "));
	assert_int_equal(place(&partition, page, sizeof(page) - 1U), CLV_ERR_FORMAT);
	assert_non_null(strstr(error, "is a web page; "));
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
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_efi),
		cmocka_unit_test(test_text),	    cmocka_unit_test(test_elf),
		cmocka_unit_test(test_elf_refused), cmocka_unit_test(test_elf_hostile),
		cmocka_unit_test(test_linked),
	};

	return cmocka_run_group_tests_name("image kind", tests, NULL, NULL);
}
