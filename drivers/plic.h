/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PLIC: registers (RISC-V PLIC specification 1.0.0). What the device tree says of it is
 * read in drivers/plic_fdt.c.
 *
 * Only the boot hart claims, and only it enables a source for the first time. Any hart may do the
 * rest: a priority or a completion is a write to the source's own register, and enabling a source
 * again writes a bit that is set already (no bit is ever cleared).
 */
#ifndef DRIVERS_PLIC_H
#define DRIVERS_PLIC_H

#include <cleave/types.h>

#define PLIC_MAX_SOURCES 1024U

/** plic_size() - Return: bytes of registers that a PLIC with @contexts contexts has */
u64 plic_size(u32 contexts);

/**
 * struct plic - a PLIC
 * @regs: its registers, mapped
 * @sources: the highest source number
 * @context: the context of the boot hart's S-mode
 */
struct plic {
	void *regs;
	u32 sources;
	u32 context;
};

/** plic_quiet() - disable all sources that the firmware has left enabled for context @context */
void plic_quiet(const struct plic *p, u32 context);

/* The members of struct irq_controller (core/machine/irq.h); @opaque is the PLIC. */
int plic_enable(void *opaque, u32 source);
void plic_disable(void *opaque, u32 source);
u32 plic_claim(void *opaque);
void plic_complete(void *opaque, u32 source);

#endif
