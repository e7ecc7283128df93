/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the world of harts share.
 */
#ifndef TESTS_MODEL_HART_WORLD_INTERNAL_H
#define TESTS_MODEL_HART_WORLD_INTERNAL_H

#include "arch/riscv/csr.h"
#include "core/vm/vm.h"
#include "tests/model/fiber.h"
#include "tests/model/hart_model.h"
#include "tests/model/hart_world.h"
#include "tests/unit/mm/mm_harness.h"

#define VMS	   3U
#define VCPUS	   3U			/* at most, of a VM */
#define BASE	   UINT64_C(0x80000000) /* GPA of each VM's memory */
#define MEMORY	   MIB(2)
#define FIRST_PAGE (VMS * VCPUS) /* of those that page tables name */
#define PAGES	   16U
#define CODE_WORD  5U /* of each page: what is fetched there */
#define WINDOW_GPA UINT64_C(0x100000000)

/**
 * struct hart_world_vm - @map: of each vCPU and page of its table: the page that it names; @old:
 * what it may still name, until a fence is over; @changing: somebody changes a table; @logged: a
 * log is on, and no call on it is under way; @inside: which vCPUs are in guest_run(); @scratch:
 * what their vsscratch holds
 */
struct hart_world_vm {
	struct vm vm;
	struct vcpu vcpu[VCPUS];
	struct config_partition cfg;
	u64 hpa;
	u64 map[VCPUS][HART_MODEL_VAS];
	u64 old[VCPUS][HART_MODEL_VAS];
	bool changing;
	bool logged;
	bool inside[VCPUS];
	u64 scratch[VCPUS];
};

/**
 * struct hart_world - the first VM is the manager's
 * @spare: memory that no VM has
 * @turn, @acted: the turn that it is, and the last in which the manager has finished an act
 * @waits: how often each hart has paused since it got on last
 */
struct hart_world {
	struct mm_machine machine;
	struct hart_world_vm vm[VMS];
	u64 spare;
	u64 turn;
	u64 acted;
	u32 waits[HART_MODEL_HARTS];
	u64 serial;
	u64 random;
	struct hart_world_seen *seen;
};

extern struct hart_world hart_world;

u64 hart_world_random(u64 below);

/** hart_world_word() - Return: where word @word of page @page of a VM is */
u64 *hart_world_word(const struct hart_world_vm *w, u64 page, u64 word);

/** hart_world_table() - Return: the page of the page table of @vcpu; no two VMs have the same */
static inline u64 hart_world_table(const struct hart_world_vm *w, u32 vcpu)
{
	return w->vm.id * VCPUS + vcpu;
}

/** hart_world_fill() - put page tables and code into the memory of a VM that does not run */
void hart_world_fill(struct hart_world_vm *w);

/** hart_world_create() - make its tables and its vCPUs anew */
void hart_world_create(struct hart_world_vm *w);

/** hart_world_start() - have its vCPUs start */
void hart_world_start(struct hart_world_vm *w);

/** hart_world_safe() - M1, in what harts hold: each page is dirty, or they may not write to it */
void hart_world_safe(const struct hart_world_vm *w);

/** hart_world_pause() - a hart pauses: others get on, but not for ever without it */
void hart_world_pause(void);

/** hart_world_fault() - answer a fault of the loaded vCPU that must be answered by a grant */
void hart_world_fault(struct vcpu *v, u64 gpa, enum access access);

/** hart_manager_act() - something that a manager does, as a hypercall of @v */
void hart_manager_act(struct vcpu *v);

#endif
