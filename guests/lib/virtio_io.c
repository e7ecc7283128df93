/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to the registers of a virtio device.
 *
 * Nothing else belongs here: virtio/ has all that can be tested without a device.
 */
#include "guests/lib/virtio/virtio_mmio.h"

u32 virtio_reg_read(u64 base, u32 offset)
{
	return *(volatile u32 *)(uintptr_t)(base + offset);
}

void virtio_reg_write(u64 base, u32 offset, u32 value)
{
	*(volatile u32 *)(uintptr_t)(base + offset) = value;
}
