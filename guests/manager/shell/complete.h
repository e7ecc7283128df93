/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion: what the word before the cursor may become.
 *
 * Builds for the host too. It never writes beyond its buffers, however many candidates there are.
 */
#ifndef GUESTS_MANAGER_COMPLETE_H
#define GUESTS_MANAGER_COMPLETE_H

#include "guests/lib/guest.h"

#define COMPLETE_MAX  64U /* candidates that are kept */
#define COMPLETE_WORD 40U /* bytes of a candidate with its NUL; longer words are left out */

/**
 * struct complete - the candidates for one word
 * @stem: what has been typed of the word
 * @word: the @nr candidates, which begin with @stem, in the order in which they were added
 */
struct complete {
	const char *stem;
	u32 nr;
	char word[COMPLETE_MAX][COMPLETE_WORD];
};

/** complete_begin() - start without candidates; @stem must live as long as @c is used */
void complete_begin(struct complete *c, const char *stem);

/** complete_add() - add @word if it begins with the stem and is not there yet */
void complete_add(struct complete *c, const char *word);

/**
 * complete_common() - find the longest text that all candidates begin with
 * @buf: COMPLETE_WORD bytes
 * Return: its length in bytes; 0 when there are no candidates.
 */
size_t complete_common(const struct complete *c, char *buf);

#endif
