/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt between harts. It must never be lost, and never look at a request itself.
 */
#include "core/run/ipi.h"

#include <cleave/atomic.h>
#include "arch/riscv/hart.h"

/**
 * struct ipi_hart - a cache line each, as every hart that sends writes it
 * @pending: 1: an interrupt is on its way; atomic
 */
struct ipi_hart {
	u32 pending;
} __attribute__((aligned(64)));

static struct ipi_hart ipi_harts[CONFIG_MAX_HARTS];

void ipi_send(u32 index)
{
	/*
	 * The exchange orders the request before it. If it finds 1, the receiver has not yet done
	 * its own exchange to 0. It looks at its requests after that, and sees this one.
	 */
	if (atomic_xchg(&ipi_harts[index].pending, 1U) == 0U)
		hart_ipi(index);
}

/*
 * The interrupt is withdrawn before `pending` is. In the other order, an interrupt sent in between
 * would be lost while `pending` says that it is on its way.
 */
void ipi_acknowledge(void)
{
	hart_irq_soft_clear();
	(void)atomic_xchg(&ipi_harts[hart_this()->index].pending, 0U);
	smp_mb();
}
