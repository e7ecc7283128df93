/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants of C for assembly. The build compiles this file to assembly text, and turns each line
 * `->NAME value` of it into a #define of generated/asm-offsets.h. The file is never linked.
 */
#include <cleave/types.h>
#include "arch/riscv/guest.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/trap.h"

#define DEFINE(name, value)	   __asm__ volatile("\n->" #name " %0" ::"i"(value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))

void asm_offsets(void);

void asm_offsets(void)
{
	/* head.S, trap.S */
	DEFINE(HART_SIZE, sizeof(struct hart));
	OFFSET(HART_STACK_TOP, struct hart, stack_top);
	OFFSET(HART_STACK_BOTTOM, struct hart, stack_bottom);
	OFFSET(HART_TRAP_STACK_TOP, struct hart, trap_stack_top);
	OFFSET(HART_SCRATCH, struct hart, scratch);
	OFFSET(TRAP_X, struct trap_frame, x);
	OFFSET(TRAP_SEPC, struct trap_frame, sepc);
	OFFSET(TRAP_SSTATUS, struct trap_frame, sstatus);
	OFFSET(TRAP_HSTATUS, struct trap_frame, hstatus);
	OFFSET(TRAP_OVERFLOW, struct trap_frame, overflow);
	DEFINE(TRAP_SIZE, sizeof(struct trap_frame));

	/* switch.S, guest_fp.S */
	OFFSET(GUEST_X, struct guest, x);
	OFFSET(GUEST_PC, struct guest, pc);
	OFFSET(GUEST_HOST_SP, struct guest, host_sp);
	OFFSET(GUEST_HOST_TP, struct guest, host_tp);
	OFFSET(FP_F, struct guest_fp, f);
	OFFSET(FP_FCSR, struct guest_fp, fcsr);
	OFFSET(VEC_VSTART, struct guest_vector, vstart);
	OFFSET(VEC_VL, struct guest_vector, vl);
	OFFSET(VEC_VTYPE, struct guest_vector, vtype);
	OFFSET(VEC_VCSR, struct guest_vector, vcsr);
	OFFSET(VEC_REGS, struct guest_vector, regs);
}
