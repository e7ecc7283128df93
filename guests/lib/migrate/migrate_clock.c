/* SPDX-License-Identifier: BSD-2-Clause */
/* The time that passed while a guest was away, and the number of a copy. */
#include "guests/lib/migrate/migrate_clock.h"

#define NANOS	 UINT64_C(1000000000)
#define THOUSAND UINT64_C(1000) /* a time base is split, so that no product is too large */

/* The longest time that is added to a guest's: it fits with any sum of the parts of a second. */
#define TICKS_MAX (UINT64_MAX / 2U)

bool migrate_clock_between(uint64_t from, uint64_t to, uint64_t timebase, uint64_t *ticks,
			   struct migrate_line *line)
{
	uint64_t seconds, rest;

	if (from == 0U || to == 0U) {
		migrate_line_add(line, "nobody knows how much time has passed: %s",
				 from == 0U ? "the checkpoint has no time of day"
					    : "there is no clock here");
		return false;
	}
	if (to < from) {
		migrate_line_add(line, "the clock here is %lu s behind that of the checkpoint",
				 (from - to) / NANOS);
		return false;
	}
	seconds = (to - from) / NANOS;
	rest = (to - from) % NANOS;
	if (timebase == 0U || seconds > TICKS_MAX / timebase) {
		migrate_line_add(line, "%lu s have passed, which is more than a guest's time holds",
				 seconds);
		return false;
	}
	*ticks = seconds * timebase + rest * (timebase / THOUSAND) / (NANOS / THOUSAND) +
		 rest * (timebase % THOUSAND) / NANOS;
	return true;
}

bool migrate_clock_add(uint64_t *time, uint64_t ticks)
{
	if (*time + ticks < *time)
		return false;
	*time += ticks;
	return true;
}

void migrate_generation_next(struct cleave_state_generation *generation, const void *seed,
			     size_t size)
{
	uint64_t chain = migrate_digest(generation, sizeof(*generation), 0);
	uint64_t half[2];

	half[0] = migrate_digest(seed, size, chain);
	half[1] = migrate_digest(seed, size, ~chain);
	/* All 0 is a guest that was never copied. */
	if (half[0] == 0U)
		half[0] = 1U;
	if (generation->count != UINT64_MAX)
		generation->count++;
	memcpy(generation->id, half, sizeof(generation->id));
}
