/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated PLIC with one S-mode context a vCPU (RISC-V PLIC specification 1.0.0). Builds for the host too.
 */
#ifndef CORE_VPLIC_H
#define CORE_VPLIC_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VPLIC_SOURCES 32U /* source 0 does not exist */

struct vplic {
	struct spinlock lock; /* guards all below */
	u32 contexts;
	u32 level;   /* lines as devices hold them, bit = source */
	u32 pending; /* gateway has forwarded and nobody has claimed */
	u32 claimed; /* claimed and not completed: gateway closed */
	u32 priority[VPLIC_SOURCES];
	u32 enable[CONFIG_MAX_VCPUS];
	u32 threshold[CONFIG_MAX_VCPUS];
	u32 out; /* bit = context: external interrupt line as told by vplic_output() */
};

/** vplic_reset() - power-on state with @contexts contexts */
void vplic_reset(struct vplic *p, u32 contexts);

u64 vplic_read(void *opaque, u32 vcpu, u64 offset, u8 size);
void vplic_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);

/** vplic_line() - a device's interrupt line: @source 1..31; any hart */
void vplic_line(struct vplic *p, u32 source, bool level);

/* Call up, defined by core/vm_devices.c: S-mode external interrupt of context @context; called with p->lock held */
void vplic_output(struct vplic *p, u32 context, bool level);

#endif
