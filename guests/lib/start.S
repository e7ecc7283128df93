/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of a guest program (a0 = hart id, a1 = device tree), of its further harts, and of its
 * traps.
 *
 * tp points to the hart's struct guest_hart (hart_internal.h); offsets are checked there.
 */
#include "guests/lib/asm.h"

#define HART_STACK 0
#define HART_CATCH 8
#define HART_ID	   16
#define HART_FN	   24
#define HART_ARG   32

#define TRAP_SIZE 288 /* sizeof(struct trap) */

/* The frame of trap_call(): above the registers lies the catch word of an outer call. */
#define CALL_CATCH CALLEE_SAVED_SIZE
#define CALL_FRAME 128

/*
 * The address of guest_entry in every word that is not relocated yet; guest.ld links the program
 * for it
 */
#define GUEST_LINKED_AT 0x80200000

	.section .head, "ax"
	.option norvc
	.global guest_entry
/* RISC-V Linux image header (Documentation/riscv/boot-image-header.rst) */
guest_entry:
	j	guest_start
	.word	0
	.dword	0x200000		/* text_offset: 2 MiB from the base of memory */
	.dword	guest_image_end - guest_image_start
	.dword	0			/* flags: little-endian */
	.word	2			/* header version 0.2 */
	.word	0
	.dword	0
	.dword	0x5643534952		/* "RISCV" */
	.word	0x05435352		/* "RSC\x05" */
	.word	0
	.option rvc

	.text
guest_start:
	csrw	sie, zero
	csrw	satp, zero
	/*
	 * Code is position-independent, but words of data that hold addresses are not. Before any C
	 * runs, add to each of them the distance by which the program was moved. The list of these
	 * words (guests/lib/relocs.awk) holds linked addresses.
	 */
	lla	t0, guest_entry
	li	t1, GUEST_LINKED_AT
	sub	t0, t0, t1
	lla	t1, guest_relocs_start
	lla	t2, guest_relocs_end
2:	bgeu	t1, t2, 3f
	ld	t3, 0(t1)
	add	t3, t3, t0
	ld	t4, 0(t3)
	add	t4, t4, t0
	sd	t4, 0(t3)
	addi	t1, t1, 8
	j	2b
3:	lla	t1, guest_bss_start
	lla	t2, guest_bss_end
4:	bgeu	t1, t2, 5f
	sd	zero, 0(t1)
	addi	t1, t1, 8
	j	4b
5:	lla	sp, guest_boot_stack_top
	lla	t1, guest_trap
	csrw	stvec, t1
	mv	s0, a0
	mv	s1, a1
	call	harts_init		/* (hart id, device tree) -> this hart's struct */
	mv	tp, a0
	ld	sp, HART_STACK(tp)
	mv	a0, s0
	mv	a1, s1
	call	guest_main
	call	finish

	.balign 4
/* HSM start of a further hart: a0 = hart id, a1 = its struct guest_hart */
	.global guest_secondary
guest_secondary:
	csrw	sie, zero
	mv	tp, a1
	ld	sp, HART_STACK(tp)
	lla	t1, guest_trap
	csrw	stvec, t1
	ld	a0, HART_ARG(tp)
	ld	t0, HART_FN(tp)
	jalr	t0
	call	hart_stop_self

/*
 * All traps: save every register in a struct trap on the stack, call C, and restore the registers.
 */
	.balign 4
guest_trap:
	addi	sp, sp, -TRAP_SIZE
	.irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, \n*8(sp)
	.endr
	addi	t0, sp, TRAP_SIZE
	sd	t0, 2*8(sp)
	csrr	t0, sepc
	sd	t0, 32*8(sp)
	csrr	t0, sstatus
	sd	t0, 33*8(sp)
	csrr	t0, scause
	sd	t0, 34*8(sp)
	csrr	t0, stval
	sd	t0, 35*8(sp)
	mv	a0, sp
	call	trap_handle
	ld	t0, 32*8(sp)
	csrw	sepc, t0
	ld	t0, 33*8(sp)
	csrw	sstatus, t0
	.irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, \n*8(sp)
	.endr
	ld	sp, 2*8(sp)
	sret

/*
 * u64 trap_call(fn, arg): call fn(arg). trap_handle() can end the call: it goes on at trap_unwind,
 * with the sp that the hart's catch word holds. Return: 0 when fn returned, 1 when the call was
 * ended.
 */
	.global trap_call
trap_call:
	addi	sp, sp, -CALL_FRAME
	callee_saved sd
	ld	t0, HART_CATCH(tp)
	sd	t0, CALL_CATCH(sp)	/* calls may nest */
	sd	sp, HART_CATCH(tp)
	mv	t0, a0
	mv	a0, a1
	jalr	t0
	li	a0, 0
	j	1f
	.global trap_unwind
trap_unwind:
	li	a0, 1
1:	ld	t0, CALL_CATCH(sp)
	sd	t0, HART_CATCH(tp)
	callee_saved ld
	addi	sp, sp, CALL_FRAME
	ret

	.section .bss
	.balign 16
	.space 4096
guest_boot_stack_top:
