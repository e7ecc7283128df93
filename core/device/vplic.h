/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated PLIC with one S-mode context for each vCPU (RISC-V PLIC specification 1.0.0). Builds
 * for the host too.
 *
 * Concurrency: one lock guards all. Any vCPU of the VM may call, and any hart on which a device
 * changes its line.
 */
#ifndef CORE_VPLIC_H
#define CORE_VPLIC_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VPLIC_SOURCES 32U /* source 0 does not exist */

/**
 * struct vplic - the PLIC of a VM; @lock guards all of it
 * @contexts: how many contexts there are; 0: the VM has no vCPUs at present, and no output is
 * reported
 * @level: bit n: the device holds the line of source n high
 * @pending: bit n: the gateway has forwarded a request of source n, and no context has claimed it
 * @claimed: bit n: source n is claimed and not completed, and its gateway forwards nothing
 * @passed: bit n: source n is the interrupt of a device of the machine (vplic_pass())
 * @out: bit n: the external interrupt of context n, as vplic_output() was told last
 * @priority: of each source
 * @enable: of each context: bit n: source n is enabled
 * @threshold: of each context
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
 * vplic_reset() - put the PLIC into its state after power-on
 * @contexts: how many contexts it has now, at most CONFIG_MAX_VCPUS
 *
 * The lines stay as the devices hold them, and the outputs go low. Takes p->lock.
 */
void vplic_reset(struct vplic *p, u32 contexts);

/**
 * vplic_read(), vplic_write() - an access of the guest, as struct mmio_device wants it; takes
 * p->lock
 */
u64 vplic_read(void *opaque, u32 vcpu, u64 offset, u8 size);
void vplic_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);

/**
 * vplic_line() - set the line of @source, 1 to 31, which is level-triggered; any hart may call it.
 * Takes p->lock
 */
void vplic_line(struct vplic *p, u32 source, bool level);

/**
 * vplic_pass() - @source, 1 to 31, is the interrupt of a device of the machine
 *
 * The hypervisor sees that such a device asserts its interrupt, but not that it takes the interrupt
 * back. So the line that vplic_line() has raised falls when the guest completes the source, and
 * whoever holds the machine's interrupt then lets it come again.
 *
 * Context: before the VM runs; takes p->lock.
 */
void vplic_pass(struct vplic *p, u32 source);

/**
 * vplic_completed() - call up, defined by core/vm/vm_pass.c: the line of a vplic_pass() source has
 * fallen
 *
 * The guest had claimed the source, and has completed it. Context: p->lock is held.
 */
void vplic_completed(struct vplic *p, u32 source);

/**
 * vplic_output() - call up, defined by core/vm/vm_devices.c: the external interrupt of @context has
 * changed to @level
 *
 * Context: p->lock is held.
 */
void vplic_output(struct vplic *p, u32 context, bool level);

#endif
