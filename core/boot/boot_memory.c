/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory at boot: what is mapped, what may be given out, where the boot archive lies.
 *
 * It must never map what the firmware reserves, map the image a second time, or give out memory
 * that is in use.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/fixup.h"
#include "arch/riscv/probe/paging.h"
#include "arch/riscv/start.h"
#include "core/boot/boot_internal.h"
#include "lib/fdt_read.h"

int paging_take_frames(u64 size, hpa_t *out)
{
	return frames_alloc(&machine.frames, size, PAGE_SIZE, 0, out);
}

/*
 * Return: the initrd that /chosen names, if that makes sense; size 0: none. It may lie in memory
 * that a reservation covers, because boot loaders reserve it.
 */
static struct frames_range boot_memory_find_initrd(u64 limit)
{
	const struct frames_range none = { .size = 0 };
	int chosen = fdt_path_offset(machine.tree, "/chosen");
	u64 start, end;

	if (!fdt_read_number(machine.tree, chosen, "linux,initrd-start", &start) ||
	    !fdt_read_number(machine.tree, chosen, "linux,initrd-end", &end) || start == end)
		return none;
	if (end < start || end > limit || !memmap_contains(&boot_info.ram, start, end - start)) {
		printk(PRINTK_WARNING
		       "boot archive: /chosen says that the initrd is at 0x%lx to 0x%lx, which "
		       "is not memory: not used",
		       start, end);
		return none;
	}
	if (start < start_info.image + start_info.image_size && end > start_info.image) {
		printk(PRINTK_WARNING
		       "boot archive: the initrd at 0x%lx to 0x%lx overlaps the hypervisor at "
		       "0x%lx to 0x%lx: not used",
		       start, end, start_info.image, start_info.image + start_info.image_size);
		return none;
	}
	return (struct frames_range){ .base = start, .size = end - start };
}

/* Return: the address of what is at @hpa, mapped; NULL when that cannot be */
static const void *boot_memory_map_archive(u64 hpa, u64 size)
{
	u64 from = ALIGN_DOWN(hpa, PAGE_SIZE);

	if (paging_map_ram(HPA(from), ALIGN_UP(hpa + size, PAGE_SIZE) - from) != CLV_OK)
		return NULL;
	return (const void *)(hpa + machine.hpa_to_va);
}

/*
 * Can all of it be read? Memory that the firmware protects cannot, and may lie in the middle. The
 * firmware protects whole pages, so one word of each page is read, and the last word: 25,000 loads
 * for 100 MiB.
 */
static bool boot_memory_is_readable(const void *p, u64 size)
{
	uintptr_t last = ALIGN_DOWN((uintptr_t)p + size - 1U, 8U);
	uintptr_t at = ALIGN_DOWN((uintptr_t)p, 8U);
	u64 word;

	for (; at < last; at = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE) {
		if (fixup_load64((const void *)at, &word) != CLV_OK)
			return false;
	}
	return fixup_load64((const void *)last, &word) == CLV_OK;
}

/* Take the initrd of /chosen. Without one, take the archive that is linked into the image. */
static void boot_memory_take_archive(void)
{
	const void *p;

	if (boot_info.initrd.size == 0U) {
		if (start_info.archive_size == 0U)
			return;
		boot_info.initrd = (struct frames_range){ .base = start_info.archive,
							  .size = start_info.archive_size };
	}
	p = boot_memory_map_archive(boot_info.initrd.base, boot_info.initrd.size);
	if (p != NULL && boot_memory_is_readable(p, boot_info.initrd.size)) {
		boot_info.archive = p;
		return;
	}
	printk(PRINTK_WARNING
	       "boot archive: the memory at 0x%lx to 0x%lx, or a part of it, cannot be read: "
	       "not used",
	       boot_info.initrd.base, boot_info.initrd.base + boot_info.initrd.size);
	boot_info.initrd.size = 0;
}

static u64 boot_memory_top_of(const struct memmap *m)
{
	return m->nr == 0U ? 0U : m->range[m->nr - 1U].base + m->range[m->nr - 1U].size;
}

void boot_memory_map(void)
{
	static struct memmap usable;
	u64 top, limit;

	if (memmap_read(machine.tree, &boot_info.ram, &usable) != CLV_OK)
		boot_fail("no memory: the machine is shut down");
	top = boot_memory_top_of(&boot_info.ram);
	limit = paging_init(top);
	machine.hpa_to_va = paging_offset();
	if (limit < top) {
		printk(PRINTK_WARNING
		       "memory above 0x%lx is not used: this hart's %s reaches no further",
		       limit, paging_mode_name());
		memmap_remove(&usable, limit, UINT64_MAX - limit);
	}
	boot_info.image =
		(struct frames_range){ .base = start_info.image, .size = start_info.image_size };
	boot_info.initrd = boot_memory_find_initrd(limit);
	memmap_remove(&usable, boot_info.image.base, boot_info.image.size);
	memmap_remove(&usable, boot_info.initrd.base, boot_info.initrd.size);
	/*
	 * A range is given out as soon as it is mapped: the tables that map the next come from it.
	 */
	for (u32 n = 0; n < usable.nr; n++) {
		const struct frames_range *r = &usable.range[n];

		printk(PRINTK_DEBUG "memory: 0x%09lx to 0x%09lx may be given out", r->base,
		       r->base + r->size);
		if (paging_map_ram(HPA(r->base), r->size) != CLV_OK ||
		    frames_add(&machine.frames, HPA(r->base), r->size) != CLV_OK)
			printk(PRINTK_WARNING
			       "memory at 0x%lx, %lu KiB, is not used: too many separate ranges",
			       r->base, r->size >> 10);
	}
	if (machine.frames.free == 0U)
		boot_fail("no memory: firmware, hypervisor and boot archive take all of it");
	boot_memory_take_archive();
}
