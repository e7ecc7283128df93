/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests between harts: the interrupt that makes a hart look, and what it looks at.
 *
 * What is asked for is kept where it belongs (a vCPU's fences and interrupts, a VM's state, a hart's need to choose again); the
 * interrupt says only that there is something. This file must never run while its caller stands in a page-table walk (M4).
 */
#include "core/run/ipi.h"

#include <cleave/atomic.h>
#include <cleave/spinlock.h>
#include "arch/riscv/hart.h"
#include "core/run/shootdown.h"
#include "core/run/sched.h"
#include "core/run/vcpu.h"

/* A cache line each: written by every hart that sends. @pending: 1: an interrupt is on its way; atomic */
struct ipi_hart {
	u32 pending;
} __attribute__((aligned(64)));

static struct ipi_hart ipi_harts[CONFIG_MAX_HARTS];

void ipi_send(u32 index)
{
	/*
	 * The exchange orders the request before it. If it finds 1, the receiver has not yet done its exchange to 0, and
	 * looks at requests after that: it sees this one.
	 */
	if (atomic_xchg(&ipi_harts[index].pending, 1U) == 0U)
		hart_ipi(index);
}

/*
 * The interrupt is withdrawn before `pending` is: the other way round, one sent in between would be lost while `pending` says
 * that it is on its way.
 */
void ipi_acknowledge(void)
{
	hart_irq_soft_clear();
	(void)atomic_xchg(&ipi_harts[hart_this()->index].pending, 0U);
	smp_mb();
}

bool ipi_serve(void)
{
	struct vcpu *v = vcpu_current();

	ipi_acknowledge();
	if (v != NULL && atomic_read(&v->mode) == (u32)VCPU_IN) {
		shootdown_serve(v);
		vcpu_deliver(v);
		if (!vm_runnable(v->run))
			return true;
	}
	return sched_wanted();
}

/*
 * Only fences are acknowledged here, and a vCPU that somebody waits for is unloaded. Everything else needs the vCPU to leave or the
 * scheduler to run: the interrupt stays pending for it.
 */
void spin_relax(void)
{
	struct vcpu *v = vcpu_current();

	if (v != NULL) {
		if (atomic_read(&v->mode) == (u32)VCPU_IN)
			shootdown_serve_some(v);
		else
			sched_unload_stopped();
	}
	hart_pause();
}

#ifdef SPIN_CHECK
uintptr_t spin_self(void)
{
	return (uintptr_t)hart_this() | 1U; /* tp is 0 early in the boot */
}
#endif
