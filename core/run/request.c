/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serving the requests of other harts. It must never run while its caller stands in a page-table
 * walk (M4): a fence that is acknowledged declares the walk over.
 */
#include "core/run/request.h"

#include <cleave/atomic.h>
#include <cleave/spinlock.h>
#include "arch/riscv/hart.h"
#include "core/machine/irq.h"
#include "core/run/ipi.h"
#include "core/run/shootdown.h"
#include "core/run/vcpu.h"

bool request_serve(void)
{
	struct vcpu *v = vcpu_current();

	ipi_acknowledge();
	if (v != NULL && atomic_read(&v->mode) == (u32)VCPU_IN) {
		shootdown_serve(v);
		vcpu_deliver(v);
		if (!vm_runnable(v->run))
			return true;
	}
	return vcpu_hart_woken();
}

/*
 * A hart that waits acknowledges fences, and unloads a vCPU that somebody else waits for. For all
 * else the vCPU must leave, or the scheduler must run: the interrupt stays pending for that.
 */
void spin_relax(void)
{
	struct vcpu *v = vcpu_current();

	if (v != NULL) {
		if (atomic_read(&v->mode) == (u32)VCPU_IN)
			shootdown_serve_some(v);
		else
			vcpu_unload_stopped();
	}
	hart_pause();
}

void request_wait(void)
{
	spin_relax();
	if ((hart_irqs_pending() & BIT64(HART_IRQ_EXT)) != 0U)
		irq_handle(hart_this()->index);
}

#ifdef SPIN_CHECK
uintptr_t spin_self(void)
{
	return (uintptr_t)hart_this() | 1U; /* tp is 0 early in the boot */
}
#endif
