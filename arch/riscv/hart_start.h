/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting harts: the boot hart's own beginning, and the other harts through SBI HSM.
 */
#ifndef ARCH_RISCV_HART_START_H
#define ARCH_RISCV_HART_START_H

#include <cleave/types.h>

/**
 * hart_init_boot() - put the calling hart into the table of harts as number 0
 * @hartid: its mhartid
 *
 * Its stacks are the ones in the image. Called first of all, with tp at the table's first entry.
 */
void hart_init_boot(u64 hartid);

/**
 * hart_start_all() - start every other hart of the table; each ends up in hart_main()
 *
 * A hart that does not start is left out, and a line says so. Boot hart only.
 *
 * Return: the number of harts that are online, the boot hart included.
 */
u32 hart_start_all(void);

#endif
