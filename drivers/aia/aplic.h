/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The S-level domain of an APLIC: registers (AIA, chapter 4). What the device tree says of it is
 * read in drivers/aia/aplic_fdt.c.
 *
 * A claimed source is off until it is completed. In direct mode a level-triggered source would
 * interrupt again at once otherwise, and by messages a device that asserts anew would have its
 * interrupt sent a second time. No read-modify-write: a source is switched by its number, and has a
 * `target` of its own.
 *
 * Concurrency: any hart may call; calls for one source come one at a time, but for aplic_claim().
 */
#ifndef DRIVERS_AIA_APLIC_H
#define DRIVERS_AIA_APLIC_H

#include <cleave/types.h>
#include "core/machine/irq.h"

#define APLIC_SOURCES 1023U

/* Source modes (AIA 4.5.2) */
#define APLIC_INACTIVE 0U
#define APLIC_EDGE1    4U
#define APLIC_EDGE0    5U
#define APLIC_LEVEL1   6U
#define APLIC_LEVEL0   7U

/** aplic_size() - Return: bytes of registers with @idcs delivery structures; 0: only messages */
u64 aplic_size(u32 idcs);

/**
 * struct aplic - a domain
 * @regs: its registers, mapped
 * @name: for reports
 * @sources: the highest source number
 * @msi: it sends messages to IMSICs
 * @first, @room: the identities that its messages may have, one after the other. Sources in use get
 * one each, at boot: an APLIC may have more sources than files have identities
 * @used: how many have a source
 * @identity: of each source, its identity; 0: none
 * @source: of each identity, counted from @first, its source
 * @target: the number that it has for each hart in use
 * @mode: of each source, how it triggers; APLIC_INACTIVE: the firmware has not delegated it
 * @on: of each source: it is switched on, though it may be claimed
 */
struct aplic {
	void *regs;
	const char *name;
	u32 sources;
	bool msi;
	u32 first;
	u32 room;
	u32 used;
	u16 identity[APLIC_SOURCES + 1U];
	u16 source[IRQ_HANDLERS];
	u16 target[CONFIG_MAX_HARTS];
	u8 mode[APLIC_SOURCES + 1U];
	bool on[APLIC_SOURCES + 1U];
};

/**
 * aplic_start() - switch all sources off, give them their modes, and open the domain
 *
 * @mode of a source that the firmware has not delegated becomes APLIC_INACTIVE.
 *
 * Return: true; false: the domain does not deliver as @msi says, and stays closed.
 */
bool aplic_start(struct aplic *a);

/* The members of struct irq_controller (core/machine/irq.h); @opaque is the APLIC. */
void aplic_route(void *opaque, u32 hart, u32 source, bool on);
void aplic_enable(void *opaque, u32 source, bool on);
u32 aplic_claim(void *opaque, u32 hart);
void aplic_complete(void *opaque, u32 hart, u32 source);

#endif
