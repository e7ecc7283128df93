/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs that move partitions, for the manager's main loop and for its other commands.
 *
 * The manager's one hart calls all of it, from the main loop or from within it. Nothing here may
 * wait.
 *
 * The memory that free_memory() finds belongs to the jobs while move_busy(). At other times the
 * demonstration (demo/) may overwrite all of it, so what outlives a job is static. Each of the two
 * unmaps the windows that it maps; the demonstration's are at 0x4000000000 and above.
 */
#ifndef GUESTS_MANAGER_MOVE_H
#define GUESTS_MANAGER_MOVE_H

#include "guests/manager/shell/shell.h"

/* move_commands.c: migrate, checkpoint, restore, cancel, jobs, links, decide, reboot */
extern const struct command move_commands[];
extern const u32 move_commands_nr;

/**
 * move_init() - look for links in the device tree @fdt, and clean up what an earlier life of the
 * manager left behind
 */
void move_init(const void *fdt);

/**
 * move_step() - do a bounded piece of the jobs' work
 * Return: true: call again at once; false: the caller may sleep.
 */
bool move_step(void);

/** move_busy() - Return: true when a job is running, even if it waits: the manager must not end */
bool move_busy(void);

/**
 * move_uses() - does a job use the partition @vm?
 * Return: true when one does: no command may change the partition's state, log or brake.
 */
bool move_uses(u32 vm);

#endif
