/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run some code with given registers, in VS- or VU-mode, until it traps, and say what came of it.
 *
 * void wild_run(struct wild_run *r, u64 pc, u64 sstatus, u64 satp)
 *
 * sstatus has SPP (VS or VU) and SPIE (SIE while it runs). r->x[1] to r->x[31] are the registers,
 * before and after. The function returns when a trap comes, with satp 0 and no interrupt open.
 * The code must leave stvec and sscratch alone, and satp must map this program where it is.
 */
#define RUN_SP	    0
#define RUN_SCAUSE  (32 * 8)
#define RUN_SEPC    (33 * 8)
#define RUN_STVAL   (34 * 8)
#define RUN_SSTATUS (35 * 8)

#define RESUMED 0x100 /* as wild.h has it */

	.option	push
	.option	arch, +zicsr
	.text
	.globl	wild_run
wild_run:
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
	sd	sp, RUN_SP(a0)
	csrw	sscratch, a0
	lla	t0, .Lvector
	csrw	stvec, t0
	csrw	sstatus, a2
	csrw	sepc, a1
	csrw	satp, a3
	mv	x31, a0
	.irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	ld	x\n, \n*8(x31)
	.endr
	ld	x31, 31*8(x31)
	sret

	.balign	4
.Lvector:
	csrrw	x31, sscratch, x31
	.irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	sd	x\n, \n*8(x31)
	.endr
	sd	x2, 2*8(x31)
	csrr	t0, sscratch
	sd	t0, 31*8(x31)
	csrr	t0, scause
	sd	t0, RUN_SCAUSE(x31)
	csrr	t0, sepc
	sd	t0, RUN_SEPC(x31)
	csrr	t0, stval
	sd	t0, RUN_STVAL(x31)
	csrr	t0, sstatus
	sd	t0, RUN_SSTATUS(x31)
	mv	a0, x31
.Lback:
	csrw	satp, zero
	sfence.vma
	ld	sp, RUN_SP(a0)
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

	/*
	 * Where a suspended hart resumes, if it does not keep its registers: a0 = its hart id, a1 =
	 * struct wild_run. The registers do not come back; the cause says so.
	 */
	.globl	wild_resume
	.balign	4
wild_resume:
	sd	a0, 10*8(a1)
	mv	a0, a1
	li	t0, RESUMED
	sd	t0, RUN_SCAUSE(a0)
	j	.Lback
	.option	pop
