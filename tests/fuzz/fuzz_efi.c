/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the EFI stub.
 *
 * Whatever a firmware hands over as memory map, load options and device tree, and whichever of its
 * calls fails: the stub enters the image with a tree that can be read and calls nothing free that
 * the map keeps, or it returns an error, says so, and leaves nothing. Input: bytes that say what
 * fails, ranges, options, and the tree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>
#include "arch/riscv/efi/efi_tree.h"
#include "core/machine/memmap.h"
#include "tests/unit/arch/riscv/efi_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

static u64 take(struct input *in, size_t bytes)
{
	u64 value = 0;

	for (; bytes != 0U && in->left != 0U; bytes--, in->left--)
		value = value << 8 | *in->data++;
	return value;
}

/* A firmware's own tree, with 1 GiB at 2 GiB. */
static void *own_tree(void)
{
	static u64 tree[512];
	int node;

	if (fdt_create_empty_tree(tree, sizeof(tree)) != 0)
		abort();
	(void)fdt_setprop_u32(tree, 0, "#address-cells", 2);
	(void)fdt_setprop_u32(tree, 0, "#size-cells", 2);
	node = fdt_add_subnode(tree, 0, "memory@80000000");
	(void)fdt_setprop_string(tree, node, "device_type", "memory");
	(void)fdt_appendprop_u64(tree, node, "reg", GIB(2));
	if (fdt_appendprop_u64(tree, node, "reg", GIB(1)) != 0)
		abort();
	return tree;
}

static void take_ranges(struct input *in)
{
	static const u64 attributes[] = { EFI_MEMORY_WB, 0, EFI_MEMORY_WB | EFI_MEMORY_SP,
					  EFI_MEMORY_WB | EFI_MEMORY_RUNTIME };

	efi_world.nr_ranges = 0;
	for (u64 n = take(in, 1) % 40U; n != 0U; n--) {
		u64 how = take(in, 1);
		u64 base = how & 1U ? take(in, 8) : GIB(2) + (take(in, 2) << PAGE_SHIFT);
		u64 pages = how & 2U ? take(in, 8) : take(in, 1);

		efi_world_range(how >> 4, base, pages, attributes[(how >> 2) & 3U]);
	}
}

/* Memory of the new tree that is free overlaps nothing that the map keeps. */
static void check_memory(const void *tree)
{
	static struct memmap ram, unused;

	if (memmap_read(tree, &ram, &unused) != 0)
		return;
	for (u32 i = 0; i < unused.nr; i++) {
		u64 base = unused.range[i].base;
		u64 end = base + unused.range[i].size;

		for (u32 k = 0; k < efi_world.nr_ranges; k++) {
			const struct efi_memory_descriptor *d = &efi_world.range[k];
			u64 last = d->pages - 1U > (UINT64_MAX - d->base) >> PAGE_SHIFT
					   ? UINT64_MAX
					   : d->base + (d->pages << PAGE_SHIFT) - 1U;
			bool free = (d->type == 7U || (d->type >= 1U && d->type <= 4U)) &&
				    d->attributes == EFI_MEMORY_WB;

			if (!free && d->pages != 0U && d->base < end && last >= base)
				abort();
		}
	}
}

static void check(efi_status status, bool own)
{
	const void *made = efi_world.made;

	if (efi_world.open != 0U || efi_world.after_exit != 0U)
		abort();
	if (status == EFI_SUCCESS) {
		if (!efi_world.jumped || fdt_check_full(made, fdt_totalsize(made)) != 0)
			abort();
		if (own)
			check_memory(made);
	} else if (efi_world.lines == 0U || efi_world.nr_taken != 0U || efi_world.jumped) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u64 how = take(&in, 1);
	void *options, *tree;
	u64 n;

	efi_world_begin();
	efi_world.fail_at = (u32)take(&in, 1) & 31U;
	efi_world.descriptor_size = how & 1U ? take(&in, 2) : 40U;
	efi_world.no_boot_protocol = (how & 2U) != 0U;
	efi_world.changes = (how >> 2) & 3U;
	efi_world.grow = 1;
	efi_world.claimable = (how & 16U) != 0U;
	efi_world.load_file2 = how & 32U ? "archive" : NULL;
	efi_world.load_file2_size = how & 32U ? take(&in, 1) & 7U : 0U;
	efi_world.file = how & 64U ? "archive" : NULL;
	efi_world.file_size = take(&in, 1) & 7U;
	efi_world.piece = 3;
	take_ranges(&in);
	n = take(&in, 2);
	n = MIN(n, in.left);
	/* Copies, so that a read beyond their ends is seen. */
	options = malloc(n != 0U ? n : 1U);
	if (n != 0U)
		memcpy(options, in.data, n);
	efi_world.options = options;
	efi_world.options_size = (u32)n;
	in.data += n;
	in.left -= n;
	tree = how & 128U ? own_tree() : malloc(in.left + sizeof(struct fdt_header));
	if (!(how & 128U)) {
		memset(tree, 0, sizeof(struct fdt_header));
		if (in.left != 0U)
			memcpy(tree, in.data, in.left);
		if (fdt_totalsize(tree) > in.left)
			fdt_set_totalsize(tree, (u32)in.left);
	}
	efi_world.tree = tree;
	check(efi_world_start(), (how & 128U) != 0U);
	efi_world_end();
	free(options);
	if (!(how & 128U))
		free(tree);
	return 0;
}
