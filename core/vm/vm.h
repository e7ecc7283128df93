/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM: a partition at work. Its life (create, load, start, pause, reset, destroy) is core/vm/vm_life.c's.
 *
 * Locking: `lock` guards the life cycle (state changes, create, destroy). `run.state` may be read
 * by anybody (atomic). docs/concurrency.md has the order of all locks.
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include <abi/cleave.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/config.h"
#include "core/console/console.h"
#include "core/device/mmio.h"
#include "core/run/vcpu.h"
#include "core/run/vm_run.h"
#include "core/vm/vm_records.h"
#include "core/device/vplic.h"
#include "core/device/vuart.h"
#include "mm/space.h"

/* Work on a VM that goes in bounded steps (M6); struct vm's `op` */
enum vm_op {
	VM_OP_NONE = 0,
	VM_OP_RESET = 1,   /* quiesce, zero the memory, load, start */
	VM_OP_START = 2,   /* quiesce, load, start */
	VM_OP_DESTROY = 3, /* quiesce, zero the memory, give everything back */
	VM_OP_CREATE = 4,  /* take memory, zero it */
};

/**
 * struct vm_work - an operation in steps; guarded by vm->lock
 * @op: enum vm_op
 * @self: 1: nobody calls for it, the scheduler does it (vm_work()); atomic, so that it can be looked at without the lock
 * @phase: what the next step does (core/vm/vm_op.c)
 * @index: region or file that it works on
 * @pos: bytes of that done
 * @cursor: what the next call must bring; only grows, so that no cursor of an older operation fits
 */
struct vm_work {
	u32 op;
	u32 self;
	u32 phase;
	u32 index;
	u64 pos;
	u64 cursor;
};

/**
 * struct vm - a partition
 * @run: what its harts work with: state, vCPUs, VMID (core/run/vm_run.h)
 * @lock: guards the life cycle, and keeps the space from being destroyed under who holds it
 * @cfg: its configuration; never changes
 * @memory: HPA of each region of the configuration; valid while the state is not EMPTY, under lock
 * @overhead: bytes of frames kept beside memory, pool and bitmaps: this structure and the vCPUs
 * @restarts: automatic restarts since restart_since; @restart_since: host time, ticks; under lock
 * @work: operation under way; under lock
 * @note, @note_id, @note_run: vm_note(); under lock
 * @time_offset: guest time = host time + this, ticks, while the VM's time goes on (core/vm/vm_clock.c); under lock
 * @time_stands: the VM is paused, all vCPUs have left their harts, and its time stands at @time_stopped; under lock
 * @log_managed: bit n: the dirty log of region n was started by another partition; means nothing while none is on; under lock
 * @records: which state records have been set (core/vm/vm_records.h); under lock
 */
struct vm {
	u32 id;
	struct spinlock lock;
	struct vm_run run;
	const struct config_partition *cfg;
	struct space space;
	hpa_t memory[CONFIG_MAX_REGIONS];
	u64 overhead;
	u32 restarts;
	u64 restart_since;
	struct vm_work work;
	u32 note;
	u64 note_id;
	u64 time_offset;
	u64 time_stopped;
	u64 log_managed;
	bool note_run;
	bool time_stands;
	struct vm_records records;
	struct mmio_bus bus;
	struct vuart uart;
	struct vplic plic;
	struct console_tty tty;
};

/** vm_get() - Return: VM number @id, NULL when there is none. VMs are numbered as the configuration lists them */
struct vm *vm_get(u32 id);

/** vm_count() - Return: partitions of the configuration; ids are below it */
u32 vm_count(void);

/**
 * vm_pause() - stop the vCPUs of @vm where they are, and wait until none runs any more
 *
 * When it has returned 0, the VM's time stands still and all registers are in struct vcpu, until somebody resumes it.
 *
 * A VM that is paused already may be paused again: the call only waits. The caller holds no lock and stands in no walk.
 *
 * Return: 0; CLV_ERR_STATE (neither running nor paused), CLV_ERR_INVAL (the caller's own VM), CLV_ERR_BUSY: the caller's
 * own VM was stopped meanwhile, so that it had better leave; @vm is paused, call again to wait.
 */
int vm_pause(struct vm *vm);

/** vm_resume() - Return: 0, CLV_ERR_STATE (not paused, or mapped writable by somebody) */
int vm_resume(struct vm *vm);

/**
 * vm_note() - write down who owns @vm, where it outlives the manager that says so
 * @note: CLEAVE_NOTE_NONE; _GIVEN: given up to another slot, so it must not run; _TAKEN: came from another slot; _FILLING: is
 * being filled, so it must not run yet
 * @id: of the migration; not looked at with CLEAVE_NOTE_NONE
 * @run: it is to run when GIVEN is struck out; only told
 *
 * The lock of the state guards the note too, so that a VM which is given up does not run, and none is given up that runs.
 *
 * Return: 0; CLV_ERR_INVAL (@note, no id, the caller's own VM), CLV_ERR_STATE (GIVEN: neither stopped nor paused with all vCPUs
 * off their harts, an operation is under way, it is being filled, or given up by another id; TAKEN: it is empty, or given up by
 * another id; FILLING: it is neither empty and not noted, nor filled by this id, nor taken by this id and paused with all vCPUs off
 * their harts and no operation under way).
 */
int vm_note(struct vm *vm, u32 note, u64 id, bool run);

#define VM_BRAKE_MAX 99U /* percent: a VM that is to stand still is paused */

/**
 * vm_brake() - hold the vCPUs of @vm for a part of the time, all of them at once
 * @percent: of host time, 0 (no brake) to VM_BRAKE_MAX
 *
 * To the guest it is a slow machine: its time goes on, what comes while it is held stays pending. The brake stays on over a
 * pause and a start; a reset or a destruction takes it off.
 *
 * Return: 0; CLV_ERR_INVAL (@percent, the caller's own VM), CLV_ERR_STATE (empty).
 */
int vm_brake(struct vm *vm, u64 percent);

/**
 * vm_do() - one bounded step of an operation
 * @op: VM_OP_RESET and so on
 * @cursor: in: 0 begins (also anew, when somebody gave up half-way), else what came back; out: 0 when done
 *
 * Return: 0; CLV_ERR_STATE (not in a state that allows it, no kernel to load, or the cursor is not that of the operation
 * under way), CLV_ERR_EXISTS (START of a VM that runs, CREATE of one that is there), CLV_ERR_INVAL (the caller's own VM),
 * CLV_ERR_NOMEM, CLV_ERR_FORMAT. What fails at all fails with a line that says why.
 */
int vm_do(struct vm *vm, enum vm_op op, u64 *cursor);

/**
 * vm_stop_self() - a vCPU of @vm ends the VM: shutdown or fault; called by the scheduler's context of that vCPU's hart
 * @state: CLEAVE_VM_STOPPED or CLEAVE_VM_FAULTED
 * Kicks all other vCPUs; on a fault does what the partition's on-fault says. Prints one line with @why.
 */
void vm_stop_self(struct vm *vm, u32 state, const char *why);

/** vm_restart_self() - SRST reboot of the guest: load again and start, from the scheduler's context */
void vm_restart_self(struct vm *vm, const char *why);

/** vm_check_ended() - shut the machine down when no partition can run any more; no lock held */
void vm_check_ended(void);

/**
 * vm_time_stands() - Return: true when @vm is paused, no vCPU is on a hart or loaded on one, and its time stands still
 *
 * So it is when vm_pause() has returned, and after a creation. Who reads or changes what belongs to vCPUs holds vm->lock, and
 * looks here first: state PAUSED alone says only that they have been asked to leave.
 */
static inline bool vm_time_stands(const struct vm *vm)
{
	return vm->time_stands;
}

/** vm_guest_time() - Return: what the time CSR of @vm shows, ticks; where its time stands, the value it goes on from. Under vm->lock */
u64 vm_guest_time(const struct vm *vm);

/**
 * vm_set_guest_time() - the time that the guest goes on from when it is resumed
 * @ticks: of guest time, any value
 * Under vm->lock; vm_time_stands(). Timers (vcpu_timer()) are in guest time: they keep their distance to what the guest's clock
 * shows, and it does not matter which of the two is set first.
 */
void vm_set_guest_time(struct vm *vm, u64 ticks);

/**
 * vm_window_map() - map a piece of another VM's memory into @holder's
 * @holder: the caller's VM; no lock held
 * @own_gpa: where to; free of its memory, windows and devices
 * @from: whose memory; @gpa, @size: in one memory region of it. All addresses and sizes are multiples of 4 KiB
 * @writable: only while @from does not run and has no log on that region
 *
 * A window of more than CONFIG_STEP_PAGES leaves is refused (M6): give @own_gpa the alignment of @gpa modulo 1 GiB, so that
 * it is mapped with large ones.
 *
 * Return: 0; CLV_ERR_INVAL (alignment, size 0, wrapping, @holder itself, too many leaves), CLV_ERR_RANGE (not in one memory
 * region of @from; wider than @holder's tables), CLV_ERR_EXISTS (overlaps what @holder has there), CLV_ERR_STATE,
 * CLV_ERR_NOMEM (slots, tables).
 */
int vm_window_map(struct vm *holder, u64 own_gpa, struct vm *from, u64 gpa, u64 size,
		  bool writable);

/** vm_window_unmap() - Return: 0, CLV_ERR_NOTFOUND (no window of @holder begins at @own_gpa) */
int vm_window_unmap(struct vm *holder, u64 own_gpa);

/** vm_windows_writable() - Return: true when somebody may write to @vm's memory through a window; under vm->lock */
bool vm_windows_writable(struct vm *vm);

/** vm_overhead() - Return: bytes that the hypervisor keeps for @vm beside its memory: tables, pool, bitmaps, vCPUs */
u64 vm_overhead(const struct vm *vm);

#endif
