/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ledger of what a hart's TLB may still hold, for the debug build and for tests on the host.
 *
 * Emulators flush more than they are told to, so none of them shows that a fence is missing. The
 * ledger forgets only what a fence names. When a vCPU is about to run with translations that
 * another one left behind, the ledger says so (rules M2 and M7). It must never change what the
 * hypervisor does.
 */
#ifndef MM_TLB_LEDGER_H
#define MM_TLB_LEDGER_H

#include <cleave/types.h>

/* core/vm/vmid.c gives out no VMID that is greater than CONFIG_MAX_VMS. */
#define TLB_LEDGER_VMIDS (CONFIG_MAX_VMS + 1U)

/**
 * struct tlb_ledger_entry - the translations that may be held under one VMID
 * @vm: VM whose G-stage they come from; NULL: none of a G-stage are held
 * @since: fence generation of that VM at which the oldest of them may have been made
 * @vcpu: vCPU whose VS-stage they come from; NULL: none of a VS-stage are held
 * @vs_since: fence generation of the oldest G-stage translations through which a walk of the
 * VS-stage may have gone since the VS-stage was fenced last; 0: none has
 * @life, @vs_life: life of the VM in which the oldest of them may have been made
 */
struct tlb_ledger_entry {
	const void *vm;
	u64 since;
	const void *vcpu;
	u64 vs_since;
	u64 life;
	u64 vs_life;
};

/**
 * struct tlb_ledger - the ledger of one hart; only that hart writes it
 * @fetched: lives that had begun when the hart last executed FENCE.I
 * @running: VM whose guest runs with the translations that are held; NULL: none; atomic
 * @running_vmid: its VMID
 * @running_since: fence generation at which the oldest of them may have been made; atomic
 */
struct tlb_ledger {
	u64 fetched;
	const void *running;
	u16 running_vmid;
	u64 running_since;
	struct tlb_ledger_entry vmid[TLB_LEDGER_VMIDS];
};

/** tlb_ledger_gvma() - the hart has executed HFENCE.GVMA for @vmid */
void tlb_ledger_gvma(struct tlb_ledger *l, u16 vmid);

/** tlb_ledger_gvma_all() - the hart has executed HFENCE.GVMA for all VMIDs */
void tlb_ledger_gvma_all(struct tlb_ledger *l);

/**
 * tlb_ledger_vvma() - the hart has executed HFENCE.VVMA for all addresses and ASIDs
 * @vmid: the VMID in hgatp, which is the one that the instruction works on
 */
void tlb_ledger_vvma(struct tlb_ledger *l, u16 vmid);

/** tlb_ledger_fetch() - the hart has executed FENCE.I, after @lives lives of VMs had begun */
void tlb_ledger_fetch(struct tlb_ledger *l, u64 lives);

/**
 * tlb_ledger_enter() - check that a vCPU may run with what the TLB may hold
 * @l: ledger of the hart
 * @vmid: VMID that the vCPU runs under
 * @vm, @vcpu: the VM and the vCPU; they are only compared
 * @seen: the last fence generation of @vm that the vCPU says it has fenced for
 * @life: number of the life of @vm: the same VM under the same VMID, but with other memory or with
 * memory that others have written. Later lives, of any VM, have higher numbers
 *
 * After a complaint the ledger goes on as if the missing fence had been executed, so that each
 * mistake is reported once.
 *
 * Return: NULL, or what the TLB may wrongly hold, in words.
 */
const char *tlb_ledger_enter(struct tlb_ledger *l, u16 vmid, const void *vm, const void *vcpu,
			     u64 seen, u64 life);

/** tlb_ledger_leave() - no guest runs on the hart any more */
void tlb_ledger_leave(struct tlb_ledger *l);

/**
 * tlb_ledger_walks() - may the hart walk tables of @vm that were unlinked? Called on any hart
 * @gen: fence generation of @vm that covers the tables
 *
 * A vCPU that is not in its guest fences before it is (M7). So this looks only at harts on which a
 * guest of @vm runs.
 *
 * Return: true when such a guest runs with translations from before the fence: the tables must not
 * be freed yet (M4).
 */
bool tlb_ledger_walks(const struct tlb_ledger *l, const void *vm, u64 gen);

#endif
