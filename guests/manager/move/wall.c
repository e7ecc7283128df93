/* SPDX-License-Identifier: BSD-2-Clause */
/* The goldfish real-time clock: two registers, nanoseconds since 1970 UTC. */
#include "guests/manager/move/wall.h"

#include "guests/lib/fdt/fdt_node.h"

#define RTC_TIME_LOW  0x00U
#define RTC_TIME_HIGH 0x04U

static volatile const u32 *wall_rtc;

void wall_init(const void *fdt)
{
	struct fdt_node node;
	u64 base;

	wall_rtc = NULL;
	if (!fdt_node_first(fdt, &node))
		return;
	while (wall_rtc == NULL && fdt_node_next(&node)) {
		if (fdt_node_is(&node, "google,goldfish-rtc") && fdt_node_reg(&node, &base))
			wall_rtc = (volatile const u32 *)base;
	}
}

u64 wall_now(void)
{
	u32 low;

	if (wall_rtc == NULL)
		return 0;
	/* To read the low word keeps the high word as it is at this moment. */
	low = wall_rtc[RTC_TIME_LOW / sizeof(u32)];
	return (u64)wall_rtc[RTC_TIME_HIGH / sizeof(u32)] << 32 | low;
}
