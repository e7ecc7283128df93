/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the migration engines ask of the hypervisor for one partition or slot: its memory through
 * windows, its log, its state, its note, its brake.
 *
 * One struct hyper serves one engine, and the manager's one hart uses all of them. Nothing here
 * leaves a writable window on a partition that is to run: the hypervisor would refuse to let it
 * run.
 */
#ifndef GUESTS_MANAGER_HYPER_H
#define GUESTS_MANAGER_HYPER_H

#include "guests/lib/guest.h"
#include "guests/lib/migrate/migrate.h"

#define HYPER_STATES_MAX 512U /* state records of a partition */
#define HYPER_NAME_MAX	 33U

/**
 * struct hyper - a partition or slot that an engine works on
 * @guest, @uuid: which guest it is; of a slot: which one was made there
 * @view: where in the manager's own address space its window may be
 * @id: of the migration, for notes. A destination that does not know the id yet has any id but 0
 * @home: destination: the guest was made in this slot, and reboots from what the slot names
 * @only: destination: no other guest than @uuid may come
 * @shares: destination: the partition of this machine that the guest comes from; @vm: none
 * @leaves: destination: the source, when that is in this machine; else NULL
 * @restores: destination: the guest comes from a checkpoint, and is a copy
 * @clock: destination: the guest's time goes on while it stands still
 * @stopped_at: when the guest was paused, ticks; destination: or when it was told of that
 * @moment: the time of day then, nanoseconds; 0: not known
 * @time, @generation: destination: of the guest, as they came
 * @passed: destination: ticks that were added to its time
 * @run: source: the partition ran before it was paused; destination: it is to run
 * @machine: what describe() said last, its regions in ascending order
 * @number: the hypervisor's number of each region of @machine
 * @window: where the manager sees the partition's memory from @window_gpa up to @window_end; NULL:
 *	no window is mapped
 * @window_flags: CLEAVE_WINDOW_* that the window was mapped with
 * @touched: end, GPA, of the highest page that was written since the slot was created: memory from
 *	there on is zero, as it was created
 * @old_note, @old_id: the partition's note before this migration
 * @heads, @nr_heads: the heads of its state records, in ascending order
 * @state_bytes: bytes of all state records that were read, with their heads
 * @vcpu_bytes: bytes of those of them that belong to vCPU 0
 * @changed: the engine has brought the partition into @state since somebody last cleared @changed
 */
struct hyper {
	u32 vm;
	char name[HYPER_NAME_MAX];
	char guest[HYPER_NAME_MAX];
	u8 uuid[16];
	u64 view;
	u64 id;
	bool home;
	bool only;
	u32 shares;
	const struct hyper *leaves;
	bool restores;
	bool clock;
	u64 stopped_at;
	u64 moment;
	u64 time;
	struct cleave_state_generation generation;
	u64 passed;
	bool run;
	struct migrate_machine machine;
	u32 number[MIGRATE_REGIONS_MAX];
	u8 *window;
	u64 window_gpa;
	u64 window_end;
	u32 window_flags;
	u64 touched;
	u32 old_note;
	u64 old_id;
	struct cleave_state_head heads[HYPER_STATES_MAX];
	u32 nr_heads;
	u64 state_bytes;
	u64 vcpu_bytes;
	bool changed;
	u32 state;
};

/** hyper_ops - for the engines; their @ctx is a struct hyper */
extern const struct migrate_ops hyper_ops;

#define HYPER_VIEWS 12U

/**
 * hyper_init() - begin with a partition or slot
 * @slot: which of HYPER_VIEWS places its window gets; two that are in use at once must not share
 *	one
 */
void hyper_init(struct hyper *h, const struct cleave_vm_info *info, u64 id, u32 slot);

/** hyper_home() - Return: true when guest @uuid was made in the slot @info, which can restart it */
bool hyper_home(const struct cleave_vm_info *info, const u8 *uuid);

/** hyper_done() - unmap its window */
void hyper_done(struct hyper *h);

/** hyper_fits() - Return: true when the empty slot @vm could be what @guest is */
bool hyper_fits(u32 vm, const struct migrate_machine *guest);

/**
 * hyper_describe() - describe what @vm was given or, if it is empty, could be given
 * @number: gets the hypervisor's number of each region of @machine; MIGRATE_REGIONS_MAX entries
 * Return: 0, or the hypervisor's error.
 */
int hyper_describe(u32 vm, struct migrate_machine *machine, u32 *number);

/**
 * hyper_leaves() - count the leaves of all regions, by size
 * Return: true when they could be counted.
 */
bool hyper_leaves(u32 vm, struct cleave_leaves *sum);

#endif
