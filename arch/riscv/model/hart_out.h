/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts that are not used, and why: said in one line for each reason, however many there are.
 */
#ifndef ARCH_RISCV_HART_OUT_H
#define ARCH_RISCV_HART_OUT_H

#include <cleave/types.h>

/**
 * hart_out() - leave hart @id out
 * @fmt: the reason, as of str_format(); it holds for one hart and for several
 *
 * At boot; of the harts that start, only while the boot hart waits for this one.
 */
void hart_out(u64 id, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** hart_out_why() - Return: why hart @id was left out; NULL: it was not, or too many were */
const char *hart_out_why(u64 id);

/** hart_out_say() - say which harts have been left out since the last time, and why */
void hart_out_say(void);

#endif
