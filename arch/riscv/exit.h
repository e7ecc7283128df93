/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between switch.S and exit.c: what to do after an exit has been looked at. For C and assembly;
 * nobody else needs it.
 */
#ifndef ARCH_RISCV_EXIT_H
#define ARCH_RISCV_EXIT_H

/*
 * Answers of exit_fast() and exit_full(). The first two have the values of enum guest_leave, so
 * that core's answer is passed on as it is.
 */
#define EXIT_RESUME 0 /* back into the guest */
#define EXIT_LEAVE  1 /* out of guest_run() */
#define EXIT_FULL   2 /* exit_fast() only: save all registers and call exit_full() */

#ifndef __ASSEMBLY__

#include "arch/riscv/guest.h"

/**
 * exit_fast() - look at an exit while the guest's s0-s11 and gp are still in the hart
 * @g: the loaded guest; its caller-saved registers, sp, tp and pc are saved
 *
 * Only switch.S calls it, on the hart's stack, with interrupts off.
 *
 * Return: EXIT_RESUME, EXIT_LEAVE or EXIT_FULL.
 */
int exit_fast(struct guest *g);

/**
 * exit_full() - finish an exit to which exit_fast() has answered EXIT_FULL
 * @g: the loaded guest; all its registers are in @g->x, and are loaded from there afterwards
 *
 * Return: EXIT_RESUME or EXIT_LEAVE.
 */
int exit_full(struct guest *g);

/**
 * exit_walk_reads() - does the VS-stage's walk for @va read the entry at @gpa?
 * @gpa: any address; that of an entry is a multiple of 8
 */
bool exit_walk_reads(struct guest *g, u64 va, u64 gpa);

#endif
#endif
