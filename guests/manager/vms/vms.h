/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's partitions as the commands name them, and the answers of hypercalls on them, in
 * words.
 *
 * Builds for the host too, where a test answers the hypercalls.
 */
#ifndef GUESTS_MANAGER_VMS_H
#define GUESTS_MANAGER_VMS_H

#include "guests/manager/shell/shell.h"

/**
 * vms_find() - find the partition that a person named, by its number or its whole name
 * Return: true when it is there, with @info filled in; else shell_error() has been told.
 */
bool vms_find(const char *word, struct cleave_vm_info *info);

/**
 * vms_next() - find the next partition, for a loop over all of them
 * @id: 0 at the beginning of the loop; vms_next() alone changes it after that
 * Return: true when there is one, with @info filled in.
 */
bool vms_next(u32 *id, struct cleave_vm_info *info);

/** vms_self() - Return: the manager's own id */
u32 vms_self(void);

/**
 * vms_complete() - add the names of the other partitions whose state has its bit (1 << state) in
 * @states
 */
void vms_complete(struct complete *c, u32 states);

/**
 * vms_failed() - if a hypercall failed, tell shell_error() what failed, for which partition, and
 * why
 * @what: what the call was to do
 * Return: true when it failed.
 */
bool vms_failed(const struct cleave_vm_info *vm, const char *what, struct sbiret r);

/**
 * vms_expect() - a command or a job has brought @vm into @state: that is no news for vms_watch()
 *
 * Call it after a change that succeeded, before the main loop looks at the partitions again. What
 * @vm does by itself in the meantime is still news.
 */
void vms_expect(u32 vm, u32 state);

#endif
