/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What core/run/ knows of a VM, and what it asks of core/vm/.
 *
 * core/vm/ comes after core/run/ in the order of who may include whom. So core/run/ sees only this
 * part of struct vm, and calls up through the functions that are declared at the end.
 */
#ifndef CORE_VM_RUN_H
#define CORE_VM_RUN_H

#include <abi/cleave.h>
#include <cleave/atomic.h>
#include <cleave/types.h>

struct vcpu;
struct vm;

/* Whose harts do the steps of an operation that nobody calls for */
enum vm_restarting {
	VM_RESTART_NONE = 0,  /* there is none */
	VM_RESTART_FIRST = 1, /* that of vCPU 0 */
	VM_RESTART_ALL = 2,   /* those of all vCPUs: memory is zeroed, by all of them at once */
};

/**
 * struct vm_run - the part of a VM that harts work with; a member of struct vm (core/vm/vm.h)
 * @name: the partition's, for messages; never changes
 * @id: the partition's number, by which windows of plans name it; never changes
 * @state: enum cleave_vm_state: the vCPUs may run while it is RUNNING; atomic, written by core/vm/
 *	under vm->lock
 * @restarting: enum vm_restarting: it starts by itself, and whose harts do the steps
 *	(vm_restart_step()); atomic, written by core/vm/ under vm->lock
 * @brake: percent of the time that the vCPUs are held; atomic, written by core/vm/ under vm->lock
 * @cpu_weight: of each vCPU, on a hart that it shares (core/run/fair/fair.h); never changes
 * @vmid: the tag of the VM's translations in TLBs; set by core/vm/vmid.c while no vCPU runs
 * @vmid_shared: VMIDLEN is too small: another VM has the same VMID; set with @vmid
 * @nr_vcpus, @vcpu: the vCPUs, made at boot; never change after that
 * @tlb_gen: flushes of the VM's G-stage requested so far; atomic, never 0 once a vCPU runs
 * @life: number of its present life, of those of all VMs (tlb_new_life()); debug build; atomic
 * @flush_ipis: interrupts that were sent for these flushes; atomic
 * @last_on: for each hart the vCPU of this VM that it loaded last; no other hart looks at it
 */
struct vm_run {
	const char *name;
	u32 id;
	u32 state;
	u32 restarting;
	u32 brake;
	u32 cpu_weight;
	u16 vmid;
	bool vmid_shared;
	u32 nr_vcpus;
	struct vcpu *vcpu[CONFIG_MAX_VCPUS];
	u64 tlb_gen;
	u64 life;
	u64 flush_ipis;
	struct vcpu *last_on[CONFIG_MAX_HARTS];
};

/** vm_runnable() - Return: true while the vCPUs of the VM may run (state RUNNING); any hart */
static inline bool vm_runnable(const struct vm_run *r)
{
	return atomic_read_acquire(&r->state) == (u32)CLEAVE_VM_RUNNING;
}

/* --- defined by core/vm/ ---------------------------------------------------------------------- */

/**
 * vm_restart_step() - do a bounded step (M6, T2) for a VM that starts by itself
 * @v: one of its vCPUs that vm_run.restarting names
 *
 * The scheduler calls it on the hart of @v, in a turn of @v, with no lock held.
 */
void vm_restart_step(const struct vcpu *v);

/**
 * vm_all_stopped() - all vCPUs of @vm have stopped themselves (SBI HSM hart_stop)
 *
 * Called on the hart of one of them, when it is OUT, with no lock held. Two that stop at the same
 * time may both report it.
 */
void vm_all_stopped(struct vm *vm);

#endif
