/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps that the hypervisor itself takes: fix-ups, and the report of a hypervisor bug.
 *
 * A guest can never cause a hypervisor bug to be reported: its exits take the other half of the
 * trap entry (switch.S).
 */
#ifndef ARCH_RISCV_TRAP_H
#define ARCH_RISCV_TRAP_H

#include <cleave/types.h>

/**
 * struct trap_frame - what trap.S saves on the stack; its size is a multiple of 16 bytes
 * @x: integer registers; x[2] is sp at the time of the trap
 * @sepc, @sstatus, @hstatus: the CSRs
 * @overflow: 1: sp was outside the hart's stack, so the frame lies on the trap stack
 */
struct trap_frame {
	u64 x[32];
	u64 sepc;
	u64 sstatus;
	u64 hstatus;
	u64 overflow;
};

/**
 * trap_host() - handle a trap that the hypervisor has taken; called by trap.S
 * @f: the registers; @f->sepc is set to where execution goes on
 *
 * Returns if the instruction has a fix-up. Otherwise it reports a hypervisor bug and shuts the
 * machine down.
 */
void trap_host(struct trap_frame *f);

/** trap_init() - set stvec and sscratch of the calling hart, whose tp is set already */
void trap_init(void);

#endif
