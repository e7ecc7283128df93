/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that partitions drive themselves: mapping, and the way of an interrupt.
 *
 *   device --> machine's PLIC: claim --> line of the guest's PLIC goes up --> guest claims, serves, completes
 *                  ^                                                                              |
 *                  +--- complete: it comes again when the device still asserts it <--- line goes down
 *
 * Who may run at once: pass_interrupt() on the boot hart, vplic_completed() on any hart that runs the VM, start and stop
 * on any hart under vm->lock. Each entry has a lock. vplic_completed() is called with the lock of the
 * guest's PLIC held, which is taken after that of the entry (docs/concurrency.md), so it takes none:
 * `held` goes to 0 by exchange, and whoever exchanged it completes, once.
 */
#include "core/vm/vm_pass.h"

#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/spinlock.h>
#include <cleave/string.h>
#include "core/machine/irq.h"
#include "core/vm/vm.h"

#define PASS_NAME_LEN 32U
#define PASS_TEXT_LEN 200U

/**
 * struct pass_irq - an interrupt of the machine that is a VM's
 * @lock: guards @on, and orders the line of the guest's PLIC with it
 * @on: the VM runs, or is paused
 * @held: 1: claimed at the machine's PLIC and not completed; atomic
 */
struct pass_irq {
	struct spinlock lock;
	struct vm *vm;
	u32 host;
	u32 guest;
	bool on;
	u32 held;
};

static const struct config *pass_config;
static struct pass_irq pass_irqs[IRQ_HANDLERS]; /* filled at boot */
static u32 pass_nr;

void vm_pass_init(const struct config *cfg)
{
	pass_config = cfg;
}

const struct config *vm_pass_config(void)
{
	return pass_config;
}

/* --- interrupts ----------------------------------------------------------------------------------------------------- */

static void pass_complete(struct pass_irq *i)
{
	if (atomic_xchg(&i->held, 0U) != 0U)
		irq_complete(i->host);
}

/* Claimed on the boot hart. It may have been switched off between the claim and here. */
static void pass_interrupt(void *opaque, u32 source)
{
	struct pass_irq *i = opaque;

	spin_lock(&i->lock);
	if (i->on) {
		/* Before the line: the guest may complete as soon as it sees that. */
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

	for (u32 n = 0; n < pass_nr; n++) {
		struct pass_irq *i = &pass_irqs[n];

		if (i->vm == vm && i->guest == source)
			pass_complete(i);
	}
}

/* Devices of one partition may share an interrupt. */
static bool is_taken(const struct vm *vm, u32 host)
{
	for (u32 n = 0; n < pass_nr; n++) {
		if (pass_irqs[n].vm == vm && pass_irqs[n].host == host)
			return true;
	}
	return false;
}

static int take_irq(struct vm *vm, const struct config_irq *irq)
{
	struct pass_irq *i = &pass_irqs[pass_nr];
	int err;

	if (is_taken(vm, irq->host))
		return CLV_OK;
	if (pass_nr == ARRAY_SIZE(pass_irqs)) {
		printk("partition \"%s\": devices: all %u interrupts that can be passed through "
		       "are in "
		       "use",
		       vm->cfg->name, (u32)ARRAY_SIZE(pass_irqs));
		return CLV_ERR_NOMEM;
	}
	i->vm = vm;
	i->host = irq->host;
	i->guest = irq->guest;
	err = irq_request_held(irq->host, pass_interrupt, i);
	if (err != CLV_OK)
		return err;
	pass_nr++;
	vplic_pass(&vm->plic, irq->guest);
	return CLV_OK;
}

int vm_pass_take(struct vm *vm)
{
	int err = CLV_OK;

	for (u32 n = 0; n < pass_config->nr_devices; n++) {
		const struct config_device *d = &pass_config->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_irqs && err == CLV_OK; k++)
			err = take_irq(vm, &d->irq[k]);
	}
	return err;
}

void vm_pass_start(struct vm *vm)
{
	for (u32 n = 0; n < pass_nr; n++) {
		struct pass_irq *i = &pass_irqs[n];

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
	for (u32 n = 0; n < pass_nr; n++) {
		struct pass_irq *i = &pass_irqs[n];

		if (i->vm != vm)
			continue;
		spin_lock(&i->lock);
		i->on = false;
		irq_disable(i->host);
		vplic_line(&vm->plic, i->guest, false);
		pass_complete(i);
		spin_unlock(&i->lock);
	}
}

/* --- registers ------------------------------------------------------------------------------------------------------ */

/*
 * Where the page at @at, and those behind it up to @end, are mapped already for an earlier range of registers of @vm. @limit:
 * number of ranges before the one that is being mapped, counted over all devices. Return: the first address behind what is
 * mapped from @at on, @at: it is not; @end is drawn in to where the next mapped page begins.
 */
static u64 pass_mapped(const struct vm *vm, u32 limit, u64 at, u64 *end)
{
	u32 seen = 0;

	for (u32 n = 0; n < pass_config->nr_devices; n++) {
		const struct config_device *d = &pass_config->device[n];

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

/* Map @reg, range number @index of @vm's; registers of one partition may share pages. */
static int pass_map(struct vm *vm, const struct config_memory *reg, u32 index)
{
	const struct config_memory pages = config_pages(reg);
	u64 last = pages.gpa + pages.size;
	int err = CLV_OK;

	for (u64 at = pages.gpa; at < last && err == CLV_OK;) {
		u64 end = last;
		u64 behind = pass_mapped(vm, index, at, &end);

		if (behind == at) {
			err = space_add_device(&vm->space, GPA(at), HPA(at), end - at);
			behind = end;
		}
		at = behind;
	}
	return err;
}

int vm_pass_map(struct vm *vm)
{
	u32 index = 0;

	for (u32 n = 0; n < pass_config->nr_devices; n++) {
		const struct config_device *d = &pass_config->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_regs; k++, index++) {
			int err = pass_map(vm, &d->reg[k], index);

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

static void report_device(const struct vm *vm, const struct config_device *d)
{
	char text[PASS_TEXT_LEN];
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
	for (u32 n = 0; n < pass_config->nr_devices; n++) {
		if (pass_config->device[n].partition == vm->id)
			report_device(vm, &pass_config->device[n]);
	}
}

/* The last part of a path; what is long is cut. */
static const char *pass_name(const struct config_device *d, char name[PASS_NAME_LEN])
{
	const char *slash = strrchr(d->path, '/');

	(void)str_print(name, PASS_NAME_LEN, "%s", slash != NULL ? slash + 1 : d->path);
	return name;
}

size_t vm_pass_print(const struct vm *vm, char *buf, size_t size)
{
	char name[PASS_NAME_LEN];
	size_t at = 0;

	for (u32 n = 0; n < pass_config->nr_devices; n++) {
		const struct config_device *d = &pass_config->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_regs && at < size; k++) {
			const struct config_memory pages = config_pages(&d->reg[k]);

			at += str_print(buf + at, size - at, ", %s 0x%lx-0x%lx", pass_name(d, name),
					pages.gpa, pages.gpa + pages.size - 1U);
		}
	}
	return at;
}
