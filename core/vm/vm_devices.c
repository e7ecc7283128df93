/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wiring of a VM's emulated devices: what their models and the console call up for.
 *
 * Most of these calls come with the device's lock held (docs/concurrency.md).
 */
#include "core/vm/vm_devices.h"

#include <cleave/atomic.h>
#include <cleave/printk.h>
#include "core/config/guest_fdt.h"
#include "core/vm/aia/vm_aia.h"
#include "core/vm/vm_internal.h"

_Static_assert(GUEST_PLIC_SOURCES < VPLIC_SOURCES,
	       "the PLIC has the sources that guests are told of");
_Static_assert(GUEST_UART_IRQ <= GUEST_PLIC_SOURCES, "the UART's interrupt is one of them");

__attribute__((cold)) void vm_devices_init(struct vm *vm)
{
	const struct mmio_device devices[] = {
		{ .base = GPA(GUEST_UART_BASE),
		  .size = GUEST_UART_SIZE,
		  .name = "uart",
		  .opaque = &vm->uart,
		  .read = vuart_read,
		  .write = vuart_write },
		{ .base = GPA(GUEST_PLIC_BASE),
		  .size = GUEST_PLIC_SIZE,
		  .name = "plic",
		  .opaque = &vm->plic,
		  .read = vplic_read,
		  .write = vplic_write },
	};

	vm->bus.nr = 0;
	if (vm_aia(vm))
		vm_aia_init(vm);
	/* The PLIC comes last. */
	for (size_t i = 0; i < ARRAY_SIZE(devices) - (vm_aia(vm) ? 1U : 0U); i++) {
		if (mmio_add(&vm->bus, &devices[i]) != 0)
			printk("partition \"%s\": device %s has no place on its bus", vm->cfg->name,
			       devices[i].name);
	}
	vm_devices_reset(vm);
}

__attribute__((cold)) void vm_devices_reset(struct vm *vm)
{
	console_tty_open(&vm->tty, vm->id, vm->cfg->name, !vm->cfg->manager && !vm->cfg->incoming);
	vuart_reset(&vm->uart);
	vplic_layout(&vm->plic, vm->cfg->plic_contexts == CONFIG_PLIC_MS);
	vplic_reset(&vm->plic, vm->run.nr_vcpus);
	if (vm_aia(vm))
		vm_aia_reset(vm);
}

bool vuart_output(struct vuart *u, u8 c)
{
	spin_assert_held(&u->lock);
	return console_tty_putc(&container_of(u, struct vm, uart)->tty, c);
}

bool vuart_output_full(struct vuart *u)
{
	return console_tty_full(&container_of(u, struct vm, uart)->tty);
}

void vuart_irq(struct vuart *u, bool level)
{
	struct vm *vm = container_of(u, struct vm, uart);

	spin_assert_held(&u->lock);
	if (vm_aia(vm))
		vm_aia_line(vm, GUEST_UART_IRQ, level);
	else
		vplic_line(&vm->plic, GUEST_UART_IRQ, level);
}

int vuart_fetch(struct vuart *u)
{
	spin_assert_held(&u->lock);
	return console_tty_fetch(&container_of(u, struct vm, uart)->tty);
}

u32 console_tty_state(struct console_tty *t)
{
	const struct vm *vm = container_of(t, struct vm, tty);

	/* One that starts or restarts will read what is typed now. */
	return vm_op_starts(vm) ? (u32)CLEAVE_VM_RUNNING : vm_state(vm);
}

void console_tty_ready(struct console_tty *t)
{
	struct vm *vm = container_of(t, struct vm, tty);

	/*
	 * The UART of a VM that starts is reset: input stays where it is until vm_op_run() looks
	 * for it. That it waits is written before this look.
	 */
	smp_mb();
	if (!vm_op_starts(vm))
		vuart_refill(&vm->uart);
}

void console_tty_sent(struct console_tty *t)
{
	vuart_sent(&container_of(t, struct vm, tty)->uart);
}

struct console_tty *console_tty_current(void)
{
	const struct vcpu *v = vcpu_current();

	return v != NULL && atomic_read(&v->mode) == (u32)VCPU_IN ? &v->vm->tty : NULL;
}

void vplic_output(struct vplic *p, u32 context, bool level)
{
	struct vm *vm = container_of(p, struct vm, plic);

	spin_assert_held(&p->lock);
	if (context < vm->run.nr_vcpus)
		vcpu_irq_level(vm->run.vcpu[context], GUEST_IRQ_EXT, level);
}
