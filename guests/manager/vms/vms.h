/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's partitions as the shell's commands name them, and what hypercalls on them answered, in words. */
#ifndef GUESTS_MANAGER_VMS_H
#define GUESTS_MANAGER_VMS_H

#include "guests/manager/shell/shell.h"

/**
 * vms_find() - the partition that a person named by number or by its whole name
 * Return: it is there, with @info; else shell_error() has been told.
 */
bool vms_find(const char *word, struct cleave_vm_info *info);

/** vms_self() - Return: the manager's own id */
u32 vms_self(void);

/** vms_complete() - add names of partitions other than this one; those alone whose state has a bit in @states (1 << state) */
void vms_complete(struct complete *c, u32 states);

/** vms_state() - Return: the state in a word */
const char *vms_state(u32 state);

/** vms_failed() - tell shell_error() that a call failed, with what, on whom and why. Return: true when it did */
bool vms_failed(const struct cleave_vm_info *vm, const char *what, struct sbiret r);

/**
 * vms_expect() - a command or a job has brought @vm into @state itself: to find it there is no news
 * Call it behind a change that went well, before the main loop looks at the partitions again. What @vm does of itself
 * meanwhile is news all the same.
 */
void vms_expect(u32 vm, u32 state);

#endif
