/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM: a partition at work. Its life (create, load, start, pause, reset, destroy) is core/vm.c's.
 *
 * Locking: `lock` guards the life cycle (state changes, create, destroy); lock order: vm->lock, then space.lock, then
 * device locks, then the console's. `state` may be read by anybody (atomic).
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include <abi/cleave.h>
#include <cleave/spinlock.h>
#include <cleave/types.h>
#include "core/archive.h"
#include "core/config.h"
#include "core/console.h"
#include "core/mmio.h"
#include "core/vcpu.h"
#include "core/vplic.h"
#include "core/vuart.h"
#include "mm/space.h"

/**
 * struct vm - @state: enum cleave_vm_state, atomic; @vmid: set at creation; @tlb_gen: counts what fence_remote() wants, atomic;
 * @memory: HPA of each region of the configuration
 */
struct vm {
	u32 id;
	u32 state;
	struct spinlock lock;
	const struct config_partition *cfg;
	struct space space;
	hpa_t memory[CONFIG_MAX_REGIONS];
	u32 nr_vcpus;
	struct vcpu *vcpu[CONFIG_MAX_VCPUS];
	u16 vmid;
	bool vmid_shared; /* VMIDLEN is too small: another VM has the same VMID (core/vmid.c) */
	u64 tlb_gen;
	u64 overhead;	  /* bytes of frames kept beside the memory */
	u32 restarts;
	u64 op_cursor; /* reset/destroy/create in steps: where they stand; under lock */
	struct mmio_bus bus;
	struct vuart uart;
	struct vplic plic;
	struct console_tty tty;
	u64 stat[CLEAVE_STAT_COUNT]; /* counters of the VM as a whole; atomic */
};

/** vm_get() - Return: VM number @id, NULL when there is none. VMs are numbered as the configuration lists them */
struct vm *vm_get(u32 id);

/** vm_count() - Return: partitions of the configuration; ids are below it */
u32 vm_count(void);

/**
 * vm_create_all() - make the VMs of a configuration, load their images, start those that start by themselves
 * @cfg, @archive: kept for as long as the machine runs (restart loads again)
 * Return: VMs created. One that cannot be made is reported by name and left EMPTY, the others go on.
 */
u32 vm_create_all(const struct config *cfg, const struct archive *archive);

/** vm_pause() - Return: 0 when no vCPU of @vm runs any more, CLV_ERR_STATE. Waits; the caller holds no lock and no walk */
int vm_pause(struct vm *vm);

/** vm_resume() - Return: 0, CLV_ERR_STATE (not paused) */
int vm_resume(struct vm *vm);

/**
 * vm_stop_self() - a vCPU of @vm ends the VM: shutdown or fault; called by the scheduler's context of that vCPU's hart
 * @state: CLEAVE_VM_STOPPED or CLEAVE_VM_FAULTED
 * Kicks all other vCPUs; on a fault does what the partition's on-fault says. Prints one line with @why.
 */
void vm_stop_self(struct vm *vm, u32 state, const char *why);

/** vm_restart_self() - SRST reboot of the guest: load again and start, from the scheduler's context */
void vm_restart_self(struct vm *vm, const char *why);

/**
 * vm_work() - do one bounded step of what VMs owe (a restart under way); called by the scheduler between guests on the hart
 * that owns vCPU 0 of the VM. Return: true when there is more to do.
 */
bool vm_work(u32 hart);

/** vm_runnable() - Return: true while vCPUs of @vm may run (state RUNNING); any hart */
static inline bool vm_runnable(const struct vm *vm)
{
	return atomic_read_acquire(&vm->state) == (u32)CLEAVE_VM_RUNNING;
}

/* Events for CLEAVE_FN_VM_WAIT (core/event.c) */
void event_post(u32 type, u32 vm, u64 arg);
/** event_next() - Return: true and the first event after @seq, false when there is none yet */
bool event_next(u64 seq, struct cleave_event *out);
/** event_wait() - note that @v is blocked until an event after the present one; event_post() unblocks it */
void event_wait(struct vcpu *v);

#endif
