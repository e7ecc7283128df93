/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart's TLB may still hold, in a book: for the debug build, and for tests on the host.
 *
 * Emulators flush more than they are told to, so a fence that is missing shows on none of them. The book forgets only what a
 * fence names, and says so when a vCPU is about to run into what another left behind. It must never change what is done.
 */
#ifndef MM_TLB_LEDGER_H
#define MM_TLB_LEDGER_H

#include <cleave/types.h>

#define TLB_LEDGER_VMIDS (CONFIG_MAX_VMS + 1U) /* core/vm/vmid.c gives out no larger one */

/**
 * struct tlb_ledger_entry - translations under one VMID
 * @vm: whose G-stage they may come from, NULL: none are held
 * @since: fence generation of that VM from which on they may come
 * @vcpu: whose VS-stage they may come from, NULL: none are held
 */
struct tlb_ledger_entry {
	const void *vm;
	u64 since;
	const void *vcpu;
};

/** struct tlb_ledger - one hart's book; only that hart uses it */
struct tlb_ledger {
	struct tlb_ledger_entry vmid[TLB_LEDGER_VMIDS];
};

/** tlb_ledger_gvma() - HFENCE.GVMA of @vmid; tlb_ledger_gvma_all() - of all */
void tlb_ledger_gvma(struct tlb_ledger *l, u16 vmid);
void tlb_ledger_gvma_all(struct tlb_ledger *l);

/** tlb_ledger_vvma() - HFENCE.VVMA of all addresses and ASIDs while @vmid is in hgatp */
void tlb_ledger_vvma(struct tlb_ledger *l, u16 vmid);

/**
 * tlb_ledger_enter() - a vCPU is about to run
 * @vm, @vcpu: compared only
 * @seen: fence generation of @vm that the vCPU says it has fenced up to
 *
 * Return: NULL, or what is wrong, in words. The book goes on as if the fence had been there, so that each mistake is told once.
 */
const char *tlb_ledger_enter(struct tlb_ledger *l, u16 vmid, const void *vm, const void *vcpu,
			     u64 seen);

#endif
