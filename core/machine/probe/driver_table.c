/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drivers that are linked in: what DRIVER_REGISTER() has put between the linker script's two
 * symbols.
 */
#include "core/machine/probe/driver.h"

extern const struct driver *const cleave_drivers_start[];
extern const struct driver *const cleave_drivers_end[];

u32 driver_probe_all(const void *fdt)
{
	return driver_probe_list(cleave_drivers_start,
				 (size_t)(cleave_drivers_end - cleave_drivers_start), fdt);
}
