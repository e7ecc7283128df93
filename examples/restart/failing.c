/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program with a mistake: after a while it loads from an address where nothing is. Each life
 * begins with memory as the first one did, so it cannot count its lives.
 */
#include "guests/lib/guest.h"

static u32 failing_lives;

void guest_main(unsigned long hartid, const void *fdt)
{
	(void)hartid;
	(void)fdt;
	say("up: life %u, as always", ++failing_lives);
	wait_us(200000);
	(void)*(volatile u64 *)0x40000000UL;
	say("this is never reached");
}
