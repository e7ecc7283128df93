/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of harts, and what a running hart does about interrupts: waiting for one, looking at
 * what is pending, and interrupting another hart.
 *
 * Concurrency: the boot hart alone writes the table, before it starts another hart. From then on
 * each struct hart belongs to its hart; only `online` is atomic.
 */
#include "arch/riscv/hart.h"

#include <cleave/atomic.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/firmware.h"

/* head.S knows this table by name. */
struct hart harts[CONFIG_MAX_HARTS];

static u32 hart_nr;

u32 hart_count(void)
{
	return hart_nr;
}

struct hart *hart_get(u32 index)
{
	return &harts[index];
}

struct hart *hart_by_id(u64 hartid)
{
	for (u32 i = 0; i < hart_nr; i++) {
		if (harts[i].hartid == hartid)
			return &harts[i];
	}
	return NULL;
}

struct hart *hart_add(u64 hartid)
{
	struct hart *h;

	if (hart_nr >= CONFIG_MAX_HARTS)
		return NULL;
	h = &harts[hart_nr];
	h->index = hart_nr;
	h->hartid = hartid;
	hart_nr++;
	return h;
}

void hart_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
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
	else
		(void)firmware_send_ipi(harts[index].hartid);
}
