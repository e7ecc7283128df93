/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run some code in VS- or VU-mode until it traps, and say what came of it.
 *
 * void bad_run(u64 pc, u64 sstatus, struct bad_trap *out, u64 address)
 *
 * The code finds the address in a0 (x10). sstatus has SPP (VS or VU) and SPIE (SIE while it runs).
 * The function returns when a trap comes, with satp 0, which the caller may have set.
 */
	.option	push
	.option	arch, +zicsr
	.text
	.globl	bad_run
bad_run:
	addi	sp, sp, -128
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	sd	gp, 104(sp)
	csrr	t0, stvec
	sd	t0, 112(sp)
	sd	tp, 120(sp)
	sd	sp, 0(a2)
	csrw	sscratch, a2
	lla	t0, .Lvector
	csrw	stvec, t0
	csrw	sstatus, a1
	csrw	sepc, a0
	mv	a0, a3
	sret

	.balign	4
.Lvector:
	csrrw	a2, sscratch, a2
	csrr	t0, scause
	sd	t0, 8(a2)
	csrr	t0, sepc
	sd	t0, 16(a2)
	csrr	t0, stval
	sd	t0, 24(a2)
	csrr	t0, sstatus
	sd	t0, 32(a2)
	csrw	satp, zero
	sfence.vma
	ld	sp, 0(a2)
	ld	t0, 112(sp)
	csrw	stvec, t0
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 40(sp)
	ld	s5, 48(sp)
	ld	s6, 56(sp)
	ld	s7, 64(sp)
	ld	s8, 72(sp)
	ld	s9, 80(sp)
	ld	s10, 88(sp)
	ld	s11, 96(sp)
	ld	gp, 104(sp)
	ld	tp, 120(sp)
	addi	sp, sp, 128
	ret

	/* What is run: one access of (a0), and an ebreak. */
	.macro	act name, text:vararg
	.balign	4
	.globl	bad_\name
bad_\name:
	.option	push
	.option	norvc
	.option	arch, +d, +zicbom, +zicboz
	\text
	ebreak
	.option	pop
	.endm

	act lb, lb a1, 0(a0)
	act lhu, lhu a1, 0(a0)
	act lw, lw a1, 0(a0)
	act ld, ld a1, 0(a0)
	act lr, lr.d a1, (a0)
	act fld, fld fa1, 0(a0)
	act sb, sb a1, 0(a0)
	act sh, sh a1, 0(a0)
	act sw, sw a1, 0(a0)
	act sd, sd a1, 0(a0)
	act amo, amoadd.d a1, a1, (a0)
	act amow, amoswap.w a1, a1, (a0)
	act fsd, fsd fa1, 0(a0)
	act jump, jr a0
	.option	pop
