/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding and starting a device, and its queues: virtio_mmio.h says the rules. No loop here is longer than a constant. */
#include "guests/lib/virtio/virtio_mmio.h"
#include "guests/lib/fdt/fdt_node.h"

/* Reads after which a device that does not come out of reset is given up */
#define RESET_READS 10000U

/*
 * Barriers between what a program and a device see of memory (2.7.13 "Supplying Buffers to The Device"), and between memory and
 * registers. On the host, the simulated device runs on the same thread.
 */
#if defined(__riscv)
#define fence_write()  __asm__ volatile("fence w, w" ::: "memory")
#define fence_read()   __asm__ volatile("fence r, r" ::: "memory")
#define fence_memory() __asm__ volatile("fence rw, rw" ::: "memory")
#define fence_device() __asm__ volatile("fence iorw, iorw" ::: "memory")
#else
#define fence_write()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define fence_read()   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define fence_memory() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define fence_device() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

static u32 reg(const struct virtio_mmio *dev, u32 offset)
{
	return virtio_reg_read(dev->base, offset);
}

static void set_reg(const struct virtio_mmio *dev, u32 offset, u32 value)
{
	virtio_reg_write(dev->base, offset, value);
}

static void add_status(const struct virtio_mmio *dev, u32 bits)
{
	set_reg(dev, VIRTIO_REG_STATUS, reg(dev, VIRTIO_REG_STATUS) | bits);
}

/** usable() - is @dev of @device_id and version? A device of the right kind and the wrong version is said */
static bool usable(const struct virtio_mmio *dev, u32 device_id)
{
	u32 version;

	if (reg(dev, VIRTIO_REG_MAGIC) != VIRTIO_MAGIC ||
	    reg(dev, VIRTIO_REG_DEVICE_ID) != device_id)
		return false;
	version = reg(dev, VIRTIO_REG_VERSION);
	if (version != VIRTIO_VERSION)
		tell("virtio device at 0x%lx: virtio-mmio version %u; allowed: %u%s", dev->base,
		     version, VIRTIO_VERSION,
		     version == 1 ? " (QEMU: -global virtio-mmio.force-legacy=false)" : "");
	return version == VIRTIO_VERSION;
}

bool virtio_mmio_find(const void *fdt, u32 device_id, struct virtio_mmio *dev)
{
	struct fdt_node node;

	if (!fdt_node_first(fdt, &node))
		return false;
	while (fdt_node_next(&node)) {
		if (!fdt_node_is(&node, "virtio,mmio") || !fdt_node_reg(&node, &dev->base))
			continue;
		dev->irq = fdt_node_cell(&node, "interrupts", 0,
					 fdt_node_cell(&node, "interrupts-extended", 1, 0));
		if (usable(dev, device_id))
			return true;
	}
	return false;
}

static u64 device_features(const struct virtio_mmio *dev)
{
	u64 low;

	set_reg(dev, VIRTIO_REG_DEV_FEAT_SEL, 0);
	low = reg(dev, VIRTIO_REG_DEV_FEATURES);
	set_reg(dev, VIRTIO_REG_DEV_FEAT_SEL, 1);
	return low | (u64)reg(dev, VIRTIO_REG_DEV_FEATURES) << 32;
}

bool virtio_mmio_stop(const struct virtio_mmio *dev)
{
	u32 i;

	set_reg(dev, VIRTIO_REG_STATUS, 0);
	for (i = 0; i < RESET_READS; i++) {
		if (reg(dev, VIRTIO_REG_STATUS) == 0)
			return true;
	}
	return false;
}

/* 3.1.1 "Driver Requirements: Device Initialization" */
const char *virtio_mmio_negotiate(const struct virtio_mmio *dev, u64 wanted, u64 needed, u64 *got)
{
	if (!virtio_mmio_stop(dev))
		return "it does not come out of reset";
	add_status(dev, VIRTIO_STATUS_ACKNOWLEDGE);
	add_status(dev, VIRTIO_STATUS_DRIVER);
	needed |= VIRTIO_F_VERSION_1;
	*got = device_features(dev) & (wanted | needed);
	if ((*got & needed) != needed) {
		virtio_mmio_fail(dev);
		return "it does not offer a feature that is needed";
	}
	set_reg(dev, VIRTIO_REG_DRV_FEAT_SEL, 0);
	set_reg(dev, VIRTIO_REG_DRV_FEATURES, (u32)*got);
	set_reg(dev, VIRTIO_REG_DRV_FEAT_SEL, 1);
	set_reg(dev, VIRTIO_REG_DRV_FEATURES, (u32)(*got >> 32));
	add_status(dev, VIRTIO_STATUS_FEATURES_OK);
	if ((reg(dev, VIRTIO_REG_STATUS) & VIRTIO_STATUS_FEATURES_OK) == 0) {
		virtio_mmio_fail(dev);
		return "it refuses the features that were chosen of its own";
	}
	return NULL;
}

void virtio_mmio_start(const struct virtio_mmio *dev)
{
	fence_device();
	add_status(dev, VIRTIO_STATUS_DRIVER_OK);
}

void virtio_mmio_fail(const struct virtio_mmio *dev)
{
	add_status(dev, VIRTIO_STATUS_FAILED);
}

bool virtio_mmio_interrupt(const struct virtio_mmio *dev)
{
	u32 pending = reg(dev, VIRTIO_REG_IRQ_STATUS);

	if (pending != 0)
		set_reg(dev, VIRTIO_REG_IRQ_ACK, pending);
	/* What is found in the rings from here on is at least what the interrupt was for. */
	fence_device();
	return pending == 0 || (reg(dev, VIRTIO_REG_STATUS) & VIRTIO_STATUS_NEEDS_RESET) == 0;
}

/* --- queues ------------------------------------------------------------------------------------------------------ */

static void set_address(const struct virtio_mmio *dev, u32 offset, const void *p)
{
	u64 addr = (uintptr_t)p;

	set_reg(dev, offset, (u32)addr);
	set_reg(dev, offset + 4U, (u32)(addr >> 32));
}

/* The device may write these at any time: each is read once for each decision. */
static u16 used_flags(const struct virtio_queue *q)
{
	return __atomic_load_n((const u16 *)(const void *)&q->used[0], __ATOMIC_RELAXED);
}

static u16 used_idx(const struct virtio_queue *q)
{
	return __atomic_load_n((const u16 *)(const void *)&q->used[0] + 1, __ATOMIC_RELAXED);
}

static u16 avail_event(const struct virtio_queue *q)
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
	set_reg(dev, VIRTIO_REG_QUEUE_SEL, index);
	max = reg(dev, VIRTIO_REG_QUEUE_NUM_MAX);
	if (max == 0 || reg(dev, VIRTIO_REG_QUEUE_READY) != 0)
		return false;
	for (q->num = VIRTQ_SIZE_MAX; q->num > max; q->num /= 2U)
		;
	set_reg(dev, VIRTIO_REG_QUEUE_NUM, q->num);
	set_address(dev, VIRTIO_REG_QUEUE_DESC, q->desc);
	set_address(dev, VIRTIO_REG_QUEUE_AVAIL, q->avail);
	set_address(dev, VIRTIO_REG_QUEUE_USED, q->used);
	fence_device();
	set_reg(dev, VIRTIO_REG_QUEUE_READY, 1);
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
	fence_device();
	set_reg(dev, VIRTIO_REG_QUEUE_NOTIFY, q->index);
}

void virtio_queue_publish(const struct virtio_mmio *dev, struct virtio_queue *q)
{
	u16 added = (u16)(q->next - q->shown);
	bool wanted;

	if (added == 0)
		return;
	fence_write();
	__atomic_store_n(&q->avail[1], q->next, __ATOMIC_RELAXED);
	q->shown = q->next;
	q->held += added;
	q->out |= q->put;
	q->put = 0;
	/* The device writes what it wants and then looks at idx; here it is the other way round, so one sees the other. */
	fence_memory();
	if (q->event_idx) /* 2.7.10: did idx step over avail_event? */
		wanted = (u16)(q->shown - avail_event(q) - 1U) < added;
	else
		wanted = (used_flags(q) & VIRTQ_USED_NO_NOTIFY) == 0;
	if (wanted)
		virtio_queue_notify(dev, q);
}

/** pending() - used entries that were not taken; when there are none, ask for an interrupt with the next, and look again */
static u16 pending(struct virtio_queue *q)
{
	u16 n = (u16)(used_idx(q) - q->taken);

	if (n == 0 && q->avail[2U + q->num] != q->taken) {
		__atomic_store_n(&q->avail[2U + q->num], q->taken, __ATOMIC_RELAXED);
		fence_memory();
		n = (u16)(used_idx(q) - q->taken);
	}
	return n;
}

enum virtio_take virtio_queue_take(struct virtio_queue *q, u32 *id, u32 *len)
{
	const u32 *entry;
	u16 n = pending(q);
	u64 bit;

	if (n == 0)
		return VIRTIO_TAKE_NONE;
	if (n > q->num || n > q->held)
		return VIRTIO_TAKE_BAD; /* more than it was ever given */
	fence_read();
	entry = &q->used[1U + 2U * (q->taken & (q->num - 1U))];
	*id = __atomic_load_n(&entry[0], __ATOMIC_RELAXED);
	*len = __atomic_load_n(&entry[1], __ATOMIC_RELAXED);
	if (*id >= q->num || ((q->out | q->lost) >> *id & 1U) == 0)
		return VIRTIO_TAKE_BAD;
	bit = UINT64_C(1) << *id;
	/* Of a buffer that the device only reads, nobody looks at the length. */
	if (q->size[*id] == 0)
		*len = 0;
	else if (*len > q->size[*id])
		return VIRTIO_TAKE_BAD;
	/* Of a buffer that was forgotten and put again, there is no telling which of the two this is. */
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
	u16 n = (u16)(used_idx(q) - q->taken);

	return n <= q->num ? n : q->num;
}
