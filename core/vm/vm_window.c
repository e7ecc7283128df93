/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: one VM's view of another's memory. A window must never outlive the memory that it shows, and nobody may write
 * through one to a VM that runs or is logged: such stores would be in nobody's log.
 *
 * Locks (docs/concurrency.md): a writable window is made under the lock of the VM that it shows, and
 * so are the checks of whoever resumes, starts or logs that VM.
 */
#include <cleave/errno.h>
#include "core/device/mmio.h"
#include "core/vm/vm_internal.h"

/** struct vm_window - @holder: who looks, NULL: slot is free; @own_gpa: where it begins there; @from: whose memory it is */
struct vm_window {
	struct vm *holder;
	u64 own_gpa;
	struct vm *from;
	bool writable;
};

static struct spinlock window_lock; /* guards the table */
static struct vm_window windows[CONFIG_MAX_VMS * CONFIG_MAX_REGIONS];

static bool aligned(u64 own_gpa, u64 gpa, u64 size)
{
	return IS_ALIGNED(own_gpa | gpa | size, PAGE_SIZE) && size != 0U &&
	       own_gpa + size > own_gpa && gpa + size > gpa;
}

/* Find the memory region of @from that holds all of [gpa, gpa + size). */
static int find_region(const struct vm *from, u64 gpa, u64 size, u32 *region)
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

static bool hits_device(const struct vm *holder, u64 gpa, u64 size)
{
	for (u32 i = 0; i < holder->bus.nr; i++) {
		const struct mmio_device *d = &holder->bus.dev[i];

		if (gpa < d->base.v + d->size && d->base.v < gpa + size)
			return true;
	}
	return false;
}

/* A VM that is being worked on, or runs, or whose region is logged, gets no writable window. */
static int check_from(struct vm *from, u32 region, bool writable)
{
	struct space_log_status log;
	u32 state = vm_state(from);
	int err;

	if (state == (u32)CLEAVE_VM_EMPTY || from->work.op != (u32)VM_OP_NONE)
		return CLV_ERR_STATE;
	if (!writable)
		return CLV_OK;
	if (state == (u32)CLEAVE_VM_RUNNING || !vm_quiet(from))
		return CLV_ERR_STATE;
	err = space_log_status(&from->space, region, &log);
	if (err != CLV_OK)
		return err;
	return log.mode != CLEAVE_LOG_OFF || log.starting || log.stopping ? CLV_ERR_STATE : CLV_OK;
}

/* Under window_lock. */
static struct vm_window *find_window(const struct vm *holder, u64 own_gpa)
{
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		if (windows[i].holder == holder &&
		    (holder == NULL || windows[i].own_gpa == own_gpa))
			return &windows[i];
	}
	return NULL;
}

/* Under window_lock, which vm_windows_drop_held() takes after the holder's state was set. */
static bool may_hold(const struct vm *holder)
{
	u32 state = vm_state(holder);

	return state == (u32)CLEAVE_VM_RUNNING || state == (u32)CLEAVE_VM_PAUSED;
}

static int add_window(struct vm *holder, u64 own_gpa, struct vm *from, u64 gpa, u64 size,
		      bool writable)
{
	struct vm_window *w;
	int err = CLV_ERR_NOMEM;

	spin_lock(&window_lock);
	w = find_window(NULL, 0);
	/* One that has ended meanwhile, on another hart, has dropped its windows: this would stay. */
	if (!may_hold(holder))
		err = CLV_ERR_STATE;
	else if (w != NULL)
		err = space_add_window(&holder->space, GPA(own_gpa), &from->space, GPA(gpa), size,
				       writable);
	if (err >= 0) {
		*w = (struct vm_window){ holder, own_gpa, from, writable };
		err = CLV_OK;
	}
	spin_unlock(&window_lock);
	return err;
}

int vm_window_map(struct vm *holder, u64 own_gpa, struct vm *from, u64 gpa, u64 size, bool writable)
{
	u32 region = 0;
	int err;

	if (holder == from || !aligned(own_gpa, gpa, size))
		return CLV_ERR_INVAL;
	if (hits_device(holder, own_gpa, size))
		return CLV_ERR_EXISTS;
	spin_lock(&from->lock);
	err = find_region(from, gpa, size, &region);
	if (err == CLV_OK)
		err = check_from(from, region, writable);
	if (err == CLV_OK)
		err = add_window(holder, own_gpa, from, gpa, size, writable);
	spin_unlock(&from->lock);
	return err;
}

/* Under window_lock. */
static int remove_window(struct vm_window *w)
{
	int err = space_remove_window(&w->holder->space, GPA(w->own_gpa));

	w->holder = NULL;
	return err;
}

int vm_window_unmap(struct vm *holder, u64 own_gpa)
{
	struct vm_window *w;
	int err = CLV_ERR_NOTFOUND;

	spin_lock(&window_lock);
	w = find_window(holder, own_gpa);
	if (w != NULL)
		err = remove_window(w);
	spin_unlock(&window_lock);
	return err;
}

void vm_windows_drop_held(struct vm *vm)
{
	spin_lock(&window_lock);
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		if (windows[i].holder == vm)
			(void)remove_window(&windows[i]);
	}
	spin_unlock(&window_lock);
}

void vm_windows_drop_into(struct vm *vm, bool readable)
{
	spin_lock(&window_lock);
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		if (windows[i].holder != NULL && windows[i].from == vm &&
		    (readable || windows[i].writable))
			(void)remove_window(&windows[i]);
	}
	spin_unlock(&window_lock);
}

bool vm_windows_writable(struct vm *vm)
{
	bool found = false;

	spin_lock(&window_lock);
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++)
		found |= windows[i].holder != NULL && windows[i].from == vm && windows[i].writable;
	spin_unlock(&window_lock);
	return found;
}
