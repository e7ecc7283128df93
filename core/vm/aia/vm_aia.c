/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of an interrupt of a VM with the AIA:
 *
 *   device --> APLIC --message--> interrupt file --> VSEIP of the vCPU
 *   vCPU --store to the page of a file--^
 *
 * Nothing here may trust the number of a hart or of an identity: both come from the guest.
 */
#include "core/vm/aia/vm_aia.h"

#include <cleave/printk.h>
#include "arch/riscv/aia/guest_aia.h"
#include "core/config/guest_fdt.h"

_Static_assert(GUEST_APLIC_SOURCES < VAPLIC_SOURCES && GUEST_UART_IRQ <= GUEST_APLIC_SOURCES,
	       "the APLIC has the sources that guests are told of");
_Static_assert(GUEST_APLIC_SIZE == VAPLIC_SIZE && GUEST_IMSIC_IDS == VIMSIC_IDS,
	       "the models are what guests are told of");
_Static_assert(CONFIG_MAX_VCPUS *PAGE_SIZE <= GUEST_IMSIC_SIZE, "each vCPU's file has a page");

static void vm_aia_send(const struct vm *vm, u64 hart, u32 id)
{
	if (hart < vm->run.nr_vcpus)
		vimsic_send(&vm->run.vcpu[hart]->imsic, id);
}

/* All that can be read in the files' pages is zero (3.5). */
static u64 vm_aia_load(void *opaque, u32 vcpu, u64 offset, u8 size)
{
	(void)opaque;
	(void)vcpu;
	(void)offset;
	(void)size;
	return 0;
}

static void vm_aia_store(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value)
{
	const struct vm *vm = opaque;
	u64 hart = offset / PAGE_SIZE;

	(void)vcpu;
	if (hart < vm->run.nr_vcpus)
		vimsic_store(&vm->run.vcpu[hart]->imsic, offset % PAGE_SIZE, size, value);
}

void vm_aia_init(struct vm *vm)
{
	const struct mmio_device devices[] = {
		{ .base = GPA(GUEST_APLIC_BASE),
		  .size = GUEST_APLIC_SIZE,
		  .name = "aplic",
		  .opaque = &vm->aplic,
		  .read = vaplic_read,
		  .write = vaplic_write },
		{ .base = GPA(GUEST_IMSIC_BASE),
		  .size = vm->cfg->cpus * PAGE_SIZE,
		  .name = "imsics",
		  .opaque = vm,
		  .read = vm_aia_load,
		  .write = vm_aia_store },
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		if (mmio_add(&vm->bus, &devices[i]) != 0)
			printk("partition \"%s\": device %s has no place on its bus", vm->cfg->name,
			       devices[i].name);
	}
}

void vm_aia_reset(struct vm *vm)
{
	vaplic_reset(&vm->aplic);
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vimsic_reset(&vm->run.vcpu[i]->imsic);
}

void vm_aia_line(struct vm *vm, u32 source, bool level)
{
	vaplic_line(&vm->aplic, source, level);
}

/* --- calls up --------------------------------------------------------------------------------- */

void vaplic_send(struct vaplic *a, u32 hart, u32 id)
{
	spin_assert_held(&a->lock);
	vm_aia_send(container_of(a, struct vm, aplic), hart, id);
}

void vimsic_output(struct vimsic *f, bool level)
{
	spin_assert_held(&f->lock);
	vcpu_irq_level(container_of(f, struct vcpu, imsic), GUEST_IRQ_EXT, level);
}

int guest_on_file(struct guest *g, u64 select, u64 clear, u64 set, u64 *old)
{
	return vimsic_access(&vcpu_of(g)->imsic, select, clear, set, old);
}

u64 guest_on_top(struct guest *g, bool claim)
{
	return vimsic_top(&vcpu_of(g)->imsic, claim);
}
