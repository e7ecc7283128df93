/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of events itself, without locks or waiting: builds for the host too. */
#ifndef CORE_EVENT_RING_H
#define CORE_EVENT_RING_H

#include <abi/cleave.h>
#include <cleave/types.h>

#define EVENT_RING 64U

/** struct event_ring - @posted: number of the newest event, 0: none yet; event n is in slot n % EVENT_RING */
struct event_ring {
	u64 posted;
	struct cleave_event event[EVENT_RING];
};

/** event_ring_put() - add an event to a ring, over the oldest; @ev's number is set */
void event_ring_put(struct event_ring *r, struct cleave_event *ev);

/**
 * event_ring_get() - the first event after number @seq
 * @out: it; where it was overwritten already, a CLEAVE_EVENT_LOST with arg = how many were, and the number of the last of
 *       them, so that the next call with that number goes on without a gap
 * Return: false when there is none yet. A @seq that was never given out counts as the newest.
 */
bool event_ring_get(const struct event_ring *r, u64 seq, struct cleave_event *out);

#endif
