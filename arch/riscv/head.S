/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of the image, for the boot hart and for harts that SBI HSM starts.
 *
 * Until satp is on, code runs at its physical address, and may use pc-relative addresses only (la);
 * what a .dword holds is a virtual address. Nothing is ever mapped at the physical address. So the
 * fetch after the write of satp faults, and stvec holds the virtual address to go on at.
 */
#include "arch/riscv/asm.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/layout.h"
#include <abi/sbi.h>
#include <generated/asm-offsets.h>

	.section .head.header, "ax", @progbits
	.globl	_start
_start:
	/*
	 * The image header that Linux defines (Documentation/arch/riscv/boot-image-header.rst),
	 * version 0.2. The first instruction does nothing that matters: its bytes are "MZ", as EFI
	 * wants.
	 */
	c.li	s4, -13
	.option	push
	.option	norvc
	j	start_boot
	.option	pop
	c.nop
	.dword	0x200000		/* text_offset */
	.dword	image_size
	.dword	0			/* flags: little-endian */
	.word	0x2			/* version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	pe_offset

	.section .head.text, "ax", @progbits
/* a0 = hartid, a1 = physical address of the device tree; s0 and s1 keep them. */
start_boot:
	csrw	CSR_SIE, zero
	csrw	CSR_SSCRATCH, zero
	mv	s0, a0
	mv	s1, a1

	/* Read the instruction counter for the boot report. A machine may refuse: then it is 0. */
	li	s2, 0
	la	t0, 1f
	csrw	CSR_STVEC, t0
	csrr	s2, CSR_INSTRET
	.balign	4
1:	la	sp, boot_stack_top

	/*
	 * Without H the first access to hstatus traps, and early_no_h says so. This comes first,
	 * since trap.S saves hstatus and cannot be used on such a hart.
	 */
	la	t0, early_no_h
	csrw	CSR_STVEC, t0
	csrr	zero, CSR_HSTATUS
	la	t0, early_trap
	csrw	CSR_STVEC, t0

	/* Clear bss, 64 bytes a turn: it begins on a page and ends on a multiple of 64. */
	la	t0, image_bss_start
	la	t1, image_bss_end
	bgeu	t0, t1, 3f
2:	.irp	n, 0,8,16,24,32,40,48,56
	sd	zero, \n(t0)
	.endr
	addi	t0, t0, 64
	bltu	t0, t1, 2b
3:
	la	s3, _start
	mv	a0, s3
	call	early_map		/* a0 = satp */
	ld	t0, .Lvirtual_boot
	csrw	CSR_STVEC, t0
	sfence.vma
	csrw	CSR_SATP, a0
	/* Only a hart without Sv39 gets here. */
	la	a0, early_no_sv39
	call	early_die

	.balign	4
virtual_boot:
	ld	sp, .Lboot_stack
	ld	tp, .Lharts
	mv	a0, s0
	mv	a1, s1
	mv	a2, s3
	mv	a3, s2
	li	fp, 0
	call	start_main
	unimp

	.balign	4
early_no_h:
	la	a0, early_no_h_text
	call	early_die
	.balign	4
early_trap:
	la	a0, early_trap_text
	call	early_die

/*
 * A hart that hart_start_all() has started. a0 = hartid, a1 = physical address of its struct hart.
 * SBI 2.0, chapter 9, gives it satp = 0 and sstatus.SIE = 0.
 */
	.balign	4
	.globl	start_secondary
start_secondary:
	csrw	CSR_SIE, zero
	csrw	CSR_SSCRATCH, zero
	la	t0, .Lgive_up
	csrw	CSR_STVEC, t0
	csrr	zero, CSR_HSTATUS
	la	t0, harts
	sub	t0, a1, t0
	ld	tp, .Lharts
	add	tp, tp, t0		/* virtual address of the struct hart */
	ld	t1, start_secondary_satp
	ld	t0, .Lvirtual_secondary
	csrw	CSR_STVEC, t0
	sfence.vma
	csrw	CSR_SATP, t1
	/*
	 * This hart has no H, or not the page-table mode that the boot hart runs on. It goes back
	 * to the firmware, and the boot hart reports it.
	 */
	.balign	4
.Lgive_up:
	li	a7, SBI_EID_HSM
	li	a6, SBI_HSM_HART_STOP
	ecall
4:	wfi
	j	4b

	.balign	4
virtual_secondary:
	ld	sp, HART_STACK_TOP(tp)
	li	fp, 0
	call	hart_started
	unimp

	.balign	8
.Lvirtual_boot:
	.dword	virtual_boot
.Lvirtual_secondary:
	.dword	virtual_secondary
.Lboot_stack:
	.dword	boot_stack_top
.Lharts:
	.dword	harts

	.section .rodata.head, "a", @progbits
early_no_h_text:
	.asciz	"cleave| this hart has no H extension (QEMU: -cpu rv64,h=true): shutting down\r\n"
early_no_sv39:
	.asciz	"cleave| this hart has no Sv39 address translation: shutting down\r\n"
early_trap_text:
	.asciz	"cleave| trap before address translation was on: shutting down\r\n"
