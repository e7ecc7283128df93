/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that partitions drive themselves: mapping, and the way of an interrupt.
 *
 *   device --> machine's PLIC: claim --> guest's PLIC: line up --> guest claims, serves, completes
 *                  ^                                                              |
 *                  +--- complete: it comes again if the device still asserts <--- line down
 *
 * vm_pass_interrupt() runs on the boot hart, vplic_completed() on any hart that runs the VM, start
 * and stop on any hart under vm->lock; all of them may run at the same time. Each entry has a lock.
 * vplic_completed() takes none: it is called with the lock of the guest's PLIC held, which is taken
 * after an entry's (docs/concurrency.md). Instead, `held` goes to 0 by exchange, and whoever
 * exchanged the 1 completes, once.
 */
#include "core/vm/vm_pass.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/spinlock.h>
#include <cleave/string.h>
#include "lib/fdt_read.h"
#include "core/machine/irq.h"
#include "core/machine/machine.h"
#include "core/vm/vm.h"

#define VM_PASS_NAME_LEN 32U
#define VM_PASS_TEXT_LEN 200U

/**
 * struct vm_pass_irq - an interrupt of the machine that belongs to a VM
 * @lock: guards @on, and keeps changes of the guest's line in the order of those of @on
 * @vm: the VM
 * @host: source at the machine's PLIC
 * @guest: source at the guest's PLIC
 * @on: the VM runs, or is paused
 * @held: 1: claimed at the machine's PLIC and not completed; atomic
 */
struct vm_pass_irq {
	struct spinlock lock;
	struct vm *vm;
	u32 host;
	u32 guest;
	bool on;
	u32 held;
};

static const struct config *vm_pass_cfg;
static struct vm_pass_irq vm_pass_irqs[IRQ_HANDLERS]; /* filled at boot */
static u32 vm_pass_nr;

void vm_pass_init(const struct config *cfg)
{
	vm_pass_cfg = cfg;
}

const struct config *vm_pass_config(void)
{
	return vm_pass_cfg;
}

bool vm_pass_noncoherent(const struct vm *vm)
{
	bool found = false;

	for (u32 n = 0; n < vm_pass_cfg->nr_devices; n++) {
		const struct config_device *d = &vm_pass_cfg->device[n];

		found |= d->partition == vm->id && fdt_read_noncoherent(machine.tree, d->node);
	}
	return found;
}

/* --- interrupts ------------------------------------------------------------------------------ */

static void vm_pass_complete(struct vm_pass_irq *i)
{
	if (atomic_xchg(&i->held, 0U) != 0U)
		irq_complete(i->host);
}

/* The interrupt was claimed on the boot hart. It may have been switched off since. */
static void vm_pass_interrupt(void *opaque, u32 source)
{
	struct vm_pass_irq *i = opaque;

	spin_lock(&i->lock);
	if (i->on) {
		/* Before the line goes up: the guest may complete as soon as it sees that. */
		atomic_set(&i->held, 1U);
		vplic_line(&i->vm->plic, i->guest, true);
	} else {
		irq_complete(source);
	}
	spin_unlock(&i->lock);
}

void vplic_completed(struct vplic *p, u32 source)
{
	const struct vm *vm = container_of(p, struct vm, plic);

	spin_assert_held(&p->lock);
	for (u32 n = 0; n < vm_pass_nr; n++) {
		struct vm_pass_irq *i = &vm_pass_irqs[n];

		if (i->vm == vm && i->guest == source)
			vm_pass_complete(i);
	}
}

/* Has @vm this interrupt already? Devices of one partition may share one. */
static bool vm_pass_is_taken(const struct vm *vm, u32 host)
{
	for (u32 n = 0; n < vm_pass_nr; n++) {
		if (vm_pass_irqs[n].vm == vm && vm_pass_irqs[n].host == host)
			return true;
	}
	return false;
}

static int vm_pass_take_irq(struct vm *vm, const struct config_irq *irq)
{
	struct vm_pass_irq *i = &vm_pass_irqs[vm_pass_nr];
	int err;

	if (vm_pass_is_taken(vm, irq->host))
		return CLV_OK;
	if (vm_pass_nr == ARRAY_SIZE(vm_pass_irqs)) {
		printk("partition \"%s\": devices: all %u interrupts that can be passed through "
		       "are in "
		       "use",
		       vm->cfg->name, (u32)ARRAY_SIZE(vm_pass_irqs));
		return CLV_ERR_NOMEM;
	}
	i->vm = vm;
	i->host = irq->host;
	i->guest = irq->guest;
	err = irq_request_held(irq->host, vm_pass_interrupt, i);
	if (err != CLV_OK)
		return err;
	vm_pass_nr++;
	vplic_pass(&vm->plic, irq->guest);
	return CLV_OK;
}

int vm_pass_take(struct vm *vm)
{
	int err = CLV_OK;

	for (u32 n = 0; n < vm_pass_cfg->nr_devices; n++) {
		const struct config_device *d = &vm_pass_cfg->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_irqs && err == CLV_OK; k++)
			err = vm_pass_take_irq(vm, &d->irq[k]);
	}
	return err;
}

void vm_pass_start(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	for (u32 n = 0; n < vm_pass_nr; n++) {
		struct vm_pass_irq *i = &vm_pass_irqs[n];

		if (i->vm != vm)
			continue;
		spin_lock(&i->lock);
		i->on = true;
		irq_enable(i->host);
		spin_unlock(&i->lock);
	}
}

void vm_pass_stop(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	for (u32 n = 0; n < vm_pass_nr; n++) {
		struct vm_pass_irq *i = &vm_pass_irqs[n];

		if (i->vm != vm)
			continue;
		spin_lock(&i->lock);
		i->on = false;
		irq_disable(i->host);
		vplic_line(&vm->plic, i->guest, false);
		vm_pass_complete(i);
		spin_unlock(&i->lock);
	}
}

/* --- registers ------------------------------------------------------------------------------- */

/*
 * Is the page at @at mapped already, for an earlier range of registers of @vm?
 * @limit: how many ranges come before the one that is being mapped, counted over all devices
 * @end: in: end of the pages to be mapped; out: drawn in to where the next mapped page begins
 * Return: the first address after what is mapped from @at on; @at itself when it is not mapped.
 */
static u64 vm_pass_mapped(const struct vm *vm, u32 limit, u64 at, u64 *end)
{
	u32 seen = 0;

	for (u32 n = 0; n < vm_pass_cfg->nr_devices; n++) {
		const struct config_device *d = &vm_pass_cfg->device[n];

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
		u64 after = vm_pass_mapped(vm, index, at, &end);

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
	for (u32 n = 0; n < vm_pass_cfg->nr_devices; n++) {
		const struct config_device *d = &vm_pass_cfg->device[n];

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

static void vm_pass_report_device(const struct vm *vm, const struct config_device *d)
{
	char text[VM_PASS_TEXT_LEN];
	size_t at = 0;

	for (u32 k = 0; k < d->nr_regs && at < sizeof(text); k++)
		at += str_print(text + at, sizeof(text) - at, "%s0x%lx-0x%lx",
				k == 0U ? "registers " : " ", d->reg[k].gpa,
				d->reg[k].gpa + d->reg[k].size - 1U);
	for (u32 k = 0; k < d->nr_irqs && at < sizeof(text); k++)
		at += str_print(text + at, sizeof(text) - at, "%s%u",
				k == 0U ? ", interrupt " : " ", d->irq[k].host);
	for (u32 k = 0; k < d->nr_irqs && at < sizeof(text); k++)
		at += str_print(text + at, sizeof(text) - at, "%s%u",
				k == 0U ? ", the guest's interrupt " : " ", d->irq[k].guest);
	printk(PRINTK_INFO "partition %u \"%s\": device %s: %s", vm->id, vm->cfg->name, d->path,
	       text);
}

void vm_pass_report(const struct vm *vm)
{
	for (u32 n = 0; n < vm_pass_cfg->nr_devices; n++) {
		if (vm_pass_cfg->device[n].partition == vm->id)
			vm_pass_report_device(vm, &vm_pass_cfg->device[n]);
	}
}

/* The last part of a device's path, cut to what fits. */
static const char *vm_pass_name(const struct config_device *d, char name[VM_PASS_NAME_LEN])
{
	const char *slash = strrchr(d->path, '/');

	(void)str_print(name, VM_PASS_NAME_LEN, "%s", slash != NULL ? slash + 1 : d->path);
	return name;
}

size_t vm_pass_print(const struct vm *vm, char *buf, size_t size)
{
	char name[VM_PASS_NAME_LEN];
	size_t at = 0;

	for (u32 n = 0; n < vm_pass_cfg->nr_devices; n++) {
		const struct config_device *d = &vm_pass_cfg->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_regs && at < size; k++) {
			const struct config_memory pages = config_pages(&d->reg[k]);

			at += str_print(buf + at, size - at, ", %s 0x%lx-0x%lx",
					vm_pass_name(d, name), pages.gpa,
					pages.gpa + pages.size - 1U);
		}
	}
	return at;
}
