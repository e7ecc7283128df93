/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring of events, without locks or waiting. It must never lose an event without saying so.
 */
#include "lib/event_ring.h"

void event_ring_put(struct event_ring *r, struct cleave_event *ev)
{
	r->posted++;
	ev->seq = r->posted;
	r->event[r->posted % EVENT_RING] = *ev;
}

bool event_ring_get(const struct event_ring *r, u64 seq, struct cleave_event *out)
{
	u64 oldest = r->posted < EVENT_RING ? 1U : r->posted - EVENT_RING + 1U;

	if (seq >= r->posted)
		return false;
	if (seq + 1U >= oldest) {
		*out = r->event[(seq + 1U) % EVENT_RING];
		return true;
	}
	*out = (struct cleave_event){ .seq = oldest - 1U,
				      .type = CLEAVE_EVENT_LOST,
				      .vm = CLEAVE_VM_SELF,
				      .arg = oldest - 1U - seq,
				      .time = r->event[oldest % EVENT_RING].time };
	return true;
}
