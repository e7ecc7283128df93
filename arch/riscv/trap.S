/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trap entry of every hart (stvec).
 *
 * sscratch tells who was running. 0 means the hypervisor. Anything else is the struct guest of the
 * vCPU that ran: switch.S then takes over at guest_trap, with that pointer in a0 and the guest's a0
 * in sscratch.
 *
 * The entry must never touch the stack before it has checked that sp lies within this hart's stack.
 */
#include "arch/riscv/asm.h"
#include "arch/riscv/csr.h"
#include <generated/asm-offsets.h>

FUNCTION(trap_entry)
	csrrw	a0, CSR_SSCRATCH, a0
	bnez	a0, guest_trap
	csrrw	a0, CSR_SSCRATCH, a0	/* the old a0 again, and sscratch = 0 */

	/* tp is this hart's struct hart whenever the hypervisor runs. */
	sd	t0, HART_SCRATCH + 0(tp)
	sd	t1, HART_SCRATCH + 8(tp)
	addi	t0, sp, -TRAP_SIZE
	ld	t1, HART_STACK_BOTTOM(tp)
	bltu	t0, t1, .Loutside
	ld	t1, HART_STACK_TOP(tp)
	bgtu	sp, t1, .Loutside
	li	t1, 0
.Lsave:
	/* t0 = frame, t1 = overflow */
	sd	sp, TRAP_X + 2 * 8(t0)
	mv	sp, t0
	sd	t1, TRAP_OVERFLOW(sp)
	ld	t0, HART_SCRATCH + 0(tp)
	ld	t1, HART_SCRATCH + 8(tp)
	sd	zero, TRAP_X + 0 * 8(sp)
	sd	x1, TRAP_X + 1 * 8(sp)
	.irp	n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, TRAP_X + \n * 8(sp)
	.endr
	csrr	t0, CSR_SEPC
	csrr	t1, CSR_SSTATUS
	csrr	t2, CSR_HSTATUS
	sd	t0, TRAP_SEPC(sp)
	sd	t1, TRAP_SSTATUS(sp)
	sd	t2, TRAP_HSTATUS(sp)

	mv	a0, sp
	call	trap_host

	/*
	 * A fix-up: go on at the new pc, in the mode that trapped. SIE was 0 and stays 0, because
	 * the trap copied it to SPIE. SPV is 0, because the trap came from V = 0. fixup.h puts back
	 * the guest's sepc, sstatus and hstatus.
	 */
	ld	t0, TRAP_SEPC(sp)
	csrw	CSR_SEPC, t0
	ld	x1, TRAP_X + 1 * 8(sp)
	.irp	n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, TRAP_X + \n * 8(sp)
	.endr
	ld	sp, TRAP_X + 2 * 8(sp)
	sret

.Loutside:
	/*
	 * The stack has overflowed, or sp is garbage. A second such trap begins the trap stack
	 * anew, so that its frame overwrites the first one's.
	 */
	ld	t0, HART_TRAP_STACK_TOP(tp)
	addi	t0, t0, -TRAP_SIZE
	li	t1, 1
	j	.Lsave
END(trap_entry)
