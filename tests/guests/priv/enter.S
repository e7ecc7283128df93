/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guests/mode_run.S"

	/*
	 * What is run: one instruction, and an ebreak. Memory is not translated, so VU-mode may
	 * fetch it.
	 */
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
