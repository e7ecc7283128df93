/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: one VM's view of another's memory.
 */
#ifndef CORE_VM_WINDOW_H
#define CORE_VM_WINDOW_H

#include <cleave/types.h>

struct vm;

/**
 * vm_window_map() - map a piece of another VM's memory into a VM's address space
 * @holder: the VM that looks: the caller's own; no lock is held
 * @own_gpa: GPA of the window there; nothing else of @holder's may be in its range
 * @from: the VM whose memory it is
 * @gpa: GPA of the piece in @from; all of it lies in one memory region
 * @size: bytes of the piece; a multiple of 4 KiB, as both addresses are
 * @writable: allowed only while @from does not run and that region has no log
 *
 * A window of more than CONFIG_STEP_PAGES leaves is refused (M6). It is mapped with large leaves
 * where @own_gpa and @gpa have the same alignment, best modulo 1 GiB.
 *
 * Return: 0; CLV_ERR_INVAL (alignment, size 0, wrap-around, @holder itself, too many leaves);
 * CLV_ERR_RANGE (not in one memory region of @from, or beyond @holder's tables); CLV_ERR_EXISTS
 * (overlaps what @holder has there); CLV_ERR_STATE; CLV_ERR_NOMEM (slots, tables).
 */
int vm_window_map(struct vm *holder, u64 own_gpa, struct vm *from, u64 gpa, u64 size,
		  bool writable);

/** vm_window_unmap() - Return: 0, CLV_ERR_NOTFOUND (no window of @holder begins at @own_gpa) */
int vm_window_unmap(struct vm *holder, u64 own_gpa);

/** vm_windows_writable() - can somebody write to @vm's memory through a window? Under vm->lock */
bool vm_windows_writable(const struct vm *vm);

/** vm_windows_held() - does @vm have windows into others? Under vm->lock */
bool vm_windows_held(const struct vm *vm);

enum vm_windows {
	VM_WINDOWS_HELD,   /* those that the VM has into others */
	VM_WINDOWS_UNSAFE, /* and those into it that are writable */
	VM_WINDOWS_ALL,	   /* and all others into it */
};

/**
 * vm_windows_drop() - unmap one window of a VM: a bounded step (M6); under vm->lock
 * @which: which windows are dropped
 *
 * Return: true when one was dropped, after which there may be more.
 */
bool vm_windows_drop(const struct vm *vm, enum vm_windows which);

#endif
