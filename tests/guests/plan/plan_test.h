/* SPDX-License-Identifier: BSD-2-Clause */
/* What main.c and attack.c share. */
#ifndef TESTS_GUESTS_PLAN_TEST_H
#define TESTS_GUESTS_PLAN_TEST_H

#include "guests/lib/guest.h"

extern u64 tick_us; /* ticks in a microsecond */

/**
 * attack() - take part in the attack @role; hart 0 of the partition
 * Return: false: there is none of that name. All others go on until the machine is ended.
 */
bool attack(const char *role, unsigned long hartid);

#endif
