/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guests/mode_run.S"

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
