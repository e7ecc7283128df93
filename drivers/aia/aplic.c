/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The S-level domain of an APLIC: registers (AIA 4.5, 4.8 and 4.9).
 */
#include "drivers/aia/aplic.h"

#include <cleave/printk.h>
#include "arch/riscv/aia.h"
#include "arch/riscv/io.h"

#define APLIC_DOMAINCFG	 UINT64_C(0x0)
#define APLIC_SOURCECFG	 UINT64_C(0x0) /* of source 1 at 4 */
#define APLIC_SETIPNUM	 UINT64_C(0x1cdc)
#define APLIC_IN_CLRIP	 UINT64_C(0x1d00)
#define APLIC_SETIENUM	 UINT64_C(0x1edc)
#define APLIC_CLRIE	 UINT64_C(0x1f00)
#define APLIC_CLRIENUM	 UINT64_C(0x1fdc)
#define APLIC_TARGET	 UINT64_C(0x3000) /* of source 1 at 4 */
#define APLIC_IDC	 UINT64_C(0x4000)
#define APLIC_IDC_STRIDE UINT64_C(0x20)

/* Registers of a delivery structure */
#define APLIC_IDELIVERY	 UINT64_C(0x0)
#define APLIC_IFORCE	 UINT64_C(0x4)
#define APLIC_ITHRESHOLD UINT64_C(0x8)
#define APLIC_CLAIMI	 UINT64_C(0x1c)

#define APLIC_DOMAIN_IE (UINT32_C(1) << 8)
#define APLIC_DOMAIN_DM (UINT32_C(1) << 2)

#define APLIC_TARGET_HART 18U
#define APLIC_PRIORITY	  1U
#define APLIC_CLAIM_SHIFT 16U

u64 aplic_size(u32 idcs)
{
	return APLIC_IDC + idcs * APLIC_IDC_STRIDE;
}

static u64 aplic_idc(const struct aplic *a, u32 hart)
{
	return APLIC_IDC + a->target[hart] * APLIC_IDC_STRIDE;
}

static bool aplic_is_level(const struct aplic *a, u32 source)
{
	return a->mode[source] == APLIC_LEVEL1 || a->mode[source] == APLIC_LEVEL0;
}

bool aplic_start(struct aplic *a)
{
	u32 mode = a->msi ? APLIC_DOMAIN_DM : 0U;

	/* Zero is zero in either byte order, and makes it the little-endian one (AIA 4.5.1). */
	io_write32(a->regs, APLIC_DOMAINCFG, 0);
	io_write32(a->regs, APLIC_DOMAINCFG, mode);
	if ((io_read32(a->regs, APLIC_DOMAINCFG) & APLIC_DOMAIN_DM) != mode)
		return false;
	for (u32 i = 0; i <= a->sources; i += 32U)
		io_write32(a->regs, APLIC_CLRIE + i / 8U, ~UINT32_C(0));
	for (u32 i = 1; i <= a->sources; i++) {
		io_write32(a->regs, APLIC_SOURCECFG + i * 4U, a->mode[i]);
		/* A source that is not delegated reads as zero (AIA 4.5.2). */
		if (io_read32(a->regs, APLIC_SOURCECFG + i * 4U) != a->mode[i])
			a->mode[i] = APLIC_INACTIVE;
	}
	io_write32(a->regs, APLIC_DOMAINCFG, mode | APLIC_DOMAIN_IE);
	return true;
}

/* Return: the identity of a source's messages, given at its first call; 0: none is left */
static u32 aplic_identity(struct aplic *a, u32 source)
{
	if (a->identity[source] == 0U && a->used < a->room) {
		a->source[a->used] = (u16)source;
		a->identity[source] = (u16)(a->first + a->used);
		a->used++;
	}
	return a->identity[source];
}

/* A source has one hart at a time: it leaves the old one when it gets the next. */
void aplic_route(void *opaque, u32 hart, u32 source, bool on)
{
	struct aplic *a = opaque;
	u32 target = (u32)a->target[hart] << APLIC_TARGET_HART;

	if (!on)
		return;
	if (!a->msi) {
		/* The firmware may have closed the hart's when it started the hart. */
		io_write32(a->regs, aplic_idc(a, hart) + APLIC_IFORCE, 0);
		io_write32(a->regs, aplic_idc(a, hart) + APLIC_ITHRESHOLD, 0);
		io_write32(a->regs, aplic_idc(a, hart) + APLIC_IDELIVERY, 1);
	}
	target |= a->msi ? aplic_identity(a, source) : APLIC_PRIORITY;
	io_write32(a->regs, APLIC_TARGET + (u64)source * 4U, target);
}

/*
 * A message is sent when a wire rises, and not because it is high: for one that rose while no
 * message could be sent, or that has stayed high since, the source is made pending again. That has
 * no effect while the wire is low (AIA 4.7 and 4.9.2). It would have on an edge, whose pending bit
 * says by itself what has come meanwhile.
 */
static void aplic_open(const struct aplic *a, u32 source)
{
	if (a->msi && aplic_is_level(a, source))
		io_write32(a->regs, APLIC_SETIPNUM, source);
	io_write32(a->regs, APLIC_SETIENUM, source);
}

void aplic_enable(void *opaque, u32 source, bool on)
{
	struct aplic *a = opaque;

	a->on[source] = on;
	if (!on)
		io_write32(a->regs, APLIC_CLRIENUM, source);
	else if (a->msi && a->identity[source] == 0U)
		printk("interrupt %u of %s never comes: its IMSICs have no identity left", source,
		       a->name);
	else if (a->mode[source] != APLIC_INACTIVE)
		aplic_open(a, source);
	else
		printk("interrupt %u of %s never comes: the firmware has not delegated it", source,
		       a->name);
}

/*
 * Claim by the hart's delivery structure. A level-triggered source whose wire has fallen since is
 * no interrupt any more, though an APLIC may still offer it, as QEMU's does. Nothing is claimed
 * then: what is pending besides goes on interrupting.
 */
static u32 aplic_claim_direct(const struct aplic *a, u32 hart)
{
	u32 source = io_read32(a->regs, aplic_idc(a, hart) + APLIC_CLAIMI) >> APLIC_CLAIM_SHIFT;
	u32 wires;

	if (source == 0U || source > a->sources || !aplic_is_level(a, source))
		return source;
	wires = io_read32(a->regs, APLIC_IN_CLRIP + source / 32U * 4U);
	return (wires >> source % 32U & 1U) != 0U ? source : 0U;
}

u32 aplic_claim(void *opaque, u32 hart)
{
	const struct aplic *a = opaque;
	u32 source;

	if (a->msi) {
		u32 place = imsic_claim(a->first, a->used);

		source = place == 0U ? 0U : a->source[place - 1U];
	} else {
		source = aplic_claim_direct(a, hart);
	}
	if (source != 0U)
		io_write32(a->regs, APLIC_CLRIENUM, source);
	return source;
}

void aplic_complete(void *opaque, u32 hart, u32 source)
{
	const struct aplic *a = opaque;

	(void)hart;
	if (a->on[source])
		aplic_open(a, source);
}
