/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host time and the host's timer interrupt. Each hart sets its own timer only, so there is nothing
 * to lock.
 */
#include "arch/riscv/timer.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/model/hart_tree.h"

u64 timer_now(void)
{
	return csr_read(CSR_TIME);
}

u64 timer_frequency(void)
{
	return hart_tree.timebase;
}

void timer_set(u64 deadline)
{
	/* With either of them a deadline that lies ahead withdraws an interrupt that is pending. */
	if (features.sstc)
		csr_write(CSR_STIMECMP, deadline);
	else
		firmware_set_timer(deadline);
}
