/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM is started from, as managers read it and bring it along.
 *
 * What they bring is not trusted: it may describe anything, and the worst that comes of it is a
 * guest that cannot start. Where pieces go is checked when they are loaded (vm_load.c).
 *
 * Memory that held images is given back as it is: nobody else can see it before whoever takes it
 * has zeroed or filled it, as after a restart of the machine.
 */
#include "core/vm/vm_images.h"

#include <cleave/errno.h>
#include <cleave/spinlock.h>
#include <cleave/string.h>
#include "core/machine/machine.h"
#include "core/vm/vm_internal.h"

/* More than any machine has: so that no sum of sizes wraps */
#define VM_IMAGES_MAX GIB(1024)

static u8 *vm_images_block(const struct vm *vm)
{
	/* An address in the direct map is a number that was computed. */
	return (void *)(uintptr_t)(vm->images.v + machine.hpa_to_va);
}

/* Find byte @offset. Return: where it is; @len gets how many bytes lie there, 0 after the end. */
static const u8 *vm_images_at(const struct vm_load *load, u64 offset, u64 *len)
{
	const u8 *at = (const void *)&load->images;
	u32 i = 0;

	*len = load->images.pieces == 0U ? 0U : sizeof(load->images);
	while (offset >= *len && i < load->images.pieces) {
		offset -= *len;
		at = load->data[i];
		*len = load->images.size[i];
		i++;
	}
	*len -= MIN(*len, offset);
	return at + offset;
}

int vm_images_get(struct vm *vm, u64 offset, const struct vcpu *v, gpa_t buf, u64 *size)
{
	const u8 *at;
	u64 len;
	int err;

	spin_lock(&vm->lock);
	at = vm_images_at(vm->load, offset, &len);
	*size = MIN(*size, len);
	err = space_write(&v->vm->space, buf, at, *size);
	spin_unlock(&vm->lock);
	return err;
}

/* Is @vm a VM that was created and has not run? As for its state records (core/state/state.h) */
static bool vm_images_wanted(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return vm_state(vm) == (u32)CLEAVE_VM_PAUSED && vm_time_stands(vm) &&
	       vm->work.op == (u32)VM_OP_NONE && vm->records.accepted;
}

static int vm_images_make_room(struct vm *vm, u64 bytes)
{
	int err;

	if (bytes <= sizeof(struct cleave_images) || bytes > VM_IMAGES_MAX)
		return CLV_ERR_INVAL;
	err = frames_alloc(&machine.frames, ALIGN_UP(bytes, PAGE_SIZE), PAGE_SIZE, 0, &vm->images);
	if (err == CLV_OK)
		vm->images_size = bytes;
	return err;
}

int vm_images_take(struct vm *vm, struct vm *from, u64 bytes)
{
	const struct vm_load *made = NULL;
	int err = CLV_ERR_STATE;

	if (from != vm) {
		/* Never two VMs' locks at once. What was made at boot never goes. */
		spin_lock(&from->lock);
		if (from->images_size == 0U)
			made = from->load;
		spin_unlock(&from->lock);
		if (made == NULL)
			return CLV_ERR_UNSUPPORTED;
	}
	spin_lock(&vm->lock);
	if (vm_images_wanted(vm) && vm->images_size == 0U) {
		err = from == vm ? vm_images_make_room(vm, bytes) : CLV_OK;
		if (err == CLV_OK && made != NULL)
			vm->load = made;
	}
	spin_unlock(&vm->lock);
	return err;
}

/* All bytes have come. Return: false when they make no images. */
static bool vm_images_whole(struct vm *vm)
{
	struct vm_load *load = &vm->brought;
	const u8 *at = vm_images_block(vm);
	u64 left = vm->images_size - sizeof(load->images);

	memcpy(&load->images, at, sizeof(load->images));
	at += sizeof(load->images);
	if (load->images.bytes != vm->images_size || load->images.pieces == 0U ||
	    load->images.pieces > CLEAVE_IMAGES_PIECES)
		return false;
	for (u32 i = 0; i < load->images.pieces; i++) {
		u64 size = load->images.size[i];

		if (size > left)
			return false;
		load->data[i] = at;
		at += size;
		left -= size;
	}
	return left == 0U;
}

static int vm_images_put_locked(struct vm *vm, struct space *sp, gpa_t buf, u64 size)
{
	int err;

	if (!vm_images_wanted(vm) || vm->images_got == vm->images_size)
		return CLV_ERR_STATE;
	if (size > vm->images_size - vm->images_got)
		return CLV_ERR_INVAL;
	err = space_read(sp, buf, vm_images_block(vm) + vm->images_got, size);
	if (err != CLV_OK)
		return err;
	if (vm->images_got + size == vm->images_size) {
		if (!vm_images_whole(vm))
			return CLV_ERR_INVAL;
		vm->load = &vm->brought;
	}
	vm->images_got += size;
	return CLV_OK;
}

int vm_images_put(struct vm *vm, const struct vcpu *v, gpa_t buf, u64 size, u64 *left)
{
	int err;

	spin_lock(&vm->lock);
	err = vm_images_put_locked(vm, &v->vm->space, buf, size);
	*left = vm->images_size - vm->images_got;
	spin_unlock(&vm->lock);
	return err;
}

void vm_images_drop(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	vm->load = &vm->made;
	if (vm->images_size == 0U)
		return;
	frames_free(&machine.frames, vm->images, ALIGN_UP(vm->images_size, PAGE_SIZE));
	vm->images_size = 0;
	vm->images_got = 0;
}
