/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that looks for bytes that somebody else has left in its memory.
 *
 * It scans all memory that neither its image nor its device tree fills. As a manager (bootarg
 * role=manager) it also looks at partition 1, which only a manager starts, before that has ever
 * run; and then starts it.
 */
#include "guests/lib/guest.h"

#define WINDOW UINT64_C(0x140000000)

/* Return: how many words of [@from, @to) are not zero. */
static u64 count_left(u64 from, u64 to)
{
	u64 left = 0;

	for (u64 at = from; at < to; at += sizeof(u64))
		left += *(const volatile u64 *)at != 0U ? 1U : 0U;
	return left;
}

static u64 fdt_end(const void *fdt)
{
	return (u64)fdt + __builtin_bswap32(((const u32 *)fdt)[1]);
}

/* The first range holds the image and, at its top, the device tree. */
static void scan_own(const void *fdt)
{
	u64 base, size;

	if (!check(fdt_memory(fdt, &base, &size), "there is memory"))
		return;
	check_eq(count_left(base, (u64)guest_image_start), 0, "nothing is left before the image");
	check_eq(count_left((u64)guest_image_end, (u64)fdt & ~UINT64_C(7)), 0,
		 "nothing is left between the image and the device tree");
	check_eq(count_left((fdt_end(fdt) + 7U) & ~UINT64_C(7), base + size), 0,
		 "nothing is left after the device tree");
}

/*
 * A window into a partition that has never been started is refused, or shows nothing but zeros.
 */
static void look_at_later(void)
{
	struct cleave_region_info region;
	struct sbiret r;

	check_eq((u64)cleave_region_info(1, 0, &region).error, 0, "it has memory");
	r = cleave_window_map(1, region.gpa, region.size, WINDOW, 0);
	if (r.error == SBI_ERR_INVALID_STATE) {
		check(true, "its memory cannot be seen before it was zeroed");
		return;
	}
	check_eq((u64)r.error, 0, "a window");
	check_eq(count_left(WINDOW, WINDOW + region.size), 0, "nothing is left in what it shows");
	check_eq((u64)cleave_window_unmap(WINDOW).error, 0, "unmap it");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";

	(void)hartid;
	(void)bootarg(fdt, "role", role, sizeof(role));
	scan_own(fdt);
	if (strcmp(role, "manager") == 0) {
		look_at_later();
		check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_START, 1).error, 0, "start it");
	}
	finish();
}
