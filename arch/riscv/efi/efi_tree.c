/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that Cleave is entered with. See efi_tree.h.
 *
 * Cleave reads memory from the tree alone. UEFI says that the map counts, and a tree beside it may
 * have other memory nodes, or none. So the map's free memory goes into a node of its own, and all
 * gaps between its ranges into the reservation block. That needs no list of what a firmware keeps.
 */
#include "arch/riscv/efi/efi_tree.h"

#include <cleave/string.h>
#include <libfdt.h>
#include "arch/riscv/layout.h"
#include "lib/fdt_read.h"

/* Bytes for nodes, names and numbers, beside what grows with the map and the arguments */
#define EFI_TREE_SLACK 1024U

/* Bytes that a range of memory takes: its `reg`, and the gap after it */
#define EFI_TREE_RANGE (2U * 16U)

int efi_tree_check(const void *tree)
{
	if (fdt_magic(tree) != FDT_MAGIC)
		return -FDT_ERR_BADMAGIC;
	if (fdt_totalsize(tree) > LAYOUT_FDT_MAX)
		return -FDT_ERR_NOSPACE;
	return fdt_check_full(tree, fdt_totalsize(tree));
}

bool efi_tree_hartid(const void *tree, u64 *out)
{
	return fdt_read_number(tree, fdt_path_offset(tree, "/chosen"), "boot-hartid", out);
}

struct efi_range efi_tree_initrd(const void *tree)
{
	int chosen = fdt_path_offset(tree, "/chosen");
	u64 start, end;

	if (!fdt_read_number(tree, chosen, "linux,initrd-start", &start) ||
	    !fdt_read_number(tree, chosen, "linux,initrd-end", &end) || end <= start)
		return (struct efi_range){ .size = 0 };
	return (struct efi_range){ .base = start, .size = end - start };
}

u64 efi_tree_size(const void *tree, const char *args, u64 map_size, u64 descriptor_size)
{
	return fdt_totalsize(tree) + EFI_TREE_SLACK + strlen(args) +
	       (map_size / descriptor_size + 1U) * EFI_TREE_RANGE;
}

static int efi_tree_chosen(void *buf, struct efi_range initrd, const char *args)
{
	int chosen = fdt_path_offset(buf, "/chosen");
	int err = 0;

	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(buf, 0, "chosen");
	if (chosen < 0)
		return chosen;
	if (args[0] != '\0')
		err = fdt_setprop(buf, chosen, "bootargs", args, (int)strlen(args) + 1);
	if (initrd.size == 0U || err != 0)
		return err;
	err = fdt_setprop_u64(buf, chosen, "linux,initrd-start", initrd.base);
	return err != 0 ? err
			: fdt_setprop_u64(buf, chosen, "linux,initrd-end",
					  initrd.base + initrd.size);
}

static int efi_tree_append(void *buf, int node, u64 number, int cells)
{
	return cells == 2 ? fdt_appendprop_u64(buf, node, "reg", number)
			  : fdt_appendprop_u32(buf, node, "reg", (u32)number);
}

/*
 * Add a range to the memory node. A tree with addresses of 32 bits cannot say what is above them;
 * such memory is not used, as without EFI.
 */
static int efi_tree_add_memory(void *buf, int node, const struct efi_range *r)
{
	int address = fdt_address_cells(buf, 0);
	int size = fdt_size_cells(buf, 0);
	int err;

	if (address < 1 || address > 2 || size < 1 || size > 2)
		return -FDT_ERR_BADNCELLS;
	if ((address == 1 && r->base > UINT32_MAX) || (size == 1 && r->size > UINT32_MAX))
		return 0;
	err = efi_tree_append(buf, node, r->base, address);
	return err != 0 ? err : efi_tree_append(buf, node, r->size, size);
}

static int efi_tree_reserve(void *buf, u64 from, u64 to)
{
	return to > from ? fdt_add_mem_rsv(buf, from, to - from) : 0;
}

static int efi_tree_memory(void *buf, const struct efi_map *map)
{
	static const char type[] = "memory";
	int node = fdt_add_subnode(buf, 0, "efi-memory");
	int err = node < 0 ? node : fdt_setprop(buf, node, "device_type", type, (int)sizeof(type));
	struct efi_range r;
	u64 end = 0;

	while (err == 0 && efi_memory_next(map, end, &r)) {
		err = efi_tree_reserve(buf, end, r.base);
		end = r.base + r.size;
		/* A reservation moves the nodes. */
		node = fdt_path_offset(buf, "/efi-memory");
		if (err == 0)
			err = efi_tree_add_memory(buf, node, &r);
	}
	if (err == 0)
		err = end == 0U ? -FDT_ERR_NOTFOUND : efi_tree_reserve(buf, end, UINT64_MAX);
	return err;
}

int efi_tree_make(const void *tree, struct efi_range initrd, const char *args,
		  const struct efi_map *map, void *buf, u64 size)
{
	int err = fdt_open_into(tree, buf, (int)MIN(size, (u64)INT32_MAX));

	if (err == 0)
		err = efi_tree_chosen(buf, initrd, args);
	if (err == 0)
		err = efi_tree_memory(buf, map);
	if (err != 0)
		return err;
	(void)fdt_pack(buf);
	return fdt_totalsize(buf) > LAYOUT_FDT_MAX ? -FDT_ERR_NOSPACE : 0;
}
