/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device with memory-mapped registers (VIRTIO 1.2, 4.2 "Virtio Over MMIO", version 2): how
 * it is found, started and stopped. What the device does is its driver's matter; its queues are
 * virtio_queue.h's. Builds for the host too.
 */
#ifndef GUESTS_LIB_VIRTIO_MMIO_H
#define GUESTS_LIB_VIRTIO_MMIO_H

#include <cleave/types.h>

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

/**
 * virtio_reg_read(), virtio_reg_write() - access the register at @offset bytes of the device at
 * @base
 *
 * Defined by guests/lib/virtio_io.c for a hart. In the unit tests they reach a simulated device.
 */
u32 virtio_reg_read(u64 base, u32 offset);
void virtio_reg_write(u64 base, u32 offset, u32 value);

/**
 * struct virtio_mmio - a device
 * @base: address of its registers
 * @irq: its interrupt source, 0: none
 */
struct virtio_mmio {
	u64 base;
	u32 irq;
};

/**
 * virtio_mmio_find() - find the first device of kind @device_id in the device tree @fdt
 *
 * A line reports a device of that kind with a version that cannot be used.
 *
 * Return: false when there is none
 */
bool virtio_mmio_find(const void *fdt, u32 device_id, struct virtio_mmio *dev);

/**
 * virtio_mmio_negotiate() - reset the device, and agree with it on features
 * @wanted: features that the driver knows
 * @needed: of these, the features that the driver cannot do without; VIRTIO_F_VERSION_1 is always
 * needed
 * @got: gets the features that were agreed on
 *
 * Return: NULL; or what is wrong, as a part of a line, and then the device is FAILED.
 */
const char *virtio_mmio_negotiate(const struct virtio_mmio *dev, u64 wanted, u64 needed, u64 *got);

/**
 * virtio_mmio_stop() - reset the device, so that it leaves memory alone (4.2.3.1.1, 2.1.2)
 *
 * Return: false when the device has not come out of reset after a bounded number of looks
 */
bool virtio_mmio_stop(const struct virtio_mmio *dev);

/** virtio_mmio_start() - set DRIVER_OK: the device may use its queues from now on */
void virtio_mmio_start(const struct virtio_mmio *dev);

/** virtio_mmio_fail() - set FAILED: the driver has given the device up */
void virtio_mmio_fail(const struct virtio_mmio *dev);

/**
 * virtio_mmio_interrupt() - acknowledge the device's interrupt, so that its line falls
 *
 * Return: false when the device says that it needs a reset
 */
bool virtio_mmio_interrupt(const struct virtio_mmio *dev);

#endif
