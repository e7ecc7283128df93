/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the firmware's memory map. See efi_memory.h.
 *
 * It keeps nothing and needs no memory: each range costs a few looks at all descriptors, of which
 * there are some hundred.
 */
#include "arch/riscv/efi/efi_memory.h"

#include "arch/riscv/efi/efi.h"

/* The address after the last that a descriptor can name */
#define EFI_MEMORY_END (UINT64_MAX & ~PAGE_MASK)

/* A descriptor as addresses. */
struct efi_memory_span {
	u64 base;
	u64 end;
	bool free;
};

/*
 * UEFI 2.10, table 7.10: the types that are free after ExitBootServices(). What ACPI's tables stand
 * in is kept: the firmware's device tree may stand there as well.
 */
static bool efi_memory_free(const struct efi_memory_descriptor *d)
{
	switch (d->type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BOOT_SERVICES_CODE:
	case EFI_BOOT_SERVICES_DATA:
	case EFI_CONVENTIONAL_MEMORY:
		return IS_ALIGNED(d->base, PAGE_SIZE) && (d->attributes & EFI_MEMORY_WB) != 0U &&
		       (d->attributes & (EFI_MEMORY_SP | EFI_MEMORY_RUNTIME)) == 0U;
	default:
		return false;
	}
}

/* Read descriptor @i. Return: false after the last */
static bool efi_memory_span(const struct efi_map *map, u64 i, struct efi_memory_span *out)
{
	const u8 *at = map->data;
	const struct efi_memory_descriptor *d;

	if (i >= map->size / map->descriptor_size)
		return false;
	d = (const void *)&at[i * map->descriptor_size];
	out->base = d->base;
	out->end = d->pages > (EFI_MEMORY_END - MIN(d->base, EFI_MEMORY_END)) >> PAGE_SHIFT
			   ? EFI_MEMORY_END
			   : d->base + (d->pages << PAGE_SHIFT);
	out->free = efi_memory_free(d);
	return true;
}

/* Return: the lowest address from @from on that a descriptor calls free; EFI_MEMORY_END: none */
static u64 efi_memory_first(const struct efi_map *map, u64 from)
{
	struct efi_memory_span s;
	u64 first = EFI_MEMORY_END;

	for (u64 i = 0; efi_memory_span(map, i, &s); i++) {
		if (s.free && s.end > from && s.base < s.end)
			first = MIN(first, MAX(s.base, from));
	}
	return first;
}

/*
 * Return: @at, when no descriptor calls that address anything but free; or the end of the furthest
 * of those that do. An end is rounded up: part of a page is the page.
 */
static u64 efi_memory_skip(const struct efi_map *map, u64 at)
{
	struct efi_memory_span s;
	u64 next = at;

	for (u64 i = 0; efi_memory_span(map, i, &s); i++) {
		u64 end = MIN(ALIGN_UP(MIN(s.end, EFI_MEMORY_END), PAGE_SIZE), EFI_MEMORY_END);

		if (!s.free && ALIGN_DOWN(s.base, PAGE_SIZE) <= at && end > at)
			next = MAX(next, end);
	}
	return next;
}

/* Return: how far memory that begins to be free at @at stays so, as one descriptor after another */
static u64 efi_memory_until(const struct efi_map *map, u64 at)
{
	struct efi_memory_span s;
	u64 end = at;
	u64 limit = EFI_MEMORY_END;
	u64 before;

	for (u64 i = 0; efi_memory_span(map, i, &s); i++) {
		if (!s.free && s.end > s.base && s.base > at)
			limit = MIN(limit, ALIGN_DOWN(s.base, PAGE_SIZE));
	}
	do {
		before = end;
		for (u64 i = 0; efi_memory_span(map, i, &s); i++) {
			if (s.free && s.base <= end)
				end = MAX(end, s.end);
		}
	} while (end != before && end < limit);
	return MIN(end, limit);
}

bool efi_memory_next(const struct efi_map *map, u64 from, struct efi_range *out)
{
	u64 at = efi_memory_first(map, from);
	u64 next;

	for (next = efi_memory_skip(map, at); next != at; next = efi_memory_skip(map, at))
		at = efi_memory_first(map, next);
	if (at >= EFI_MEMORY_END)
		return false;
	out->base = at;
	out->size = efi_memory_until(map, at) - at;
	return true;
}
