/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that look random, and are the same in every run. */
#ifndef TESTS_GUESTS_RANDOM_H
#define TESTS_GUESTS_RANDOM_H

#include "guests/lib/guest.h"

/** random_next() - Return: the next number of a fixed sequence; @state is not 0 */
static inline u64 random_next(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
