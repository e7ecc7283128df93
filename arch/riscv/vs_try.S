/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores that a hart makes in VS-mode for the self-test, before there is a guest
 * (probe/selftest.c).
 *
 * It must never enter VS-mode with a register that it does not put back: the way there and back has
 * no struct guest.
 */
#include "arch/riscv/asm.h"
#include "arch/riscv/csr.h"

/*
 * u64 vs_try(u64 pc, u64 a0): run the code at the guest-physical address pc in VS-mode, with a0,
 * until it traps; return scause. The code changes a0 and a1 alone. vsatp is 0, sstatus.SPP and
 * hstatus.SPV are set, and nothing is delegated or enabled.
 */
FUNCTION(vs_try)
	la	t0, .Ltrapped
	csrrw	t0, CSR_STVEC, t0
	csrw	CSR_SEPC, a0
	mv	a0, a1
	sret
	.balign	4
.Ltrapped:
	csrw	CSR_STVEC, t0
	csrr	a0, CSR_SCAUSE
	ret
END(vs_try)

/*
 * One store each, of VS_TRY_SIZE bytes; selftest.h numbers them. The page that they are in is
 * mapped for the guest.
 */
	.section .text.vs_try_code, "ax", @progbits
	.option	push
	.option	norvc
	.balign	128
	.globl	vs_try_code
vs_try_code:
	sd	zero, 0(a0)
	ecall
	.balign	16
	amoor.d	zero, zero, (a0)
	ecall
	.balign	16
1:	lr.d	a1, (a0)
	sc.d	a1, a1, (a0)
	bnez	a1, 1b
	ecall
	.balign	16
	.word	0x0045200f	/* cbo.zero (a0): Zicboz, which the assembler may not know */
	ecall
	.balign	16
	sd	zero, -4(a0)	/* the last bytes of one page and the first of the next */
	ecall
	.balign	16
	.option	pop
