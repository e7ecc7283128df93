/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's device tree is copied from where a1 said it is, which may be anywhere.
 *
 * Until it has been copied, every read goes through a fix-up. The copy is checked whole before
 * anything looks into it.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/fixup.h"
#include "arch/riscv/probe/paging.h"
#include "arch/riscv/start.h"
#include "core/boot/boot_internal.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"

/* Physical addresses have 56 bits (privileged specification, "Sv39"). */
#define HPA_BITS 56U

/* The copy. It is not cleared at boot: nothing is read that was not written. */
static u64 boot_fdt_copy[MACHINE_TREE_MAX / sizeof(u64)] __attribute__((section(".noinit")));

/* Copy @size bytes to boot_fdt_copy. Return: 0, CLV_ERR_FAULT (no memory answers) */
static int boot_fdt_fetch(const void *from, u64 size)
{
	const u64 *p = from;

	for (u64 i = 0; i < (size + 7U) / 8U; i++) {
		if (fixup_load64(&p[i], &boot_fdt_copy[i]) != CLV_OK)
			return CLV_ERR_FAULT;
	}
	return CLV_OK;
}

void boot_fdt_take(void)
{
	u64 at = start_info.fdt;
	const void *window;
	const char *unsafe;
	u64 size;
	int err;

	if (at == 0U || at >= BIT64(HPA_BITS) || !IS_ALIGNED(at, 8U))
		boot_fail("no device tree: the firmware gave 0x%lx in a1; allowed: an address "
			  "that is a multiple of 8",
			  at);
	window = paging_window(HPA(at));
	if (window == NULL || boot_fdt_fetch(window, sizeof(struct fdt_header)) != CLV_OK)
		boot_fail("no device tree: a1 is 0x%lx, where no memory answers", at);
	if (fdt_magic(boot_fdt_copy) != FDT_MAGIC)
		boot_fail("no device tree at 0x%lx (a1): it begins with 0x%08x, not 0x%08x", at,
			  (u32)fdt_magic(boot_fdt_copy), (u32)FDT_MAGIC);
	size = fdt_totalsize(boot_fdt_copy);
	if (size < sizeof(struct fdt_header) || size > MACHINE_TREE_MAX)
		boot_fail("device tree at 0x%lx: it says that it has %lu bytes; allowed: %lu to "
			  "%lu",
			  at, size, sizeof(struct fdt_header), MACHINE_TREE_MAX);
	if (boot_fdt_fetch(window, size) != CLV_OK)
		boot_fail("device tree at 0x%lx: no memory answers after its first %lu bytes", at,
			  sizeof(struct fdt_header));
	unsafe = fdt_read_unsafe(boot_fdt_copy);
	if (unsafe != NULL)
		boot_fail("device tree at 0x%lx %s", at, unsafe);
	err = fdt_check_full(boot_fdt_copy, size);
	if (err != 0)
		boot_fail("device tree at 0x%lx is malformed: %s", at, fdt_read_error(err));
	fdt_index_make(boot_fdt_copy);
	machine.tree = boot_fdt_copy;
}
