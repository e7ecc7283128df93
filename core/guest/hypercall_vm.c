/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the life of VMs: list, info, start, pause, resume, reset, destroy, create, wait for
 * an event.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/config/config_memory.h"
#include "core/guest/hypercall_args.h"
#include "core/vm/event.h"
#include "core/vm/vm_life.h"
#include "core/vm/vm_op.h"

/* The most ids that there can be */
#define LIST_MAX ((u64)CONFIG_MAX_VMS)

static int hypercall_vm_list(const struct vcpu *v, u64 *value)
{
	u32 ids[CONFIG_MAX_VMS];
	bool manager = hypercall_manager(v) == CLV_OK;
	u32 nr = manager ? vm_count() : 1U;
	u64 entries = MIN(MIN(sbi_arg(v, 2), LIST_MAX), nr);
	gpa_t buf;
	int err = hypercall_buffer(v, 0, entries * sizeof(ids[0]), sizeof(ids[0]), &buf);

	if (err != CLV_OK)
		return err;
	for (u32 i = 0; i < nr; i++)
		ids[i] = manager ? i : v->vm->id;
	*value = nr;
	return hypercall_reply(v, buf, ids, entries * sizeof(ids[0]));
}

_Static_assert(sizeof(struct cleave_vm_info) == offsetof(struct cleave_vm_info, generation) +
							sizeof(struct cleave_state_generation),
	       "the generation is the end of the record");

static void hypercall_vm_fill_info(const struct vm *vm, void *record)
{
	struct cleave_vm_info *info = record;
	const struct config_partition *cfg = vm->cfg;
	const struct cleave_state_identity *id = &vm->guest;

	spin_assert_held(&vm->lock);
	memset(info, 0, sizeof(*info));
	info->id = vm->id;
	info->state = atomic_read_acquire(&vm->run.state);
	if (info->state == (u32)CLEAVE_VM_EMPTY)
		id = &vm->own;
	else /* both fields at once */
		memcpy(&info->generation, &vm->generation, sizeof(vm->generation));
	if (cfg->manager)
		info->flags |= CLEAVE_VM_FLAG_MANAGER;
	if (cfg->migratable)
		info->flags |= CLEAVE_VM_FLAG_MIGRATABLE;
	if (cfg->incoming)
		info->flags |= CLEAVE_VM_FLAG_INCOMING;
	if (vm_loads(vm))
		info->flags |= CLEAVE_VM_FLAG_KERNEL;
	if (vm->work.op != (u32)VM_OP_NONE)
		info->flags |= CLEAVE_VM_FLAG_BUSY;
	info->vcpus = vm->run.nr_vcpus;
	info->regions = cfg->nr_memory;
	info->gstage_levels = vm->space.cfg.levels;
	info->memory = config_memory_bytes(cfg->memory, cfg->nr_memory);
	info->overhead = vm_overhead(vm);
	info->note = vm->note;
	info->brake = atomic_read(&vm->run.brake);
	info->note_id = vm->note_id;
	info->note_run = vm->note_run ? 1U : 0U;
	memcpy(info->uuid, id->uuid, sizeof(info->uuid));
	memcpy(info->guest, id->name, sizeof(info->guest));
	/* Both are 32 bytes, and a configured name always ends in a NUL. */
	memcpy(info->name, cfg->name, sizeof(info->name));
}

static int hypercall_vm_info(const struct vcpu *v, u64 *value)
{
	struct cleave_vm_info info;

	return hypercall_record(v, &info, sizeof(info), hypercall_vm_fill_info, value);
}

static void hypercall_vm_fill_fault(const struct vm *vm, void *record)
{
	spin_assert_held(&vm->lock);
	memcpy(record, &vm->fault, sizeof(vm->fault));
}

static int hypercall_vm_fault(const struct vcpu *v, u64 *value)
{
	struct cleave_fault fault;

	return hypercall_record(v, &fault, sizeof(fault), hypercall_vm_fill_fault, value);
}

static int hypercall_vm_wait(struct vcpu *v)
{
	struct cleave_event event;
	gpa_t buf;
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_buffer(v, 1, sizeof(event), sizeof(u64), &buf);
	if (err != CLV_OK)
		return err;
	if (!event_next(v, sbi_arg(v, 0), &event))
		return HYPERCALL_AGAIN;
	return hypercall_reply(v, buf, &event, sizeof(event));
}

/* One step of START, RESET, DESTROY or CREATE */
static int hypercall_vm_step(const struct vcpu *v, enum vm_op op, u64 *value)
{
	u64 cursor = sbi_arg(v, 1);
	struct vm *vm = NULL;
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_target(v, &vm);
	if (err == CLV_OK)
		err = vm_op_step(vm, op, &cursor);
	*value = cursor;
	return err;
}

static int hypercall_vm_pause_resume(const struct vcpu *v, u64 fn)
{
	struct vm *vm = NULL;
	int err = hypercall_manager(v);

	if (err == CLV_OK)
		err = hypercall_target(v, &vm);
	if (err != CLV_OK)
		return err;
	if (fn == CLEAVE_FN_VM_RESUME)
		return vm == v->vm ? CLV_ERR_INVAL : vm_resume(vm);
	err = vm_pause(vm);
	return err == CLV_ERR_BUSY ? HYPERCALL_AGAIN : err;
}

int hypercall_vm(struct vcpu *v, u64 fn, u64 *value)
{
	switch (fn) {
	case CLEAVE_FN_VM_LIST:
		return hypercall_vm_list(v, value);
	case CLEAVE_FN_VM_INFO:
		return hypercall_vm_info(v, value);
	case CLEAVE_FN_VM_START:
		return hypercall_vm_step(v, VM_OP_START, value);
	case CLEAVE_FN_VM_PAUSE:
	case CLEAVE_FN_VM_RESUME:
		return hypercall_vm_pause_resume(v, fn);
	case CLEAVE_FN_VM_RESET:
		return hypercall_vm_step(v, VM_OP_RESET, value);
	case CLEAVE_FN_VM_DESTROY:
		return hypercall_vm_step(v, VM_OP_DESTROY, value);
	case CLEAVE_FN_VM_CREATE:
		return hypercall_vm_step(v, VM_OP_CREATE, value);
	case CLEAVE_FN_VM_WAIT:
		return hypercall_vm_wait(v);
	case CLEAVE_FN_VM_FAULT:
		return hypercall_vm_fault(v, value);
	case CLEAVE_FN_VM_IMAGES:
	case CLEAVE_FN_VM_IMAGES_TAKE:
	case CLEAVE_FN_VM_IMAGES_PUT:
		return hypercall_images(v, fn, value);
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}
