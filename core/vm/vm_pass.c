/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that partitions drive themselves: the way of an interrupt.
 *
 *   device --> machine's PLIC: claim --> guest's PLIC: line up --> guest claims, serves, completes
 *                  ^                                                              |
 *                  +--- complete: it comes again if the device still asserts <--- line down
 *
 * The machine's interrupt is taken by the hart of one of the VM's vCPUs: at first the first vCPU
 * whose hart the device's controller reaches, and later the vCPU that completed last. So it follows
 * wherever the guest routes it, one interrupt later. It may come while another partition has that
 * hart. It is claimed then, and waits, and none comes again before the guest has completed it, on
 * the hart of the vCPU that does so and in that vCPU's own time. So whatever the device and its
 * guest do, each source costs a neighbour at most one interrupt for each turn of its owner.
 *
 * vm_pass_interrupt() runs on the hart that takes the interrupt, vplic_completed() on any hart that
 * runs the VM, start and stop on any hart under vm->lock; all of them may run at the same time. The
 * lock of the guest's PLIC guards it all.
 */
#include "core/vm/vm_pass.h"

#include <cleave/errno.h>
#include <cleave/spinlock.h>
#include "arch/riscv/hart.h"
#include "lib/fdt_read.h"
#include "core/machine/irq.h"
#include "core/machine/machine.h"
#include "core/vm/vm.h"

/**
 * struct vm_pass_irq - an interrupt of the machine that belongs to a VM
 * @vm: the VM; the lock of its emulated PLIC guards @on and @held, and the calls for @host
 * @host: source of the machine
 * @guest: source at the guest's PLIC
 * @on: the VM runs, or is paused
 * @held: claimed at the machine's PLIC and not completed
 */
struct vm_pass_irq {
	struct vm *vm;
	u32 host;
	u32 guest;
	bool on;
	bool held;
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

/* The interrupt was claimed on this hart. It may have been switched off since. */
static void vm_pass_interrupt(void *opaque, u32 source)
{
	struct vm_pass_irq *i = opaque;
	struct vplic *p = &i->vm->plic;

	spin_lock(&p->lock);
	if (i->on) {
		i->held = true;
		vplic_set_line(p, i->guest, true);
	} else {
		irq_complete(source, hart_this()->index);
	}
	spin_unlock(&p->lock);
}

static void vm_pass_complete(struct vm_pass_irq *i)
{
	spin_assert_held(&i->vm->plic.lock);
	if (!i->held)
		return;
	i->held = false;
	irq_complete(i->host, hart_this()->index);
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

/* Return: the hart of the first vCPU of @vm that can take @host; there is one */
static u32 vm_pass_hart(const struct vm *vm, u32 host)
{
	u32 n = 0;

	while (n + 1U < vm->run.nr_vcpus && !irq_reaches(host, vm->run.vcpu[n]->hart))
		n++;
	return vm->run.vcpu[n]->hart;
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
	/* There is room for as many as can be requested. It is off until vm_pass_start(). */
	err = irq_request_held(irq->host, vm_pass_interrupt, i);
	if (err != CLV_OK)
		return err;
	*i = (struct vm_pass_irq){ .vm = vm, .host = irq->host, .guest = irq->guest };
	vm_pass_nr++;
	vplic_pass(&vm->plic, irq->guest);
	return CLV_OK;
}

__attribute__((cold)) int vm_pass_take(struct vm *vm)
{
	int err = CLV_OK;

	for (u32 n = 0; n < vm_pass_cfg->nr_devices; n++) {
		const struct config_device *d = &vm_pass_cfg->device[n];

		for (u32 k = 0; d->partition == vm->id && k < d->nr_irqs && err == CLV_OK; k++)
			err = vm_pass_take_irq(vm, &d->irq[k]);
	}
	return err;
}

__attribute__((cold)) void vm_pass_start(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	spin_lock(&vm->plic.lock);
	for (u32 n = 0; n < vm_pass_nr; n++) {
		struct vm_pass_irq *i = &vm_pass_irqs[n];

		/* It is on if the VM was paused, and may be claimed. */
		if (i->vm != vm || i->on)
			continue;
		i->on = true;
		irq_enable(i->host, vm_pass_hart(vm, i->host));
	}
	spin_unlock(&vm->plic.lock);
}

__attribute__((cold)) void vm_pass_stop(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	spin_lock(&vm->plic.lock);
	for (u32 n = 0; n < vm_pass_nr; n++) {
		struct vm_pass_irq *i = &vm_pass_irqs[n];

		if (i->vm != vm)
			continue;
		i->on = false;
		irq_disable(i->host);
		vplic_set_line(&vm->plic, i->guest, false);
		vm_pass_complete(i);
	}
	spin_unlock(&vm->plic.lock);
}
