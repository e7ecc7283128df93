/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the boot loader puts the hypervisor and the boot archive. Whether they can lie there is
 * the boot's to decide; here stands only what loaders do.
 */
#include "tools/board/board_load.h"

#include <libfdt.h>

#include "arch/riscv/probe/paging.h"
#include "lib/fdt_read.h"
#include "tools/board/board_say.h"

#define BOARD_LOAD_LEAST MIB(16) /* of memory: a smaller range is not what a loader begins with */

static u64 board_load_limit(const struct board *b)
{
	return b->mmu_levels == 0U ? UINT64_MAX : paging_direct_size(b->mmu_levels);
}

/* --- the hypervisor --------------------------------------------------------------------------- */

/* Return: where OpenSBI and U-Boot's booti put it, 0: no memory is large enough */
static u64 board_load_default_image(const struct board *b)
{
	for (u32 i = 0; i < b->ram.nr; i++) {
		const struct frames_range *r = &b->ram.range[i];
		u64 at = ALIGN_UP(r->base, MIB(2)) + MIB(2);

		if (r->size < BOARD_LOAD_LEAST)
			continue;
		for (; at - r->base <= r->size - BOARD_LOAD_IMAGE; at += MIB(2)) {
			if (memmap_contains(&b->unused, at, BOARD_LOAD_IMAGE))
				return at;
		}
	}
	return 0;
}

static bool board_load_image(struct board *b, const struct board_load *image)
{
	u64 at = image->given ? image->at : board_load_default_image(b);

	b->image.size = 0;
	if (image->anywhere || (!image->given && at == 0U))
		return true;
	if (!IS_ALIGNED(at, MIB(2)) || at > board_load_limit(b) ||
	    !memmap_contains(&b->ram, at, BOARD_LOAD_IMAGE)) {
		board_say_error("--image-at: Cleave cannot lie at 0x%lx; allowed: a multiple of "
				"2 MiB with 2 MiB of the machine's memory",
				at);
		return false;
	}
	b->image = (struct frames_range){ .base = at, .size = BOARD_LOAD_IMAGE };
	memmap_remove(&b->unused, at, BOARD_LOAD_IMAGE);
	return true;
}

/* --- the archive ------------------------------------------------------------------------------ */

/* What a loader has written into this tree for another initrd. Loaders that put it as high as
 * possible keep its end, others its beginning: take both. */
static bool board_load_chosen(const struct board *b, u64 size, struct frames_range *out)
{
	int chosen = fdt_path_offset(b->tree, "/chosen");
	u64 start, end;

	if (!fdt_read_number(b->tree, chosen, "linux,initrd-start", &start) ||
	    !fdt_read_number(b->tree, chosen, "linux,initrd-end", &end) || end <= start ||
	    size > UINT64_MAX - start)
		return false;
	out->base = MIN(start, end - MIN(end, size));
	out->size = MAX(end, start + size) - out->base;
	return true;
}

/* QEMU puts it half of the memory after the image, and at most 512 MiB. */
static bool board_load_qemu(const struct board *b, u64 size, struct frames_range *out)
{
	u64 ram = 0;

	if (fdt_node_check_compatible(b->tree, 0, "riscv-virtio") != 0 || b->image.size == 0U)
		return false;
	for (u32 i = 0; i < b->ram.nr; i++)
		ram += b->ram.range[i].size;
	*out = (struct frames_range){ .base = b->image.base + MIN(ram / 2U, MIB(512)),
				      .size = size };
	return true;
}

/* What the boot wants of an initrd (core/boot/boot_memory.c). It may lie where a reservation is. */
static bool board_load_fits(const struct board *b, const struct frames_range *r)
{
	u64 limit = board_load_limit(b);

	return r->size <= limit && r->base <= limit - r->size &&
	       memmap_contains(&b->ram, r->base, r->size) &&
	       (r->base >= b->image.base + b->image.size || r->base + r->size <= b->image.base);
}

static bool board_load_archive(struct board *b, const struct board_load *archive, u64 size)
{
	struct frames_range at = { .base = archive->at, .size = size };

	b->archive.size = 0;
	if (archive->anywhere || size == 0U ||
	    (!archive->given && !board_load_chosen(b, size, &at) && !board_load_qemu(b, size, &at)))
		return true;
	if (board_load_fits(b, &at)) {
		b->archive.base = ALIGN_DOWN(at.base, PAGE_SIZE);
		b->archive.size = ALIGN_UP(at.base + at.size, PAGE_SIZE) - b->archive.base;
		memmap_remove(&b->unused, b->archive.base, b->archive.size);
	} else if (archive->given) {
		board_say_error("--archive-at: the archive, %lu bytes, cannot lie at 0x%lx; "
				"allowed: memory of the machine, beside Cleave",
				size, at.base);
		return false;
	}
	return true;
}

/* --- both ------------------------------------------------------------------------------------- */

/* An archive that lies nobody knows where takes its part, too. */
static void board_load_count(struct board *b, u64 size)
{
	struct config_machine *m = &b->machine;
	u64 unplaced = b->archive.size == 0U ? ALIGN_UP(size, PAGE_SIZE) : 0U;

	m->nr_free = b->unused.nr;
	m->memory = 0;
	m->largest = 0;
	for (u32 i = 0; i < b->unused.nr; i++) {
		m->memory += b->unused.range[i].size;
		m->largest = MAX(m->largest, b->unused.range[i].size);
	}
	/* 0 would mean that nobody knows. */
	m->memory = MAX(m->memory, unplaced + 1U) - unplaced;
}

bool board_load(struct board *b, const struct board_load *image, const struct board_load *archive,
		u64 size)
{
	if (!board_load_image(b, image) || !board_load_archive(b, archive, size))
		return false;
	if (b->unused.nr == 0U) {
		board_say_error("%s: no memory: firmware, hypervisor and boot archive take all of "
				"it",
				b->path);
		return false;
	}
	board_load_count(b, size);
	return true;
}
