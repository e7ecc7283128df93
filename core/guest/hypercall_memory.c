/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on memory: the regions of a VM, windows into them, the sizes of their leaves.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/guest/hypercall_args.h"
#include "core/vm/vm_window.h"

/*
 * Is there such a region, and memory in it? With vm->lock held. Return: 0, CLV_ERR_NOTFOUND (no
 * such region), CLV_ERR_STATE (the slot has no memory).
 */
static int hypercall_memory_check_region(const struct vm *vm, u64 region)
{
	spin_assert_held(&vm->lock);
	if (region >= vm->cfg->nr_memory)
		return CLV_ERR_NOTFOUND;
	return atomic_read(&vm->run.state) == (u32)CLEAVE_VM_EMPTY ? CLV_ERR_STATE : CLV_OK;
}

static int hypercall_memory_region_info(const struct vcpu *v, u64 *value)
{
	u64 region = sbi_arg(v, 1);
	struct cleave_region_info info;
	u64 len = MIN(sbi_arg(v, 4), sizeof(info));
	struct space_log_status log = { .mode = CLEAVE_LOG_OFF };
	struct vm *vm = NULL;
	gpa_t buf;
	int err = hypercall_target(v, &vm);

	if (err == CLV_OK && region >= vm->cfg->nr_memory)
		err = CLV_ERR_NOTFOUND;
	if (err == CLV_OK)
		err = hypercall_buffer(v, 2, len, sizeof(u64), &buf);
	if (err != CLV_OK)
		return err;
	spin_lock(&vm->lock);
	/* Of a slot without memory the record says what it would have; its log is off. */
	if (hypercall_memory_check_region(vm, region) == CLV_OK)
		err = space_log_status(&vm->space, (u32)region, &log);
	spin_unlock(&vm->lock);
	if (err != CLV_OK)
		return err;
	memset(&info, 0, sizeof(info));
	info.gpa = vm->cfg->memory[region].gpa;
	info.size = vm->cfg->memory[region].size;
	info.log_mode = log.mode;
	*value = len;
	return hypercall_reply(v, buf, &info, len);
}

static int hypercall_memory_window_map(const struct vcpu *v)
{
	u64 flags = sbi_arg(v, 4);
	struct vm *vm = NULL;
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_target(v, &vm);
	if (err == CLV_OK && (flags & ~(u64)CLEAVE_WINDOW_WRITABLE) != 0U)
		err = CLV_ERR_INVAL;
	if (err != CLV_OK)
		return err;
	return vm_window_map(v->vm, sbi_arg(v, 3), vm, sbi_arg(v, 1), sbi_arg(v, 2),
			     (flags & CLEAVE_WINDOW_WRITABLE) != 0U);
}

static int hypercall_memory_window_unmap(const struct vcpu *v)
{
	int err = hypercall_manager(v);

	return err == CLV_OK ? vm_window_unmap(v->vm, sbi_arg(v, 0)) : err;
}

static int hypercall_memory_leaves(const struct vcpu *v, u64 *value)
{
	u64 region = sbi_arg(v, 1);
	u64 cursor = sbi_arg(v, 2);
	struct cleave_leaves counts;
	struct vm *vm = NULL;
	gpa_t buf;
	int err = hypercall_target(v, &vm);

	if (err == CLV_OK && region >= vm->cfg->nr_memory)
		err = CLV_ERR_NOTFOUND;
	if (err == CLV_OK)
		err = hypercall_buffer(v, 3, sizeof(counts), sizeof(u64), &buf);
	if (err == CLV_OK)
		err = space_read(&v->vm->space, buf, &counts, sizeof(counts));
	if (err != CLV_OK)
		return err;
	spin_lock(&vm->lock);
	err = hypercall_memory_check_region(vm, region);
	if (err == CLV_OK)
		err = space_leaves(&vm->space, (u32)region, counts.leaves, &cursor);
	spin_unlock(&vm->lock);
	if (err != CLV_OK)
		return err;
	*value = cursor;
	return hypercall_reply(v, buf, &counts, sizeof(counts));
}

static int hypercall_memory_leaf(const struct vcpu *v, u64 *value)
{
	struct vm *vm = NULL;
	int level = hypercall_target(v, &vm);

	if (level != CLV_OK)
		return level;
	spin_lock(&vm->lock);
	level = atomic_read(&vm->run.state) == (u32)CLEAVE_VM_EMPTY
			? CLV_ERR_STATE
			: space_leaf_level(&vm->space, GPA(sbi_arg(v, 1)));
	spin_unlock(&vm->lock);
	if (level < 0)
		return level;
	*value = (u64)level;
	return CLV_OK;
}

int hypercall_memory(struct vcpu *v, u64 fn, u64 *value)
{
	switch (fn) {
	case CLEAVE_FN_REGION_INFO:
		return hypercall_memory_region_info(v, value);
	case CLEAVE_FN_WINDOW_MAP:
		return hypercall_memory_window_map(v);
	case CLEAVE_FN_WINDOW_UNMAP:
		return hypercall_memory_window_unmap(v);
	case CLEAVE_FN_LEAVES:
		return hypercall_memory_leaves(v, value);
	case CLEAVE_FN_LEAF:
		return hypercall_memory_leaf(v, value);
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}
