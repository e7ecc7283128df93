/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where kernel, initrd and device tree go: with a Linux header and without, to the last byte that
 * fits, and what is said when it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cleave/errno.h>
#include "core/config/image.h"

#define BASE UINT64_C(0x80000000)

/* A Linux image of 4 KiB. A test changes its header here. */
static u8 image[4096];

static void put(u8 *p, u64 v, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		p[i] = (u8)(v >> (8U * i));
}

static void make_image(u64 text_offset, u64 image_size)
{
	memset(image, 0, sizeof(image));
	put(image + 8, text_offset, 8);
	put(image + 16, image_size, 8);
	put(image + 32, 2, 4); /* version 0.2 */
	memcpy(image + 48, "RISCV\0\0\0RSC\x05", 12);
}

static const struct archive_file linux_file = { "Image", image, sizeof(image) };

static struct config_partition with_memory(u64 base, u64 size)
{
	return (struct config_partition){ .nr_memory = 1, .memory = { { base, size } } };
}

static void expect(const struct config_partition *p, const struct archive_file *kernel,
		   const struct archive_file *initrd, int err, const char *line)
{
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN] = "";

	assert_int_equal(image_place(p, kernel, initrd, &out, error), err);
	assert_string_equal(error, line);
}

static void test_linux(void **state)
{
	const struct config_partition p = with_memory(BASE, MIB(128));
	const struct archive_file initrd = { "initrd.gz", image, 5000 };
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	make_image(MIB(2), MIB(30) + 1U);
	assert_int_equal(image_place(&p, &linux_file, &initrd, &out, error), 0);
	assert_int_equal(out.kernel, BASE + MIB(2));
	assert_int_equal(out.kernel_end, BASE + MIB(32) + 1U);
	/* The kernel says what it uses, so the tree follows. The initrd is in the middle. */
	assert_int_equal(out.fdt, BASE + MIB(34));
	assert_int_equal(out.initrd, BASE + MIB(64));
	assert_int_equal(out.initrd_end, out.initrd + 5000);
	assert_int_equal(out.entry, out.kernel);
	assert_int_equal(out.form, IMAGE_LINUX);
}

/*
 * U-Boot and EDK2 move themselves to the end of memory before they look at anything: tree and
 * initrd leave a quarter of it, or 64 MiB. A large initrd moves down for that, and only one that is
 * too large for it goes where there is room.
 */
static void test_the_end_is_free(void **state)
{
	static const u64 sizes[] = { MIB(4), MIB(32), MIB(60), MIB(80) };
	static const u8 code[1000] = { 0x13 };
	const struct archive_file flat = { "u-boot.bin", code, sizeof(code) };
	const struct config_partition p = with_memory(BASE, MIB(128));
	const u64 end = BASE + MIB(128);
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct archive_file initrd = { "initrd.gz", image, sizes[i] };

		assert_int_equal(image_place(&p, &flat, &initrd, &out, error), 0);
		assert_true(out.fdt >= out.kernel_end + MIB(2));
		if (sizes[i] <= MIB(60))
			assert_true(out.initrd >= out.fdt + IMAGE_FDT_SIZE &&
				    out.initrd_end <= end - MIB(32));
		else
			assert_true(out.initrd_end == out.fdt && out.fdt + IMAGE_FDT_SIZE == end);
	}
}

static void test_addresses(void **state)
{
	struct config_partition p = { .nr_memory = 2,
				      .memory = { { BASE, MIB(64) }, { BASE + GIB(1), MIB(64) } } };
	const struct archive_file initrd = { "initrd.gz", image, 4096 };
	static const u8 code[1000] = { 0x13 };
	const struct archive_file flat = { "rtos.bin", code, sizeof(code) };
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	p.load_address = (struct config_address){ true, BASE };
	p.entry = (struct config_address){ true, BASE + 64U };
	p.fdt_address = (struct config_address){ true, BASE + MIB(40) };
	assert_int_equal(image_place(&p, &flat, &initrd, &out, error), 0);
	assert_int_equal(out.kernel, BASE);
	assert_int_equal(out.entry, BASE + 64U);
	assert_int_equal(out.fdt, BASE + MIB(40));
	assert_true(out.initrd >= BASE + MIB(4) && out.initrd_end <= BASE + MIB(64));
	assert_true(out.initrd_end <= out.fdt || out.initrd >= out.fdt + IMAGE_FDT_SIZE);

	/* At the end of the first range, tree and initrd go below. */
	p = (struct config_partition){ .nr_memory = 1, .memory = { { BASE, MIB(64) } } };
	p.load_address = (struct config_address){ true, BASE + MIB(64) - 1000U };
	assert_int_equal(image_place(&p, &flat, &initrd, &out, error), 0);
	assert_true(out.fdt + IMAGE_FDT_SIZE <= out.kernel && out.initrd_end <= out.kernel);

	/* Another range is as good. */
	p.nr_memory = 2;
	p.memory[1] = (struct config_memory){ BASE + GIB(1), MIB(64) };
	p.load_address.gpa = BASE + GIB(1) + 2U;
	assert_int_equal(image_place(&p, &flat, &initrd, &out, error), 0);
	assert_int_equal(out.entry, BASE + GIB(1) + 2U);
	assert_true(out.fdt < BASE + MIB(64));

	make_image(MIB(2), MIB(30));
	p.load_address.gpa = BASE + MIB(1);
	expect(&p, &linux_file, NULL, CLV_ERR_RANGE,
	       "\"Image\" is a Linux Image, and cannot run at load-address 0x80100000; allowed: "
	       "multiples of 2 MiB (0x200000)");
	p.load_address.gpa = BASE + MIB(32);
	assert_int_equal(image_place(&p, &linux_file, NULL, &out, error), 0);
	p.load_address.gpa = UINT64_MAX - 1U;
	assert_int_equal(image_place(&p, &flat, NULL, &out, error), CLV_ERR_RANGE);
}

/*
 * The header may ask for the base itself. An image_size of 0 means an old header: then the file's
 * size counts.
 */
static void test_linux_offset_zero(void **state)
{
	const struct config_partition p = with_memory(BASE, MIB(128));
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	make_image(0, 0);
	assert_int_equal(image_place(&p, &linux_file, NULL, &out, error), 0);
	assert_int_equal(out.kernel, BASE);
	assert_int_equal(out.kernel_end, BASE + sizeof(image));
	assert_int_equal(out.initrd, 0);
	assert_int_equal(out.initrd_end, 0);
}

static void test_flat(void **state)
{
	static const u8 code[] = { 0x13, 0, 0, 0 };
	const struct archive_file flat = { "u-boot.bin", code, sizeof(code) };
	struct config_partition p = with_memory(BASE, MIB(16));
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	assert_int_equal(image_place(&p, &flat, NULL, &out, error), 0);
	assert_int_equal(out.kernel, BASE + MIB(2));
	assert_int_equal(out.kernel_end, BASE + MIB(2) + sizeof(code));

	/* A base between two 2 MiB boundaries is rounded up first. */
	p = with_memory(BASE + KIB(4), MIB(16));
	assert_int_equal(image_place(&p, &flat, NULL, &out, error), 0);
	assert_int_equal(out.kernel, BASE + MIB(4));
}

/* Kernel, initrd and tree fill the memory to the last page. With one page less they are refused. */
static void test_exact_fit(void **state)
{
	const struct archive_file initrd = { "initrd.gz", image, 4096 };
	const u64 need = MIB(2) + MIB(1) + KIB(4) + IMAGE_FDT_SIZE;
	struct config_partition p = with_memory(BASE, need);
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	make_image(MIB(2), MIB(1));
	assert_int_equal(image_place(&p, &linux_file, &initrd, &out, error), 0);
	assert_int_equal(out.kernel_end, out.initrd);
	assert_int_equal(out.initrd_end, out.fdt);

	p = with_memory(BASE, need - KIB(4));
	expect(&p, &linux_file, &initrd, CLV_ERR_RANGE,
	       "\"Image\" needs 1 MiB, 2 MiB from the base, initrd \"initrd.gz\" 4 KiB, the device "
	       "tree 64 "
	       "KiB; the first memory range has 3.06 MiB");
	assert_int_equal(image_place(&p, &linux_file, NULL, &out, error), 0);

	p = with_memory(BASE, need - KIB(8));
	expect(&p, &linux_file, NULL, CLV_ERR_RANGE,
	       "\"Image\" needs 1 MiB, 2 MiB from the base, and 64 KiB for the device tree; the "
	       "first memory "
	       "range has 3.05 MiB");
}

/* The largest numbers that a header can hold must not wrap into something that fits. */
static void test_huge_numbers(void **state)
{
	static const u64 huge[] = { UINT64_MAX & ~PAGE_MASK, BIT64(63), BIT64(32), MIB(128) };
	const struct config_partition p = with_memory(BASE, MIB(128));
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(huge); i++) {
		make_image(huge[i], MIB(30));
		assert_int_equal(image_place(&p, &linux_file, NULL, &out, error), CLV_ERR_RANGE);
		make_image(MIB(2), huge[i]);
		assert_int_equal(image_place(&p, &linux_file, NULL, &out, error), CLV_ERR_RANGE);
	}
	make_image(MIB(2), UINT64_MAX);
	assert_int_equal(image_place(&p, &linux_file, NULL, &out, error), CLV_ERR_RANGE);
}

static void test_huge_initrd(void **state)
{
	const struct archive_file initrd = { "initrd.gz", image, UINT64_MAX };
	const struct config_partition p = with_memory(BASE, MIB(128));
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	make_image(MIB(2), MIB(30));
	assert_int_equal(image_place(&p, &linux_file, &initrd, &out, error), CLV_ERR_RANGE);
}

static void test_empty_initrd_is_none(void **state)
{
	const struct archive_file initrd = { "initrd.gz", image, 0 };
	const struct config_partition p = with_memory(BASE, MIB(128));
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	make_image(MIB(2), MIB(30));
	assert_int_equal(image_place(&p, &linux_file, &initrd, &out, error), 0);
	assert_int_equal(out.initrd, 0);
}

static void test_no_kernels(void **state)
{
	static const u8 gzip[64] = { 0x1f, 0x8b };
	const struct archive_file gzip_file = { "Image.gz", gzip, sizeof(gzip) };
	const struct archive_file empty = { "none", gzip, 0 };
	const struct config_partition p = with_memory(BASE, MIB(128));

	(void)state;
	expect(&p, &gzip_file, NULL, CLV_ERR_FORMAT,
	       "file \"Image.gz\" is compressed with gzip: unpack it with: gzip -dc Image.gz "
	       ">Image; wanted: a RISC-V Linux Image, an ELF file or a flat program");
	expect(&p, &empty, NULL, CLV_ERR_FORMAT, "file \"none\" is empty");
}

static void test_bad_headers(void **state)
{
	const struct config_partition p = with_memory(BASE, MIB(128));

	(void)state;
	make_image(MIB(2), MIB(30));
	image[24] = 1;
	expect(&p, &linux_file, NULL, CLV_ERR_FORMAT,
	       "the image header of \"Image\" says big-endian; wanted: little-endian");

	make_image(MIB(2), MIB(30));
	put(image + 32, 0x10003, 4);
	expect(&p, &linux_file, NULL, CLV_ERR_FORMAT,
	       "the image header of \"Image\" has version 1.3; known: 0.x");

	make_image(MIB(2) + 4U, MIB(30));
	expect(&p, &linux_file, NULL, CLV_ERR_FORMAT,
	       "the image header of \"Image\" has text_offset 0x200004; allowed: multiples of 4 "
	       "KiB");
}

/* A file that ends inside the header is flat. Nothing is read after its end. */
static void test_short_file(void **state)
{
	const struct config_partition p = with_memory(BASE, MIB(128));
	struct image_layout out;
	char error[ARCHIVE_ERROR_LEN];

	(void)state;
	make_image(0, 0);
	image[0] = 0x13;
	for (u32 n = 1; n < 64U; n++) {
		struct archive_file f = { "short", malloc(n), n };

		assert_non_null(f.data);
		memcpy((u8 *)(uintptr_t)f.data, image, n);
		assert_int_equal(image_place(&p, &f, NULL, &out, error), 0);
		assert_int_equal(out.kernel, BASE + MIB(2));
		free((u8 *)(uintptr_t)f.data);
	}
}

/* Only the first range counts. */
static void test_first_range(void **state)
{
	struct config_partition p = { .nr_memory = 2,
				      .memory = { { BASE, MIB(4) }, { BASE + GIB(1), GIB(1) } } };

	(void)state;
	make_image(MIB(2), MIB(30));
	expect(&p, &linux_file, NULL, CLV_ERR_RANGE,
	       "\"Image\" needs 30 MiB, 2 MiB from the base, and 64 KiB for the device tree; the "
	       "first memory "
	       "range has 4 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_linux_offset_zero),
		cmocka_unit_test(test_the_end_is_free),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_exact_fit),
		cmocka_unit_test(test_huge_numbers),
		cmocka_unit_test(test_huge_initrd),
		cmocka_unit_test(test_empty_initrd_is_none),
		cmocka_unit_test(test_no_kernels),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_short_file),
		cmocka_unit_test(test_first_range),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
