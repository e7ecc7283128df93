/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory that a program may use: what lies after its image and its stacks. */
#include "guests/lib/guest.h"

bool free_memory(const void *fdt, u64 *base, u64 *size)
{
	u64 end;

	*base = ALIGN_UP((u64)guest_image_end, PAGE_SIZE);
	if (!fdt_memory(fdt, &end, size))
		return false;
	end += *size;
	if ((u64)fdt >= *base && (u64)fdt < end)
		end = (u64)fdt;
	end = ALIGN_DOWN(end, PAGE_SIZE);
	*size = end > *base ? end - *base : 0;
	return *size != 0;
}
