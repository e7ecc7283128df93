/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated PLIC: gateways, priorities, claim and complete.
 *
 * Memory map, gateways and the claim process: RISC-V PLIC specification 1.0.0, chapters 3 to 9.
 * Registers are 32 bits wide; an access of another size or alignment reads 0 and writes nothing.
 * The guest's offsets and values must be checked before they index anything.
 */
#include "core/device/vplic.h"

#define PLIC_PRIORITY	   UINT64_C(0x0)
#define PLIC_PENDING	   UINT64_C(0x1000)
#define PLIC_ENABLE	   UINT64_C(0x2000)
#define PLIC_ENABLE_STRIDE UINT64_C(0x80) /* bytes of a context */
#define PLIC_ENABLE_END	   UINT64_C(0x1f2000)
#define PLIC_CONTEXT	   UINT64_C(0x200000)
#define PLIC_CONTEXT_END   UINT64_C(0x4000000)
#define PLIC_CONTEXT_SHIFT 12U
#define PLIC_THRESHOLD	   UINT64_C(0x0)
#define PLIC_CLAIM	   UINT64_C(0x4)

#define PLIC_MAX_PRIORITY 7U /* priorities and thresholds are WARL and have three bits */
#define PLIC_NO_SOURCE_0  (~UINT32_C(1))

/*
 * Return: the source in @set that has the highest priority, and of several the lowest number; 0
 * when there is none. A source of priority 0 never interrupts.
 */
static u32 vplic_best(const struct vplic *p, u32 set)
{
	u32 best = 0;
	u8 priority = 0;

	for (u32 source = 1; source < VPLIC_SOURCES; source++) {
		if ((set >> source & 1U) == 0U || p->priority[source] <= priority)
			continue;
		best = source;
		priority = p->priority[source];
	}
	return best;
}

/* Report the outputs that have changed; p->lock is held. */
static void vplic_update(struct vplic *p)
{
	spin_assert_held(&p->lock);
	for (u32 c = 0; c < p->contexts; c++) {
		u32 best = p->pending == 0U ? 0U : vplic_best(p, p->pending & p->enable[c]);
		bool level = best != 0U && p->priority[best] > p->threshold[c];

		if (level == ((p->out >> c & 1U) != 0U))
			continue;
		p->out ^= BIT64(c);
		vplic_output(p, c, level);
	}
}

/*
 * Forward the requests of the level gateways; p->lock is held. A gateway forwards one request at a
 * time, and the next one when the last one was completed (chapter 3).
 */
static void vplic_gateways(struct vplic *p)
{
	spin_assert_held(&p->lock);
	p->pending |= p->level & ~p->claimed;
}

static u32 vplic_claim(struct vplic *p, u32 context)
{
	/* A claim does not look at the threshold (chapter 9). */
	u32 source = vplic_best(p, p->pending & p->enable[context]);

	if (source != 0U) {
		p->pending &= ~(UINT32_C(1) << source);
		p->claimed |= UINT32_C(1) << source;
	}
	return source;
}

static void vplic_complete(struct vplic *p, u32 context, u64 source)
{
	u32 bit;

	/*
	 * The completion of a source that is not enabled for the context is ignored (chapter 10).
	 */
	if (source >= VPLIC_SOURCES || (p->enable[context] >> source & 1U) == 0U)
		return;
	bit = UINT32_C(1) << source;
	/*
	 * A guest that completes at random must not lose an interrupt, so only a claimed source
	 * counts.
	 */
	if ((p->claimed & p->passed & bit) != 0U) {
		p->level &= ~bit;
		vplic_completed(p, (u32)source);
	}
	p->claimed &= ~bit;
	vplic_gateways(p);
}

static u32 vplic_read_reg(struct vplic *p, u64 offset)
{
	if (offset < PLIC_PRIORITY + 4U * VPLIC_SOURCES)
		return p->priority[offset / 4U];
	if (offset == PLIC_PENDING)
		return p->pending;
	if (offset >= PLIC_ENABLE && offset < PLIC_ENABLE_END) {
		u64 context = (offset - PLIC_ENABLE) / PLIC_ENABLE_STRIDE;

		if (context < p->contexts && (offset - PLIC_ENABLE) % PLIC_ENABLE_STRIDE == 0U)
			return p->enable[context];
		return 0;
	}
	if (offset >= PLIC_CONTEXT && offset < PLIC_CONTEXT_END) {
		u64 context = (offset - PLIC_CONTEXT) >> PLIC_CONTEXT_SHIFT;
		u64 reg = offset & (BIT64(PLIC_CONTEXT_SHIFT) - 1U);

		if (context >= p->contexts)
			return 0;
		if (reg == PLIC_THRESHOLD)
			return p->threshold[context];
		if (reg == PLIC_CLAIM)
			return vplic_claim(p, (u32)context);
	}
	return 0;
}

static void vplic_write_context(struct vplic *p, u64 offset, u32 value)
{
	u64 context = (offset - PLIC_CONTEXT) >> PLIC_CONTEXT_SHIFT;
	u64 reg = offset & (BIT64(PLIC_CONTEXT_SHIFT) - 1U);

	if (context >= p->contexts)
		return;
	if (reg == PLIC_THRESHOLD)
		p->threshold[context] = (u8)(value & PLIC_MAX_PRIORITY);
	else if (reg == PLIC_CLAIM)
		vplic_complete(p, (u32)context, value);
}

static void vplic_write_reg(struct vplic *p, u64 offset, u32 value)
{
	if (offset < PLIC_PRIORITY + 4U * VPLIC_SOURCES) {
		if (offset / 4U != 0U)
			p->priority[offset / 4U] = (u8)(value & PLIC_MAX_PRIORITY);
	} else if (offset >= PLIC_ENABLE && offset < PLIC_ENABLE_END) {
		u64 context = (offset - PLIC_ENABLE) / PLIC_ENABLE_STRIDE;

		if (context < p->contexts && (offset - PLIC_ENABLE) % PLIC_ENABLE_STRIDE == 0U)
			p->enable[context] = value & PLIC_NO_SOURCE_0;
	} else if (offset >= PLIC_CONTEXT && offset < PLIC_CONTEXT_END) {
		vplic_write_context(p, offset, value);
	}
}

void vplic_reset(struct vplic *p, u32 contexts)
{
	spin_lock(&p->lock);
	p->pending = 0;
	for (u32 c = 0; c < CONFIG_MAX_VCPUS; c++) {
		p->enable[c] = 0;
		p->threshold[c] = 0;
	}
	/* p->contexts still is the old number: the outputs of all old contexts go low here. */
	vplic_update(p);
	for (u32 source = 0; source < VPLIC_SOURCES; source++)
		p->priority[source] = 0;
	p->claimed = 0;
	p->out = 0;
	p->contexts = MIN(contexts, (u32)CONFIG_MAX_VCPUS);
	vplic_gateways(p);
	spin_unlock(&p->lock);
}

u64 vplic_read(void *opaque, u32 vcpu, u64 offset, u8 size)
{
	struct vplic *p = opaque;
	u32 value;

	(void)vcpu;
	if (size != 4U || !IS_ALIGNED(offset, 4U))
		return 0;
	spin_lock(&p->lock);
	value = vplic_read_reg(p, offset);
	vplic_update(p);
	spin_unlock(&p->lock);
	return value;
}

void vplic_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value)
{
	struct vplic *p = opaque;

	(void)vcpu;
	if (size != 4U || !IS_ALIGNED(offset, 4U))
		return;
	spin_lock(&p->lock);
	vplic_write_reg(p, offset, (u32)value);
	vplic_update(p);
	spin_unlock(&p->lock);
}

void vplic_pass(struct vplic *p, u32 source)
{
	spin_lock(&p->lock);
	p->passed |= (UINT32_C(1) << (source % VPLIC_SOURCES)) & PLIC_NO_SOURCE_0;
	spin_unlock(&p->lock);
}

void vplic_line(struct vplic *p, u32 source, bool level)
{
	u32 bit = UINT32_C(1) << (source % VPLIC_SOURCES);

	spin_lock(&p->lock);
	if (level)
		p->level |= bit & PLIC_NO_SOURCE_0;
	else
		p->level &= ~bit;
	vplic_gateways(p);
	vplic_update(p);
	spin_unlock(&p->lock);
}
