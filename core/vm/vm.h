/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM: a partition at work. This header has its structure, and what every part may ask about it.
 *
 *	vm.c		which VMs there are, where their vCPUs are, what a VM costs
 *	vm_life.h	its states: pause, resume, end; the note of who owns it; the brake
 *	vm_op.h		operations in steps: create, start, reset, destroy
 *	vm_clock.h	its time
 *	vm_window.h	windows into the memory of other VMs
 *	vm_images.h	what it is started from
 *	vm_devices.h	its emulated devices; vm_pass.h: the machine's devices that it drives itself
 *	vm_records.h	the state records that have been set on it
 *	vmid.h, event.h, stats.h
 *			VMIDs, events for managers, statistics
 *	create/		making VMs at boot, and their memory
 *
 * Locking: vm->lock guards the life cycle: state, operation, note, time, memory. Any hart may read
 * run.state at any time (atomic). docs/concurrency.md has the order of all locks.
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include <abi/state.h>
#include <abi/cleave.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/config.h"
#include "core/console/console.h"
#include "core/device/aia/vaplic.h"
#include "core/device/mmio.h"
#include "core/device/vplic.h"
#include "core/device/vuart.h"
#include "core/run/vcpu.h"
#include "core/run/vm_run.h"
#include "core/vm/vm_records.h"
#include "mm/space.h"

/* Operations on a VM that go in bounded steps (M6): core/vm/vm_op.h */
enum vm_op {
	VM_OP_NONE = 0,
	VM_OP_RESET = 1,   /* quiesce, zero the memory, load, start */
	VM_OP_START = 2,   /* quiesce, zero the memory if it never was, load, start */
	VM_OP_DESTROY = 3, /* quiesce, zero the memory, give everything back */
	VM_OP_CREATE = 4,  /* take memory, zero it */
	VM_OP_TIDY = 5,	   /* what nobody calls for: drop an ended VM's windows, undo a creation */
};

/**
 * struct vm_work - the operation that is under way on a VM; guarded by vm->lock. Where no manager
 * calls for its steps, but the scheduler does them, run.restarting is set
 * @op: enum vm_op; atomic, as vm_op_starts() reads it without the lock
 * @phase: what the next step does (core/vm/vm_op.c)
 * @index: region or file that the phase works on
 * @pos: bytes of it that are done
 * @cursor: what the next call must bring; only grows, so that no cursor of an older operation fits
 * @zeroing: pieces that harts have taken and not finished
 * @booting: the boot has begun this start, and the VM is not ready to run yet
 */
struct vm_work {
	u32 op;
	u32 phase;
	u32 index;
	u64 pos;
	u64 cursor;
	u32 zeroing;
	bool booting;
};

/**
 * struct vm_load - what is loaded when a VM starts
 * @images: where the pieces go
 * @data: the bytes of each
 */
struct vm_load {
	struct cleave_images images;
	const u8 *data[CLEAVE_IMAGES_PIECES];
};

/**
 * struct vm_restart - how often a VM has restarted by itself; guarded by vm->lock
 * @count: restarts since @since
 * @since: when the seconds of its restart-limit began; host time, ticks
 * @told: restarts since @told_since that were told of one by one
 * @told_since: host time, ticks
 * @untold: restarts that were not told of yet
 * @quiet: the restart under way is one of them: no event says that the state changes
 */
struct vm_restart {
	u32 count;
	u64 since;
	u32 told;
	u64 told_since;
	u64 untold;
	bool quiet;
};

/**
 * struct vm - a partition
 * @id: its number, as the configuration lists it
 * @lock: guards the life cycle; as long as a hart holds it, the space is not destroyed
 * @run: what harts work with: state, vCPUs, VMID (core/run/vm_run.h)
 * @cfg: its configuration; never changes
 * @space: its guest-physical memory; valid while the state is not EMPTY
 * @memory: HPA of each memory range of the configuration that is taken; under lock
 * @ranges: how many are taken, from the first on; under lock
 * @spaced: @space has been made; it may be half-made or half-gone while the state is EMPTY; under
 *	lock
 * @raw: the memory was never zeroed since its frames were taken: it may hold what the firmware or
 *	the last boot has left, so nobody may see it; under lock
 * @overhead: bytes of frames for this structure, for the vCPUs and for the device tree
 * @made: what the configuration names, and the device tree; never changes after boot
 * @brought: what came with its guest, whole once @load is this; under lock
 * @load: what is loaded into it: @made, @brought, or @made of another VM; under lock
 * @images, @images_size, @images_got: the block that @brought lies in, its bytes, and how many of
 *	them have come; 0: there is none; under lock
 * @restart: how often it has restarted by itself; under lock
 * @work: the operation under way; under lock
 * @note, @note_id, @note_run: who owns it (vm_note()); under lock
 * @own: the identity of a guest that begins here; under lock
 * @born: a guest with that identity has begun; under lock
 * @guest: that of the guest that is here, or of an empty slot @own; under lock
 * @generation: which copy of that guest it is; under lock
 * @time_offset: guest time = host time + this, ticks, while the VM's time goes on; under lock
 * @time_stopped: guest time, ticks, at which the VM's time stands, while it does; under lock
 * @time_stands: the VM's time stands (vm_time_stands()); under lock
 * @log_managed: bit n: the dirty log of region n was started by another partition; means nothing
 *	while that log is off; under lock
 * @records: which state records have been set; under lock
 * @bad_access_said: 1: a line has told of an access that was answered with a fault; atomic
 * @fault: what its vCPU held when it has faulted the last time since the creation
 * @bus: the emulated devices by address; never changes after boot
 * @uart, @plic: the emulated devices; each has its own lock
 * @aplic: the one that a VM with the AIA has in the place of @plic; has its own lock
 * @tty: its side of the console; has its own lock
 */
struct vm {
	u32 id;
	struct spinlock lock;
	struct vm_run run;
	const struct config_partition *cfg;
	struct space space;
	hpa_t memory[CONFIG_MAX_REGIONS];
	u32 ranges;
	u64 overhead;
	struct vm_load made;
	struct vm_load brought;
	const struct vm_load *load;
	hpa_t images;
	u64 images_size;
	u64 images_got;
	struct vm_restart restart;
	struct vm_work work;
	u32 note;
	u64 note_id;
	u64 time_offset;
	u64 time_stopped;
	u64 log_managed;
	bool note_run;
	bool born;
	struct cleave_state_identity own;
	struct cleave_state_identity guest;
	struct cleave_state_generation generation;
	bool time_stands;
	bool raw;
	u32 bad_access_said;
	struct cleave_fault fault;
	bool spaced;
	struct vm_records records;
	struct mmio_bus bus;
	struct vuart uart;
	struct vplic plic;
#ifdef CONFIG_AIA
	struct vaplic aplic;
#endif
	struct console_tty tty;
};

/** vm_get() - Return: VM number @id, NULL when there is none */
struct vm *vm_get(u32 id);

/** vm_count() - Return: how many VMs there are; their ids are 0 to this number - 1 */
u32 vm_count(void);

/** vm_add() - let vm_get() find @vm, whose id is vm_count() before the call; at boot */
void vm_add(struct vm *vm);

/** vm_state() - Return: enum cleave_vm_state; any hart, without a lock */
static inline u32 vm_state(const struct vm *vm)
{
	return atomic_read_acquire(&vm->run.state);
}

/**
 * vm_time_stands() - is the VM paused, with no vCPU on a hart or loaded on one?
 *
 * True once vm_pause() has returned 0, and after a creation, until the VM goes on. State PAUSED
 * alone says only that the vCPUs have been asked to leave: whoever reads or changes what belongs to
 * vCPUs looks here first. Under vm->lock.
 */
static inline bool vm_time_stands(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return vm->time_stands;
}

/** vm_loads() - Return: true when there is something to start the VM from; under vm->lock */
static inline bool vm_loads(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return vm->load->images.pieces != 0U;
}

/** vm_is_callers() - Return: true when the vCPU that this hart has loaded is one of @vm */
bool vm_is_callers(const struct vm *vm);

/** vm_kick_all() - make every vCPU of @vm look at its requests and at the state; any hart */
void vm_kick_all(struct vm *vm);

/**
 * vm_all_out() - are all vCPUs of @vm OUT?
 *
 * When the answer is true and the state is not RUNNING, none of them enters again before it is
 * RUNNING. While it is RUNNING the answer means nothing. Any hart.
 */
bool vm_all_out(const struct vm *vm);

/**
 * vm_overhead() - what a VM costs beside its memory
 * Return: bytes that the hypervisor keeps for it: structures, vCPUs, table pool, bitmaps.
 */
u64 vm_overhead(const struct vm *vm);

#endif
