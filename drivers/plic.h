/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PLIC: registers (RISC-V PLIC specification 1.0.0). What the device tree says is drivers/plic_fdt.c's.
 *
 * Claims and first enables are the boot hart's alone. The rest may be done by any hart: priorities and completions are writes to
 * a source's own register, and enabling a source again writes bits that are set already (none is ever cleared).
 */
#ifndef DRIVERS_PLIC_H
#define DRIVERS_PLIC_H

#include <cleave/types.h>

#define PLIC_MAX_SOURCES 1024U
#define PLIC_MIN_SIZE	 0x200008U /* up to and with claim/complete of context 0 */

/** plic_size() - Return: bytes of registers that a PLIC with @contexts contexts has */
u64 plic_size(u32 contexts);

/**
 * struct plic - @regs: its registers, mapped; @sources: highest source number; @context: of the boot hart's S-mode
 */
struct plic {
	void *regs;
	u32 sources;
	u32 context;
};

/** plic_quiet() - switch off what the firmware has left on for context @context */
void plic_quiet(const struct plic *p, u32 context);

/** plic_enable() and so on - as struct irq_controller wants them; @opaque: the PLIC */
int plic_enable(void *opaque, u32 source);
void plic_disable(void *opaque, u32 source);
u32 plic_claim(void *opaque);
void plic_complete(void *opaque, u32 source);

#endif
