/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flushes that core/run/ decides on. The debug build enters each into a ledger
 * (mm/tlb_ledger.h).
 *
 * Everything here concerns the calling hart alone.
 */
#ifndef CORE_TLB_H
#define CORE_TLB_H

#include <cleave/types.h>

#include "arch/riscv/fence.h"

struct vcpu;
struct vm_run;

/** tlb_flush_gstage() - forget the G-stage translations of @vmid */
void tlb_flush_gstage(u16 vmid);

/** tlb_flush_gstage_all() - forget the G-stage translations of every VMID */
void tlb_flush_gstage_all(void);

/** tlb_flush_vs() - forget the VS-stage translations of @vmid, which is that of the loaded vCPU */
void tlb_flush_vs(u16 vmid);

/**
 * tlb_check_enter() - debug build: may the loaded vCPU @v run with what the TLB may hold?
 *
 * Reports rule M7 broken if not. In a release build this is nothing.
 */
#ifdef CONFIG_DEBUG
void tlb_check_enter(const struct vcpu *v);
#else
static inline void tlb_check_enter(const struct vcpu *v)
{
	(void)v;
}
#endif

/** tlb_leave() - debug build: no guest runs on this hart any more */
#ifdef CONFIG_DEBUG
void tlb_leave(void);
#else
static inline void tlb_leave(void)
{
}
#endif

/** tlb_fence_instruction() - FENCE.I */
#ifdef CONFIG_DEBUG
void tlb_fence_instruction(void);
#else
static inline void tlb_fence_instruction(void)
{
	fence_instruction();
}
#endif

/**
 * tlb_new_life() - debug build: what harts hold of @vm and what they have fetched is worth nothing
 *
 * Its memory is new, was loaded anew or can be written by others. It does not run. Whether each
 * vCPU's next entry is like its first (vcpu_enter_anew()) is what this finds out.
 */
#ifdef CONFIG_DEBUG
void tlb_new_life(struct vm_run *vm);
#else
static inline void tlb_new_life(struct vm_run *vm)
{
	(void)vm;
}
#endif

#endif
