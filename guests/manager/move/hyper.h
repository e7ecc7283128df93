/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the migration engines ask of the hypervisor, for one partition or slot: its memory through windows, its log, its
 * state, its note, its brake.
 *
 * One struct hyper serves one engine, and all of it is used by the manager's one hart. Nothing here may leave a writable window behind
 * on a partition that is to run: the hypervisor would not let it.
 */
#ifndef GUESTS_MANAGER_HYPER_H
#define GUESTS_MANAGER_HYPER_H

#include "guests/lib/guest.h"
#include "guests/lib/migrate/migrate.h"

#define HYPER_STATES_MAX 512U /* state records of a partition */
#define HYPER_NAME_MAX	 33U

/**
 * struct hyper - a partition that an engine works on
 * @view: where its window is in the manager's own address space
 * @id: for notes: of the migration; of a destination that does not know it yet any that is not 0
 * @run: it ran before it was paused (source); it is to run (destination)
 * @machine: what describe() said last
 * @number: the hypervisor's number of each region of @machine, which is in ascending order
 * @window: memory of the partition as the manager sees it, NULL: none is mapped; @window_gpa up to @window_end is what lies there,
 * @window_flags: CLEAVE_WINDOW_* that it was mapped with
 * @touched: gpa behind the last page that was written since the slot was created: what lies behind is zero as it was made
 * @old_note, @old_id: what was noted of it before it was given up
 * @heads, @nr_heads: its state records, ascending
 * @state_bytes: of all state records with their heads that were read or set
 * @vcpu_bytes: the same of the vCPU that has most, of the kinds that each vCPU has
 * @changed: it was brought into @state here since somebody set this to false
 */
struct hyper {
	u32 vm;
	char name[HYPER_NAME_MAX];
	u64 view;
	u64 id;
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

/**
 * hyper_init() - begin with a partition or slot
 * @slot: which of HYPER_VIEWS places for a window it gets; no two that are in use at once may have the same
 */
void hyper_init(struct hyper *h, const struct cleave_vm_info *info, u64 id, u32 slot);

#define HYPER_VIEWS 12U

/** hyper_done() - give up its window */
void hyper_done(struct hyper *h);

/** hyper_fits() - could the empty slot @vm be what @guest is? Return: yes; else @line says what it lacks */
bool hyper_fits(u32 vm, const struct migrate_machine *guest, struct migrate_line *line);

/** hyper_describe() - what @vm was given, or, empty, could be given. Return: 0 or the hypervisor's error */
int hyper_describe(u32 vm, struct migrate_machine *machine, u32 *number);

/** hyper_leaves() - leaves of all regions, by size. Return: they could be counted */
bool hyper_leaves(u32 vm, struct cleave_leaves *sum);

#endif
