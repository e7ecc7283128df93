/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which emulated device of a VM has a guest-physical address.
 *
 * Nothing here may call a device: the exit path does that.
 */
#include <cleave/errno.h>
#include "core/device/mmio.h"

int mmio_add(struct mmio_bus *bus, const struct mmio_device *dev)
{
	u64 last = dev->base.v + (dev->size - 1U);

	if (dev->size == 0U || last < dev->base.v)
		return CLV_ERR_INVAL;
	for (u32 i = 0; i < bus->nr; i++) {
		const struct mmio_device *other = &bus->dev[i];

		if (dev->base.v <= other->base.v + (other->size - 1U) && other->base.v <= last)
			return CLV_ERR_EXISTS;
	}
	if (bus->nr == MMIO_MAX_DEVICES)
		return CLV_ERR_NOMEM;
	bus->dev[bus->nr++] = *dev;
	return 0;
}

const struct mmio_device *mmio_find(const struct mmio_bus *bus, gpa_t gpa)
{
	for (u32 i = 0; i < bus->nr; i++) {
		/* One comparison: an address below the base wraps to a large offset. */
		if (gpa.v - bus->dev[i].base.v < bus->dev[i].size)
			return &bus->dev[i];
	}
	return NULL;
}
