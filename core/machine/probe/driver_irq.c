/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which source of the controllers in use a node of the device tree interrupts by.
 *
 * It stands apart from driver.c, which programs for a person's machine use too: these have no
 * controllers in use.
 */
#include <libfdt.h>
#include "core/machine/probe/driver.h"
#include "lib/fdt_read.h"

u32 driver_irq(const void *fdt, int node)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts-extended", &len);

	if (p == NULL)
		return irq_find_source(driver_irq_parent(fdt, node),
				       fdt_read_cell(fdt, node, "interrupts", 0));
	return len >= 2 * (int)sizeof(*p) ? irq_find_source(fdt32_ld(p), fdt32_ld(p + 1)) : 0U;
}
