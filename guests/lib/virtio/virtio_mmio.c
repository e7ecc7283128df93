/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding, starting and stopping a virtio device: virtio_mmio.h says the rules.
 *
 * No loop here may be longer than a constant, whatever the device does.
 */
#include "guests/lib/virtio/virtio_mmio.h"
#include "guests/lib/fdt/fdt_node.h"
#include "guests/lib/guest.h"
#include "guests/lib/virtio/virtio_internal.h"

/* A device that has not come out of reset after so many looks is given up. */
#define VIRTIO_RESET_READS 10000U

static u32 virtio_mmio_reg(const struct virtio_mmio *dev, u32 offset)
{
	return virtio_reg_read(dev->base, offset);
}

static void virtio_mmio_set_reg(const struct virtio_mmio *dev, u32 offset, u32 value)
{
	virtio_reg_write(dev->base, offset, value);
}

static void virtio_mmio_add_status(const struct virtio_mmio *dev, u32 bits)
{
	virtio_mmio_set_reg(dev, VIRTIO_REG_STATUS, virtio_mmio_reg(dev, VIRTIO_REG_STATUS) | bits);
}

/* Is @dev of the kind @device_id, and of the right version? A line reports a wrong version. */
static bool virtio_mmio_is_usable(const struct virtio_mmio *dev, u32 device_id)
{
	u32 version;

	if (virtio_mmio_reg(dev, VIRTIO_REG_MAGIC) != VIRTIO_MAGIC ||
	    virtio_mmio_reg(dev, VIRTIO_REG_DEVICE_ID) != device_id)
		return false;
	version = virtio_mmio_reg(dev, VIRTIO_REG_VERSION);
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
		if (virtio_mmio_is_usable(dev, device_id))
			return true;
	}
	return false;
}

static u64 virtio_mmio_features(const struct virtio_mmio *dev)
{
	u64 low;

	virtio_mmio_set_reg(dev, VIRTIO_REG_DEV_FEAT_SEL, 0);
	low = virtio_mmio_reg(dev, VIRTIO_REG_DEV_FEATURES);
	virtio_mmio_set_reg(dev, VIRTIO_REG_DEV_FEAT_SEL, 1);
	return low | (u64)virtio_mmio_reg(dev, VIRTIO_REG_DEV_FEATURES) << 32;
}

bool virtio_mmio_stop(const struct virtio_mmio *dev)
{
	u32 i;

	virtio_mmio_set_reg(dev, VIRTIO_REG_STATUS, 0);
	for (i = 0; i < VIRTIO_RESET_READS; i++) {
		if (virtio_mmio_reg(dev, VIRTIO_REG_STATUS) == 0)
			return true;
	}
	return false;
}

/* 3.1.1 "Driver Requirements: Device Initialization" */
const char *virtio_mmio_negotiate(const struct virtio_mmio *dev, u64 wanted, u64 needed, u64 *got)
{
	if (!virtio_mmio_stop(dev))
		return "it does not come out of reset";
	virtio_mmio_add_status(dev, VIRTIO_STATUS_ACKNOWLEDGE);
	virtio_mmio_add_status(dev, VIRTIO_STATUS_DRIVER);
	needed |= VIRTIO_F_VERSION_1;
	*got = virtio_mmio_features(dev) & (wanted | needed);
	if ((*got & needed) != needed) {
		virtio_mmio_fail(dev);
		return "it does not offer a feature that is needed";
	}
	virtio_mmio_set_reg(dev, VIRTIO_REG_DRV_FEAT_SEL, 0);
	virtio_mmio_set_reg(dev, VIRTIO_REG_DRV_FEATURES, (u32)*got);
	virtio_mmio_set_reg(dev, VIRTIO_REG_DRV_FEAT_SEL, 1);
	virtio_mmio_set_reg(dev, VIRTIO_REG_DRV_FEATURES, (u32)(*got >> 32));
	virtio_mmio_add_status(dev, VIRTIO_STATUS_FEATURES_OK);
	if ((virtio_mmio_reg(dev, VIRTIO_REG_STATUS) & VIRTIO_STATUS_FEATURES_OK) == 0) {
		virtio_mmio_fail(dev);
		return "it refuses the features that it offered itself";
	}
	return NULL;
}

void virtio_mmio_start(const struct virtio_mmio *dev)
{
	virtio_fence_device();
	virtio_mmio_add_status(dev, VIRTIO_STATUS_DRIVER_OK);
}

void virtio_mmio_fail(const struct virtio_mmio *dev)
{
	virtio_mmio_add_status(dev, VIRTIO_STATUS_FAILED);
}

bool virtio_mmio_interrupt(const struct virtio_mmio *dev)
{
	u32 pending = virtio_mmio_reg(dev, VIRTIO_REG_IRQ_STATUS);

	if (pending != 0)
		virtio_mmio_set_reg(dev, VIRTIO_REG_IRQ_ACK, pending);
	/* From here on the rings show at least what the interrupt was for. */
	virtio_fence_device();
	return pending == 0 ||
	       (virtio_mmio_reg(dev, VIRTIO_REG_STATUS) & VIRTIO_STATUS_NEEDS_RESET) == 0;
}
