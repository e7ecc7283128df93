/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns a VM, and what became of the migrations that came here. A manager says it, and the
 * hypervisor keeps it, since managers restart. It must never say of a migration that it came to
 * nothing while its guest may run here.
 */
#include "core/vm/vm_life.h"

#include <cleave/errno.h>
#include <cleave/spinlock.h>
#include "core/vm/vm_internal.h"
#include "lib/ledger.h"

/* No VM is filled by two migrations, and no manager fills its own: there is always room. */
_Static_assert(CONFIG_MAX_VMS <= LEDGER_SIZE, "an entry for each VM that is being filled");

static struct spinlock vm_note_lock; /* guards the ledger; taken with a VM's lock held */
static struct ledger vm_note_ledger;

u32 vm_note_outcome(u64 id)
{
	u32 outcome;

	spin_lock(&vm_note_lock);
	outcome = ledger_find(&vm_note_ledger, id);
	spin_unlock(&vm_note_lock);
	return outcome;
}

static void vm_note_decide(u64 id, u32 outcome)
{
	spin_lock(&vm_note_lock);
	(void)ledger_put(&vm_note_ledger, id, outcome);
	spin_unlock(&vm_note_lock);
}

/*
 * Write the note, and into the ledger what it says of a migration that came here. TAKEN says so
 * only of what was being filled: a source notes its own guest as TAKEN too, before it pauses it.
 */
static void vm_note_write(struct vm *vm, u32 note, u64 id, bool run)
{
	bool filled = vm->note == CLEAVE_NOTE_FILLING;

	spin_assert_held(&vm->lock);
	if (filled && (note == CLEAVE_NOTE_NONE || id != vm->note_id))
		vm_note_decide(vm->note_id, CLEAVE_OUTCOME_NONE);
	else if (filled && note == CLEAVE_NOTE_TAKEN)
		vm_note_decide(id, CLEAVE_OUTCOME_RUNNING);
	if (note == CLEAVE_NOTE_FILLING)
		vm_note_decide(id, CLEAVE_OUTCOME_PENDING);
	vm->note = note;
	vm->note_id = id;
	vm->note_run = run;
}

void vm_note_clear(struct vm *vm)
{
	vm_note_write(vm, CLEAVE_NOTE_NONE, 0, false);
}

/*
 * May @vm be given up? Nothing may be left that could still let it run: no vCPU on a hart, which
 * might reboot it, and no operation that ends with a start. What begins later looks at the note.
 */
static bool vm_note_may_give(const struct vm *vm, u64 id)
{
	u32 state = vm_state(vm);

	if (vm_is_given_up(vm))
		return vm->note_id == id;
	if (vm->work.op != (u32)VM_OP_NONE || vm->note == CLEAVE_NOTE_FILLING)
		return false;
	return state == (u32)CLEAVE_VM_STOPPED ||
	       (state == (u32)CLEAVE_VM_PAUSED && vm_time_stands(vm));
}

/*
 * May @vm be noted as being filled? An empty slot may, for one migration alone, so that nobody runs
 * the VM before it is whole. A VM that was taken may too, if it turns out to be no guest after all.
 */
static bool vm_note_may_fill(const struct vm *vm, u64 id)
{
	bool ours = vm->note_id == id &&
		    (vm->note == CLEAVE_NOTE_FILLING || vm->note == CLEAVE_NOTE_TAKEN);

	if (vm_state(vm) == (u32)CLEAVE_VM_EMPTY)
		return ours || vm->note == CLEAVE_NOTE_NONE;
	return ours && vm_state(vm) == (u32)CLEAVE_VM_PAUSED && vm_time_stands(vm) &&
	       vm->work.op == (u32)VM_OP_NONE;
}

static bool vm_note_may(const struct vm *vm, u32 note, u64 id)
{
	spin_assert_held(&vm->lock);
	switch (note) {
	case CLEAVE_NOTE_GIVEN:
		return vm_note_may_give(vm, id);
	case CLEAVE_NOTE_TAKEN:
		return vm_state(vm) != (u32)CLEAVE_VM_EMPTY &&
		       (!vm_is_given_up(vm) || vm->note_id == id);
	case CLEAVE_NOTE_FILLING:
		return vm_note_may_fill(vm, id);
	default:
		return true;
	}
}

int vm_note(struct vm *vm, u32 note, u64 id, bool run)
{
	bool none = note == CLEAVE_NOTE_NONE;
	int err = CLV_ERR_STATE;

	if (note > CLEAVE_NOTE_FILLING || (!none && id == 0U) || vm_is_callers(vm))
		return CLV_ERR_INVAL;
	spin_lock(&vm->lock);
	if (vm_note_may(vm, note, id)) {
		vm_note_write(vm, note, none ? 0U : id, !none && run);
		err = CLV_OK;
	}
	spin_unlock(&vm->lock);
	return err;
}
