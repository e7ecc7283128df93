/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion: what the word before the cursor may become. Builds for the host too; must never write behind its buffer. */
#ifndef GUESTS_MANAGER_COMPLETE_H
#define GUESTS_MANAGER_COMPLETE_H

#include "guests/lib/guest.h"

#define COMPLETE_MAX  64U /* candidates that are kept */
#define COMPLETE_WORD 40U /* bytes of one, its NUL included; a longer one is no candidate */

/** struct complete - @stem: what was typed of the word; @word: candidates that begin with it, in the order added, none twice */
struct complete {
	const char *stem;
	u32 nr;
	char word[COMPLETE_MAX][COMPLETE_WORD];
};

/** complete_begin() - no candidates yet for @stem, which must live as long as @c is used */
void complete_begin(struct complete *c, const char *stem);

/** complete_add() - @word is a candidate if it begins with the stem */
void complete_add(struct complete *c, const char *word);

/**
 * complete_common() - the longest text that all candidates begin with
 * @buf: COMPLETE_WORD bytes
 * Return: its length, bytes; 0 without candidates.
 */
size_t complete_common(const struct complete *c, char *buf);

#endif
