/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory at boot: what is mapped, what may be given out, where the boot archive lies.
 *
 * It must never map what the firmware reserves, nor the image a second time, nor give out what is in use.
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

/* /chosen's initrd, when it makes sense. It may lie in memory that a reservation covers: boot loaders reserve it. */
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
		       "boot archive: /chosen says that the initrd is at 0x%llx to 0x%llx, which "
		       "is not memory: not used",
		       (unsigned long long)start, (unsigned long long)end);
		return none;
	}
	if (start < start_info.image + start_info.image_size && end > start_info.image) {
		printk(PRINTK_WARNING
		       "boot archive: the initrd at 0x%llx to 0x%llx overlaps the hypervisor at "
		       "0x%llx to 0x%llx: not used",
		       (unsigned long long)start, (unsigned long long)end,
		       (unsigned long long)start_info.image,
		       (unsigned long long)(start_info.image + start_info.image_size));
		return none;
	}
	return (struct frames_range){ .base = start, .size = end - start };
}

static const void *boot_memory_map_archive(u64 hpa, u64 size)
{
	u64 from = ALIGN_DOWN(hpa, PAGE_SIZE);

	if (paging_map_ram(HPA(from), ALIGN_UP(hpa + size, PAGE_SIZE) - from) != CLV_OK)
		return NULL;
	return (const void *)(hpa + machine.hpa_to_va);
}

/*
 * Does all of it answer? Memory that the firmware protects does not, and may lie in the middle too. It does so in whole pages, so a
 * word of each tells, and the last word: 25,000 loads for 100 MiB.
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

/* The initrd of /chosen, else the archive in the image */
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
	       "boot archive: the memory at 0x%llx to 0x%llx, or a part of it, cannot be read: "
	       "not used",
	       (unsigned long long)boot_info.initrd.base,
	       (unsigned long long)(boot_info.initrd.base + boot_info.initrd.size));
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
		       "memory above 0x%llx is not used: this hart's %s reaches no further",
		       (unsigned long long)limit, paging_mode_name());
		memmap_remove(&usable, limit, UINT64_MAX - limit);
	}
	boot_info.image =
		(struct frames_range){ .base = start_info.image, .size = start_info.image_size };
	boot_info.initrd = boot_memory_find_initrd(limit);
	memmap_remove(&usable, boot_info.image.base, boot_info.image.size);
	memmap_remove(&usable, boot_info.initrd.base, boot_info.initrd.size);
	/* Given out as they are mapped: a range's frames can serve as tables for the next. */
	for (u32 n = 0; n < usable.nr; n++) {
		const struct frames_range *r = &usable.range[n];

		printk(PRINTK_DEBUG "memory: 0x%09llx to 0x%09llx may be given out",
		       (unsigned long long)r->base, (unsigned long long)(r->base + r->size));
		if (paging_map_ram(HPA(r->base), r->size) != CLV_OK ||
		    frames_add(&machine.frames, HPA(r->base), r->size) != CLV_OK)
			printk(PRINTK_WARNING
			       "memory at 0x%llx, %llu KiB, is not used: too many separate ranges",
			       (unsigned long long)r->base, (unsigned long long)(r->size >> 10));
	}
	if (machine.frames.free == 0U)
		boot_fail("no memory: firmware, hypervisor and boot archive take all of it");
	boot_memory_take_archive();
}
