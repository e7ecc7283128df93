/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nodes of an APLIC and of interrupt files in a guest's device tree.
 *
 * Sources: the Linux bindings interrupt-controller/riscv,aplic and riscv,imsics.
 */
#include "core/config/guest_fdt_internal.h"

#include <libfdt.h>

#define IRQ_S_EXT 9U /* its number in scause */

static void guest_fdt_aia_imsics(struct guest_fdt *t, const struct config_partition *part,
				 u32 phandle)
{
	fdt32_t *file;

	guest_fdt_open_node_at(t, "imsics", 6, GUEST_IMSIC_BASE);
	guest_fdt_prop_bytes(t, "compatible", "qemu,imsics\0riscv,imsics", 25);
	/* A page for each cpu, in the order of interrupts-extended, and no guests' files between */
	guest_fdt_prop_reg(t, GUEST_IMSIC_BASE, part->cpus * PAGE_SIZE);
	guest_fdt_prop_empty(t, "interrupt-controller");
	guest_fdt_prop_cell(t, "#interrupt-cells", 0);
	guest_fdt_prop_empty(t, "msi-controller");
	guest_fdt_prop_cell(t, "#msi-cells", 0);
	guest_fdt_prop_cell(t, "riscv,num-ids", GUEST_IMSIC_IDS);
	file = guest_fdt_prop_room(t, "interrupts-extended", part->cpus * 2U * (u32)sizeof(*file));
	for (u32 i = 0; file != NULL && i < part->cpus; i++) {
		file[2U * i] = cpu_to_fdt32(t->cpu[i]);
		file[2U * i + 1U] = cpu_to_fdt32(IRQ_S_EXT);
	}
	t->imsic = guest_fdt_prop_phandle(t, phandle);
	guest_fdt_close_node(t);
}

static void guest_fdt_aia_aplic(struct guest_fdt *t, u32 phandle)
{
	guest_fdt_open_node_at(t, "aplic", 5, GUEST_APLIC_BASE);
	guest_fdt_prop_bytes(t, "compatible", "qemu,aplic\0riscv,aplic", 23);
	guest_fdt_prop_reg(t, GUEST_APLIC_BASE, GUEST_APLIC_SIZE);
	guest_fdt_prop_empty(t, "interrupt-controller");
	guest_fdt_prop_cell(t, "#interrupt-cells", 2);
	guest_fdt_prop_cell(t, "#address-cells", 0);
	guest_fdt_prop_cell(t, "msi-parent", t->imsic);
	guest_fdt_prop_cell(t, "riscv,num-sources", GUEST_APLIC_SOURCES);
	t->plic = guest_fdt_prop_phandle(t, phandle);
	guest_fdt_close_node(t);
}

bool guest_fdt_aia(struct guest_fdt *t, const struct config_partition *part, u32 aplic, u32 imsic)
{
	if (part->interrupts != CONFIG_INTERRUPTS_AIA)
		return false;
	guest_fdt_aia_imsics(t, part, imsic);
	guest_fdt_aia_aplic(t, aplic);
	return true;
}
