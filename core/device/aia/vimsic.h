/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated interrupt file of an IMSIC (RISC-V Advanced Interrupt Architecture 1.0, chapter 3):
 * what a vCPU has to receive messages with where it has no file of its hart. Builds for the host
 * too.
 *
 * A guest must not be able to tell it from a file of a hart: the addresses, the registers and the
 * identities are the same.
 *
 * Concurrency: one lock guards all. The vCPU that owns the file reads and writes its registers; any
 * vCPU of the VM, and any hart on which a device has an interrupt, may send it a message.
 */
#ifndef CORE_VIMSIC_H
#define CORE_VIMSIC_H

#include <cleave/spinlock.h>
#include <cleave/types.h>

#define VIMSIC_IDS   255U /* identities 1 to this; as many as the files of QEMU's virt board have */
#define VIMSIC_WORDS 4U	  /* of 64 bits, for these and for 0, which is none */

/* What siselect selects through sireg (3.7); eip and eie have a number for each 32 identities */
#define VIMSIC_EIDELIVERY  0x70U
#define VIMSIC_EITHRESHOLD 0x72U
#define VIMSIC_EIP	   0x80U
#define VIMSIC_EIE	   0xc0U
#define VIMSIC_FIRST	   0x70U
#define VIMSIC_LAST	   0xffU

/**
 * struct vimsic - an interrupt file; @lock guards all of it
 * @delivery: eidelivery is 1
 * @threshold: eithreshold, at most VIMSIC_IDS
 * @out: the interrupt to the vCPU, as vimsic_output() was told last
 * @pending, @enabled: eip and eie: bit n % 64 of word n / 64 belongs to identity n
 */
struct vimsic {
	struct spinlock lock;
	bool delivery;
	u32 threshold;
	bool out;
	u64 pending[VIMSIC_WORDS];
	u64 enabled[VIMSIC_WORDS];
};

/** vimsic_reset() - nothing is pending or enabled, no delivery; the output goes low. Takes lock */
void vimsic_reset(struct vimsic *f);

/** vimsic_send() - message @id has arrived; one that the file has no bit for is lost. Takes lock */
void vimsic_send(struct vimsic *f, u32 id);

/**
 * vimsic_store() - a store to the file's page: seteipnum_le or seteipnum_be, or nothing (3.5)
 * @offset, @size, @value: as the guest gives them
 */
void vimsic_store(struct vimsic *f, u64 offset, u8 size, u64 value);

/**
 * vimsic_access() - an access to sireg while siselect is @select; takes lock
 * @clear, @set: the register becomes (old & ~@clear) | @set, as far as its bits can be written
 * @old: what a read returns
 *
 * Return: 0; CLV_ERR_NOTFOUND: a hart raises an exception, as of an odd number above 0x7f (3.8.3).
 */
int vimsic_access(struct vimsic *f, u64 select, u64 clear, u64 set, u64 *old);

/**
 * vimsic_top() - an access to stopei (3.9); takes lock
 * @claim: it writes, whatever it writes: what is returned is no longer pending
 *
 * Return: identity in bits 26:16 and 10:0; 0: none is pending, enabled, and below the threshold.
 */
u64 vimsic_top(struct vimsic *f, bool claim);

/** vimsic_follow() - tell vimsic_output() anew after a change from outside; the lock is held */
void vimsic_follow(struct vimsic *f);

/**
 * vimsic_output() - call up, defined by core/vm/: the file's interrupt to its vCPU has changed
 *
 * Context: f->lock is held.
 */
void vimsic_output(struct vimsic *f, bool level);

#endif
