/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EFI stub with a firmware that any call of can fail: what it takes from EFI reaches the image,
 * and a start that fails is said in one line and leaves nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libfdt.h>
#include "arch/riscv/efi/efi_tree.h"
#include "arch/riscv/layout.h"
#include "core/machine/memmap.h"
#include "lib/fdt_read.h"
#include "tests/unit/arch/riscv/efi_world.h"

#define TREE_SIZE 8192

static char tree[TREE_SIZE];
static struct memmap ram, unused;

/* A board's tree: 1 GiB at 2 GiB, of which the firmware reserves 512 KiB. */
static void make_tree(void)
{
	int node;

	assert_int_equal(fdt_create_empty_tree(tree, TREE_SIZE), 0);
	assert_int_equal(fdt_add_mem_rsv(tree, GIB(2), KIB(512)), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#address-cells", 2), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#size-cells", 2), 0);
	node = fdt_add_subnode(tree, 0, "memory@80000000");
	assert_int_equal(fdt_setprop_string(tree, node, "device_type", "memory"), 0);
	assert_int_equal(fdt_appendprop_u64(tree, node, "reg", GIB(2)), 0);
	assert_int_equal(fdt_appendprop_u64(tree, node, "reg", GIB(1)), 0);
}

static int chosen(void)
{
	int node = fdt_path_offset(tree, "/chosen");

	return node >= 0 ? node : fdt_add_subnode(tree, 0, "chosen");
}

static int setup(void **state)
{
	(void)state;
	make_tree();
	efi_world_begin();
	efi_world.tree = tree;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	efi_world_end();
	return 0;
}

/* Start, and read the memory of the tree that the image gets. */
static void start(void)
{
	efi_status status = efi_world_start();

	assert_string_equal(efi_world.said, "");
	assert_true(status == EFI_SUCCESS && efi_world.jumped);
	assert_int_equal(fdt_check_full(efi_world.made, fdt_totalsize(efi_world.made)), 0);
	assert_int_equal(memmap_read(efi_world.made, &ram, &unused), 0);
	assert_int_equal(efi_world.open, 0);
	assert_int_equal(efi_world.after_exit, 0);
}

/* Start in vain: one line with @text, and nothing is left. */
static void refused(efi_status status, const char *text)
{
	assert_true(efi_world_start() == status);
	assert_false(efi_world.jumped);
	assert_int_equal(efi_world.lines, 1);
	if (strstr(efi_world.said, text) == NULL)
		assert_string_equal(efi_world.said, text);
	assert_int_equal(efi_world.nr_taken, 0);
	assert_int_equal(efi_world.open, 0);
	assert_true(efi_world.claimed.size == 0U);
}

static const char *bootargs(void)
{
	int len = 0;
	const char *args = fdt_getprop(efi_world.made, fdt_path_offset(efi_world.made, "/chosen"),
				       "bootargs", &len);

	if (args != NULL)
		assert_int_equal(len, strlen(args) + 1U);
	return args != NULL ? args : "none";
}

static void free_is(u32 n, u64 base, u64 size)
{
	assert_true(n < unused.nr);
	assert_int_equal(unused.range[n].base, base);
	assert_int_equal(unused.range[n].size, size);
}

/* --- the image, the hart, the tree -------------------------------------------------------------*/

static void test_image_is_copied_and_aligned(void **state)
{
	(void)state;
	start();
	assert_true(IS_ALIGNED((uintptr_t)efi_world.image, MIB(2)));
	for (size_t i = 0; i < EFI_WORLD_IMAGE; i++)
		assert_int_equal(efi_world.image[i], (u8)(i * 7U));
	assert_true(IS_ALIGNED((uintptr_t)efi_world.made, 8U));
	/* Bytes after the copy are there: the image clears them. */
	((u8 *)(uintptr_t)efi_world.image)[MIB(1) - 1U] = 0;
}

static void test_hart_by_protocol_or_tree(void **state)
{
	(void)state;
	assert_int_equal(fdt_setprop_u32(tree, chosen(), "boot-hartid", 3), 0);
	start();
	assert_int_equal(efi_world.hartid, EFI_WORLD_HART);
	efi_world_end();
	efi_world.no_hartid = true;
	start();
	assert_int_equal(efi_world.hartid, 3);
	efi_world_end();
	efi_world.no_boot_protocol = true;
	start();
	assert_int_equal(efi_world.hartid, 3);
	efi_world_end();
	assert_int_equal(fdt_setprop_u64(tree, chosen(), "boot-hartid", 0x100000002), 0);
	start();
	assert_int_equal(efi_world.hartid, 0x100000002);
}

static void test_no_hart(void **state)
{
	(void)state;
	efi_world.no_boot_protocol = true;
	refused(EFI_UNSUPPORTED, "says which hart this is\r\n");
}

static void test_no_tree(void **state)
{
	(void)state;
	efi_world.tree = NULL;
	refused(EFI_UNSUPPORTED, "hands over no device tree: switch it from ACPI");
}

static void test_bad_tree(void **state)
{
	(void)state;
	fdt_set_totalsize(tree, LAYOUT_FDT_MAX + 1U);
	refused(EFI_COMPROMISED_DATA,
		"0xd00dfeed and then 1048577 bytes, cannot be read: it is too large; "
		"allowed: 0xd00dfeed, and up to 1048576 bytes");
	fdt_set_totalsize(tree, 12);
	refused(EFI_COMPROMISED_DATA,
		"0xd00dfeed and then 12 bytes, cannot be read: it is cut off, ");
	fdt_set_version(tree, 16);
	refused(EFI_COMPROMISED_DATA, "device tree has a version before 17; wanted: 17 or later");
	fdt_set_version(tree, 18);
	fdt_set_last_comp_version(tree, 18);
	refused(EFI_COMPROMISED_DATA, "device tree is only for readers of a version after 17");
	fdt_set_magic(tree, 0);
	refused(EFI_COMPROMISED_DATA,
		"0x00000000 and then 12 bytes, cannot be read: it does not begin with");
}

/* A tree that has room for nothing more fails as a whole. */
static void test_tree_that_is_full(void **state)
{
	static char large[LAYOUT_FDT_MAX];
	int size = LAYOUT_FDT_MAX - TREE_SIZE;
	void *p;

	(void)state;
	assert_int_equal(fdt_open_into(tree, large, LAYOUT_FDT_MAX), 0);
	while (size > 0 && fdt_setprop_placeholder(large, 0, "full", size, &p) == 0)
		size += 64;
	assert_true(size > LAYOUT_FDT_MAX - TREE_SIZE);
	efi_world.tree = large;
	refused(EFI_LOAD_ERROR, "no device tree with this machine's memory: it is too large");
}

/* --- memory ------------------------------------------------------------------------------------*/

static void test_memory_that_the_firmware_keeps(void **state)
{
	(void)state;
	efi_world.nr_ranges = 0;
	/* In no order; what follows each other is one range. */
	efi_world_range(EFI_CONVENTIONAL_MEMORY, 0x90000000, 16, EFI_MEMORY_WB);
	efi_world_range(EFI_LOADER_CODE, 0x80100000, 256, EFI_MEMORY_WB);
	efi_world_range(EFI_BOOT_SERVICES_CODE, 0x80200000, 256, EFI_MEMORY_WB);
	efi_world_range(EFI_BOOT_SERVICES_DATA, 0x80300000, 256, EFI_MEMORY_WB);
	efi_world_range(EFI_LOADER_DATA, 0x80000000, 256, EFI_MEMORY_WB);
	efi_world_range(5, 0x80400000, 16, EFI_MEMORY_WB | EFI_MEMORY_RUNTIME);
	efi_world_range(0, 0x80410000, 16, EFI_MEMORY_WB);
	efi_world_range(9, 0x80420000, 16, EFI_MEMORY_WB);
	efi_world_range(77, 0x80430000, 16, EFI_MEMORY_WB);
	efi_world_range(EFI_CONVENTIONAL_MEMORY, 0x80440000, 16, EFI_MEMORY_WB | EFI_MEMORY_SP);
	efi_world_range(EFI_CONVENTIONAL_MEMORY, 0x80450000, 16, 0);
	efi_world_range(EFI_LOADER_DATA, 0x80460000, 16, EFI_MEMORY_WB | EFI_MEMORY_RUNTIME);
	/* Memory of which the tree knows nothing. */
	efi_world_range(EFI_CONVENTIONAL_MEMORY, GIB(8), 512, EFI_MEMORY_WB);
	start();
	assert_int_equal(unused.nr, 3);
	free_is(0, 0x80080000, 0x380000);
	free_is(1, 0x90000000, 0x10000);
	free_is(2, GIB(8), MIB(2));
	assert_true(memmap_contains(&ram, GIB(2), GIB(1)));
}

/* What the map does not name at all is not free, below its ranges, between them and above. */
static void test_memory_that_the_map_does_not_name(void **state)
{
	(void)state;
	efi_world.nr_ranges = 0;
	efi_world_range(EFI_CONVENTIONAL_MEMORY, 0xa0000000, 16, EFI_MEMORY_WB);
	efi_world_range(EFI_CONVENTIONAL_MEMORY, 0x90000000, 16, EFI_MEMORY_WB);
	start();
	assert_int_equal(unused.nr, 2);
	free_is(0, 0x90000000, 0x10000);
	free_is(1, 0xa0000000, 0x10000);
}

static void test_tree_without_memory(void **state)
{
	(void)state;
	assert_int_equal(fdt_del_node(tree, fdt_path_offset(tree, "/memory@80000000")), 0);
	start();
	assert_int_equal(unused.nr, 1);
	free_is(0, 0x80080000, GIB(1) - KIB(512));
}

static void test_tree_with_short_addresses(void **state)
{
	(void)state;
	assert_int_equal(fdt_del_node(tree, fdt_path_offset(tree, "/memory@80000000")), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#address-cells", 1), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#size-cells", 1), 0);
	efi_world_range(EFI_CONVENTIONAL_MEMORY, GIB(8), 512, EFI_MEMORY_WB);
	start();
	/* Memory above is left out, and not taken for memory below. */
	assert_int_equal(ram.nr, 1);
	assert_int_equal(ram.range[0].base, GIB(2));
	assert_int_equal(unused.nr, 1);
	free_is(0, 0x80080000, GIB(1) - KIB(512));
}

static void test_no_memory(void **state)
{
	(void)state;
	efi_world.range[0].type = 0;
	refused(EFI_LOAD_ERROR,
		"no device tree with this machine's memory: the memory map has no free memory");
}

static void test_descriptors_that_make_no_sense(void **state)
{
	const u64 sizes[] = { 0, 8, 39, 44, 8192 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		efi_world.descriptor_size = sizes[i];
		refused(EFI_COMPROMISED_DATA, "the memory map's descriptors have ");
	}
}

/*
 * A page is free when a descriptor calls it so and no other calls it otherwise. Ranges that overlap
 * in every way, against a model that looks at each page.
 */
static void test_map_against_a_model(void **state)
{
	enum {
		PAGES = 40,
		TRIALS = 20000
	};
	struct efi_memory_descriptor d[6];
	const struct efi_map map = { d, sizeof(d), sizeof(d[0]) };

	(void)state;
	srand(1);
	for (int trial = 0; trial < TRIALS; trial++) {
		bool is_free[PAGES] = { false }, is_kept[PAGES] = { false };
		struct efi_range r = { 0, 0 };
		u64 page = 0;

		for (size_t i = 0; i < ARRAY_SIZE(d); i++) {
			u64 first = (u64)rand() % PAGES;
			u64 n = (u64)rand() % (PAGES - first + 1U);
			bool kept = rand() % 3 == 0;

			d[i] = (struct efi_memory_descriptor){ .type = kept ? 6 : 7,
							       .base = first << PAGE_SHIFT,
							       .pages = n,
							       .attributes = EFI_MEMORY_WB };
			for (u64 p = first; p < first + n; p++)
				(kept ? is_kept : is_free)[p] = true;
		}
		while (efi_memory_next(&map, r.base + r.size, &r)) {
			assert_true(r.size != 0U && r.base >= page << PAGE_SHIFT);
			for (; page < r.base >> PAGE_SHIFT; page++)
				assert_false(is_free[page] && !is_kept[page]);
			for (; page < (r.base + r.size) >> PAGE_SHIFT; page++)
				assert_true(is_free[page] && !is_kept[page]);
			/* It does not go on right after its end. */
			assert_false(page < PAGES && is_free[page] && !is_kept[page]);
		}
		for (; page < PAGES; page++)
			assert_false(is_free[page] && !is_kept[page]);
	}
}

static void test_ranges_at_the_end_of_the_address_space(void **state)
{
	(void)state;
	efi_world_range(EFI_CONVENTIONAL_MEMORY, GIB(4), UINT64_MAX, EFI_MEMORY_WB);
	efi_world_range(6, UINT64_MAX - 10U, UINT64_MAX, EFI_MEMORY_WB);
	efi_world_range(EFI_CONVENTIONAL_MEMORY, UINT64_MAX & ~PAGE_MASK, 1, EFI_MEMORY_WB);
	start();
	assert_int_equal(unused.nr, 2);
	free_is(0, 0x80080000, GIB(1) - KIB(512));
	free_is(1, GIB(4), (UINT64_MAX & ~PAGE_MASK) - GIB(4));
}

/* Part of a page that is kept is a page. */
static void test_what_is_kept_inside_pages(void **state)
{
	(void)state;
	efi_world_range(6, 0x90000800, 1, EFI_MEMORY_WB);
	start();
	assert_int_equal(unused.nr, 2);
	free_is(0, 0x80080000, 0x90000000 - 0x80080000);
	free_is(1, 0x90002000, 0xc0000000 - 0x90002000);
}

/* --- leaving boot services ---------------------------------------------------------------------*/

static void test_the_map_changes(void **state)
{
	(void)state;
	efi_world.changes = 7;
	efi_world.grow = 1;
	start();
	assert_int_equal(efi_world.exits, 8);
	/* It is the last map that counts. */
	assert_int_equal(unused.nr, 8);
	free_is(7, GIB(16) + 7U * MIB(16), PAGE_SIZE);
}

static void test_the_map_never_settles(void **state)
{
	(void)state;
	efi_world.changes = UINT32_MAX;
	refused(EFI_INVALID_PARAMETER, "the memory map has changed 8 times");
	assert_int_equal(efi_world.exits, 8);
	assert_int_equal(efi_world.after_exit, 0);
}

static void test_the_map_outgrows_its_buffer(void **state)
{
	(void)state;
	efi_world.descriptor_size = 4096;
	efi_world.changes = 1;
	efi_world.grow = 40;
	refused(EFI_BUFFER_TOO_SMALL, "the memory map: the firmware says BUFFER_TOO_SMALL (5)");
	efi_world.nr_ranges = 1;
	efi_world.changes = 1;
	efi_world.map_lies = true;
	refused(EFI_COMPROMISED_DATA, "the memory map's size has changed beyond measure");
}

/* --- the boot archive --------------------------------------------------------------------------*/

static const char archive[] = "070701 the boot archive";

static void initrd_is(const void *data, u64 size)
{
	struct efi_range r = efi_tree_initrd(efi_world.made);

	assert_int_equal(r.size, size);
	if (size != 0U)
		assert_memory_equal((const void *)r.base, data, size);
}

static void test_no_initrd(void **state)
{
	(void)state;
	start();
	initrd_is(NULL, 0);
	assert_string_equal(bootargs(), "none");
}

static void test_initrd_by_load_file2(void **state)
{
	(void)state;
	efi_world.load_file2 = archive;
	efi_world.load_file2_size = sizeof(archive);
	/* An option that cannot be met does not matter then. */
	efi_world_options("initrd=\\nowhere");
	start();
	initrd_is(archive, sizeof(archive));
}

static void test_initrd_by_load_file2_is_empty(void **state)
{
	(void)state;
	efi_world.load_file2 = archive;
	refused(EFI_LOAD_ERROR, "the boot archive by LoadFile2 has 0 bytes");
}

static void test_initrd_by_load_file2_is_too_large(void **state)
{
	(void)state;
	efi_world.load_file2 = archive;
	efi_world.load_file2_size = UINT64_MAX;
	refused(EFI_OUT_OF_RESOURCES, "no 18014398509481984 KiB of memory for the boot archive: "
				      "the firmware says OUT_OF_RESOURCES (9)");
}

static void test_initrd_by_load_file2_grows(void **state)
{
	(void)state;
	efi_world.load_file2 = archive;
	efi_world.load_file2_size = sizeof(archive);
	efi_world.load_file2_more = 1;
	refused(EFI_LOAD_ERROR, "the boot archive by LoadFile2 has 25 bytes");
}

static void test_initrd_by_option(void **state)
{
	(void)state;
	efi_world.file = archive;
	efi_world.file_size = sizeof(archive);
	efi_world.piece = 5;
	efi_world_options("cleave.efi cleave.log=debug initrd=/boot.cpio  quiet ");
	start();
	initrd_is(archive, sizeof(archive));
	assert_string_equal(bootargs(), "cleave.log=debug quiet");
}

static void test_initrd_by_option_in_vain(void **state)
{
	(void)state;
	efi_world.file = archive;
	efi_world_options("initrd=\\boot.cpio");
	refused(EFI_LOAD_ERROR,
		"initrd=\\boot.cpio: it is empty: the firmware says LOAD_ERROR (1)");
	efi_world.file_size = sizeof(archive);
	efi_world.piece = 0;
	refused(EFI_LOAD_ERROR, "initrd=\\boot.cpio: reading it: ");
	efi_world_options("initrd=\\boot");
	refused(EFI_NOT_FOUND, "initrd=\\boot: opening it: the firmware says NOT_FOUND (14)");
	efi_world.file_size = UINT64_MAX;
	efi_world_options("initrd=\\boot.cpio");
	refused(EFI_OUT_OF_RESOURCES, "the boot archive");
}

/* What the tree names is kept from being overwritten, and stays named. */
static void test_initrd_of_the_tree(void **state)
{
	struct efi_range r;

	(void)state;
	assert_int_equal(fdt_setprop_u64(tree, chosen(), "linux,initrd-start", 0x88000800), 0);
	assert_int_equal(fdt_setprop_u64(tree, chosen(), "linux,initrd-end", 0x88002801), 0);
	assert_int_equal(fdt_setprop_string(tree, chosen(), "bootargs", "of the tree"), 0);
	efi_world.claimable = true;
	start();
	r = efi_tree_initrd(efi_world.made);
	assert_int_equal(r.base, 0x88000800);
	assert_int_equal(r.size, 0x2001);
	assert_int_equal(efi_world.claimed.base, 0x88000000);
	assert_int_equal(efi_world.claimed.size, 3);
	assert_string_equal(bootargs(), "of the tree");
	efi_world_end();
	/* Eight bytes lie in two pages. */
	assert_int_equal(fdt_setprop_u64(tree, chosen(), "linux,initrd-start", 0x88000ffc), 0);
	assert_int_equal(fdt_setprop_u64(tree, chosen(), "linux,initrd-end", 0x88001004), 0);
	start();
	assert_int_equal(efi_world.claimed.base, 0x88000000);
	assert_int_equal(efi_world.claimed.size, 2);
}

/* --- load options ------------------------------------------------------------------------------*/

static void options_are(const void *data, u64 size, enum efi_options_said said, const char *args,
			const char *path)
{
	static struct efi_options o;
	char text[EFI_PATH_LEN];
	u32 n = 0;

	assert_int_equal(efi_options_read(data, size, &o), said);
	assert_string_equal(o.args, args);
	for (; o.path[n] != 0U; n++)
		text[n] = efi_options_ascii(o.path[n]);
	text[n] = '\0';
	assert_string_equal(text, path);
}

#define OPTIONS(text, said, args, path) options_are(u##text, sizeof(u##text), said, args, path)

static void test_load_options(void **state)
{
	(void)state;
	options_are(NULL, 0, EFI_OPTIONS_GOOD, "", "");
	options_are(NULL, 8, EFI_OPTIONS_GOOD, "", "");
	OPTIONS("", EFI_OPTIONS_GOOD, "", "");
	OPTIONS("   ", EFI_OPTIONS_GOOD, "", "");
	OPTIONS("a=1 b", EFI_OPTIONS_GOOD, "a=1 b", "");
	OPTIONS(" a=1\tb\r\n", EFI_OPTIONS_GOOD, "a=1 b", "");
	OPTIONS("fs0:\\x.bin a=1", EFI_OPTIONS_GOOD, "a=1", "");
	OPTIONS("initrd=a/b\\c", EFI_OPTIONS_GOOD, "", "a\\b\\c");
	OPTIONS("x=y initrd=a z", EFI_OPTIONS_GOOD, "x=y z", "a");
	OPTIONS("a=1 noinitrd=a initrd", EFI_OPTIONS_GOOD, "a=1 noinitrd=a initrd", "");
	OPTIONS("a=\u00e4 initrd=\u00e4", EFI_OPTIONS_GOOD, "a=?", "?");
	OPTIONS("a=1 initrd= b", EFI_OPTIONS_BAD_PATH, "a=1 b", "");
	OPTIONS("initrd=a initrd=b c", EFI_OPTIONS_SECOND_PATH, "c", "a");
	OPTIONS("a=1\0b", EFI_OPTIONS_GOOD, "a=1", "");
	/* The end without a NUL, and half a character. */
	options_are(u"a=12", 7, EFI_OPTIONS_GOOD, "a=1", "");
	options_are(u"a=12", 6, EFI_OPTIONS_GOOD, "a=1", "");
	/* A GUID that a firmware has made up an entry with, and ASCII. */
	OPTIONS("a\001b", EFI_OPTIONS_NO_TEXT, "", "");
	options_are("initrd=\\boot.cpio ", 18, EFI_OPTIONS_NO_TEXT, "", "");
}

static void test_load_options_not_aligned(void **state)
{
	char odd[] = "?a\0=\0b\0";

	(void)state;
	options_are(&odd[1], 6, EFI_OPTIONS_GOOD, "a=b", "");
}

static void test_load_options_that_are_long(void **state)
{
	static char text[EFI_ARGS_LEN + 16U];

	(void)state;
	memset(text, 'a', sizeof(text) - 1U);
	text[1] = '=';
	text[EFI_ARGS_LEN - 1U] = '\0';
	efi_world_options(text);
	start();
	assert_string_equal(bootargs(), text);
	efi_world_end();
	text[EFI_ARGS_LEN - 1U] = 'a';
	efi_world_options(text);
	refused(EFI_INVALID_PARAMETER, "boot arguments of up to 2047 characters");
	memcpy(text, "initrd=", 7);
	text[7U + EFI_PATH_LEN] = '\0';
	efi_world_options(text);
	refused(EFI_INVALID_PARAMETER, "initrd=: allowed: a path of 1 to 255 characters");
	efi_world_options("initrd=a initrd=b");
	refused(EFI_INVALID_PARAMETER, "initrd= is given twice; allowed: one boot archive");
}

static void test_load_options_that_are_no_text(void **state)
{
	(void)state;
	efi_world.options = "\x01\x02\x03\x04";
	efi_world.options_size = 4;
	assert_true(efi_world_start() == EFI_SUCCESS && efi_world.jumped);
	assert_int_equal(efi_world.lines, 1);
	assert_non_null(strstr(efi_world.said, "not text in UTF-16, and are not used"));
	assert_string_equal(bootargs(), "none");
}

/* --- whatever fails ----------------------------------------------------------------------------*/

/*
 * Each call in turn fails, on each way to a boot archive. A start goes on without the calls that
 * have another way; after any other it returns an error, says one line, and leaves nothing.
 */
static void each_call_fails(u32 goes_on)
{
	u32 calls, went_on = 0;

	start();
	calls = efi_world.calls;
	assert_in_range(calls, 8, 30);
	efi_world_end();
	for (u32 n = 1; n <= calls; n++) {
		efi_world.fail_at = n;
		if (efi_world_start() == EFI_SUCCESS) {
			went_on++;
			assert_true(efi_world.jumped && efi_world.lines == 0U);
			efi_world_end();
		}
		assert_int_equal(efi_world.lines, efi_world.jumped ? 0 : 1);
		assert_int_equal(efi_world.nr_taken, 0);
		assert_int_equal(efi_world.open, 0);
		assert_int_equal(efi_world.after_exit, 0);
	}
	assert_int_equal(went_on, goes_on);
}

static void test_each_call_fails(void **state)
{
	(void)state;
	/* Both calls for the hart's id: the tree has it, too. */
	assert_int_equal(fdt_setprop_u32(tree, chosen(), "boot-hartid", 3), 0);
	each_call_fails(2);
	efi_world.fail_at = 0;
	efi_world.load_file2 = archive;
	efi_world.load_file2_size = sizeof(archive);
	each_call_fails(2);
	efi_world.fail_at = 0;
	efi_world.load_file2 = NULL;
	efi_world.file = archive;
	efi_world.file_size = sizeof(archive);
	efi_world_options("initrd=/boot.cpio");
	each_call_fails(2);
}

static void test_no_console(void **state)
{
	(void)state;
	efi_world.no_console = true;
	efi_world.tree = NULL;
	assert_true(efi_world_start() == EFI_UNSUPPORTED);
	assert_int_equal(efi_world.lines, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_image_is_copied_and_aligned),
		TEST(test_hart_by_protocol_or_tree),
		TEST(test_no_hart),
		TEST(test_no_tree),
		TEST(test_bad_tree),
		TEST(test_tree_that_is_full),
		TEST(test_memory_that_the_firmware_keeps),
		TEST(test_memory_that_the_map_does_not_name),
		TEST(test_tree_without_memory),
		TEST(test_tree_with_short_addresses),
		TEST(test_no_memory),
		TEST(test_descriptors_that_make_no_sense),
		TEST(test_map_against_a_model),
		TEST(test_ranges_at_the_end_of_the_address_space),
		TEST(test_what_is_kept_inside_pages),
		TEST(test_the_map_changes),
		TEST(test_the_map_never_settles),
		TEST(test_the_map_outgrows_its_buffer),
		TEST(test_no_initrd),
		TEST(test_initrd_by_load_file2),
		TEST(test_initrd_by_load_file2_is_empty),
		TEST(test_initrd_by_load_file2_is_too_large),
		TEST(test_initrd_by_load_file2_grows),
		TEST(test_initrd_by_option),
		TEST(test_initrd_by_option_in_vain),
		TEST(test_initrd_of_the_tree),
		TEST(test_load_options),
		TEST(test_load_options_not_aligned),
		TEST(test_load_options_that_are_long),
		TEST(test_load_options_that_are_no_text),
		TEST(test_each_call_fails),
		TEST(test_no_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
