/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that a person entered, the newest of them. Builds for the host too. */
#ifndef GUESTS_MANAGER_HISTORY_H
#define GUESTS_MANAGER_HISTORY_H

#include "guests/lib/guest.h"

#define HISTORY_LINES 64U
#define HISTORY_BYTES 256U /* of one line with its NUL */

/**
 * struct history - a ring of lines; all zero: empty
 * @nr: lines that are kept
 * @next: where the next line goes; once the ring is full, that is the oldest line's place
 */
struct history {
	u32 nr;
	u32 next;
	char line[HISTORY_LINES][HISTORY_BYTES];
};

/** history_add() - keep @text, unless it is blank, too long, or the same as the line before it */
void history_add(struct history *h, const char *text);

/** history_get() - Return: the line entered @back lines ago (1: the last one); NULL: not kept */
const char *history_get(const struct history *h, u32 back);

#endif
