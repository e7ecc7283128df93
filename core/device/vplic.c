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

	for (u32 source = 1; source < VPLIC_SOURCES && set >> source != 0U; source++) {
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
		const struct vplic_context *s = &p->s[c];
		u32 best = p->pending == 0U ? 0U : vplic_best(p, p->pending & s->enable);
		bool level = best != 0U && p->priority[best] > s->threshold;

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

struct vplic_context *vplic_context(struct vplic *p, u64 index)
{
	u64 vcpu = p->ms ? index / 2U : index;

	if (vcpu >= p->contexts)
		return NULL;
	return p->ms && index % 2U == 0U ? &p->m[vcpu] : &p->s[vcpu];
}

static u32 vplic_claim(struct vplic *p, const struct vplic_context *c)
{
	/* A claim does not look at the threshold (chapter 9). */
	u32 source = vplic_best(p, p->pending & c->enable);

	if (source != 0U) {
		p->pending &= ~(UINT32_C(1) << source);
		p->claimed |= UINT32_C(1) << source;
	}
	return source;
}

static void vplic_complete(struct vplic *p, const struct vplic_context *c, u64 source)
{
	u32 bit;

	/*
	 * The completion of a source that is not enabled for the context is ignored (chapter 10).
	 */
	if (source >= VPLIC_SOURCES || (c->enable >> source & 1U) == 0U)
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

/* Return: the context whose enable bits are at @offset; NULL: none are */
static struct vplic_context *vplic_enable_at(struct vplic *p, u64 offset)
{
	if (offset < PLIC_ENABLE || offset >= PLIC_ENABLE_END ||
	    (offset - PLIC_ENABLE) % PLIC_ENABLE_STRIDE != 0U)
		return NULL;
	return vplic_context(p, (offset - PLIC_ENABLE) / PLIC_ENABLE_STRIDE);
}

/* Return: the context whose other registers are at @offset; NULL: none are */
static struct vplic_context *vplic_context_at(struct vplic *p, u64 offset)
{
	if (offset < PLIC_CONTEXT || offset >= PLIC_CONTEXT_END)
		return NULL;
	return vplic_context(p, (offset - PLIC_CONTEXT) >> PLIC_CONTEXT_SHIFT);
}

static u32 vplic_read_reg(struct vplic *p, u64 offset)
{
	u64 reg = offset & (BIT64(PLIC_CONTEXT_SHIFT) - 1U);
	const struct vplic_context *c;

	if (offset < PLIC_PRIORITY + 4U * VPLIC_SOURCES)
		return p->priority[offset / 4U];
	if (offset == PLIC_PENDING)
		return p->pending;
	c = vplic_enable_at(p, offset);
	if (c != NULL)
		return c->enable;
	c = vplic_context_at(p, offset);
	if (c != NULL && reg == PLIC_THRESHOLD)
		return c->threshold;
	if (c != NULL && reg == PLIC_CLAIM)
		return vplic_claim(p, c);
	return 0;
}

static void vplic_write_reg(struct vplic *p, u64 offset, u32 value)
{
	u64 reg = offset & (BIT64(PLIC_CONTEXT_SHIFT) - 1U);
	struct vplic_context *c;

	if (offset < PLIC_PRIORITY + 4U * VPLIC_SOURCES) {
		if (offset / 4U != 0U)
			p->priority[offset / 4U] = (u8)(value & PLIC_MAX_PRIORITY);
		return;
	}
	c = vplic_enable_at(p, offset);
	if (c != NULL) {
		c->enable = value & PLIC_NO_SOURCE_0;
		return;
	}
	c = vplic_context_at(p, offset);
	if (c != NULL && reg == PLIC_THRESHOLD)
		c->threshold = (u8)(value & PLIC_MAX_PRIORITY);
	else if (c != NULL && reg == PLIC_CLAIM)
		vplic_complete(p, c, value);
}

void vplic_reset(struct vplic *p, u32 contexts)
{
	spin_lock(&p->lock);
	p->pending = 0;
	for (u32 c = 0; c < CONFIG_MAX_VCPUS; c++) {
		p->s[c] = (struct vplic_context){ 0 };
		p->m[c] = (struct vplic_context){ 0 };
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

void vplic_set_line(struct vplic *p, u32 source, bool level)
{
	u32 bit = UINT32_C(1) << (source % VPLIC_SOURCES);

	spin_assert_held(&p->lock);
	if (level)
		p->level |= bit & PLIC_NO_SOURCE_0;
	else
		p->level &= ~bit;
	vplic_gateways(p);
	vplic_update(p);
}

void vplic_line(struct vplic *p, u32 source, bool level)
{
	spin_lock(&p->lock);
	vplic_set_line(p, source, level);
	spin_unlock(&p->lock);
}
