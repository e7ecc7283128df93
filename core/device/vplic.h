/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated PLIC with one S-mode context a vCPU (RISC-V PLIC specification 1.0.0). Builds for the host too.
 *
 * Concurrency: any vCPU of the VM, and any hart on which a device changes its line, may call at once; one lock guards all.
 */
#ifndef CORE_VPLIC_H
#define CORE_VPLIC_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VPLIC_SOURCES 32U /* source 0 does not exist */

/**
 * struct vplic - all guarded by @lock; bit sets have bit n for source n
 * @contexts: how many there are; 0: the VM has no vCPUs at present, and no output is told
 * @level: lines as the devices hold them
 * @pending: the gateway has forwarded a request and nobody has claimed it
 * @claimed: claimed and not completed: the gateway forwards nothing
 * @passed: sources whose line falls when the guest completes them, and vplic_completed() is told: those of the machine's devices
 * @out: bit n: the external interrupt of context n, as vplic_output() was told
 */
struct vplic {
	struct spinlock lock;
	u32 contexts;
	u32 level;
	u32 pending;
	u32 claimed;
	u32 passed;
	u64 out;
	u8 priority[VPLIC_SOURCES];
	u32 enable[CONFIG_MAX_VCPUS];
	u8 threshold[CONFIG_MAX_VCPUS];
};

/**
 * vplic_reset() - power-on state with @contexts contexts, at most CONFIG_MAX_VCPUS
 *
 * The lines that devices hold stay as they are; the outputs go low.
 */
void vplic_reset(struct vplic *p, u32 contexts);

/** vplic_read(), vplic_write() - an access of the guest, as struct mmio_device wants it; takes p->lock */
u64 vplic_read(void *opaque, u32 vcpu, u64 offset, u8 size);
void vplic_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);

/** vplic_line() - a device's level-triggered interrupt line: @source 1..31; any hart, takes p->lock */
void vplic_line(struct vplic *p, u32 source, bool level);

/**
 * vplic_pass() - @source 1..31 is the interrupt of a device of the machine; before the VM runs, takes p->lock
 *
 * The hypervisor sees that such a device asserts its interrupt, not that it takes it back. So the line that vplic_line() has
 * raised falls when the guest completes the source, and whoever holds the machine's interrupt lets it come again.
 */
void vplic_pass(struct vplic *p, u32 source);

/**
 * vplic_completed() - call up, defined by core/vm/vm_pass.c: the guest has completed a source of vplic_pass() that it had claimed,
 * and its line has fallen. Called with p->lock held
 */
void vplic_completed(struct vplic *p, u32 source);

/** vplic_output() - call up, defined by core/vm/vm_devices.c: external interrupt of @context; called with p->lock held */
void vplic_output(struct vplic *p, u32 context, bool level);

#endif
