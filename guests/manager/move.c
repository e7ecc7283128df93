/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs that move partitions. */
#include "guests/manager/move.h"

const struct command move_commands[] = { { .name = "" } };
const u32 move_commands_nr;

void move_init(const void *fdt)
{
	(void)fdt;
}

bool move_step(void)
{
	return false;
}

bool move_busy(void)
{
	return false;
}

bool move_uses(u32 vm)
{
	(void)vm;
	return false;
}
