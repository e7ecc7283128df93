/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flushes that core decides on, each with its entry in the debug build's book (mm/tlb_ledger.h).
 *
 * Everything here concerns the hart that calls.
 */
#ifndef CORE_TLB_H
#define CORE_TLB_H

#include <cleave/types.h>

struct vcpu;

/** tlb_flush_gstage() - forget the G-stage under @vmid; tlb_flush_gstage_all() - under every VMID */
void tlb_flush_gstage(u16 vmid);
void tlb_flush_gstage_all(void);

/** tlb_flush_vs() - forget the VS-stage under @vmid, which is that of the loaded vCPU */
void tlb_flush_vs(u16 vmid);

/** tlb_check_enter() - debug build: look whether the loaded vCPU @v may run with what the TLB holds; says a line if not */
#ifdef CONFIG_DEBUG
void tlb_check_enter(const struct vcpu *v);
#else
static inline void tlb_check_enter(const struct vcpu *v)
{
	(void)v;
}
#endif

#endif
