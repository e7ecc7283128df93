/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ledger of what a hart's TLB may hold. See mm/tlb_ledger.h.
 */
#include "mm/tlb_ledger.h"

#include <cleave/atomic.h>

static struct tlb_ledger_entry *tlb_ledger_find(struct tlb_ledger *l, u16 vmid)
{
	return &l->vmid[vmid < TLB_LEDGER_VMIDS ? vmid : 0U];
}

void tlb_ledger_gvma(struct tlb_ledger *l, u16 vmid)
{
	tlb_ledger_find(l, vmid)->vm = NULL;
	/* Until tlb_ledger_enter() says what the guest that runs goes on with, it holds nothing. */
	if (l->running_vmid == vmid)
		tlb_ledger_leave(l);
}

void tlb_ledger_gvma_all(struct tlb_ledger *l)
{
	for (u32 i = 0; i < TLB_LEDGER_VMIDS; i++)
		l->vmid[i].vm = NULL;
	tlb_ledger_leave(l);
}

void tlb_ledger_vvma(struct tlb_ledger *l, u16 vmid)
{
	struct tlb_ledger_entry *e = tlb_ledger_find(l, vmid);

	e->vcpu = NULL;
	/* As long as translations of the G-stage are held, a walk may go through them again. */
	e->vs_since = e->vm != NULL ? e->since : 0U;
}

void tlb_ledger_fetch(struct tlb_ledger *l, u64 lives)
{
	l->fetched = lives;
}

/* What is left of an earlier life of the VM, in words; NULL: nothing */
static const char *tlb_ledger_earlier(const struct tlb_ledger *l, const struct tlb_ledger_entry *e,
				      u64 life)
{
	if (e->vm != NULL && e->life < life)
		return "the G-stage of an earlier life of the VM";
	if (e->vcpu != NULL && e->vs_life < life)
		return "the VS-stage of an earlier life of the VM";
	return l->fetched < life ? "instructions from before this life of the VM" : NULL;
}

const char *tlb_ledger_enter(struct tlb_ledger *l, u16 vmid, const void *vm, const void *vcpu,
			     u64 seen, u64 life)
{
	struct tlb_ledger_entry *e = tlb_ledger_find(l, vmid);
	const char *wrong = NULL;

	if (e->vm != NULL && e->vm != vm)
		wrong = "the G-stage of another VM with the same VMID";
	else if (e->vm != NULL && e->since < seen)
		wrong = "a G-stage from before the fence that the vCPU has acknowledged";
	else if (e->vcpu != NULL && e->vcpu != vcpu)
		wrong = "the VS-stage of another vCPU with the same VMID";
	else if (e->vs_since != 0U && e->vs_since < seen)
		wrong = "a VS-stage that was walked through a G-stage from before the fence";
	else
		wrong = tlb_ledger_earlier(l, e, life);
	if (e->vm == NULL || wrong != NULL) {
		e->since = seen;
		e->life = life;
	}
	if (e->vs_since == 0U || wrong != NULL)
		e->vs_since = e->since;
	if (e->vcpu == NULL || wrong != NULL)
		e->vs_life = life;
	if (wrong != NULL)
		l->fetched = MAX(l->fetched, life);
	e->vm = vm;
	e->vcpu = vcpu;
	l->running_vmid = vmid;
	atomic_set(&l->running_since, e->since);
	/* Release: whoever sees that the guest runs sees since when. */
	atomic_set_release(&l->running, vm);
	return wrong;
}

void tlb_ledger_leave(struct tlb_ledger *l)
{
	atomic_set(&l->running, NULL);
}

bool tlb_ledger_walks(const struct tlb_ledger *l, const void *vm, u64 gen)
{
	return atomic_read_acquire(&l->running) == vm && atomic_read(&l->running_since) < gen;
}
