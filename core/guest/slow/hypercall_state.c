/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on a VM's state as records: list, get, set, check.
 *
 * A record is put together, and judged, in a buffer of the hypervisor's own, so that nobody can
 * change it between the check and the use.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include "core/guest/hypercall_args.h"
#include "core/state/state.h"
#include "core/vm/aia/vm_aia.h"

/* @lock guards @record. */
static struct {
	struct spinlock lock;
	u8 record[CLEAVE_STATE_MAX] __attribute__((aligned(8)));
} hypercall_state_buffer;

/* Decode a0. As with windows, the caller must be a manager, and no VM works on itself. */
static int hypercall_state_target(const struct vcpu *v, struct vm **out)
{
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_target(v, out);
	if (err == CLV_OK && *out == v->vm)
		err = CLV_ERR_INVAL;
	return err;
}

/*
 * May records of @vm be read? With vm->lock held. Return: 0, CLV_ERR_STATE, CLV_ERR_UNSUPPORTED (a
 * passed-through device has state that no record holds, and so have an APLIC and interrupt files:
 * the records would be half a VM).
 */
static int hypercall_state_readable(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	if (vm->cfg->nr_devices != 0U || vm_aia(vm))
		return CLV_ERR_UNSUPPORTED;
	return atomic_read_acquire(&vm->run.state) == (u32)CLEAVE_VM_PAUSED && vm_time_stands(vm) &&
			       vm->work.op == (u32)VM_OP_NONE
		       ? CLV_OK
		       : CLV_ERR_STATE;
}

static int hypercall_state_list(const struct vcpu *v, struct vm *vm, u64 *value)
{
	u64 entries = MIN(sbi_arg(v, 3), STATE_RECORDS_MAX);
	void *record = hypercall_state_buffer.record;
	struct cleave_state_head *heads = record;
	gpa_t buf;
	u32 nr = 0;
	int err = hypercall_buffer(v, 1, entries * sizeof(*heads), sizeof(u64), &buf);

	if (err != CLV_OK)
		return err;
	spin_lock(&hypercall_state_buffer.lock);
	spin_lock(&vm->lock);
	err = hypercall_state_readable(vm);
	if (err == CLV_OK)
		nr = state_list(vm, heads, (u32)entries);
	spin_unlock(&vm->lock);
	if (err == CLV_OK)
		err = hypercall_reply(v, buf, heads, MIN(entries, nr) * sizeof(*heads));
	spin_unlock(&hypercall_state_buffer.lock);
	*value = nr;
	return err;
}

static int hypercall_state_get(const struct vcpu *v, struct vm *vm, u64 *value)
{
	u64 kind = sbi_arg(v, 1);
	u64 instance = sbi_arg(v, 2);
	u64 size = MIN(sbi_arg(v, 5), CLEAVE_STATE_MAX);
	gpa_t buf;
	int err = CLV_OK;

	if (!state_exists(vm, kind, instance))
		err = CLV_ERR_NOTFOUND;
	if (err == CLV_OK)
		err = hypercall_buffer(v, 3, size, sizeof(u64), &buf);
	if (err != CLV_OK)
		return err;
	spin_lock(&hypercall_state_buffer.lock);
	spin_lock(&vm->lock);
	err = hypercall_state_readable(vm);
	if (err == CLV_OK)
		size = MIN(size, (u64)state_get(vm, (u32)kind, (u32)instance,
						hypercall_state_buffer.record));
	spin_unlock(&vm->lock);
	if (err == CLV_OK)
		err = hypercall_reply(v, buf, hypercall_state_buffer.record, size);
	spin_unlock(&hypercall_state_buffer.lock);
	*value = size;
	return err;
}

static int hypercall_state_set(const struct vcpu *v, struct vm *vm)
{
	u64 size = sbi_arg(v, 3);
	gpa_t buf;
	int err = CLV_OK;

	if (size < sizeof(struct cleave_state_head) || size > CLEAVE_STATE_MAX)
		err = CLV_ERR_INVAL;
	if (err == CLV_OK)
		err = hypercall_buffer(v, 1, size, sizeof(u64), &buf);
	if (err != CLV_OK)
		return err;
	spin_lock(&hypercall_state_buffer.lock);
	err = space_read(&v->vm->space, buf, hypercall_state_buffer.record, size);
	if (err == CLV_OK) {
		spin_lock(&vm->lock);
		err = hypercall_state_readable(vm);
		if (err == CLV_OK && !vm->records.accepted)
			err = CLV_ERR_STATE;
		if (err == CLV_OK)
			err = state_set(vm, hypercall_state_buffer.record, size);
		spin_unlock(&vm->lock);
	}
	spin_unlock(&hypercall_state_buffer.lock);
	return err;
}

static int hypercall_state_check(struct vm *vm, u64 *value)
{
	u64 missing = 0;
	int err;

	spin_lock(&vm->lock);
	err = hypercall_state_readable(vm);
	if (err == CLV_OK)
		missing = state_missing(vm);
	spin_unlock(&vm->lock);
	if (missing == 0U)
		return err;
	*value = missing;
	return HYPERCALL_MISSING;
}

int hypercall_state(struct vcpu *v, u64 fn, u64 *value)
{
	struct vm *vm = NULL;
	int err = hypercall_state_target(v, &vm);

	if (err != CLV_OK)
		return err;
	switch (fn) {
	case CLEAVE_FN_STATE_LIST:
		return hypercall_state_list(v, vm, value);
	case CLEAVE_FN_STATE_GET:
		return hypercall_state_get(v, vm, value);
	case CLEAVE_FN_STATE_SET:
		return hypercall_state_set(v, vm);
	case CLEAVE_FN_STATE_CHECK:
		return hypercall_state_check(vm, value);
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}
