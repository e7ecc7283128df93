/* SPDX-License-Identifier: BSD-2-Clause */
/* What is typed to the manager, and the manager's sleep. */
#ifndef GUESTS_MANAGER_INPUT_H
#define GUESTS_MANAGER_INPUT_H

#include "guests/lib/guest.h"

/**
 * input_init() - let typing wake the hart, by the interrupt of the UART in the device tree @fdt
 *
 * Without such a UART, input_sleep() wakes 50 times a second for a look.
 */
void input_init(const void *fdt);

/** input_read() - fetch at most @size typed bytes, without waiting. Return: how many */
size_t input_read(char *buf, size_t size);

/**
 * input_sleep() - sleep in WFI until time @until, ticks, or until something is typed, or until a
 * device interrupts
 *
 * It may return early for no reason at all. The caller has served all devices before.
 */
void input_sleep(u64 until);

#endif
