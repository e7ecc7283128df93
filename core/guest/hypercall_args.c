/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arguments of hypercalls. Any 64-bit value may come in here. Nothing is written to a buffer
 * that was not checked.
 */
#include "core/guest/hypercall_args.h"

#include <cleave/errno.h>

int hypercall_manager(const struct vcpu *v)
{
	return v->vm->cfg->manager ? CLV_OK : CLV_ERR_DENIED;
}

int hypercall_target(const struct vcpu *v, struct vm **out)
{
	u64 id = sbi_arg(v, 0);

	if (id == CLEAVE_VM_SELF || id == v->vm->id) {
		*out = v->vm;
		return CLV_OK;
	}
	/* Before the look-up: a caller that may not ask does not learn which VMs there are. */
	if (hypercall_manager(v) != CLV_OK)
		return CLV_ERR_DENIED;
	if (id >= vm_count())
		return CLV_ERR_NOTFOUND;
	*out = vm_get((u32)id);
	return *out != NULL ? CLV_OK : CLV_ERR_NOTFOUND;
}

int hypercall_buffer(const struct vcpu *v, u32 n, u64 len, u64 align, gpa_t *out)
{
	struct space_span span;

	*out = GPA(sbi_arg(v, n));
	if (len == 0U)
		return CLV_OK;
	if (sbi_arg(v, n + 1U) != 0U || !IS_ALIGNED(out->v, align))
		return CLV_ERR_RANGE;
	return space_span_find(&v->vm->space, *out, len, &span);
}

int hypercall_reply(const struct vcpu *v, gpa_t buf, const void *record, u64 len)
{
	return space_write(&v->vm->space, buf, record, len);
}

int hypercall_record(const struct vcpu *v, void *record, u64 size,
		     void (*fill)(const struct vm *vm, void *record), u64 *value)
{
	u64 len = MIN(sbi_arg(v, 3), size);
	struct vm *vm = NULL;
	gpa_t buf;
	int err = hypercall_target(v, &vm);

	if (err == CLV_OK)
		err = hypercall_buffer(v, 1, len, sizeof(u64), &buf);
	if (err != CLV_OK)
		return err;
	spin_lock(&vm->lock);
	fill(vm, record);
	spin_unlock(&vm->lock);
	*value = len;
	return hypercall_reply(v, buf, record, len);
}
