/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Macros for assembly files.
 *
 * Register use: the hypervisor never uses gp, because it belongs to the guest while a guest runs.
 * tp points to the hart's struct hart.
 */
#ifndef ARCH_RISCV_ASM_H
#define ARCH_RISCV_ASM_H

/* The formatter would take the directives for C. */
/* clang-format off */

/* FUNCTION(name) and END(name) enclose a global function, which has a section of its own. */
#define FUNCTION(name) \
	.section .text.name, "ax", @progbits; \
	.balign 4; \
	.globl name; \
	.type name, @function; \
	name:

#define END(name) .size name, . - name

/* clang-format on */

#endif
