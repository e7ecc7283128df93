/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines that were entered, newest first. Builds for the host too. */
#ifndef GUESTS_MANAGER_HISTORY_H
#define GUESTS_MANAGER_HISTORY_H

#include "guests/lib/guest.h"

#define HISTORY_LINES 64U
#define HISTORY_BYTES 256U /* of one line, its NUL included */

/** struct history - @nr lines; @next: where the next one goes, over the oldest when all are taken. Zero: empty */
struct history {
	u32 nr;
	u32 next;
	char line[HISTORY_LINES][HISTORY_BYTES];
};

/** history_add() - keep @text, if it is not blank, not what was kept last, and shorter than HISTORY_BYTES */
void history_add(struct history *h, const char *text);

/** history_get() - Return: the line entered @back lines ago, 1: the last one; NULL when it is not kept */
const char *history_get(const struct history *h, u32 back);

#endif
