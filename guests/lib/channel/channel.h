/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of messages in memory that two programs share: one sends, the other receives. Either may
 * begin anew at any instant, and goes on where its last life has left off.
 *
 * It must never trust the other side, which may write anything anywhere in the memory, at any
 * moment. So a side works by numbers of its own. It reads each word of the other side once, and
 * judges what it has read before it uses it. Whatever stands in the memory, nothing outside the
 * queue and the caller's buffer is touched, no call loops, and the other side can spoil nothing but
 * the messages between the two.
 *
 * What is promised while both keep to the rules: messages come in order, whole, and each is seen by
 * the receiver until it has acknowledged it, and never after that. A message that is sent is not
 * lost when either side begins anew. One that a receiver has taken and not acknowledged is taken
 * once more by its next life.
 *
 * Concurrency: the memory has one sender and one receiver at a time, and each of these structures
 * one user. A side's index is stored with release and loaded with acquire (RVWMO: `fence rw, w`
 * before the store, `fence r, rw` after the load): the message is there before its number, and a
 * place is free only after it was read.
 */
#ifndef GUESTS_LIB_CHANNEL_H
#define GUESTS_LIB_CHANNEL_H

#include <cleave/types.h>

#define CHANNEL_MESSAGE_MAX 0x10000U /* bytes of the longest message that a queue may be made for */

enum channel_answer {
	CHANNEL_OK = 0,
	CHANNEL_FULL,  /* no place is free: the receiver has not acknowledged enough */
	CHANNEL_EMPTY, /* there is no message */
	CHANNEL_LONG,  /* the message is longer than a place, or than the caller's buffer */
	/*
	 * What the other side has written makes no sense. Until it begins anew
	 * (channel_peer_began()), or this side does, all calls answer so.
	 */
	CHANNEL_BROKEN,
};

/**
 * struct channel_line - what one side writes, and the other one reads; on a cache line of its own
 * @index: messages that the sender has sent, or that the receiver has acknowledged, in all
 * @life: how often the side has begun
 */
struct channel_line {
	u64 index;
	u64 life;
	u64 reserved[6];
};

/**
 * struct channel_end - one side of a queue
 * @own, @peer: the lines of this side and of the other, in the shared memory
 * @place: the first place of a message, in the shared memory
 * @places: how many there are, a power of two
 * @longest: bytes of the longest message
 * @next: number of the message that is sent or taken next
 * @taken: a receiver has taken that message, and not acknowledged it
 * @peer_life: the other side's @life, as it was seen last
 * @broken: see CHANNEL_BROKEN
 */
struct channel_end {
	struct channel_line *own;
	struct channel_line *peer;
	u8 *place;
	u32 places;
	u32 longest;
	u64 next;
	u64 peer_life;
	bool taken;
	bool broken;
};

/**
 * channel_bytes() - Return: bytes of memory of a queue; 0: it cannot be
 * @places: messages that it holds at most, a power of two
 * @longest: bytes of the longest, 1 to CHANNEL_MESSAGE_MAX
 */
u64 channel_bytes(u32 places, u32 longest);

/**
 * channel_sender(), channel_receiver() - begin, or begin anew, as one side of a queue
 * @memory: the queue, at a multiple of 64 bytes; zero before it was used the first time
 * @size: bytes there
 * @places, @longest: as of channel_bytes(); both sides say the same
 *
 * A side goes on where its last life has left off. If that cannot be, as the memory holds nonsense,
 * the queue begins empty.
 *
 * Return: true; false when the queue does not fit there, and nothing was written.
 */
bool channel_sender(struct channel_end *e, void *memory, u64 size, u32 places, u32 longest);
bool channel_receiver(struct channel_end *e, void *memory, u64 size, u32 places, u32 longest);

/**
 * channel_send() - send a message
 * @len: bytes; 0 is allowed
 *
 * Return: CHANNEL_OK, CHANNEL_FULL, CHANNEL_LONG, CHANNEL_BROKEN.
 */
enum channel_answer channel_send(struct channel_end *e, const void *message, u32 len);

/**
 * channel_take() - copy the next message; until it is acknowledged, this is the same one
 * @size: bytes of @buffer
 * @len: out: bytes of the message; set only with CHANNEL_OK
 *
 * Return: CHANNEL_OK, CHANNEL_EMPTY, CHANNEL_BROKEN; CHANNEL_LONG: @buffer is too short, and the
 * message stays.
 */
enum channel_answer channel_take(struct channel_end *e, void *buffer, u32 size, u32 *len);

/** channel_acknowledge() - the message that was taken last is dealt with; its place is free */
void channel_acknowledge(struct channel_end *e);

/**
 * channel_number() - Return: number of the message that is sent or taken next, from 0 on
 *
 * It outlives this side: a sender that numbers its messages goes on with it.
 */
static inline u64 channel_number(const struct channel_end *e)
{
	return e->next;
}

/**
 * channel_peer_began() - has the other side begun, or begun anew, since the last call?
 *
 * If it has, a broken queue is tried again.
 */
bool channel_peer_began(struct channel_end *e);

#endif
