/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a virtio device, for a hart. Nothing else: all that can be tested without a device is elsewhere. */
#include "guests/lib/virtio/virtio_mmio.h"

u32 virtio_reg_read(u64 base, u32 offset)
{
	return *(volatile u32 *)(uintptr_t)(base + offset);
}

void virtio_reg_write(u64 base, u32 offset, u32 value)
{
	*(volatile u32 *)(uintptr_t)(base + offset) = value;
}
