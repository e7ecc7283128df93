/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls on what a VM is started from: reading it, and bringing it along. */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include "core/guest/hypercall_args.h"
#include "core/vm/vm_images.h"

static int hypercall_images_get(const struct vcpu *v, struct vm *vm, u64 *value)
{
	u64 size = MIN(sbi_arg(v, 4), (u64)CLEAVE_IMAGES_STEP);
	gpa_t buf;
	int err = hypercall_buffer(v, 2, size, 1, &buf);

	if (err != CLV_OK)
		return err;
	*value = size;
	return vm_images_get(vm, sbi_arg(v, 1), v, buf, value);
}

static int hypercall_images_take(const struct vcpu *v, struct vm *vm)
{
	u64 id = sbi_arg(v, 1);
	struct vm *from = id <= UINT32_MAX ? vm_get((u32)id) : NULL;

	return from == NULL ? CLV_ERR_NOTFOUND : vm_images_take(vm, from, sbi_arg(v, 2));
}

static int hypercall_images_put(const struct vcpu *v, struct vm *vm, u64 *value)
{
	u64 size = sbi_arg(v, 3);
	gpa_t buf;
	int err = size == 0U || size > CLEAVE_IMAGES_STEP ? CLV_ERR_INVAL
							  : hypercall_buffer(v, 1, size, 1, &buf);

	return err != CLV_OK ? err : vm_images_put(vm, v, buf, size, value);
}

int hypercall_images(struct vcpu *v, u64 fn, u64 *value)
{
	struct vm *vm = NULL;
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_target(v, &vm);
	if (err == CLV_OK && vm == v->vm)
		err = CLV_ERR_INVAL;
	if (err != CLV_OK)
		return err;
	switch (fn) {
	case CLEAVE_FN_VM_IMAGES:
		return hypercall_images_get(v, vm, value);
	case CLEAVE_FN_VM_IMAGES_TAKE:
		return hypercall_images_take(v, vm);
	default:
		return hypercall_images_put(v, vm, value);
	}
}
