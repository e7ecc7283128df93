/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated APLIC: source modes, pending and enable bits, and the messages that they become.
 *
 * Section numbers are those of the Advanced Interrupt Architecture 1.0. Registers are 32 bits wide;
 * an access of another size or alignment reads 0 and writes nothing. The guest's offsets and values
 * must be checked before they index anything.
 */
#include "core/device/aia/vaplic.h"

#define DOMAINCFG   UINT64_C(0x0000)
#define SOURCECFG   UINT64_C(0x0000) /* of source n: 4 * n after this */
#define SETIP	    UINT64_C(0x1c00)
#define SETIPNUM    UINT64_C(0x1cdc)
#define IN_CLRIP    UINT64_C(0x1d00)
#define CLRIPNUM    UINT64_C(0x1ddc)
#define SETIE	    UINT64_C(0x1e00)
#define SETIENUM    UINT64_C(0x1edc)
#define CLRIE	    UINT64_C(0x1f00)
#define CLRIENUM    UINT64_C(0x1fdc)
#define SETIPNUM_LE UINT64_C(0x2000)
#define GENMSI	    UINT64_C(0x3000)
#define TARGET	    UINT64_C(0x3000) /* as SOURCECFG */

#define DOMAINCFG_FIXED UINT32_C(0x80000004) /* the byte that tells the order of bytes, and DM */
#define SOURCECFG_D	UINT32_C(0x400)
#define SOURCECFG_SM	7U

#define TARGET_HART_SHIFT 18U
#define TARGET_ID	  0x7ffU

static bool vaplic_is_level(u8 mode)
{
	return mode >= VAPLIC_LEVEL1;
}

static u32 vaplic_input(const struct vaplic *a, u32 source)
{
	u32 wire = a->level >> source & 1U;

	/* Edge0 and Level0 are odd. */
	return a->mode[source] < VAPLIC_EDGE1 ? 0U : wire ^ (a->mode[source] & 1U);
}

/* Return: bit n: the rectified input of source n (4.5.2) */
static u32 vaplic_inputs(const struct vaplic *a)
{
	u32 inputs = 0;

	for (u32 source = 1; source < VAPLIC_SOURCES; source++)
		inputs |= vaplic_input(a, source) << source;
	return inputs;
}

void vaplic_forward(struct vaplic *a)
{
	spin_assert_held(&a->lock);
	while (a->enabled && (a->pending & a->enable) != 0U) {
		u32 source = (u32)__builtin_ctz(a->pending & a->enable);
		u32 target = a->target[source];

		/* What is sent is not pending any more (4.9). */
		a->pending &= ~(UINT32_C(1) << source);
		vaplic_send(a, target >> TARGET_HART_SHIFT, target & TARGET_ID);
	}
}

/* The mode or the wire of @source has changed, of which @before was the input (4.7). */
static void vaplic_follow(struct vaplic *a, u32 source, u32 before)
{
	u32 bit = UINT32_C(1) << source;
	u32 now = vaplic_input(a, source);

	if (before == 0U && now != 0U)
		a->pending |= bit;
	else if (vaplic_is_level(a->mode[source]) && now == 0U)
		a->pending &= ~bit;
}

static void vaplic_write_sourcecfg(struct vaplic *a, u32 source, u32 value)
{
	u8 mode = (u8)(value & SOURCECFG_SM);

	/* There is no child domain, so D makes all of it 0 (4.5.2). Modes 2 and 3 are reserved. */
	if ((value & SOURCECFG_D) != 0U || mode == 2U || mode == 3U)
		mode = VAPLIC_INACTIVE;
	a->mode[source] = mode;
	if (mode == VAPLIC_INACTIVE) {
		a->pending &= ~(UINT32_C(1) << source);
		a->enable &= ~(UINT32_C(1) << source);
		a->target[source] = 0;
		return;
	}
	/*
	 * A write may set the pending bit where the input is high. Of a level it does, so that a
	 * device that waits already is heard; of an edge it does not, since there was none.
	 */
	vaplic_follow(a, source, vaplic_is_level(mode) ? 0U : 1U);
}

static u32 vaplic_active(const struct vaplic *a)
{
	u32 active = 0;

	for (u32 source = 1; source < VAPLIC_SOURCES; source++)
		active |= (a->mode[source] != VAPLIC_INACTIVE ? UINT32_C(1) : 0U) << source;
	return active;
}

/* Set pending bits where that is possible: of a level only while the input is high (4.7). */
static void vaplic_set_pending(struct vaplic *a, u32 set)
{
	u32 can = 0;

	for (u32 source = 1; source < VAPLIC_SOURCES; source++) {
		if (!vaplic_is_level(a->mode[source]) || vaplic_input(a, source) != 0U)
			can |= UINT32_C(1) << source;
	}
	a->pending |= set & can & vaplic_active(a);
}

/* Return: the bit of source number @n; 0: there is none */
static u32 vaplic_bit(u32 n)
{
	return n == 0U || n >= VAPLIC_SOURCES ? 0U : UINT32_C(1) << n;
}

/* A write to what has a bit for each source, or takes the number of one */
static void vaplic_write_bits(struct vaplic *a, u64 offset, u32 value)
{
	switch (offset) {
	case SETIP:
		vaplic_set_pending(a, value);
		break;
	case SETIPNUM:
	case SETIPNUM_LE:
		vaplic_set_pending(a, vaplic_bit(value));
		break;
	case IN_CLRIP:
		a->pending &= ~value;
		break;
	case CLRIPNUM:
		a->pending &= ~vaplic_bit(value);
		break;
	case SETIE:
		a->enable |= value & vaplic_active(a);
		break;
	case SETIENUM:
		a->enable |= vaplic_bit(value) & vaplic_active(a);
		break;
	case CLRIE:
		a->enable &= ~value;
		break;
	case CLRIENUM:
		a->enable &= ~vaplic_bit(value);
		break;
	default:
		break;
	}
}

static void vaplic_write_reg(struct vaplic *a, u64 offset, u32 value)
{
	if (offset == DOMAINCFG) {
		a->enabled = (value & VAPLIC_IE) != 0U;
	} else if (offset < SOURCECFG + 4U * VAPLIC_SOURCES) {
		vaplic_write_sourcecfg(a, (u32)(offset - SOURCECFG) / 4U, value);
	} else if (offset == GENMSI) {
		a->genmsi = value & VAPLIC_TARGET_FIELDS;
		/* It is sent even while IE is 0, and at once: Busy is never seen (4.5.15). */
		vaplic_send(a, value >> TARGET_HART_SHIFT, value & TARGET_ID);
	} else if (offset > TARGET && offset < TARGET + 4U * VAPLIC_SOURCES) {
		u32 source = (u32)(offset - TARGET) / 4U;

		if (a->mode[source] != VAPLIC_INACTIVE)
			a->target[source] = value & VAPLIC_TARGET_FIELDS;
	} else {
		vaplic_write_bits(a, offset, value);
	}
}

static u32 vaplic_read_reg(const struct vaplic *a, u64 offset)
{
	if (offset == DOMAINCFG)
		return DOMAINCFG_FIXED | (a->enabled ? VAPLIC_IE : 0U);
	if (offset < SOURCECFG + 4U * VAPLIC_SOURCES)
		return a->mode[(offset - SOURCECFG) / 4U];
	if (offset == GENMSI)
		return a->genmsi;
	if (offset > TARGET && offset < TARGET + 4U * VAPLIC_SOURCES)
		return a->target[(offset - TARGET) / 4U];
	switch (offset) {
	case SETIP:
		return a->pending;
	case IN_CLRIP:
		return vaplic_inputs(a);
	case SETIE:
		return a->enable;
	default:
		return 0;
	}
}

void vaplic_reset(struct vaplic *a)
{
	spin_lock(&a->lock);
	a->enabled = false;
	a->pending = 0;
	a->enable = 0;
	a->genmsi = 0;
	for (u32 source = 0; source < VAPLIC_SOURCES; source++) {
		a->mode[source] = VAPLIC_INACTIVE;
		a->target[source] = 0;
	}
	spin_unlock(&a->lock);
}

u64 vaplic_read(void *opaque, u32 vcpu, u64 offset, u8 size)
{
	struct vaplic *a = opaque;
	u32 value;

	(void)vcpu;
	if (size != 4U || !IS_ALIGNED(offset, 4U))
		return 0;
	spin_lock(&a->lock);
	value = vaplic_read_reg(a, offset);
	spin_unlock(&a->lock);
	return value;
}

void vaplic_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value)
{
	struct vaplic *a = opaque;

	(void)vcpu;
	if (size != 4U || !IS_ALIGNED(offset, 4U))
		return;
	spin_lock(&a->lock);
	vaplic_write_reg(a, offset, (u32)value);
	vaplic_forward(a);
	spin_unlock(&a->lock);
}

void vaplic_line(struct vaplic *a, u32 source, bool level)
{
	u32 bit = vaplic_bit(source);
	u32 before;

	if (bit == 0U)
		return;
	spin_lock(&a->lock);
	before = vaplic_input(a, source);
	a->level = level ? a->level | bit : a->level & ~bit;
	vaplic_follow(a, source, before);
	vaplic_forward(a);
	spin_unlock(&a->lock);
}
