/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs that move partitions, as the manager's main loop and shell see them: migrate, checkpoint, restore, cancel, jobs.
 *
 * All is called by the manager's one hart, from the main loop or from within it. Nothing here may wait.
 *
 * What free_memory() tells is the jobs' while move_busy(), else the demonstration's (demo.c), which may overwrite all of it: what
 * has to outlive a job is static. Each unmaps the windows that it maps; the demonstration's are at 0x4000000000 and above.
 */
#ifndef GUESTS_MANAGER_MOVE_H
#define GUESTS_MANAGER_MOVE_H

#include "guests/manager/shell/shell.h"

/* The commands, for the shell's table */
extern const struct command move_commands[];
extern const u32 move_commands_nr;

/** move_init() - look for links in the device tree @fdt, and for what an earlier life of the manager left behind */
void move_init(const void *fdt);

/** move_step() - a bounded piece of work of the jobs. Return: true: step me again at once; false: may sleep */
bool move_step(void);

/** move_busy() - Return: a job runs, though it may be waiting: the manager must not end */
bool move_busy(void);

/** move_uses() - Return: a job works on partition @vm: no command may change its state, its log or its brake meanwhile */
bool move_uses(u32 vm);

#endif
