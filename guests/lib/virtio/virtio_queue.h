/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queues of a virtio device (VIRTIO 1.2, 2.7 "Split Virtqueues").
 *
 * The device is not trusted. What it writes into a ring is checked before it is used. Lengths and
 * addresses come from the program's own notes, never from memory that the device may write.
 */
#ifndef GUESTS_LIB_VIRTIO_QUEUE_H
#define GUESTS_LIB_VIRTIO_QUEUE_H

#include <cleave/types.h>
#include "guests/lib/virtio/virtio_mmio.h"

/* 2.7.5 to 2.7.8 */
#define VIRTQ_DESC_WRITE     2U
#define VIRTQ_USED_NO_NOTIFY 1U

#define VIRTQ_SIZE_MAX 64U

/**
 * struct virtio_queue - the rings that the device reads and writes, and the program's own notes
 * @desc: the descriptors; each buffer is one descriptor, of the same number
 * @avail: flags, idx, @num entries, used_event
 * @used: flags and idx, @num pairs of id and length, avail_event
 * @index: the queue's number at the device
 * @num: buffers that the queue has, a power of two
 * @next: the idx that the device will see after the next virtio_queue_publish()
 * @shown: the idx that the device sees now
 * @taken: the idx of used entries up to which the program has taken them
 * @event_idx: VIRTIO_F_EVENT_IDX was agreed on
 * @put: bit n: the device gets buffer n with the next virtio_queue_publish()
 * @out: bit n: the device has buffer n
 * @lost: bit n: the device had buffer n when virtio_queue_forget() was called, and may still give
 * it back
 * @held: how many buffers the device was given and has not given back
 * @size: bytes that the device may write to each buffer
 */
struct virtio_queue {
	struct {
		u64 addr;
		u32 len;
		u16 flags;
		u16 next;
	} desc[VIRTQ_SIZE_MAX] __attribute__((aligned(16)));
	u16 avail[3U + VIRTQ_SIZE_MAX];
	u32 used[2U + 2U * VIRTQ_SIZE_MAX] __attribute__((aligned(4)));
	u32 index;
	u32 num;
	u16 next;
	u16 shown;
	u16 taken;
	bool event_idx;
	u64 put;
	u64 out;
	u64 lost;
	u32 held;
	u32 size[VIRTQ_SIZE_MAX];
};

enum virtio_take {
	VIRTIO_TAKE_NONE,
	VIRTIO_TAKE_ONE,
	VIRTIO_TAKE_BAD, /* the device broke the rules of the ring */
};

/**
 * virtio_queue_setup() - make queue @index empty, with at most VIRTQ_SIZE_MAX buffers
 *
 * Context: after virtio_mmio_negotiate() and before virtio_mmio_start().
 *
 * Return: false when the device has no such queue
 */
bool virtio_queue_setup(const struct virtio_mmio *dev, struct virtio_queue *q, u32 index,
			bool event_idx);

/**
 * virtio_queue_put() - give a buffer to the device with the next virtio_queue_publish()
 * @id: the buffer's number; the device does not have that buffer
 * @buf, @size: its memory, in bytes
 * @write: the device may write to it, instead of reading it
 */
void virtio_queue_put(struct virtio_queue *q, u32 id, const void *buf, u32 size, bool write);

/**
 * virtio_queue_publish() - let the device see the buffers that were put, and notify it if it wants
 * that
 */
void virtio_queue_publish(const struct virtio_mmio *dev, struct virtio_queue *q);

/** virtio_queue_notify() - notify the device, whether it wants that or not */
void virtio_queue_notify(const struct virtio_mmio *dev, const struct virtio_queue *q);

/**
 * virtio_queue_take() - take the next buffer that the device is done with
 * @id: gets the buffer's number
 * @len: gets the bytes that the device wrote to it, at most its size
 *
 * When there is none, the device will interrupt with the next one.
 */
enum virtio_take virtio_queue_take(struct virtio_queue *q, u32 *id, u32 *len);

/**
 * virtio_queue_forget() - do not wait for the buffers that the device has: they may be put again
 *
 * A forgotten buffer that the device gives back is ignored.
 */
void virtio_queue_forget(struct virtio_queue *q);

/**
 * virtio_queue_used() - Return: how many buffers virtio_queue_take() would give now; at most @num,
 * whatever the device says
 */
u32 virtio_queue_used(const struct virtio_queue *q);

/**
 * virtio_queue_has() - Return: true when the device has buffer @id, or gets it with the next
 * virtio_queue_publish()
 */
static inline bool virtio_queue_has(const struct virtio_queue *q, u32 id)
{
	return ((q->put | q->out) >> id & 1U) != 0;
}

/**
 * virtio_queue_free() - Return: the lowest number of a buffer that the device neither has nor gets;
 * VIRTQ_SIZE_MAX: none
 */
static inline u32 virtio_queue_free(const struct virtio_queue *q)
{
	u64 used = q->put | q->out;

	/* Mostly the device has nothing, or little. */
	if ((used & 1U) == 0)
		return 0;
	return ~used == 0 ? VIRTQ_SIZE_MAX : (u32)__builtin_ctzll(~used);
}

#endif
