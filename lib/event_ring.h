/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of events, the newest of which overwrite the oldest. Builds for the host too.
 *
 * Locking: none. The caller must see to it that nobody reads a ring while it is written.
 */
#ifndef LIB_EVENT_RING_H
#define LIB_EVENT_RING_H

#include <abi/cleave.h>
#include <cleave/types.h>

#define EVENT_RING 64U /* events that a ring holds */

/**
 * struct event_ring - a ring; all zero is one without an event
 * @posted: number of the newest event; 0: there is none yet
 * @event: event number n is in slot n % EVENT_RING
 */
struct event_ring {
	u64 posted;
	struct cleave_event event[EVENT_RING];
};

/**
 * event_ring_put() - add an event to a ring; if the ring is full, the oldest one is overwritten
 * @ev: the event; its number is set
 */
void event_ring_put(struct event_ring *r, struct cleave_event *ev);

/**
 * event_ring_get() - read the first event after a number
 * @seq: the number; one that no event has had yet counts as that of the newest event
 * @out: the event. If that event has been overwritten, it is a CLEAVE_EVENT_LOST instead: arg says
 * how many were lost, and its number is that of the last one lost, so that the next call with that
 * number goes on without a gap
 *
 * Return: false when there is no event after @seq yet.
 */
bool event_ring_get(const struct event_ring *r, u64 seq, struct cleave_event *out);

#endif
