/* SPDX-License-Identifier: BSD-2-Clause */
/* The other partitions as the main loop watches them. */
#ifndef GUESTS_MANAGER_VMS_WATCH_H
#define GUESTS_MANAGER_VMS_WATCH_H

#include "guests/manager/vms/vms.h"

/** vms_init() - look at all partitions for the first time. The first vms_watch() tells those that have run and ended by now */
void vms_init(void);

/** vms_watch() - look at all partitions, and tell in one line each what became of them without the manager */
void vms_watch(void);

/**
 * vms_over() - nothing is left to manage
 * Return: every other partition has run, has ended of itself, and vms_watch() has told so. One that is empty or was never
 * started waits for a command.
 */
bool vms_over(void);

#endif
