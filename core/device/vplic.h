/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated PLIC with one S-mode context for each vCPU (RISC-V PLIC specification 1.0.0), or with
 * one of M-mode and one of S-mode, as QEMU's virt board has them. Builds for the host too.
 *
 * Concurrency: one lock guards all. Any vCPU of the VM may call, and any hart on which a device
 * changes its line.
 */
#ifndef CORE_VPLIC_H
#define CORE_VPLIC_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VPLIC_SOURCES 32U /* source 0 does not exist */

/* What a context has: bit n of @enable: source n is enabled */
struct vplic_context {
	u32 enable;
	u8 threshold;
};

/**
 * struct vplic - the PLIC of a VM; @lock guards all of it
 * @contexts: how many S-mode contexts there are; 0: the VM has no vCPUs at present, and no output
 * is reported
 * @ms: before each of them stands one of M-mode. A guest can use it like any other, but there is no
 * M-mode to interrupt
 * @level: bit n: the device holds the line of source n high
 * @pending: bit n: the gateway has forwarded a request of source n, and no context has claimed it
 * @claimed: bit n: source n is claimed and not completed, and its gateway forwards nothing
 * @passed: bit n: source n is the interrupt of a device of the machine (vplic_pass())
 * @out: bit n: the external interrupt of S-mode context n, as vplic_output() was told last
 * @priority: of each source
 * @s, @m: the S-mode context of each vCPU, and its M-mode context
 */
struct vplic {
	struct spinlock lock;
	u32 contexts;
	bool ms;
	u32 level;
	u32 pending;
	u32 claimed;
	u32 passed;
	u64 out;
	u8 priority[VPLIC_SOURCES];
	struct vplic_context s[CONFIG_MAX_VCPUS];
	struct vplic_context m[CONFIG_MAX_VCPUS];
};

/**
 * vplic_layout() - choose which contexts there are, while no vCPU of the VM runs
 * @ms: one of M-mode before each of S-mode
 */
static inline void vplic_layout(struct vplic *p, bool ms)
{
	p->ms = ms;
}

/** vplic_contexts() - Return: how many contexts a guest with @vcpus vCPUs sees */
static inline u32 vplic_contexts(const struct vplic *p, u32 vcpus)
{
	return p->ms ? 2U * vcpus : vcpus;
}

/** vplic_context() - Return: context number @index as a guest counts them; NULL: there is none */
struct vplic_context *vplic_context(struct vplic *p, u64 index);

/**
 * vplic_reset() - put the PLIC into its state after power-on
 * @contexts: how many S-mode contexts it has now, at most CONFIG_MAX_VCPUS
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
 * vplic_set_line() - the same, for who holds p->lock
 */
void vplic_set_line(struct vplic *p, u32 source, bool level);
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
 * The guest had claimed the source, and has completed it. Context: the hart of the vCPU that has
 * done so; p->lock is held.
 */
void vplic_completed(struct vplic *p, u32 source);

/**
 * vplic_output() - call up, defined by core/vm/vm_devices.c: the external interrupt of S-mode
 * context @context has changed to @level
 *
 * Context: p->lock is held.
 */
void vplic_output(struct vplic *p, u32 context, bool level);

#endif
