/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated APLIC: one interrupt domain of supervisor level, in MSI delivery mode (RISC-V
 * Advanced Interrupt Architecture 1.0, chapter 4). Builds for the host too.
 *
 * It turns the wires of the guest's devices into messages to the guest's interrupt files. Of what
 * the specification leaves open: there is no other delivery mode, no child domain, and no byte
 * order but little-endian, so those bits are read-only.
 *
 * Concurrency: one lock guards all. Any vCPU of the VM may call, and any hart on which a device
 * changes its line.
 */
#ifndef CORE_VAPLIC_H
#define CORE_VAPLIC_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VAPLIC_SOURCES 32U		/* source 0 does not exist */
#define VAPLIC_SIZE    UINT64_C(0x4000) /* bytes of its registers (4.5) */

/* sourcecfg.SM (4.5.2): how a source looks at its wire */
enum vaplic_mode {
	VAPLIC_INACTIVE = 0,
	VAPLIC_DETACHED = 1,
	VAPLIC_EDGE1 = 4,
	VAPLIC_EDGE0 = 5,
	VAPLIC_LEVEL1 = 6,
	VAPLIC_LEVEL0 = 7,
};

#define VAPLIC_IE	     UINT32_C(0x100)	  /* domaincfg.IE */
#define VAPLIC_TARGET_FIELDS UINT32_C(0xfffc07ff) /* of target and genmsi: hart, identity */

/**
 * struct vaplic - the APLIC of a VM; @lock guards all of it
 * @enabled: domaincfg.IE
 * @level: bit n: the wire of source n is high
 * @pending, @enable: bit n: of source n; both are 0 while it is inactive
 * @genmsi: the fields that were written last
 * @mode: enum vaplic_mode of each source
 * @target: of each source: hart in bits 31:18, identity in bits 10:0; 0 while it is inactive
 */
struct vaplic {
	struct spinlock lock;
	bool enabled;
	u32 level;
	u32 pending;
	u32 enable;
	u32 genmsi;
	u8 mode[VAPLIC_SOURCES];
	u32 target[VAPLIC_SOURCES];
};

/** vaplic_reset() - put it into its state after power-on; the wires stay. Takes lock */
void vaplic_reset(struct vaplic *a);

/**
 * vaplic_read(), vaplic_write() - an access of the guest, as struct mmio_device wants it; takes
 * the lock
 */
u64 vaplic_read(void *opaque, u32 vcpu, u64 offset, u8 size);
void vaplic_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);

/** vaplic_line() - set the wire of @source, 1 to 31; any hart. Takes lock */
void vaplic_line(struct vaplic *a, u32 source, bool level);

/**
 * vaplic_forward() - send what is to be sent, after a change from outside; the lock is held
 */
void vaplic_forward(struct vaplic *a);

/**
 * vaplic_send() - call up, defined by core/vm/: send message @id to the file of vCPU @hart, which
 * need not be there
 *
 * Context: a->lock is held.
 */
void vaplic_send(struct vaplic *a, u32 hart, u32 id);

#endif
