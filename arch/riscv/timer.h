/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host time, and the host's own timer interrupt: by stimecmp on a machine with Sstc, otherwise by
 * the SBI TIME extension.
 */
#ifndef ARCH_RISCV_TIMER_H
#define ARCH_RISCV_TIMER_H

#include <cleave/types.h>

#define TIMER_NEVER UINT64_MAX

/** timer_now() - Return: the time CSR, ticks */
u64 timer_now(void);

/** timer_frequency() - Return: ticks in a second, Hz (the device tree's timebase-frequency) */
u64 timer_frequency(void);

/**
 * timer_set() - interrupt this hart when time reaches a deadline
 * @deadline: host time, ticks; TIMER_NEVER: no interrupt
 *
 * It replaces the deadline that was set before.
 */
void timer_set(u64 deadline);

#endif
