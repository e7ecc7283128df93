/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory from the firmware, and giving it back when the start fails.
 */
#include "arch/riscv/efi/efi_internal.h"

static u64 efi_pages_count(u64 size)
{
	return (size >> PAGE_SHIFT) + ((size & PAGE_MASK) != 0U ? 1U : 0U);
}

static void efi_pages_note(struct efi_stub *s, u64 base, u64 pages)
{
	s->pages[s->nr_pages] = (struct efi_range){ .base = base, .size = pages };
	s->nr_pages++;
}

efi_status efi_pages_take(struct efi_stub *s, u64 size, const char *what, u64 *out)
{
	u64 pages = efi_pages_count(size);
	efi_status status =
		s->boot->allocate_pages(EFI_ALLOCATE_ANY_PAGES, EFI_LOADER_DATA, pages, out);

	if (status != EFI_SUCCESS)
		return efi_say_status(s, status, "no %lu KiB of memory for %s", pages << 2, what);
	efi_pages_note(s, *out, pages);
	return EFI_SUCCESS;
}

void efi_pages_claim(struct efi_stub *s, const struct efi_range *range)
{
	u64 base = ALIGN_DOWN(range->base, PAGE_SIZE);
	u64 pages = efi_pages_count(range->base - base + range->size);

	/* Most boot loaders have reserved it; then this fails, and nothing needs to be done. */
	if (s->boot->allocate_pages(EFI_ALLOCATE_ADDRESS, EFI_LOADER_DATA, pages, &base) ==
	    EFI_SUCCESS)
		efi_pages_note(s, base, pages);
}

void efi_pages_release(struct efi_stub *s)
{
	for (; s->nr_pages != 0U; s->nr_pages--)
		(void)s->boot->free_pages(s->pages[s->nr_pages - 1U].base,
					  s->pages[s->nr_pages - 1U].size);
}
