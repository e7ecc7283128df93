/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PLICs: registers (RISC-V PLIC specification 1.0.0). What the device tree says of them
 * is read in drivers/plic_fdt.c.
 *
 * Any hart may call. A claim reads a register of the hart's own context, a completion and a
 * priority are written to registers of which each source or context has its own. An enable word
 * holds 32 sources: plic_route() changes one bit of it, and core/machine/irq.c keeps two calls
 * apart.
 */
#ifndef DRIVERS_PLIC_H
#define DRIVERS_PLIC_H

#include <cleave/types.h>

#define PLIC_MAX_CONTEXTS 15872U

/** plic_size() - Return: bytes of registers that a PLIC with @contexts contexts has */
u64 plic_size(u32 contexts);

/**
 * struct plic - a PLIC
 * @regs: its registers, mapped
 * @sources: the highest source number
 * @context: the S-mode context of each hart that has one
 */
struct plic {
	void *regs;
	u32 sources;
	u16 context[CONFIG_MAX_HARTS];
};

/** plic_quiet() - disable all sources that the firmware has left enabled for context @context */
void plic_quiet(const struct plic *p, u32 context);

/* The members of struct irq_controller (core/machine/irq.h); @opaque is the PLIC. */
void plic_route(void *opaque, u32 hart, u32 source, bool on);
void plic_enable(void *opaque, u32 source, bool on);
u32 plic_claim(void *opaque, u32 hart);
void plic_complete(void *opaque, u32 hart, u32 source);

#endif
