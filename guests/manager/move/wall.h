/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The time of day, from a real-time clock that the manager's partition drives itself
 * (google,goldfish-rtc, named in `devices`). It is only read.
 */
#ifndef GUESTS_MANAGER_WALL_H
#define GUESTS_MANAGER_WALL_H

#include "guests/lib/guest.h"

/** wall_init() - find the clock in the manager's tree */
void wall_init(const void *fdt);

/** wall_now() - Return: nanoseconds since 1970 UTC; 0: there is no clock, or it was never set */
u64 wall_now(void);

#endif
