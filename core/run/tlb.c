/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flushes on this hart, and the ledger that the debug build keeps of them.
 */
#include "core/run/tlb.h"

#ifdef CONFIG_DEBUG
#include <cleave/atomic.h>
#include <cleave/printk.h>
#include "arch/riscv/hart.h"
#include "core/run/vcpu.h"
#include "mm/space.h"
#include "mm/tlb_ledger.h"

static struct tlb_ledger tlb_ledgers[CONFIG_MAX_HARTS]; /* each written by its hart alone */

static u64 tlb_lives; /* lives of VMs that have begun; atomic */

/* Of each VM: the fence generation that covers all tables that were unlinked; under space->lock */
static u64 tlb_unlinked[CONFIG_MAX_VMS];

static struct tlb_ledger *tlb_ledger_this(void)
{
	return &tlb_ledgers[hart_this()->index];
}

void tlb_check_enter(const struct vcpu *v)
{
	const char *wrong = tlb_ledger_enter(tlb_ledger_this(), v->run->vmid, v->run, v,
					     atomic_read(&v->tlb_seen), atomic_read(&v->run->life));

	if (wrong != NULL)
		printk("memory: rule M7 broken: vCPU %u of \"%s\" enters hart %u, whose TLB may "
		       "hold %s",
		       v->id, v->run->name, v->hart, wrong);
}

void tlb_leave(void)
{
	tlb_ledger_leave(tlb_ledger_this());
}

/* The space that has @part at @offset */
static const struct space *tlb_space(const void *part, size_t offset)
{
	return (const void *)((const u8 *)part - offset);
}

void flush_unlinked(const struct gstage *gs)
{
	const struct space *sp = tlb_space(gs, offsetof(struct space, gs));
	const struct vm_run *vm = sp->cfg.owner;

	spin_assert_held(&sp->lock);
	/* The fence that is to come; flush_remote() counts under the same lock. */
	tlb_unlinked[vm->id] = atomic_read(&vm->tlb_gen) + 1U;
}

void flush_freeing(const struct table_pool *pool)
{
	const struct space *sp = tlb_space(pool, offsetof(struct space, pool));
	const struct vm_run *vm = sp->cfg.owner;

	spin_assert_held(&sp->lock);
	for (u32 i = 0; i < hart_count(); i++) {
		if (tlb_ledger_walks(&tlb_ledgers[i], vm, tlb_unlinked[vm->id]))
			printk("memory: rule M4 broken: a table of \"%s\" is freed, which hart %u "
			       "may still walk",
			       vm->name, i);
	}
}

void tlb_fence_instruction(void)
{
	u64 lives = atomic_read_acquire(&tlb_lives);

	fence_instruction();
	tlb_ledger_fetch(tlb_ledger_this(), lives);
}

void tlb_new_life(struct vm_run *vm)
{
	/* Whoever sees the VM run sees its life: the state is set after this (release). */
	atomic_set(&vm->life, atomic_add_acq_rel(&tlb_lives, 1U) + 1U);
}

#define LEDGER(call) (call)
#else
#define LEDGER(call) ((void)0)
#endif

void tlb_flush_gstage(u16 vmid)
{
	fence_gvma_vmid(vmid);
	LEDGER(tlb_ledger_gvma(tlb_ledger_this(), vmid));
}

void tlb_flush_gstage_all(void)
{
	fence_gvma_all();
	LEDGER(tlb_ledger_gvma_all(tlb_ledger_this()));
}

void tlb_flush_vs(u16 vmid)
{
	fence_vvma_all();
	LEDGER(tlb_ledger_vvma(tlb_ledger_this(), vmid));
	(void)vmid;
}
