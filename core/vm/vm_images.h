/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM is started from, for managers: they carry it along when its guest moves to another
 * machine, so that the guest can reboot there, too.
 *
 * The caller holds no lock; the functions take vm->lock.
 */
#ifndef CORE_VM_IMAGES_H
#define CORE_VM_IMAGES_H

#include <cleave/types.h>

struct vcpu;
struct vm;

/**
 * vm_images_get() - copy a piece of it to the memory of a vCPU's VM
 * @offset: first byte: those of struct cleave_images come first
 * @buf: GPA there, which was checked to be its memory
 * @size: in: at most so many bytes; out: how many were copied, 0 from the end on
 *
 * Return: as space_write().
 */
int vm_images_get(struct vm *vm, u64 offset, const struct vcpu *v, gpa_t buf, u64 *size);

/**
 * vm_images_take() - let a VM that was created, and has not run, be started from other images
 * @from: from those of this VM, which the configuration names; @vm itself: from @bytes that are put
 *
 * Until all bytes have been put, what @vm is started from stays as it was. Destroying it drops
 * them.
 *
 * Return: 0; CLV_ERR_STATE (@vm is no such VM, or has some already); CLV_ERR_INVAL (@bytes);
 * CLV_ERR_NOMEM; CLV_ERR_UNSUPPORTED (@from was given its images itself).
 */
int vm_images_take(struct vm *vm, struct vm *from, u64 bytes);

/**
 * vm_images_put() - put the next bytes of a VM's images
 * @buf: GPA in the memory of @v's VM
 * @left: out: bytes that are still to come
 *
 * Return: 0; CLV_ERR_STATE (as vm_images_take(), or none are awaited); CLV_ERR_INVAL (more than are
 * awaited; or with these last ones they describe no images: then nothing has changed); as
 * space_read().
 */
int vm_images_put(struct vm *vm, const struct vcpu *v, gpa_t buf, u64 size, u64 *left);

#endif
