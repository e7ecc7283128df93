/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records of the emulated devices and of the partition's side of the console.
 *
 * Records do not carry the lines between devices. A UART's line follows from its registers, the
 * PLIC's inputs are such lines, and its outputs follow from all of these. Whichever record is set
 * leaves the lines as they must be for what was set so far, so the order of the records does not
 * matter.
 */
#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/config/guest_fdt.h"
#include "core/state/state_internal.h"
#include "core/vm/vm.h"

/* --- UART ------------------------------------------------------------------------------------ */

static u32 state_devices_get_uart(struct vm *vm, u32 i, void *data)
{
	(void)i;
	vuart_save(&vm->uart, data);
	return sizeof(struct cleave_state_uart);
}

static int state_devices_set_uart(struct vm *vm, u32 i, const void *data, u32 length)
{
	(void)i;
	(void)length;
	return vuart_load(&vm->uart, data);
}

const struct state_kind state_kind_uart = { .kind = CLEAVE_STATE_UART,
					    .size = sizeof(struct cleave_state_uart),
					    .get = state_devices_get_uart,
					    .set = state_devices_set_uart };

/* --- PLIC ------------------------------------------------------------------------------------ */

#define PLIC_LEVELS   7U /* highest priority and threshold */
#define PLIC_SOURCE_0 1U /* its bit in a set of sources: it does not exist */

_Static_assert(VPLIC_SOURCES == CLEAVE_STATE_PLIC_SOURCES, "the record has every source");

static u32 state_devices_more_plic(struct vm *vm)
{
	return vplic_contexts(&vm->plic, vm->run.nr_vcpus) *
	       (u32)sizeof(struct cleave_state_plic_context);
}

static u32 state_devices_get_plic(struct vm *vm, u32 i, void *data)
{
	struct vplic *p = &vm->plic;
	struct cleave_state_plic *r = data;
	struct cleave_state_plic_context *c = (void *)(r + 1);
	u32 contexts = vplic_contexts(p, vm->run.nr_vcpus);

	(void)i;
	spin_lock(&p->lock);
	*r = (struct cleave_state_plic){ .sources = VPLIC_SOURCES,
					 .contexts = contexts,
					 .pending = p->pending,
					 .claimed = p->claimed };
	memcpy(r->priority, p->priority, sizeof(r->priority));
	for (u32 n = 0; n < contexts; n++) {
		const struct vplic_context *from = vplic_context(p, n);

		if (from != NULL)
			c[n] = (struct cleave_state_plic_context){ from->enable, from->threshold };
	}
	spin_unlock(&p->lock);
	return (u32)sizeof(*r) + state_devices_more_plic(vm);
}

static bool state_devices_plic_is_legal(const struct cleave_state_plic *r)
{
	const struct cleave_state_plic_context *c = (const void *)(r + 1);

	if (r->sources != VPLIC_SOURCES || ((r->pending | r->claimed) & PLIC_SOURCE_0) != 0U ||
	    (r->pending & r->claimed) != 0U || r->priority[0] != 0U)
		return false;
	for (u32 n = 0; n < VPLIC_SOURCES; n++) {
		if (r->priority[n] > PLIC_LEVELS)
			return false;
	}
	for (u32 n = 0; n < r->contexts; n++) {
		if ((c[n].enable & PLIC_SOURCE_0) != 0U || c[n].threshold > PLIC_LEVELS)
			return false;
	}
	return true;
}

static int state_devices_set_plic(struct vm *vm, u32 i, const void *data, u32 length)
{
	struct vplic *p = &vm->plic;
	const struct cleave_state_plic *r = data;
	const struct cleave_state_plic_context *c = (const void *)(r + 1);
	u32 vcpus = vm->run.nr_vcpus;

	(void)i;
	/* A guest has the contexts that it was started with, whatever this slot would give it. */
	if ((r->contexts != vcpus && r->contexts != 2U * vcpus) ||
	    length != sizeof(*r) + r->contexts * sizeof(*c) || !state_devices_plic_is_legal(r))
		return CLV_ERR_INVAL;
	spin_lock(&p->lock);
	vplic_layout(p, r->contexts != vcpus);
	p->pending = r->pending;
	p->claimed = r->claimed;
	memcpy(p->priority, r->priority, sizeof(r->priority));
	for (u32 n = 0; n < r->contexts; n++) {
		struct vplic_context *to = vplic_context(p, n);

		if (to != NULL)
			*to = (struct vplic_context){ c[n].enable, (u8)c[n].threshold };
	}
	spin_unlock(&p->lock);
	/*
	 * The UART's line has not changed. Setting it again makes the gateways and the outputs
	 * follow what has.
	 */
	spin_lock(&vm->uart.lock);
	vplic_line(p, GUEST_UART_IRQ, vm->uart.irq);
	spin_unlock(&vm->uart.lock);
	return CLV_OK;
}

const struct state_kind state_kind_plic = { .kind = CLEAVE_STATE_PLIC,
					    .size = sizeof(struct cleave_state_plic),
					    .more = state_devices_more_plic,
					    .get = state_devices_get_plic,
					    .set = state_devices_set_plic };

/* --- console --------------------------------------------------------------------------------- */

_Static_assert(CONSOLE_SAVE_MAX <= CLEAVE_STATE_OUTPUT_MAX, "an open line fits into a record");
_Static_assert(CONFIG_CONSOLE_RX <= CLEAVE_STATE_MAX - sizeof(struct cleave_state_head),
	       "what was typed fits into a record");

static u32 state_devices_more_output(struct vm *vm)
{
	return console_tty_line_bytes(&vm->tty);
}

static u32 state_devices_get_output(struct vm *vm, u32 i, void *data)
{
	(void)i;
	return console_tty_save_line(&vm->tty, data);
}

static int state_devices_set_output(struct vm *vm, u32 i, const void *data, u32 length)
{
	(void)i;
	if (length > CONSOLE_SAVE_MAX || memchr(data, '\n', length) != NULL)
		return CLV_ERR_INVAL;
	/* Whatever else these bytes are, the guest could have sent them itself. */
	console_tty_load_line(&vm->tty, data, length);
	return CLV_OK;
}

const struct state_kind state_kind_output = { .kind = CLEAVE_STATE_OUTPUT,
					      .more = state_devices_more_output,
					      .get = state_devices_get_output,
					      .set = state_devices_set_output };

static u32 state_devices_more_input(struct vm *vm)
{
	return console_tty_input_bytes(&vm->tty);
}

static u32 state_devices_get_input(struct vm *vm, u32 i, void *data)
{
	(void)i;
	return console_tty_save_input(&vm->tty, data);
}

static int state_devices_set_input(struct vm *vm, u32 i, const void *data, u32 length)
{
	(void)i;
	return console_tty_load_input(&vm->tty, data, length);
}

const struct state_kind state_kind_input = { .kind = CLEAVE_STATE_INPUT,
					     .more = state_devices_more_input,
					     .get = state_devices_get_input,
					     .set = state_devices_set_input };
