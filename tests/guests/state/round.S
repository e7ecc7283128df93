/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One round of the state test: every register gets a value of its own, something happens, and
 * every register is written down.
 *
 * Interrupts are off, so that only the hypervisor can interfere. sscratch holds the place where
 * registers go; the caller checks it too.
 */
#include "guests/lib/asm.h"

#define FRAME 112 /* CALLEE_SAVED_SIZE, and sp is a multiple of 16 */

/*
 * Kinds of event; main.c counts on them. SPIN is nothing but time: the host's timer comes, or
 * another vCPU's turn. LOAD and STORE are to a device register. ILLEGAL is an access of a
 * hypervisor CSR: a virtual instruction, which comes back as an illegal one.
 */
#define EVENT_SPIN    0
#define EVENT_ECALL   1
#define EVENT_LOAD    2
#define EVENT_STORE   3
#define EVENT_ILLEGAL 4

	.option push
	.option arch, +zicsr
	.text
/* void state_round(struct round *r, u64 event): r->in (x[32]), r->out (x[32]) */
	.globl	state_round
state_round:
	addi	sp, sp, -FRAME
	callee_saved sd
	sd	sp, 512(a0)
	sd	gp, 520(a0)
	sd	tp, 528(a0)
	csrw	sscratch, a0

	li	t0, EVENT_ECALL
	beq	a1, t0, .Lecall
	li	t0, EVENT_LOAD
	beq	a1, t0, .Lload
	li	t0, EVENT_STORE
	beq	a1, t0, .Lstore
	li	t0, EVENT_ILLEGAL
	beq	a1, t0, .Lillegal

	/* x31 counts down: it is 0 in the end */
	.macro	fill
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, \n*8(a0)
	.endr
	ld	a0, 10*8(a0)
	.endm

	fill
1:	addi	x31, x31, -1
	bnez	x31, 1b
	j	.Ldone
.Lecall:
	fill
	ecall
	j	.Ldone
.Lload:			/* in->x[30] is the register's address; x29 gets what it holds */
	fill
	lw	x29, 0(x30)
	j	.Ldone
.Lstore:
	fill
	sw	x29, 0(x30)
	j	.Ldone
.Lillegal:
	lla	t0, .Lvector	/* its own stvec: the library's would use sp */
	csrw	stvec, t0
	fill
	csrr	x29, 0x600	/* hstatus */
	j	.Ldone		/* not reached: then stvec stays, and main.c sees it */
	.balign	4
.Lvector:
	j	.Ldone

.Ldone:
	csrrw	x31, sscratch, x31
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	sd	x\n, (256 + \n*8)(x31)
	.endr
	csrr	t0, sscratch
	sd	t0, (256 + 31*8)(x31)
	csrw	sscratch, x31
	ld	sp, 512(x31)
	ld	gp, 520(x31)
	ld	tp, 528(x31)
	callee_saved ld
	addi	sp, sp, FRAME
	ret

	.option arch, +d, +v
/* void fp_fill(const u64 f[32], u64 fcsr); u64 fp_read(u64 f[32]) returns fcsr */
	.globl	fp_fill
fp_fill:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26, \
		27,28,29,30,31
	fld	f\n, \n*8(a0)
	.endr
	csrw	fcsr, a1
	ret
	.globl	fp_read
fp_read:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26, \
		27,28,29,30,31
	fsd	f\n, \n*8(a0)
	.endr
	csrr	a0, fcsr
	ret

/*
 * void vector_fill(const void *regs): all registers, vl = 3 of 16-bit elements, vcsr = 5
 * void vector_read(void *regs, u64 csr[4])
 */
	.globl	vector_fill
vector_fill:
	csrwi	vstart, 0	/* whole-register accesses begin there */
	csrr	t1, vlenb
	slli	t1, t1, 3
	vl8re8.v v0, (a0)
	add	a0, a0, t1
	vl8re8.v v8, (a0)
	add	a0, a0, t1
	vl8re8.v v16, (a0)
	add	a0, a0, t1
	vl8re8.v v24, (a0)
	vsetivli zero, 3, e16, m1, ta, mu
	csrwi	vcsr, 5
	csrwi	vstart, 2
	ret
	.globl	vector_read
vector_read:
	csrr	t0, vstart
	sd	t0, 0(a1)
	csrr	t0, vl
	sd	t0, 8(a1)
	csrr	t0, vtype
	sd	t0, 16(a1)
	csrr	t0, vcsr
	sd	t0, 24(a1)
	csrwi	vstart, 0
	csrr	t1, vlenb
	slli	t1, t1, 3
	vs8r.v	v0, (a0)
	add	a0, a0, t1
	vs8r.v	v8, (a0)
	add	a0, a0, t1
	vs8r.v	v16, (a0)
	add	a0, a0, t1
	vs8r.v	v24, (a0)
	ret
	.option pop
