/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Macros for assembly files. gp is never used: it belongs to the guest while a guest runs. tp is struct hart *.
 */
#ifndef ARCH_RISCV_ASM_H
#define ARCH_RISCV_ASM_H

/* The formatter takes directives for C. */
/* clang-format off */

/* FUNCTION(name) ... END(name): a global function in a section of its own */
#define FUNCTION(name) \
	.section .text.name, "ax", @progbits; \
	.balign 4; \
	.globl name; \
	.type name, @function; \
	name:

#define END(name) .size name, . - name

/* clang-format on */

#endif
