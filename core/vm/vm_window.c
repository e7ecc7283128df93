/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: one VM's view of another's memory.
 *
 * A window must never outlive the memory that it shows. And nobody may write through one to a VM
 * that runs or is logged: such stores would be in nobody's log.
 *
 * Locks (docs/concurrency.md): a writable window is made under the lock of the VM that it shows,
 * and so are the checks of whoever resumes, starts or logs that VM.
 */
#include "core/vm/vm_window.h"

#include <cleave/errno.h>
#include <cleave/spinlock.h>
#include "core/device/mmio.h"
#include "core/run/tlb.h"
#include "core/vm/vm.h"

/**
 * struct vm_window - a window; guarded by vm_window_lock
 * @holder: the VM that looks; NULL: the entry is free
 * @own_gpa: where the window begins there
 * @from: the VM whose memory it is
 */
struct vm_window {
	struct vm *holder;
	u64 own_gpa;
	struct vm *from;
	bool writable;
};

static struct spinlock vm_window_lock; /* guards the table */
static struct vm_window vm_window_table[CONFIG_MAX_VMS * CONFIG_MAX_REGIONS];

/* Entries up to the last that was ever used: nobody looks at the others. Under vm_window_lock */
static size_t vm_window_used;

static bool vm_window_aligned(u64 own_gpa, u64 gpa, u64 size)
{
	return IS_ALIGNED(own_gpa | gpa | size, PAGE_SIZE) && size != 0U &&
	       own_gpa + size > own_gpa && gpa + size > gpa;
}

/* Find the memory region of @from that holds all of [gpa, gpa + size). */
static int vm_window_find_region(const struct vm *from, u64 gpa, u64 size, u32 *region)
{
	for (u32 i = 0; i < from->cfg->nr_memory; i++) {
		const struct config_memory *m = &from->cfg->memory[i];

		if (gpa >= m->gpa && gpa - m->gpa < m->size && size <= m->size - (gpa - m->gpa)) {
			*region = i;
			return CLV_OK;
		}
	}
	return CLV_ERR_RANGE;
}

static bool vm_window_hits_device(const struct vm *holder, u64 gpa, u64 size)
{
	for (u32 i = 0; i < holder->bus.nr; i++) {
		const struct mmio_device *d = &holder->bus.dev[i];

		if (gpa < d->base.v + d->size && d->base.v < gpa + size)
			return true;
	}
	return false;
}

/*
 * May a window into @from be made? Not while an operation is under way there or its memory was
 * never zeroed, and a writable one not while it runs or the region is logged.
 */
static int vm_window_check_from(struct vm *from, u32 region, bool writable)
{
	struct space_log_status log;
	u32 state = vm_state(from);
	int err;

	spin_assert_held(&from->lock);
	if (state == (u32)CLEAVE_VM_EMPTY || from->work.op != (u32)VM_OP_NONE || from->raw)
		return CLV_ERR_STATE;
	if (!writable)
		return CLV_OK;
	if (state == (u32)CLEAVE_VM_RUNNING || !vm_all_out(from))
		return CLV_ERR_STATE;
	err = space_log_status(&from->space, region, &log);
	if (err != CLV_OK)
		return err;
	return log.mode != CLEAVE_LOG_OFF || log.starting || log.stopping ? CLV_ERR_STATE : CLV_OK;
}

/* The window of @holder that begins at @own_gpa; a free entry when @holder is NULL. NULL: none */
static struct vm_window *vm_window_find(const struct vm *holder, u64 own_gpa)
{
	spin_assert_held(&vm_window_lock);
	for (size_t i = 0; i < ARRAY_SIZE(vm_window_table); i++) {
		if (vm_window_table[i].holder == holder &&
		    (holder == NULL || vm_window_table[i].own_gpa == own_gpa))
			return &vm_window_table[i];
	}
	return NULL;
}

/*
 * Under vm_window_lock, so that the answer holds until the window is there: whoever ends the holder
 * sets its state first, and takes the lock to drop its windows after that.
 */
static bool vm_window_may_hold(const struct vm *holder)
{
	u32 state = vm_state(holder);

	spin_assert_held(&vm_window_lock);
	return state == (u32)CLEAVE_VM_RUNNING || state == (u32)CLEAVE_VM_PAUSED;
}

static int vm_window_add(struct vm *holder, u64 own_gpa, struct vm *from, u64 gpa, u64 size,
			 bool writable)
{
	struct vm_window *w;
	int err = CLV_ERR_NOMEM;

	spin_lock(&vm_window_lock);
	w = vm_window_find(NULL, 0);
	/* A holder that has ended on another hart has dropped its windows: this one would stay. */
	if (!vm_window_may_hold(holder))
		err = CLV_ERR_STATE;
	else if (w != NULL)
		err = space_add_window(&holder->space, GPA(own_gpa), &from->space, GPA(gpa), size,
				       writable);
	if (err >= 0) {
		*w = (struct vm_window){ holder, own_gpa, from, writable };
		if (writable)
			tlb_new_life(&from->run);
		vm_window_used = MAX(vm_window_used, (size_t)(w - vm_window_table) + 1U);
		err = CLV_OK;
	}
	spin_unlock(&vm_window_lock);
	return err;
}

int vm_window_map(struct vm *holder, u64 own_gpa, struct vm *from, u64 gpa, u64 size, bool writable)
{
	u32 region = 0;
	int err;

	if (holder == from || !vm_window_aligned(own_gpa, gpa, size))
		return CLV_ERR_INVAL;
	if (vm_window_hits_device(holder, own_gpa, size))
		return CLV_ERR_EXISTS;
	spin_lock(&from->lock);
	err = vm_window_find_region(from, gpa, size, &region);
	if (err == CLV_OK)
		err = vm_window_check_from(from, region, writable);
	if (err == CLV_OK)
		err = vm_window_add(holder, own_gpa, from, gpa, size, writable);
	spin_unlock(&from->lock);
	return err;
}

/*
 * Through a writable window code and page tables may have been written, which no hart of the VM has
 * fenced for. As long as the window is there, nobody lets the VM run: vm_windows_writable() takes
 * the lock that is held here.
 */
static void vm_window_written(const struct vm *vm)
{
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_enter_anew(vm->run.vcpu[i]);
}

static int vm_window_remove(struct vm_window *w)
{
	int err = space_remove_window(&w->holder->space, GPA(w->own_gpa));

	spin_assert_held(&vm_window_lock);
	if (w->writable)
		vm_window_written(w->from);
	w->holder = NULL;
	return err;
}

int vm_window_unmap(struct vm *holder, u64 own_gpa)
{
	struct vm_window *w;
	int err = CLV_ERR_NOTFOUND;

	spin_lock(&vm_window_lock);
	w = vm_window_find(holder, own_gpa);
	if (w != NULL)
		err = vm_window_remove(w);
	spin_unlock(&vm_window_lock);
	return err;
}

/* Is @w one that vm_windows_drop() drops? */
static bool vm_window_concerns(const struct vm_window *w, const struct vm *vm,
			       enum vm_windows which)
{
	if (w->holder == vm)
		return true;
	return w->holder != NULL && w->from == vm &&
	       (which == VM_WINDOWS_ALL || (which == VM_WINDOWS_UNSAFE && w->writable));
}

bool vm_windows_drop(const struct vm *vm, enum vm_windows which)
{
	bool dropped = false;

	spin_assert_held(&vm->lock);
	spin_lock(&vm_window_lock);
	for (size_t i = 0; i < vm_window_used && !dropped; i++) {
		if (!vm_window_concerns(&vm_window_table[i], vm, which))
			continue;
		(void)vm_window_remove(&vm_window_table[i]);
		dropped = true;
	}
	spin_unlock(&vm_window_lock);
	return dropped;
}

bool vm_windows_held(const struct vm *vm)
{
	bool held = false;

	spin_assert_held(&vm->lock);
	spin_lock(&vm_window_lock);
	for (size_t i = 0; i < vm_window_used; i++)
		held |= vm_window_table[i].holder == vm;
	spin_unlock(&vm_window_lock);
	return held;
}

bool vm_windows_writable(const struct vm *vm)
{
	bool found = false;

	spin_assert_held(&vm->lock);
	spin_lock(&vm_window_lock);
	for (size_t i = 0; i < vm_window_used; i++)
		found |= vm_window_table[i].holder != NULL && vm_window_table[i].from == vm &&
			 vm_window_table[i].writable;
	spin_unlock(&vm_window_lock);
	return found;
}
