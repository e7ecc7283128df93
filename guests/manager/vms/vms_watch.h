/* SPDX-License-Identifier: BSD-2-Clause */
/* Watching the other partitions, for the main loop. */
#ifndef GUESTS_MANAGER_VMS_WATCH_H
#define GUESTS_MANAGER_VMS_WATCH_H

#include "guests/manager/vms/vms.h"

/**
 * vms_init() - look at all partitions for the first time; those that have ended by now are news
 * for vms_watch()
 */
void vms_init(void);

/**
 * vms_watch() - look at all partitions, and print one line for each that changed its state by
 * itself
 */
void vms_watch(void);

/**
 * vms_over() - is nothing left to manage?
 * Return: true when that is so.
 *
 * Nothing is left when every other partition has run, has ended by itself, and vms_watch() has
 * said so. A partition that is empty or was never started waits for a command, so it does not
 * count as ended.
 */
bool vms_over(void);

#endif
