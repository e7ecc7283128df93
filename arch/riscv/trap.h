/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps that the hypervisor itself takes: fix-ups, and the report of a hypervisor bug.
 *
 * A guest can never cause one of the latter: its exits take the other half of the trap entry (switch.S).
 */
#ifndef ARCH_RISCV_TRAP_H
#define ARCH_RISCV_TRAP_H

#include <cleave/types.h>

/**
 * struct trap_frame - what trap.S saves on the stack; a multiple of 16 bytes
 * @x: integer registers, x[2] is sp at the trap
 * @overflow: 1: sp was outside the hart's stack, the frame lies on the trap stack
 */
struct trap_frame {
	u64 x[32];
	u64 sepc;
	u64 sstatus;
	u64 hstatus;
	u64 overflow;
};

/**
 * trap_host() - called by trap.S: a trap taken by the hypervisor
 * @f: registers; f->sepc is where to go on
 *
 * Returns when the pc has a fix-up; else reports and stops the machine.
 */
void trap_host(struct trap_frame *f);

/** trap_init() - on each hart, with tp set: stvec and sscratch */
void trap_init(void);

#endif
