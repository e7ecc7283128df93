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

/*
 * Begin to map the first part of range number @index of @vm, from @*at on, that is not mapped yet.
 * Registers of one partition may share pages. @*at becomes where to go on, 0 at the end of the
 * range.
 */
static int vm_pass_map_range(struct vm *vm, const struct config_memory *reg, u32 index, u64 *at)
{
	const struct config_memory pages = config_pages(reg);
	u64 from = MAX(*at, pages.gpa);
	u64 end = pages.gpa + pages.size;
	u64 after = vm_pass_map_after(vm, index, from, &end);
	int err = CLV_OK;

	if (after == from) {
		err = space_begin_device(&vm->space, GPA(from), HPA(from), end - from);
		after = end;
	}
	*at = after < pages.gpa + pages.size ? after : 0U;
	return err;
}

/* Return: range number @index of @vm, and in @device whose it is; NULL when there are fewer. */
static const struct config_memory *vm_pass_map_find(const struct vm *vm, u32 index,
						    const struct config_device **device)
{
	u32 left = index;

	for (u32 n = 0; n < vm_pass_config()->nr_devices; n++) {
		const struct config_device *d = &vm_pass_config()->device[n];

		if (d->partition != vm->id)
			continue;
		if (left < d->nr_regs) {
			*device = d;
			return &d->reg[left];
		}
		left -= d->nr_regs;
	}
	return NULL;
}

int vm_pass_map(struct vm *vm, u32 range, u64 *at)
{
	const struct config_device *d = NULL;
	const struct config_memory *reg = vm_pass_map_find(vm, range, &d);
	int err;

	spin_assert_held(&vm->lock);
	if (reg == NULL)
		return 0;
	err = vm_pass_map_range(vm, reg, range, at);
	if (err == CLV_OK)
		return 1;
	printk("partition \"%s\": devices: the registers of \"%s\" at 0x%lx cannot be mapped: %s",
	       vm->cfg->name, d->path, reg->gpa,
	       err == CLV_ERR_NOMEM ? "no table is left" : "their addresses are taken");
	return err;
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
