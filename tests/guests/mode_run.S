/* SPDX-License-Identifier: BSD-2-Clause */
/* mode_run.h says what this is. */
#include "guests/lib/asm.h"

#define MODE_GP	   CALLEE_SAVED_SIZE
#define MODE_STVEC (CALLEE_SAVED_SIZE + 8)
#define MODE_TP	   (CALLEE_SAVED_SIZE + 16)
#define MODE_FRAME (CALLEE_SAVED_SIZE + 24)

	.option	push
	.option	arch, +zicsr
	.text
	.globl	mode_run
mode_run:
	addi	sp, sp, -MODE_FRAME
	callee_saved sd
	sd	gp, MODE_GP(sp)
	csrr	t0, stvec
	sd	t0, MODE_STVEC(sp)
	sd	tp, MODE_TP(sp)
	sd	sp, 0(a2)
	csrw	sscratch, a2
	lla	t0, .Lmode_vector
	or	t0, t0, a4		/* exceptions go to the base in both modes */
	csrw	stvec, t0
	csrw	sstatus, a1
	csrw	sepc, a0
	mv	a0, a3
	sret

	.balign	256
.Lmode_vector:
	j	.Lmode_trap
	.rept	15			/* an interrupt would come here */
	j	.Lmode_wrong
	.endr
.Lmode_wrong:
	csrrw	a2, sscratch, a2
	li	t0, -1
	sd	t0, 8(a2)
	j	.Lmode_out
.Lmode_trap:
	csrrw	a2, sscratch, a2
	csrr	t0, scause
	sd	t0, 8(a2)
	csrr	t0, sepc
	sd	t0, 16(a2)
	csrr	t0, stval
	sd	t0, 24(a2)
	csrr	t0, sstatus
	sd	t0, 32(a2)
.Lmode_out:
	csrw	satp, zero
	sfence.vma
	ld	sp, 0(a2)
	ld	t0, MODE_STVEC(sp)
	csrw	stvec, t0
	callee_saved ld
	ld	gp, MODE_GP(sp)
	ld	tp, MODE_TP(sp)
	addi	sp, sp, MODE_FRAME
	ret
	.option	pop
