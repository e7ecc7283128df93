/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that partitions drive themselves: their registers, and what is said of
 * them.
 */
#include "core/vm/vm_pass.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/machine/irq.h"
#include "core/vm/vm.h"

#define VM_PASS_NAME_LEN 32U
#define VM_PASS_TEXT_LEN 200U

/*
 * Is the page at @at mapped already, for an earlier range of registers of @vm?
 * @limit: how many ranges come before the one that is being mapped, counted over all devices
 * @end: in: end of the pages to be mapped; out: drawn in to where the next mapped page begins
 * Return: the first address after what is mapped from @at on; @at itself when it is not mapped.
 */
static u64 vm_pass_map_after(const struct vm *vm, u32 limit, u64 at, u64 *end)
{
	u32 seen = 0;

	for (u32 n = 0; n < vm_pass_config()->nr_devices; n++) {
		const struct config_device *d = &vm_pass_config()->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_regs; k++, seen++) {
			const struct config_memory pages = config_pages(&d->reg[k]);

			if (seen == limit)
				return at;
			if (at >= pages.gpa && at < pages.gpa + pages.size)
				return pages.gpa + pages.size;
			if (at < pages.gpa)
				*end = MIN(*end, pages.gpa);
		}
	}
	return at;
}

/* Map range number @index of @vm. Registers of one partition may share pages. */
static int vm_pass_map_range(struct vm *vm, const struct config_memory *reg, u32 index)
{
	const struct config_memory pages = config_pages(reg);
	u64 last = pages.gpa + pages.size;
	int err = CLV_OK;

	for (u64 at = pages.gpa; at < last && err == CLV_OK;) {
		u64 end = last;
		u64 after = vm_pass_map_after(vm, index, at, &end);

		if (after == at) {
			err = space_add_device(&vm->space, GPA(at), HPA(at), end - at);
			after = end;
		}
		at = after;
	}
	return err;
}

int vm_pass_map(struct vm *vm)
{
	u32 index = 0;

	spin_assert_held(&vm->lock);
	for (u32 n = 0; n < vm_pass_config()->nr_devices; n++) {
		const struct config_device *d = &vm_pass_config()->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_regs; k++, index++) {
			int err = vm_pass_map_range(vm, &d->reg[k], index);

			if (err == CLV_OK)
				continue;
			printk("partition \"%s\": devices: the registers of \"%s\" at 0x%lx cannot "
			       "be mapped (error %d)",
			       vm->cfg->name, d->path, d->reg[k].gpa, err);
			return err;
		}
	}
	return CLV_OK;
}

static void vm_pass_map_report(const struct vm *vm, const struct config_device *d)
{
	char text[VM_PASS_TEXT_LEN];
	size_t at = 0;

	for (u32 k = 0; k < d->nr_regs && at < sizeof(text); k++)
		at += str_print(text + at, sizeof(text) - at, "%s0x%lx-0x%lx",
				k == 0U ? "registers " : " ", d->reg[k].gpa,
				d->reg[k].gpa + d->reg[k].size - 1U);
	for (u32 k = 0; k < d->nr_irqs && at < sizeof(text); k++)
		at += str_print(text + at, sizeof(text) - at, "%s%u",
				k == 0U ? ", interrupt " : " ", IRQ_NUMBER(d->irq[k].host));
	if (d->nr_irqs != 0U && irq_controller(1) != NULL && at < sizeof(text))
		at += str_print(text + at, sizeof(text) - at, " of %s",
				irq_controller(IRQ_CONTROLLER(d->irq[0].host))->name);
	for (u32 k = 0; k < d->nr_irqs && at < sizeof(text); k++)
		at += str_print(text + at, sizeof(text) - at, "%s%u",
				k == 0U ? ", the guest's interrupt " : " ", d->irq[k].guest);
	printk(PRINTK_INFO "partition %u \"%s\": device %s: %s", vm->id, vm->cfg->name, d->path,
	       text);
}

void vm_pass_report(const struct vm *vm)
{
	for (u32 n = 0; n < vm_pass_config()->nr_devices; n++) {
		if (vm_pass_config()->device[n].partition == vm->id)
			vm_pass_map_report(vm, &vm_pass_config()->device[n]);
	}
}

/* The last part of a device's path, cut to what fits. */
static const char *vm_pass_map_name(const struct config_device *d, char name[VM_PASS_NAME_LEN])
{
	const char *slash = strrchr(d->path, '/');

	(void)str_print(name, VM_PASS_NAME_LEN, "%s", slash != NULL ? slash + 1 : d->path);
	return name;
}

size_t vm_pass_print(const struct vm *vm, char *buf, size_t size)
{
	char name[VM_PASS_NAME_LEN];
	size_t at = 0;

	for (u32 n = 0; n < vm_pass_config()->nr_devices; n++) {
		const struct config_device *d = &vm_pass_config()->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_regs && at < size; k++) {
			const struct config_memory pages = config_pages(&d->reg[k]);

			at += str_print(buf + at, size - at, ", %s 0x%lx-0x%lx",
					vm_pass_map_name(d, name), pages.gpa,
					pages.gpa + pages.size - 1U);
		}
	}
	return at;
}
