/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run one instruction in VS- or VU-mode, with a trap vector of its own, and say what came of it.
 *
 * void priv_run(void (*fn)(void), u64 sstatus, struct priv_trap *out, u64 mode)
 *
 * fn holds one instruction and then an ebreak. sstatus has SPP (VS or VU) and SPIE (SIE while fn
 * runs). mode is that of stvec, 1: vectored. The function returns when a trap comes. Memory is
 * not translated, so VU-mode may fetch fn.
 */
	.option	push
	.option	arch, +zicsr
	.text
	.globl	priv_run
priv_run:
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
	or	t0, t0, a3		/* exceptions go to the base in both modes */
	csrw	stvec, t0
	csrw	sstatus, a1
	csrw	sepc, a0
	sret

	.balign	256
.Lvector:
	j	.Ltrap
	.rept	15			/* an interrupt would come here */
	j	.Lwrong
	.endr
.Lwrong:
	csrrw	a2, sscratch, a2
	li	t0, -1
	sd	t0, 8(a2)
	j	.Lout
.Ltrap:
	csrrw	a2, sscratch, a2
	csrr	t0, scause
	sd	t0, 8(a2)
	csrr	t0, sepc
	sd	t0, 16(a2)
	csrr	t0, stval
	sd	t0, 24(a2)
	csrr	t0, sstatus
	sd	t0, 32(a2)
.Lout:
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
	.option	pop

	.option	push
	.option	arch, +h, +zicsr
	.macro	insn name, text:vararg
	.balign	4
	.globl	priv_\name
priv_\name:
	.option push
	.option norvc
	\text
	ebreak
	.option pop
	.endm

	/* Of the H extension, which a guest's hart does not have */
	insn hstatus_read, csrr a0, 0x600
	insn hstatus_write, csrw 0x600, a0
	insn hgatp_write, csrw 0x680, a0
	insn htval_read, csrr a0, 0x643
	insn hgeip_read, csrr a0, 0xe12
	insn vsstatus_read, csrr a0, 0x200
	insn vsatp_write, csrw 0x280, a0
	insn hvip_write, csrs 0x645, a0
	insn hfence_vvma, hfence.vvma zero, zero
	insn hfence_gvma, hfence.gvma zero, zero
	insn hlv_w, hlv.w a0, (a0)
	insn hsv_b, hsv.b a0, (a0)
	insn hlvx_hu, hlvx.hu a0, (a0)
	/* What only M-mode may use */
	insn mstatus_read, csrr a0, 0x300
	insn mret, mret
	/* Counters that a guest is not given */
	insn cycle, csrr a0, 0xc00
	insn instret, csrr a0, 0xc02
	insn hpmcounter3, csrr a0, 0xc03
	insn hpmcounter31, csrr a0, 0xc1f
	/* AIA, which a guest is not given */
	insn siselect_read, csrr a0, 0x150
	insn stopi_read, csrr a0, 0xdb0
	/* All bits alike */
	insn ones, .4byte 0xffffffff
	insn zeros, .4byte 0
	/* Supervisor instructions, which VU-mode may not use */
	insn sstatus_read, csrr a0, sstatus
	insn satp_write, csrw satp, zero
	insn stvec_write, csrw stvec, zero
	insn sret, sret
	insn sfence_vma, sfence.vma
	insn wfi, wfi
	/* Allowed everywhere */
	insn nop, nop
	insn wrs_nto, .4byte 0x00d00073
	insn ecall, ecall
	.option	pop
