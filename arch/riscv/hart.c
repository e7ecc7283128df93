/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a running hart does about interrupts: waiting for one, looking at what is pending, and
 * interrupting another hart.
 */
#include "arch/riscv/hart.h"

#include <cleave/atomic.h>
#include "arch/riscv/aia.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/execute.h"
#include "arch/riscv/firmware.h"

#ifdef CONFIG_AIA
void *imsic_pages[CONFIG_MAX_HARTS];
#endif

void hart_wait(void)
{
	execute("wfi");
}

u64 hart_irqs_pending(void)
{
	return csr_read(CSR_SIP) & csr_read(CSR_SIE);
}

void hart_irq_soft_clear(void)
{
	csr_clear(CSR_SIP, SIP_SSIP);
	/*
	 * The caller looks at the requests after the interrupt is withdrawn. The other way round, a
	 * request that comes in between would be lost.
	 */
	smp_mb();
}

void hart_ipi(u32 index)
{
	smp_mb();
	/* Its own software interrupt a hart sets itself (privileged specification, "sip"). */
	if (index == hart_this()->index)
		csr_set(CSR_SIP, SIP_SSIP);
	else if (!imsic_ipi(index))
		(void)firmware_send_ipi(hart_get(index)->hartid);
}
