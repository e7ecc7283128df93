/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an arrival changes of a guest beside its place: the time that passed meanwhile, and which
 * copy of the guest it is. Builds for the host too.
 *
 * A guest's time never goes back, and never runs ahead of what has passed.
 */
#ifndef GUESTS_LIB_MIGRATE_CLOCK_H
#define GUESTS_LIB_MIGRATE_CLOCK_H

#include <abi/state.h>
#include "guests/lib/migrate/migrate_stream.h"

/**
 * migrate_clock_between() - how much time lies between two times of day
 * @from, @to: nanoseconds since 1970 UTC; 0: not known
 * @timebase: ticks in a second, Hz
 * @ticks: gets the time
 * Return: true; false when it is not known, or negative, or out of reach: then @line gets why
 * appended.
 */
bool migrate_clock_between(uint64_t from, uint64_t to, uint64_t timebase, uint64_t *ticks,
			   struct migrate_line *line);

/**
 * migrate_clock_add() - add @ticks to a guest's time
 * Return: false when it would begin anew from 0: then it is as it was.
 */
bool migrate_clock_add(uint64_t *time, uint64_t ticks);

/**
 * migrate_generation_next() - make the generation of a new copy out of that of the copied guest
 * @seed: @size bytes that no other copy is made with
 */
void migrate_generation_next(struct cleave_state_generation *generation, const void *seed,
			     size_t size);

#endif
