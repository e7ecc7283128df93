/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch: into a guest and out of it.
 *
 * While a guest runs, sscratch points to its struct guest. The trap entry (trap.S) exchanges
 * sscratch with a0 and jumps to guest_trap. An exit saves only the registers that a C function may
 * clobber, so that the common exits cost little: s0-s11 and gp stay in the hart until exit_fast()
 * asks for the full path. The VS CSRs, sstatus and hstatus of a loaded guest stay in the hart as
 * well, since the hypervisor changes them only on the guest's behalf (fixup.h puts back what a trap
 * of the hypervisor overwrites).
 *
 * This code must never use gp for the hypervisor, and never trap between the write of sscratch and
 * sret.
 */
#include "arch/riscv/asm.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/exit.h"
#include <generated/asm-offsets.h>

#define X(n) (GUEST_X + (n) * 8)

/* Registers that a C function may clobber, without a0 (x10), which points to struct guest */
.macro	for_caller_saved op
	.irp	n, 1,5,6,7,11,12,13,14,15,16,17,28,29,30,31
	\op	x\n, X(\n)(a0)
	.endr
.endm

/* Registers that a C function preserves, and gp */
.macro	for_callee_saved op
	.irp	n, 3,8,9,18,19,20,21,22,23,24,25,26,27
	\op	x\n, X(\n)(a0)
	.endr
.endm

/* Frame of guest_run(): ra, s0-s11 and the pointer to struct guest */
#define FRAME_G	   104
#define FRAME_SIZE 112

.macro	for_host_saved op
	\op	ra, 0(sp)
	\op	s0, 8(sp)
	\op	s1, 16(sp)
	\op	s2, 24(sp)
	\op	s3, 32(sp)
	\op	s4, 40(sp)
	\op	s5, 48(sp)
	\op	s6, 56(sp)
	\op	s7, 64(sp)
	\op	s8, 72(sp)
	\op	s9, 80(sp)
	\op	s10, 88(sp)
	\op	s11, 96(sp)
.endm

/* void guest_run(struct guest *g) */
FUNCTION(guest_run)
	addi	sp, sp, -FRAME_SIZE
	for_host_saved sd
	sd	a0, FRAME_G(sp)
	sd	sp, GUEST_HOST_SP(a0)
	sd	tp, GUEST_HOST_TP(a0)

.Lresume_full:
	for_callee_saved ld
.Lresume:
	ld	t0, GUEST_PC(a0)
	csrw	CSR_SEPC, t0
	csrw	CSR_SSCRATCH, a0
	for_caller_saved ld
	ld	x2, X(2)(a0)
	ld	x4, X(4)(a0)
	ld	x10, X(10)(a0)
	sret

/*
 * An exit. a0 = struct guest, sscratch = the guest's a0. sscratch is set to 0 before anything that
 * could trap: only stores into struct guest come before that, and it is mapped.
 */
	.globl	guest_trap
	.balign	4
guest_trap:
	for_caller_saved sd
	csrrw	t0, CSR_SSCRATCH, zero
	csrr	t1, CSR_SEPC
	sd	x2, X(2)(a0)
	sd	x4, X(4)(a0)
	sd	t0, X(10)(a0)
	sd	t1, GUEST_PC(a0)
	ld	sp, GUEST_HOST_SP(a0)
	ld	tp, GUEST_HOST_TP(a0)

	call	exit_fast
	mv	t0, a0
	ld	a0, FRAME_G(sp)
	beqz	t0, .Lresume

	for_callee_saved sd
	li	t1, EXIT_FULL
	bne	t0, t1, .Lleave
	call	exit_full
	mv	t0, a0
	ld	a0, FRAME_G(sp)
	beqz	t0, .Lresume_full

.Lleave:
	for_host_saved ld
	addi	sp, sp, FRAME_SIZE
	ret
END(guest_run)
