/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory that a program may use: what lies after its image and its stacks. */
#include "guests/lib/fdt/fdt_format.h"
#include "guests/lib/guest.h"

bool free_memory(const void *fdt, u64 *base, u64 *size)
{
	u64 tree = ALIGN_DOWN((u64)fdt, PAGE_SIZE);
	u64 after = ALIGN_UP((u64)fdt + fdt_be32((const u8 *)fdt + FDT_OFF_TOTALSIZE), PAGE_SIZE);
	u64 end;

	*base = ALIGN_UP((u64)guest_image_end, PAGE_SIZE);
	if (!fdt_memory(fdt, &end, size))
		return false;
	end = ALIGN_DOWN(end + *size, PAGE_SIZE);
	if (tree >= *base && after <= end) {
		/* The tree divides it: take the larger part. */
		if (end - after > tree - *base)
			*base = after;
		else
			end = tree;
	}
	*size = end > *base ? end - *base : 0;
	return *size != 0;
}
