/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest without a timer of its own, whose WFI nobody traps: arch/riscv/guest.c for tests of what
 * runs it. One file of a test program includes this.
 */
#ifndef TESTS_NO_TIMER_H
#define TESTS_NO_TIMER_H

#include "arch/riscv/guest.h"
#include "arch/riscv/timer.h"

u64 guest_timer_deadline(const struct guest *g)
{
	(void)g;
	return TIMER_NEVER;
}

void guest_timer_set(struct guest *g, u64 value)
{
	(void)g;
	(void)value;
}

void guest_trap_wfi(struct guest *g, bool on)
{
	(void)g;
	(void)on;
}

#endif
