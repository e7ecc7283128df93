/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the manager does in the world of harts: logs, windows, resets, creations.
 */
#include <string.h>
#include <cleave/atomic.h>
#include <cleave/errno.h>
#include "arch/riscv/hart.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_life.h"
#include "core/vm/vm_window.h"
#include "tests/model/hart_world_internal.h"

static void hart_manager_resume(struct hart_world_vm *w)
{
	MUST(vm_resume(&w->vm) == CLV_OK);
}

/* Through a window into a paused VM: other page tables and other code. */
static void hart_manager_window(struct vcpu *v, struct hart_world_vm *w)
{
	struct vm *self = v->vm;
	u32 other = (u32)hart_world_random(w->vm.run.nr_vcpus);
	u32 va = (u32)hart_world_random(HART_MODEL_VAS);
	bool table = hart_world_random(2) == 0U;
	u64 page = table ? hart_world_table(w, other) : FIRST_PAGE + hart_world_random(PAGES);
	u64 pa = 0;
	u32 tries = 0;
	int err = vm_window_map(self, WINDOW_GPA, &w->vm, BASE + page * PAGE_SIZE, PAGE_SIZE, true);

	/* Only a log of the region forbids it. */
	MUST(err == (w->logged ? CLV_ERR_STATE : CLV_OK));
	if (err != CLV_OK)
		return;
	MUST(vm_resume(&w->vm) == CLV_ERR_STATE);
	while (!hart_model_access_gpa(WINDOW_GPA, ACCESS_WRITE, &pa)) {
		MUST(tries++ < 16U);
		hart_world_fault(v, WINDOW_GPA, ACCESS_WRITE);
	}
	MUST(pa == w->hpa + page * PAGE_SIZE);
	MUST(!w->changing);
	if (table) {
		w->map[other][va] = FIRST_PAGE + hart_world_random(PAGES);
		w->old[other][va] = w->map[other][va];
		*hart_world_word(w, page, va) = w->map[other][va];
	} else {
		*hart_world_word(w, page, CODE_WORD) = ++hart_world.serial;
	}
	MUST(vm_window_unmap(self, WINDOW_GPA) == CLV_OK);
	hart_world.seen->windows++;
}

/* What core/vm/vm_op.c does in a reset and in a creation, without its steps */
static void hart_manager_begin_anew(struct hart_world_vm *w, bool create)
{
	struct vm *vm = &w->vm;
	u64 old = w->hpa;

	spin_lock(&vm->lock);
	vm_set_state(vm, create ? CLEAVE_VM_EMPTY : CLEAVE_VM_STOPPED);
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_reset(vm->run.vcpu[i]);
	vm_clock_reset(vm);
	w->changing = false;
	if (create) {
		/* Its memory goes to whoever is created next, and its tables too. */
		mm_destroy(&vm->space);
		w->logged = false;
		w->hpa = hart_world.spare;
		hart_world.spare = old;
		memset((void *)(old + hart_model_machine.host), 0xff, MIB(2));
		hart_world_create(w);
	}
	hart_world_fill(w);
	hart_world_start(w);
	vm_set_state(vm, CLEAVE_VM_RUNNING);
	spin_unlock(&vm->lock);
	vm_kick_all(vm);
}

/*
 * A paused vCPU is in no guest and on no hart; its registers are in memory, those that it had last,
 * and stay as the manager writes them.
 */
static void hart_manager_registers(struct hart_world_vm *w, u32 id)
{
	struct vcpu *v = w->vm.run.vcpu[id];

	MUST(!w->inside[id]);
	for (u32 i = 0; i < HART_MODEL_HARTS; i++)
		MUST(hart_get(i)->guest != &v->guest);
	/* One that was started and has not run yet has registers that it gets when it does. */
	if (v->hsm != VCPU_STARTED || v->guest.csr.vsatp == 0U)
		return;
	MUST(v->guest.csr.vsscratch == w->scratch[id]);
	w->scratch[id] = ++hart_world.serial;
	v->guest.csr.vsscratch = w->scratch[id];
}

static void hart_manager_paused(struct vcpu *v, struct hart_world_vm *w)
{
	int err = vm_pause(&w->vm);

	/* It may have to stop waiting where its own VM was stopped: nobody does that here. */
	MUST(err == CLV_OK);
	hart_world.seen->pauses++;
	for (u32 i = 0; i < 16U; i++) {
		hart_manager_registers(w, (u32)hart_world_random(w->vm.run.nr_vcpus));
		atomic_point();
	}
	switch (hart_world_random(8)) {
	case 0:
		hart_manager_begin_anew(w, false);
		hart_world.seen->resets++;
		return;
	case 1:
		hart_manager_begin_anew(w, true);
		hart_world.seen->creates++;
		return;
	case 2:
		break;
	default:
		hart_manager_window(v, w);
		break;
	}
	hart_manager_resume(w);
}

/* A log of a VM that runs, of the manager's own too: splits, fences, tables that are freed */
static void hart_manager_log(struct hart_world_vm *w)
{
	struct space_log_status status;
	static u64 bitmap[MEMORY / PAGE_SIZE / 64U];
	u64 cursor = 0;
	u64 dirty;

	w->logged = false;
	MUST(space_log_status(&w->vm.space, 0, &status) == CLV_OK);
	if (status.mode == CLEAVE_LOG_OFF) {
		(void)mm_log_start(&w->vm.space, 0, CLEAVE_LOG_FAULT + hart_world_random(3), true);
	} else if (hart_world_random(3) == 0U) {
		do {
			MUST(space_log_stop(&w->vm.space, 0, true, &cursor) == CLV_OK);
		} while (cursor != 0U);
		hart_world.seen->stops++;
	} else {
		MUST(space_log_harvest(&w->vm.space, 0, 0, MEMORY / PAGE_SIZE, bitmap, &dirty) > 0);
		hart_world.seen->harvests++;
	}
	MUST(space_log_status(&w->vm.space, 0, &status) == CLV_OK);
	w->logged = status.mode != CLEAVE_LOG_OFF;
	hart_world_safe(w);
}

void hart_manager_act(struct vcpu *v)
{
	struct hart_world_vm *w = &hart_world.vm[hart_world_random(VMS)];

	if (w == &hart_world.vm[0] || hart_world_random(2) == 0U)
		hart_manager_log(w);
	else
		hart_manager_paused(v, w);
}
