/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive: what is found in a good one, and that each way of being wrong is refused with a
 * line that says where.
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
#include "tests/unit/boot_build.h"

/*
 * A copy of exactly as many bytes as the archive has, so that the sanitiser sees any read beyond.
 */
static u8 *exact_copy(const void *data, u64 size)
{
	u8 *p = malloc(size != 0U ? size : 1U);

	assert_non_null(p);
	memcpy(p, data, size);
	return p;
}

static void expect_error(const struct cpio *c, const char *want)
{
	u8 *data = exact_copy(c->data, c->size);
	char error[ARCHIVE_ERROR_LEN] = "";
	struct archive a;

	assert_int_equal(archive_open(&a, data, c->size, error), CLV_ERR_FORMAT);
	assert_string_equal(error, want);
	free(data);
}

static void good(struct cpio *c)
{
	cpio_begin(c, 65536);
	cpio_file(c, "cleave.dtb", "tree", 4);
	cpio_file(c, "Image", "kernel of 18 bytes", 18);
	cpio_file(c, "empty", NULL, 0);
	cpio_trailer(c);
}

static void test_finds_files(void **state)
{
	char error[ARCHIVE_ERROR_LEN];
	struct archive_file f;
	struct archive a;
	struct cpio c;

	(void)state;
	good(&c);
	assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
	assert_int_equal(archive_find(&a, "Image", &f), 0);
	assert_string_equal(f.name, "Image");
	assert_int_equal(f.size, 18);
	assert_memory_equal(f.data, "kernel of 18 bytes", 18);
	assert_int_equal((f.data - c.data) % 4, 0);
	assert_int_equal(archive_find(&a, "empty", &f), 0);
	assert_int_equal(f.size, 0);
	assert_int_equal(archive_find(&a, "Imag", &f), CLV_ERR_NOTFOUND);
	assert_int_equal(archive_find(&a, "TRAILER!!!", &f), CLV_ERR_NOTFOUND);
	cpio_end(&c);
}

static void test_walks_in_order(void **state)
{
	static const char *const want[] = { "cleave.dtb", "Image", "empty" };
	char error[ARCHIVE_ERROR_LEN];
	struct archive_file f;
	struct archive a;
	struct cpio c;
	u64 pos = 0;
	u32 n = 0;

	(void)state;
	good(&c);
	assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
	while (archive_next(&a, &pos, &f) == 0) {
		assert_true(n < ARRAY_SIZE(want));
		assert_string_equal(f.name, want[n++]);
	}
	assert_int_equal(n, 3);
	assert_int_equal(archive_next(&a, &pos, &f), CLV_ERR_NOTFOUND);
	cpio_end(&c);
}

static void test_passes_over_folders_and_dot_slash(void **state)
{
	char error[ARCHIVE_ERROR_LEN];
	struct archive_file f;
	struct archive a;
	struct cpio c;

	(void)state;
	cpio_begin(&c, 4096);
	cpio_put(&c, &(struct cpio_entry){ .name = ".", .mode = CPIO_MODE_DIR });
	cpio_file(&c, "./Image", "k", 1);
	cpio_put(&c, &(struct cpio_entry){ .name = "./sub", .mode = CPIO_MODE_DIR });
	cpio_file(&c, "./sub/initrd", "i", 1);
	cpio_trailer(&c);
	assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
	assert_int_equal(archive_find(&a, "Image", &f), 0);
	assert_string_equal(f.name, "Image");
	assert_int_equal(archive_find(&a, "sub/initrd", &f), 0);
	assert_int_equal(archive_find(&a, "sub", &f), CLV_ERR_NOTFOUND);
	cpio_end(&c);
}

static void test_padding_after_trailer(void **state)
{
	char error[ARCHIVE_ERROR_LEN];
	struct archive a;
	struct cpio c;

	(void)state;
	good(&c);
	c.size = 4096; /* zeros, as cpio and bootloaders round up */
	assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
	c.data[4000] = '0';
	expect_error(&c,
		     "boot archive: data after its trailer, at byte 4000; allowed: one archive");
	cpio_end(&c);
}

/* An archive that is cut before the end of its trailer is refused, and never read after the cut. */
static void test_truncated_anywhere(void **state)
{
	char error[ARCHIVE_ERROR_LEN];
	struct archive a;
	struct cpio c;
	u64 size;

	(void)state;
	good(&c);
	/* The padding after the trailer's name may be missing. */
	size = c.size - 3U;
	for (u64 n = 0; n < size; n++) {
		u8 *data = exact_copy(c.data, n);

		memset(error, 'x', sizeof(error));
		assert_int_equal(archive_open(&a, data, n, error), CLV_ERR_FORMAT);
		assert_non_null(memchr(error, '\0', sizeof(error)));
		if (n == 0U)
			assert_string_equal(error, "boot archive is empty");
		else
			assert_non_null(strstr(error, "boot archive is truncated at byte"));
		free(data);
	}
	cpio_end(&c);
}

static void test_truncated_says_where(void **state)
{
	struct cpio c;

	(void)state;
	good(&c);
	c.size = 250;
	expect_error(&c,
		     "boot archive is truncated at byte 250 in file \"Image\", which has 18 bytes "
		     "from byte 244");
	c.size = 200;
	expect_error(
		&c,
		"boot archive is truncated at byte 200 in the header after file \"cleave.dtb\"");
	cpio_end(&c);

	cpio_begin(&c, 4096);
	cpio_file(&c, "Image", "abcd", 4);
	expect_error(&c, "boot archive is truncated at byte 120: no trailer after file \"Image\"");
	cpio_end(&c);
}

static void test_name_twice(void **state)
{
	struct cpio c;

	(void)state;
	cpio_begin(&c, 4096);
	cpio_file(&c, "Image", "a", 1);
	cpio_file(&c, "./Image", "b", 1);
	cpio_trailer(&c);
	expect_error(&c, "boot archive: file \"Image\" is there twice, again at byte 120");
	cpio_end(&c);
}

static void test_other_formats(void **state)
{
	static const struct {
		const char *bytes;
		const char *want;
	} formats[] = {
		{ "070702xx",
		  "boot archive: cpio's \"crc\" format at byte 0; wanted: uncompressed cpio "
		  "\"newc\"" },
		{ "070707xx",
		  "boot archive: cpio's \"odc\" format at byte 0; wanted: uncompressed cpio "
		  "\"newc\"" },
		{ "\xc7\x71xxxxxx", "boot archive: cpio's old binary format at byte 0; wanted: "
				    "uncompressed cpio \"newc\"" },
		{ "\x1f\x8bxxxxxx",
		  "boot archive: gzip data at byte 0; wanted: uncompressed cpio \"newc\"" },
		{ "\xd0\x0d\xfe\xedxxxx",
		  "boot archive: a device tree at byte 0; wanted: uncompressed cpio \"newc\"" },
		{ "PK\3\4xxxx",
		  "boot archive: no cpio header at byte 0; wanted: uncompressed cpio \"newc\"" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(formats); i++) {
		struct cpio c = { .data = (u8 *)(uintptr_t)formats[i].bytes, .size = 8 };

		expect_error(&c, formats[i].want);
	}
}

static void test_bad_magic_later(void **state)
{
	struct cpio c;

	(void)state;
	cpio_begin(&c, 4096);
	cpio_file(&c, "Image", "a", 1);
	cpio_put(&c, &(struct cpio_entry){ .magic = "garbag", .name = "x" });
	cpio_trailer(&c);
	expect_error(&c, "boot archive: no cpio header at byte 120 after file Image; wanted: "
			 "uncompressed cpio \"newc\"");
	cpio_end(&c);
}

static void test_digits(void **state)
{
	struct cpio c;

	(void)state;
	good(&c);
	c.data[6 + 6 * 8 + 3] = 'g'; /* filesize of the first file */
	expect_error(
		&c,
		"boot archive: no hexadecimal number at byte 54, in the header after file \"\"");
	cpio_end(&c);
}

static void test_huge_sizes(void **state)
{
	struct cpio c;

	(void)state;
	cpio_begin(&c, 4096);
	cpio_put(&c, &(struct cpio_entry){ .name = "Image", .size = 0xffffffffU });
	cpio_trailer(&c);
	expect_error(
		&c, "boot archive is truncated at byte 240 in file \"Image\", which has 4294967295 "
		    "bytes from byte 116");
	cpio_end(&c);

	cpio_begin(&c, 4096);
	cpio_put(&c, &(struct cpio_entry){ .name = "Image", .namesize = 0xffffffffU });
	expect_error(&c, "boot archive is truncated at byte 116 in the name after file \"\"");
	cpio_end(&c);
}

static void test_names(void **state)
{
	char error[ARCHIVE_ERROR_LEN];
	char long_name[300];
	struct archive a;
	struct cpio c;

	(void)state;
	cpio_begin(&c, 4096);
	cpio_put(&c, &(struct cpio_entry){ .name = "Image", .namesize = 1 });
	cpio_trailer(&c);
	expect_error(&c, "boot archive: the name at byte 110 has 1 bytes; allowed: 2 to 256");
	cpio_end(&c);

	memset(long_name, 'n', sizeof(long_name) - 1U);
	long_name[sizeof(long_name) - 1U] = '\0';
	cpio_begin(&c, 4096);
	cpio_file(&c, long_name, "a", 1);
	cpio_trailer(&c);
	expect_error(&c, "boot archive: the name at byte 110 has 300 bytes; allowed: 2 to 256");
	cpio_end(&c);

	/* 256 with the NUL is the longest name. */
	long_name[256] = '\0';
	cpio_begin(&c, 4096);
	cpio_file(&c, long_name, "a", 1);
	cpio_trailer(&c);
	expect_error(&c, "boot archive: the name at byte 110 has 257 bytes; allowed: 2 to 256");
	cpio_end(&c);
	long_name[255] = '\0';
	cpio_begin(&c, 4096);
	cpio_file(&c, long_name, "a", 1);
	cpio_trailer(&c);
	assert_int_equal(archive_open(&a, c.data, c.size, error), 0);
	cpio_end(&c);

	cpio_begin(&c, 4096);
	cpio_put(&c, &(struct cpio_entry){ .name = "Image", .namesize = 5 });
	cpio_trailer(&c);
	expect_error(&c, "boot archive: the name at byte 110 does not end in a NUL");
	cpio_end(&c);

	cpio_begin(&c, 4096);
	cpio_file(&c, "a\x1b[2J", "a", 1);
	cpio_trailer(&c);
	expect_error(&c, "boot archive: the name at byte 110 holds the character 0x1b");
	cpio_end(&c);

	cpio_begin(&c, 4096);
	cpio_file(&c, "./", "a", 1);
	cpio_trailer(&c);
	expect_error(&c, "boot archive: the file at byte 0 has no name");
	cpio_end(&c);
}

static void test_links(void **state)
{
	struct cpio c;

	(void)state;
	cpio_begin(&c, 4096);
	cpio_put(&c,
		 &(struct cpio_entry){
			 .name = "Image", .mode = CPIO_MODE_LINK, .data = "target", .size = 6 });
	cpio_trailer(&c);
	expect_error(
		&c,
		"boot archive: \"Image\" at byte 0 has mode 0120777; allowed: regular files and "
		"directories");
	cpio_end(&c);

	cpio_begin(&c, 4096);
	cpio_put(&c, &(struct cpio_entry){ .name = "Image", .nlink = 2 });
	cpio_trailer(&c);
	expect_error(&c,
		     "boot archive: \"Image\" at byte 0 is a hard link without data; pack a copy");
	cpio_end(&c);
}

static void test_too_many(void **state)
{
	char name[16];
	struct cpio c;

	(void)state;
	cpio_begin(&c, 65536);
	for (u32 i = 0; i <= ARCHIVE_MAX_FILES; i++) {
		(void)snprintf(name, sizeof(name), "f%u", i);
		cpio_file(&c, name, "a", 1);
	}
	cpio_trailer(&c);
	expect_error(&c, "boot archive holds more than 256 files");
	cpio_end(&c);
}

/* Whatever a byte is: the answer is 0 or CLV_ERR_FORMAT, and all that is found lies inside. */
static void test_random_bytes(void **state)
{
	char error[ARCHIVE_ERROR_LEN];
	struct archive_file f;
	struct archive a;
	struct cpio c;
	u64 size;

	(void)state;
	good(&c);
	size = c.size;
	srand(1);
	for (u32 round = 0; round < 20000; round++) {
		u8 *data = exact_copy(c.data, size);
		u64 pos = 0;
		int err;

		for (u32 n = 0; n < 3U; n++)
			data[(u64)rand() % size] = (u8)rand();
		err = archive_open(&a, data, size, error);
		assert_true(err == 0 || err == CLV_ERR_FORMAT);
		while (archive_next(&a, &pos, &f) == 0)
			assert_true(f.data >= data && f.size <= (u64)(data + size - f.data));
		free(data);
	}
	cpio_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_files),
		cmocka_unit_test(test_walks_in_order),
		cmocka_unit_test(test_passes_over_folders_and_dot_slash),
		cmocka_unit_test(test_padding_after_trailer),
		cmocka_unit_test(test_truncated_anywhere),
		cmocka_unit_test(test_truncated_says_where),
		cmocka_unit_test(test_name_twice),
		cmocka_unit_test(test_other_formats),
		cmocka_unit_test(test_bad_magic_later),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_huge_sizes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
