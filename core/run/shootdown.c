/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences on other harts. The protocol is told in shootdown.h and, with its barriers, in vcpu.h.
 *
 * It must never interrupt a vCPU that is OUT (M7), nor acknowledge for one inside a walk (M4).
 */
#include "core/run/shootdown.h"

#include <cleave/atomic.h>
#include "arch/riscv/fence.h"
#include "arch/riscv/hart.h"
#include "core/run/ipi.h"
#include "core/run/tlb.h"
#include "core/run/vcpu.h"
#include "mm/flush.h"
#include "mm/space.h"

/* --- G-stage ---------------------------------------------------------------------------------- */

/*
 * The whole VMID is flushed, not the ranges of the batch. The request is then one counter: a hart
 * that was asked ten times answers once, and no memory is needed for each range and hart. The price
 * is that entries which were still good are fetched again, once a batch; on many a hart the exit
 * that the IPI takes has emptied part of the TLB anyway.
 */
static void shootdown_gstage(struct vcpu *v)
{
	/* Acquire pairs with the increment in flush_remote(): the requester's change is seen. */
	u64 gen = atomic_read_acquire(&v->run->tlb_gen);
	u64 seen = atomic_read(&v->tlb_seen);

	if (gen == seen)
		return;
	tlb_flush_gstage(v->run->vmid);
	/*
	 * While the vCPU was OUT nobody waited for it, so tables may have been freed and used anew.
	 * Through them this hart may have walked the VS-stage, and a fence of the G-stage need not
	 * reach what it found there. First the G-stage, or it could do so again.
	 */
	tlb_flush_vs(v->run->vmid);
	/* The first entry: its code was stored by this hart or by another (vcpu_enter_anew()). */
	if (seen == 0U)
		tlb_fence_instruction();
	/* Release: what the guest stored through old translations comes before the answer (M2). */
	atomic_set_release(&v->tlb_seen, gen);
	tlb_check_enter(v); /* the vCPU may go on without another entry */
}

static bool shootdown_gstage_owed(const struct vcpu *v, u64 gen)
{
	return atomic_read_acquire(&v->mode) == (u32)VCPU_IN &&
	       atomic_read_acquire(&v->tlb_seen) < gen;
}

void flush_remote(struct space *sp, const struct flush_batch *b)
{
	struct vm_run *vm = sp->cfg.owner;
	struct vcpu *self = vcpu_current();
	u64 gen = atomic_add_acq_rel(&vm->tlb_gen, 1U) + 1U;
	u64 ipis = 0;

	(void)b;
	spin_assert_held(&sp->lock);
	/* The counter before the modes; pairs with the barrier after mode = IN in sched.c. */
	smp_mb();
	if (self != NULL && self->run == vm && atomic_read(&self->mode) == (u32)VCPU_IN)
		shootdown_gstage(self);
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *v = vm->vcpu[i];

		if (!shootdown_gstage_owed(v, gen))
			continue;
		ipi_send(v->hart);
		ipis++;
	}
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		while (shootdown_gstage_owed(vm->vcpu[i], gen))
			spin_relax();
	}
	/* CLEAVE_STAT_FENCES is counted by the space. */
	(void)atomic_add(&vm->flush_ipis, ipis);
}

/* --- what guests ask for ---------------------------------------------------------------------- */

/* Do @r for the loaded vCPU: HFENCE.VVMA concerns the VMID that is in hgatp. */
static void shootdown_execute(const struct flush_request *r)
{
	u64 first = 0;
	u64 pages = flush_request_pages(r, &first);

	if ((r->kind & FLUSH_REQ_INSTRUCTION) != 0U)
		tlb_fence_instruction();
	if ((r->kind & FLUSH_REQ_ALL) != 0U) {
		fence_vvma_all();
	} else if ((r->kind & FLUSH_REQ_RANGE) != 0U) {
		if (pages == 0U)
			fence_vvma_all();
		for (u64 i = 0; i < pages; i++)
			fence_vvma_page(first + (i << PAGE_SHIFT));
	} else if ((r->kind & FLUSH_REQ_RANGE_ASID) != 0U) {
		if (pages == 0U)
			fence_vvma_asid(r->asid);
		for (u64 i = 0; i < pages; i++)
			fence_vvma_page_asid(first + (i << PAGE_SHIFT), r->asid);
	}
}

static bool shootdown_requested(const struct vcpu *v)
{
	return atomic_read_acquire(&v->flush_posted) != atomic_read(&v->flush_done);
}

/* Take what waits, release flush_lock, which the caller holds, and do it. */
static void shootdown_take(struct vcpu *v)
{
	struct flush_request r = v->flush;
	u64 posted = atomic_read(&v->flush_posted);

	spin_assert_held(&v->flush_lock);
	v->flush.kind = 0;
	spin_unlock(&v->flush_lock);
	shootdown_execute(&r);
	atomic_set_release(&v->flush_done, posted);
}

void shootdown_serve_some(struct vcpu *v)
{
	shootdown_gstage(v);
	/*
	 * Never wait here. This hart may hold a ticket for another vCPU's flush_lock, and its turn
	 * may have come, while that vCPU's hart waits in the same way for this one.
	 */
	if (shootdown_requested(v) && spin_trylock(&v->flush_lock))
		shootdown_take(v);
}

void shootdown_serve(struct vcpu *v)
{
	shootdown_gstage(v);
	while (shootdown_requested(v)) {
		/* This hart holds no ticket, and the lock's holder waits for nothing. */
		if (spin_trylock(&v->flush_lock))
			shootdown_take(v);
		else
			hart_pause();
	}
}

/* Return: the count that flush_done has to reach. */
static u64 shootdown_post(struct vcpu *v, const struct flush_request *r)
{
	u64 posted;

	spin_lock(&v->flush_lock);
	flush_request_merge(&v->flush, r);
	posted = atomic_read(&v->flush_posted) + 1U;
	atomic_set_release(&v->flush_posted, posted);
	spin_unlock(&v->flush_lock);
	return posted;
}

static bool shootdown_guest_owed(const struct vcpu *v, u64 posted)
{
	return atomic_read_acquire(&v->mode) == (u32)VCPU_IN &&
	       atomic_read_acquire(&v->flush_done) < posted;
}

void shootdown_guest(struct vcpu *self, u64 mask, const struct flush_request *r)
{
	const struct vm_run *vm = self->run;
	u64 posted[CONFIG_MAX_VCPUS];
	u64 others = mask & ~BIT64(self->id);

	if (others != mask)
		shootdown_execute(r);
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		if ((others & BIT64(i)) != 0U)
			posted[i] = shootdown_post(vm->vcpu[i], r);
	}
	/* The requests before the modes; pairs with the barrier after mode = IN in sched.c. */
	smp_mb();
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		if ((others & BIT64(i)) == 0U)
			continue;
		if (!shootdown_guest_owed(vm->vcpu[i], posted[i])) {
			others &= ~BIT64(i);
			continue;
		}
		ipi_send(vm->vcpu[i]->hart);
		self->stat[CLEAVE_STAT_FENCE_IPIS]++;
	}
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		while ((others & BIT64(i)) != 0U && shootdown_guest_owed(vm->vcpu[i], posted[i]))
			spin_relax();
	}
}
