/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry and traps, as the ports of small systems have them: a vector table, in which each interrupt
 * has an entry of its own, traps that nest on the stack, and no look at what a1 points to.
 */
	.option	push
	.option	arch, +zicsr
	.section .head, "ax"
	.globl	rtos_entry
rtos_entry:
	csrw	sie, zero
	la	t0, rtos_bss_start
	la	t1, rtos_bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	1b
2:	la	sp, rtos_stack + 16384
	la	t0, rtos_vectors
	ori	t0, t0, 1
	csrw	stvec, t0
	call	rtos_main
3:	wfi
	j	3b

	/* A further hart: a1 is its stack's end. */
	.globl	rtos_entry_other
rtos_entry_other:
	mv	sp, a1
	la	t0, rtos_vectors
	ori	t0, t0, 1
	csrw	stvec, t0
	call	rtos_other
	j	3b

	/* Entry 0 is for exceptions; each other knows its number by where it is. */
	.macro	vectors
	j	rtos_trap
	.irp	cause, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	j	rtos_irq_\cause
	.endr
	.endm

	.text
	.balign	256
	.globl	rtos_vectors
rtos_vectors:
	.option	push
	.option	norvc
	vectors
	/* The same at an address that is a multiple of 4, and of nothing more. */
	.balign	256
	nop
	.globl	rtos_vectors_odd
rtos_vectors_odd:
	vectors
	.option	pop

	.irp	cause, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
rtos_irq_\cause:
	addi	sp, sp, -160
	sd	a0, 56(sp)
	li	a0, \cause
	j	rtos_save
	.endr

rtos_trap:
	addi	sp, sp, -160
	sd	a0, 56(sp)
	li	a0, 0
rtos_save:
	sd	ra, 0(sp)
	sd	t0, 8(sp)
	sd	t1, 16(sp)
	sd	t2, 24(sp)
	sd	t3, 32(sp)
	sd	t4, 40(sp)
	sd	t5, 48(sp)
	sd	a1, 64(sp)
	sd	a2, 72(sp)
	sd	a3, 80(sp)
	sd	a4, 88(sp)
	sd	a5, 96(sp)
	sd	a6, 104(sp)
	sd	a7, 112(sp)
	sd	t6, 120(sp)
	csrr	t0, sepc
	sd	t0, 128(sp)
	csrr	t0, sstatus
	sd	t0, 136(sp)
	mv	a1, sp
	call	rtos_on_trap
	ld	t0, 128(sp)
	csrw	sepc, t0
	ld	t0, 136(sp)
	csrw	sstatus, t0
	ld	ra, 0(sp)
	ld	t0, 8(sp)
	ld	t1, 16(sp)
	ld	t2, 24(sp)
	ld	t3, 32(sp)
	ld	t4, 40(sp)
	ld	t5, 48(sp)
	ld	a0, 56(sp)
	ld	a1, 64(sp)
	ld	a2, 72(sp)
	ld	a3, 80(sp)
	ld	a4, 88(sp)
	ld	a5, 96(sp)
	ld	a6, 104(sp)
	ld	a7, 112(sp)
	ld	t6, 120(sp)
	addi	sp, sp, 160
	sret

	/* In user mode: the time twice, and back by an ecall. The stack stays the supervisor's. */
	.globl	rtos_user
rtos_user:
	rdtime	a2
	rdtime	a3
	ecall

	/* void rtos_to_user(u64 out[2]): run it, and return with the two times */
	.globl	rtos_to_user
rtos_to_user:
	addi	sp, sp, -16
	sd	ra, 0(sp)
	sd	a0, 8(sp)
	la	t0, rtos_user
	csrw	sepc, t0
	li	t0, 0x120		/* SPP = U, SPIE = 0 afterwards */
	csrc	sstatus, t0
	sret
	.globl	rtos_back
rtos_back:
	ld	a0, 8(sp)
	sd	a2, 0(a0)
	sd	a3, 8(a0)
	ld	ra, 0(sp)
	addi	sp, sp, 16
	ret

	/* A function whose first instruction is written anew: li a0, N */
	.balign	4
	.globl	rtos_patched
rtos_patched:
	.option	norvc
	li	a0, 0
	ret

	.bss
	.balign	16
	.globl	rtos_stack, rtos_stack_other
rtos_stack:
	.skip	16384
rtos_stack_other:
	.skip	16384
	.option	pop
