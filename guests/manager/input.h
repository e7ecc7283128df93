/* SPDX-License-Identifier: BSD-2-Clause */
/* What is typed to the manager, and its sleep. */
#ifndef GUESTS_MANAGER_INPUT_H
#define GUESTS_MANAGER_INPUT_H

#include "guests/lib/guest.h"

/** input_init() - let what is typed end the hart's sleep, by the UART of @fdt; without one it is looked for 50 times a second */
void input_init(const void *fdt);

/** input_read() - fetch what was typed, at most @size bytes, without waiting. Return: how many */
size_t input_read(char *buf, size_t size);

/**
 * input_sleep() - sleep in WFI until time @until, ticks, or until something is typed, or a device interrupts
 * It may return early for no reason at all. Devices must have been served before.
 */
void input_sleep(u64 until);

#endif
