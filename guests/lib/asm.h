/* SPDX-License-Identifier: BSD-2-Clause */
/* Macros for assembly files of guest programs. */
#ifndef GUESTS_LIB_ASM_H
#define GUESTS_LIB_ASM_H

#define CALLEE_SAVED_SIZE 104 /* bytes */

#ifdef __ASSEMBLER__
/* The formatter would take the directives for C. */
/* clang-format off */

/*
 * Store (op: sd) or load (op: ld) the return address and the registers that a function must keep,
 * in the first CALLEE_SAVED_SIZE bytes of its frame.
 */
	.macro	callee_saved op
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

/* clang-format on */
#endif

#endif
