/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of messages in memory that two programs share (channel.h says what is promised).
 *
 *	line of the sender | line of the receiver | place 0 | place 1 | ...
 *
 * Message n is in place n modulo the number of places. A place is a length of 32 bits, and the
 * bytes after it. Where places and lines are follows from what the caller says, never from what is
 * in the memory.
 */
#include "guests/lib/channel/channel.h"

#include <cleave/string.h>

#define CHANNEL_LENGTH 4U /* bytes of a message's length */

/* Tests on the host let the other side act before each access to a word of the memory. */
#ifdef ATOMIC_POINTS
extern void (*atomic_hook)(void);
#define channel_point() (atomic_hook != NULL ? atomic_hook() : (void)0)
#else
#define channel_point() ((void)0)
#endif

#define channel_load(p)		    (channel_point(), __atomic_load_n((p), __ATOMIC_RELAXED))
#define channel_load_acquire(p)	    (channel_point(), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define channel_store(p, v)	    (channel_point(), __atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define channel_store_release(p, v) (channel_point(), __atomic_store_n((p), (v), __ATOMIC_RELEASE))

_Static_assert(sizeof(struct channel_line) == 64U, "a line of one side is one cache line");

static u64 channel_stride(u32 longest)
{
	return ALIGN_UP((u64)longest + CHANNEL_LENGTH, sizeof(u64));
}

u64 channel_bytes(u32 places, u32 longest)
{
	if (places == 0U || (places & (places - 1U)) != 0U || longest == 0U ||
	    longest > CHANNEL_MESSAGE_MAX)
		return 0;
	return 2U * sizeof(struct channel_line) + places * channel_stride(longest);
}

static u8 *channel_place(const struct channel_end *e, u64 number)
{
	return e->place + (number & (e->places - 1U)) * channel_stride(e->longest);
}

/* Find the parts of the queue. Return: false when it does not fit into the memory. */
static bool channel_find(struct channel_end *e, void *memory, u64 size, u32 places, u32 longest,
			 u32 side)
{
	struct channel_line *line = memory;
	u64 bytes = channel_bytes(places, longest);

	if (bytes == 0U || bytes > size || !IS_ALIGNED((uintptr_t)memory, sizeof(*line)))
		return false;
	*e = (struct channel_end){
		.own = &line[side],
		.peer = &line[1U - side],
		.place = (u8 *)&line[2],
		.places = places,
		.longest = longest,
	};
	return true;
}

/*
 * Begin a life at message number e->next. The index comes first, with the release of the life: who
 * sees that this side has begun sees where.
 */
static void channel_begin(struct channel_end *e)
{
	e->peer_life = channel_load_acquire(&e->peer->life);
	channel_store(&e->own->index, e->next);
	channel_store_release(&e->own->life, channel_load(&e->own->life) + 1U);
}

bool channel_sender(struct channel_end *e, void *memory, u64 size, u32 places, u32 longest)
{
	u64 acknowledged;

	if (!channel_find(e, memory, size, places, longest, 0))
		return false;
	acknowledged = channel_load_acquire(&e->peer->index);
	e->next = channel_load(&e->own->index);
	if (e->next - acknowledged > places)
		e->next = acknowledged;
	channel_begin(e);
	return true;
}

bool channel_receiver(struct channel_end *e, void *memory, u64 size, u32 places, u32 longest)
{
	u64 sent;

	if (!channel_find(e, memory, size, places, longest, 1))
		return false;
	sent = channel_load_acquire(&e->peer->index);
	e->next = channel_load(&e->own->index);
	if (sent - e->next > places)
		e->next = sent;
	channel_begin(e);
	return true;
}

/*
 * Read the other side's index, once. Return: how far the sender is ahead of the receiver, at most
 * e->places; more than that: the queue is broken, and stays so.
 */
static u64 channel_ahead(struct channel_end *e, bool sender)
{
	u64 index = channel_load_acquire(&e->peer->index);
	u64 ahead = sender ? e->next - index : index - e->next;

	e->broken = e->broken || ahead > e->places;
	return ahead;
}

enum channel_answer channel_send(struct channel_end *e, const void *message, u32 len)
{
	u64 ahead = channel_ahead(e, true);
	u8 *place = channel_place(e, e->next);

	if (len > e->longest)
		return CHANNEL_LONG;
	if (e->broken)
		return CHANNEL_BROKEN;
	if (ahead == e->places)
		return CHANNEL_FULL;
	channel_store((u32 *)(void *)place, len);
	memcpy(place + CHANNEL_LENGTH, message, len);
	e->next++;
	/* Release: who sees the number sees the message. */
	channel_store_release(&e->own->index, e->next);
	return CHANNEL_OK;
}

enum channel_answer channel_take(struct channel_end *e, void *buffer, u32 size, u32 *len)
{
	u64 ahead = channel_ahead(e, false);
	const u8 *place = channel_place(e, e->next);
	u32 bytes;

	if (e->broken)
		return CHANNEL_BROKEN;
	if (ahead == 0U)
		return CHANNEL_EMPTY;
	/* Once: the other side may change it at any moment. */
	bytes = channel_load((const u32 *)(const void *)place);
	if (bytes > e->longest) {
		e->broken = true;
		return CHANNEL_BROKEN;
	}
	if (bytes > size)
		return CHANNEL_LONG;
	memcpy(buffer, place + CHANNEL_LENGTH, bytes);
	*len = bytes;
	e->taken = true;
	return CHANNEL_OK;
}

void channel_acknowledge(struct channel_end *e)
{
	if (!e->taken)
		return;
	e->taken = false;
	e->next++;
	/* Release: the message was read before its place is free. */
	channel_store_release(&e->own->index, e->next);
}

bool channel_peer_began(struct channel_end *e)
{
	u64 life = channel_load_acquire(&e->peer->life);

	if (life == e->peer_life)
		return false;
	e->peer_life = life;
	e->broken = false;
	return true;
}
