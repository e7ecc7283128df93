/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records: the table of kinds, and which records have been set.
 *
 * It must never look at a record's data: that is for its kind to do.
 */
#include "core/state/state.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/console/console.h"
#include "core/state/state_internal.h"
#include "core/vm/vm.h"

/* In ascending order of kind: records are listed, and looked for, in this order. */
static const struct state_kind *const state_kinds[] = {
	&state_kind_config, &state_kind_clock,	&state_kind_identity,	&state_kind_generation,
	&state_kind_regs,   &state_kind_csrs,	&state_kind_timer,	&state_kind_run,
	&state_kind_fp,	    &state_kind_vector, &state_kind_vector_low, &state_kind_vector_high,
	&state_kind_uart,   &state_kind_plic,	&state_kind_output,	&state_kind_input,
};

_Static_assert(ARRAY_SIZE(state_kinds) <= 32U, "a bit each in struct vm_records");
_Static_assert(STATE_RECORDS_MAX * sizeof(struct cleave_state_head) <= CLEAVE_STATE_MAX,
	       "all heads fit where one record does");
_Static_assert(sizeof(struct cleave_state_vector_half) + 16U * GUEST_VLENB_MAX +
			       sizeof(struct cleave_state_head) <=
		       CLEAVE_STATE_MAX,
	       "the longest record fits");

static u32 state_instances(const struct vm *vm, const struct state_kind *k)
{
	return k->vcpu ? vm->run.nr_vcpus : 1U;
}

/* Return: index of @kind in the table; ARRAY_SIZE() when it is unknown. */
static u32 state_find(u64 kind)
{
	u32 n = 0;

	while (n < ARRAY_SIZE(state_kinds) && state_kinds[n]->kind != kind)
		n++;
	return n;
}

static bool state_there(const struct state_kind *k)
{
	return (k->need & ~state_flags()) == 0U;
}

bool state_exists(const struct vm *vm, u64 kind, u64 instance)
{
	u32 n = state_find(kind);

	return n < ARRAY_SIZE(state_kinds) && state_there(state_kinds[n]) &&
	       instance < state_instances(vm, state_kinds[n]);
}

/* --- reading --------------------------------------------------------------------------------- */

static void state_head(const struct state_kind *k, u32 instance, u32 length,
		       struct cleave_state_head *head)
{
	*head = (struct cleave_state_head){ .kind = k->kind,
					    .instance = instance,
					    .version = CLEAVE_STATE_VERSION,
					    .flags = k->optional ? 0U : CLEAVE_STATE_MANDATORY,
					    .length = length };
}

u32 state_list(struct vm *vm, struct cleave_state_head *heads, u32 max)
{
	u32 nr = 0;

	spin_assert_held(&vm->lock);
	for (u32 n = 0; n < ARRAY_SIZE(state_kinds); n++) {
		const struct state_kind *k = state_kinds[n];

		for (u32 i = 0; state_there(k) && i < state_instances(vm, k); i++, nr++) {
			if (nr < max)
				state_head(k, i, k->size + (k->more != NULL ? k->more(vm) : 0U),
					   &heads[nr]);
		}
	}
	return nr;
}

u32 state_get(struct vm *vm, u32 kind, u32 instance, void *record)
{
	struct cleave_state_head *head = record;
	const struct state_kind *k = state_kinds[state_find(kind)];
	u32 length = k->size;

	spin_assert_held(&vm->lock);
	if (k->get != NULL)
		length = k->get(vm, instance, head + 1);
	else
		memcpy(head + 1, (const u8 *)vm + k->at, length);
	state_head(k, instance, length, head);
	return (u32)sizeof(*head) + length;
}

/* --- setting --------------------------------------------------------------------------------- */

static void state_mark(struct vm *vm, u32 n, u32 instance)
{
	u32 *set = state_kinds[n]->vcpu ? &vm->records.vcpu[instance] : &vm->records.vm;

	*set |= UINT32_C(1) << n;
}

static int state_apply(struct vm *vm, u32 n, const struct cleave_state_head *head)
{
	const struct state_kind *k = state_kinds[n];
	int err = CLV_OK;

	if (head->instance >= state_instances(vm, k))
		return CLV_ERR_INVAL;
	if (!state_there(k))
		return CLV_ERR_UNSUPPORTED;
	if (k->more == NULL ? head->length != k->size : head->length < k->size)
		return CLV_ERR_INVAL;
	if (k->set != NULL)
		err = k->set(vm, head->instance, head + 1, head->length);
	else
		memcpy((u8 *)vm + k->at, head + 1, head->length);
	if (err == CLV_OK)
		state_mark(vm, n, head->instance);
	return err;
}

int state_set(struct vm *vm, const void *record, u64 size)
{
	const struct cleave_state_head *head = record;
	u32 n = state_find(head->kind);

	spin_assert_held(&vm->lock);
	if (head->length != size - sizeof(*head) || (head->flags & ~CLEAVE_STATE_MANDATORY) != 0U)
		return CLV_ERR_INVAL;
	if (n == ARRAY_SIZE(state_kinds) || head->version != CLEAVE_STATE_VERSION)
		return (head->flags & CLEAVE_STATE_MANDATORY) != 0U ? CLV_ERR_UNSUPPORTED : CLV_OK;
	return state_apply(vm, n, head);
}

/* --- which have been set --------------------------------------------------------------------- */

void vm_records_accept(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	memset(&vm->records, 0, sizeof(vm->records));
	vm->records.accepted = true;
	/* Whatever is typed from now on would be overwritten by the INPUT record. */
	console_tty_freeze_input(&vm->tty, true);
}

static void state_clear(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	memset(&vm->records, 0, sizeof(vm->records));
	console_tty_freeze_input(&vm->tty, false);
}

void vm_records_drop_console(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	console_tty_drop_line(&vm->tty);
	(void)console_tty_load_input(&vm->tty, (const u8 *)"", 0);
}

void vm_records_forget(struct vm *vm)
{
	/*
	 * None of it was its own: the line is shown, and what was typed is read, in the slot that
	 * the records came from.
	 */
	if (vm->records.accepted)
		vm_records_drop_console(vm);
	state_clear(vm);
}

void vm_records_settle(struct vm *vm)
{
	state_clear(vm);
	vuart_refill(&vm->uart);
}

u64 state_missing(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	if (!vm->records.accepted)
		return 0;
	for (u32 n = 0; n < ARRAY_SIZE(state_kinds); n++) {
		const struct state_kind *k = state_kinds[n];

		/* CONFIG comes first, and says which others there are. */
		if ((k->need & ~vm->records.flags) != 0U || k->optional)
			continue;
		for (u32 i = 0; i < state_instances(vm, k); i++) {
			u32 set = k->vcpu ? vm->records.vcpu[i] : vm->records.vm;

			if ((set >> n & 1U) == 0U)
				return (u64)k->kind << 32 | i;
		}
	}
	return 0;
}

bool vm_records_allow_run(const struct vm *vm)
{
	u32 any = vm->records.vm;

	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		any |= vm->records.vcpu[i];
	return any == 0U || state_missing(vm) == 0U;
}
