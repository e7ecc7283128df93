/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device behind memory-mapped registers (VIRTIO 1.2, 4.2 "Virtio Over MMIO", version 2), and its queues (2.7 "Split
 * Virtqueues"). What the device does is its driver's matter.
 *
 * The device is not trusted: what it writes into a ring is checked before it is used, and lengths and addresses are taken
 * from the program's own notes, never from memory that the device may write. Builds for the host too, where the two
 * functions that reach registers are a simulated device's.
 */
#ifndef GUESTS_LIB_VIRTIO_MMIO_H
#define GUESTS_LIB_VIRTIO_MMIO_H

#include "guests/lib/guest.h"

/* 4.2.2 "MMIO Device Register Layout" */
#define VIRTIO_REG_MAGIC	 0x000U
#define VIRTIO_REG_VERSION	 0x004U
#define VIRTIO_REG_DEVICE_ID	 0x008U
#define VIRTIO_REG_DEV_FEATURES	 0x010U
#define VIRTIO_REG_DEV_FEAT_SEL	 0x014U
#define VIRTIO_REG_DRV_FEATURES	 0x020U
#define VIRTIO_REG_DRV_FEAT_SEL	 0x024U
#define VIRTIO_REG_QUEUE_SEL	 0x030U
#define VIRTIO_REG_QUEUE_NUM_MAX 0x034U
#define VIRTIO_REG_QUEUE_NUM	 0x038U
#define VIRTIO_REG_QUEUE_READY	 0x044U
#define VIRTIO_REG_QUEUE_NOTIFY	 0x050U
#define VIRTIO_REG_IRQ_STATUS	 0x060U
#define VIRTIO_REG_IRQ_ACK	 0x064U
#define VIRTIO_REG_STATUS	 0x070U
#define VIRTIO_REG_QUEUE_DESC	 0x080U
#define VIRTIO_REG_QUEUE_AVAIL	 0x090U
#define VIRTIO_REG_QUEUE_USED	 0x0a0U
#define VIRTIO_REG_CONFIG	 0x100U

#define VIRTIO_MAGIC   0x74726976U
#define VIRTIO_VERSION 2U

/* 2.1 "Device Status Field" */
#define VIRTIO_STATUS_ACKNOWLEDGE 1U
#define VIRTIO_STATUS_DRIVER	  2U
#define VIRTIO_STATUS_DRIVER_OK	  4U
#define VIRTIO_STATUS_FEATURES_OK 8U
#define VIRTIO_STATUS_NEEDS_RESET 64U
#define VIRTIO_STATUS_FAILED	  128U

/* 6 "Reserved Feature Bits" */
#define VIRTIO_F_EVENT_IDX (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)

/* 2.7.5 to 2.7.8 */
#define VIRTQ_DESC_WRITE     2U
#define VIRTQ_USED_NO_NOTIFY 1U

#define VIRTQ_SIZE_MAX 64U

/* --- registers (virtio_io.c; in tests, the simulated device) ------------------------------------------------------- */

u32 virtio_reg_read(u64 base, u32 offset);
void virtio_reg_write(u64 base, u32 offset, u32 value);

/* --- the device -------------------------------------------------------------------------------------------------- */

/** struct virtio_mmio - a device; @irq: its interrupt source, 0: none */
struct virtio_mmio {
	u64 base;
	u32 irq;
};

/** virtio_mmio_find() - first device of @device_id in the tree; a legacy one is said in a line. Return: there is one */
bool virtio_mmio_find(const void *fdt, u32 device_id, struct virtio_mmio *dev);

/**
 * virtio_mmio_negotiate() - reset the device and agree on features
 * @wanted: what the driver knows; @needed: of these, what it cannot do without. VIRTIO_F_VERSION_1 always is
 * @got: what holds
 * Return: NULL, or what is wrong, for a line. The device is FAILED then.
 */
const char *virtio_mmio_negotiate(const struct virtio_mmio *dev, u64 wanted, u64 needed, u64 *got);

/** virtio_mmio_stop() - reset the device: it leaves memory alone. Return: it came out of reset, within a bound (4.2.3.1.1, 2.1.2) */
bool virtio_mmio_stop(const struct virtio_mmio *dev);

/** virtio_mmio_start(), virtio_mmio_fail() - set DRIVER_OK; give the device up */
void virtio_mmio_start(const struct virtio_mmio *dev);
void virtio_mmio_fail(const struct virtio_mmio *dev);

/** virtio_mmio_interrupt() - acknowledge the device's interrupt, so that its line falls. Return: it works on */
bool virtio_mmio_interrupt(const struct virtio_mmio *dev);

/* --- a queue ----------------------------------------------------------------------------------------------------- */

/**
 * struct virtio_queue - rings that the device reads and writes, and the program's own notes. A buffer is one descriptor of the same
 * number.
 * @avail: flags, idx, @num entries, used_event
 * @used: flags and idx, @num pairs of id and length, avail_event
 * @next: idx that the device will see with the next virtio_queue_publish()
 * @shown: idx that it sees
 * @taken: used entries that the program has seen, as idx counts them
 * @put: bit a buffer: the device gets it with the next virtio_queue_publish(); @out: it has it; @lost: it had it, and was
 *   forgotten: it may still come back
 * @held: buffers that the device was given and has not given back
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
 * virtio_queue_setup() - empty queue @index of at most VIRTQ_SIZE_MAX buffers; between negotiation and start
 * Return: the device has that queue.
 */
bool virtio_queue_setup(const struct virtio_mmio *dev, struct virtio_queue *q, u32 index,
			bool event_idx);

/** virtio_queue_put() - give buffer @id, which the device does not have, of @size bytes at @buf to it, with the next publish */
void virtio_queue_put(struct virtio_queue *q, u32 id, const void *buf, u32 size, bool write);

/** virtio_queue_publish() - let the device see what was put, and notify it if it wants that */
void virtio_queue_publish(const struct virtio_mmio *dev, struct virtio_queue *q);

/** virtio_queue_notify() - notify the device, wanted or not */
void virtio_queue_notify(const struct virtio_mmio *dev, const struct virtio_queue *q);

/**
 * virtio_queue_take() - take the next buffer that the device is done with
 * @id: the buffer; @len: bytes that the device wrote, at most its size
 *
 * When there is none, the device interrupts with the next.
 */
enum virtio_take virtio_queue_take(struct virtio_queue *q, u32 *id, u32 *len);

/** virtio_queue_forget() - do not expect back what the device has: its buffers may be put again. One that comes back is ignored */
void virtio_queue_forget(struct virtio_queue *q);

/** virtio_queue_used() - Return: buffers that virtio_queue_take() would give now; at most @num, whatever the device says */
u32 virtio_queue_used(const struct virtio_queue *q);

/** virtio_queue_has() - Return: the device has buffer @id, or gets it with the next publish */
static inline bool virtio_queue_has(const struct virtio_queue *q, u32 id)
{
	return ((q->put | q->out) >> id & 1U) != 0;
}

#endif
