/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host time and the host's own timer interrupt: Sstc's stimecmp where the hart has it, else the SBI TIME extension.
 */
#ifndef ARCH_RISCV_TIMER_H
#define ARCH_RISCV_TIMER_H

#include <cleave/types.h>

#define TIMER_NEVER UINT64_MAX

/** timer_now() - Return: the time CSR, ticks */
u64 timer_now(void);

/** timer_frequency() - Return: ticks in a second, Hz, from /cpus/timebase-frequency */
u64 timer_frequency(void);

/** timer_set() - interrupt this hart when time reaches @deadline, ticks; TIMER_NEVER: no interrupt. Replaces the last one */
void timer_set(u64 deadline);

#endif
