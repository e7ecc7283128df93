/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queues of a virtio device: virtio_queue.h says the rules.
 *
 * No loop here may be longer than a constant, whatever the device does.
 */
#include "guests/lib/virtio/virtio_queue.h"
#include "guests/lib/guest.h"
#include "guests/lib/virtio/virtio_internal.h"

static void virtio_queue_set_address(const struct virtio_mmio *dev, u32 offset, const void *p)
{
	u64 addr = (uintptr_t)p;

	virtio_reg_write(dev->base, offset, (u32)addr);
	virtio_reg_write(dev->base, offset + 4U, (u32)(addr >> 32));
}

/*
 * The device may write the used ring at any time, so these read each field once for each decision.
 */
static u16 virtio_queue_used_flags(const struct virtio_queue *q)
{
	return __atomic_load_n((const u16 *)(const void *)&q->used[0], __ATOMIC_RELAXED);
}

static u16 virtio_queue_used_idx(const struct virtio_queue *q)
{
	return __atomic_load_n((const u16 *)(const void *)&q->used[0] + 1, __ATOMIC_RELAXED);
}

static u16 virtio_queue_avail_event(const struct virtio_queue *q)
{
	return __atomic_load_n((const u16 *)(const void *)&q->used[1U + 2U * q->num],
			       __ATOMIC_RELAXED);
}

bool virtio_queue_setup(const struct virtio_mmio *dev, struct virtio_queue *q, u32 index,
			bool event_idx)
{
	u32 max;

	memset(q, 0, sizeof(*q));
	q->index = index;
	q->event_idx = event_idx;
	virtio_reg_write(dev->base, VIRTIO_REG_QUEUE_SEL, index);
	max = virtio_reg_read(dev->base, VIRTIO_REG_QUEUE_NUM_MAX);
	if (max == 0 || virtio_reg_read(dev->base, VIRTIO_REG_QUEUE_READY) != 0)
		return false;
	for (q->num = VIRTQ_SIZE_MAX; q->num > max; q->num /= 2U)
		;
	virtio_reg_write(dev->base, VIRTIO_REG_QUEUE_NUM, q->num);
	virtio_queue_set_address(dev, VIRTIO_REG_QUEUE_DESC, q->desc);
	virtio_queue_set_address(dev, VIRTIO_REG_QUEUE_AVAIL, q->avail);
	virtio_queue_set_address(dev, VIRTIO_REG_QUEUE_USED, q->used);
	virtio_fence_device();
	virtio_reg_write(dev->base, VIRTIO_REG_QUEUE_READY, 1);
	return true;
}

void virtio_queue_put(struct virtio_queue *q, u32 id, const void *buf, u32 size, bool write)
{
	q->desc[id].addr = (uintptr_t)buf;
	q->desc[id].len = size;
	q->desc[id].flags = write ? VIRTQ_DESC_WRITE : 0;
	q->desc[id].next = 0;
	q->size[id] = write ? size : 0;
	q->put |= UINT64_C(1) << id;
	q->avail[2U + (q->next & (q->num - 1U))] = (u16)id;
	q->next++;
}

void virtio_queue_notify(const struct virtio_mmio *dev, const struct virtio_queue *q)
{
	virtio_fence_device();
	virtio_reg_write(dev->base, VIRTIO_REG_QUEUE_NOTIFY, q->index);
}

void virtio_queue_publish(const struct virtio_mmio *dev, struct virtio_queue *q)
{
	u16 added = (u16)(q->next - q->shown);
	bool wanted;

	if (added == 0)
		return;
	virtio_fence_write();
	__atomic_store_n(&q->avail[1], q->next, __ATOMIC_RELAXED);
	q->shown = q->next;
	q->held += added;
	q->out |= q->put;
	q->put = 0;
	/*
	 * The device writes whether it wants to be notified, and then reads idx. This side writes
	 * idx, and then reads whether the device wants it. So at least one of the two sees what the
	 * other wrote.
	 */
	virtio_fence_memory();
	/* 2.7.10: did idx step over avail_event? */
	if (q->event_idx)
		wanted = (u16)(q->shown - virtio_queue_avail_event(q) - 1U) < added;
	else
		wanted = (virtio_queue_used_flags(q) & VIRTQ_USED_NO_NOTIFY) == 0;
	if (wanted)
		virtio_queue_notify(dev, q);
}

/*
 * Return: used entries that were not taken. When there are none, it asks for an interrupt with the
 * next one, and looks again.
 */
static u16 virtio_queue_pending(struct virtio_queue *q)
{
	u16 n = (u16)(virtio_queue_used_idx(q) - q->taken);

	if (n == 0 && q->avail[2U + q->num] != q->taken) {
		__atomic_store_n(&q->avail[2U + q->num], q->taken, __ATOMIC_RELAXED);
		virtio_fence_memory();
		n = (u16)(virtio_queue_used_idx(q) - q->taken);
	}
	return n;
}

enum virtio_take virtio_queue_take(struct virtio_queue *q, u32 *id, u32 *len)
{
	const u32 *entry;
	u16 n = virtio_queue_pending(q);
	u64 bit;

	if (n == 0)
		return VIRTIO_TAKE_NONE;
	if (n > q->num || n > q->held)
		return VIRTIO_TAKE_BAD; /* more than the device was ever given */
	virtio_fence_read();
	entry = &q->used[1U + 2U * (q->taken & (q->num - 1U))];
	*id = __atomic_load_n(&entry[0], __ATOMIC_RELAXED);
	*len = __atomic_load_n(&entry[1], __ATOMIC_RELAXED);
	if (*id >= q->num || ((q->out | q->lost) >> *id & 1U) == 0)
		return VIRTIO_TAKE_BAD;
	bit = UINT64_C(1) << *id;
	/* The length of a buffer that the device only reads means nothing. */
	if (q->size[*id] == 0)
		*len = 0;
	else if (*len > q->size[*id])
		return VIRTIO_TAKE_BAD;
	/*
	 * A buffer that was forgotten and put again comes back twice, and nothing tells which of
	 * the two this is.
	 */
	if ((q->out & bit) == 0)
		q->lost &= ~bit;
	q->out &= ~bit;
	q->held--;
	q->taken++;
	return VIRTIO_TAKE_ONE;
}

void virtio_queue_forget(struct virtio_queue *q)
{
	q->lost |= q->out;
	q->out = 0;
}

u32 virtio_queue_used(const struct virtio_queue *q)
{
	u16 n = (u16)(virtio_queue_used_idx(q) - q->taken);

	return n <= q->num ? n : q->num;
}
