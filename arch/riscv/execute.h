/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that C has no words for, with no, one or two registers that they read. On the host a
 * test plays the hart: it gets their text and the values (tests/model/hart_model.h).
 */
#ifndef ARCH_RISCV_EXECUTE_H
#define ARCH_RISCV_EXECUTE_H

#include <cleave/types.h>

#ifdef CLEAVE_HOST
void execute_host(const char *insn, u64 a, u64 b);
#define execute(insn)		execute_host(insn, 0, 0)
#define execute_one(insn, a)	execute_host(insn, a, 0)
#define execute_two(insn, a, b) execute_host(insn, a, b)
#else
/** execute(), execute_one(), execute_two() - execute @insn, in which %0 is @a and %1 is @b */
#define execute(insn)		__asm__ volatile(insn ::: "memory")
#define execute_one(insn, a)	__asm__ volatile(insn ::"r"((u64)(a)) : "memory")
#define execute_two(insn, a, b) __asm__ volatile(insn ::"r"((u64)(a)), "r"((u64)(b)) : "memory")
#endif

#endif
