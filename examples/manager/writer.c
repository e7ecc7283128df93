/* SPDX-License-Identifier: BSD-2-Clause */
/* What the manager watches: a program that writes to eight pages every millisecond. */
#include "guests/lib/guest.h"

void guest_main(unsigned long hartid, const void *fdt)
{
	u64 base, size, page = 0;

	(void)hartid;
	if (!free_memory(fdt, &base, &size))
		sbi_shutdown(true);
	say("writing to %lu pages, in turn", size / PAGE_SIZE);
	for (;;) {
		for (u32 i = 0; i < 8U; i++, page = (page + 1U) % (size / PAGE_SIZE))
			*(volatile u64 *)(base + page * PAGE_SIZE) = rdtime();
		wait_us(1000);
	}
}
